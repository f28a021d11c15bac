/* SPDX-License-Identifier: Apache-2.0 */
/* test_call.c - what a plugin's code, words and lateness become. */
#include "fake_clock.h"
#include "plugin_rig.h"
#include <fl/listen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int expect(int (*body)(struct fl_ctx *ctx), struct outcome *o)
{
    struct plugin_rig r;
    int code;
    plugin_rig_init(&r, &plugin_rig_entry);
    plugin_rig_open(&r);
    code = plugin_rig_call(&r, body, o);
    assert_int_equal(o->code, code);
    plugin_rig_done(&r);
    return code;
}
static void expect_words(int (*body)(struct fl_ctx *ctx), int code, const char *msg)
{
    struct outcome o = { .code = FL_OK };
    assert_int_equal(expect(body, &o), code);
    assert_string_equal(o.msg, msg);
}

/* ---- codes ---- */

static int succeeds(struct fl_ctx *ctx)
{
    (void)fl_fail(ctx, FL_EAUTH, "words of something that was got over");
    return FL_OK;
}
static int fails(struct fl_ctx *ctx) { return fl_fail(ctx, FL_EREJECT, "%s is %d\n", "x", 5); }
static int says_nothing(struct fl_ctx *ctx) { return (void)ctx, FL_EAUTH; }
static int returns_another_code(struct fl_ctx *ctx)
{
    (void)fl_fail(ctx, FL_EREJECT, "said");
    return FL_ESTALE;
}
static int makes_a_code_up(struct fl_ctx *ctx) { return (void)ctx, -77; }
static int returns_a_count(struct fl_ctx *ctx) { return (void)ctx, 3; }
static int cancels(struct fl_ctx *ctx) { return (void)ctx, FL_ECANCEL; }
static int lacks_memory_of_its_own(struct fl_ctx *ctx) { return (void)ctx, FL_ENOMEM; }
static void codes_become_what_the_engine_knows(void **state)
{
    (void)state;
    expect_words(succeeds, FL_OK, "");
    expect_words(fails, FL_EREJECT, "dns try: x is 5?");
    expect_words(says_nothing, FL_EAUTH, "dns try: the plugin gave no reason (auth)");
    expect_words(returns_another_code, FL_ESTALE, "dns try: said");
    expect_words(makes_a_code_up, FL_EPROTO,
                 "dns try: the plugin returned -77, which is no result code: a mistake in it");
    expect_words(returns_a_count, FL_EPROTO,
                 "dns try: the plugin returned 3, which is no result code: a mistake in it");
    expect_words(cancels, FL_EPROTO,
                 "dns try: the plugin says that the daemon is ending, which it is not: a mistake in it");
    expect_words(lacks_memory_of_its_own, FL_ENOMEM, "dns try: out of memory");
}
static int comes_again(struct fl_ctx *ctx) { return fl_again(ctx, 1500, "1 of 2 servers"); }
static int is_slowed_down(struct fl_ctx *ctx)
{
    fl_retry_after(ctx, 60000);
    return fl_fail(ctx, FL_ERATE, "too many");
}
static void times_to_come_again_are_passed_on(void **state)
{
    struct outcome o = { .code = FL_OK };
    (void)state;
    assert_int_equal(expect(comes_again, &o), FL_EAGAIN);
    assert_int_equal(o.retry_after_ms, 1500);
    assert_string_equal(o.msg, "dns try: 1 of 2 servers");
    assert_int_equal(expect(is_slowed_down, &o), FL_ERATE);
    assert_int_equal(o.retry_after_ms, 60000);
}

/* ---- memory ---- */

static int starves(struct fl_ctx *ctx)
{
    volatile size_t impossible = SIZE_MAX - 8;
    uint8_t out[FL_HASH_MAX];
    size_t len;
    assert_null(fl_alloc(ctx, impossible));
    assert_string_equal(fl_printf(ctx, "%s", "still a text"), "still a text");
    assert_int_equal(fl_digest(ctx, FL_SHA256, "x", 1, out, &len), FL_ENOMEM);
    assert_int_equal(fl_random(ctx, out, 4), FL_ENOMEM);
    return FL_OK;
}
static void one_failed_allocation_is_remembered_to_the_end(void **state)
{
    (void)state;
    expect_words(starves, FL_ENOMEM, "dns try: out of memory");
}

