/* SPDX-License-Identifier: Apache-2.0 */
/* test_rfc2136.c - the plugin `rfc2136`: what it sends, and what it makes of answers. */
#include "rfc2136_server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { NOW = 1795348800 };
static struct server server;
static struct fake *f;
static const struct fl_dns_ops *ops;
static const struct fl_zone zone = { .apex = "example.org" };

static void open_with(int bits)
{
    char key[64];
    snprintf(key, sizeof key, "key=K1.example:hmac-sha%d:c2VjcmV0IG9mIHRlc3Rz", bits);
    const char *const options[] = { "server=192.0.2.1:53", key, NULL };
    server = (struct server){ .key_name = "k1.example", .secret = "secret of tests", .bits = bits };
    f = fake_new(&fl_plugin_entry, options);
    f->arg = &server;
    f->exchange = server_exchange;
    f->now_ms = INT64_C(1000) * NOW;
    ops = fl_plugin_entry.ops.dns;
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
}
static int set_up(void **state)
{
    (void)state;
    open_with(256);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    fake_free(f);
    return 0;
}
static int apply(const struct fl_change *c, size_t n)
{
    const char *receipt = NULL;
    int code = ops->apply(fake_call(f), &zone, c, n, &receipt);
    assert_null(receipt);
    return code;
}
static const struct fl_value one = { .text = "one" }, two = { .text = "two" };
static const struct fl_change add_one = {
    .name = "_acme-challenge", .type = FL_RR_TXT, .ttl = 60, .after = &one, .nafter = 1
};

/* ---- what it sends ------------------------------------------------------------------- */

static void one_update_adds_and_deletes_values_and_no_more(void **state)
{
    const struct fl_value before[] = { one, { .text = "theirs" } }, after[] = { two, { .text = "theirs" } };
    const struct fl_change c[] = {
        { "_acme-challenge", FL_RR_TXT, 60, 60, before, after, 2, 2, NULL },
        { "", FL_RR_TXT, 0, 120, NULL, &one, 0, 1, NULL },
        { "gone", FL_RR_TXT, 60, 60, &two, NULL, 1, 0, NULL },
        { "www", FL_RR_A, 0, 300, NULL, &(struct fl_value){ .text = "192.0.2.7" }, 0, 1, NULL },
        { "alias", FL_RR_CNAME, 0, 300, NULL, &(struct fl_value){ .text = "a.example.net" }, 0, 1, NULL },
    };
    (void)state;
    assert_int_equal(apply(c, 5), FL_OK);
    assert_int_equal(server.requests, 1);
    assert_int_equal(server.verified, 1);
    assert_string_equal(server.zone, "example.org");
    assert_int_equal(server.nseen, 9);
    /* No alias stands there, or nothing at all where an alias is to be. */
    assert_string_equal(server.seen[0], "NONE _acme-challenge.example.org 5 0 ");
    assert_string_equal(server.seen[1], "NONE www.example.org 5 0 ");
    assert_string_equal(server.seen[2], "NONE alias.example.org 255 0 ");
    /* What goes stands before what comes. */
    assert_string_equal(server.seen[3], "NONE _acme-challenge.example.org 16 0 036f6e65");
    assert_string_equal(server.seen[4], "NONE gone.example.org 16 0 0374776f");
    assert_string_equal(server.seen[5], "IN _acme-challenge.example.org 16 60 0374776f");
    assert_string_equal(server.seen[6], "IN example.org 16 120 036f6e65");
    assert_string_equal(server.seen[7], "IN www.example.org 1 300 c0000207");
    assert_true(strncmp(server.seen[8], "IN alias.example.org 5 300 ", 27) == 0);
}

static void all_three_sizes_of_keys_sign(void **state)
{
    (void)state;
    for (int bits = 384; bits <= 512; bits += 128) {
        fake_free(f);
        open_with(bits);
        assert_int_equal(apply(&add_one, 1), FL_OK);
        assert_int_equal(server.verified, 1);
    }
}

