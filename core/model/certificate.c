/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.c - the list of certificates, with what `defaults` says. */
#include "base/text.h"
#include "model/parts.h"

#include <string.h>

enum { FILE_NAME_LEN = 200, PARTS = 20 };

/* A certificate on its way from the file into the model. */
struct draft {
    struct model *m;
    const char *who;
    const struct conf_node *node;
    struct model_wish wish;
};
static const char *const none[] = { NULL };

/* ---- lists of groups ---- */

const struct conf_node *model_next_group(const struct conf_node *n)
{
    while (n && n->kind != CONF_GROUP)
        n = n->next;
    return n;
}
const struct conf_node *model_list(struct model *m, const char *section)
{
    const struct conf_node *node = conf_get(m->tree->root, section);
    struct diag *d = m->opts.diag;

    if (!node)
        return NULL;
    if (node->kind != CONF_LIST) {
        diag_error(d, node->file, node->line,
                   "%s: wants a list of groups, %s = ( { ... }, { ... } );, not %s", section, section,
                   conf_kind_words(node->kind));
        return NULL;
    }
    for (const struct conf_node *n = node->first; n; n = n->next)
        if (n->kind != CONF_GROUP)
            diag_error(d, n->file, n->line, "%s: wants groups, ( { ... }, { ... } ), not %s", section,
                       conf_kind_words(n->kind));
    return model_next_group(node->first);
}

/* ---- single options ---- */

static bool fraction(const char *text, int64_t *num, int64_t *den)
{
    const char *slash = strchr(text, '/');
    char left[8] = "";
    size_t len = slash ? (size_t)(slash - text) : sizeof left;

    if (len >= sizeof left)
        return false;
    memcpy(left, text, len);
    return text_int(left, 1, 1000, num) && text_int(slash + 1, 1, 1000, den);
}
/* Reported only where it is written: a certificate that has it from `defaults` says nothing. */
static void read_renew(struct draft *t, int64_t *num, int64_t *den)
{
    const struct conf_node *n = conf_get(t->node, "renew");
    const char *why = NULL;
    int64_t ms;

    *num = *den = 0;
    /* What nobody wrote is not the table's default: it also depends on the lifetime. */
    if (!n && !conf_get(conf_get(t->m->tree->root, "defaults"), "renew"))
        return;
    if (!t->wish.renew || fraction(t->wish.renew, num, den)) {
        if (*num * PARTS < *den || *num >= *den)
            why = "is out of range: it goes from \"1/20\" to less than \"1/1\"";
    } else if (!opt_duration(t->wish.renew, &ms) || text_int(t->wish.renew, 0, INT32_MAX, &ms)) {
        why =
            "is a time: lifetimes become shorter, so write the part of the lifetime that is left, such as \"1/3\"";
    } else {
        why = "is no part of the lifetime: write two whole numbers, such as \"1/3\"";
    }
    if (!why)
        return;
    *num = *den = 0;
    if (n && n->kind == CONF_STRING)
        diag_error(t->m->opts.diag, n->file, n->line, "%s: renew: \"%s\" %s", t->who, n->text, why);
}
static void read_addresses(struct draft *t)
{
    const struct conf_node *n = conf_get(t->node, "addresses");
    if (n)
        t->wish.addresses = model_addresses(t->m, t->who, n);
}
/* What every entry of a section is called, for lists that nobody wrote. */
static const char *const *all_of(struct draft *t, const char *const *v, size_t n, const char *option)
{
    if (n != 1 && option) {
        diag_error(t->m->opts.diag, t->node->file, t->node->line,
                   n ? "%s: %s is missing, and there are several: name one here or in `defaults`: %s"
                     : "%s: %s is missing, and none is declared%s",
                   t->who, option,
                   n ? arena_printf(t->m->opts.arena, "%s, %s%s", v[0], v[1], n > 2 ? " ..." : "") : "");
        return none;
    }
    v = arena_strv(t->m->opts.arena, v, n);
    return v ? v : none;
}
static const char *const *instance_names(struct draft *t, struct model_instance *v, size_t n,
                                         const char *option)
{
    const char **names = arena_alloc(t->m->opts.arena, (n + 1) * sizeof *names);

    for (size_t i = 0; names && i < n; i++) {
        names[i] = v[i].name;
        v[i].used = true;
    }
    return names ? all_of(t, names, n, option) : none;
}
static const char *const *authority_names(struct draft *t)
{
    struct model *m = t->m;
    const char **names = arena_alloc(m->opts.arena, (m->nauthorities + 1) * sizeof *names);

    for (size_t i = 0; names && i < m->nauthorities; i++) {
        names[i] = m->authorities[i].name;
        m->authorities[i].used = true;
    }
    return names ? all_of(t, names, m->nauthorities, "authority") : none;
}
static const char *const *given(struct draft *t, const char *option, const char *const *v)
{
    const struct conf_node *n = conf_get(t->node, option);

    if (!v || *v || !n || n->kind != CONF_LIST || n->first)
        return v;
    if (strcmp(option, "sinks") != 0)
        diag_error(t->m->opts.diag, n->file, n->line, "%s: %s: the list is empty", t->who, option);
    else
        diag_warning(t->m->opts.diag, n->file, n->line,
                     "%s: sinks: the list is empty: it will be delivered nowhere", t->who);
    return v;
}

