/* SPDX-License-Identifier: Apache-2.0 */
/* opt_value.c - the types of options, one reader each. */
#include "conf/opt_value.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit spans[] = { { "ms", 1 },       { "s", 1000 },      { "m", 60000 }, { "h", 3600000 },
                                     { "d", 86400000 }, { "w", 604800000 }, { NULL, 0 } };
static const struct unit sizes[] = {
    { "", 1 }, { "k", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { NULL, 0 }
};

/* ---- numbers with units ---- */

static bool quantity(const char *text, const struct unit *units, int64_t *out, const char **rest)
{
    int64_t n = 0;
    const char *p = text;

    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
            return false;
    *rest = p;
    for (; p > text && units->name; units++)
        if (!strcmp(p, units->name) && !__builtin_mul_overflow(n, units->factor, &n)) {
            *out = n;
            return true;
        }
    return false;
}
const char *opt_duration(const char *text, int64_t *ms_out)
{
    const char *rest = "x";

    if (quantity(text, spans, ms_out, &rest))
        return NULL;
    if (*text && !*rest)
        return "has no unit: a duration is written \"500ms\", \"90s\", \"10m\", \"12h\", \"30d\" or \"2w\"";
    return "is no duration: write a whole number and its unit, \"500ms\", \"90s\", \"10m\", \"12h\", \"30d\" or \"2w\"";
}
const char *opt_size(const char *text, int64_t *bytes_out)
{
    const char *rest;

    if (quantity(text, sizes, bytes_out, &rest))
        return NULL;
    return "is no size: write bytes, or a whole number and k, M or G, \"512\", \"64k\", \"1M\"";
}
static void quantity_text(int64_t n, const struct unit *units, char out[32])
{
    const struct unit *best = units;

    for (const struct unit *u = units; u->name && n; u++)
        if (n % u->factor == 0)
            best = u;
    snprintf(out, 32, "%" PRId64 "%s", n / best->factor, best->name);
}
void opt_duration_text(int64_t ms, char out[32])
{
    /* Nobody says 1w who means 7d. */
    static const struct unit used[] = { { "ms", 1 },      { "s", 1000 },     { "m", 60000 },
                                        { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };
    quantity_text(ms, used, out);
}
void opt_size_text(int64_t bytes, char out[32]) { quantity_text(bytes, sizes, out); }

/* ---- texts ---- */

const char *opt_words(struct arena *a, const char *const *words, const char *last)
{
    cleanup_(buf_done) struct buf b = BUF(65536);

    for (; words && *words; words++)
        buf_addf(&b, "%s%s", *words, !words[1] ? "" : words[2] ? ", " : last);
    return arena_strdup(a, buf_text(&b));
}
const char *opt_join(struct arena *a, const char *const *words) { return opt_words(a, words, ", "); }
static const char *url_host(const char *at, size_t len)
{
    char host[256], ip[46], name[256];
    uint16_t port;
    const char *colon;
    int64_t number;

    if (len == 0)
        return "has no host: write \"https://HOST/...\"";
    if (len >= sizeof host)
        return "has a host of over 253 bytes";
    memcpy(host, at, len);
    host[len] = '\0';
    if (text_address(host, 0, ip, &port))
        return NULL;
    colon = strchr(host, ':');
    if (colon && !text_int(colon + 1, 1, 65535, &number))
        return "has no right port: it is a number up to 65535";
    host[colon ? (size_t)(colon - host) : len] = '\0';
    return opt_name(host, OPT_UNDERSCORE, name) ? "has no right host: write \"https://HOST/...\"" : NULL;
}
const char *opt_url(const char *text)
{
    const char *host = text_starts(text, "https://")  ? text + 8
                       : text_starts(text, "http://") ? text + 7
                                                      : NULL;

    if (!host)
        return "is no URL: it begins with https:// or http://";
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~' || *p == '"' || *p == '<' || *p == '>')
            return "holds a character that no URL has: it is written %XX, and a host name as A-labels";
    if (strlen(text) > 1000)
        return "is too long for a URL: 1000 bytes at most";
    if (memchr(host, '@', strcspn(host, "/?#")))
        return "holds a user name: a URL here has none";
    if (strchr(host, '#'))
        return "holds a fragment: leave out # and what follows";
    return url_host(host, strcspn(host, "/?"));
}
static const char *path_why(const char *text)
{
    if (*text != '/')
        return "is no absolute path: it begins with /";
    return strlen(text) >= 4096 ? "is too long for a path" : NULL;
}
static const char *address(struct arena *a, const struct fl_option *o, const char *text, const char **out)
{
    char ip[46];
    uint16_t port;

    if (text_address(text, o->max > 0 ? (int)o->max : -1, ip, &port)) {
        *out = arena_printf(a, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, port);
        return NULL;
    }
    if (o->max <= 0 && text_address(text, 0, ip, &port))
        return "has no port: write \"192.0.2.1:53\" or \"[2001:db8::1]:53\"";
    return "is no address: write \"192.0.2.1\" or \"[2001:db8::1]\", with a port \"192.0.2.1:53\" or "
           "\"[2001:db8::1]:53\"";
}
static const char *domain(struct arena *a, const char *text, const char **out)
{
    char name[256];
    const char *why = opt_name(text, OPT_UNDERSCORE, name);

    if (!why)
        *out = arena_strdup(a, name);
    return why;
}
static const char *choice(struct arena *a, const struct fl_option *o, const char *text, union opt_value *out)
{
    const char *near;

    for (int i = 0; o->choices[i]; i++)
        if (!strcmp(o->choices[i], text)) {
            if (o->flags & FL_LIST)
                out->text = o->choices[i];
            else
                out->choice = i;
            return NULL;
        }
    near = text_nearest(text, o->choices);
    if (near)
        return arena_printf(a, "is not known: did you mean \"%s\"?", near);
    return arena_printf(a, "is not known: it is one of %s", opt_words(a, o->choices, " and "));
}
static const char *whole(const char *text, int64_t *out)
{
    return text_int(text, INT32_MIN, INT32_MAX, out) ? NULL : "is no whole number";
}
const char *opt_range(struct arena *a, const struct fl_option *o, int64_t n)
{
    char low[32], high[32];

    if ((o->min == 0 && o->max == 0) || (n >= o->min && n <= o->max))
        return NULL;
    if (o->type == FL_T_DURATION) {
        opt_duration_text(o->min, low);
        opt_duration_text(o->max, high);
        return arena_printf(a, "is too %s: it goes from \"%s\" to \"%s\"", n < o->min ? "short" : "long", low,
                            high);
    }
    if (o->type == FL_T_SIZE) {
        opt_size_text(o->min, low);
        opt_size_text(o->max, high);
        return arena_printf(a, "is too %s: it goes from \"%s\" to \"%s\"", n < o->min ? "small" : "large",
                            low, high);
    }
    return arena_printf(a, "is too %s: it goes from %" PRId64 " to %" PRId64, n < o->min ? "small" : "large",
                        o->min, o->max);
}
/* The number by pointer: what says `why` also writes it. */
static const char *ranged(struct arena *a, const struct fl_option *o, const char *why, const int64_t *n)
{
    return why ? why : opt_range(a, o, *n);
}
static const char *flag(const char *text, bool *out)
{
    *out = !strcmp(text, "true");
    return *out || !strcmp(text, "false") ? NULL : "is neither true nor false";
}
const char *opt_value(struct arena *a, const struct fl_option *o, const char *text, union opt_value *out)
{
    *out = (union opt_value){ .number = 0 };
    switch (o->type) {
    case FL_T_STRING: break;
    case FL_T_REF: break;
    case FL_T_PATH: out->text = text; return path_why(text);
    case FL_T_URL: out->text = text; return opt_url(text);
    case FL_T_ADDRESS: return address(a, o, text, &out->text);
    case FL_T_DOMAIN: return domain(a, text, &out->text);
    case FL_T_ENUM: return choice(a, o, text, out);
    case FL_T_BOOL: return flag(text, &out->flag);
    case FL_T_INT: return ranged(a, o, whole(text, &out->number), &out->number);
    case FL_T_DURATION: return ranged(a, o, opt_duration(text, &out->number), &out->number);
    case FL_T_SIZE: return ranged(a, o, opt_size(text, &out->number), &out->number);
    default: return "has a type that this program does not know";
    }
    out->text = text;
    return NULL;
}
void opt_store(const struct fl_option *o, const union opt_value *v, void *conf)
{
    char *at = (char *)conf + o->offset;

    switch (o->type) {
    case FL_T_BOOL: memcpy(at, &v->flag, sizeof v->flag); break;
    case FL_T_ENUM: memcpy(at, &v->choice, sizeof v->choice); break;
    case FL_T_INT:
    case FL_T_DURATION:
    case FL_T_SIZE: memcpy(at, &v->number, sizeof v->number); break;
    default: memcpy(at, &v->text, sizeof v->text); break;
    }
}
