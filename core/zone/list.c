/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - reads what stands in a zone, for those RRsets that are about to be changed. */
#include "base/mem.h"
#include "zone/zone.h"
#include <string.h>

enum { LIST_SINGLY = 8 }; /* more than that are read with the whole zone, where the service can do that */

bool list_needed(const struct zone *zone, const struct rrset *r)
{
    return r->stale || (!(zone->provider->caps.flags & FL_CAP_VALUES) && !r->known);
}

/* All that was listed of that RRset, as one; services may give each value by itself. False: no memory. */
static bool gather(const struct emitted *e, const struct rrset *r, struct fl_rrset *out,
                   struct fl_value **values)
{
    size_t n = 0;
    *out = (struct fl_rrset){ .name = r->name, .type = r->type };
    for (size_t i = 0; i < e->nrrsets; i++)
        if (e->rrsets[i].type == r->type && strcmp(e->rrsets[i].name, r->name) == 0)
            n += e->rrsets[i].n;
    *values = mem_array(n, sizeof **values);
    if (!*values)
        return false;
    for (size_t i = 0; i < e->nrrsets; i++) {
        const struct fl_rrset *one = &e->rrsets[i];
        if (one->type != r->type || strcmp(one->name, r->name) != 0)
            continue;
        for (size_t k = 0; k < one->n; k++)
            (*values)[out->n++] = one->values[k];
        out->ttl = one->ttl;
        out->etag = one->etag;
    }
    out->values = *values;
    return true;
}

/* With the lock held. */
static bool learn(const struct emitted *e, struct rrset *r)
{
    struct fl_rrset listed;
    auto_free struct fl_value *values = NULL;
    return gather(e, r, &listed, &values) && rrset_learn(r, &listed);
}

/* One call; name NULL: the whole zone, for `n` RRsets. */
static int list_call(struct zones *z, struct zone *zone, struct rrset **sets, size_t n, const char *name,
                     uint32_t type, struct outcome *o)
{
    struct call call;
    struct emitted e = { 0 };
    bool ok = true;
    int code = call_begin(&call, zone->provider->instance, zone->apex, 0, o);
    if (code != FL_OK)
        return code;
    const struct fl_zone public = zone_public(zone);
    code = zone_ops(zone)->list(call.ctx, &public, name, type);
    if (code == FL_OK && !call_starved(&call)) {
        call_emitted(&call, &e);
        pthread_mutex_lock(&z->lock);
        for (size_t i = 0; i < n; i++)
            ok = learn(&e, sets[i]) && ok;
        pthread_mutex_unlock(&z->lock);
    }
    code = call_end(&call, code, o);
    return ok ? code : outcome_nomem(o);
}

int list_batch(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part, bool stale,
               struct outcome *o)
{
    auto_free struct rrset **sets = mem_array(part.to - part.from, sizeof *sets);
    size_t n = 0;
    int code = FL_OK;
    if (!sets)
        return outcome_nomem(o);
    for (size_t i = part.from; i < part.to; i++)
        if ((i == part.from || b->items[i].set != b->items[i - 1].set) &&
            (stale || list_needed(zone, b->items[i].set)))
            sets[n++] = b->items[i].set;
    if (n == 0)
        return FL_OK;
    if (!zone_ops(zone)->list)
        return outcome_fail(o, FL_ECONF, "dns %s cannot read what stands in a zone",
                            zone->provider->instance->name);
    if (n > LIST_SINGLY && zone->provider->caps.flags & FL_CAP_LIST_ALL)
        return list_call(z, zone, sets, n, NULL, 0, o);
    for (size_t i = 0; i < n && code == FL_OK; i++)
        code = list_call(z, zone, &sets[i], 1, sets[i]->name, sets[i]->type, o);
    return code;
}
