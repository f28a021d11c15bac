/* SPDX-License-Identifier: Apache-2.0 */
/* zones.c - the table of zones, and the wishes of owners. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <stdio.h>
#include <string.h>

enum { LATER_MS = 500 };

int zones_new(const struct zones_conf *conf, struct zones **out, struct outcome *o)
{
    struct zones *z = calloc(1, sizeof *z);
    if (!z)
        return outcome_nomem(o);
    z->conf = *conf;
    z->caches = mem_array(conf->nproviders, sizeof *z->caches);
    if (!z->caches || pthread_mutex_init(&z->lock, NULL) != 0) {
        free(z->caches);
        free(z);
        return outcome_nomem(o);
    }
    if (pthread_cond_init(&z->saved, NULL) != 0) {
        pthread_mutex_destroy(&z->lock);
        free(z->caches);
        free(z);
        return outcome_nomem(o);
    }
    *out = z;
    return outcome_ok(o);
}

static void strv_free(char **v)
{
    for (size_t i = 0; v && v[i]; i++)
        free(v[i]);
    free(v);
}

static void zone_free(struct zone *zone)
{
    rrsets_done(&zone->sets);
    for (size_t i = 0; i < zone->nreceipts; i++)
        free(zone->receipts[i]);
    strv_free(zone->name_servers);
    free(zone->id);
    free(zone->key);
    free(zone->apex);
    free(zone);
}

void zones_free(struct zones *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->n; i++)
        zone_free(z->at[i]);
    free(z->at);
    for (size_t i = 0; i < z->conf.nproviders; i++)
        find_cache_done(&z->caches[i]);
    free(z->caches);
    for (size_t i = 0; i < z->naliases; i++) {
        free(z->aliases[i].name);
        free(z->aliases[i].target);
    }
    free(z->aliases);
    pthread_cond_destroy(&z->saved);
    pthread_mutex_destroy(&z->lock);
    free(z);
}

struct zone *zones_get(struct zones *z, const char *key)
{
    for (size_t i = 0; i < z->n; i++)
        if (strcmp(z->at[i]->key, key) == 0)
            return z->at[i];
    return NULL;
}

const struct zones_provider *zones_provider_of(const struct zones *z, const char *key)
{
    const char *slash = strchr(key, '/');
    size_t len = slash ? (size_t)(slash - key) : 0;
    for (size_t i = 0; slash && i < z->conf.nproviders; i++) {
        const struct instance *at = z->conf.providers[i].instance;
        if (at && strlen(at->name) == len && strncmp(at->name, key, len) == 0)
            return &z->conf.providers[i];
    }
    return NULL;
}

struct zone *zones_make(struct zones *z, const struct zones_provider *provider, const char *instance,
                        const char *apex)
{
    char key[ZONE_KEY];
    if (snprintf(key, sizeof key, "%s/%s", instance, apex) >= (int)sizeof key)
        return NULL;
    struct zone *zone = zones_get(z, key);
    if (zone)
        return zone;
    zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    zone->key = strdup(key);
    zone->apex = strdup(apex);
    zone->provider = provider;
    if (!zone->key || !zone->apex || !mem_grow(&z->at, &z->cap, z->n + 1, sizeof(struct zone *))) {
        zone_free(zone);
        return NULL;
    }
    z->at[z->n++] = zone;
    return zone;
}

struct zone *zones_take(struct zones *z, const char *key, struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    struct zone *zone = zones_get(z, key);
    pthread_mutex_unlock(&z->lock);
    if (!zone)
        outcome_fail(o, FL_ECONF, "nobody knows the zone %s", key);
    return zone;
}

int zone_failed(struct zones *z, struct zone *zone, const struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    zone->last = *o;
    pthread_mutex_unlock(&z->lock);
    return o->code;
}

int zone_later(struct zones *z, struct zone *zone, const struct outcome *o)
{
    pthread_mutex_lock(&z->lock);
    zone->hold_ms = clock_mono_ms() + (o->retry_after_ms > 0 ? o->retry_after_ms : LATER_MS);
    pthread_mutex_unlock(&z->lock);
    return o->code;
}

const struct fl_dns_ops *zone_ops(const struct zone *zone)
{
    return &zone->provider->instance->plugin->ops.dns;
}

struct fl_zone zone_public(const struct zone *zone)
{
    return (struct fl_zone){ .apex = zone->apex,
                             .id = zone->id,
                             .name_servers = (const char *const *)zone->name_servers };
}

/* ---- telling owners ------------------------------------------------------------------ */

