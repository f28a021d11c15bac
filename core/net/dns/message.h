/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - DNS messages as bytes and as ldns sees them. */
#ifndef NET_DNS_MESSAGE_H
#define NET_DNS_MESSAGE_H

#include "net/dns/dns.h"
#include <ldns/ldns.h>

enum { MESSAGE_QUERY_MAX = 12 + 255 + 4 + 11, MESSAGE_UDP_MAX = 1232 };

/* A query with a random id, RD off, and EDNS (1232 bytes) as its last 11 bytes.
 * False: not a domain name, or (errno) no random numbers. */
bool message_query(const char *name, uint16_t type, uint8_t out[MESSAGE_QUERY_MAX], size_t *len_out);
/* Is `answer` an answer to `query`: id, QR, opcode, and the question (names without case)?
 * Any bytes may be given. */
bool message_answers(const uint8_t *query, size_t len, const uint8_t *answer, size_t answer_len);
/* False: `data` cannot be a message with a question to be asked. */
bool message_askable(const uint8_t *data, size_t len);

/* Lower case, without a final dot. False: too long. */
bool message_plain(const char *name, char out[DNS_NAME_MAX]);

/* NULL: malformed (or no memory). Freed with ldns_pkt_free(). */
ldns_pkt *message_parse(const uint8_t *data, size_t len);
void message_freep(ldns_pkt **p); /* for cleanup_() */
/* Name of a DNAME field in our form; bytes other than letters, digits, `-`, `_`, `*` and `/` become \DDD.
 * False: another field, or longer than DNS_NAME_MAX. */
bool message_name(const ldns_rdf *field, char out[DNS_NAME_MAX]);
/* The record's value as dns.h describes for dns_look; allocated, NULL: malformed or no memory. */
char *message_value(const ldns_rr *rr);
/* Is it of class IN, that owner and type? */
bool message_is(const ldns_rr *rr, const char *name, uint16_t type);

#endif
