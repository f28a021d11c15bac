/* SPDX-License-Identifier: Apache-2.0 */
/* test_self.c - the plugin `self`: what it answers, what it keeps, what it refuses. */
#include "fake_host.h"
#include "self_ask.h"
#include <fl/plugin.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, TXT = 16, AAAA = 28, DS = 43, AXFR = 252, ANY = 255, CAA = 257 };

static const char *const usual[] = { "serve=example.test,deep.zone.example.test,acme.test",
                                     "listen=127.0.0.1:53", "addresses=192.0.2.53,2001:db8::53",
                                     "hostmaster=dns.team@example.org", NULL };
static const struct fl_dns_ops *ops;

static struct fake *open_with(const char *const *options)
{
    struct fake *f = fake_new(&fl_plugin_entry, options);
    ops = fl_plugin_entry.ops.dns;
    f->now_ms = 1700000000000;
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
    return f;
}

static int set_up(void **state)
{
    *state = open_with(usual);
    return 0;
}

static int tear_down(void **state)
{
    fake_free(*state);
    return 0;
}

/* One RRset of up to three values; none removes it. */
static int put_at(struct fake *f, const char *apex, const char *name, uint32_t type, const char *v1,
                  const char *v2)
{
    struct fl_value after[2] = { { .text = v1 }, { .text = v2 } };
    struct fl_change c = { .name = name, .type = type, .ttl = 60, .after = after };
    const char *receipt = NULL;
    c.nafter = (v1 != NULL) + (v1 && v2);
    return ops->apply(fake_call(f), &(struct fl_zone){ .apex = apex }, &c, 1, &receipt);
}

static void put(struct fake *f, const char *name, uint32_t type, const char *value)
{
    assert_int_equal(put_at(f, "example.test", name, type, value, NULL), FL_OK);
}

static const char *ask(struct fake *f, const char *name, unsigned type)
{
    return self_ask(f, &(struct question){ .name = name, .type = type, .edns = -1 });
}

#define SOA_TEXT "example.test. 10 SOA ns.example.test. dns\\.team.example.org. %u 3600 600 604800 10"
static const char *soa(const char *before, unsigned serial, const char *after)
{
    static char all[500];
    snprintf(all, sizeof all, "%s" SOA_TEXT "%s", before, serial, after);
    return all;
}

/* ---- what is answered ------------------------------------------------------------------ */

static void a_record_is_answered_with_authority(void **state)
{
    struct fake *f = *state;
    assert_int_equal(put_at(f, "example.test", "_acme-challenge", TXT, "one", "two \"quoted\""), FL_OK);
    assert_string_equal(
        ask(f, "_acme-challenge.example.test", TXT),
        "NOERROR aa [_acme-challenge.example.test. 60 TXT \"one\", _acme-challenge.example.test. 60 "
        "TXT \"two \\\"quoted\\\"\"] [] []");
    put(f, "www", A, "192.0.2.1");
    put(f, "www", AAAA, "2001:db8::1");
    assert_string_equal(ask(f, "www.example.test", A), "NOERROR aa [www.example.test. 60 A 192.0.2.1] [] []");
    assert_string_equal(ask(f, "www.example.test", AAAA),
                        "NOERROR aa [www.example.test. 60 AAAA 2001:db8::1] [] []");
}

static void the_case_of_the_question_is_kept(void **state)
{
    struct fake *f = *state;
    put(f, "www", A, "192.0.2.1");
    assert_string_equal(ask(f, "wWw.eXAMple.tEst", A), "NOERROR aa [wWw.eXAMple.tEst. 60 A 192.0.2.1] [] []");
    assert_non_null(
        strstr(ask(f, "NO.eXAMple.tEst", A), "NXDOMAIN aa [] [eXAMple.tEst. 10 SOA ns.eXAMple.tEst."));
}

static void outside_the_zones_it_refuses(void **state)
{
    struct fake *f = *state;
    assert_string_equal(ask(f, "example.org", A), "REFUSED [] [] []");
    assert_string_equal(ask(f, "test", A), "REFUSED [] [] []");
    assert_string_equal(ask(f, "", NS), "REFUSED [] [] []");
    assert_string_equal(ask(f, "badexample.test", A), "REFUSED [] [] []");
    assert_string_equal(
        self_ask(f, &(struct question){ .name = "example.test", .type = TXT, .class = 3, .edns = -1 }),
        "REFUSED [] [] []");
}