static void a_change_that_changes_nothing_sends_nothing(void **state)
{
    const struct fl_change c = { "a", FL_RR_TXT, 60, 60, &one, &one, 1, 1, NULL };
    (void)state;
    assert_int_equal(apply(&c, 1), FL_OK);
    assert_int_equal(server.requests, 0);
}

static void another_ttl_takes_values_away_and_adds_them_again(void **state)
{
    const struct fl_value both[] = { one, two };
    const struct fl_change alone = { "a", FL_RR_TXT, 60, 90, &one, &one, 1, 1, NULL };
    const struct fl_change more = { "a", FL_RR_TXT, 60, 90, &one, both, 1, 2, NULL };
    (void)state;
    assert_int_equal(apply(&alone, 1), FL_OK);
    assert_int_equal(server.nseen, 2);
    assert_string_equal(server.seen[0], "NONE a.example.org 16 0 036f6e65");
    assert_string_equal(server.seen[1], "IN a.example.org 16 90 036f6e65");
    assert_int_equal(apply(&more, 1), FL_OK); /* the addition gives all its TTL */
    assert_int_equal(server.nseen, 2);
    assert_string_equal(server.seen[0], "NONE a.example.org 5 0 ");
    assert_string_equal(server.seen[1], "IN a.example.org 16 90 0374776f");
}