/* ---- time ---- */

static int is_late(struct fl_ctx *ctx)
{
    struct fl_ran ran;
    const char *const argv[] = { "/bin/true", NULL };
    const struct fl_run run = { .argv = argv };
    assert_int_equal(fl_left_ms(ctx), 30000);
    fake_clock_advance(29999);
    assert_int_equal(fl_left_ms(ctx), 1);
    fake_clock_advance(10001);
    assert_int_equal(fl_left_ms(ctx), 0);
    assert_int_equal(fl_run(ctx, &run, &ran), FL_ETEMP);
    assert_string_equal(ran.output, "");
    return FL_OK;
}
static int is_late_and_refused(struct fl_ctx *ctx)
{
    fake_clock_advance(60000);
    return fl_fail(ctx, FL_EAUTH, "bad token");
}
static int passes_it_on(struct fl_ctx *ctx)
{
    struct fl_ran ran;
    const char *const argv[] = { "/bin/true", NULL };
    const struct fl_run run = { .argv = argv };
    fake_clock_advance(60000);
    return fl_run(ctx, &run, &ran);
}
static void a_call_past_its_deadline_is_temporary(void **state)
{
    (void)state;
    expect_words(is_late, FL_ETEMP, "dns try: took 40 s where 30 s are allowed: raise its `timeout`");
    expect_words(is_late_and_refused, FL_EAUTH, "dns try: bad token");
    expect_words(passes_it_on, FL_ETEMP, "dns try: the 30 s that the call may take are over");
}

/* ---- what the call knows ---- */