static void types_that_are_not_there_are_nodata(void **state)
{
    struct fake *f = *state;
    put(f, "www", A, "192.0.2.1");
    char want[500];
    snprintf(want, sizeof want, "%s", soa("NOERROR aa [] [", 1700000001, "] []"));
    static const unsigned types[] = { AAAA, TXT, CAA, DS, NS, SOA, CNAME, 65280, 64, 65 };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_string_equal(ask(f, "www.example.test", types[i]), want);
    assert_string_equal(ask(f, "example.test", CAA), want);
}

static void names_between_are_there_and_names_below_are_not(void **state)
{
    struct fake *f = *state;
    put(f, "a.b.c", TXT, "x");
    char nodata[500], none[500];
    snprintf(nodata, sizeof nodata, "%s", soa("NOERROR aa [] [", 1700000001, "] []"));
    snprintf(none, sizeof none, "%s", soa("NXDOMAIN aa [] [", 1700000001, "] []"));
    assert_string_equal(ask(f, "b.c.example.test", TXT), nodata);
    assert_string_equal(ask(f, "c.example.test", A), nodata);
    assert_string_equal(ask(f, "d.c.example.test", A), none);
    assert_string_equal(ask(f, "x.a.b.c.example.test", TXT), none);
    put(f, "z.b.c", TXT, "y");
    put(f, "a.b.c", TXT, NULL);
    assert_non_null(strstr(ask(f, "b.c.example.test", A), "NOERROR aa []"));
    assert_non_null(strstr(ask(f, "a.b.c.example.test", A), "NXDOMAIN aa []"));
    put(f, "z.b.c", TXT, NULL);
    assert_non_null(strstr(ask(f, "c.example.test", A), "NXDOMAIN aa []"));
}

static void the_apex_has_soa_and_name_servers_with_addresses(void **state)
{
    struct fake *f = *state;
    assert_string_equal(ask(f, "example.test", SOA), soa("NOERROR aa [", 1700000000, "] [] []"));
    assert_string_equal(
        ask(f, "example.test", NS),
        "NOERROR aa [example.test. 3600 NS ns.example.test.] [] [ns.example.test. 3600 A 192.0.2.53, "
        "ns.example.test. 3600 AAAA 2001:db8::53]");
    assert_string_equal(ask(f, "ns.acme.test", A), "NOERROR aa [ns.acme.test. 3600 A 192.0.2.53] [] []");
    assert_non_null(strstr(ask(f, "acme.test", SOA), "SOA ns.acme.test. dns\\.team.example.org."));
}

static void a_zone_inside_another_is_known_to_both(void **state)
{
    struct fake *f = *state;
    assert_non_null(strstr(ask(f, "zone.example.test", A), "NOERROR aa [] [example.test. 10 SOA"));
    assert_non_null(
        strstr(ask(f, "deep.zone.example.test", SOA), "NOERROR aa [deep.zone.example.test. 10 SOA"));
    assert_non_null(
        strstr(ask(f, "no.deep.zone.example.test", A), "NXDOMAIN aa [] [deep.zone.example.test. 10 SOA"));
    assert_int_equal(put_at(f, "example.test", "x.deep.zone", TXT, "v", NULL), FL_EREJECT);
    assert_int_equal(put_at(f, "deep.zone.example.test", "x", TXT, "v", NULL), FL_OK);
    assert_non_null(strstr(ask(f, "x.deep.zone.example.test", TXT), "60 TXT \"v\""));
}

static void aliases_are_followed_inside_its_zones(void **state)
{
    struct fake *f = *state;
    put(f, "www", CNAME, "host.acme.test.");
    assert_non_null(strstr(ask(f, "www.example.test", A),
                           "NXDOMAIN aa [www.example.test. 60 CNAME host.acme.test.] [acme.test. 10 SOA"));
    assert_int_equal(put_at(f, "acme.test", "host", A, "192.0.2.7", NULL), FL_OK);
    assert_string_equal(
        ask(f, "www.example.test", A),
        "NOERROR aa [www.example.test. 60 CNAME host.acme.test., host.acme.test. 60 A 192.0.2.7] [] []");
    assert_string_equal(ask(f, "www.example.test", CNAME),
                        "NOERROR aa [www.example.test. 60 CNAME host.acme.test.] [] []");
    put(f, "out", CNAME, "elsewhere.example.org");
    assert_string_equal(ask(f, "out.example.test", TXT),
                        "NOERROR aa [out.example.test. 60 CNAME elsewhere.example.org.] [] []");
    put(f, "l1", CNAME, "l2.example.test");
    put(f, "l2", CNAME, "l1.example.test");
    assert_non_null(
        strstr(ask(f, "l1.example.test", A), "NOERROR aa [l1.example.test. 60 CNAME l2.example.test."));
}

