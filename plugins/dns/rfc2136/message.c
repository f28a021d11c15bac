/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - builds updates and queries, reads answers; the one place that knows ldns. */
#include "rfc2136.h"
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 65535, STRING_MAX = 255, TEXT_MAX = 16384 };
#define cleanup(f) __attribute__((cleanup(f)))

static void free_pkt(ldns_pkt **p) { ldns_pkt_free(*p); }
static void free_name(ldns_rdf **p) { ldns_rdf_deep_free(*p); }
static void free_bytes(uint8_t **p) { free(*p); }

static ldns_rdf *name_of(const char *name)
{
    ldns_rdf *out = NULL;
    return ldns_str2rdf_dname(&out, *name ? name : ".") == LDNS_STATUS_OK ? out : NULL;
}

static const char *absolute(struct fl_ctx *ctx, const char *name, const char *apex)
{
    return *name ? fl_printf(ctx, "%s.%s", name, apex) : apex;
}

/* ---- records ------------------------------------------------------------------------- */

/* Bare text, with \DDD for what is not printable, to bytes. */
static size_t text_bytes(const char *text, uint8_t *out, size_t room)
{
    size_t n = 0;
    while (*text && n < room) {
        unsigned v = 0, digits = 0;
        while (text[0] == '\\' && digits < 3 && text[1 + digits] >= '0' && text[1 + digits] <= '9')
            v = v * 10 + (unsigned)(text[1 + digits++] - '0');
        bool escape = digits == 3 && v < 256;
        out[n++] = escape ? (uint8_t)v : (uint8_t)*text;
        text += escape ? 4 : 1;
    }
    return n;
}

/* One TXT record of as many strings as the text needs. */
static bool push_text(ldns_rr *rr, const char *text)
{
    uint8_t bytes[TEXT_MAX], string[1 + STRING_MAX];
    size_t len = text_bytes(text, bytes, sizeof bytes), at = 0;
    if (strlen(text) > sizeof bytes)
        return false;
    do {
        size_t n = len - at > STRING_MAX ? STRING_MAX : len - at;
        string[0] = (uint8_t)n;
        memcpy(string + 1, bytes + at, n);
        ldns_rdf *field = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, 1 + n, string);
        if (!field || !ldns_rr_push_rdf(rr, field))
            return false;
        at += n;
    } while (at < len);
    return true;
}

static ldns_rr *text_record(const char *name, const char *text)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *owner = name_of(name);
    if (rr && owner) {
        ldns_rr_set_owner(rr, owner);
        ldns_rr_set_type(rr, LDNS_RR_TYPE_TXT);
        ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
        if (push_text(rr, text))
            return rr;
    } else {
        ldns_rdf_deep_free(owner);
    }
    ldns_rr_free(rr);
    return NULL;
}

/* Names in values are absolute, with or without the final dot. */
static ldns_rr *other_record(struct fl_ctx *ctx, const char *name, uint32_t type, const char *text)
{
    ldns_rr *rr = NULL;
    ldns_rdf *root = name_of(".");
    char *kind = ldns_rr_type2str((ldns_rr_type)type);
    const char *line = fl_printf(ctx, "%s. 0 IN %s %s", name, kind ? kind : "", text);
    if (strpbrk(text, "\n\r;") || ldns_rr_new_frm_str(&rr, line, 0, root, NULL) != LDNS_STATUS_OK)
        rr = NULL;
    ldns_rdf_deep_free(root);
    free(kind);
    return rr;
}

/* ---- updates (RFC 2136 2.5) ---------------------------------------------------------- */

struct update {
    struct fl_ctx *ctx;
    ldns_pkt *pkt;
    const char *apex;
    size_t count;
};

/* Addition: class IN and the TTL. Deletion of one record: class NONE, TTL 0. */
static int put(struct update *u, const struct fl_change *c, const char *text, bool add)
{
    const char *name = absolute(u->ctx, c->name, u->apex);
    ldns_rr *rr = c->type == FL_RR_TXT ? text_record(name, text) : other_record(u->ctx, name, c->type, text);
    if (!rr)
        return fl_fail(u->ctx, FL_EREJECT, "`%.80s` cannot be the value of a record of type %u at %s", text,
                       (unsigned)c->type, name);
    ldns_rr_set_class(rr, add ? LDNS_RR_CLASS_IN : LDNS_RR_CLASS_NONE);
    ldns_rr_set_ttl(rr, add ? c->ttl : 0);
    if (!ldns_pkt_push_rr(u->pkt, LDNS_SECTION_AUTHORITY, rr)) {
        ldns_rr_free(rr);
        return FL_ENOMEM;
    }
    u->count++;
    return FL_OK;
}

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}

