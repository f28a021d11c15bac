/* SPDX-License-Identifier: Apache-2.0 */
/* fake_provider.h - a DNS provider of tests, linked in: an instance over a const table of ops. */
#ifndef TEST_FAKE_PROVIDER_H
#define TEST_FAKE_PROVIDER_H

#include "fake_dns.h"
#include "plugin/instance.h"

enum { FAKE_ZONES = 4, FAKE_SERVERS = 4, FAKE_VALUES = 512 };
struct fake_provider {
    struct instance instance;
    struct plugin plugin;
    /* how it behaves */
    uint32_t flags;                /* enum fl_dns_cap; without FL_CAP_VALUES it writes whole RRsets */
    const char *zones[FAKE_ZONES]; /* apexes that it holds */
    struct fake_dns *servers[FAKE_SERVERS]; /* they get what is written */
    const char *bad_name;                   /* changes of it are refused */
    int fail;                               /* apply() ends with this code, before anything is done; */
    int fail_after;                         /* or after it was done; FL_OK: none */
    unsigned stale;                         /* so many calls of apply() say FL_ESTALE */
    int unsettled;                          /* so many calls of settled() say "not yet" */
    const char *receipt;
    void (*in_apply)(void *arg); /* while apply() runs; may be NULL */
    void *arg;
    /* what stands there */
    struct fake_value {
        char zone[128], name[128], text[256];
        uint32_t type, ttl;
    } at[FAKE_VALUES];
    size_t n;
    /* what was asked of it */
    unsigned applies, lists, zone_calls, zones_calls;
    size_t most_changes;
    int inside, most_inside; /* calls of apply() at once */
};
void fake_provider_init(struct fake_provider *p, const char *name, uint32_t flags, const char *apex);
void fake_provider_done(struct fake_provider *p);
void fake_provider_put(struct fake_provider *p, const char *zone, const char *name, uint32_t type,
                       const char *text, uint32_t ttl);
bool fake_provider_has(const struct fake_provider *p, const char *zone, const char *name, const char *text);

#endif
