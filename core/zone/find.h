/* SPDX-License-Identifier: Apache-2.0 */
/* find.h - which zone a name belongs to, and who holds it. Internal to zone/. */
#ifndef ZONE_FIND_H
#define ZONE_FIND_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIND_CACHE_MS = 300000 };
struct zones;
struct zones_provider;

/* What is known of the zones of one provider; under the lock of zones. */
struct find_cache {
    struct find_zone {
        char *apex;
        bool absent;      /* it was asked for and the provider does not hold it */
        bool listed;      /* from the list of all */
        int64_t until_ms; /* monotonic */
    } * at;
    size_t n, cap;
    int64_t list_until_ms; /* of the list of all zones; 0: never read */
};
void find_cache_done(struct find_cache *c);

/* The provider holds that zone from now on: it was made. */
void find_made(struct zones *z, const struct zones_provider *p, const char *apex);

struct found {
    const struct zones_provider *provider; /* NULL: nobody holds a zone for it */
    char apex[256], target[256];           /* the end of the CNAMEs at the name, which lies in the apex */
};
/* Follows CNAMEs at names that begin with `_`, then picks the longest zone that one of the allowed providers (NULL: all) really holds; the first of
 * the configuration if two hold it. FL_ECONF: nobody, and the message says who was asked. Takes the lock for
 * moments, asks plugins and servers. */
/* The longest zone that any provider holds for the very name; provider NULL: none. */
int find_held(struct zones *z, const char *name, struct found *out, struct outcome *o);
int find_zone(struct zones *z, const char *name, const char *const *providers, struct found *out,
              struct outcome *o);

#endif
