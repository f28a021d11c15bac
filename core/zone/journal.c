/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - what a zone's records are to be and may be, on disk before anything is written. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "zone/zone.h"
#include <stdio.h>
#include <string.h>

/*
 * {"format": 1, "instance": "gcp", "apex": "example.org", "receipts": ["..."], "rrsets": [
 *   {"name": "_acme-challenge", "type": 16, "ttl": 60, "values": [
 *     {"text": "...", "id": "...", "state": "written", "tried": true, "there": true, "leaving": true, "foreign": true,
 *      "idle": 1795348800000, "code": "reject", "why": "...", "wishes": [["cert:a"], ["cert:b", "_acme-challenge.b.net"]]}]}]}
 * Flags that are false, and the name of a wish where it is that of the RRset itself, are left out.
 */
enum { FORMAT = 1, STORE_KEY_MAX = 200 };

/* ---- writing ------------------------------------------------------------------------- */

static void full_name(const char *name, const char *apex, char out[512])
{
    snprintf(out, 512, "%s%s%s", name, *name && *apex ? "." : "", apex);
}

static json_t *wishes_json(const struct rrvalue *v, const char *fqdn)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < v->nwishes; i++) {
        const struct rrwish *w = &v->wishes[i];
        json_t *one = fqdn && strcmp(w->as, fqdn) == 0 ? json_pack("[s]", w->owner)
                                                       : json_pack("[s,s]", w->owner, w->as);
        if (json_array_append_new(list, one) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static bool put_flag(json_t *obj, const char *key, bool value)
{
    return !value || json_put_flag(obj, key, true);
}

static json_t *value_json(const struct rrvalue *v, const char *fqdn)
{
    json_t *obj = json_object();
    bool ok = json_put_str(obj, "text", v->text) && json_put_str(obj, "id", v->id) &&
              json_put_str(obj, "state", rrvalue_state(v)) && put_flag(obj, "tried", v->tried) &&
              put_flag(obj, "there", v->there) && put_flag(obj, "leaving", v->leaving) &&
              put_flag(obj, "foreign", v->foreign) && json_put_str(obj, "why", v->why) &&
              json_put(obj, "wishes", wishes_json(v, fqdn));
    if (ok && v->why)
        ok = json_put_str(obj, "code", outcome_code_name(v->code));
    if (ok && v->nwishes == 0)
        ok = json_put_int(obj, "idle", v->idle_ms);
    if (!ok) {
        json_decref(obj);
        return NULL;
    }
    return obj;
}

json_t *journal_value(const struct rrvalue *v) { return value_json(v, NULL); }

/* Of other people's values nothing is kept. */
static bool kept(const struct rrvalue *v) { return v->nwishes > 0 || v->tried; }

static json_t *set_json(const struct zone *zone, const struct rrset *r)
{
    char fqdn[512];
    full_name(r->name, zone->apex, fqdn);
    json_t *list = json_array();
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < r->n; i++)
        if (kept(r->values[i]))
            ok = json_array_append_new(list, value_json(r->values[i], fqdn)) == 0;
    json_t *obj = json_object();
    ok = ok && json_put_str(obj, "name", r->name) && json_put_int(obj, "type", r->type) &&
         json_put_int(obj, "ttl", r->ttl) && json_object_set(obj, "values", list) == 0;
    json_decref(list);
    if (!ok) {
        json_decref(obj);
        return NULL;
    }
    return obj;
}

json_t *journal_make(const struct zone *zone)
{
    json_t *doc = json_object(), *sets = json_array(), *receipts = json_array();
    const char *slash = strchr(zone->key, '/');
    bool ok =
        doc && sets && receipts && json_put_int(doc, "format", FORMAT) &&
        json_object_set_new(doc, "instance", json_stringn(zone->key, (size_t)(slash - zone->key))) == 0 &&
        json_put_str(doc, "apex", zone->apex);
    for (size_t i = 0; ok && i < zone->sets.n; i++) {
        const struct rrset *r = zone->sets.at[i];
        bool any = false;
        for (size_t k = 0; k < r->n; k++)
            any = any || kept(r->values[k]);
        if (any)
            ok = json_array_append_new(sets, set_json(zone, r)) == 0;
    }
    for (size_t i = 0; ok && i < zone->nreceipts; i++)
        ok = json_array_append_new(receipts, json_string(zone->receipts[i])) == 0;
    ok = ok && json_object_set(doc, "rrsets", sets) == 0 && json_object_set(doc, "receipts", receipts) == 0;
    json_decref(sets);
    json_decref(receipts);
    if (!ok) {
        json_decref(doc);
        return NULL;
    }
    return doc;
}

void journal_touch(struct zone *zone) { zone->changes++; }

/* A store's key has 200 bytes, a zone's may have more. */
static bool store_key(const struct zone *zone, char out[STORE_KEY_MAX + 1])
{
    uint8_t hash[64];
    if (strlen(zone->key) <= STORE_KEY_MAX) {
        snprintf(out, STORE_KEY_MAX + 1, "%s", zone->key);
        return true;
    }
    if (!digest_sha2(256, zone->key, strlen(zone->key), hash))
        return false;
    auto_free char *hex = encode_hex(hash, 32);
    if (hex)
        snprintf(out, STORE_KEY_MAX + 1, "long/%s", hex);
    return hex != NULL;
}

static int put(struct zones *z, struct zone *zone, const json_t *doc, struct outcome *o)
{
    char key[STORE_KEY_MAX + 1];
    bool empty = json_array_size(json_object_get(doc, "rrsets")) == 0;
    int code = FL_OK;
    if (!store_key(zone, key))
        return outcome_nomem(o);
    if (!empty)
        code = store_put_json(z->conf.store, STORE_JOURNAL, key, doc, zone->version, &zone->version, o);
    else if (zone->version != 0)
        code = store_delete(z->conf.store, STORE_JOURNAL, key, zone->version, o);
    if (code == FL_OK && empty)
        zone->version = 0;
    if (code != FL_OK)
        outcome_context(o, "the journal of %s", zone->key);
    return code;
}

/* One writer at a time; whoever comes meanwhile waits and finds his changes written by it or by the next. */
int journal_save(struct zones *z, struct zone *zone, struct outcome *o)
{
    int code = FL_OK;
    pthread_mutex_lock(&z->lock);
    uint64_t mine = zone->changes;
    while (code == FL_OK && zone->saved < mine) {
        if (zone->saving) {
            pthread_cond_wait(&z->saved, &z->lock);
            continue;
        }
        cleanup_(json_freep) json_t *doc = journal_make(zone);
        uint64_t upto = zone->changes;
        zone->saving = true;
        pthread_mutex_unlock(&z->lock);
        code = doc ? put(z, zone, doc, o) : outcome_nomem(o);
        pthread_mutex_lock(&z->lock);
        zone->saving = false;
        if (code == FL_OK)
            zone->saved = upto;
        pthread_cond_broadcast(&z->saved);
    }
    pthread_mutex_unlock(&z->lock);
    return code;
}

/* ---- reading ------------------------------------------------------------------------- */

static bool copy_str(const json_t *obj, const char *key, char **out)
{
    const char *text = json_str(obj, key, NULL);
    *out = text ? strdup(text) : NULL;
    return !text || *out;
}

static bool read_wishes(struct rrvalue *v, const json_t *list, const char *fqdn)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        const char *owner = json_string_value(json_array_get(one, 0));
        const char *as = json_string_value(json_array_get(one, 1));
        if (owner && !rrvalue_add_wish(v, owner, as ? as : fqdn))
            return false;
    }
    return true;
}

