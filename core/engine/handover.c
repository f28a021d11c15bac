/* SPDX-License-Identifier: Apache-2.0 */
/* handover.c - one world takes over from another while both are there. */
#include "engine/handover.h"

#include "base/mem.h"

#include <string.h>

enum { KINDS_BY_NUMBER = FL_KIND_SINK + 1 };

struct instance **world_list(const struct world *w, enum fl_kind kind, const struct model_instance **mi_out,
                             size_t *n_out)
{
    const struct model *m = w->model;

    *n_out = kind == FL_KIND_DNS ? m->ndns : kind == FL_KIND_SOLVER ? m->nsolvers : m->nsinks;
    *mi_out = kind == FL_KIND_DNS ? m->dns : kind == FL_KIND_SOLVER ? m->solvers : m->sinks;
    return kind == FL_KIND_DNS ? w->dns : kind == FL_KIND_SOLVER ? w->solvers : w->sinks;
}

/* One list of one world. */
struct list {
    struct instance **at;
    const struct model_instance *mi;
    size_t n;
};

static struct list list_of(const struct world *w, enum fl_kind kind)
{
    struct list l;

    l.at = world_list(w, kind, &l.mi, &l.n);
    return l;
}

static void alive(const struct handover *h)
{
    if (h->alive)
        h->alive(h->arg);
}

/* ---- authorities -------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_limits(const struct model_limits *a, const struct model_limits *b)
{
    return same_text(a->orders, b->orders) && same_text(a->domain, b->domain) &&
           same_text(a->same, b->same) && same_text(a->failed, b->failed);
}

bool world_same_authority(const struct world *a, size_t at, const struct world *b, size_t bt, bool secrets)
{
    const struct model_authority *x = &a->model->authorities[at], *y = &b->model->authorities[bt];

    return strcmp(x->name, y->name) == 0 && same_text(x->directory, y->directory) &&
           same_text(x->staging, y->staging) && x->accept_terms == y->accept_terms &&
           opt_same_list(x->contact, y->contact) && same_text(x->ca_file, y->ca_file) &&
           same_text(x->proxy, y->proxy) && x->account_key == y->account_key &&
           same_limits(&x->limits, &y->limits) && same_text(x->eab.kid, y->eab.kid) &&
           x->eab.alg == y->eab.alg && (!secrets || same_text(x->eab.hmac, y->eab.hmac)) &&
           x->rate == y->rate && x->parallel == y->parallel && x->timeout == y->timeout;
}

static int take_authority(struct handover *h, size_t at, struct outcome *o)
{
    struct world_authority *mine = &h->to->authorities[at], *theirs;
    const struct model_authority *ma = &h->to->model->authorities[at];
    const struct stamp ca = stamp_of(ma->ca_file);

    for (size_t i = 0; i < h->from->model->nauthorities; i++) {
        theirs = &h->from->authorities[i];
        if (!world_same_authority(h->to, at, h->from, i, true) || !theirs->acme ||
            !stamp_same(&ca, &theirs->ca))
            continue;
        *mine = *theirs;
        mine->model = ma;
        mine->directory = h->conf->staging ? ma->staging : ma->directory;
        h->kept_authority[at] = true;
        return FL_OK;
    }
    return world_open_authority(h->to, h->conf, at, o);
}

static int take_authorities(struct handover *h, struct outcome *o)
{
    size_t n = h->to->model->nauthorities;
    int code = FL_OK;

    h->to->authorities = mem_array(n + 1, sizeof *h->to->authorities);
    h->kept_authority = mem_array(n + 1, sizeof *h->kept_authority);
    if (!h->to->authorities || !h->kept_authority)
        return outcome_nomem(o);
    for (size_t i = 0; code == FL_OK && i < n; i++)
        code = take_authority(h, i, o);
    return code;
}

/* What both have becomes the one's alone: `of` forgets it. */
static void forget_authorities(struct handover *h, struct world *of)
{
    for (size_t i = 0; h->kept_authority && i < h->to->model->nauthorities; i++)
        for (size_t k = 0; h->kept_authority[i] && k < of->model->nauthorities; k++)
            if (strcmp(of->model->authorities[k].name, h->to->model->authorities[i].name) == 0) {
                of->authorities[k].acme = NULL;
                of->authorities[k].lane = NULL;
            }
}

/* ---- instances ---------------------------------------------------------------------------- */

/* The place in `from` of the instance that may go on as number `at` of `to`, or `n`. */
static size_t find_same(const struct list *from, const struct instance *i)
{
    size_t k = 0;

    while (i && k < from->n && !(from->at[k] && instance_same(from->at[k], i, true)))
        k++;
    return i ? k : from->n;
}

static bool match(struct handover *h, enum fl_kind kind)
{
    const struct list from = list_of(h->from, kind), to = list_of(h->to, kind);

    h->kept[kind] = mem_array(to.n + 1, sizeof(bool));
    h->opened[kind] = mem_array(to.n + 1, sizeof(bool));
    if (!h->kept[kind] || !h->opened[kind])
        return false;
    for (size_t i = 0; i < to.n; i++) {
        size_t k = find_same(&from, to.at[i]);
        if (k == from.n)
            continue;
        instance_free(to.at[i]);
        to.at[i] = from.at[k];
        h->kept[kind][i] = true;
    }
    return true;
}

