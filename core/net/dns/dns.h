/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h - asking authoritative servers by address; the one door to ldns. */
#ifndef NET_DNS_DNS_H
#define NET_DNS_DNS_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names are lower-case A-labels without a final dot; "" is the root. All functions block and
 * are for worker threads; they share nothing and may run at the same time. */
enum { DNS_NAME_MAX = 256, DNS_SERVERS_MAX = 32, DNS_VALUES_MAX = 128 };

/* Where to start: root hints as addresses with port ("127.0.0.53:53"); empty: the built-in hints. */
struct dns_roots {
    const char *const *addresses; /* NULL-terminated, or NULL */
    unsigned timeout_ms;          /* of one query; 0: 2000 */
};

struct dns_server {
    char name[DNS_NAME_MAX]; /* "ns1.example.org"; "" when given by address only */
    char address[64];        /* "192.0.2.1:53", "[2001:db8::1]:53" */
    bool delegated;          /* the parent names it; false: only the zone itself does */
};
struct dns_servers {
    char apex[DNS_NAME_MAX]; /* the zone cut they serve */
    char missing
        [DNS_NAME_MAX]; /* the shortest ancestor of the name (or itself) that does not exist; "": it exists */
    struct dns_server at[DNS_SERVERS_MAX];
    size_t n;
};
/* Walks down from the roots (one label at a time, no recursive resolver, glue of the zone's own
 * names only, other name servers by further walks) to the servers of the zone that holds `name`. They are
 * those that the parent names and those that the zone itself names: a value is out when all have
 * it. out->apex says which zone it is: it is an ancestor of `name` when `name` has no zone of its own, or
 * when nobody has delegated it yet, so compare. Caps: 4 walks inside each other, 4 CNAMEs of a name server,
 * 16 name servers a zone, 96 rounds of questions and 10 times timeout_ms in all.
 * The parent's servers are given even if none of them answers for the zone `name` itself.
 * FL_EREJECT: the root or a top-level domain says that there is no such name (the message says
 * which and who said so); FL_ETEMP: nobody answers on the way; FL_ECONF: no name, bad roots. */
int dns_walk(const struct dns_roots *roots, const char *name, struct dns_servers *out, struct outcome *o);
/* Follows CNAMEs at `name` by authoritative answers; *out is the end of the chain (name itself when none).
 * FL_EREJECT on a loop or more than 8. A name that does not exist is the end of the chain. */
int dns_chase(const struct dns_roots *roots, const char *name, char out[DNS_NAME_MAX], struct outcome *o);

/* What the servers of the zone above say of a zone, asked from the roots down as for dns_walk(). */
enum { DNS_NAMES_MAX = 16 };
struct dns_parent {
    char apex[DNS_NAME_MAX]; /* of the zone above; "" the root */
    char missing
        [DNS_NAME_MAX]; /* a name between the two that does not exist, so nothing was asked; "": none */
    bool exists;        /* the name itself exists there */
    bool
        shared; /* they serve the zone themselves: what they say of it is the zone's own word, a delegation is not seen */
    bool ds;                                 /* the zone above says that this one is signed */
    uint32_t ttl;                            /* seconds that resolvers may keep what was said; 0: not told */
    char names[DNS_NAMES_MAX][DNS_NAME_MAX]; /* of the name servers; none: it is not delegated */
    size_t n;
    struct dns_servers servers; /* addresses of all of them, by glue or by further walks; maybe none */
};
/* FL_OK, FL_ETEMP: nobody answers on the way; FL_ECONF: no name of a zone, bad roots. */
int dns_parent(const struct dns_roots *roots, const char *apex, struct dns_parent *out, struct outcome *o);
/* The addresses of these hosts (NULL-terminated, 16 at most), each by a walk of its own. Those that have none, or
 * that cannot be asked for, are left out: FL_OK with nothing in it. */
int dns_hosts(const struct dns_roots *roots, const char *const *names, struct dns_servers *out,
              struct outcome *o);

enum dns_state {
    DNS_ANSWERED, /* authoritative: values (maybe none: NODATA or NXDOMAIN) */
    DNS_SILENT,   /* no answer in time */
    DNS_NO_ROUTE, /* the family cannot be reached from here */
    DNS_LAME      /* REFUSED, SERVFAIL, not authoritative, or nonsense */
};
struct dns_look {
    enum dns_state state;
    int rcode;
    uint32_t ttl;
    size_t n;
    /* Of that very name and type: CNAMEs are not followed here. Presentation form; names as above; TXT: its
     * strings joined, without quotes, printable ASCII as it is, any other byte as \DDD. */
    char *values[DNS_VALUES_MAX];
};
/* Asks all servers at once for name/type (UDP with 3 tries, EDNS 1232 and without where that is not
 * understood, RD off, TCP when truncated) and waits until all have answered or timeout_ms is over. looks[i] belongs to
 * servers->at[i], servers->n of them are filled; dns_looks_done() frees. FL_OK, FL_ECONF (no name), FL_ENOMEM, FL_ETEMP
 * (no descriptors); silence is not a failure here. */
int dns_look(const struct dns_servers *servers, const char *name, uint16_t type, unsigned timeout_ms,
             struct dns_look *looks, struct outcome *o);
void dns_looks_done(struct dns_look *looks, size_t n);

/* One message, one answer: see fl_exchange() in fl/dns.h. timeout_ms of each try, 0: 3 s; deadline_ms by
 * clock_mono_ms(), 0: none. `*answer_out` is allocated. An answer without a question is taken for an
 * UPDATE or when it carries an error (RFC 2136 3.8). FL_ETEMP: silent or unreachable; FL_ECONF: no address, no message. */
int dns_exchange(const char *server, const void *query, size_t len, bool tcp, unsigned timeout_ms,
                 int64_t deadline_ms, uint8_t **answer_out, size_t *len_out, struct outcome *o);
/* transfer.c: see fl_transfer() in fl/dns.h. timeout_ms of each message, 0: 10 s. A code of each() other than FL_OK is
 * given back without words. */
int dns_transfer(const char *server, const void *query, size_t len, unsigned timeout_ms, int64_t deadline_ms,
                 int (*each)(void *arg, const uint8_t *message, size_t len, bool *more_out), void *arg,
                 struct outcome *o);

#endif