static int put_missing(struct update *u, const struct fl_change *c, bool add)
{
    const struct fl_value *from = add ? c->after : c->before, *in = add ? c->before : c->after;
    size_t n = add ? c->nafter : c->nbefore, m = add ? c->nbefore : c->nafter;
    int code = FL_OK;
    for (size_t i = 0; i < n && code == FL_OK; i++)
        if (!holds(in, m, from[i].text))
            code = put(u, c, from[i].text, add);
    return code;
}

static int put_change(struct update *u, const struct fl_change *c)
{
    size_t count = u->count;
    int code = put_missing(u, c, false);
    if (code == FL_OK)
        code = put_missing(u, c, true);
    /* An addition gives the whole RRset its TTL. Without one, what is there is taken away and added again:
     * Knot passes over the addition of what is there, whatever its TTL. */
    if (u->count > count || c->ttl == c->ttl_before)
        return code;
    for (size_t i = 0; i < c->nafter && code == FL_OK; i++)
        code = put(u, c, c->after[i].text, false);
    for (size_t i = 0; i < c->nafter && code == FL_OK; i++)
        code = put(u, c, c->after[i].text, true);
    return code;
}

static int to_bytes(struct fl_ctx *ctx, const ldns_pkt *pkt, uint8_t **out, size_t *len_out)
{
    cleanup(free_bytes) uint8_t *wire = NULL;
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

static bool set_question(ldns_pkt *pkt, const char *name, ldns_rr_type type)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *owner = name_of(name);
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

int message_update(struct fl_ctx *ctx, const char *apex, const struct fl_change *changes, size_t n,
                   uint8_t **message_out, size_t *len_out, size_t *count_out)
{
    cleanup(free_pkt) ldns_pkt *pkt = ldns_pkt_new();
    struct update u = { .ctx = ctx, .pkt = pkt, .apex = apex };
    int code = FL_OK;
    if (!pkt)
        return FL_ENOMEM;
    ldns_pkt_set_opcode(pkt, LDNS_PACKET_UPDATE);
    if (!set_question(pkt, apex, LDNS_RR_TYPE_SOA))
        return fl_fail(ctx, FL_EREJECT, "`%.100s` is no name of a zone", apex);
    for (size_t i = 0; i < n && code == FL_OK; i++)
        code = put_change(&u, &changes[i]);
    *count_out = u.count;
    if (code == FL_OK && u.count > 0)
        code = to_bytes(ctx, pkt, message_out, len_out);
    return code;
}

/* ---- queries ------------------------------------------------------------------------- */

int message_query(struct fl_ctx *ctx, const char *name, uint32_t type, uint8_t **message_out, size_t *len_out)
{
    cleanup(free_pkt) ldns_pkt *pkt = ldns_pkt_new();
    if (!pkt)
        return FL_ENOMEM;
    if (!set_question(pkt, name, (ldns_rr_type)type))
        return fl_fail(ctx, FL_EREJECT, "`%.100s` is not a domain name", name);
    return to_bytes(ctx, pkt, message_out, len_out);
}

static const char *text_value(struct fl_ctx *ctx, const ldns_rr *rr)
{
    size_t room = 1, n = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        room += 4 * ldns_rdf_size(ldns_rr_rdf(rr, i));
    char *out = fl_alloc(ctx, room);
    for (size_t i = 0; out && i < ldns_rr_rd_count(rr); i++) {
        const uint8_t *data = ldns_rdf_data(ldns_rr_rdf(rr, i));
        size_t len = ldns_rdf_size(ldns_rr_rdf(rr, i));
        for (size_t k = 1; k < len; k++) {
            bool plain = data[k] >= 0x20 && data[k] < 0x7f;
            n += (size_t)snprintf(out + n, room - n, plain ? "%c" : "\\%03u", data[k]);
        }
    }
    return out ? out : "";
}

static const char *other_value(struct fl_ctx *ctx, const ldns_rr *rr)
{
    const char *out = "";
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        char *text = ldns_rdf2str(field);
        size_t n = text ? strlen(text) : 0;
        /* Names as the core writes them: without the final dot. */
        if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME && n > 1 && text[n - 1] == '.')
            text[n - 1] = '\0';
        out = fl_printf(ctx, "%s%s%s", out, i ? " " : "", text ? text : "");
        free(text);
    }
    return out;
}

int message_records(struct fl_ctx *ctx, const struct reply *reply, const char *name, uint32_t type,
                    struct records *out)
{
    cleanup(free_pkt) ldns_pkt *pkt = NULL;
    cleanup(free_name) ldns_rdf *owner = name_of(name);
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
        out->texts[out->n++] = type == FL_RR_TXT ? text_value(ctx, rr) : other_value(ctx, rr);
        out->ttl = ldns_rr_ttl(rr);
    }
    return FL_OK;
}