static void texts_are_split_and_unescaped(void **state)
{
    char text[601] = "", line[SERVER_LINE];
    struct fl_value v[] = { { .text = "a\\255\\\\x\\12" }, { .text = "" }, { .text = text } };
    struct fl_change c = { "a", FL_RR_TXT, 0, 60, NULL, v, 0, 2, NULL };
    (void)state;
    assert_int_equal(apply(&c, 1), FL_OK);
    assert_string_equal(server.seen[1], "IN a.example.org 16 60 0861ff5c5c785c3132");
    assert_string_equal(server.seen[2], "IN a.example.org 16 60 00");
    memset(text, 'x', 600);
    c.after = &v[2];
    c.nafter = 1;
    assert_int_equal(apply(&c, 1), FL_OK);
    snprintf(line, sizeof line, "IN a.example.org 16 60 ff7878");
    assert_true(strncmp(server.seen[1], line, strlen(line)) == 0);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    static char long_name[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const struct fl_value bad[] = { { .text = "not an address" }, { .text = "192.0.2.1\n" } };
    struct fl_change c = { "a", FL_RR_A, 0, 60, NULL, &bad[0], 0, 1, NULL };
    static struct fl_change many[400];
    static char names[400][16], text[251];
    static struct fl_value large = { .text = text };
    (void)state;
    assert_int_equal(apply(&c, 1), FL_EREJECT);
    c.after = &bad[1];
    assert_int_equal(apply(&c, 1), FL_EREJECT);
    c = add_one;
    c.name = long_name;
    assert_int_equal(apply(&c, 1), FL_EREJECT);
    memset(text, 'x', 250);
    for (int i = 0; i < 400; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        many[i] = (struct fl_change){ names[i], FL_RR_TXT, 0, 60, NULL, &large, 0, 1, NULL };
    }
    assert_int_equal(apply(many, 400), FL_EREJECT);
    assert_non_null(strstr(fake_outcome(f)->msg, "do not fit into one message"));
    assert_int_equal(server.requests, 0);
    assert_int_equal(apply(many, 200), FL_OK);
    assert_true(server.last_len > 50000);
}

/* ---- what it makes of answers -------------------------------------------------------- */

static void every_rcode_of_an_update_has_its_code_and_says_what_to_do(void **state)
{
    static const struct {
        int rcode, code;
        const char *words;
    } cases[] = {
        { 1, FL_EREJECT, "FORMERR" },
        { 2, FL_ETEMP, "SERVFAIL" },
        { 3, FL_ESTALE, "NXDOMAIN" },
        { 4, FL_ECONF, "NOTIMP" },
        { 5, FL_EREJECT, "grant KEY zonesub TXT" },
        { 6, FL_ESTALE, "YXDOMAIN" },
        { 7, FL_ESTALE, "YXRRSET" },
        { 8, FL_ESTALE, "NXRRSET" },
        { 9, FL_EAUTH, "is not the primary" },
        { 10, FL_EREJECT, "NOTZONE" },
        { 11, FL_EPROTO, "rcode 11" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server.rcode = cases[i].rcode;
        assert_int_equal(apply(&add_one, 1), cases[i].code);
        assert_non_null(strstr(fake_outcome(f)->msg, cases[i].words));
        assert_non_null(strstr(fake_outcome(f)->msg, "192.0.2.1:53"));
    }
}

static void a_key_that_the_server_does_not_take_is_an_error_of_credentials(void **state)
{
    (void)state;
    server.key_name = "other";
    assert_int_equal(apply(&add_one, 1), FL_EAUTH);
    assert_non_null(strstr(fake_outcome(f)->msg, "BADKEY"));
    assert_int_equal(ops->test(fake_call(f)), FL_EAUTH);
    server.key_name = "k1.example";
    server.secret = "another secret";
    assert_int_equal(apply(&add_one, 1), FL_EAUTH);
    assert_non_null(strstr(fake_outcome(f)->msg, "BADSIG"));
    assert_int_equal(ops->test(fake_call(f)), FL_EAUTH);
    server.secret = "secret of tests";
    assert_int_equal(ops->test(fake_call(f)), FL_OK);
}

static void a_clock_that_is_off_is_set_by_the_server_once(void **state)
{
    (void)state;
    server.now_s = NOW + 5000;
    assert_int_equal(apply(&add_one, 1), FL_OK);
    assert_int_equal(server.requests, 2);
    assert_int_not_equal(server.ids[0], server.ids[1]);
    assert_int_equal(apply(&add_one, 1), FL_OK); /* it is remembered */
    assert_int_equal(server.requests, 3);
    f->now_ms += 5000 * 1000; /* our clock was set */
    assert_int_equal(apply(&add_one, 1), FL_OK);
    assert_int_equal(server.requests, 5);
    server.now_s = NOW - 100000; /* a server with an hourglass */
    server.wrong_mac = true;
    assert_int_equal(apply(&add_one, 1), FL_ETEMP);
    assert_non_null(strstr(fake_outcome(f)->msg, "BADTIME"));
    assert_int_equal(server.requests, 6); /* nobody else may set our clock */
}

static void an_answer_that_is_not_the_servers_is_not_taken(void **state)
{
    static const struct {
        bool unsigned_answer, wrong_mac, other_time, malformed;
        int rcode, code;
        const char *words;
    } cases[] = {
        { .unsigned_answer = true, .code = FL_EPROTO, .words = "it is not signed" },
        { .wrong_mac = true, .code = FL_EPROTO, .words = "its signature is wrong" },
        { .other_time = true, .code = FL_EPROTO, .words = "an old one" },
        { .malformed = true, .code = FL_EPROTO, .words = "malformed" },
        { .unsigned_answer = true, .rcode = 5, .code = FL_EAUTH, .words = "before it looked at the key" },
        { .unsigned_answer = true, .rcode = 9, .code = FL_EAUTH, .words = "before it looked at the key" },
        { .unsigned_answer = true, .rcode = 2, .code = FL_ETEMP, .words = "SERVFAIL" },
        { .unsigned_answer = true, .rcode = 4, .code = FL_ECONF, .words = "NOTIMP" },
        { .unsigned_answer = true, .rcode = 1, .code = FL_EPROTO, .words = "FORMERR" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server.unsigned_answer = cases[i].unsigned_answer;
        server.wrong_mac = cases[i].wrong_mac;
        server.other_time = cases[i].other_time;
        server.malformed = cases[i].malformed;
        server.rcode = cases[i].rcode;
        assert_int_equal(apply(&add_one, 1), cases[i].code);
        if (!strstr(fake_outcome(f)->msg, cases[i].words))
            fail_msg("case %zu: %s", i, fake_outcome(f)->msg);
    }
    server.silent = true;
    assert_int_equal(apply(&add_one, 1), FL_ETEMP);
}

/* ---- zones and lists ----------------------------------------------------------------- */

static void a_zone_is_what_the_server_has_with_authority_at_that_very_name(void **state)
{
    struct fl_zone got = { 0 };
    (void)state;
    server.records = "example.org 6 60 mangled-but-present";
    server.rcode = 0;
    server.not_aa = true;
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_EPROTO); /* no SOA is of that form */
    server.records = NULL;
    server.not_aa = false;
    assert_int_equal(ops->zone(fake_call(f), "www.example.org", &got), FL_EREJECT);
    assert_true(server_saw(&server, "? www.example.org 6"));
    server.rcode = 3;
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_EREJECT);
    server.rcode = 5;
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_EREJECT);
    server.unsigned_answer = true; /* as Knot says it of zones that it does not have */
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_EREJECT);
    assert_int_equal(ops->test(fake_call(f)), FL_OK);
    server.rcode = 2;
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_ETEMP);
    server.unsigned_answer = false;
    assert_int_equal(ops->zone(fake_call(f), "example.org", &got), FL_ETEMP);
}

