/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - what a certificate is for. */
#include "base/text.h"
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

struct names {
    struct model *m;
    const char *who;
    const char **v;
    size_t n;
};

static const char *canonical(const char *text, unsigned flags, char out[256])
{
    bool v6;

    if (text_ip(text, out, &v6))
        return NULL;
    if (*text == '[' && strchr(text, ']'))
        return "is written with brackets: write the address alone";
    return opt_name(text, flags, out);
}
static bool have(const struct names *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->v[i], name))
            return true;
    return false;
}
static void doubt(const struct names *s, const struct conf_node *n, const char *name)
{
    char ip[46];
    bool v6;
    const char *rest = text_starts(name, "*.") ? name + 2 : name;

    if (!strchr(rest, '.') && !text_ip(name, ip, &v6))
        diag_warning(s->m->opts.diag, n->file, n->line,
                     "%s: names: \"%s\" has no dot: no public authority certifies it", s->who, n->text);
}
static void add(struct names *s, const struct conf_node *n)
{
    char name[256];
    const char *why = canonical(n->text, OPT_WILDCARD, name);

    if (!why && have(s, name))
        why = strcmp(n->text, name) ? "stands twice, once in another form" : "stands twice";
    if (why) {
        diag_error(s->m->opts.diag, n->file, n->line, "%s: names: \"%s\" %s", s->who, n->text, why);
        return;
    }
    doubt(s, n, name);
    s->v[s->n++] = arena_strdup(s->m->opts.arena, name);
}
static size_t count(const struct conf_node *n)
{
    size_t c = 0;
    for (; n; n = n->next)
        c++;
    return c;
}
const char *const *model_names(struct model *m, const char *who, const struct conf_node *node)
{
    const struct conf_node *n = node && node->kind == CONF_LIST ? node->first : node;
    bool list = node && node->kind == CONF_LIST;
    size_t all = list ? count(n) : 1;
    struct names s = { .m = m, .who = who, .v = arena_alloc(m->opts.arena, (all + 1) * sizeof *s.v) };

    if (all > KEEPER_NAMES) {
        diag_error(m->opts.diag, node->file, node->line,
                   "%s: names: there are %zu, and %d at most in one certificate", who, all, KEEPER_NAMES);
        return s.v;
    }
    for (; s.v && n; n = list ? n->next : NULL)
        if (n->kind == CONF_STRING)
            add(&s, n);
    return s.v;
}
const char *const *model_addresses(struct model *m, const char *who, const struct conf_node *node)
{
    bool list = node->kind == CONF_LIST;
    const struct conf_node *n = list ? node->first : node;
    const char **v = arena_alloc(m->opts.arena, ((list ? count(n) : 1) + 1) * sizeof *v);
    size_t have = 0, hosts = 0;
    char name[256], ip[46];
    bool v6;

    for (; v && n; n = list ? n->next : NULL) {
        const char *why = n->kind == CONF_STRING ? canonical(n->text, 0, name) : NULL;
        if (why)
            diag_error(m->opts.diag, n->file, n->line, "%s: addresses: \"%s\" %s", who, n->text, why);
        if (why || n->kind != CONF_STRING)
            continue;
        hosts += !text_ip(name, ip, &v6);
        v[have++] = arena_strdup(m->opts.arena, name);
    }
    if (hosts && have > 1)
        diag_error(m->opts.diag, node->file, node->line,
                   "%s: addresses: a host name stands alone here: give it, or give addresses", who);
    return v;
}
const char *model_file_name(struct arena *a, const char *name)
{
    char *text = arena_alloc(a, strlen(name) + 1);

    for (size_t i = 0; text && name[i]; i++)
        text[i] = name[i] == '*' ? '_' : name[i] == ':' ? '-' : name[i];
    return text ? text : "";
}
