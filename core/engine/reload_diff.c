/* SPDX-License-Identifier: Apache-2.0 */
/* reload_diff.c - what a changed configuration changes, in words. */
#include "engine/reload_diff.h"

#include "base/mem.h"
#include "engine/handover.h"

#include <string.h>

enum { SHOWN = 12, LINE = 1400 };

/* One section: what was done to its entries, by name. */
struct section {
    const char *name;
    struct verb {
        const char *word;
        unsigned n;
        struct buf names;
    } added, removed, changed;
};

static void section_init(struct section *s, const char *name)
{
    *s = (struct section){ .name = name,
                           .added = { "added", 0, BUF(LINE) },
                           .removed = { "removed", 0, BUF(LINE) },
                           .changed = { "changed", 0, BUF(LINE) } };
}

static void note(struct verb *v, const char *name)
{
    if (v->n++ < SHOWN)
        buf_addf(&v->names, "%s%.80s", v->n > 1 ? ", " : "", name);
}

static void say(struct verb *v, struct buf *out, bool *first)
{
    if (v->n) {
        buf_addf(out, "%s%s %s", *first ? "" : "; ", v->word, buf_text(&v->names));
        if (v->n > SHOWN)
            buf_addf(out, " and %u more", v->n - SHOWN);
        *first = false;
    }
    buf_done(&v->names);
}

static void section_done(struct section *s, struct reload_diff *out)
{
    unsigned n = s->added.n + s->removed.n + s->changed.n;
    bool first = true;

    out->changes += n;
    if (n)
        buf_addf(&out->lines, "%s: ", s->name);
    say(&s->added, &out->lines, &first);
    say(&s->removed, &out->lines, &first);
    say(&s->changed, &out->lines, &first);
    if (n)
        buf_adds(&out->lines, "\n");
}

/* ---- certificates ------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_certificate(const struct model_certificate *a, const struct model_certificate *b)
{
    return opt_same_list(a->names, b->names) && opt_same_list(a->authorities, b->authorities) &&
           opt_same_list(a->solvers, b->solvers) && opt_same_list(a->sinks, b->sinks) &&
           opt_same_list(a->keys, b->keys) && a->reuse_key == b->reuse_key &&
           same_text(a->profile, b->profile) && a->profile_required == b->profile_required &&
           same_text(a->preferred_chain, b->preferred_chain) && a->renew_num == b->renew_num &&
           a->renew_den == b->renew_den && opt_same_list(a->addresses, b->addresses) &&
           a->adopt == b->adopt && a->grace == b->grace && a->on_bad_name == b->on_bad_name &&
           a->retire == b->retire;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct model_certificate *const *)a)->name,
                  (*(const struct model_certificate *const *)b)->name);
}

/* NULL: no memory. */
static const struct model_certificate **sorted(const struct model *m)
{
    const struct model_certificate **v = mem_array(m->ncertificates + 1, sizeof *v);

    for (size_t i = 0; v && i < m->ncertificates; i++)
        v[i] = &m->certificates[i];
    if (v)
        qsort(v, m->ncertificates, sizeof *v, by_name);
    return v;
}

static void merge(struct section *s, const struct model_certificate **a, const struct model_certificate **b)
{
    while (*a || *b) {
        int order = !*a ? 1 : !*b ? -1 : strcmp((*a)->name, (*b)->name);
        if (order == 0 && !same_certificate(*a, *b))
            note(&s->changed, (*b)->name);
        else if (order != 0)
            note(order < 0 ? &s->removed : &s->added, order < 0 ? (*a)->name : (*b)->name);
        a += order <= 0;
        b += order >= 0;
    }
}

static void certificates(const struct model *from, const struct model *to, struct reload_diff *out)
{
    auto_free const struct model_certificate **a = sorted(from), **b = sorted(to);
    struct section s;

    section_init(&s, "certificates");
    if (a && b)
        merge(&s, a, b);
    out->others += s.added.n + s.removed.n + s.changed.n;
    section_done(&s, out);
}

/* ---- instances and authorities ------------------------------------------------------------- */

static size_t place(const struct model_instance *mi, size_t n, const char *name)
{
    size_t i = 0;

    while (i < n && strcmp(mi[i].name, name) != 0)
        i++;
    return i;
}

