/* SPDX-License-Identifier: Apache-2.0 */
/* dns.c - from a name to the servers of its zone, and to the end of its aliases. */
#include "net/dns/dns.h"
#include "base/mem.h"
#include "net/dns/walk.h"
#include <string.h>

enum { ALIASES = 8 };

/* The zone's own list of name servers beside the parent's. Its silence is no failure here. */
static int confirm(struct walk *w, struct cut *c)
{
    cleanup_(message_freep) ldns_pkt *pkt = NULL;
    if (c->confirmed)
        return FL_OK;
    c->confirmed = true;
    int rc = walk_ask(w, c, c->at.apex, LDNS_RR_TYPE_NS, 0, &pkt);
    if (rc == FL_OK)
        cut_take(c, ldns_pkt_answer(pkt), pkt, c->at.apex, c->at.apex, false);
    return rc == FL_ENOMEM ? rc : FL_OK;
}

static int walk_to(struct walk *w, const char *name, struct walk_end *end)
{
    int rc = walk_find(w, name, 0, end);
    if (rc == FL_OK && *end->missing && cut_labels(end->denier) <= 1)
        rc = outcome_fail(w->o, FL_EREJECT, "%s does not exist, say the servers of %s", end->missing,
                          *end->denier ? end->denier : "the root");
    if (rc == FL_OK)
        rc = confirm(w, end->cut);
    if (rc == FL_OK)
        rc = walk_seek(w, end->cut, true, 0);
    if (rc == FL_ENOMEM)
        return outcome_nomem(w->o);
    if (rc == FL_OK && end->cut->at.n == 0)
        rc = outcome_fail(w->o, FL_ETEMP, "no address of a name server of %s can be found (%s)",
                          end->cut->at.apex, end->cut->nnames > 0 ? end->cut->names[0].name : "it has none");
    return rc;
}

int dns_walk(const struct dns_roots *roots, const char *name, struct dns_servers *out, struct outcome *o)
{
    cleanup_(walk_done) struct walk w = { 0 };
    char plain[DNS_NAME_MAX];
    struct walk_end end;
    if (!message_plain(name, plain))
        return outcome_fail(o, FL_ECONF, "%.80s... is too long for a domain name", name);
    int rc = walk_init(&w, roots, o);
    if (rc == FL_OK)
        rc = walk_to(&w, plain, &end);
    if (rc != FL_OK)
        return rc;
    *out = end.cut->at;
    memcpy(out->missing, end.missing, sizeof out->missing);
    return outcome_ok(o);
}

/* One step along the aliases: *more_out says whether there was one. */
static int follow(struct walk *w, char name[DNS_NAME_MAX], bool *more_out)
{
    cleanup_(message_freep) ldns_pkt *pkt = NULL;
    char next[DNS_NAME_MAX];
    struct walk_end end;
    int rc = walk_find(w, name, 0, &end);
    if (rc == FL_OK && *end.missing) {
        *more_out = false;
        return FL_OK;
    }
    if (rc == FL_OK)
        rc = walk_ask(w, end.cut, name, LDNS_RR_TYPE_CNAME, 0, &pkt);
    if (rc != FL_OK)
        return rc;
    *more_out = walk_cname(pkt, name, next);
    if (*more_out)
        memcpy(name, next, sizeof next);
    return FL_OK;
}

int dns_chase(const struct dns_roots *roots, const char *name, char out[DNS_NAME_MAX], struct outcome *o)
{
    cleanup_(walk_done) struct walk w = { 0 };
    char at[DNS_NAME_MAX];
    bool more = true;
    if (!message_plain(name, at))
        return outcome_fail(o, FL_ECONF, "%.80s... is too long for a domain name", name);
    int rc = walk_init(&w, roots, o);
    for (int i = 0; rc == FL_OK && more; i++) {
        if (i > ALIASES)
            return outcome_fail(o, FL_EREJECT, "the CNAMEs at %s lead on and on (after %d of them: %s)", name,
                                ALIASES, at);
        rc = follow(&w, at, &more);
    }
    if (rc != FL_OK)
        return rc == FL_ENOMEM ? outcome_nomem(o) : rc;
    memcpy(out, at, sizeof at);
    return outcome_ok(o);
}
