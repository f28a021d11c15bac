/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - from a query to its answer. */
#include "answer.h"
#include "query.h"
#include <string.h>

enum {
    TYPE_HINFO = 13,
    TYPE_OPT = 41,
    TYPE_META = 128, /* to 255: questions that are no types of data (RFC 6895 section 3.1) */
    TYPE_ANY = 255,
    CLASS_IN = 1,
    ALIASES = 8,
    OPT_LEN = 11,
    HINFO_TTL = 3600
};
enum { FLAG_QR = 0x8000, FLAG_AA = 0x0400, FLAG_TC = 0x0200, FLAG_RD = 0x0100, FLAG_CD = 0x0010 };
enum { COUNT_AN = 6, COUNT_NS = 8, COUNT_AR = 10 }; /* where they stand in the header */

/* An answer being made. */
struct reply {
    const struct self *self;
    const struct query *q;
    struct wire w;
    int rcode;
    bool authoritative, truncated;
};

static void count(struct wire *w, size_t where)
{
    wire_set16(w, where, (uint16_t)(wire_get16(w->data + where) + 1));
}

static void put_value(struct wire *w, const struct wire_name *owner, const struct zone_set *set,
                      const struct zone_value *v)
{
    wire_put_name(w, owner);
    wire_put16(w, set->type);
    wire_put16(w, CLASS_IN);
    wire_put32(w, set->ttl);
    size_t at = w->len;
    wire_put16(w, 0);
    if (set->type == FL_RR_CNAME || set->type == FL_RR_NS) {
        struct wire_name target;
        zone_target(v, &target);
        wire_put_name(w, &target);
    } else {
        wire_put(w, v->rdata, v->len);
    }
    if (!w->full)
        wire_set16(w, at, (uint16_t)(w->len - at - 2));
}

static void put_set(struct wire *w, size_t where, const struct wire_name *owner, const struct zone_set *set)
{
    for (size_t i = 0; i < set->n && !w->full; i++) {
        put_value(w, owner, set, &set->values[i]);
        if (!w->full)
            count(w, where);
    }
}

/* With what does not exist goes the SOA, whose last number says how long to remember that (RFC 2308). */
static void put_soa(struct wire *w, size_t where, const struct zone *z)
{
    wire_put_name(w, &z->name);
    wire_put16(w, FL_RR_SOA);
    wire_put16(w, CLASS_IN);
    wire_put32(w, z->negative_ttl);
    size_t at = w->len;
    wire_put16(w, 0);
    wire_put_name(w, &z->primary);
    wire_put_name(w, &z->mailbox);
    wire_put32(w, z->serial);
    wire_put32(w, 3600);
    wire_put32(w, 600);
    wire_put32(w, 604800);
    wire_put32(w, z->negative_ttl);
    if (w->full)
        return;
    wire_set16(w, at, (uint16_t)(w->len - at - 2));
    count(w, where);
}

/* RFC 8482 section 4.2: to ANY a record that says nothing. */
static void put_hinfo(struct wire *w, const struct wire_name *owner)
{
    static const uint8_t rdata[] = "\x07RFC8482"; /* and its final zero: an empty second string */
    wire_put_name(w, owner);
    wire_put16(w, TYPE_HINFO);
    wire_put16(w, CLASS_IN);
    wire_put32(w, HINFO_TTL);
    wire_put16(w, sizeof rdata);
    wire_put(w, rdata, sizeof rdata);
    if (!w->full)
        count(w, COUNT_AN);
}

/* Addresses of name servers in our own zones, as far as there is room: nobody depends on them. */
static void put_glue(struct reply *r, const struct zone_set *ns)
{
    static const uint16_t types[] = { FL_RR_A, FL_RR_AAAA };
    for (size_t i = 0; i < 2 * ns->n; i++) {
        struct wire_name name;
        struct wire before = r->w;
        zone_target(&ns->values[i / 2], &name);
        const struct zone *z = self_zone(r->self, &name);
        const struct zone_set *set = z ? zone_set(zone_find(z, &name), types[i % 2]) : NULL;
        uint16_t n = wire_get16(r->w.data + COUNT_AR);
        if (!set)
            continue;
        put_set(&r->w, COUNT_AR, &name, set);
        if (r->w.full) {
            r->w = before;
            wire_set16(&r->w, COUNT_AR, n);
            return;
        }
    }
}