/* What the core reads of a dns instance beside what instance_same() compares. */
static bool same_dns(const struct model_instance *a, const struct model_instance *b)
{
    const struct model_dns *x = &a->dns, *y = &b->dns;

    return a->kind != FL_KIND_DNS ||
           (opt_same_list(x->zones, y->zones) && opt_same_list(x->query_servers, y->query_servers) &&
            opt_same_list(x->resolver, y->resolver) && x->visible == y->visible && x->ttl == y->ttl &&
            x->create_zones == y->create_zones && x->delegation == y->delegation &&
            opt_same_list(x->delegation_replace, y->delegation_replace) &&
            same_text(x->registrar, y->registrar) && same_text(x->owner_id, y->owner_id) &&
            same_text(x->owner_prefix, y->owner_prefix) && same_text(x->owner_wildcard, y->owner_wildcard));
}

static void instances(const struct world *from, const struct world *to, enum fl_kind kind, const char *name,
                      struct reload_diff *out)
{
    const struct model_instance *a, *b;
    size_t na, nb;
    struct instance **x = world_list(from, kind, &a, &na), **y = world_list(to, kind, &b, &nb);
    struct section s;

    section_init(&s, name);
    for (size_t i = 0; i < nb; i++) {
        size_t k = place(a, na, b[i].name);
        bool there = k < na && x[k] && y[i];
        bool same = there && same_dns(&a[k], &b[i]);
        if (k == na)
            note(&s.added, b[i].name);
        else if (!same || !instance_same(x[k], y[i], true))
            note(&s.changed, b[i].name);
        out->others += k == na || !same || !instance_same(x[k], y[i], false);
    }
    for (size_t k = 0; k < na; k++)
        if (place(b, nb, a[k].name) == nb) {
            note(&s.removed, a[k].name);
            out->others++;
        }
    section_done(&s, out);
}

static size_t authority(const struct model *m, const char *name)
{
    size_t i = 0;

    while (i < m->nauthorities && strcmp(m->authorities[i].name, name) != 0)
        i++;
    return i;
}

static void authorities(const struct world *from, const struct world *to, struct reload_diff *out)
{
    const struct model *a = from->model, *b = to->model;
    struct section s;

    section_init(&s, "authorities");
    for (size_t i = 0; i < b->nauthorities; i++) {
        size_t k = authority(a, b->authorities[i].name);
        if (k == a->nauthorities)
            note(&s.added, b->authorities[i].name);
        else if (!world_same_authority(from, k, to, i, true))
            note(&s.changed, b->authorities[i].name);
        out->others += k == a->nauthorities || !world_same_authority(from, k, to, i, false);
    }
    for (size_t k = 0; k < a->nauthorities; k++)
        if (authority(b, a->authorities[k].name) == b->nauthorities) {
            note(&s.removed, a->authorities[k].name);
            out->others++;
        }
    section_done(&s, out);
}

void reload_diff(const struct world *from, const struct world *to, struct reload_diff *out)
{
    *out = (struct reload_diff){ .lines = BUF(64 * 1024) };
    certificates(from->model, to->model, out);
    authorities(from, to, out);
    instances(from, to, FL_KIND_DNS, "dns", out);
    instances(from, to, FL_KIND_SOLVER, "solvers", out);
    instances(from, to, FL_KIND_SINK, "sinks", out);
    if (from->model->log.level != to->model->log.level || from->model->log.format != to->model->log.format) {
        buf_adds(&out->lines, "log: changed\n");
        out->changes++;
        out->others++;
    }
    if (!opt_same_list(from->model->roots, to->model->roots)) {
        buf_adds(&out->lines, "roots: changed\n");
        out->changes++;
        out->others++;
    }
}

/* ---- what a restart is needed for ---------------------------------------------------------- */

static void stays(struct buf *out, const char *what, const char *from, const char *to)
{
    if (!same_text(from, to))
        buf_addf(out, "warning: %s: \"%s\" instead of \"%s\": restart needed; until then it stays as it is\n",
                 what, to ? to : "", from ? from : "");
}

void reload_diff_restart(const struct model *from, const struct model *to, struct buf *out)
{
    if (from->workers != to->workers)
        buf_addf(out,
                 "warning: workers: %lld instead of %lld: restart needed; until then it stays as it is\n",
                 (long long)to->workers, (long long)from->workers);
    stays(out, "control", from->control, to->control);
    stays(out, "control_group", from->control_group, to->control_group);
    stays(out, "listen: status", from->listen.status, to->listen.status);
}
