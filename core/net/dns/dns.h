/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h - asking authoritative servers by address; the one door to ldns. */
#ifndef NET_DNS_DNS_H
#define NET_DNS_DNS_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME_MAX = 256, DNS_SERVERS_MAX = 32, DNS_VALUES_MAX = 128 };

/* Where to start: root hints as addresses with port ("127.0.0.53:53"); empty: the built-in hints. */
struct dns_roots {
    const char *const *addresses; /* NULL-terminated, or NULL */
    unsigned timeout_ms;          /* of one query; 0: 2000 */
};

struct dns_server {
    char name[DNS_NAME_MAX]; /* "ns1.example.org"; "" when given by address only */
    char address[64];        /* "192.0.2.1:53", "[2001:db8::1]:53" */
};
struct dns_servers {
    char apex[DNS_NAME_MAX]; /* the zone cut they serve */
    struct dns_server at[DNS_SERVERS_MAX];
    size_t n;
};
/* Walks down from the roots (iteratively, no recursive resolver, glue first, then out-of-bailiwick
 * names by further walks, at most 32 queries deep and 4 CNAMEs) to the servers of the zone that holds `name`.
 * FL_EREJECT: a name above does not exist (the message says which); FL_ETEMP: nobody answers. */
int dns_walk(const struct dns_roots *roots, const char *name, struct dns_servers *out, struct outcome *o);
/* Follows CNAMEs at `name` by authoritative answers; *out is the end of the chain (name itself when none).
 * FL_EREJECT on a loop or more than 8. A name that does not exist is the end of the chain. */
int dns_chase(const struct dns_roots *roots, const char *name, char out[DNS_NAME_MAX], struct outcome *o);

enum dns_state {
    DNS_ANSWERED, /* authoritative: values (maybe none: NODATA or NXDOMAIN) */
    DNS_SILENT,   /* no answer in time */
    DNS_NO_ROUTE, /* the family cannot be reached from here */
    DNS_LAME      /* REFUSED, SERVFAIL or not authoritative */
};
struct dns_look {
    enum dns_state state;
    int rcode;
    uint32_t ttl;
    size_t n;
    char *values[DNS_VALUES_MAX]; /* presentation form; TXT joined and unquoted */
};
/* Asks all servers at once for name/type (UDP, EDNS 1232, RD off, TCP when truncated) and waits until all
 * have answered or timeout_ms is over. looks[i] belongs to servers->at[i]; dns_looks_done() frees. FL_ENOMEM or FL_OK. */
int dns_look(const struct dns_servers *servers, const char *name, uint16_t type, unsigned timeout_ms,
             struct dns_look *looks, struct outcome *o);
void dns_looks_done(struct dns_look *looks, size_t n);

/* One message, one answer: see fl_exchange() in fl/dns.h. deadline_ms by clock_mono_ms(), 0: none.
 * `*answer_out` is allocated. */
int dns_exchange(const char *server, const void *query, size_t len, bool tcp, unsigned timeout_ms, int64_t deadline_ms,
                 uint8_t **answer_out, size_t *len_out, struct outcome *o);

#endif
