/* SPDX-License-Identifier: Apache-2.0 */
/* want.c - the wishes of owners: taken, taken back, and whether they have come true. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <string.h>

static void relative(const char *name, const char *apex, char out[256])
{
    size_t n = strlen(name), a = strlen(apex);
    text_copy(out, 256, name);
    if (n >= a)
        out[n == a || a == 0 ? n - a : n - a - 1] = '\0';
}

static void note_change(struct zone *zone)
{
    int64_t now = clock_mono_ms();
    if (zone->window.first_ms == 0)
        zone->window.first_ms = now;
    zone->window.last_ms = now;
}

/* With the lock held. NULL: no memory. */
static struct zone *want_one(struct zones *z, const char *owner, const struct fl_record *r,
                             const struct found *f)
{
    char name[256];
    bool changed = false;
    struct zone *zone = zones_make(z, f->provider, f->provider->instance->name, f->apex);
    relative(f->target, f->apex, name);
    struct rrset *set = zone ? rrsets_make(&zone->sets, name, r->type) : NULL;
    if (!set)
        return NULL;
    if (r->ttl || set->ttl == 0)
        rrset_set_ttl(set, r->ttl ? r->ttl : (uint32_t)f->provider->ttl, &changed);
    if (!rrset_want(set, r->value, owner, r->name, &changed))
        return NULL;
    if (changed)
        note_change(zone);
    journal_touch(zone);
    return zone;
}

/* The zones that records or owners touched, each once. */
struct touched {
    struct zone **at;
    size_t n, cap;
};

static bool touch(struct touched *t, struct zone *zone)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] == zone)
            return true;
    if (!mem_grow(&t->at, &t->cap, t->n + 1, sizeof(struct zone *)))
        return false;
    t->at[t->n++] = zone;
    return true;
}

/* The journals, then word to the zones' tasks; frees `t`. */
static int save_touched(struct zones *z, struct touched *t, struct outcome *o)
{
    struct outcome first = { 0 };
    for (size_t i = 0; i < t->n; i++)
        if (journal_save(z, t->at[i], o) != FL_OK && first.code == FL_OK)
            first = *o;
    for (size_t i = 0; i < t->n; i++) {
        int64_t next_ms = 0;
        if (!zone_idle(z, t->at[i]->key, &next_ms))
            zones_due(z, t->at[i]->key, 0);
        else if (next_ms)
            zones_due(z, t->at[i]->key, next_ms);
    }
    free(t->at);
    *o = first;
    return o->code;
}

/* With the lock held. What stands there is ours from now on, or will be: one day it is removed, unless somebody wants it. */
static struct zone *own_one(struct zones *z, const struct fl_record *r, const struct found *f)
{
    char name[256];
    struct zone *zone = zones_make(z, f->provider, f->provider->instance->name, f->apex);
    relative(f->target, f->apex, name);
    struct rrset *set = zone ? rrsets_make(&zone->sets, name, r->type) : NULL;
    struct rrvalue *v = set ? rrset_make_value(set, r->value) : NULL;
    if (!v)
        return NULL;
    if (set->ttl == 0)
        set->ttl = (uint32_t)f->provider->ttl;
    v->tried = true;
    v->foreign = false;
    journal_touch(zone);
    return zone;
}

static int add_records(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
                       const char *const *providers, struct outcome *o)
{
    auto_free struct found *found = mem_array(n, sizeof *found);
    struct touched t = { 0 };
    bool ok = found != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        int code = find_zone(z, records[i].name, providers, &found[i], o);
        if (code != FL_OK)
            return code;
    }
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; ok && i < n; i++) {
        struct zone *zone = want_one(z, owner, &records[i], &found[i]);
        ok = zone && touch(&t, zone);
    }
    pthread_mutex_unlock(&z->lock);
    int code = save_touched(z, &t, o);
    return ok ? code : outcome_nomem(o);
}

