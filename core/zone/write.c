/* SPDX-License-Identifier: Apache-2.0 */
/* write.c - the steps that write a zone: find it, close a batch, journal it, apply it, see it settled. */
#include "base/clock.h"
#include "base/mem.h"
#include "zone/zone.h"
#include <string.h>

enum {
    STALE_TRIES = 5,
    REFUSED_MS = 3600000, /* a removal that was refused is tried again so much later */
    SETTLE_MS = 2000,     /* pause between questions whether a change is out, unless told */
    SETTLE_FAILED_MS = 30000
};

static int orphan(const struct zone *zone, struct outcome *o)
{
    return outcome_fail(
        o, FL_ECONF,
        "the journal says that records stand in %s, but no dns instance of that name is configured: "
        "configure it again until they are removed, or remove them and the journal by hand",
        zone->key);
}

/* Results of steps other than "not yet" are remembered for those who wait. */
static int ended(struct zones *z, struct zone *zone, int code, struct outcome *o)
{
    if (code == FL_EAGAIN)
        return zone_later(z, zone, o);
    if (code == FL_OK)
        outcome_ok(o);
    return zone_failed(z, zone, o);
}

/* ---- find ---------------------------------------------------------------------------- */

static void strv_free(char **v)
{
    for (size_t i = 0; v && v[i]; i++)
        free(v[i]);
    free(v);
}

static char **strv_copy(const char *const *v)
{
    size_t n = 0;
    while (v && v[n])
        n++;
    char **copy = v ? mem_array(n + 1, sizeof *copy) : NULL;
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = strdup(v[i]);
        if (!copy[i]) {
            strv_free(copy);
            return NULL;
        }
    }
    return copy;
}

bool zone_take(struct zones *z, struct zone *zone, const struct fl_zone *fresh)
{
    char *id = fresh->id ? strdup(fresh->id) : NULL;
    char **names = strv_copy(fresh->name_servers);
    if ((fresh->id && !id) || (fresh->name_servers && !names)) {
        free(id);
        strv_free(names);
        return false;
    }
    pthread_mutex_lock(&z->lock);
    free(zone->id);
    strv_free(zone->name_servers);
    zone->id = id;
    zone->name_servers = names;
    zone->found = true;
    pthread_mutex_unlock(&z->lock);
    return true;
}

int zone_find_call(struct zones *z, struct zone *zone, struct outcome *o)
{
    struct call call;
    struct fl_zone fresh = { 0 };
    bool ok = true;
    int code = call_begin(&call, zone->provider->instance, zone->apex, 0, o);
    if (code != FL_OK)
        return code;
    code = zone_ops(zone)->zone(call.ctx, zone->apex, &fresh);
    if (code == FL_OK && !call_starved(&call))
        ok = zone_take(z, zone, &fresh);
    code = call_end(&call, code, o);
    return ok ? code : outcome_nomem(o);
}

int zone_find_step(struct zones *z, const char *key, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    if (!zone)
        return o->code;
    if (!zone->provider)
        return ended(z, zone, orphan(zone, o), o);
    int code = zone_find_call(z, zone, o);
    pthread_mutex_lock(&z->lock);
    bool make = zone->care.make;
    pthread_mutex_unlock(&z->lock);
    if (code == FL_EREJECT && make) /* what there is to do about it comes next */
        code = outcome_ok(o);
    return ended(z, zone, code, o);
}

/* ---- write --------------------------------------------------------------------------- */

/* With the lock held. */
static bool pick(const struct zones *z, const struct zone *zone, struct batch *out)
{
    const struct batch_rule rule = { &zone->provider->caps, clock_wall_ms(), z->hurry };
    return batch_pick(&zone->sets, &rule, out);
}

static bool instant(const struct zone *zone) { return zone->provider->caps.flags & FL_CAP_INSTANT; }

/* With the lock held: monotonic time when the batch closes; 0: now. */
static int64_t closes(const struct zone *zone, const struct batch *b)
{
    if (b->adds == 0 || zone->window.first_ms == 0)
        return 0;
    int64_t at = batch_closes(&zone->window, b->full, instant(zone));
    return at > clock_mono_ms() ? at : 0;
}

