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

/* What the provider has at that name and type: is any of it not what we want? */
static int others(struct turn *t, struct instance *i, const char *apex, const struct fl_record *r, bool *out)
{
    const struct fl_dns_ops *ops = &i->plugin->ops.dns;
    const struct subject *s = t->task->subject;
    struct fl_zone zone = { 0 };
    struct emitted e = { 0 };
    struct call c;
    int code = call_begin(&c, i, t->task->name, 0, &t->out);

    if (code != FL_OK)
        return code;
    size_t len = strlen(r->name) - strlen(apex);
    const char *name = fl_printf(c.ctx, "%.*s", len ? (int)len - 1 : 0, r->name);
    code = ops->zone(c.ctx, apex, &zone);
    if (code == FL_OK)
        code = ops->list(c.ctx, &zone, name, r->type);
    call_emitted(&c, &e);
    for (size_t k = 0; code == FL_OK && k < e.nrrsets; k++)
        for (size_t v = 0; v < e.rrsets[k].n; v++)
            *out = *out ||
                   (e.rrsets[k].type == r->type && !text_in(e.rrsets[k].values[v].text, s->cert->addresses));
    return call_end(&c, code, &t->out);
}

/* A record that is there already, with another value and not asked for by us, is somebody else's. */
static int foreign(struct turn *t, const struct wants *w)
{
    for (size_t i = 0; i < w->n; i++) {
        char key[320];
        bool found = false;
        int code = zones_find(t->e->zones, w->at[i].name, NULL, key, &t->out);
        if (code != FL_OK)
            return code;
        char *apex = strchr(key, '/');
        *apex++ = '\0';
        struct instance *instance = world_find(t->w, FL_KIND_DNS, key);
        /* At the end of a CNAME the name is another's to keep. */
        if (!instance || !text_below(w->at[i].name, apex))
            continue;
        code = others(t, instance, apex, &w->at[i], &found);
        if (code != FL_OK)
            return code;
        if (found)
            return outcome_fail(
                &t->out, FL_ECONF,
                "%s has another address that fairlead did not set: remove it or take `addresses` out",
                w->at[i].name);
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
