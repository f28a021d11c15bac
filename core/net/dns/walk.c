/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - one way down from the root, with what was learned on it. */
#include "net/dns/walk.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/dns/ask.h"
#include "net/dns/hints.h"
#include <string.h>
#include <sys/random.h>

enum { TIMEOUT_MS = 2000, GROUP = 3 };

static struct cut *remember(struct walk *w, const char *apex)
{
    struct cut *c = w->n < WALK_ZONES ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    text_copy(c->at.apex, sizeof c->at.apex, apex);
    w->zones[w->n++] = c;
    return c;
}

/* The deepest zone that is known so far. */
static struct cut *nearest(struct walk *w, const char *name)
{
    struct cut *best = w->zones[0];
    for (size_t i = 1; i < w->n; i++)
        if (text_below(name, w->zones[i]->at.apex) && strlen(w->zones[i]->at.apex) > strlen(best->at.apex))
            best = w->zones[i];
    return best;
}

int walk_init(struct walk *w, const struct dns_roots *roots, struct outcome *o)
{
    const char *const *at = roots && roots->addresses && *roots->addresses ? roots->addresses : hints_root;
    memset(w, 0, sizeof *w);
    w->o = o;
    w->timeout_ms = roots && roots->timeout_ms ? roots->timeout_ms : TIMEOUT_MS;
    w->deadline_ms = clock_mono_ms() + 10 * (int64_t)w->timeout_ms;
    struct cut *root = remember(w, "");
    if (!root)
        return outcome_nomem(o);
    root->confirmed = true;
    for (; *at; at++) {
        struct ask probe;
        if (!ask_to(&probe, *at))
            return outcome_fail(o, FL_ECONF, "%s in `roots` is not the address of a DNS server", *at);
        cut_add(root, *at, &(struct cut_name){ .delegated = true });
    }
    return FL_OK;
}

void walk_done(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->zones[i]);
    w->n = 0;
}

/* Owner of the NS records of a referral to a zone below `apex` that `name` is in. */
static bool referral(const ldns_pkt *pkt, const char *apex, const char *name, char out[DNS_NAME_MAX])
{
    const ldns_rr_list *list = ldns_pkt_authority(pkt);
    char owner[DNS_NAME_MAX];
    if (ldns_pkt_get_rcode(pkt) != LDNS_RCODE_NOERROR || ldns_pkt_ancount(pkt) > 0)
        return false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS || !message_name(ldns_rr_owner(rr), owner) ||
            !message_is(rr, owner, LDNS_RR_TYPE_NS) || strcmp(owner, apex) == 0 || !text_below(owner, apex) ||
            !text_below(name, owner))
            continue;
        memcpy(out, owner, sizeof owner);
        return true;
    }
    return false;
}

/* What walk_ask() waits for. */
struct want {
    const char *apex, *name;
    ldns_pkt *pkt;
};

static bool helps(void *arg, const struct ask *a)
{
    struct want *want = arg;
    char owner[DNS_NAME_MAX];
    ldns_pkt *pkt = message_parse(a->answer, a->answer_len);
    if (!pkt)
        return false;
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(pkt);
    if ((ldns_pkt_aa(pkt) && (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN)) ||
        referral(pkt, want->apex, want->name, owner)) {
        want->pkt = pkt;
        return true;
    }
    ldns_pkt_free(pkt);
    return false;
}

static int ask_group(struct walk *w, const struct dns_server *const *to, size_t n, uint16_t type,
                     struct want *want)
{
    uint8_t query[GROUP][MESSAGE_QUERY_MAX];
    struct ask asks[GROUP] = { { .edns = true }, { .edns = true }, { .edns = true } };
    struct ask_rule rule = { .tries = 2,
                             .try_ms = w->timeout_ms / 2,
                             .deadline_ms = clock_mono_ms() + w->timeout_ms,
                             .enough = helps,
                             .arg = want };
    for (size_t i = 0; i < n; i++) {
        if (!message_query(want->name, type, query[i], &asks[i].len))
            return outcome_fail(w->o, FL_ECONF, "%s is not a domain name", want->name);
        if (!ask_to(&asks[i], to[i]->address))
            return outcome_fail(w->o, FL_ECONF, "%s is not the address of a server", to[i]->address);
        asks[i].query = query[i];
    }
    w->rounds++;
    int rc = ask_all(asks, n, &rule, w->o);
    ask_done(asks, n);
    return want->pkt ? FL_OK : rc;
}

