/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - the files that know ldns: record.c, update.c, message.c, zonelist.c. */
#ifndef RFC2136_WIRE_H
#define RFC2136_WIRE_H

#include "rfc2136.h"
#include <ldns/ldns.h>

#define cleanup(f) __attribute__((cleanup(f)))
void wire_free_pkt(ldns_pkt **p);
void wire_free_name(ldns_rdf **p);
void wire_free_bytes(uint8_t **p);

/* record.c. NULL: no such name, or no memory. */
ldns_rdf *wire_name_of(const char *name);
/* NULL: the text cannot be the value of such a record. */
ldns_rr *wire_record(struct fl_ctx *ctx, const char *name, uint32_t type, const char *text);
/* Without a value, TTL 0: prerequisites and deletions. */
ldns_rr *wire_empty(const char *name, uint32_t type, uint32_t class);
const char *wire_text(struct fl_ctx *ctx, const ldns_rr *rr);

/* message.c */
bool wire_question(ldns_pkt *pkt, const char *name, ldns_rr_type type);
/* Memory of the call with room for a TSIG. */
int wire_bytes(struct fl_ctx *ctx, const ldns_pkt *pkt, uint8_t **out, size_t *len_out);

#endif
