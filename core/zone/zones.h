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

#include "base/json.h"
#include "base/outcome.h"
#include "net/dns/dns.h"
#include "plugin/instance.h"
#include "store/store.h"

struct zones_provider {
    struct instance *instance;
    struct fl_dns_caps caps;          /* as caps() said */
    const char *const *only;          /* apexes; NULL: all it has */
    const char *const *query_servers; /* addresses; replaces the walk for visibility. NULL: walk */
    int64_t ttl;                      /* seconds */
    int64_t visible_wait_ms;
    bool create;                /* zones that are missing are made */
    int delegation;             /* 0 by what the zone is, 1 wait, 2 warn, 3 off */
    const char *registrar;      /* the instance that sets name servers of the domains; NULL: nobody */
    const char *const *replace; /* domains whose name servers may be others' and in use; NULL: none */
};
struct zones_conf {
    struct zones_provider *providers; /* stay the caller's; outlive zones */
    size_t nproviders;
    struct dns_roots roots;
    struct store *store;
    /* Called without locks held: that zone has something to do (at `when_ms` wall clock, 0: now), or an owner's
     * wishes have come true or failed, or wait for something else than before. */
    void (*zone_due)(void *arg, const char *zone_key, int64_t when_ms);
    void (*owner_due)(void *arg, const char *owner);
    void *arg;
};
struct zones;
int zones_new(const struct zones_conf *conf, struct zones **out, struct outcome *o);
/* Reads the journals: every zone with something written or wanted becomes known and due. With FL_CAP_INSTANT
 * providers all wanted values are written again. Before any other thread is here. A damaged journal is passed
 * over: FL_EPROTO (or the store's code) with the words about the first, and all others are loaded. */
int zones_load(struct zones *z, struct outcome *o);
void zones_free(struct zones *z);

/* fl_records()/fl_published(): see fl/solver.h. `owner` is the certificate's task or the host's: zones compares it and
 * hands it to owner_due. Finds the zone: CNAMEs at a name that begins with `_` (_acme-challenge) are
 * followed, then the longest zone that any allowed provider really holds. Where the CNAMEs cannot be asked for (no way to the roots) a zone of ours that holds the name is
 * taken as it is. With `add` false nothing is looked for: the wishes themselves say where the records are.
 * zones_want() is repeatable; a value that was refused is tried again when it is wanted again. */
int zones_want(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
               const char *const *providers, bool add, struct outcome *o);
/* FL_EAGAIN with what it waits for, in words for people; FL_EREJECT or FL_ECONF: it was refused, or the zone is lost;
 * FL_ETEMP: this owner never asked for it. */
int zones_published(struct zones *z, const char *owner, const struct fl_record *records, size_t n,
                    const char *const *providers, struct outcome *o);
/* May a name be proved by a record now? FL_OK also where nobody holds a zone for it, or where that cannot be found out: who
 * wants the record is told why. FL_EAGAIN with problem "delegation" and words for people: its zone is to be made first,
 * or the zone above does not point to it, and that is waited for. zone_due's task looks by itself. */
int zones_ready(struct zones *z, const char *name, const char *const *providers, struct outcome *o);
/* Address records of a host, all at once, so that they are written together: an address that takes another's place, a CNAME that takes
 * an address's. Repeatable. */
struct zones_change {
    const struct fl_record *add; /* wanted, and ours even if they stand there already */
    const struct fl_record *
        own; /* stand there and are ours, though nobody here may remember: removed unless somebody wants them */
    const struct fl_record *drop;  /* wanted no more: removed at once, without lingering */
    const struct fl_record *spare; /* wanted no more, and somebody else's by now: they stay */
    size_t nadd, nown, ndrop, nspare;
};
int zones_change(struct zones *z, const char *owner, const struct zones_change *c, struct outcome *o);
/* How many address records at that instance are wanted by owners whose names begin with `owners`. */
size_t zones_addresses(struct zones *z, const char *instance, const char *owners);

/* FL_OK when some allowed provider holds a zone for the name, at the end of the CNAMEs (as above: to know
 * who can prove NAME, ask for _acme-challenge.NAME); the zone's key ("INSTANCE/APEX") into key_out. FL_ECONF: none. Asks providers and servers; cached for 5 min. */