static void any_gets_a_record_that_says_nothing(void **state)
{
    struct fake *f = *state;
    put(f, "www", A, "192.0.2.1");
    put(f, "x.ent", A, "192.0.2.1");
    put(f, "alias", CNAME, "www.example.test");
    assert_string_equal(ask(f, "www.example.test", ANY),
                        "NOERROR aa [www.example.test. 3600 HINFO \"RFC8482\" \"\"] [] []");
    assert_string_equal(ask(f, "example.test", ANY),
                        "NOERROR aa [example.test. 3600 HINFO \"RFC8482\" \"\"] [] []");
    assert_non_null(strstr(ask(f, "ent.example.test", ANY), "NOERROR aa [] [example.test. 10 SOA"));
    assert_non_null(strstr(ask(f, "no.example.test", ANY), "NXDOMAIN aa [] [example.test. 10 SOA"));
    assert_string_equal(ask(f, "alias.example.test", ANY),
                        "NOERROR aa [alias.example.test. 60 CNAME www.example.test.] [] []");
}

static void transfers_and_other_questions_about_questions_are_refused(void **state)
{
    struct fake *f = *state;
    static const unsigned types[] = { AXFR, 251, 253, 254, 249, 250, 128 };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct question q = { .name = "example.test", .type = types[i], .edns = -1 };
        assert_string_equal(self_ask(f, &q), "REFUSED [] [] []");
        q.tcp = true;
        assert_string_equal(self_ask(f, &q), "REFUSED [] [] []");
    }
    assert_string_equal(ask(f, "example.test", 41), "FORMERR [] [] []");
}

static void other_opcodes_are_not_implemented(void **state)
{
    struct fake *f = *state;
    for (unsigned opcode = 1; opcode < 16; opcode++)
        assert_string_equal(
            self_ask(f,
                     &(struct question){ .name = "example.test", .type = SOA, .opcode = opcode, .edns = -1 }),
            "NOTIMPL [] [] []");
}

/* ---- EDNS and sizes --------------------------------------------------------------------- */

static void edns_is_answered_with_edns(void **state)
{
    struct fake *f = *state;
    put(f, "www", A, "192.0.2.1");
    struct question q = { .name = "www.example.test", .type = A, .dnssec_ok = true, .recursion = true };
    assert_string_equal(self_ask(f, &q),
                        "NOERROR aa rd edns 1232 do [www.example.test. 60 A 192.0.2.1] [] []");
    q.name = "elsewhere.test";
    assert_string_equal(self_ask(f, &q), "REFUSED rd edns 1232 do [] [] []");
    q.version = 1;
    q.name = "www.example.test";
    assert_string_equal(self_ask(f, &q), "NOERROR rd edns 1232 do extended 1 [] [] []");
}

static void what_does_not_fit_is_truncated_and_comes_by_tcp(void **state)
{
    struct fake *f = *state;
    static char big[200];
    struct fl_value values[8];
    memset(big, 'x', sizeof big - 1);
    for (size_t i = 0; i < 8; i++)
        values[i].text = big + i;
    struct fl_change c = { .name = "big", .type = TXT, .ttl = 60, .after = values };
    static const struct {
        size_t n;
        int edns;
        bool fits;
    } table[] = { { 2, -1, true },    { 3, -1, false },  { 3, 512, false },
                  { 3, 100, false },  { 5, 1232, true }, { 6, 1232, false },
                  { 6, 4096, false }, { 4, 1000, true }, { 5, 1000, false } };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        c.nafter = table[i].n;
        assert_int_equal(ops->apply(fake_call(f), &(struct fl_zone){ .apex = "example.test" }, &c, 1,
                                    &(const char *){ NULL }),
                         FL_OK);
        struct question q = { .name = "big.example.test", .type = TXT, .edns = table[i].edns };
        const char *got = self_ask(f, &q);
        if (table[i].fits)
            assert_non_null(strstr(got, "NOERROR aa"));
        else
            assert_non_null(strstr(got, "NOERROR aa tc"));
        assert_in_range(self_answer_len(), 12,
                        table[i].edns < 512    ? 512
                        : table[i].edns < 1232 ? table[i].edns
                                               : 1232);
        if (!table[i].fits)
            assert_non_null(strstr(got, "[] [] []"));
        q.tcp = true;
        assert_null(strstr(self_ask(f, &q), " tc"));
        assert_non_null(strstr(self_ask(f, &q), "TXT \"xxx"));
    }
}