/* Wishes that came while the RRsets were read: theirs may have to be read too, in the next batch. */
static bool drop_unread(const struct zone *zone, struct batch *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->n; i++)
        if (!list_needed(zone, b->items[i].set))
            b->items[kept++] = b->items[i];
    bool some = kept < b->n;
    b->n = kept;
    return some;
}

/* Whatever stands in the batch now may be written: from here on nobody but this worker frees it. */
static int pin(struct zones *z, struct zone *zone, struct batch *out, struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    bool ok = pick(z, zone, out);
    bool rest = ok && drop_unread(zone, out);
    for (size_t i = 0; ok && i < out->n; i++) {
        struct batch_item *item = &out->items[i];
        item->fresh = !item->value->tried;
        item->value->tried = true;
        item->value->leaving = item->value->leaving || item->remove;
    }
    if (ok && !out->full)
        zone->window = (struct batch_window){ 0 };
    if (rest)
        zone->window.first_ms = zone->window.last_ms = clock_mono_ms();
    if (ok && out->n > 0)
        journal_touch(zone);
    pthread_mutex_unlock(&z->lock);
    if (!ok)
        return outcome_nomem(o);
    return out->n > 0 ? journal_save(z, zone, o) : FL_OK;
}

static bool keep_receipt(struct zone *zone, const char *receipt)
{
    char *copy = strdup(receipt);
    if (!copy)
        return false;
    if (zone->nreceipts == ZONE_RECEIPTS) {
        free(zone->receipts[0]);
        memmove(zone->receipts, zone->receipts + 1, (ZONE_RECEIPTS - 1) * sizeof *zone->receipts);
        zone->nreceipts--;
    }
    zone->receipts[zone->nreceipts++] = copy;
    zone->settle_ms = 0;
    return true;
}

static void part_done(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part,
                      const char *receipt)
{
    pthread_mutex_lock(&z->lock);
    for (size_t i = part.from; i < part.to; i++) {
        struct batch_item *item = &b->items[i];
        if (item->remove)
            rrvalue_removed(item->value);
        else
            rrvalue_added(item->value);
        item->set->ttl_there = rrset_ttl_after(item->set);
        free(item->set->etag); /* of what stood there */
        item->set->etag = NULL;
    }
    /* Lost for want of memory, the servers themselves tell. */
    if (receipt && zone->provider->caps.flags & FL_CAP_SETTLED)
        (void)keep_receipt(zone, receipt);
    zone->settled_ms = clock_mono_ms();
    watch_written(&zone->watch, clock_mono_ms());
    pthread_mutex_unlock(&z->lock);
}

static void part_refused(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part,
                         const struct outcome *o, struct owners *tell)
{
    pthread_mutex_lock(&z->lock);
    for (size_t i = part.from; i < part.to; i++) {
        struct batch_item *item = &b->items[i];
        rrvalue_refused(item->value, o->code, o->msg, item->fresh && !item->remove);
        item->set->stale = true;
        if (item->remove) {
            item->value->leaving = false;
            item->value->hold_ms = clock_wall_ms() + REFUSED_MS;
        } else {
            owners_add(tell, item->value);
        }
    }
    journal_touch(zone);
    pthread_mutex_unlock(&z->lock);
}

/* It may have been done or not. */
static void part_unknown(struct zones *z, const struct batch *b, struct batch_part part)
{
    pthread_mutex_lock(&z->lock);
    for (size_t i = part.from; i < part.to; i++) {
        b->items[i].set->known = false;
        b->items[i].value->there = false;
    }
    pthread_mutex_unlock(&z->lock);
}

