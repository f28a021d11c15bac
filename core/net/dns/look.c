/* SPDX-License-Identifier: Apache-2.0 */
/* look.c - the same question to every server of a zone; one message to one server. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/dns/ask.h"
#include "net/dns/message.h"
#include <string.h>

enum { TRIES = 3 };

/* False: no memory. */
static bool take_values(const ldns_pkt *pkt, const char *name, uint16_t type, struct dns_look *look)
{
    const ldns_rr_list *answers = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && look->n < DNS_VALUES_MAX; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answers, i);
        if (!message_is(rr, name, type))
            continue;
        look->values[look->n] = message_value(rr);
        if (!look->values[look->n])
            return false;
        look->ttl = ldns_rr_ttl(rr);
        look->n++;
    }
    return true;
}

static bool judge(const struct ask *a, const char *name, uint16_t type, struct dns_look *look)
{
    look->state = a->state;
    if (a->state != DNS_ANSWERED)
        return true;
    cleanup_(message_freep) ldns_pkt *pkt = message_parse(a->answer, a->answer_len);
    look->state = DNS_LAME;
    look->rcode = a->answer[3] & 15;
    if (!pkt || !ldns_pkt_aa(pkt) ||
        (look->rcode != LDNS_RCODE_NOERROR && look->rcode != LDNS_RCODE_NXDOMAIN))
        return true;
    look->state = DNS_ANSWERED;
    return take_values(pkt, name, type, look);
}

static void asksp(struct ask **p)
{
    if (*p)
        ask_done(*p, DNS_SERVERS_MAX);
    free(*p);
}

int dns_look(const struct dns_servers *servers, const char *name, uint16_t type, unsigned timeout_ms,
             struct dns_look *looks, struct outcome *o)
{
    uint8_t query[DNS_SERVERS_MAX][MESSAGE_QUERY_MAX];
    char plain[DNS_NAME_MAX];
    cleanup_(asksp) struct ask *asks = mem_array(DNS_SERVERS_MAX, sizeof *asks);
    size_t n = servers->n < DNS_SERVERS_MAX ? servers->n : DNS_SERVERS_MAX, len = 0;
    if (!asks)
        return outcome_nomem(o);
    if (!message_plain(name, plain))
        return outcome_fail(o, FL_ECONF, "%s is too long for a domain name", name);
    for (size_t i = 0; i < n; i++) {
        if (!message_query(plain, type, query[i], &len))
            return outcome_fail(o, FL_ECONF, "%s is not a domain name", plain);
        if (!ask_to(&asks[i], servers->at[i].address))
            return outcome_fail(o, FL_ECONF, "%s is not the address of a server", servers->at[i].address);
        asks[i].query = query[i];
        asks[i].len = len;
        asks[i].edns = true;
    }
    unsigned whole_ms = timeout_ms ? timeout_ms : 3000;
    struct ask_rule rule = { .tries = TRIES,
                             .try_ms = whole_ms / TRIES,
                             .deadline_ms = clock_mono_ms() + whole_ms };
    int rc = ask_all(asks, n, &rule, o);
    memset(looks, 0, n * sizeof *looks);
    for (size_t i = 0; rc == FL_OK && i < n; i++)
        if (!judge(&asks[i], plain, type, &looks[i]))
            rc = outcome_nomem(o);
    if (rc != FL_OK)
        dns_looks_done(looks, n);
    return rc;
}

void dns_looks_done(struct dns_look *looks, size_t n)
{
    for (size_t i = 0; looks && i < n; i++) {
        for (size_t k = 0; k < looks[i].n; k++)
            free(looks[i].values[k]);
        looks[i].n = 0;
    }
}

int dns_exchange(const char *server, const void *query, size_t len, bool tcp, unsigned timeout_ms,
                 int64_t deadline_ms, uint8_t **answer_out, size_t *len_out, struct outcome *o)
{
    struct ask a = { .query = query, .len = len, .tcp = tcp };
    struct ask_rule rule = { .tries = TRIES,
                             .try_ms = timeout_ms ? timeout_ms : 3000,
                             .deadline_ms = deadline_ms };
    if (!ask_to(&a, server))
        return outcome_fail(o, FL_ECONF, "%s is not the address of a DNS server", server);
    if (!message_askable(query, len))
        return outcome_fail(o, FL_ECONF, "the %zu bytes for %s are no DNS query", len, server);
    int rc = ask_all(&a, 1, &rule, o);
    if (rc == FL_OK && a.state != DNS_ANSWERED)
        rc = outcome_fail(o, FL_ETEMP, "DNS server %s %s: %s", server,
                          a.state == DNS_NO_ROUTE ? "cannot be reached" : "does not answer",
                          strerror(a.error));
    if (rc != FL_OK) {
        ask_done(&a, 1);
        return rc;
    }
    *answer_out = a.answer;
    *len_out = a.answer_len;
    return outcome_ok(o);
}