int zones_find(struct zones *z, const char *name, const char *const *providers, char key_out[320],
               struct outcome *o);
/* Owners with something in a journal: sorted, NULL-terminated, each and the array allocated. And: none of what this owner
 * wants is wanted any more. */
int zones_owners(struct zones *z, char ***out, struct outcome *o);
int zones_disown(struct zones *z, const char *owner, struct outcome *o);
/* From now on removals do not linger: a process that ends takes its records away first. */
void zones_hurry(struct zones *z);

/* ---- the steps of a zone task; each runs in one worker at a time per zone ---------------- *
 * A step that is called before its time says FL_EAGAIN and does nothing. FL_ECONF: nobody knows the zone, or the journal
 * names an instance that is not configured. */

/* The zone at its provider. FL_EREJECT: the provider does not hold it (any more). */
int zone_find_step(struct zones *z, const char *key, struct outcome *o);
/*
 * A zone that somebody wants, nobody holds and an instance with `create` may make, in three steps so that its task can
 * write down in between what it is about to do:
 * zone_make_check(): FL_OK, and it is to be made now: from here on its facts say `making`; or zone_is_there() is true.
 * FL_EAGAIN: others serve it well, so nothing is made. zone_make(): makes it.
 */
bool zone_is_there(struct zones *z, const char *key);
int zone_make_check(struct zones *z, const char *key, struct outcome *o);
int zone_make(struct zones *z, const char *key, struct outcome *o);
/* Looks at the delegation when that is due. FL_OK in any case but FL_ENOMEM and FL_ECONF; what was found is in the facts.
 * *news_out: it is not what it was, with words for the log in `o`. */
int zone_delegation_step(struct zones *z, const char *key, bool *news_out, struct outcome *o);
/* Sets the name servers by the registrar's instance where that may be: there are none, they are lame, or `replace`
 * has the domain. FL_OK: nothing to do, or (*done_out) the registrar took them. Else what it said; the facts have it too,
 * and it is tried again when the delegation was looked at again. */
int zone_registrar_step(struct zones *z, const char *key, bool *done_out, struct outcome *o);
/* The delegation is looked at in the next round, and the registrar asked again. Unknown keys are ignored. */
void zone_look_soon(struct zones *z, const char *key);
/* What has to outlive the process, and what people want to know: made, making, name_servers[], mode ("wait", "warn", "off"),
 * state, holds, parent, msg, right_at, set_at, registrar, lacks, why. NULL: no memory. */
json_t *zone_facts(struct zones *z, const char *key);
/* Facts of an earlier process, before the first step. A zone whose instance is not configured is not known: false. */
bool zone_recall(struct zones *z, const char *key, const json_t *facts, int64_t *due_ms_out);
/* Closes a batch when it is time (full, 300 ms without additions, 3 s after its first change, at once for servers of
 * our own; removals 60 s), reads what stands there where the provider needs it, journals, applies. FL_EAGAIN: not
 * yet time, or the provider is crowded. FL_OK: written or nothing to do; also when a change was refused: its owners are
 * told by zones_published(), and the others' changes are written.
 * A provider that needs ids to remove values and is given none says FL_ESTALE: then the RRset is listed. */
int zone_write_step(struct zones *z, const char *key, struct outcome *o);
/* settled() of the last batches. FL_EAGAIN also when the service cannot be asked: the servers are, all the same. */
int zone_settle_step(struct zones *z, const char *key, struct outcome *o);
/* Asks every authoritative server by address, one round. FL_OK: all is visible that was written. FL_OK with words in
 * o->msg is a warning for the log: no server can be reached, so it was taken on trust; or some were left out. */
int zone_look_step(struct zones *z, const char *key, struct outcome *o);
/* True: nothing to do now; when next (wall clock, 0: not before somebody wants something). False: a step has work now. */
bool zone_idle(struct zones *z, const char *key, int64_t *next_ms_out);
/* For status and `dns`: JSON array of zones: zone, apex, configured, name_servers, servers [{name, address, state,
 * left_out}], rrsets [{name, type, ttl, values [{text, state, wishes, why ...}]}], waiting, code, message. NULL: no memory. */
json_t *zones_report(struct zones *z);

#endif