static bool owners_has(const struct owners *w, const char *owner)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->at[i], owner) == 0)
            return true;
    return false;
}

void owners_add(struct owners *w, const struct rrvalue *v)
{
    for (size_t i = 0; i < v->nwishes; i++) {
        const char *owner = v->wishes[i].owner;
        if (owners_has(w, owner) || !mem_grow(&w->at, &w->cap, w->n + 2, sizeof(char *)))
            continue;
        w->at[w->n] = strdup(owner);
        if (w->at[w->n])
            w->n++;
    }
}

void owners_tell(struct zones *z, struct owners *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (z->conf.owner_due)
            z->conf.owner_due(z->conf.arg, w->at[i]);
        free(w->at[i]);
    }
    free(w->at);
    *w = (struct owners){ 0 };
}

/* ---- the journals -------------------------------------------------------------------- */

static int load_one(struct zones *z, const char *key, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    uint64_t version = 0;
    int code = store_get_json(z->conf.store, STORE_JOURNAL, key, &doc, &version, o);
    if (code != FL_OK || !doc)
        return code;
    pthread_mutex_lock(&z->lock);
    code = journal_read(z, doc, version, o);
    pthread_mutex_unlock(&z->lock);
    if (code != FL_OK)
        outcome_context(o, "the journal %s", key);
    return code;
}

void zones_due(struct zones *z, const char *key, int64_t when_ms)
{
    if (z->conf.zone_due)
        z->conf.zone_due(z->conf.arg, key, when_ms);
}

int zones_load(struct zones *z, struct outcome *o)
{
    char **keys = NULL;
    struct outcome first = { 0 };
    int code = store_list(z->conf.store, STORE_JOURNAL, &keys, o);
    if (code != FL_OK)
        return code;
    for (size_t i = 0; keys && keys[i]; i++)
        if (load_one(z, keys[i], o) != FL_OK && first.code == FL_OK)
            first = *o;
    store_keys_free(keys);
    /* Nobody else is here yet: no lock is needed to walk. */
    for (size_t i = 0; i < z->n; i++) {
        z->at[i]->window.first_ms = z->at[i]->window.last_ms = clock_mono_ms();
        zones_due(z, z->at[i]->key, 0);
    }
    *o = first;
    return o->code;
}

void zones_hurry(struct zones *z)
{
    pthread_mutex_lock(&z->lock);
    z->hurry = true;
    size_t n = z->n;
    pthread_mutex_unlock(&z->lock);
    for (size_t i = 0; i < n; i++) {
        int64_t next_ms = 0;
        pthread_mutex_lock(&z->lock);
        const char *key = z->at[i]->key; /* zones stay, and their keys are const */
        pthread_mutex_unlock(&z->lock);
        if (!zone_idle(z, key, &next_ms))
            zones_due(z, key, 0);
    }
}

int zones_find(struct zones *z, const char *name, const char *const *providers, char key_out[320],
               struct outcome *o)
{
    struct found f;
    int code = find_zone(z, name, providers, &f, o);
    if (code == FL_OK && snprintf(key_out, ZONE_KEY, "%s/%s", f.provider->instance->name, f.apex) >= ZONE_KEY)
        return outcome_fail(o, FL_ECONF, "the zone %s and its instance have too long names", f.apex);
    return code;
}
