/* SPDX-License-Identifier: Apache-2.0 */
/* zones_rig.h - the DNS core with providers, servers and a store of tests, and what the engine does with it. */
#ifndef TEST_ZONES_RIG_H
#define TEST_ZONES_RIG_H

#include "fake_clock.h"
#include "fake_provider.h"
#include "fake_store.h"
#include "zone/zones.h"

#include <pthread.h>

enum { RIG_PROVIDERS = 2 };
struct rig {
    struct fake_provider p[RIG_PROVIDERS]; /* "one" and "two" */
    struct fake_dns *dns[2];               /* query_servers of both */
    const char *addresses[3];
    struct zones_provider providers[RIG_PROVIDERS];
    struct zones_conf conf;
    struct zones *z;
    struct outcome o;
    pthread_mutex_t lock;
    unsigned zone_dues, owner_dues; /* under the lock */
    /* a thread that lets the fake clock run */
    pthread_t ticker;
    bool ticking, stop;
    int64_t tick_ms;
};
/* flags: of both providers. "one" holds example.org, "two" holds example.net. */
void rig_start(struct rig *r, uint32_t flags);
void rig_stop(struct rig *r);
/* The process dies and starts again: only the store, the providers and the servers stay. The code of zones_load(). */
int rig_restart(struct rig *r);
/* The clock goes on by `ms` every millisecond, until rig_stop(). */
void rig_tick(struct rig *r, int64_t ms);

/* TXT records; names are given without "_acme-challenge.". */
int rig_want(struct rig *r, const char *owner, const char *name, const char *value);
int rig_unwant(struct rig *r, const char *owner, const char *name, const char *value);
int rig_published(struct rig *r, const char *owner, const char *name, const char *value);
/* One round of the zone's task. The first code that is neither FL_OK nor FL_EAGAIN, or FL_OK. */
int rig_round(struct rig *r, const char *key);
/* Rounds, with the clock put forward to when the next is due, until nothing is to be done or `most_ms` are over. */
int rig_settle(struct rig *r, const char *key, int64_t most_ms);

#endif
