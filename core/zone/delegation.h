/* SPDX-License-Identifier: Apache-2.0 */
/* delegation.h - does the zone above point to the servers that hold a zone? */
#ifndef ZONE_DELEGATION_H
#define ZONE_DELEGATION_H

#include "net/dns/dns.h"

enum delegation_state {
    DELEGATION_UNKNOWN,      /* nobody could be asked */
    DELEGATION_UNREGISTERED, /* a registered domain that the zone above does not know */
    DELEGATION_NONE,         /* the zone above names no servers for it */
    DELEGATION_ELSEWHERE,    /* it names others, and they answer for the zone */
    DELEGATION_LAME,         /* none that it names answers for the zone */
    DELEGATION_PARTLY,       /* some of it is right */
    DELEGATION_DS,           /* it says that the zone is signed, and the zone is not */
    DELEGATION_RIGHT
};
struct delegation {
    enum delegation_state state;
    bool
        holds; /* what is written to the zone would not be seen, or not by all: nothing is to be proved by it */
    char where[DNS_NAME_MAX]; /* the zone above; "" the root */
    uint32_t ttl;             /* seconds that resolvers keep what the zone above says; 0: not known */
    char words[760];          /* what is so, and which servers to set where, for people */
};
/* "unknown", "not registered", "not delegated", "elsewhere", "lame", "partly", "DS without keys", "right" */
const char *delegation_name(enum delegation_state state);
enum delegation_state delegation_parse(const char *name);

/* What was found out; looks are those of parent->servers. */
struct delegation_facts {
    const char *apex;
    const struct dns_parent *parent;
    const char *const *ours;         /* names of the servers that hold the zone; NULL or none: not known */
    const struct dns_servers *hosts; /* their addresses, as far as they are known */
    const struct dns_look *looks;    /* NS of the zone, asked of each of parent->servers */
    bool keys;                       /* the zone has keys */
};
/* Pure. A server is ours by its name, by its address (some servers have names of a customer's), or by what it says: one
 * that names exactly our servers for the zone serves our zone, whatever it is called. Where ours are not known all that
 * answer are. Servers of families that this machine does not speak count as those that answer. */
void delegation_judge(const struct delegation_facts *f, struct delegation *out);
/* Asks: the zone above (from the roots down), then all servers that it names. FL_OK, also when nobody could be asked
 * (DELEGATION_UNKNOWN, holds); else FL_ENOMEM. `parent_out` may be NULL. */
int delegation_look(const struct dns_roots *roots, const char *apex, const char *const *ours,
                    struct delegation *out, struct dns_parent *parent_out, struct outcome *o);
/* "ns1.example.net, ns2.example.net", as much as fits; for names below `apex` it says that they want an address there too. */
void delegation_names(const char *const *names, const char *apex, char *out, size_t size);

#endif
