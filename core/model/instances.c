/* SPDX-License-Identifier: Apache-2.0 */
/* instances.c - authorities, clusters, and the instances of plugins. */
#include "base/text.h"
#include "model/parts.h"

#include <string.h>

enum { NAME_LEN = 63 };

/* ---- sections that are groups of groups ---- */

static bool is_entry(const struct conf_node *n) { return n->kind == CONF_GROUP && !strchr(n->name, '*'); }
const struct conf_node *model_next_entry(const struct conf_node *n)
{
    while (n && !is_entry(n))
        n = n->next;
    return n;
}
static void check_entry(struct model *m, const char *section, const struct conf_node *n)
{
    struct diag *d = m->opts.diag;

    if (n->kind != CONF_GROUP)
        diag_error(d, n->file, n->line, "%s: %s wants a group, %s = { ... }, not %s", section, n->name,
                   n->name, conf_kind_words(n->kind));
    else if (strchr(n->name, '*') || strlen(n->name) > NAME_LEN)
        diag_error(d, n->file, n->line, "%s: '%s' is no name: it has up to %d letters, digits, - and _",
                   section, n->name, NAME_LEN);
}
size_t model_entries(struct model *m, const char *section, const struct conf_node **first_out)
{
    const struct conf_node *node = conf_get(m->tree->root, section);
    size_t count = 0;

    *first_out = NULL;
    if (!node)
        return 0;
    if (node->kind != CONF_GROUP) {
        diag_error(m->opts.diag, node->file, node->line,
                   "%s: wants a group of groups, %s = { NAME = { ... }; };, not %s", section, section,
                   conf_kind_words(node->kind));
        return 0;
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        check_entry(m, section, n);
        count += is_entry(n);
    }
    *first_out = model_next_entry(node->first);
    return count;
}

/* ---- authorities ---- */

/* Whom we know by name. */
static const struct {
    const char *name, *directory, *staging;
    struct model_limits limits; /* https://letsencrypt.org/docs/rate-limits/ */
} known[] = {
    { "letsencrypt",
      "https://acme-v02.api.letsencrypt.org/directory",
      "https://acme-staging-v02.api.letsencrypt.org/directory",
      { .orders = "300/3h", .domain = "50/7d", .same = "5/7d", .failed = "5/1h" } },
};

static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    char name[64], ip[46];
    uint16_t port;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(host, "/?"), host);
    if (text_address(name, 0, ip, &port))
        return text_starts(ip, "127.") || !strcmp(ip, "::1");
    name[strcspn(name, ":")] = '\0';
    return !strcmp(name, "localhost");
}
static void check_url(struct model *m, const char *who, const struct conf_node *n, const char *url)
{
    if (n && url && text_starts(url, "http://") && !is_loopback(url))
        diag_error(m->opts.diag, n->file, n->line,
                   "%s: %s: \"%s\" is not https: plain http is taken for addresses of this machine only", who,
                   n->name, url);
}
static void check_contact(struct model *m, const char *who, const struct conf_node *node)
{
    const struct conf_node *n = node && node->kind == CONF_LIST ? node->first : node;

    for (; n; n = node->kind == CONF_LIST ? n->next : NULL) {
        if (n->kind != CONF_STRING || (text_starts(n->text, "mailto:") && strchr(n->text, '@')))
            continue;
        if (strchr(n->text, '@') && !strchr(n->text, ':'))
            diag_error(m->opts.diag, n->file, n->line,
                       "%s: contact: \"%s\" is no URL: did you mean \"mailto:%s\"?", who, n->text, n->text);
        else
            diag_error(m->opts.diag, n->file, n->line,
                       "%s: contact: \"%s\" is no mail address: write \"mailto:NAME@HOST\"", who, n->text);
    }
}
static void warn_terms(struct model *m, const char *who, const struct conf_node *n, const char *name)
{
    bool built_in = !strcmp(n->file, MODEL_BUILT_IN);
    diag_warning(
        m->opts.diag, built_in ? m->tree->root->file : n->file, built_in ? 0 : n->line,
        "%s: its terms are not accepted: read them and write authorities = { %s = { accept_terms = true; }; };",
        who, name);
}
static void limit(struct model_limits *is, const struct model_limits *known_are)
{
    is->orders = is->orders ? is->orders : known_are->orders;
    is->domain = is->domain ? is->domain : known_are->domain;
    is->same = is->same ? is->same : known_are->same;
    is->failed = is->failed ? is->failed : known_are->failed;
}
static void check_limits(struct model *m, const char *who, const struct conf_node *limits)
{
    for (const struct conf_node *n = limits && limits->kind == CONF_GROUP ? limits->first : NULL; n;
         n = n->next) {
        const char *slash = n->kind == CONF_STRING ? strchr(n->text, '/') : NULL;
        char left[8] = "";
        int64_t most, per_ms;
        if (n->kind != CONF_STRING || !n->text[0])
            continue;
        if (slash && (size_t)(slash - n->text) < sizeof left)
            memcpy(left, n->text, (size_t)(slash - n->text));
        if (!slash || !text_int(left, 1, 1000000, &most) || opt_duration(slash + 1, &per_ms) || per_ms < most)
            diag_error(m->opts.diag, n->file, n->line,
                       "%s: limits: %s: \"%s\" is no limit: write how many in which time, such as \"300/3h\"",
                       who, n->name, n->text);
    }
}
/* The directory may go without saying. */
static void complete(struct model *m, const char *who, const struct conf_node *n, struct model_authority *a)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!a->directory && !conf_get(n, "directory") && !strcmp(a->name, known[i].name))
            a->directory = known[i].directory;
        if (!a->directory || strcmp(a->directory, known[i].directory) != 0)
            continue;
        if (!a->staging)
            a->staging = known[i].staging;
        limit(&a->limits, &known[i].limits);
        if (!a->accept_terms)
            warn_terms(m, who, n, a->name);
    }
    if (!a->directory && !conf_get(n, "directory"))
        diag_error(m->opts.diag, n->file, n->line, "%s: directory is missing: the URL of its ACME directory",
                   who);
}
static void read_authority(struct model *m, const struct conf_node *n, struct model_authority *a)
{
    const char *who = arena_printf(m->opts.arena, "authority %s", n->name);

    opt_fill(&m->opts, who, n, model_authority_table, NULL, a);
    a->name = n->name;
    a->file = n->file;
    a->line = n->line;
    a->used = !strcmp(n->file, MODEL_BUILT_IN);
    check_url(m, who, conf_get(n, "directory"), a->directory);
    check_url(m, who, conf_get(n, "staging"), a->staging);
    check_contact(m, who, conf_get(n, "contact"));
    check_limits(m, who, conf_get(n, "limits"));
    complete(m, who, n, a);
}
bool model_read_authorities(struct model *m)
{
    const struct conf_node *n;
    size_t count = model_entries(m, "authorities", &n);

    m->authorities = arena_alloc(m->opts.arena, (count + 1) * sizeof *m->authorities);
    if (!m->authorities)
        return false;
    for (; n; n = model_next_entry(n->next))
        read_authority(m, n, &m->authorities[m->nauthorities++]);
    return true;
}
bool model_read_clusters(struct model *m)
{
    const struct conf_node *n;
    size_t count = model_entries(m, "clusters", &n);

    m->clusters = arena_alloc(m->opts.arena, (count + 1) * sizeof *m->clusters);
    if (!m->clusters)
        return false;
    for (; n; n = model_next_entry(n->next)) {
        struct model_cluster *c = &m->clusters[m->nclusters++];
        opt_fill(&m->opts, arena_printf(m->opts.arena, "cluster %s", n->name), n, model_cluster_table, NULL,
                 c);
        c->name = n->name;
        c->file = n->file;
        c->line = n->line;
    }
    return true;
}

