/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - zone cuts on the way down from the root. */
#ifndef NET_DNS_CUT_H
#define NET_DNS_CUT_H

#include "net/dns/dns.h"
#include "net/dns/message.h"

enum { CUT_NAMES = 16 };

/* A zone as it was found: its name servers, and the addresses of those that were looked for. */
struct cut {
    struct dns_servers at;
    struct cut_name {
        char name[DNS_NAME_MAX];
        bool delegated; /* the parent names it */
        bool sought;    /* its addresses are in `at`, or there are none */
    } names[CUT_NAMES];
    size_t nnames;
    bool confirmed; /* its own servers have told their name servers */
};

/* Takes the NS records of that owner from `section`, and from the additional section the addresses of
 * those that lie in `trusted` (the zone whose server this is: nobody is believed about others' names).
 * Names that are there already are left as they are. */
void cut_take(struct cut *c, const ldns_rr_list *section, const ldns_pkt *pkt, const char *owner,
              const char *trusted, bool delegated);
/* Adds an address once. A full list keeps what it has. */
void cut_add(struct cut *c, const char *address, const struct cut_name *of);
/* Number of labels; the last `n` labels of a name. */
size_t cut_labels(const char *name);
const char *cut_suffix(const char *name, size_t n);

#endif
