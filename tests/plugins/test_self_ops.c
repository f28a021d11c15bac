/* SPDX-License-Identifier: Apache-2.0 */
/* test_self_ops.c - the plugin `self` as the core sees it, and hostile packets. */
#include "fake_host.h"
#include "self_ask.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { A = 1, CNAME = 5, TXT = 16 };
static const struct fl_zone example = { .apex = "example.test" };
static const struct fl_dns_ops *ops;

static int set_up(void **state)
{
    static const char *const options[] = { "serve=example.test,acme.test", "listen=127.0.0.1:0,192.0.2.7:53",
                                           "name_servers=NS1.example.test,ns.elsewhere.org", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    ops = fl_plugin_entry.ops.dns;
    assert_int_equal(fake_check(f), FL_OK);
    assert_int_equal(fake_open(f), FL_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fake_free(*state);
    return 0;
}

static int apply(struct fake *f, const struct fl_change *changes, size_t n)
{
    const char *receipt = NULL;
    int rc = ops->apply(fake_call(f), &example, changes, n, &receipt);
    assert_null(receipt);
    return rc;
}

static struct fl_change change(const char *name, uint32_t type, const struct fl_value *value)
{
    return (
        struct fl_change){ .name = name, .type = type, .ttl = 60, .after = value, .nafter = value ? 1 : 0 };
}

static void it_listens_by_both_ways_on_every_address(void **state)
{
    struct fake *f = *state;
    static const char *const want[] = { "127.0.0.1:0", "127.0.0.1:5353", "192.0.2.7:53", "192.0.2.7:53" };
    assert_int_equal(f->nlisteners, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(f->listeners[i].address, want[i]);
        assert_true(i % 2 ? f->listeners[i].spec.on_stream != NULL
                          : f->listeners[i].spec.on_datagram != NULL);
    }
}

static void zones_are_those_that_it_serves(void **state)
{
    struct fake *f = *state;
    struct fl_zone z;
    assert_int_equal(ops->zones(fake_call(f)), FL_OK);
    assert_int_equal(f->nseen, 2);
    assert_true(fake_saw(f, "example.test - ns1.example.test,ns.elsewhere.org"));
    assert_true(fake_saw(f, "acme.test - ns1.example.test,ns.elsewhere.org"));
    assert_int_equal(ops->zone(fake_call(f), "acme.test", &z), FL_OK);
    assert_string_equal(z.apex, "acme.test");
    assert_string_equal(z.name_servers[1], "ns.elsewhere.org");
    assert_int_equal(ops->zone(fake_call(f), "x.acme.test", &z), FL_EREJECT);
    assert_non_null(strstr(fake_outcome(f)->msg, "x.acme.test"));
}

static void caps_say_what_it_is(void **state)
{
    struct fake *f = *state;
    struct fl_dns_caps caps;
    assert_int_equal(ops->caps(fake_call(f), &caps), FL_OK);
    assert_int_equal(caps.flags, FL_CAP_ATOMIC | FL_CAP_INSTANT | FL_CAP_LIST_ALL);
}

static void list_gives_what_was_written(void **state)
{
    struct fake *f = *state;
    const struct fl_value one[] = { { .text = "one" }, { .text = "two" } }, addr = { .text = "192.0.2.1" };
    struct fl_change c[] = { change("_acme-challenge.www", TXT, one), change("", A, &addr) };
    c[0].nafter = 2;
    assert_int_equal(apply(f, c, 2), FL_OK);
    assert_int_equal(ops->list(fake_call(f), &example, "_acme-challenge.www", TXT), FL_OK);
    assert_int_equal(f->nseen, 1);
    assert_true(fake_saw(f, "_acme-challenge.www 16 60 one|two"));
    fake_forget(f);
    assert_int_equal(ops->list(fake_call(f), &example, "www", TXT), FL_OK);
    assert_int_equal(ops->list(fake_call(f), &example, "nothing", A), FL_OK);
    assert_int_equal(f->nseen, 0);
    assert_int_equal(ops->list(fake_call(f), &example, NULL, 0), FL_OK);
    assert_true(fake_saw(f, "@ 1 60 192.0.2.1"));
    assert_true(fake_saw(f, "@ 2 3600 ns1.example.test|ns.elsewhere.org"));
    assert_true(fake_saw(f, "ns1 1 3600 127.0.0.1|192.0.2.7"));
    assert_int_equal(f->nseen, 4);
    assert_int_equal(ops->list(fake_call(f), &(struct fl_zone){ .apex = "other.test" }, "x", A), FL_EREJECT);
}

static void a_batch_is_repeatable_and_removes(void **state)
{
    struct fake *f = *state;
    const struct fl_value v = { .text = "v" };
    struct fl_change c[] = { change("x", TXT, &v), change("y", TXT, NULL) };
    for (int i = 0; i < 3; i++)
        assert_int_equal(apply(f, c, 2), FL_OK);
    c[0] = change("x", TXT, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(apply(f, c, 2), FL_OK);
    ops->list(fake_call(f), &example, "x", TXT);
    assert_int_equal(f->nseen, 0);
}

static void a_refused_change_leaves_the_zone_as_it_was(void **state)
{
    struct fake *f = *state;
    const struct fl_value good = { .text = "192.0.2.1" }, bad = { .text = "not an address" },
                          to = { .text = "www.example.test" };
    struct {
        struct fl_change c;
        const char *says;
    } table[] = {
        { change("x", A, &bad), "not an address" },
        { change("x", 15, &bad), "type 15" },
        { change("x", 70000, &bad), "70000" },
        { change("x", CNAME, &(struct fl_value){ .text = "a..b" }), "a..b" },
        { change("x..y", A, &good), "x..y" },
        { change("", CNAME, &to), "CNAME" },
        { change("before", CNAME, &to), "CNAME" },
        { change("ns1", A, &good), "addresses" },
        { change("ns1", A, NULL), "addresses" },
    };
    struct fl_change first = change("before", TXT, &(struct fl_value){ .text = "t" });
    assert_int_equal(apply(f, &first, 1), FL_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fl_change batch[] = { change("fresh.name", A, &good), table[i].c,
                                     change("before", TXT, NULL) };
        assert_int_equal(apply(f, batch, i == 6 ? 2 : 3), FL_EREJECT);
        if (!strstr(fake_outcome(f)->msg, table[i].says))
            fail_msg("%s", fake_outcome(f)->msg);
        ops->list(fake_call(f), &example, "fresh.name", A);
        assert_int_equal(f->nseen, 0);
        ops->list(fake_call(f), &example, "before", TXT);
        assert_int_equal(f->nseen, 1);
        fake_forget(f);
        struct question q = { .name = "name.example.test", .type = A, .edns = -1 };
        assert_non_null(strstr(self_ask(f, &q), "NXDOMAIN"));
    }
    /* In one batch the TXT may make room for the CNAME. */
    struct fl_change swap[] = { change("before", CNAME, &to), change("before", TXT, NULL) };
    assert_int_equal(apply(f, swap, 2), FL_OK);
    struct fl_change both[] = { change("new", CNAME, &to), change("new", A, &good) };
    assert_int_equal(apply(f, both, 2), FL_EREJECT);
}

static void a_set_that_no_message_could_hold_is_refused(void **state)
{
    struct fake *f = *state;
    enum { MANY = 5000 };
    struct fl_value *values = calloc(MANY, sizeof *values);
    for (size_t i = 0; i < MANY; i++)
        values[i].text = "192.0.2.1";
    struct fl_change c = change("many", A, values);
    c.nafter = MANY;
    assert_int_equal(apply(f, &c, 1), FL_EREJECT);
    c.nafter = 3000;
    assert_int_equal(apply(f, &c, 1), FL_OK);
    struct question q = { .name = "many.example.test", .type = A, .tcp = true };
    assert_non_null(strstr(self_ask(f, &q), "NOERROR aa edns 1232 [many"));
    assert_in_range(self_answer_len(), 48000, 65535);
    free(values);
}

static void many_names_are_found_again_and_leave_nothing_behind(void **state)
{
    struct fake *f = *state;
    enum { NAMES = 3000 };
    char name[64], value[64], line[200];
    const struct fl_value v = { .text = value };
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "_acme-challenge.h%d.sub%d", i, i % 7);
            snprintf(value, sizeof value, "value-%d", i);
            struct fl_change c = change(name, TXT, round == 0 ? &v : NULL);
            assert_int_equal(apply(f, &c, 1), FL_OK);
            if (round == 1 || i % 100)
                continue;
            ops->list(fake_call(f), &example, name, TXT);
            snprintf(line, sizeof line, "%s 16 60 %s", name, value);
            assert_true(fake_saw(f, line));
        }
    fake_forget(f);
    ops->list(fake_call(f), &example, NULL, 0);
    assert_int_equal(f->nseen, 2); /* its own NS and the address of it */
    struct question q = { .name = "sub3.example.test", .type = A, .edns = -1 };
    assert_non_null(strstr(self_ask(f, &q), "NXDOMAIN"));
}

/* ---- options ------------------------------------------------------------------------------ */

static void check_refuses(const char *says, const char *const *options)
{
    struct fake *f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(f), FL_ECONF);
    if (!strstr(fake_outcome(f)->msg, says))
        fail_msg("%s", fake_outcome(f)->msg);
    fake_free(f);
}

