/* SPDX-License-Identifier: Apache-2.0 */
/* test_dns_message.c - DNS messages: what fits a question, what is believed, what is malformed. */
#include "base/mem.h"
#include "net/dns/cut.h"
#include "net/dns/message.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void an_update_may_be_answered_without_its_zone_section(void **state)
{
    (void)state;
    uint8_t query[MESSAGE_QUERY_MAX], answer[12];
    size_t len;
    assert_true(message_query("example.test", 6, query, &len));
    memcpy(answer, query, sizeof answer);
    answer[2] |= 0x80;
    memset(answer + 4, 0, 8);
    assert_false(message_answers(query, len, answer, sizeof answer));
    answer[3] = 1;
    assert_true(message_answers(query, len, answer, sizeof answer));
    answer[3] = 0;
    query[2] |= 5 << 3;
    assert_false(message_answers(query, len, answer, sizeof answer));
    answer[2] |= 5 << 3;
    assert_true(message_answers(query, len, answer, sizeof answer));
}

static void suffixes_count_labels_from_the_end(void **state)
{
    (void)state;
    assert_int_equal(cut_labels(""), 0);
    assert_int_equal(cut_labels("test"), 1);
    assert_int_equal(cut_labels("a.b.test"), 3);
    assert_string_equal(cut_suffix("a.b.test", 0), "");
    assert_string_equal(cut_suffix("a.b.test", 1), "test");
    assert_string_equal(cut_suffix("a.b.test", 2), "b.test");
    assert_string_equal(cut_suffix("a.b.test", 3), "a.b.test");
    assert_string_equal(cut_suffix("a.b.test", 9), "a.b.test");
}

static size_t build(uint8_t *out, ldns_pkt_section section, const char *const *texts)
{
    ldns_pkt *pkt = ldns_pkt_new();
    for (; *texts; texts++) {
        ldns_rr *rr = NULL;
        if (strcmp(*texts, "-") == 0) {
            section = LDNS_SECTION_ADDITIONAL;
            continue;
        }
        assert_int_equal(ldns_rr_new_frm_str(&rr, *texts, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_pkt_push_rr(pkt, section, rr);
    }
    uint8_t *wire = NULL;
    size_t len = 0;
    assert_int_equal(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
    memcpy(out, wire, len);
    free(wire);
    ldns_pkt_free(pkt);
    return len;
}

/* A referral with glue of the zone's own and of nobody's. */
static size_t referral(uint8_t *out)
{
    static const char *const texts[] = {
        "example.test. 60 IN NS ns1.example.test.", "example.test. 60 IN NS ns.elsewhere.org.",
        "other.test. 60 IN NS ns3.example.test.",   "-",
        "ns1.example.test. 60 IN A 192.0.2.1",      "ns1.example.test. 60 IN AAAA 2001:db8::1",
        "ns.elsewhere.org. 60 IN A 192.0.2.66",     NULL
    };
    return build(out, LDNS_SECTION_AUTHORITY, texts);
}

static size_t answer(uint8_t *out)
{
    static const char *const texts[] = { "example.test. 60 IN TXT \"one\" \"two\"",
                                         "example.test. 60 IN CNAME else.where.test.",
                                         "example.test. 60 IN SOA a. b. 1 2 3 4 5",
                                         "example.test. 60 IN CAA 0 issue \"ca.test\"",
                                         "-",
                                         "example.test. 60 IN MX 10 mail.example.test.",
                                         NULL };
    return build(out, LDNS_SECTION_ANSWER, texts);
}

static void values_are_written_as_documented(void **state)
{
    (void)state;
    static const char *const want[] = { "onetwo", "else.where.test", "a b 1 2 3 4 5", "0 issue \"ca.test\"" };
    uint8_t wire[1500];
    cleanup_(message_freep) ldns_pkt *pkt = message_parse(wire, answer(wire));
    assert_non_null(pkt);
    for (size_t i = 0; i < 4; i++) {
        auto_free char *value = message_value(ldns_rr_list_rr(ldns_pkt_answer(pkt), i));
        assert_string_equal(value, want[i]);
    }
}

static void glue_is_believed_only_inside_the_zone_that_gives_it(void **state)
{
    (void)state;
    uint8_t wire[1500];
    cleanup_(message_freep) ldns_pkt *pkt = message_parse(wire, referral(wire));
    auto_free struct cut *c = calloc(1, sizeof *c);
    assert_non_null(pkt);
    cut_take(c, ldns_pkt_authority(pkt), pkt, "example.test", "test", true);
    assert_int_equal(c->nnames, 2);
    assert_int_equal(c->at.n, 2);
    assert_string_equal(c->at.at[0].address, "192.0.2.1:53");
    assert_string_equal(c->at.at[1].address, "[2001:db8::1]:53");
    assert_true(c->names[0].sought && !c->names[1].sought);
    cut_take(c, ldns_pkt_authority(pkt), pkt, "example.test", "test", false);
    assert_int_equal(c->nnames, 2);
    assert_true(c->names[0].delegated);
}

static void try_message(const uint8_t *data, size_t len)
{
    /* Exactly sized, so that the sanitizer sees a byte too far. */
    auto_free uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    uint8_t query[MESSAGE_QUERY_MAX];
    size_t qlen;
    message_query("example.test", 16, query, &qlen);
    if (len >= 2)
        memcpy(query, copy, 2);
    message_askable(copy, len);
    message_answers(query, qlen, copy, len);
    if (len > 0)
        message_answers(copy, len, copy, len);
    cleanup_(message_freep) ldns_pkt *pkt = message_parse(copy, len);
    if (!pkt)
        return;
    auto_free struct cut *c = calloc(1, sizeof *c);
    cut_take(c, ldns_pkt_authority(pkt), pkt, "example.test", "", true);
    const ldns_rr_list *const lists[] = { ldns_pkt_answer(pkt), ldns_pkt_authority(pkt),
                                          ldns_pkt_additional(pkt) };
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < ldns_rr_list_rr_count(lists[k]); i++) {
            char name[DNS_NAME_MAX];
            message_name(ldns_rr_owner(ldns_rr_list_rr(lists[k], i)), name);
            free(message_value(ldns_rr_list_rr(lists[k], i)));
        }
}

static void malformed_messages_do_no_harm(void **state)
{
    (void)state;
    uint8_t seeds[2][1500], wire[1600];
    size_t lens[2];
    lens[0] = referral(seeds[0]);
    lens[1] = answer(seeds[1]);
    srandom(20261122);
    for (int round = 0; round < 60000; round++) {
        size_t k = (size_t)round % 2, len = lens[k];
        memcpy(wire, seeds[k], len);
        for (long edits = 1 + random() % 6; edits > 0; edits--) {
            size_t at = (size_t)random() % len;
            switch (random() % 5) {
            case 0: wire[at] = (uint8_t)random(); break;
            case 1: wire[at] ^= (uint8_t)(1 << random() % 8); break;
            case 2: len = at + 1; break;
            case 3: wire[at] = random() % 2 ? 0xff : 0xc0; break;
            default: wire[random() % 12] = (uint8_t)(random() % 4); break;
            }
        }
        try_message(wire, len);
    }
    for (size_t len = 0; len < 60; len++)
        try_message(seeds[0], len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_may_be_answered_without_its_zone_section),
        cmocka_unit_test(suffixes_count_labels_from_the_end),
        cmocka_unit_test(glue_is_believed_only_inside_the_zone_that_gives_it),
        cmocka_unit_test(values_are_written_as_documented),
        cmocka_unit_test(malformed_messages_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