/* ---- instances of plugins ---- */

static void check_word(struct model *m, const char *who, const struct conf_node *n, const char *allowed,
                       const char *words)
{
    if (n && n->kind == CONF_STRING && (strspn(n->text, allowed) != strlen(n->text) || strlen(n->text) > 128))
        diag_error(m->opts.diag, n->file, n->line, "%s: %s: \"%s\" %s", who, n->name, n->text, words);
}
#define LABELS "abcdefghijklmnopqrstuvwxyz0123456789-_"
/* What stands in TXT records and in their names, and what programs of others have to read. */
static void check_marks(struct model *m, const char *who, const struct conf_node *n)
{
    check_word(m, who, conf_get(n, "owner_id"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LABELS "./:@",
               "is no id: up to 128 letters, digits, and - _ . / : @");
    check_word(m, who, conf_get(n, "owner_prefix"), LABELS ".%{}",
               "is no beginning of a name: small letters, digits, - _ . and \"%{record_type}\"");
    check_word(m, who, conf_get(n, "owner_wildcard"), LABELS, "is no label: small letters, digits, - and _");
}
#undef LABELS
static void read_instance(struct model *m, enum fl_kind kind, const struct conf_node *n,
                          struct model_instance *i)
{
    static const char *const words[] = {
        [FL_KIND_DNS] = "dns", [FL_KIND_SOLVER] = "solver", [FL_KIND_SINK] = "sink"
    };
    const char *who = arena_printf(m->opts.arena, "%s %s", words[kind], n->name);

    *i =
        (struct model_instance){ .name = n->name, .file = n->file, .line = n->line, .kind = kind, .node = n };
    opt_fill(&m->opts, who, n, kind == FL_KIND_DNS ? model_dns_table : model_other_table, opt_any, &i->dns);
    if (kind == FL_KIND_DNS)
        check_marks(m, who, n);
    i->plugin = i->dns.plugin ? i->dns.plugin : n->name;
    i->used = !strcmp(n->file, MODEL_BUILT_IN);
}
static struct model_instance *read_kind(struct model *m, const char *section, enum fl_kind kind,
                                        size_t *n_out)
{
    const struct conf_node *n;
    size_t count = model_entries(m, section, &n);
    struct model_instance *v = arena_alloc(m->opts.arena, (count + 1) * sizeof *v);

    for (size_t i = 0; v && n; n = model_next_entry(n->next))
        read_instance(m, kind, n, &v[i++]);
    *n_out = v ? count : 0;
    return v;
}
bool model_read_instances(struct model *m)
{
    m->solvers = read_kind(m, "solvers", FL_KIND_SOLVER, &m->nsolvers);
    m->sinks = read_kind(m, "sinks", FL_KIND_SINK, &m->nsinks);
    return m->solvers && m->sinks;
}
bool model_read_dns(struct model *m)
{
    m->dns = read_kind(m, "dns", FL_KIND_DNS, &m->ndns);
    return m->dns != NULL;
}