/* Where they were written is known from the wishes: no zone is looked for. */
static bool unwant_in(struct zone *zone, const char *owner, const struct fl_record *r, int64_t now)
{
    bool some = false;
    for (size_t i = 0; i < zone->sets.n; i++) {
        struct rrset *set = zone->sets.at[i];
        if (!r)
            some = rrset_unwant(set, NULL, owner, NULL, now) || some;
        else if (set->type == r->type)
            some = rrset_unwant(set, r->value, owner, r->name, now) || some;
    }
    if (some)
        journal_touch(zone);
    return some;
}

/* With the lock held: the value, if it is that owner's, stays where it stands when he wants it no more. */
static void spare(struct zone *zone, const char *owner, const struct fl_record *r)
{
    for (size_t i = 0; i < zone->sets.n; i++) {
        struct rrvalue *v =
            zone->sets.at[i]->type == r->type ? rrset_value(zone->sets.at[i], r->value) : NULL;
        if (v && v->nwishes == 1 && rrset_wished(v, owner, r->name))
            v->foreign = true;
    }
}

/* With the lock held. */
static bool change_records(struct zones *z, const char *owner, const struct zones_change *c,
                           const struct found *found, struct touched *t)
{
    bool ok = true;
    for (size_t i = 0; ok && i < c->nadd + c->nown; i++) {
        bool add = i < c->nadd;
        const struct fl_record *r = add ? &c->add[i] : &c->own[i - c->nadd];
        struct zone *zone = add ? want_one(z, owner, r, &found[i]) : NULL;
        ok = (!add || zone) && (zone = own_one(z, r, &found[i])) && touch(t, zone);
    }
    for (size_t k = 0; ok && k < z->n; k++) {
        bool some = false;
        for (size_t i = 0; i < c->nspare; i++) {
            spare(z->at[k], owner, &c->spare[i]);
            some = unwant_in(z->at[k], owner, &c->spare[i], 0) || some;
        }
        /* Since the beginning of time: removals of addresses do not linger, for others take their place. */
        for (size_t i = 0; i < c->ndrop; i++)
            some = unwant_in(z->at[k], owner, &c->drop[i], 0) || some;
        ok = !some || touch(t, z->at[k]);
    }
    return ok;
}

int zones_change(struct zones *z, const char *owner, const struct zones_change *c, struct outcome *o)
{
    auto_free struct found *found = mem_array(c->nadd + c->nown + 1, sizeof *found);
    struct touched t = { 0 };
    for (size_t i = 0; found && i < c->nadd + c->nown; i++) {
        const struct fl_record *r = i < c->nadd ? &c->add[i] : &c->own[i - c->nadd];
        int code = find_zone(z, r->name, NULL, &found[i], o);
        if (code != FL_OK)
            return code;
    }
    if (!found)
        return outcome_nomem(o);
    pthread_mutex_lock(&z->lock);
    bool ok = change_records(z, owner, c, found, &t);
    pthread_mutex_unlock(&z->lock);
    int code = save_touched(z, &t, o);
    return ok ? code : outcome_nomem(o);
}

static bool wished_by(const struct rrvalue *v, const char *owners)
{
    for (size_t i = 0; i < v->nwishes; i++)
        if (text_starts(v->wishes[i].owner, owners))
            return true;
    return false;
}

size_t zones_addresses(struct zones *z, const char *instance, const char *owners)
{
    size_t n = 0, len = strlen(instance);
    pthread_mutex_lock(&z->lock);
    for (size_t k = 0; k < z->n; k++)
        for (size_t i = 0; i < z->at[k]->sets.n; i++) {
            const struct rrset *set = z->at[k]->sets.at[i];
            if (set->type == FL_RR_TXT || strncmp(z->at[k]->key, instance, len) != 0 ||
                z->at[k]->key[len] != '/')
                continue;
            for (size_t v = 0; v < set->n; v++)
                n += wished_by(set->values[v], owners);
        }
    pthread_mutex_unlock(&z->lock);
    return n;
}

