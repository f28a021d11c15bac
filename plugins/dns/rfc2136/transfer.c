/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c - the whole zone by AXFR (RFC 5936), every message of it signed or covered by a later signature. */
#include "wire.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TYPE_AXFR = 252, FIRST_ROOM = 256 };

struct row {
    const char *name, *text;
    uint32_t type, ttl;
};
struct transfer {
    const char *apex;
    uint32_t type; /* 0: all that the core writes */
    struct tsig_chain chain;
    struct row *rows;
    size_t n, room;
    unsigned soas;
};

static bool wanted(const struct transfer *t, ldns_rr_type type)
{
    if (t->type)
        return type == (ldns_rr_type)t->type;
    return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA || type == LDNS_RR_TYPE_CNAME ||
           type == LDNS_RR_TYPE_NS || type == LDNS_RR_TYPE_TXT;
}

/* Relative to the apex, in lower case; NULL: glue from elsewhere, or no memory. */
static const char *relative(struct fl_ctx *ctx, const ldns_rdf *owner, const char *apex)
{
    char *text = ldns_rdf2str(owner);
    const char *out = NULL;
    size_t len = text ? strlen(text) : 0, tail = strlen(apex);
    len -= len > 1 && text[len - 1] == '.';
    if (len == tail && strncasecmp(text, apex, len) == 0)
        out = "";
    else if (len > tail + 1 && text[len - tail - 1] == '.' && strncasecmp(text + len - tail, apex, tail) == 0)
        out = fl_printf(ctx, "%.*s", (int)(len - tail - 1), text);
    free(text);
    return out;
}

static int keep(struct fl_ctx *ctx, struct transfer *t, const ldns_rr *rr)
{
    const char *name = relative(ctx, ldns_rr_owner(rr), t->apex);
    if (!name)
        return FL_OK;
    if (t->n == t->room) {
        size_t room = t->room ? 2 * t->room : FIRST_ROOM;
        struct row *more = fl_alloc(ctx, room * sizeof *more);
        if (!more)
            return FL_ENOMEM;
        if (t->n > 0)
            memcpy(more, t->rows, t->n * sizeof *more);
        t->rows = more;
        t->room = room;
    }
    t->rows[t->n++] = (struct row){
        .name = name, .text = wire_text(ctx, rr), .type = ldns_rr_get_type(rr), .ttl = ldns_rr_ttl(rr)
    };
    return FL_OK;
}

/* From the first SOA to the second. */
static int keep_all(struct fl_ctx *ctx, struct transfer *t, const uint8_t *message, size_t len)
{
    cleanup(wire_free_pkt) ldns_pkt *pkt = NULL;
    int code = FL_OK;
    if (ldns_wire2pkt(&pkt, message, len) != LDNS_STATUS_OK)
        return fl_fail(ctx, FL_EPROTO, "the transfer of %s is malformed", t->apex);
    const ldns_rr_list *answers = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && t->soas < 2 && code == FL_OK; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answers, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA)
            t->soas++;
        else if (t->soas == 0)
            return fl_fail(ctx, FL_EPROTO, "the transfer of %s does not begin with its SOA", t->apex);
        else if (wanted(t, ldns_rr_get_type(rr)))
            code = keep(ctx, t, rr);
    }
    return code;
}

static int each(struct fl_ctx *ctx, void *arg, const uint8_t *message, size_t len, bool *more_out)
{
    const struct self *s = fl_self(ctx);
    struct transfer *t = arg;
    struct tsig_seen seen;
    int code = tsig_verify_next(ctx, &s->key, &t->chain, message, len, &seen), rcode = message[3] & 15;
    if (code != FL_OK)
        return code;
    if (rcode != 0)
        return fl_fail(
            ctx, rcode == 2 ? FL_ETEMP : FL_EREJECT,
            "%s does not let the key %s transfer zone %s (rcode %d): BIND: `allow-transfer { key KEY; };`; "
            "Knot: `acl` with `action: transfer`; or leave `transfer` out",
            talk_server(ctx), s->key.name, t->apex, rcode);
    if (!seen.verified && !seen.later)
        return fl_fail(ctx, FL_EPROTO, "the transfer of %s is not to be trusted: %s", t->apex,
                       seen.why ? seen.why : "its signature is wrong");
    code = keep_all(ctx, t, message, len);
    *more_out = t->soas < 2;
    if (code == FL_OK && !*more_out && t->chain.len > 0)
        return fl_fail(ctx, FL_EPROTO, "the end of the transfer of %s is not signed", t->apex);
    return code;
}

static int by_name(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = strcasecmp(x->name, y->name);
    return order ? order : (x->type > y->type) - (x->type < y->type);
}

static int emit_all(struct fl_ctx *ctx, const struct transfer *t)
{
    struct fl_value *values = fl_alloc(ctx, (t->n + 1) * sizeof *values);
    int code = values ? FL_OK : FL_ENOMEM;
    if (t->n > 0)
        qsort(t->rows, t->n, sizeof *t->rows, by_name);
    for (size_t i = 0, end; i < t->n && code == FL_OK; i = end) {
        for (end = i; end < t->n && by_name(&t->rows[i], &t->rows[end]) == 0; end++)
            values[end].text = t->rows[end].text;
        code = fl_emit_rrset(ctx, &(struct fl_rrset){ .name = t->rows[i].name,
                                                      .type = t->rows[i].type,
                                                      .ttl = t->rows[i].ttl,
                                                      .values = values + i,
                                                      .n = end - i });
    }
    return code;
}

int transfer_list(struct fl_ctx *ctx, const char *apex, uint32_t type)
{
    struct transfer t = { .apex = apex, .type = type };
    uint8_t *message = NULL;
    struct reply soa;
    size_t len = 0;
    /* A question first: it finds the server that answers, its clock, and what is wrong with the key. */
    int code = talk_ask(ctx, apex, FL_RR_SOA, &soa);
    if (code == FL_OK)
        code = message_query(ctx, apex, TYPE_AXFR, &message, &len);
    if (code == FL_OK)
        code = talk_sign(ctx, message, &len, &t.chain.prior);
    if (code != FL_OK)
        return code;
    code = fl_transfer(
        ctx, &(struct fl_exchange){ .server = talk_server(ctx), .query = message, .len = len, .tcp = true },
        each, &t);
    return code == FL_OK ? emit_all(ctx, &t) : code;
}
