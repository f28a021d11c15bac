/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h - the records of a zone, in memory. */
#ifndef SELF_ZONE_H
#define SELF_ZONE_H

#include "wire.h"
#include <fl/dns.h>

enum { ZONE_RDATA_MAX = 60000 }; /* of one RRset, so that it fits into a message */

struct zone_value {
    char *text;     /* as the core gave it */
    uint8_t *rdata; /* of CNAME and NS: a name in lower case */
    uint16_t len;
};
struct zone_set {
    uint16_t type;
    uint32_t ttl;
    bool own; /* ours, not the core's: name servers and their addresses */
    struct zone_value *values;
    size_t n;
    struct zone_set *next;
};
/* Every name that exists, also those that only have names below them (RFC 8020). */
struct zone_node {
    struct wire_name name;
    char *relative; /* text, "" at the apex */
    struct zone_set *sets;
    size_t below; /* nodes right below it */
    struct zone_node *next;
};
struct zone {
    const char *apex; /* borrowed from the options */
    struct wire_name name;
    struct wire_name primary, mailbox; /* MNAME and RNAME of the SOA */
    const char **name_servers;         /* NULL-terminated; the list and, if `made`, its text are the zone's */
    char *made;
    uint32_t serial;
    uint32_t negative_ttl;
    struct zone_node **buckets;
    size_t nbuckets, nnodes;
};

/* False: no memory, or `apex` is no name. zone_done() in any case. */
bool zone_init(struct zone *z, const char *apex);
void zone_done(struct zone *z);
struct zone_node *zone_find(const struct zone *z, const struct wire_name *name);
const struct zone_set *zone_set(const struct zone_node *node, uint16_t type);

/* The name that a value of a CNAME or NS set is. */
void zone_target(const struct zone_value *value, struct wire_name *out);

/* An RRset from presentation form. FL_EREJECT: another type than A, AAAA, CNAME, NS and TXT, or a value that is
 * none (`why`, of 160 bytes, says so); FL_ENOMEM. Freed with zone_set_free() unless zone_put() took it. */
int zone_set_new(uint32_t type, uint32_t ttl, const struct fl_value *values, size_t n, struct zone_set **out,
                 char why[160]);
void zone_set_free(struct zone_set *set);

/* One change of a batch, prepared: `set` NULL removes. */
struct zone_plan {
    struct wire_name name;
    uint16_t type;
    struct zone_set *set;
};
/* All or nothing. FL_EREJECT: a CNAME would stand beside other records, or a set is our own (`why`); FL_ENOMEM.
 * Takes the sets when it returns FL_OK. */
int zone_put(struct zone *z, struct zone_plan *plans, size_t n, char why[160]);
/* The same for one set of our own, at start. */
bool zone_put_own(struct zone *z, const struct wire_name *name, struct zone_set *set);

#endif
