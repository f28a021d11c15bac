/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - builds queries, reads answers. */
#include "wire.h"
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 65535 };

const char *message_name(struct fl_ctx *ctx, const char *name, const char *apex)
{
    return *name ? fl_printf(ctx, "%s.%s", name, apex) : apex;
}

int wire_bytes(struct fl_ctx *ctx, const ldns_pkt *pkt, uint8_t **out, size_t *len_out)
{
    cleanup(wire_free_bytes) uint8_t *wire = NULL;
    size_t len = 0;
    if (ldns_pkt2wire(&wire, pkt, &len) != LDNS_STATUS_OK)
        return fl_fail(ctx, FL_EREJECT, "the message cannot be built");
    if (len + TSIG_MAX > MESSAGE_MAX)
        return fl_fail(ctx, FL_EREJECT, "%zu bytes do not fit into one message", len);
    *out = fl_alloc(ctx, len + TSIG_MAX);
    if (!*out)
        return FL_ENOMEM;
    memcpy(*out, wire, len);
    *len_out = len;
    return FL_OK;
}

bool wire_question(ldns_pkt *pkt, const char *name, ldns_rr_type type)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *owner = wire_name_of(name);
    if (!rr || !owner) {
        ldns_rr_free(rr);
        ldns_rdf_deep_free(owner);
        return false;
    }
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_type(rr, type);
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    ldns_rr_set_question(rr, true);
    if (ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, rr))
        return true;
    ldns_rr_free(rr);
    return false;
}

/* ---- queries ------------------------------------------------------------------------- */

int message_query(struct fl_ctx *ctx, const char *name, uint32_t type, uint8_t **message_out, size_t *len_out)
{
    cleanup(wire_free_pkt) ldns_pkt *pkt = ldns_pkt_new();
    if (!pkt)
        return FL_ENOMEM;
    if (!wire_question(pkt, name, (ldns_rr_type)type))
        return fl_fail(ctx, FL_EREJECT, "`%.100s` is not a domain name", name);
    return wire_bytes(ctx, pkt, message_out, len_out);
}

int message_records(struct fl_ctx *ctx, const struct reply *reply, const char *name, uint32_t type,
                    struct records *out)
{
    cleanup(wire_free_pkt) ldns_pkt *pkt = NULL;
    cleanup(wire_free_name) ldns_rdf *owner = wire_name_of(name);
    *out = (struct records){ 0 };
    if (ldns_wire2pkt(&pkt, reply->data, reply->len) != LDNS_STATUS_OK || !owner)
        return fl_fail(ctx, FL_EPROTO, "the answer about %s is malformed", name);
    const ldns_rr_list *answers = ldns_pkt_answer(pkt);
    size_t n = ldns_rr_list_rr_count(answers);
    out->texts = fl_alloc(ctx, (n + 1) * sizeof *out->texts);
    if (!out->texts)
        return FL_ENOMEM;
    out->authoritative = ldns_pkt_aa(pkt);
    for (size_t i = 0; i < n; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answers, i);
        if (ldns_rr_get_type(rr) != (ldns_rr_type)type || ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
            continue;
        out->texts[out->n++] = wire_text(ctx, rr);
        out->ttl = ldns_rr_ttl(rr);
    }
    return FL_OK;
}
