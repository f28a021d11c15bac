/* SPDX-License-Identifier: Apache-2.0 */
/* query.h - what a client asks. */
#ifndef SELF_QUERY_H
#define SELF_QUERY_H

#include "wire.h"

enum {
    RCODE_OK,
    RCODE_FORMERR,
    RCODE_SERVFAIL,
    RCODE_NXDOMAIN,
    RCODE_NOTIMP,
    RCODE_REFUSED,
    RCODE_BADVERS = 16
};

struct query {
    uint16_t id;
    uint8_t opcode;
    bool rd, cd;          /* given back as they came */
    const uint8_t *asked; /* the question section as it came; NULL: none that can be read */
    size_t asked_len;
    struct wire_name name;
    uint16_t type, class;
    bool edns, dnssec_ok;
    uint16_t size; /* datagrams that the client can take; 512 without EDNS */
};
/* False: nothing to be answered at all (too short, or itself an answer). `rcode_out` is RCODE_OK, FORMERR, NOTIMP or
 * BADVERS; `out` is filled as far as it could be read. Any bytes may be given. */
bool query_parse(const uint8_t *data, size_t len, struct query *out, int *rcode_out);

#endif
