/* SPDX-License-Identifier: Apache-2.0 */
/* parent.c - what the zone above says of a zone: its name servers with their addresses, and whether it is signed. */
#include "base/mem.h"
#include "base/text.h"
#include "net/dns/walk.h"
#include <string.h>

/* How long what was said may be kept: of the name servers, or (RFC 2308 section 5) of there being none. */
static uint32_t lifetime(const ldns_pkt *pkt, const char *apex)
{
    const ldns_rr_list *list = ldns_pkt_authority(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (message_is(rr, apex, LDNS_RR_TYPE_NS))
            return ldns_rr_ttl(rr);
        const ldns_rdf *least = ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ? ldns_rr_rdf(rr, 6) : NULL;
        if (least && ldns_rdf_get_type(least) == LDNS_RDF_TYPE_INT32) {
            uint32_t minimum = ldns_rdf2native_int32(least);
            return minimum < ldns_rr_ttl(rr) ? minimum : ldns_rr_ttl(rr);
        }
    }
    return 0;
}

static size_t count(const ldns_rr_list *list, const char *name, uint16_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        n += message_is(ldns_rr_list_rr(list, i), name, type);
    return n;
}

static int seek_servers(struct walk *w, struct cut *c, struct dns_parent *out)
{
    if (walk_seek(w, c, true, 0) == FL_ENOMEM)
        return outcome_nomem(w->o);
    out->servers = c->at;
    for (size_t i = 0; i < c->nnames && out->n < DNS_NAMES_MAX; i++)
        text_copy(out->names[out->n++], DNS_NAME_MAX, c->names[i].name);
    return FL_OK;
}

/* NS of the zone, asked of the servers of the zone above. */
static int ask_names(struct walk *w, struct cut *above, const char *apex, struct dns_parent *out)
{
    cleanup_(message_freep) ldns_pkt *pkt = NULL;
    auto_free struct cut *c = calloc(1, sizeof *c);
    if (!c)
        return outcome_nomem(w->o);
    int rc = walk_ask(w, above, apex, LDNS_RR_TYPE_NS, 0, &pkt);
    if (rc != FL_OK)
        return rc;
    text_copy(c->at.apex, sizeof c->at.apex, apex);
    out->shared = count(ldns_pkt_answer(pkt), apex, LDNS_RR_TYPE_NS) > 0;
    out->exists = ldns_pkt_get_rcode(pkt) != LDNS_RCODE_NXDOMAIN;
    out->ttl = lifetime(pkt, apex);
    cut_take(c, out->shared ? ldns_pkt_answer(pkt) : ldns_pkt_authority(pkt), pkt, apex, above->at.apex,
             true);
    return c->nnames > 0 ? seek_servers(w, c, out) : FL_OK;
}

static int ask_ds(struct walk *w, struct cut *above, const char *apex, struct dns_parent *out)
{
    cleanup_(message_freep) ldns_pkt *pkt = NULL;
    int rc = walk_ask(w, above, apex, LDNS_RR_TYPE_DS, 0, &pkt);
    if (rc == FL_OK)
        out->ds = count(ldns_pkt_answer(pkt), apex, LDNS_RR_TYPE_DS) > 0;
    return rc;
}

static int ask_above(struct walk *w, const char *apex, struct dns_parent *out)
{
    struct walk_end end;
    const char *dot = strchr(apex, '.');
    int rc = walk_find(w, dot ? dot + 1 : "", 0, &end);
    if (rc != FL_OK)
        return rc;
    text_copy(out->apex, sizeof out->apex, end.cut->at.apex);
    if (*end.missing) {
        text_copy(out->missing, sizeof out->missing, end.missing);
        return FL_OK;
    }
    rc = ask_names(w, end.cut, apex, out);
    return rc == FL_OK && out->n > 0 && !out->shared ? ask_ds(w, end.cut, apex, out) : rc;
}

int dns_parent(const struct dns_roots *roots, const char *apex, struct dns_parent *out, struct outcome *o)
{
    cleanup_(walk_done) struct walk w = { 0 };
    auto_free struct dns_parent *found = calloc(1, sizeof *found);
    char plain[DNS_NAME_MAX];
    if (!found)
        return outcome_nomem(o);
    if (!message_plain(apex, plain) || !*plain)
        return outcome_fail(o, FL_ECONF, "%.80s is not the name of a zone", apex);
    int rc = walk_init(&w, roots, o);
    if (rc == FL_OK)
        rc = ask_above(&w, plain, found);
    if (rc != FL_OK)
        return rc == FL_ENOMEM ? outcome_nomem(o) : rc;
    text_copy(found->servers.apex, sizeof found->servers.apex, plain);
    *out = *found;
    return outcome_ok(o);
}

int dns_hosts(const struct dns_roots *roots, const char *const *names, struct dns_servers *out,
              struct outcome *o)
{
    cleanup_(walk_done) struct walk w = { 0 };
    auto_free struct cut *c = calloc(1, sizeof *c);
    if (!c)
        return outcome_nomem(o);
    int rc = walk_init(&w, roots, o);
    for (; rc == FL_OK && *names && c->nnames < CUT_NAMES; names++)
        if (message_plain(*names, c->names[c->nnames].name))
            c->nnames++;
    if (rc == FL_OK && walk_seek(&w, c, true, 0) == FL_ENOMEM)
        return outcome_nomem(o);
    if (rc != FL_OK)
        return rc;
    *out = c->at;
    return outcome_ok(o);
}