static int apply_call(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part,
                      struct outcome *o)
{
    struct call call;
    struct changes c = { 0 };
    const char *receipt = NULL;
    pthread_mutex_lock(&z->lock);
    bool ok = changes_make(b, part, &c);
    pthread_mutex_unlock(&z->lock);
    if (!ok)
        return outcome_nomem(o);
    int code = c.n > 0 ? call_begin(&call, zone->provider->instance, zone->apex, 0, o) : FL_OK;
    if (code == FL_OK && c.n > 0) {
        const struct fl_zone public = zone_public(zone);
        code = zone_ops(zone)->apply(call.ctx, &public, c.at, c.n, &receipt);
        auto_free char *copy = code == FL_OK && receipt && !call_starved(&call) ? strdup(receipt) : NULL;
        code = call_end(&call, code, o);
        if (code == FL_OK)
            part_done(z, zone, b, part, copy);
        else if (code != FL_EREJECT && code != FL_ESTALE)
            part_unknown(z, b, part);
    } else if (code == FL_OK) {
        part_done(z, zone, b, part, NULL);
    }
    changes_done(&c);
    return code;
}

/* What stands there is not what we thought: read it, try again at once. */
static int apply_part(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part,
                      struct outcome *o)
{
    int code = apply_call(z, zone, b, part, o);
    for (int tries = 0; code == FL_ESTALE && tries < STALE_TRIES; tries++) {
        code = list_batch(z, zone, b, part, true, o);
        if (code == FL_OK)
            code = apply_call(z, zone, b, part, o);
    }
    if (code != FL_ESTALE)
        return code;
    part_unknown(z, b, part);
    return outcome_fail(o, FL_ETEMP, "somebody else keeps changing the same records of %s: %.300s",
                        zone->apex, o->msg);
}

/* A refused part is halved until the bad change stands alone; the others go on. */
static int apply_all(struct zones *z, struct zone *zone, const struct batch *b, struct outcome *o)
{
    struct batch_parts parts;
    struct batch_part part;
    struct owners tell = { 0 };
    int code = FL_OK;
    batch_parts_init(&parts, b->n);
    while (code == FL_OK && batch_parts_next(&parts, &part)) {
        code = apply_part(z, zone, b, part, o);
        if (code != FL_EREJECT)
            continue;
        if (!batch_parts_halve(&parts, b, part))
            part_refused(z, zone, b, part, o, &tell);
        code = FL_OK;
    }
    owners_tell(z, &tell);
    return code;
}

/* No pointer into the RRsets is held any more. */
static int finish(struct zones *z, struct zone *zone, struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    /* Others write there too: what was read is only good for this batch. */
    for (size_t i = 0; !(zone->provider->caps.flags & FL_CAP_PRECONDITION) && i < zone->sets.n; i++)
        zone->sets.at[i]->known = false;
    rrsets_sweep(&zone->sets);
    journal_touch(zone);
    pthread_mutex_unlock(&z->lock);
    return journal_save(z, zone, o);
}

static int write_batch(struct zones *z, struct zone *zone, struct outcome *o)
{
    struct batch b = { 0 };
    struct outcome saved = { 0 };
    int code = pin(z, zone, &b, o);
    if (code == FL_OK && b.n > 0)
        code = apply_all(z, zone, &b, o);
    bool some = b.n > 0;
    batch_done(&b);
    if (some && finish(z, zone, &saved) != FL_OK && code == FL_OK) {
        *o = saved;
        code = saved.code;
    }
    return code;
}

int zone_write_step(struct zones *z, const char *key, struct outcome *o)
{
    struct batch b = { 0 };
    struct zone *zone = zones_take(z, key, o);
    if (!zone)
        return o->code;
    if (!zone->provider)
        return ended(z, zone, orphan(zone, o), o);
    pthread_mutex_lock(&z->lock);
    bool ok = pick(z, zone, &b);
    int64_t now = clock_mono_ms(), at = ok ? closes(zone, &b) : 0;
    at = zone->hold_ms > now && zone->hold_ms > at ? zone->hold_ms : at;
    pthread_mutex_unlock(&z->lock);
    int code = ok ? FL_OK : outcome_nomem(o);
    size_t n = b.n;
    if (code == FL_OK && n > 0 && at == 0)
        code = list_batch(z, zone, &b, (struct batch_part){ 0, n }, false, o);
    batch_done(&b);
    if (code == FL_OK && n > 0 && at > now)
        return outcome_again(o, at - now, "the batch for %s closes in %lld ms", zone->apex,
                             (long long)(at - now));
    if (code == FL_OK && n > 0)
        code = write_batch(z, zone, o);
    return ended(z, zone, code, o);
}