static int nobody(struct walk *w, const struct cut *c, const char *name)
{
    cleanup_(buf_done) struct buf who = BUF(400);
    for (size_t i = 0; i < c->at.n && i < 4; i++)
        buf_addf(&who, "%s%s", i > 0 ? ", " : "", c->at.at[i].address);
    if (c->at.n == 0)
        return outcome_fail(w->o, FL_ETEMP, "the name servers of %s (%s, ...) have no addresses", c->at.apex,
                            c->nnames > 0 ? c->names[0].name : "none known");
    return outcome_fail(w->o, FL_ETEMP,
                        "asked about %s, none of the %zu servers of %s gives an answer (%s%s)",
                        *name ? name : "the root", c->at.n, *c->at.apex ? c->at.apex : "the root",
                        buf_text(&who), c->at.n > 4 ? ", ..." : "");
}

/* Servers from number `from` on, in random order, so that no server is always the first. */
static size_t shuffled(const struct cut *c, size_t from, const struct dns_server *out[DNS_SERVERS_MAX])
{
    uint32_t dice[DNS_SERVERS_MAX] = { 0 };
    size_t n = 0;
    (void)!getrandom(dice, sizeof dice, 0);
    for (size_t i = from; i < c->at.n; i++) {
        size_t k = dice[n] % (n + 1);
        out[n] = out[k];
        out[k] = &c->at.at[i];
        n++;
    }
    return n;
}

int walk_ask(struct walk *w, struct cut *c, const char *name, uint16_t type, unsigned depth, ldns_pkt **out)
{
    struct want want = { .apex = c->at.apex, .name = name };
    size_t from = 0;
    for (int more = 0; more < 2; more++) {
        const struct dns_server *to[DNS_SERVERS_MAX];
        /* Those with known addresses first; the others only when none of these helps. */
        int rc = more || c->at.n == 0 ? walk_seek(w, c, more, depth) : FL_OK;
        size_t n = shuffled(c, from, to);
        for (size_t i = 0; i < n && rc == FL_OK && !want.pkt; i += GROUP) {
            if (w->rounds >= WALK_ROUNDS || clock_mono_ms() >= w->deadline_ms)
                return outcome_fail(w->o, FL_ETEMP, "gave up on the way to %s after %u questions", name,
                                    w->rounds);
            rc = ask_group(w, to + i, n - i < GROUP ? n - i : GROUP, type, &want);
        }
        if (rc != FL_OK)
            return rc;
        if (want.pkt) {
            *out = want.pkt;
            return FL_OK;
        }
        from = c->at.n;
    }
    return nobody(w, c, name);
}

bool walk_cname(const ldns_pkt *pkt, const char *name, char out[DNS_NAME_MAX])
{
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        if (message_is(ldns_rr_list_rr(list, i), name, LDNS_RR_TYPE_CNAME))
            return message_name(ldns_rr_rdf(ldns_rr_list_rr(list, i), 0), out);
    return false;
}

static bool has_ns(const ldns_pkt *pkt, const char *name)
{
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        if (message_is(ldns_rr_list_rr(list, i), name, LDNS_RR_TYPE_NS))
            return true;
    return false;
}

/* Goes from out->cut to the next name, `name` having one label more (or more than one), by what the
 * answer says. NULL in *next_out: there is no cut. */
