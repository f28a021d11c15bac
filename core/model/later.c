/* SPDX-License-Identifier: Apache-2.0 */
/* later.c - options that are read and checked and do nothing yet: nobody shall learn that by waiting. */
#include "model/parts.h"

#include <string.h>

/* `value`: only this one is meant; NULL: any that is not the default. */
struct later {
    const char *option, *value, *words;
};
static const struct later dns_later[] = {
    { "resolver", NULL, "resolvers are not used yet: the DNS is asked from its root" },
    { NULL, NULL, NULL },
};
static void warn(struct model *m, const char *who, const struct conf_node *group, const struct later *table)
{
    for (; group && table->option; table++) {
        const struct conf_node *n = conf_get(group, table->option);
        if (n && (!table->value || (n->text && !strcmp(n->text, table->value))))
            diag_warning(m->opts.diag, n->file, n->line, "%s: %s: %s", who, table->option, table->words);
    }
}
static void instances(struct model *m)
{
    for (size_t i = 0; i < m->ndns; i++)
        warn(m, arena_printf(m->opts.arena, "dns %s", m->dns[i].name), m->dns[i].node, dns_later);
}

/* ---- sections that nothing uses yet ---- */

static void patterns(struct model *m, const char *who, const struct conf_node *group)
{
    const struct conf_node *node = conf_get(group, "names");
    const struct conf_node *n = node && node->kind == CONF_LIST ? node->first : node;
    char name[256];

    for (; n; n = node->kind == CONF_LIST ? n->next : NULL) {
        const char *why =
            n->kind == CONF_STRING && strcmp(n->text, "*") ? opt_name(n->text, OPT_WILDCARD, name) : NULL;
        if (why)
            diag_error(m->opts.diag, n->file, n->line, "%s: names: \"%s\" %s", who, n->text, why);
    }
}
static void sections(struct model *m)
{
    union {
        struct model_policy policy;
        struct model_expose expose;
        struct model_notify notify;
    } scratch;
    static const struct {
        const char *name, *words;
        const struct fl_option *table;
    } all[] = {
        { "policy", "nothing asks for names by itself", model_policy_table },
        { "expose", "nothing is made in clusters", model_expose_table },
        { "notify", "nobody is told, so watch the log and `fairlead status`", model_notify_table },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct conf_node *node = conf_get(m->tree->root, all[i].name);
        const struct conf_node *n = model_list(m, all[i].name);
        if (node)
            diag_warning(m->opts.diag, node->file, node->line, "%s: this section has no effect yet: %s",
                         all[i].name, all[i].words);
        for (; n; n = model_next_group(n->next)) {
            memset(&scratch, 0, sizeof scratch);
            opt_fill(&m->opts, all[i].name, n, all[i].table, NULL, &scratch);
            if (i == 0)
                patterns(m, all[i].name, n);
        }
    }
}
void model_check_later(struct model *m)
{
    const struct conf_node *status = conf_get(conf_get(m->tree->root, "listen"), "status");

    if (m->listen.status && status)
        diag_warning(m->opts.diag, status->file, status->line,
                     "listen: status: there is no status page yet: use `fairlead status`");
    instances(m);
    sections(m);
}
