/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.c - a batch of changes as one message (RFC 2136), with prerequisites where a server would pass over a change.
 *
 * Values come and go one by one, so that those of others stay whatever `before` says. Of an alias there is one, and
 * nothing stands beside it: servers replace the alias of somebody else, or leave out what cannot stand there, and say
 * NOERROR (RFC 2136 3.4.2.2). So it is a prerequisite that the alias is the one of `before`, and that there is none
 * where something else is added.
 */
#include "wire.h"
#include <string.h>

struct update {
    struct fl_ctx *ctx;
    ldns_pkt *pkt;
    const char *apex;
    const struct fl_change *changes;
    size_t n, count;
};

static int push(struct update *u, ldns_pkt_section section, ldns_rr *rr)
{
    if (rr && ldns_pkt_push_rr(u->pkt, section, rr))
        return FL_OK;
    ldns_rr_free(rr);
    return FL_ENOMEM;
}

/* Addition: class IN and the TTL. Deletion of one record: class NONE, TTL 0. A prerequisite: class IN, TTL 0. */
static int put(struct update *u, const struct fl_change *c, const char *text, ldns_pkt_section section,
               bool add)
{
    const char *name = message_name(u->ctx, c->name, u->apex);
    ldns_rr *rr = wire_record(u->ctx, name, c->type, text);
    bool asks = section == LDNS_SECTION_ANSWER;
    if (!rr)
        return fl_fail(u->ctx, FL_EREJECT, "`%.80s` cannot be the value of a record of type %u at %s", text,
                       (unsigned)c->type, name);
    ldns_rr_set_class(rr, add || asks ? LDNS_RR_CLASS_IN : LDNS_RR_CLASS_NONE);
    ldns_rr_set_ttl(rr, add && !asks ? c->ttl : 0);
    u->count += !asks;
    return push(u, section, rr);
}

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}

static bool adds(const struct fl_change *c)
{
    for (size_t i = 0; i < c->nafter; i++)
        if (!holds(c->before, c->nbefore, c->after[i].text))
            return true;
    return false;
}

static bool removes(const struct fl_change *c)
{
    for (size_t i = 0; i < c->nbefore; i++)
        if (!holds(c->after, c->nafter, c->before[i].text))
            return true;
    return false;
}

/* An addition gives the whole RRset its TTL. Without one, what is there is taken away and added again: Knot passes over
 * the addition of what is there, whatever its TTL. */
static bool ttl_only(const struct fl_change *c) { return !adds(c) && !removes(c) && c->ttl != c->ttl_before; }

static int put_values(struct update *u, const struct fl_change *c, bool add)
{
    const struct fl_value *from = add ? c->after : c->before, *in = add ? c->before : c->after;
    size_t n = add ? c->nafter : c->nbefore, m = add ? c->nbefore : c->nafter;
    bool all = ttl_only(c);
    int code = FL_OK;
    for (size_t i = 0; i < n && code == FL_OK; i++)
        if (all || !holds(in, m, from[i].text))
            code = put(u, c, from[i].text, LDNS_SECTION_AUTHORITY, add);
    return code;
}

/* Another change of the same name: of an alias, or of what is none. */
static bool beside(const struct update *u, const struct fl_change *c, bool alias)
{
    for (size_t i = 0; i < u->n; i++)
        if (&u->changes[i] != c && (u->changes[i].type == FL_RR_CNAME) == alias &&
            strcmp(u->changes[i].name, c->name) == 0)
            return true;
    return false;
}

bool update_guards(const struct fl_change *c) { return c->name[0] && c->nafter > 0 && adds(c); }

/* Of several changes of one name the first says it. */
static bool said(const struct update *u, const struct fl_change *c)
{
    for (const struct fl_change *e = u->changes; e < c; e++)
        if (e->type != FL_RR_CNAME && update_guards(e) && strcmp(e->name, c->name) == 0)
            return true;
    return false;
}

static int put_guard(struct update *u, const struct fl_change *c)
{
    const char *name = message_name(u->ctx, c->name, u->apex);
    int code = FL_OK;
    if (!update_guards(c))
        return FL_OK;
    if (c->type == FL_RR_CNAME && c->nbefore > 0) {
        for (size_t i = 0; i < c->nbefore && code == FL_OK; i++)
            code = put(u, c, c->before[i].text, LDNS_SECTION_ANSWER, true);
        return code;
    }
    bool alone = c->type == FL_RR_CNAME && !beside(u, c, false);
    if (c->type != FL_RR_CNAME && (said(u, c) || beside(u, c, true)))
        return FL_OK;
    return push(u, LDNS_SECTION_ANSWER,
                wire_empty(name, alone ? (uint32_t)LDNS_RR_TYPE_ANY : FL_RR_CNAME, LDNS_RR_CLASS_NONE));
}

static bool has_alias(const struct update *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->changes[i].type == FL_RR_CNAME)
            return true;
    return false;
}

/* Where there are aliases, all that goes has to go before something comes. */
static int put_all(struct update *u)
{
    bool twice = has_alias(u);
    int code = FL_OK;
    for (size_t i = 0; i < u->n && code == FL_OK; i++) {
        code = put_values(u, &u->changes[i], false);
        if (code == FL_OK && !twice)
            code = put_values(u, &u->changes[i], true);
    }
    for (size_t i = 0; twice && i < u->n && code == FL_OK; i++)
        code = put_values(u, &u->changes[i], true);
    for (size_t i = 0; i < u->n && code == FL_OK; i++)
        code = put_guard(u, &u->changes[i]);
    return code;
}

int message_update(struct fl_ctx *ctx, const char *apex, const struct fl_change *changes, size_t n,
                   uint8_t **message_out, size_t *len_out, size_t *count_out)
{
    cleanup(wire_free_pkt) ldns_pkt *pkt = ldns_pkt_new();
    struct update u = { .ctx = ctx, .pkt = pkt, .apex = apex, .changes = changes, .n = n };
    if (!pkt)
        return FL_ENOMEM;
    ldns_pkt_set_opcode(pkt, LDNS_PACKET_UPDATE);
    if (!wire_question(pkt, apex, LDNS_RR_TYPE_SOA))
        return fl_fail(ctx, FL_EREJECT, "`%.100s` is no name of a zone", apex);
    int code = put_all(&u);
    *count_out = u.count;
    if (code == FL_OK && u.count > 0)
        code = wire_bytes(ctx, pkt, message_out, len_out);
    return code;
}
