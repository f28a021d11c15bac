/* SPDX-License-Identifier: Apache-2.0 */
/* refs.c - who refers to whom, and who can prove what. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/parts.h"

#include <string.h>

/* ---- references ---- */

/* The entries of a section: their names, and where each notes that it is used. */
struct entries {
    const char *section, *one; /* "solvers", "solver" */
    const void *at;
    size_t n, size, name, used;
};
enum { SECTIONS = 5 };

static void all_entries(const struct model *m, struct entries v[SECTIONS])
{
#define ENTRIES(section, one, type, list, count)                                                             \
    {                                                                                                        \
        section, one, list, count, sizeof(struct type), offsetof(struct type, name),                         \
            offsetof(struct type, used)                                                                      \
    }
    const struct entries all[SECTIONS] = {
        ENTRIES("authorities", "authority", model_authority, m->authorities, m->nauthorities),
        ENTRIES("clusters", "cluster", model_cluster, m->clusters, m->nclusters),
        ENTRIES("dns", "dns instance", model_instance, m->dns, m->ndns),
        ENTRIES("solvers", "solver", model_instance, m->solvers, m->nsolvers),
        ENTRIES("sinks", "sink", model_instance, m->sinks, m->nsinks),
    };
    memcpy(v, all, sizeof all);
}
static const char *name_of(const struct entries *e, size_t i)
{
    const char *name;
    memcpy(&name, (const char *)e->at + i * e->size + e->name, sizeof name);
    return name;
}
/* False: no entry has that name. */
static bool use(const struct entries *e, const char *name)
{
    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(name_of(e, i), name) != 0)
            continue;
        *((bool *)((char *)(uintptr_t)e->at + i * e->size + e->used)) = true;
        return true;
    }
    return false;
}
static void dangling(struct model *m, struct diag *d, const struct entries *e, const struct opt_ref *r)
{
    const char **names = arena_alloc(m->opts.arena, (e->n + 1) * sizeof *names);
    const char *near;
    cleanup_(buf_done) struct buf b = BUF(65536);

    for (size_t i = 0; names && i < e->n; i++) {
        names[i] = name_of(e, i);
        buf_addf(&b, "%s%s", i ? ", " : "", names[i]);
    }
    near = names ? text_nearest(r->name, names) : NULL;
    if (near)
        diag_error(d, r->file, r->line, "%s: there is no %s '%s': did you mean '%s'?", r->who, e->one,
                   r->name, near);
    else if (e->n)
        diag_error(d, r->file, r->line, "%s: there is no %s '%s': the section %s has %s", r->who, e->one,
                   r->name, e->section, buf_text(&b));
    else
        diag_error(d, r->file, r->line, "%s: there is no %s '%s': write %s = { %s = { ... }; };", r->who,
                   e->one, r->name, e->section, r->name);
}
static void resolve(struct model *m, struct diag *d, const struct entries *v, const struct opt_ref *r)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        if (strcmp(v[i].section, r->section) != 0)
            continue;
        /* What is missing may stand in the file that could not be read. */
        if (!use(&v[i], r->name) && !m->tree->broken)
            dangling(m, d, &v[i], r);
    }
}

/* ---- what nothing refers to ---- */

/* A solver that works by DNS records picks among all instances, unless it names some. */
static void use_dns(struct model *m)
{
    bool all = false;

    for (size_t i = 0; i < m->nsolvers; i++)
        all = all || (m->solvers[i].used && text_starts(m->solvers[i].plugin, "dns-") &&
                      !conf_get(m->solvers[i].node, "providers"));
    for (size_t i = 0; i < m->ncertificates; i++)
        all = all || m->certificates[i].addresses;
    for (size_t i = 0; all && i < m->ndns; i++)
        m->dns[i].used = true;
}
static void warn_unused(struct diag *d, const struct model_instance *v, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (!v[i].used)
            diag_warning(d, v[i].file, v[i].line, "%s %s is not used: nothing refers to it", word, v[i].name);
}
/* A sink of a cluster finds its certificates itself. */
static void use_sources(struct model *m)
{
    for (size_t i = 0; i < m->nsinks; i++)
        m->sinks[i].used = m->sinks[i].used || conf_get(m->sinks[i].node, "cluster");
}
static void unused(const struct model *m, struct diag *d)
{
    for (size_t i = 0; i < m->nauthorities; i++)
        if (!m->authorities[i].used)
            diag_warning(d, m->authorities[i].file, m->authorities[i].line,
                         "authority %s is not used: nothing refers to it", m->authorities[i].name);
    for (size_t i = 0; i < m->nclusters; i++)
        if (!m->clusters[i].used)
            diag_warning(d, m->clusters[i].file, m->clusters[i].line,
                         "cluster %s is not used: nothing refers to it", m->clusters[i].name);
    warn_unused(d, m->dns, m->ndns, "dns");
    warn_unused(d, m->solvers, m->nsolvers, "solver");
    warn_unused(d, m->sinks, m->nsinks, "sink");
}
void model_check_refs(struct model *m, struct diag *d)
{
    struct entries v[SECTIONS];

    all_entries(m, v);
    for (const struct opt_ref *r = m->opts.refs; r; r = r->next)
        resolve(m, d, v, r);
    use_dns(m);
    use_sources(m);
    if (!m->tree->broken && m->ncertificates)
        unused(m, d);
}

/* ---- who can prove what ---- */

struct proof {
    const struct model *m;
    int (*solves)(void *arg, const struct model_instance *solver, const char *name);
    void *arg;
};

static bool provable(const struct proof *p, const struct model_certificate *c, const char *name)
{
    for (const char *const *s = c->solvers; *s; s++) {
        const struct model_instance *solver = model_find(p->m, FL_KIND_SOLVER, *s);
        /* One that does not exist is reported already. */
        if (!solver || p->solves(p->arg, solver, name))
            return true;
    }
    return false;
}
static void unprovable(const struct proof *p, struct diag *d, const struct model_certificate *c,
                       const char *name)
{
    char ip[46];
    bool v6;
    const char *what = text_starts(name, "*.")  ? "a wildcard is proved by dns-01 only"
                       : text_ip(name, ip, &v6) ? "an address is proved by http-01 or tls-alpn-01 only"
                                                : "add another solver";

    diag_error(d, c->file, c->line,
               "certificate %s: no solver of it (%s) can prove %s: %s, so name such a solver in `solver`",
               c->name, opt_join(p->m->opts.arena, c->solvers), name, what);
}
void model_check_solvers(struct model *m, struct diag *d,
                         int (*solves)(void *arg, const struct model_instance *solver, const char *name),
                         void *arg)
{
    const struct proof p = { m, solves, arg };

    for (size_t i = 0; i < m->ncertificates; i++) {
        const struct model_certificate *c = &m->certificates[i];
        for (const char *const *name = c->names; *c->solvers && *name; name++)
            if (!provable(&p, c, *name))
                unprovable(&p, d, c, *name);
    }
}
