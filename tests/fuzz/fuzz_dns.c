/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dns.c - DNS packets of anything: as answers to a question of ours, and as questions to plugin `self`. */
#include "base/mem.h"
#include "fuzz.h"
#include "net/dns/cut.h"
#include "net/dns/message.h"

#include "plugins/dns/self/query.h"

#include <stdlib.h>
#include <string.h>

static void read_section(const ldns_rr_list *list)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        char owner[DNS_NAME_MAX];
        free(message_value(rr));
        (void)message_name(ldns_rr_owner(rr), owner);
        (void)message_is(rr, "example.org", LDNS_RR_TYPE_TXT);
    }
}

static void read_packet(const ldns_pkt *pkt)
{
    auto_free struct cut *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    read_section(ldns_pkt_answer(pkt));
    read_section(ldns_pkt_authority(pkt));
    read_section(ldns_pkt_additional(pkt));
    cut_take(c, ldns_pkt_answer(pkt), pkt, "example.org", "org", true);
    cut_take(c, ldns_pkt_authority(pkt), pkt, "example.org", "", false);
    if (c->nnames > CUT_NAMES || c->at.n > DNS_SERVERS_MAX)
        abort();
}

static void as_question(const uint8_t *data, size_t size)
{
    struct query q;
    int rcode = -1;

    if (query_parse(data, size, &q, &rcode) && rcode == RCODE_OK && q.name.len == 0)
        abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t query[MESSAGE_QUERY_MAX];
    size_t len = 0;

    if (!message_query("example.org", LDNS_RR_TYPE_TXT, query, &len))
        abort();
    if (size >= 2)
        memcpy(query, data, 2);
    (void)message_answers(query, len, data, size);
    (void)message_askable(data, size);
    ldns_pkt *pkt = message_parse(data, size);
    if (pkt)
        read_packet(pkt);
    ldns_pkt_free(pkt);
    as_question(data, size);
}