static void long_texts_are_split_into_strings(void **state)
{
    struct fake *f = *state;
    static char text[601];
    memset(text, 'y', 600);
    put(f, "long", TXT, text);
    struct question q = { .name = "long.example.test", .type = TXT };
    const char *got = self_ask(f, &q);
    assert_non_null(strstr(got, "\" \""));
    assert_int_equal(strspn(strchr(got, '"') + 1, "y"), 255);
    put(f, "empty", TXT, "");
    assert_string_equal(ask(f, "empty.example.test", TXT),
                        "NOERROR aa [empty.example.test. 60 TXT \"\"] [] []");
}

/* ---- streams, rates ------------------------------------------------------------------- */

static void a_connection_carries_many_queries(void **state)
{
    struct fake *f = *state;
    uint8_t data[1100];
    size_t n = 0, used;
    struct fl_bytes out;
    struct fl_from from = { .address = "192.0.2.1", .port = 1 };
    put(f, "www", A, "192.0.2.1");
    for (int i = 0; i < 2; i++) {
        size_t len =
            self_query(&(struct question){ .name = "www.example.test", .type = A, .edns = -1 }, data + n + 2);
        data[n] = 0;
        data[n + 1] = (uint8_t)len;
        n += 2 + len;
    }
    for (size_t part = 0; part < n / 2; part++) {
        assert_int_equal(fake_stream(f, 1, &from, data, part, &used, &out), FL_OK);
        assert_int_equal(used, 0);
        assert_int_equal(out.len, 0);
    }
    assert_int_equal(fake_stream(f, 1, &from, data, n, &used, &out), FL_OK);
    assert_int_equal(used, n / 2);
    assert_int_equal(((const uint8_t *)out.data)[1], out.len - 2);
    assert_int_equal(fake_stream(f, 1, &from, "\0\0", 2, &used, &out), FL_EPROTO);
}

static void over_the_limit_answers_slip_and_none_is_lost(void **state)
{
    (void)state;
    static const char *const options[] = { "serve=example.test", "listen=127.0.0.1:53", "answers=5", NULL };
    struct fake *f = open_with(options);
    put(f, "www", A, "192.0.2.1");
    struct question q = { .name = "www.example.test", .type = A, .edns = -1 };
    int full = 0, slipped = 0;
    for (int i = 0; i < 50; i++) {
        const char *got = self_ask(f, &q);
        full += strstr(got, "192.0.2.1") != NULL;
        slipped += strcmp(got, "NOERROR aa tc [] [] []") == 0;
    }
    assert_int_equal(full, 5);
    assert_int_equal(slipped, 45);
    q.from = "192.0.2.200"; /* the same network */
    assert_string_equal(self_ask(f, &q), "NOERROR aa tc [] [] []");
    q.tcp = true;
    assert_non_null(strstr(self_ask(f, &q), "60 A 192.0.2.1"));
    q.tcp = false;
    q.from = "198.51.100.1";
    assert_non_null(strstr(self_ask(f, &q), "60 A 192.0.2.1"));
    q.from = "2001:db8:1:200::1";
    assert_non_null(strstr(self_ask(f, &q), "60 A 192.0.2.1"));
    q.from = NULL;
    f->now_ms += 200; /* a fifth of a second is worth one */
    assert_non_null(strstr(self_ask(f, &q), "60 A 192.0.2.1"));
    assert_string_equal(self_ask(f, &q), "NOERROR aa tc [] [] []");
    f->now_ms -= 3600000; /* a clock that is set back shuts nobody out */
    assert_non_null(strstr(self_ask(f, &q), "60 A 192.0.2.1"));
    fake_free(f);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_answered_with_authority),
        TEST(the_case_of_the_question_is_kept),
        TEST(outside_the_zones_it_refuses),
        TEST(types_that_are_not_there_are_nodata),
        TEST(names_between_are_there_and_names_below_are_not),
        TEST(the_apex_has_soa_and_name_servers_with_addresses),
        TEST(a_zone_inside_another_is_known_to_both),
        TEST(aliases_are_followed_inside_its_zones),
        TEST(any_gets_a_record_that_says_nothing),
        TEST(transfers_and_other_questions_about_questions_are_refused),
        TEST(other_opcodes_are_not_implemented),
        TEST(edns_is_answered_with_edns),
        TEST(what_does_not_fit_is_truncated_and_comes_by_tcp),
        TEST(long_texts_are_split_into_strings),
        TEST(a_connection_carries_many_queries),
        cmocka_unit_test(over_the_limit_answers_slip_and_none_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