static void options_that_cannot_work_are_refused_with_the_reason(void **state)
{
    (void)state;
    check_refuses("twice", (const char *const[]){ "serve=a.test,A.test", "name_servers=ns.org", NULL });
    check_refuses("hostmaster",
                  (const char *const[]){ "serve=a.test", "name_servers=ns.org", "hostmaster=@x", NULL });
    check_refuses("a..test", (const char *const[]){ "serve=a..test", "name_servers=ns.org", NULL });
    static const char *const fine[] = { "serve=a.test", "name_servers=ns.org", "hostmaster=me.a.test", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, fine);
    assert_int_equal(fake_check(f), FL_OK);
    fake_free(f);
}

/* Without any of name_servers, addresses and a concrete listen, the interfaces say where we are; loopback is no place. */
static void on_all_addresses_the_machine_says_where_it_is(void **state)
{
    (void)state;
    static const char *const options[] = { "serve=a.test", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_check(f), FL_OK);
    if (fake_open(f) != FL_OK) {
        assert_non_null(strstr(fake_outcome(f)->msg, "`addresses`"));
        fake_free(f);
        skip(); /* this machine has no interface but lo */
    }
    assert_string_equal(f->listeners[0].address, "[::]:53");
    struct fl_zone z = { .apex = "a.test" };
    ops = fl_plugin_entry.ops.dns;
    assert_int_equal(ops->list(fake_call(f), &z, "ns", A), FL_OK);
    assert_int_equal(ops->list(fake_call(f), &z, "ns", 28), FL_OK);
    assert_true(f->nseen > 0);
    for (size_t i = 0; i < f->nseen; i++) {
        assert_null(strstr(f->seen[i], "127."));
        assert_null(strstr(f->seen[i], "fe80:"));
        assert_null(strstr(f->seen[i], " ::1"));
    }
    fake_free(f);
}

