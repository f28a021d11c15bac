/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.c - what there is when the configuration does not say otherwise. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/parse.h"
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* Each section stands for a section of that name that no file has; they are not mixed. http-01 comes first,
 * for it needs nothing of anybody; wildcards fall to dns-01. */
static const char head[] = "authorities = { letsencrypt = { }; };\n"
                           "solvers = { web = { plugin = \"http-01\"; }; txt = { plugin = \"dns-01\"; }; };\n"
                           "sinks = { disk = { plugin = \"file\"; directory = \"";
static const char tail[] = "/live\"; }; };\n";
/* It answers for the names of challenges alone: those are what has to be delegated to it. */
static const char dns_head[] = "dns = { self = { plugin = \"self\"; serve = [ ";
static const char dns_tail[] = " ]; }; };\n";

static void add_quoted(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_adds(b, "\\");
        buf_add(b, text, 1);
    }
}
/* Adds the sections that no file has. A file that could not be read may have them, so then none. */
static bool embed(struct model *m, const char *text)
{
    struct conf_node *built, *n, *next;

    if (m->tree->broken)
        return true;
    built = parse_text(&m->tree->arena, MODEL_BUILT_IN, text, m->opts.diag);
    for (n = built ? built->first : NULL; n; n = next) {
        next = n->next;
        if (!conf_get(m->tree->root, n->name))
            parse_append(m->tree->root, n);
    }
    return built != NULL;
}
bool model_embed(struct model *m)
{
    cleanup_(buf_done) struct buf b = BUF(TEXT_MAX);

    buf_adds(&b, head);
    add_quoted(&b, m->state);
    buf_adds(&b, tail);
    return !b.failed && embed(m, buf_text(&b));
}

/* ---- dns ---- */

static bool by_dns(const struct model *m, const char *solver)
{
    const struct model_instance *i = model_find(m, FL_KIND_SOLVER, solver);
    return i && text_starts(i->plugin, "dns-");
}
/* Whether that name will be proved by a record: it is the first choice, or the only one for wildcards. */
static bool needs_record(const struct model *m, const struct model_certificate *c, const char *name)
{
    bool wildcard = text_starts(name, "*.");

    for (const char *const *s = c->solvers; *s; s++)
        if (by_dns(m, *s))
            return wildcard || s == c->solvers;
    return false;
}
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
/* The names to prove by records, sorted, a wildcard as what it stands below; NULL: no memory. */
static const char **to_serve(const struct model *m, size_t *n_out)
{
    size_t n = 0, cap = 0;
    const char **v = mem_array(1, sizeof *v);
    char ip[46];
    bool v6, grown = v != NULL;

    cap = grown;
    for (size_t i = 0; i < m->ncertificates; i++) {
        const struct model_certificate *c = &m->certificates[i];
        for (const char *const *name = c->names; grown && *name; name++) {
            if (text_ip(*name, ip, &v6) || !needs_record(m, c, *name))
                continue;
            grown = mem_grow(&v, &cap, n + 1, sizeof *v);
            if (grown)
                v[n++] = text_starts(*name, "*.") ? *name + 2 : *name;
        }
    }
    if (grown && n)
        qsort(v, n, sizeof *v, by_text);
    *n_out = n;
    if (grown)
        return v;
    free(v);
    return NULL;
}
bool model_embed_dns(struct model *m)
{
    cleanup_(buf_done) struct buf b = BUF(TEXT_MAX);
    size_t n = 0;
    auto_free const char **v = NULL;

    if (conf_get(m->tree->root, "dns"))
        return true;
    v = to_serve(m, &n);
    if (!v || n == 0)
        return v != NULL;
    buf_adds(&b, dns_head);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(v[i - 1], v[i]) != 0)
            buf_addf(&b, "%s\"_acme-challenge.%s\"", i ? ", " : "", v[i]);
    buf_adds(&b, dns_tail);
    return !b.failed && embed(m, buf_text(&b));
}