/* What was on its way when the process ended is looked at as if it had not happened yet; every write can be
 * repeated. Servers of our own have forgotten everything. */
static void settle_state(struct rrvalue *v, const char *state, bool forgotten)
{
    bool stood = strcmp(state, "written") == 0 || strcmp(state, "visible") == 0;
    if (forgotten || v->leaving)
        v->there = false;
    v->state = stood && v->there ? RR_WRITTEN : RR_WANTED;
    if (strcmp(state, "failed") == 0 && v->nwishes > 0)
        v->state = RR_FAILED;
}

static bool read_value(struct rrset *r, const json_t *obj, const char *fqdn, bool forgotten)
{
    const char *text = json_str(obj, "text", NULL);
    if (!text)
        return true;
    struct rrvalue *v = rrset_make_value(r, text);
    if (!v || v->nwishes > 0 || v->tried)
        return v != NULL;
    v->tried = json_flag(obj, "tried", false);
    v->there = json_flag(obj, "there", false);
    v->leaving = json_flag(obj, "leaving", false);
    v->foreign = json_flag(obj, "foreign", false);
    v->idle_ms = json_int(obj, "idle", 0);
    v->code = outcome_code_parse(json_str(obj, "code", "ok"));
    if (!copy_str(obj, "id", &v->id) || !copy_str(obj, "why", &v->why) ||
        !read_wishes(v, json_list(obj, "wishes"), fqdn))
        return false;
    settle_state(v, json_str(obj, "state", "wanted"), forgotten);
    return true;
}

static bool read_set(struct zone *zone, const json_t *obj, bool forgotten)
{
    const char *name = json_str(obj, "name", NULL);
    int64_t type = json_int(obj, "type", 0), ttl = json_int(obj, "ttl", 0);
    char fqdn[512];
    size_t i;
    const json_t *one;
    if (!name || type <= 0 || type > UINT16_MAX || ttl < 0 || ttl > INT32_MAX)
        return true;
    struct rrset *r = rrsets_make(&zone->sets, name, (uint32_t)type);
    if (!r)
        return false;
    r->ttl = (uint32_t)ttl;
    full_name(name, zone->apex, fqdn);
    json_array_foreach(json_list(obj, "values"), i,
                       one) if (!read_value(r, one, fqdn, forgotten)) return false;
    return true;
}

static const struct zones_provider *provider_of(const struct zones *z, const char *instance)
{
    for (size_t i = 0; i < z->conf.nproviders; i++) {
        const struct zones_provider *p = &z->conf.providers[i];
        if (p->instance && strcmp(p->instance->name, instance) == 0)
            return p;
    }
    return NULL;
}

int journal_read(struct zones *z, const json_t *doc, uint64_t version, struct outcome *o)
{
    const char *instance = json_str(doc, "instance", ""), *apex = json_str(doc, "apex", NULL);
    size_t i;
    const json_t *one;
    if (!apex || !*instance || json_int(doc, "format", 0) != FORMAT)
        return outcome_fail(o, FL_EPROTO, "it is not a journal of format %d", FORMAT);
    const struct zones_provider *p = provider_of(z, instance);
    struct zone *zone = zones_make(z, p, instance, apex);
    if (!zone)
        return outcome_nomem(o);
    zone->version = version;
    json_array_foreach(
        json_list(doc, "rrsets"), i,
        one) if (!read_set(zone, one, p && p->caps.flags & FL_CAP_INSTANT)) return outcome_nomem(o);
    json_array_foreach(json_list(doc, "receipts"), i, one)
    {
        const char *text = json_string_value(one);
        char *copy = text && zone->nreceipts < ZONE_RECEIPTS ? strdup(text) : NULL;
        if (copy)
            zone->receipts[zone->nreceipts++] = copy;
    }
    return outcome_ok(o);
}