static int step_down(struct walk *w, struct cut *from, const ldns_pkt *pkt, const char *name,
                     struct cut **next_out)
{
    char owner[DNS_NAME_MAX];
    bool below = referral(pkt, from->at.apex, name, owner);
    *next_out = NULL;
    if (!below && !has_ns(pkt, name))
        return FL_OK;
    struct cut *c = remember(w, below ? owner : name);
    if (!c)
        return outcome_fail(w->o, w->n == WALK_ZONES ? FL_ETEMP : FL_ENOMEM,
                            "too many zones on the way to %s", name);
    if (below)
        cut_take(c, ldns_pkt_authority(pkt), pkt, owner, from->at.apex, true);
    else /* the same server holds both zones, so the delegation does not show */
        cut_take(c, ldns_pkt_answer(pkt), pkt, name, from->at.apex, true);
    c->confirmed = !below;
    *next_out = c;
    return FL_OK;
}

int walk_find(struct walk *w, const char *name, unsigned depth, struct walk_end *out)
{
    struct walk_end end = { .cut = nearest(w, name) };
    size_t all = cut_labels(name), at = cut_labels(end.cut->at.apex);
    while (at < all) {
        cleanup_(message_freep) ldns_pkt *pkt = NULL;
        const char *q = cut_suffix(name, at + 1);
        char alias[DNS_NAME_MAX];
        struct cut *next;
        int rc = walk_ask(w, end.cut, q, LDNS_RR_TYPE_NS, depth, &pkt);
        if (rc == FL_OK)
            rc = step_down(w, end.cut, pkt, q, &next);
        if (rc != FL_OK)
            return rc;
        at++;
        if (next) {
            end = (struct walk_end){ .cut = next };
            at = cut_labels(next->at.apex);
        } else if (ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN && !walk_cname(pkt, q, alias)) {
            if (!*end.missing) {
                text_copy(end.missing, sizeof end.missing, q);
                end.denier = end.cut->at.apex;
            }
            /* Some servers deny a name that has only names below it: ask once for the whole. */
            at = at < all ? all - 1 : all;
        } else {
            end.missing[0] = '\0';
        }
    }
    *out = end;
    return FL_OK;
}

static void add_addresses(struct cut *c, const struct cut_name *of, const ldns_pkt *pkt, const char *name,
                          uint16_t type)
{
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        if (!message_is(ldns_rr_list_rr(list, i), name, type))
            continue;
        auto_free char *text = message_value(ldns_rr_list_rr(list, i));
        char address[64];
        if (!text)
            continue;
        snprintf(address, sizeof address, type == LDNS_RR_TYPE_A ? "%s:53" : "[%s]:53", text);
        cut_add(c, address, of);
    }
}

/* The addresses of one name server, by a walk of its own. */
static int seek_one(struct walk *w, struct cut *c, const struct cut_name *of, unsigned depth)
{
    static const uint16_t types[] = { LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA };
    char name[DNS_NAME_MAX], alias[DNS_NAME_MAX];
    struct walk_end end;
    text_copy(name, sizeof name, of->name);
    for (int i = 0; i <= WALK_CNAMES; i++) {
        int rc = walk_find(w, name, depth, &end);
        if (rc != FL_OK || *end.missing)
            return rc;
        *alias = '\0';
        for (size_t t = 0; t < 2 && !*alias; t++) {
            cleanup_(message_freep) ldns_pkt *pkt = NULL;
            rc = walk_ask(w, end.cut, name, types[t], depth, &pkt);
            if (rc != FL_OK)
                return rc;
            if (!walk_cname(pkt, name, alias))
                add_addresses(c, of, pkt, name, types[t]);
        }
        if (!*alias)
            return FL_OK;
        text_copy(name, sizeof name, alias);
    }
    return FL_OK;
}

int walk_seek(struct walk *w, struct cut *c, bool all, unsigned depth)
{
    for (size_t i = 0; i < c->nnames; i++) {
        if (c->names[i].sought || depth >= WALK_DEPTH)
            continue;
        if (!all && c->at.n > 0)
            break;
        c->names[i].sought = true; /* before: its way may lead through this very zone */
        if (seek_one(w, c, &c->names[i], depth + 1) == FL_ENOMEM)
            return FL_ENOMEM;
    }
    return FL_OK;
}