/* ---- settle -------------------------------------------------------------------------- */

static int settle_call(struct zone *zone, struct outcome *o)
{
    struct call call;
    int code = call_begin(&call, zone->provider->instance, zone->apex, 0, o);
    if (code != FL_OK)
        return code;
    const struct fl_zone public = zone_public(zone);
    return call_end(&call, zone_ops(zone)->settled(call.ctx, &public, zone->receipts[0]), o);
}

static void drop_receipt(struct zones *z, struct zone *zone)
{
    pthread_mutex_lock(&z->lock);
    free(zone->receipts[0]);
    zone->nreceipts--;
    memmove(zone->receipts, zone->receipts + 1, zone->nreceipts * sizeof *zone->receipts);
    zone->settled_ms = clock_mono_ms();
    journal_touch(zone);
    pthread_mutex_unlock(&z->lock);
}

static int settle_later(struct zones *z, struct zone *zone, int64_t after_ms, struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    zone->settle_ms = clock_mono_ms() + after_ms;
    pthread_mutex_unlock(&z->lock);
    return outcome_again(o, after_ms, "%s", o->msg);
}

static bool settles(const struct zone *zone)
{
    return zone->provider && zone->provider->caps.flags & FL_CAP_SETTLED && zone_ops(zone)->settled;
}

int zone_settle_step(struct zones *z, const char *key, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    bool some = false;
    if (!zone)
        return o->code;
    int64_t now = clock_mono_ms();
    while (zone->nreceipts > 0) {
        int code = FL_OK;
        if (zone->settle_ms > now)
            return outcome_again(o, zone->settle_ms - now, "%s: the last change is not out yet", zone->key);
        if (settles(zone))
            code = settle_call(zone, o);
        if (code == FL_EAGAIN)
            return settle_later(z, zone, o->retry_after_ms > 0 ? o->retry_after_ms : SETTLE_MS, o);
        /* The servers are asked all the same: a service that cannot tell stops nobody. */
        if (code == FL_ETEMP || code == FL_ERATE || code == FL_EPROTO)
            return settle_later(z, zone, o->retry_after_ms > 0 ? o->retry_after_ms : SETTLE_FAILED_MS, o);
        if (code != FL_OK && code != FL_EREJECT)
            return ended(z, zone, code, o);
        drop_receipt(z, zone);
        some = true;
    }
    int code = some ? journal_save(z, zone, o) : FL_OK;
    return code == FL_OK ? outcome_ok(o) : code;
}

/* ---- idle ---------------------------------------------------------------------------- */

static void sooner(int64_t *next, int64_t at)
{
    if (at < *next)
        *next = at;
}

/* With the lock held: monotonic time of the next thing to do; INT64_MAX: nothing. */
static int64_t next_of(const struct zones *z, const struct zone *zone)
{
    struct batch b = { 0 };
    int64_t next = INT64_MAX, now = clock_mono_ms();
    if (!pick(z, zone, &b))
        return now;
    if (b.n > 0)
        sooner(&next, closes(zone, &b));
    if (b.removal_ms)
        sooner(&next, now + (b.removal_ms - clock_wall_ms()));
    batch_done(&b);
    if (next < zone->hold_ms)
        next = zone->hold_ms;
    sooner(&next, care_next_ms(zone));
    if (zone->nreceipts > 0)
        sooner(&next, zone->settle_ms);
    for (size_t i = 0; i < zone->sets.n; i++)
        for (size_t k = 0; k < zone->sets.at[i]->n; k++)
            if (rrvalue_to_see(zone->sets.at[i]->values[k]))
                sooner(&next, zone->watch.next_ms);
    return next;
}

bool zone_idle(struct zones *z, const char *key, int64_t *next_ms_out)
{
    pthread_mutex_lock(&z->lock);
    const struct zone *zone = zones_get(z, key);
    int64_t next = zone && zone->provider ? next_of(z, zone) : INT64_MAX;
    pthread_mutex_unlock(&z->lock);
    int64_t now = clock_mono_ms();
    if (next <= now)
        return false;
    *next_ms_out = next == INT64_MAX ? 0 : clock_wall_ms() + (next - now);
    return true;
}