/* records NULL: everything of that owner. */
static int drop_records(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
                        struct outcome *o)
{
    struct touched t = { 0 };
    bool ok = true;
    int64_t now = clock_wall_ms();
    pthread_mutex_lock(&z->lock);
    for (size_t k = 0; k < z->n; k++) {
        bool some = !records && unwant_in(z->at[k], owner, NULL, now);
        for (size_t i = 0; i < n; i++)
            some = unwant_in(z->at[k], owner, &records[i], now) || some;
        ok = ok && (!some || touch(&t, z->at[k]));
    }
    pthread_mutex_unlock(&z->lock);
    int code = save_touched(z, &t, o);
    return ok ? code : outcome_nomem(o);
}

int zones_want(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
               const char *const *providers, bool add, struct outcome *o)
{
    if (n == 0)
        return outcome_ok(o);
    return add ? add_records(z, owner, records, n, providers, o) : drop_records(z, owner, records, n, o);
}

int zones_disown(struct zones *z, const char *owner, struct outcome *o)
{
    return drop_records(z, owner, NULL, 0, o);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int zones_owners(struct zones *z, char ***out, struct outcome *o)
{
    struct owners w = { 0 };
    char *none = NULL;
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; i < z->n; i++)
        for (size_t k = 0; k < z->at[i]->sets.n; k++)
            for (size_t v = 0; v < z->at[i]->sets.at[k]->n; v++)
                owners_add(&w, z->at[i]->sets.at[k]->values[v]);
    pthread_mutex_unlock(&z->lock);
    if (!mem_grow(&w.at, &w.cap, w.n + 1, sizeof(char *)))
        return outcome_nomem(o);
    w.at[w.n] = none;
    qsort(w.at, w.n, sizeof *w.at, by_text);
    *out = w.at;
    return outcome_ok(o);
}

/* ---- have they come true? ------------------------------------------------------------ */

static struct rrvalue *wished(struct zones *z, const char *owner, const struct fl_record *r,
                              struct zone **zone_out)
{
    for (size_t k = 0; k < z->n; k++)
        for (size_t i = 0; i < z->at[k]->sets.n; i++) {
            struct rrset *set = z->at[k]->sets.at[i];
            struct rrvalue *v = set->type == r->type ? rrset_value(set, r->value) : NULL;
            *zone_out = z->at[k];
            if (v && rrset_wished(v, owner, r->name))
                return v;
        }
    return NULL;
}

/* Codes of a zone's step that no time mends. */
static bool for_good(int code) { return code == FL_EREJECT || code == FL_ECONF; }

static int judge_record(struct zones *z, const char *owner, const struct fl_record *r, struct outcome *o)
{
    struct zone *zone = NULL;
    const struct rrvalue *v = wished(z, owner, r, &zone);
    if (!v)
        return outcome_fail(o, FL_ETEMP, "nobody has asked for the record at %s yet", r->name);
    if (v->state == RR_VISIBLE)
        return FL_OK;
    if (v->state == RR_FAILED)
        return outcome_fail(o, v->code ? v->code : FL_EREJECT, "zone %s refuses the record at %s: %s",
                            zone->key, r->name, v->why ? v->why : "no reason given");
    if (for_good(zone->last.code))
        return outcome_fail(o, zone->last.code, "zone %s: %s", zone->key, zone->last.msg);
    if (zone->last.code != FL_OK)
        return outcome_again(o, 0, "waiting for zone %s: %s", zone->key, zone->last.msg);
    if (v->state == RR_WANTED)
        return outcome_again(o, 0, "the record at %s is about to be written to zone %s", r->name, zone->key);
    return outcome_again(o, 0, "the record at %s is written to zone %s; %s", r->name, zone->key,
                         zone->watch.why[0] ? zone->watch.why : "its servers are about to be asked");
}

int zones_published(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
                    const char *const *providers, struct outcome *o)
{
    struct outcome worst = { 0 };
    (void)providers; /* where the records are is known since they were asked for */
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; i < n; i++) {
        struct outcome one = { 0 };
        int code = judge_record(z, owner, &records[i], &one);
        /* A failure is told before a wait. */
        if (code != FL_OK && (worst.code == FL_OK || worst.code == FL_EAGAIN))
            worst = one;
    }
    pthread_mutex_unlock(&z->lock);
    *o = worst;
    return o->code;
}
