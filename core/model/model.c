/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - reads the sections of a configuration, one after the other. */
#include "model/model.h"

#include "base/text.h"
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- the top level ---- */

static void fill_group(struct model *m, const char *name, const struct fl_option *table, void *out)
{
    const struct conf_node *n = conf_get(m->tree->root, name);

    if (n && n->kind != CONF_GROUP) {
        diag_error(m->opts.diag, n->file, n->line, "%s: wants a group, %s = { ... };, not %s", name, name,
                   conf_kind_words(n->kind));
        n = NULL;
    }
    opt_fill(&m->opts, name, n, table, NULL, out);
}
static void check_status(struct model *m)
{
    const struct conf_node *n = conf_get(conf_get(m->tree->root, "listen"), "status");
    const char *status = m->listen.status;
    char ip[46];
    uint16_t port;

    m->listen.status = status && *status ? status : NULL;
    if (n && m->listen.status && !text_address(status, -1, ip, &port)) {
        m->listen.status = NULL;
        diag_error(
            m->opts.diag, n->file, n->line,
            "listen: status: \"%s\" is no address with a port: write \"127.0.0.1:9180\", or \"\" for none",
            status);
    }
}
static void read_top(struct model *m)
{
    const char *sections[32];
    size_t n = 0;

    for (const struct model_section *s = model_sections; s->name; s++)
        if (*s->name)
            sections[n++] = s->name;
    sections[n] = NULL;
    opt_fill(&m->opts, "", m->tree->root, model_top_table, sections, m);
    fill_group(m, "listen", model_listen_table, &m->listen);
    fill_group(m, "log", model_log_table, &m->log);
    check_status(m);
}
/* Whether the list is there under a name that is nearly right: that is said already. */
static bool misspelt(const struct conf_node *root)
{
    static const char *const one[] = { "certificates", NULL };

    for (const struct conf_node *n = root->first; n; n = n->next)
        if (text_nearest(n->name, one))
            return true;
    return false;
}
static void check_something(const struct model *m)
{
    const struct conf_node *root = m->tree->root, *n = conf_get(root, "certificates");

    if (m->tree->broken || conf_get(root, "policy") ||
        (n ? n->kind != CONF_LIST || n->first : misspelt(root)))
        return;
    diag_error(m->opts.diag, n ? n->file : root->file, n ? n->line : 0,
               "there are no certificates: write certificates = ( { names = [ \"example.org\" ]; } );");
}
static bool read_all(struct model *m, const char *path)
{
    read_top(m);
    if (!model_embed(m) || !model_read_authorities(m) || !model_read_clusters(m) ||
        !model_read_instances(m) || !model_read_certificates(m) || !model_embed_dns(m) || !model_read_dns(m))
        return false;
    model_check_later(m);
    if (path)
        check_something(m);
    return !m->tree->arena.starved;
}
struct model *model_load(const char *path, struct diag *d)
{
    struct model *m = calloc(1, sizeof *m);

    if (!m)
        return NULL;
    m->tree = path ? conf_tree_load(path, d) : conf_tree_text(MODEL_BUILT_IN, "", d);
    if (m->tree)
        m->opts = (struct opt_ctx){ .diag = d, .arena = &m->tree->arena };
    if (!m->tree || !read_all(m, path)) {
        model_free(m);
        return NULL;
    }
    return m;
}
void model_free(struct model *m)
{
    if (!m)
        return;
    conf_tree_free(m->tree);
    free(m);
}

/* ---- looking up ---- */

const struct model_instance *model_find(const struct model *m, enum fl_kind kind, const char *name)
{
    const struct model_instance *v = kind == FL_KIND_DNS      ? m->dns
                                     : kind == FL_KIND_SOLVER ? m->solvers
                                                              : m->sinks;
    size_t n = kind == FL_KIND_DNS ? m->ndns : kind == FL_KIND_SOLVER ? m->nsolvers : m->nsinks;

    for (size_t i = 0; i < n; i++)
        if (!strcmp(v[i].name, name))
            return &v[i];
    return NULL;
}
const struct model_authority *model_authority(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->nauthorities; i++)
        if (!strcmp(m->authorities[i].name, name))
            return &m->authorities[i];
    return NULL;
}

/* ---- the verdict ---- */

bool model_report(const struct model *m, struct diag *d, FILE *f)
{
    char counts[64];

    diag_print(d, f);
    diag_counts(d, counts);
    if (diag_errors(d))
        fprintf(f, "%s\n", counts);
    else
        fprintf(f, "%s: ok: %zu certificate%s, %u warning%s\n", m->tree->root->file, m->ncertificates,
                m->ncertificates == 1 ? "" : "s", diag_warnings(d), diag_warnings(d) == 1 ? "" : "s");
    return diag_errors(d) == 0;
}
