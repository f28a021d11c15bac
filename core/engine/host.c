/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the steps of a host task: the address records of a certificate's names. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/steps.h"

#include <string.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000LL;

struct wants {
    struct fl_record *at;
    size_t n;
};

static void wants_done(struct wants *w) { free(w->at); }

/* One A, AAAA or, for a host name, CNAME record for each address of each name; an address as a name needs none. */
static bool wants_of(const struct model_certificate *mc, struct wants *out)
{
    size_t names = 0, addresses = 0;
    char ip[46];
    bool v6;

    while (mc->names[names])
        names++;
    while (mc->addresses[addresses])
        addresses++;
    out->at = mem_array(names * addresses + 1, sizeof *out->at);
    for (size_t i = 0; out->at && i < names; i++)
        for (size_t k = 0; k < addresses && !text_ip(mc->names[i], ip, &v6); k++)
            out->at[out->n++] = (struct fl_record){ .name = mc->names[i],
                                                    .type = !text_ip(mc->addresses[k], ip, &v6) ? FL_RR_CNAME
                                                            : v6                                ? FL_RR_AAAA
                                                                                                : FL_RR_A,
                                                    .value = mc->addresses[k] };
    return out->at != NULL;
}

/* A record that is there already, with another value and not asked for by us, is somebody else's. */
static int foreign(struct turn *t, const struct wants *w)
{
    const struct dns_roots roots = { .addresses = t->w->model->roots };

    for (size_t i = 0; i < w->n; i++) {
        struct dns_servers servers;
        struct dns_look looks[DNS_SERVERS_MAX];
        const char *other = NULL;
        struct outcome o = { 0 };
        if (dns_walk(&roots, w->at[i].name, &servers, &o) != FL_OK)
            continue; /* not delegated yet: nobody can have put anything there */
        int code = dns_look(&servers, w->at[i].name, (uint16_t)w->at[i].type, 2000, looks, &t->out);
        if (code != FL_OK)
            return code;
        for (size_t s = 0; s < servers.n; s++)
            for (size_t v = 0; v < looks[s].n; v++)
                if (!text_in(looks[s].values[v], ((const struct subject *)t->task->subject)->cert->addresses))
                    other = w->at[i].name;
        dns_looks_done(looks, servers.n);
        if (other)
            return outcome_fail(
                &t->out, FL_ECONF,
                "%s has another address that fairlead did not set: remove it or take `addresses` out", other);
    }
    return FL_OK;
}

int host_owner(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };

    if (json_flag(t->rec, "ours", false))
        return FL_OK;
    return wants_of(s->cert, &w) ? foreign(t, &w) : outcome_nomem(&t->out);
}

int host_publish(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };

    if (!wants_of(s->cert, &w) || !json_put_flag(t->rec, "ours", true))
        return outcome_nomem(&t->out);
    return zones_want(t->e->zones, t->task->name, w.at, w.n, NULL, true, &t->out);
}

int host_visible(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };

    if (!wants_of(s->cert, &w))
        return outcome_nomem(&t->out);
    int code = zones_published(t->e->zones, t->task->name, w.at, w.n, NULL, &t->out);
    t->at_ms = t->now_ms + DAY_MS;
    t->wakes = true;
    return code;
}

int host_idle(struct turn *t)
{
    (void)t;
    return FL_OK;
}
