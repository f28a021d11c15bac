/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones.h - the DNS core: who holds which zone, who wants which record, one writer per zone.
 *
 * Wishes (a record, wanted by an owner) come from any thread and are on disk, in the zone's journal, before
 * zones_want() returns. The zone's task - one object in one worker - turns them into change sets. The core owns
 * every RRset that it touches: values with their owners; other people's values are left alone.
 */
#ifndef ZONE_ZONES_H
#define ZONE_ZONES_H

#include "base/outcome.h"
#include "net/dns/dns.h"
#include "plugin/instance.h"
#include "store/store.h"

struct zones_provider {
    struct instance *instance;
    struct fl_dns_caps caps;          /* filled by zones_open() */
    const char *const *only;          /* apexes; NULL: all it has */
    const char *const *query_servers; /* addresses; replaces the walk for visibility. NULL: walk */
    int64_t ttl;                      /* seconds */
    int64_t visible_wait_ms;
};
struct zones_conf {
    struct zones_provider *providers; /* stay the caller's; outlive zones */
    size_t nproviders;
    struct dns_roots roots;
    struct store *store;
    /* Called without locks held: that zone has something to do (at `when_ms` wall clock, 0: now), or an owner's
     * wishes have come true or failed. */
    void (*zone_due)(void *arg, const char *zone_key, int64_t when_ms);
    void (*owner_due)(void *arg, const char *owner);
    void *arg;
};
struct zones;
int zones_new(const struct zones_conf *conf, struct zones **out, struct outcome *o);
/* Reads the journals: every zone with something written or wanted becomes known and due. With FL_CAP_INSTANT
 * providers all wanted values are written again. */
int zones_load(struct zones *z, struct outcome *o);
void zones_free(struct zones *z);

/* fl_records()/fl_published(): see fl/solver.h. `owner` is the certificate ("cert:NAME") or host ("host:NAME").
 * Finds the zone: CNAMEs at the name are followed, then the longest zone that any allowed provider really holds. */
int zones_want(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
               const char *const *providers, bool add, struct outcome *o);
int zones_published(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
                    const char *const *providers, struct outcome *o);
/* True when some allowed provider holds a zone for the name; the zone's key ("INSTANCE/APEX") into key_out[320]. Asks providers; cached 5 min. */
int zones_find(struct zones *z, const char *name, const char *const *providers, char key_out[320], struct outcome *o);
/* Owners with something in a journal: allocated, NULL-terminated, sorted. And: none of what this owner wants is wanted any more. */
int zones_owners(struct zones *z, char ***out, struct outcome *o);
int zones_disown(struct zones *z, const char *owner, struct outcome *o);

/* ---- the steps of a zone task; each runs in one worker at a time per zone ---------------- */
int zone_find_step(struct zones *z, const char *key, struct outcome *o);   /* the zone at its provider, its servers */
/* Closes a batch when it is time (full, 300 ms without additions, 3 s after its first change, removals 60 s), reads what stands
 * there where the provider needs it, journals, applies. FL_EAGAIN: not yet time. FL_OK: written or nothing to do. */
int zone_write_step(struct zones *z, const char *key, struct outcome *o);
int zone_settle_step(struct zones *z, const char *key, struct outcome *o); /* settled() of the last batch */
int zone_look_step(struct zones *z, const char *key, struct outcome *o);   /* asks every authoritative server by address */
bool zone_idle(struct zones *z, const char *key, int64_t *next_ms_out);    /* nothing to do now; when next (0: never) */
/* For status and `dns`: JSON array of zones with their rrsets, owners, states. */
json_t *zones_report(struct zones *z);

#endif
