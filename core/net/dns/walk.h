/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - one way down from the root, with what was learned on it. */
#ifndef NET_DNS_WALK_H
#define NET_DNS_WALK_H

#include "net/dns/cut.h"

enum { WALK_ZONES = 64, WALK_ROUNDS = 96, WALK_DEPTH = 4, WALK_CNAMES = 4 };

struct walk {
    unsigned timeout_ms; /* of one question */
    unsigned rounds;     /* asked so far */
    int64_t deadline_ms;
    struct cut *zones[WALK_ZONES]; /* the root first */
    size_t n;
    struct outcome *o;
};
struct walk_end {
    struct cut *cut;            /* the zone; belongs to the walk */
    char missing[DNS_NAME_MAX]; /* see dns.h */
    const char *denier;         /* apex of the zone that says so */
};

/* FL_OK, FL_ECONF (a root is no address), FL_ENOMEM. */
int walk_init(struct walk *w, const struct dns_roots *roots, struct outcome *o);
void walk_done(struct walk *w);
/* Finds the zone that holds `name` (in our form). */
int walk_find(struct walk *w, const char *name, unsigned depth, struct walk_end *out);
/* Asks the zone's servers, three at a time, until one gives an answer that helps: authoritative, or
 * naming a zone below. FL_ETEMP: none does. The message is freed by the caller. */
int walk_ask(struct walk *w, struct cut *c, const char *name, uint16_t type, unsigned depth, ldns_pkt **out);
/* Looks for the addresses of name servers: of all, or until there is one. FL_OK or FL_ENOMEM. */
int walk_seek(struct walk *w, struct cut *c, bool all, unsigned depth);
/* Is there a CNAME at that name in the answer? */
bool walk_cname(const ldns_pkt *pkt, const char *name, char out[DNS_NAME_MAX]);

#endif
