/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrset.h - what is wanted of an RRset, by whom, and what is known to stand there.
 *
 * Pure: no clock, no lock, no I/O. The caller holds the lock of zones while it changes anything. A value that a
 * worker writes or removes at this moment has `tried` set and is freed by nobody but that worker, so that it
 * may keep pointers to it and to its RRset without the lock; texts, names and types never change.
 */
#ifndef ZONE_RRSET_H
#define ZONE_RRSET_H

#include <fl/dns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rrstate {
    RR_WANTED,  /* to be written */
    RR_WRITTEN, /* the provider said yes, or it stood there; not seen everywhere yet */
    RR_VISIBLE, /* every authoritative server that answers has it */
    RR_FAILED   /* refused: `code` and `why` tell; wanted again, it is tried again */
};
/* One owner's wish. The same value wanted for two names (CNAMEs that lead here) are two wishes. */
struct rrwish {
    char *owner, *as; /* "cert:example.org", and the absolute name that it asked for */
};
struct rrvalue {
    char *text, *id; /* id: the service's, NULL while it is not known */
    struct rrwish *wishes;
    size_t nwishes, cap;
    enum rrstate state;
    bool tried;      /* a write was begun: it may stand there, so it has to be removed one day */
    bool there;      /* known to stand there */
    bool leaving;    /* a removal was begun: it may be gone */
    bool foreign;    /* stood there before we wrote anything: it is never removed */
    int64_t idle_ms; /* wall clock: since when nobody wants it */
    int64_t hold_ms; /* wall clock: a refused removal is not tried again before; 0 */
    int code;        /* RR_FAILED or a refused removal */
    char *why;
};
struct rrset {
    char *name; /* relative to the apex; "" is the apex */
    uint32_t type;
    uint32_t ttl;       /* wanted */
    uint32_t ttl_there; /* of what stands there; 0: not known */
    struct rrvalue **values;
    size_t n, cap;
    char *etag;
    bool known; /* all that stands there is in `values` */
    bool stale; /* to be listed before the next write */
};
struct rrsets {
    struct rrset **at;
    size_t n, cap;
};

/* NULL: not there, and for *_make also: no memory. */
struct rrset *rrsets_find(const struct rrsets *s, const char *name, uint32_t type);
struct rrset *rrsets_make(struct rrsets *s, const char *name, uint32_t type);
struct rrvalue *rrset_value(const struct rrset *r, const char *text);
struct rrvalue *rrset_make_value(struct rrset *r, const char *text);
bool rrvalue_add_wish(struct rrvalue *v, const char *owner, const char *as);
void rrsets_done(struct rrsets *s);

/* The same value in another spelling: addresses, names without case and final dot. TXT: byte for byte. */
bool rrset_same(uint32_t type, const char *a, const char *b);

/* *changed_out is set (never cleared) when there is something to write. False: no memory, nothing changed. */
bool rrset_want(struct rrset *r, const char *text, const char *owner, const char *as, bool *changed_out);
/* Another TTL: what stands there is written again. */
void rrset_set_ttl(struct rrset *r, uint32_t ttl, bool *changed_out);
/* Takes back the wishes of that owner: for one text and name, or (NULL) for any. True: there were some. Values that
 * nobody wants and that were never written are gone at once. */
bool rrset_unwant(struct rrset *r, const char *text, const char *owner, const char *as, int64_t now_ms);
bool rrset_wished(const struct rrvalue *v, const char *owner, const char *as); /* as NULL: any */

/* What a listing says (n == 0: nothing stands there). Ids, TTL and etag are taken over, other people's values become
 * known, ours that are gone are wanted anew. False: no memory; the RRset stays stale. */
bool rrset_learn(struct rrset *r, const struct fl_rrset *listed);
/* The TTL that it has after a write: other people's values keep theirs, for an RRset has only one. */
uint32_t rrset_ttl_after(const struct rrset *r);
/* Drops values without meaning, then RRsets without values. Not while a worker holds pointers. */
void rrsets_sweep(struct rrsets *s);

/* Needs to be added; waits to be removed; waits to be seen. */
bool rrvalue_to_add(const struct rrvalue *v);
bool rrvalue_to_remove(const struct rrvalue *v);
bool rrvalue_to_see(const struct rrvalue *v);
/* How a write ended; the worker's, under the lock. */
void rrvalue_added(struct rrvalue *v);
void rrvalue_removed(struct rrvalue *v);
void rrvalue_refused(struct rrvalue *v, int code, const char *why,
                     bool fresh); /* fresh: the first write of it */
/* "wanted", "written", "visible", "unwanted", "failed", "foreign" */
const char *rrvalue_state(const struct rrvalue *v);

#endif