static int looks_around(struct fl_ctx *ctx)
{
    assert_string_equal(fl_name(ctx), "try");
    assert_non_null(fl_conf(ctx));
    assert_null(fl_self(ctx));
    assert_int_equal(fl_now_ms(ctx), 1700000000123);
    return FL_OK;
}
static void a_plugin_finds_its_call(void **state)
{
    (void)state;
    fake_clock_set(1700000000123);
    expect_words(looks_around, FL_OK, "");
}
static int emits(struct fl_ctx *ctx)
{
    char apex[] = "Example.ORG.", id[] = "17", text[] = "Bare Text";
    const char *const servers[] = { "NS1.Example.net.", "ns2.example.net", NULL };
    const struct fl_value values[] = { { .text = text, .id = id }, { .text = "two" } };
    const struct fl_zone zone = { .apex = apex, .id = id, .name_servers = servers };
    const struct fl_rrset set = { .name = "WWW", .type = FL_RR_TXT, .ttl = 60, .values = values, .n = 2 };
    assert_int_equal(fl_emit_zone(ctx, &zone), FL_OK);
    assert_int_equal(fl_emit_rrset(ctx, &set), FL_OK);
    memset(apex, 'x', 5), memset(id, 'x', 1), memset(text, 'x', 4);
    assert_int_equal(fl_emit_zone(ctx, &(struct fl_zone){ .id = "nameless" }), FL_EPROTO);
    return FL_OK;
}
static void what_is_emitted_is_copied_and_written_as_the_core_writes_names(void **state)
{
    struct plugin_rig r;
    struct call c;
    struct emitted e;
    struct outcome o;
    (void)state;
    plugin_rig_init(&r, &plugin_rig_entry);
    plugin_rig_open(&r);
    assert_int_equal(call_begin(&c, r.instance, "", 0, &o), FL_OK);
    assert_int_equal(emits(c.ctx), FL_OK);
    assert_false(call_starved(&c));
    call_emitted(&c, &e);
    assert_int_equal(e.nzones, 1);
    assert_string_equal(e.zones[0].apex, "example.org");
    assert_string_equal(e.zones[0].id, "17");
    assert_string_equal(e.zones[0].name_servers[0], "ns1.example.net");
    assert_string_equal(e.zones[0].name_servers[1], "ns2.example.net");
    assert_null(e.zones[0].name_servers[2]);
    assert_int_equal(e.nrrsets, 1);
    assert_string_equal(e.rrsets[0].name, "www");
    assert_string_equal(e.rrsets[0].values[0].text, "Bare Text");
    assert_string_equal(e.rrsets[0].values[0].id, "17");
    assert_null(e.rrsets[0].values[1].id);
    assert_null(e.rrsets[0].etag);
    assert_int_equal(call_end(&c, FL_OK, &o), FL_OK);
    plugin_rig_done(&r);
}
static int emits_without_end(struct fl_ctx *ctx)
{
    const struct fl_rrset set = { .name = "a", .type = FL_RR_TXT };
    for (int i = 0; i < 100000; i++)
        if (fl_emit_rrset(ctx, &set) != FL_OK)
            return FL_EREJECT;
    return fl_emit_rrset(ctx, &set);
}
static void what_is_emitted_has_a_limit(void **state)
{
    (void)state;
    expect_words(emits_without_end, FL_EPROTO, "dns try: more than 100000 records");
}
static int asks_for_records(struct fl_ctx *ctx)
{
    return fl_records(ctx, &(struct fl_record){ .name = "x", .value = "y" }, 1, NULL, true);
}
static int listens_too_late(struct fl_ctx *ctx)
{
    return fl_listen(ctx, &(struct fl_listen){ .address = "127.0.0.1:0" }, NULL);
}
static void some_services_are_not_for_everybody(void **state)
{
    (void)state;
    expect_words(asks_for_records, FL_ECONF,
                 "dns try: fl_records() is not for dns plugins: a mistake in the plugin");
    expect_words(listens_too_late, FL_ECONF,
                 "dns try: fl_listen() is for open(), with one callback: a mistake in the plugin");
}
static int encodes(struct fl_ctx *ctx)
{
    const uint8_t *bytes = NULL;
    uint8_t out[FL_HASH_MAX];
    size_t len = 0;
    assert_string_equal(fl_base64(ctx, "\xff\xfe", 2, false), "//4=");
    assert_string_equal(fl_base64(ctx, "\xff\xfe", 2, true), "__4");
    assert_int_equal(fl_unbase64(ctx, "__4", &bytes, &len), FL_OK);
    assert_int_equal(len, 2);
    assert_memory_equal(bytes, "\xff\xfe", 2);
    assert_int_equal(fl_unbase64(ctx, "!", &bytes, &len), FL_EREJECT);
    assert_int_equal(fl_digest(ctx, FL_SHA384, "abc", 3, out, &len), FL_OK);
    assert_int_equal(len, 48);
    assert_memory_equal(out, "\xcb\x00\x75\x3f", 4);
    assert_int_equal(fl_hmac(ctx, FL_SHA512, "k", 1, "abc", 3, out, &len), FL_OK);
    assert_int_equal(len, 64);
    assert_int_equal(fl_hmac(ctx, (enum fl_hash)9, "k", 1, "abc", 3, out, &len), FL_ECONF);
    return FL_OK;
}
static void digests_and_encodings_are_there(void **state)
{
    (void)state;
    expect_words(encodes, FL_OK, "");
}
static void an_instance_that_is_not_open_is_not_called(void **state)
{
    struct plugin_rig r;
    struct outcome o;
    (void)state;
    plugin_rig_init(&r, &plugin_rig_entry);
    assert_int_equal(plugin_rig_call(&r, fails, &o), FL_ECONF);
    assert_string_equal(o.msg, "dns try is not open");
    plugin_rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_what_the_engine_knows),
        cmocka_unit_test(times_to_come_again_are_passed_on),
        cmocka_unit_test(one_failed_allocation_is_remembered_to_the_end),
        cmocka_unit_test(a_call_past_its_deadline_is_temporary),
        cmocka_unit_test(a_plugin_finds_its_call),
        cmocka_unit_test(what_is_emitted_is_copied_and_written_as_the_core_writes_names),
        cmocka_unit_test(what_is_emitted_has_a_limit),
        cmocka_unit_test(some_services_are_not_for_everybody),
        cmocka_unit_test(digests_and_encodings_are_there),
        cmocka_unit_test(an_instance_that_is_not_open_is_not_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
