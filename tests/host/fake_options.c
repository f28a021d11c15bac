/* SPDX-License-Identifier: Apache-2.0 */
/* fake_options.c - a plugin's options from texts, for fake_host.c. */
#include "fake_options.h"
#include "base/mem.h"
#include "base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void refuse(const char *name, const char *why)
{
    fprintf(stderr, "fake_options: %s: %s\n", name, why);
    exit(99);
}

/* "90s" in ms, "64k" in bytes. */
static int64_t scaled(const struct fl_option *opt, const char *text, const char *const *units,
                      const int64_t *factors)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; units[i]; i++)
        if (end != text && strcmp(end, units[i]) == 0)
            return n * factors[i];
    refuse(opt->name, text);
}

static int64_t number(const struct fl_option *opt, const char *text)
{
    static const char *const times[] = { "ms", "s", "m", "h", "d", "w", NULL };
    static const int64_t ms[] = { 1, 1000, 60000, 3600000, 86400000, 604800000 };
    static const char *const sizes[] = { "", "k", "M", "G", NULL };
    static const int64_t bytes[] = { 1, 1 << 10, 1 << 20, 1 << 30 };
    int64_t n = 0;
    if (opt->type == FL_T_DURATION)
        n = scaled(opt, text, times, ms);
    else if (opt->type == FL_T_SIZE)
        n = scaled(opt, text, sizes, bytes);
    else if (!text_int(text, INT64_MIN, INT64_MAX, &n))
        refuse(opt->name, text);
    if ((opt->min || opt->max) && (n < opt->min || n > opt->max))
        refuse(opt->name, "out of range");
    return n;
}

static int choice(const struct fl_option *opt, const char *text)
{
    for (int i = 0; opt->choices[i]; i++)
        if (strcmp(opt->choices[i], text) == 0)
            return i;
    refuse(opt->name, text);
}

static char *string(const struct fl_option *opt, const char *text)
{
    char ip[46], *out = NULL;
    uint16_t port;
    switch (opt->type) {
    case FL_T_ADDRESS:
        if (!text_address(text, (int)opt->max, ip, &port))
            refuse(opt->name, text);
        if (asprintf(&out, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, port) < 0)
            abort();
        return out;
    case FL_T_DOMAIN:
        out = strdup(text);
        for (char *c = out; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        return out;
    case FL_T_PATH:
        if (*text != '/')
            refuse(opt->name, "not an absolute path");
        return strdup(text);
    case FL_T_ENUM: choice(opt, text); return strdup(text);
    default: return strdup(text);
    }
}

static const char **list(const struct fl_option *opt, const char *text)
{
    size_t n = 0;
    const char **out = calloc(strlen(text) + 2, sizeof *out);
    auto_free char *copy = strdup(text);
    char *rest = copy;
    for (char *item = strsep(&rest, ","); item; item = strsep(&rest, ",")) {
        while (*item == ' ')
            item++;
        out[n++] = string(opt, item);
    }
    return out;
}

static void fill(const struct fl_option *opt, void *conf, const char *text)
{
    void *at = (char *)conf + opt->offset;
    if (opt->flags & FL_LIST)
        *(const char ***)at = list(opt, text);
    else if (opt->type == FL_T_INT || opt->type == FL_T_DURATION || opt->type == FL_T_SIZE)
        *(int64_t *)at = number(opt, text);
    else if (opt->type == FL_T_BOOL)
        *(bool *)at = strcmp(text, "true") == 0;
    else if (opt->type == FL_T_ENUM)
        *(int *)at = choice(opt, text);
    else if (opt->type == FL_T_GROUP)
        refuse(opt->name, "groups are not made here");
    else
        *(const char **)at = string(opt, text);
}

static const char *find(const struct fl_option *opt, const char *const *texts)
{
    const char *found = opt->dflt;
    size_t n = strlen(opt->name);
    for (; texts && *texts; texts++)
        if (strncmp(*texts, opt->name, n) == 0 && (*texts)[n] == '=')
            found = *texts + n + 1;
    return found;
}

static void check_names(const struct fl_option *table, const char *const *texts)
{
    for (; texts && *texts; texts++) {
        const struct fl_option *opt = table;
        size_t n = strcspn(*texts, "=");
        while (opt->type != FL_T_END && (strlen(opt->name) != n || strncmp(opt->name, *texts, n) != 0))
            opt++;
        if (opt->type == FL_T_END)
            refuse(*texts, "there is no such option");
    }
}

void *fake_options(const struct fl_option *table, size_t size, const char *const *texts)
{
    void *conf = calloc(1, size ? size : 1);
    check_names(table, texts);
    for (const struct fl_option *opt = table; opt->type != FL_T_END; opt++) {
        const char *text = find(opt, texts);
        if (text)
            fill(opt, conf, text);
        else if (opt->flags & FL_REQUIRED)
            refuse(opt->name, "is required");
    }
    return conf;
}

void fake_options_free(const struct fl_option *table, void *conf)
{
    for (const struct fl_option *opt = table; opt->type != FL_T_END; opt++) {
        void *at = (char *)conf + opt->offset;
        if (opt->flags & FL_LIST) {
            for (char **item = *(char ***)at; item && *item; item++)
                free(*item);
            free(*(char ***)at);
        } else if (opt->type != FL_T_INT && opt->type != FL_T_DURATION && opt->type != FL_T_SIZE &&
                   opt->type != FL_T_BOOL && opt->type != FL_T_ENUM && opt->type != FL_T_GROUP) {
            free(*(char **)at);
        }
    }
    free(conf);
}