static void a_list_gives_the_values_of_that_name_and_type(void **state)
{
    (void)state;
    server.records = "_acme-challenge.example.org 16 60 one\n_acme-challenge.example.org 16 60 two\n"
                     "other.example.org 16 60 no";
    assert_int_equal(ops->list(fake_call(f), &zone, "_acme-challenge", FL_RR_TXT), FL_OK);
    assert_true(fake_saw(f, "_acme-challenge 16 60 one|two"));
    assert_int_equal(f->nseen, 1);
    server.records = NULL;
    server.rcode = 3;
    fake_forget(f);
    assert_int_equal(ops->list(fake_call(f), &zone, "", FL_RR_TXT), FL_OK);
    assert_int_equal(f->nseen, 0);
    server.rcode = 5;
    assert_int_equal(ops->list(fake_call(f), &zone, "a", FL_RR_TXT), FL_EREJECT);
    assert_int_equal(ops->list(fake_call(f), &zone, NULL, 0), FL_EREJECT);
}

static void it_says_what_it_can(void **state)
{
    struct fl_dns_caps caps;
    (void)state;
    assert_int_equal(ops->caps(fake_call(f), &caps), FL_OK);
    assert_int_equal(caps.flags, FL_CAP_VALUES | FL_CAP_ATOMIC);
    assert_true(caps.max_values >= 500);
    assert_true(caps.max_bytes > 0 && caps.max_bytes < 65536);
}

static void without_memory_it_says_so(void **state)
{
    struct fl_zone got = { 0 };
    (void)state;
    f->starve = true;
    assert_int_not_equal(apply(&add_one, 1), FL_OK);
    assert_true(fake_starved(f));
    assert_int_not_equal(ops->zone(fake_call(f), "example.org", &got), FL_OK);
    assert_int_equal(server.requests, 0);
}

#define T(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_update_adds_and_deletes_values_and_no_more),
        T(all_three_sizes_of_keys_sign),
        T(a_change_that_changes_nothing_sends_nothing),
        T(another_ttl_takes_values_away_and_adds_them_again),
        T(texts_are_split_and_unescaped),
        T(what_cannot_be_sent_is_refused),
        T(every_rcode_of_an_update_has_its_code_and_says_what_to_do),
        T(a_key_that_the_server_does_not_take_is_an_error_of_credentials),
        T(a_clock_that_is_off_is_set_by_the_server_once),
        T(an_answer_that_is_not_the_servers_is_not_taken),
        T(a_zone_is_what_the_server_has_with_authority_at_that_very_name),
        T(a_list_gives_the_values_of_that_name_and_type),
        T(it_says_what_it_can),
        T(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