/* What stands at one name. True: a CNAME leads on to *name. */
static bool answer_name(struct reply *r, const struct zone *z, struct wire_name *name)
{
    const struct zone_node *node = zone_find(z, name);
    const struct zone_set *set = zone_set(node, r->q->type), *alias = zone_set(node, FL_RR_CNAME);
    bool apex = wire_same(name, &z->name);
    if (!set && alias) {
        put_set(&r->w, COUNT_AN, name, alias);
        zone_target(&alias->values[0], name);
        return r->q->type != TYPE_ANY;
    }
    if (set)
        put_set(&r->w, COUNT_AN, name, set);
    else if (r->q->type == FL_RR_SOA && apex)
        put_soa(&r->w, COUNT_AN, z);
    else if (r->q->type == TYPE_ANY && node && (node->sets || apex))
        put_hinfo(&r->w, name);
    else
        put_soa(&r->w, COUNT_NS, z);
    if (set && set->type == FL_RR_NS)
        put_glue(r, set);
    if (!node)
        r->rcode = RCODE_NXDOMAIN;
    return false;
}

/* CNAMEs are followed as far as our own zones go (RFC 1034 section 4.3.2). */
static void answer_zone(struct reply *r, const struct zone *z)
{
    struct wire_name name = r->q->name;
    for (int i = 0; z && i < ALIASES && answer_name(r, z, &name); i++)
        z = self_zone(r->self, &name);
}

static void begin(struct reply *r)
{
    struct wire *w = &r->w;
    w->len = 0;
    w->full = false;
    for (int i = 0; i < WIRE_HEADER / 2; i++)
        wire_put16(w, 0);
    if (r->q->asked) {
        w->question = r->q->name;
        wire_set16(w, 4, 1);
        wire_put(w, r->q->asked, r->q->asked_len);
    }
}

static size_t finish(struct reply *r)
{
    const struct query *q = r->q;
    unsigned flags = FLAG_QR | (unsigned)q->opcode << 11 | ((unsigned)r->rcode & 15);
    flags |= r->authoritative ? FLAG_AA : 0;
    flags |= r->truncated ? FLAG_TC : 0;
    flags |= q->rd ? FLAG_RD : 0;
    flags |= q->cd ? FLAG_CD : 0;
    if (q->edns) {
        r->w.max += OPT_LEN; /* kept free for this */
        wire_put8(&r->w, 0);
        wire_put16(&r->w, TYPE_OPT);
        wire_put16(&r->w, ANSWER_UDP_MAX);
        wire_put8(&r->w, (uint8_t)(r->rcode >> 4));
        wire_put8(&r->w, 0);
        wire_put16(&r->w, q->dnssec_ok ? 0x8000 : 0);
        wire_put16(&r->w, 0);
        count(&r->w, COUNT_AR);
    }
    wire_set16(&r->w, 0, q->id);
    wire_set16(&r->w, 2, (uint16_t)flags);
    return r->w.full ? 0 : r->w.len;
}

/* The zone that is asked about, or NULL and the refusal. */
static const struct zone *admit(const struct self *s, const struct query *q, int *rcode)
{
    if (*rcode != RCODE_OK)
        return NULL;
    if (q->type == TYPE_OPT || q->type == 0) {
        *rcode = RCODE_FORMERR;
        return NULL;
    }
    const struct zone *z = q->class == CLASS_IN ? self_zone(s, &q->name) : NULL;
    /* Zone transfers (251, 252) are among these. */
    if (!z || (q->type >= TYPE_META && q->type < TYPE_ANY)) {
        *rcode = RCODE_REFUSED;
        return NULL;
    }
    return z;
}

size_t answer_make(const struct self *s, const uint8_t *data, size_t len, bool tcp, bool slip, uint8_t *out)
{
    struct query q;
    int rcode;
    if (!query_parse(data, len, &q, &rcode))
        return 0;
    size_t max = tcp ? ANSWER_TCP_MAX : q.size < ANSWER_UDP_MAX ? q.size : ANSWER_UDP_MAX;
    struct reply r = { .self = s, .q = &q, .w = { .data = out, .max = max - (q.edns ? OPT_LEN : 0) } };
    const struct zone *z = admit(s, &q, &rcode);
    r.rcode = rcode;
    r.authoritative = z != NULL;
    begin(&r);
    if (z && (tcp || !slip))
        answer_zone(&r, z);
    r.truncated = r.w.full || (z && slip && !tcp);
    if (r.truncated) {
        r.rcode = RCODE_OK;
        if (tcp) { /* more than a message can hold: a chain of huge sets */
            r.rcode = RCODE_SERVFAIL;
            r.truncated = false;
        }
        begin(&r);
    }
    return finish(&r);
}