static bool is_kept(const struct handover *h, enum fl_kind kind, const struct instance *i)
{
    const struct list to = list_of(h->to, kind);

    for (size_t k = 0; k < to.n; k++)
        if (to.at[k] == i)
            return true;
    return false;
}

/* Sockets of those that will go. */
static void offer(struct handover *h, enum fl_kind kind, bool offered)
{
    const struct list from = list_of(h->from, kind);

    for (size_t i = 0; i < from.n; i++)
        if (from.at[i] && !(offered && is_kept(h, kind, from.at[i])))
            instance_offer(from.at[i], offered);
}

static int open_needed(struct handover *h, enum fl_kind kind, struct outcome *o)
{
    const struct list to = list_of(h->to, kind);
    int code = FL_OK;

    for (size_t i = 0; code == FL_OK && i < to.n; i++) {
        if (!to.at[i] || to.at[i]->open || !world_needs(&to.mi[i]))
            continue;
        alive(h);
        code = instance_open(to.at[i], o);
        h->opened[kind][i] = code == FL_OK;
    }
    return code;
}

static int take_providers(struct handover *h, struct outcome *o)
{
    int code = FL_OK;

    h->to->providers = mem_array(h->to->model->ndns + 1, sizeof *h->to->providers);
    if (!h->to->providers)
        return outcome_nomem(o);
    for (size_t i = 0; code == FL_OK && i < h->to->model->ndns; i++) {
        alive(h);
        code = world_open_provider(h->to, i, o);
    }
    return code;
}

static int take_instances(struct handover *h, struct outcome *o)
{
    int code = FL_OK;

    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++)
        if (!match(h, kind))
            return outcome_nomem(o);
    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++)
        offer(h, kind, true);
    for (enum fl_kind kind = FL_KIND_DNS; code == FL_OK && kind <= FL_KIND_SINK; kind++)
        code = open_needed(h, kind, o);
    return code;
}

int handover_begin(struct handover *h, struct outcome *o)
{
    struct world *to = h->to;

    to->http = h->from->http;
    to->listen = h->from->listen;
    to->keeper = h->from->keeper;
    to->store = h->from->store;
    int code = take_instances(h, o);
    if (code == FL_OK)
        code = take_providers(h, o);
    if (code == FL_OK && deliver_new(to->sinks, to->model->nsinks, &to->deliver) != FL_OK)
        code = outcome_nomem(o);
    return code == FL_OK ? take_authorities(h, o) : code;
}

static void done(struct handover *h)
{
    for (size_t kind = 0; kind < KINDS_BY_NUMBER; kind++) {
        free(take_ptr(h->kept[kind]));
        free(take_ptr(h->opened[kind]));
    }
    free(take_ptr(h->kept_authority));
}

static void undo_kind(struct handover *h, enum fl_kind kind)
{
    const struct list to = list_of(h->to, kind);

    for (size_t i = 0; h->kept[kind] && i < to.n; i++) {
        if (!h->kept[kind][i])
            continue;
        if (h->opened[kind][i])
            instance_close(to.at[i]);
        to.at[i] = NULL;
    }
    offer(h, kind, false);
}

void handover_undo(struct handover *h)
{
    struct world *to = h->to;

    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++)
        undo_kind(h, kind);
    if (to->authorities)
        forget_authorities(h, to);
    to->http = NULL;
    to->listen = NULL;
    to->keeper = NULL;
    to->store = NULL;
    done(h);
}

void handover_switch(struct handover *h)
{
    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++) {
        const struct list to = list_of(h->to, kind);
        for (size_t i = 0; i < to.n; i++)
            if (to.at[i] && !h->kept[kind][i])
                instance_switch(to.at[i]);
    }
}

/* One that nothing uses any more, but that the file still has. */
static void close_idle(const struct list *to)
{
    for (size_t i = 0; i < to->n; i++)
        if (to->at[i] && to->at[i]->open && instance_listens(to->at[i]) && !world_needs(&to->mi[i]))
            instance_close(to->at[i]);
}

void handover_end(struct handover *h)
{
    struct world *from = h->from;

    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++) {
        const struct list mine = list_of(from, kind), to = list_of(h->to, kind);
        for (size_t i = 0; i < mine.n; i++)
            if (is_kept(h, kind, mine.at[i]))
                mine.at[i] = NULL;
        close_idle(&to);
    }
    forget_authorities(h, from);
    from->http = NULL;
    from->listen = NULL;
    from->keeper = NULL;
    from->store = NULL;
    from->guest = true; /* its host is the other's now */
    h->to->guest = false;
    done(h);
}

bool handover_new(const struct handover *h, enum fl_kind kind, size_t at)
{
    return h->kept[kind] && !h->kept[kind][at];
}
