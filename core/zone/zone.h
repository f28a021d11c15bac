/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - one zone of the DNS core, and the table of all. Internal to zone/.
 *
 * One lock for all: zones.lock. It is held for moments, never across a call of a plugin, a question to a
 * server or a write to disk. "The worker" is the one that runs a step of that zone now; there is one at most.
 */
#ifndef ZONE_ZONE_H
#define ZONE_ZONE_H

#include "base/json.h"
#include "zone/batch.h"
#include "zone/care.h"
#include "zone/find.h"
#include "zone/watch.h"
#include "zone/zones.h"
#include <pthread.h>

enum { ZONE_KEY = 320, ZONE_RECEIPTS = 16 };
struct zone {
    char *key, *apex;                      /* const; key is "INSTANCE/APEX" */
    const struct zones_provider *provider; /* NULL: the journal names an instance that is not configured */

    /* under the lock, changed by anybody */
    struct rrsets sets;
    struct batch_window window;
    uint64_t changes; /* counts what the journal has to know, */
    uint64_t saved;   /* and how far it does */
    bool saving;      /* somebody writes the journal now */
    uint64_t version; /* of the journal in the store; who saves owns it */

    /* under the lock, changed by the worker only */
    char *id, **name_servers;
    bool found;
    char *receipts[ZONE_RECEIPTS]; /* for settled() */
    size_t nreceipts;
    int64_t hold_ms;    /* monotonic: the provider is not called before; 0 */
    int64_t settle_ms;  /* monotonic: when to ask for settled() again */
    int64_t settled_ms; /* monotonic: when the last batch was out, by the provider's word or ours */
    struct watch watch;
    struct zone_care care;
    struct outcome last; /* how the step that failed last failed; code FL_OK: none did */
};
struct alias { /* where the CNAMEs at a name lead */
    char *name, *target;
    int64_t until_ms; /* monotonic */
};
struct zones {
    struct zones_conf conf;
    pthread_mutex_t lock;
    pthread_cond_t saved; /* a journal was written, or could not be */
    struct zone **at;     /* they stay until the end */
    size_t n, cap;
    struct find_cache *caches; /* one a provider */
    struct alias *aliases;
    size_t naliases, aliases_cap;
    bool hurry; /* removals do not linger */
};

/* ---- zones.c; these with the lock held ---- */
struct zone *zones_get(struct zones *z, const char *key);
const struct zones_provider *zones_provider_of(const struct zones *z,
                                               const char *key); /* NULL: no such instance */
struct zone *zones_make(struct zones *z, const struct zones_provider *provider, const char *instance,
                        const char *apex);
/* Takes the lock. NULL with the words: nobody knows that zone. */
struct zone *zones_take(struct zones *z, const char *key, struct outcome *o);
/* Without the lock: that zone has something to do (0: now). */
void zones_due(struct zones *z, const char *key, int64_t when_ms);
/* The owners of the RRsets' values that `which` is true for are told; without the lock. */
struct owners {
    char **at;
    size_t n, cap;
};
void owners_add(struct owners *w, const struct rrvalue *v); /* without memory somebody is told later */
void owners_tell(struct zones *z, struct owners *w);        /* and emptied */
/* Remembers a failure of a step for reports and for those who wait. Takes the lock; returns the code. */
int zone_failed(struct zones *z, struct zone *zone, const struct outcome *o);
/* Crowded or told to come again: the provider is left alone for that long. Takes the lock. */
int zone_later(struct zones *z, struct zone *zone, const struct outcome *o);
struct fl_zone zone_public(const struct zone *zone); /* as plugins see it; borrowed */
const struct fl_dns_ops *zone_ops(const struct zone *zone);

/* ---- write.c ---- */
int zone_find_call(struct zones *z, struct zone *zone, struct outcome *o);
bool zone_take(struct zones *z, struct zone *zone,
               const struct fl_zone *fresh); /* what the provider says of it */

/* ---- care.c ---- */
/* With the lock held: monotonic time of the next look at the delegation; INT64_MAX: there is none. */
int64_t care_next_ms(const struct zone *zone);
/* What the zone itself is to do about a wrong delegation: the zone waits with its certificates, warns, or is left alone. */
enum care_mode { CARE_WAIT, CARE_WARN, CARE_OFF };
enum care_mode care_mode(const struct zone *zone);

/* ---- make.c ---- */
/* Nobody holds a zone for `name`: FL_EAGAIN, one will be made; else the code and words of what is to be done. */
int make_wanted(struct zones *z, const char *name, const char *const *providers, struct outcome *o);

/* ---- lacks.c: the worker's ---- */
/* "MX and TXT of example.org, A of www.example.org": usual records that these servers have and the zone does not, by
 * what its provider lists (`made` false: it does not exist yet). "" : none. */
int lacks_look(struct zones *z, struct zone *zone, bool made, const struct dns_servers *old, char out[400],
               struct outcome *o);

/* ---- list.c: the worker's ---- */
/* With the lock held: must it be read before it is written? Value services do not care what else stands there;
 * services with preconditions tell when it is not what we think. */
bool list_needed(const struct zone *zone, const struct rrset *r);
/* Reads those of the batch's RRsets that need it, with `stale` all of them, and learns. */
int list_batch(struct zones *z, struct zone *zone, const struct batch *b, struct batch_part part, bool stale,
               struct outcome *o);

/* ---- journal.c ---- */
/* With the lock held: the journal has to be written (again). */
void journal_touch(struct zone *zone);
/* Without the lock: returns when everything up to now is on disk. Many callers share one write. */
int journal_save(struct zones *z, struct zone *zone, struct outcome *o);
/* The zones' objects from what zones_load() found; with the lock held. */
int journal_read(struct zones *z, const json_t *doc, uint64_t version, struct outcome *o);
json_t *journal_make(const struct zone *zone); /* with the lock held; NULL: no memory */
json_t *journal_value(const struct rrvalue *v);

#endif
