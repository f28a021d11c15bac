/* SPDX-License-Identifier: Apache-2.0 */
/* self.h - what the files of the plugin share. */
#ifndef SELF_SELF_H
#define SELF_SELF_H

#include "limit.h"
#include "zone.h"

struct conf {
    const char *const *serve, *const *listen, *const *name_servers, *const *addresses;
    const char *hostmaster;
    int64_t negative_ttl, answers;
};
struct self {
    struct zone *zones;
    size_t nzones;
    struct limit limit;
};

/* The longest of our zones that holds the name; NULL: none. */
struct zone *self_zone(const struct self *s, const struct wire_name *name);

/* setup.c: looks across the options (`conf`); makes the zones with what is our own in them. What was made is
 * in *s also on failure. */
int setup_check(struct fl_ctx *ctx, const void *conf);
int setup_zones(struct fl_ctx *ctx, struct self *s);
/* ear.c: listens on all addresses. */
int ear_open(struct fl_ctx *ctx);

#endif