/* ---- names ---- */

static bool good_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= FILE_NAME_LEN && *name != '.' && *name != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*:") == len;
}
static void name_it(struct draft *t, struct model_certificate *c)
{
    const struct conf_node *n = conf_get(t->node, "name");
    struct diag *d = t->m->opts.diag;

    c->name = t->wish.name ? t->wish.name : c->names[0] ? c->names[0] : "";
    if (n && n->kind == CONF_STRING && !good_name(n->text))
        diag_error(
            d, n->file, n->line,
            "%s: name: \"%s\" is no name of a certificate: it has up to %d letters, digits, and - _ . * :, and does "
            "not begin with . or -",
            t->who, n->text, FILE_NAME_LEN);
    else if (!n && strlen(c->name) > FILE_NAME_LEN)
        diag_error(d, t->node->file, t->node->line,
                   "%s: its first host name is too long for a file name: give it a `name`", t->who);
    c->file_name = model_file_name(t->m->opts.arena, c->name);
}
const char *model_certificate_who(struct model *m, const struct conf_node *node)
{
    const struct conf_node *name = conf_get(node, "name"), *names = conf_get(node, "names");

    if (!name || name->kind != CONF_STRING)
        name = names && names->kind == CONF_LIST ? names->first : names;
    return name && name->kind == CONF_STRING && *name->text
               ? arena_printf(m->opts.arena, "certificate %s", name->text)
               : "certificate";
}

/* ---- the section ---- */

/* Lists that nobody wrote. What is declared may stand in a file that could not be read. */
static void complete(struct draft *t, struct model_certificate *c)
{
    struct model *m = t->m;
    bool broken = m->tree->broken;

    if (!c->authorities)
        c->authorities = broken ? none : authority_names(t);
    if (!c->solvers)
        c->solvers =
            broken ? none : instance_names(t, m->solvers, m->nsolvers, m->nsolvers ? NULL : "solver");
    if (!c->sinks)
        c->sinks = broken ? none : instance_names(t, m->sinks, m->nsinks, "sinks");
}
static void finish(struct draft *t, struct model_certificate *c)
{
    struct model *m = t->m;
    struct model_wish *w = &t->wish;

    *c = (struct model_certificate){ .file = t->node->file,
                                     .line = t->node->line,
                                     .names = model_names(m, t->who, conf_get(t->node, "names")),
                                     .authorities = given(t, "authority", w->authority),
                                     .solvers = given(t, "solver", w->solver),
                                     .sinks = given(t, "sinks", w->sinks),
                                     .keys = given(t, "key", w->key),
                                     .reuse_key = w->reuse_key,
                                     .profile = w->profile,
                                     .profile_required = w->profile_required,
                                     .preferred_chain = w->preferred_chain,
                                     .addresses = w->addresses,
                                     .adopt = w->adopt,
                                     .grace = w->grace,
                                     .on_bad_name = w->on_bad_name,
                                     .retire = w->retire };
    read_renew(t, &c->renew_num, &c->renew_den);
    if (!c->names)
        c->names = none;
    if (!c->keys)
        c->keys = none;
    name_it(t, c);
    complete(t, c);
}
static void read_defaults(struct model *m, struct draft *t)
{
    int64_t num, den;

    *t = (struct draft){ .m = m, .who = "defaults", .node = conf_get(m->tree->root, "defaults") };
    if (t->node && t->node->kind != CONF_GROUP) {
        diag_error(m->opts.diag, t->node->file, t->node->line,
                   "defaults: wants a group, defaults = { ... };, not %s", conf_kind_words(t->node->kind));
        t->node = NULL;
    }
    opt_fill(&m->opts, t->who, t->node, model_defaults_table, NULL, &t->wish);
    read_renew(t, &num, &den);
    read_addresses(t);
    given(t, "authority", t->wish.authority);
    given(t, "solver", t->wish.solver);
    given(t, "sinks", t->wish.sinks);
    given(t, "key", t->wish.key);
}
bool model_read_certificates(struct model *m)
{
    struct draft defaults;
    const struct conf_node *first = model_list(m, "certificates");
    size_t count = 0;

    read_defaults(m, &defaults);
    for (const struct conf_node *n = first; n; n = model_next_group(n->next))
        count++;
    m->certificates = arena_alloc(m->opts.arena, (count + 1) * sizeof *m->certificates);
    if (!m->certificates)
        return false;
    for (const struct conf_node *n = first; n; n = model_next_group(n->next)) {
        struct draft t = { .m = m, .who = model_certificate_who(m, n), .node = n };
        opt_fill(&m->opts, t.who, n, model_certificate_table, NULL, &t.wish);
        opt_inherit(n, model_defaults_table, &defaults.wish, &t.wish);
        read_addresses(&t);
        finish(&t, &m->certificates[m->ncertificates++]);
    }
    return model_check_collisions(m);
}