static int no_socket(struct fake *f, const struct fl_listen *spec, uint16_t *port_out, struct outcome *o)
{
    (void)port_out;
    return f->nlisteners == 2 ? outcome_fail(o, FL_ECONF, "somebody sits on %s", spec->address) : FL_OK;
}

static void an_address_that_cannot_be_had_ends_open(void **state)
{
    (void)state;
    static const char *const options[] = { "serve=a.test", "listen=127.0.0.1:53", NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    f->listen = no_socket;
    assert_int_equal(fake_open(f), FL_ECONF);
    assert_string_equal(fake_outcome(f)->msg, "somebody sits on 127.0.0.1:53");
    fake_free(f);
}

/* ---- hostile packets ---------------------------------------------------------------------- */

static void hostile(struct fake *f, const uint8_t *data, size_t len)
{
    struct fl_from from = { .address = "192.0.2.1", .port = 53 };
    struct fl_bytes out;
    size_t used;
    uint8_t *copy = malloc(len + 2);
    copy[0] = (uint8_t)(len >> 8);
    copy[1] = (uint8_t)len;
    memcpy(copy + 2, data, len);
    assert_int_equal(fake_stream(f, 1, &from, copy, len + 2, &used, &out), len < 12 ? FL_EPROTO : FL_OK);
    memmove(copy, copy + 2, len);
    copy = realloc(copy, len ? len : 1); /* exactly sized, for the sanitizer */
    assert_int_equal(fake_datagram(f, 0, &from, copy, len, &out), FL_OK);
    assert_true(out.len <= 1232);
    if (len < 12 || (copy[2] & 0x80)) {
        assert_int_equal(out.len, 0);
    } else {
        const uint8_t *a = out.data;
        assert_true(out.len >= 12 && memcmp(a, copy, 2) == 0 && (a[2] & 0x80));
    }
    free(copy);
}

static void mutate(uint8_t *data, size_t *len)
{
    for (long edits = 1 + random() % 5; edits > 0 && *len > 0; edits--) {
        size_t at = (size_t)random() % *len;
        switch (random() % 6) {
        case 0: data[at] = (uint8_t)random(); break;
        case 1: data[at] ^= (uint8_t)(1 << random() % 8); break;
        case 2: *len = at; break;
        case 3: data[at] = random() % 2 ? 0xff : 0xc0; break;
        case 4: data[random() % 12] = (uint8_t)(random() % 4); break;
        default:
            if (*len < 400)
                data[(*len)++] = (uint8_t)random();
        }
    }
}

static void malformed_packets_are_answered_in_order_or_not_at_all(void **state)
{
    struct fake *f = *state;
    uint8_t seeds[4][512], data[512];
    size_t lens[4];
    const struct fl_value v = { .text = "value" }, to = { .text = "www.acme.test" };
    struct fl_change c[] = { change("a.b", TXT, &v), change("alias", CNAME, &to) };
    assert_int_equal(apply(f, c, 2), FL_OK);
    lens[0] = self_query(&(struct question){ .name = "a.b.example.test", .type = TXT }, seeds[0]);
    lens[1] = self_query(&(struct question){ .name = "alias.example.test", .type = A, .edns = -1 }, seeds[1]);
    lens[2] =
        self_query(&(struct question){ .name = "no.example.test", .type = 255, .dnssec_ok = true }, seeds[2]);
    lens[3] = self_query(&(struct question){ .name = "example.test", .type = 2, .opcode = 5 }, seeds[3]);
    srandom(4711);
    for (int i = 0; i < 300000; i++) {
        size_t k = (size_t)i % 4, len = lens[k];
        memcpy(data, seeds[k], len);
        mutate(data, &len);
        hostile(f, data, len);
    }
    /* It still works. */
    struct question q = { .name = "a.b.example.test", .type = TXT, .tcp = true };
    assert_non_null(strstr(self_ask(f, &q), "TXT \"value\""));
}

static void certain_wrong_packets_get_formerr(void **state)
{
    struct fake *f = *state;
    struct fl_from from = { .address = "192.0.2.1", .port = 53 };
    struct question plain = { .name = "example.test", .type = A, .edns = -1 },
                    edns = { .name = "example.test" };
    struct fl_bytes out;
    uint8_t data[512];
    size_t len = self_query(&plain, data);
    data[5] = 2; /* two questions, of which one is there */
    fake_datagram(f, 0, &from, data, len, &out);
    assert_string_equal(self_show(out.data, out.len), "FORMERR [] [] []");
    len = self_query(&plain, data);
    data[12] = 0xc0; /* a name that points to itself */
    data[13] = 12;
    fake_datagram(f, 0, &from, data, len, &out);
    assert_string_equal(self_show(out.data, out.len), "FORMERR [] [] []");
    len = self_query(&edns, data);
    memcpy(data + len, data + len - 11, 11); /* two OPT records */
    data[11] = 2;
    fake_datagram(f, 0, &from, data, len + 11, &out);
    assert_non_null(strstr(self_show(out.data, out.len), "FORMERR"));
    len = self_query(&plain, data);
    fake_datagram(f, 0, &from, data, len - 1, &out);
    assert_string_equal(self_show(out.data, out.len), "FORMERR [] [] []");
    data[2] = 0x80; /* an answer is never answered: two servers could go on for ever */
    fake_datagram(f, 0, &from, data, len, &out);
    assert_int_equal(out.len, 0);
}

static void without_memory_a_query_is_not_answered(void **state)
{
    struct fake *f = *state;
    struct question q = { .name = "example.test", .type = 2 };
    const struct fl_value v = { .text = "value" };
    struct fl_change c = change("x", TXT, &v);
    f->starve = true;
    assert_string_equal(self_ask(f, &q), "failed");
    assert_int_equal(apply(f, &c, 1), FL_ENOMEM);
    f->starve = false;
    assert_non_null(strstr(self_ask(f, &q), "NOERROR aa"));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_listens_by_both_ways_on_every_address),
        TEST(zones_are_those_that_it_serves),
        TEST(caps_say_what_it_is),
        TEST(list_gives_what_was_written),
        TEST(a_batch_is_repeatable_and_removes),
        TEST(a_refused_change_leaves_the_zone_as_it_was),
        TEST(a_set_that_no_message_could_hold_is_refused),
        TEST(many_names_are_found_again_and_leave_nothing_behind),
        cmocka_unit_test(options_that_cannot_work_are_refused_with_the_reason),
        cmocka_unit_test(on_all_addresses_the_machine_says_where_it_is),
        cmocka_unit_test(an_address_that_cannot_be_had_ends_open),
        TEST(malformed_packets_are_answered_in_order_or_not_at_all),
        TEST(certain_wrong_packets_get_formerr),
        TEST(without_memory_a_query_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
