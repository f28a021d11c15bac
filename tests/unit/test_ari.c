/* SPDX-License-Identifier: Apache-2.0 */
/* test_ari.c - when a certificate is renewed, asked of an authority that tells (RFC 9773), and of one that does not. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/renew.h"
#include "engine/steps.h"
#include "engine_rig.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t MINUTE = 60 * 1000, HOUR = 3600 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org", renewal[] = "GET /renewal";

static int64_t number(struct engine_rig *r, const char *path)
{
    char text[256];
    int64_t n = 0;

    engine_rig_field(r, cert, path, text);
    return text_int(text, INT64_MIN, INT64_MAX, &n) ? n : 0;
}

/* The answers from now on: a window so far from now, in seconds. */
struct window {
    char body[512];
    char headers[64];
};
static void window(struct engine_rig *r, struct window *w, int64_t from_s, int64_t to_s, const char *url,
                   int times)
{
    char from[32], to[32];
    const struct stub_answer a = { .at = renewal, .times = times, .headers = w->headers, .body = w->body };

    clock_format(clock_wall_ms() / 1000 + from_s, from);
    clock_format(clock_wall_ms() / 1000 + to_s, to);
    snprintf(w->headers, sizeof w->headers, "Retry-After: 21600\r\n");
    snprintf(w->body, sizeof w->body, "{\"suggestedWindow\":{\"start\":\"%s\",\"end\":\"%s\"}%s%s%s}", from,
             to, url ? ",\"explanationURL\":\"" : "", url ? url : "", url ? "\"" : "");
    stub_acme_script(r->ca.ca, &a);
}

static unsigned events(struct engine_rig *r, const char *event)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    const json_t *one;
    unsigned n = 0;
    size_t i;

    json_array_foreach(json_list(rec, "history"), i, one) n += strcmp(json_str(one, "event", ""), event) == 0;
    return n;
}

static unsigned orders(struct engine_rig *r) { return engine_rig_asked(r, "=POST /order"); }

/* The rig stops where nothing is due; here time goes on. */
static void pass(struct engine_rig *r, int64_t ms)
{
    int64_t end_ms = clock_wall_ms() + ms;

    engine_rig_run(r, ms);
    if (clock_wall_ms() < end_ms)
        fake_clock_advance(end_ms - clock_wall_ms());
}

/* ---- asking ------------------------------------------------------------------------------- */

static void the_window_is_asked_for_once_when_issued_and_then_as_told(void **state)
{
    struct engine_rig *r = *state;
    struct window w;

    window(r, &w, 60 * 86400, 62 * 86400, NULL, 1000);
    engine_rig_start(r);
    pass(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, renewal), 1);
    pass(r, 5 * HOUR);
    assert_int_equal(engine_rig_asked(r, renewal), 1);
    pass(r, 2 * HOUR);
    assert_int_equal(engine_rig_asked(r, renewal), 2);
    pass(r, 5 * DAY);
    assert_in_range(engine_rig_asked(r, renewal), 19, 22);
    assert_int_equal(orders(r), 1);
    assert_int_equal(engine_rig_asked(r, "GET /dir"), 1 + 5); /* daily, and for nothing else */
}

static void the_moment_is_drawn_once_a_window_and_kept(void **state)
{
    struct engine_rig *r = *state;
    struct window w, other;
    int64_t now_at = clock_wall_ms() / 1000;

    window(r, &w, 60 * 86400, 62 * 86400, NULL, 4);
    window(r, &other, 50 * 86400, 51 * 86400, NULL, 1000);
    engine_rig_start(r);
    pass(r, 5 * MINUTE);
    int64_t moment = number(r, "renew_at");
    assert_in_range(moment, now_at + 60 * 86400, now_at + 62 * 86400);
    pass(r, 7 * HOUR);
    assert_int_equal(number(r, "renew_at"), moment);
    assert_int_equal(engine_rig_asked(r, renewal), 2);
    /* A look that found nothing new was not worth a write, so a start looks again. */
    engine_rig_restart(r);
    pass(r, 7 * HOUR);
    assert_int_equal(engine_rig_asked(r, renewal), 4);
    assert_int_equal(number(r, "renew_at"), moment);
    pass(r, 7 * HOUR);
    moment = number(r, "renew_at");
    assert_in_range(moment, now_at + 50 * 86400, now_at + 51 * 86400);
    pass(r, moment * 1000 - clock_wall_ms() - MINUTE);
    assert_int_equal(orders(r), 1);
    stub_acme_unscript(r->ca.ca);
    engine_rig_honest(r);
    pass(r, 2 * MINUTE);
    assert_int_equal(orders(r), 2);
}

static void a_window_that_is_over_is_renewed_at_once_in_place_of_the_one_before(void **state)
{
    struct engine_rig *r = *state;
    struct window w, past, after;
    char id[256];

    window(r, &w, 60 * 86400, 62 * 86400, NULL, 1);
    window(r, &past, -7200, -3600, "https://ca.example.org/incident", 1);
    window(r, &after, 60 * 86400, 62 * 86400, NULL, 1000);
    engine_rig_start(r);
    pass(r, 5 * HOUR);
    engine_rig_field(r, cert, "live.cert_id", id);
    assert_int_equal(orders(r), 1);
    pass(r, 2 * HOUR);
    assert_int_equal(orders(r), 2);
    engine_rig_assert_done(r);
    assert_int_equal(events(r, "renewal-window"), 1); /* with the reason; the others gave none */
    auto_free char *payload = stub_acme_payload(r->ca.ca, "/order");
    assert_non_null(strstr(payload, "\"replaces\""));
    assert_non_null(strstr(payload, id));
    assert_string_not_equal(engine_rig_field(r, cert, "live.cert_id", payload), id);
}

static void the_reason_is_told_once_a_window(void **state)
{
    struct engine_rig *r = *state;
    struct window w;

    window(r, &w, 60 * 86400, 62 * 86400, "https://ca.example.org/why", 1000);
    engine_rig_start(r);
    pass(r, 3 * DAY);
    assert_int_equal(events(r, "renewal-window"), 1);
}

static void a_predecessor_that_was_replaced_before_is_left_out_at_once(void **state)
{
    struct engine_rig *r = *state;
    struct window w, past, after;
    const struct stub_answer replaced = {
        .at = "=POST /order",
        .after = 1,
        .status = 409,
        .type = "application/problem+json",
        .body = "{\"type\":\"urn:ietf:params:acme:error:alreadyReplaced\",\"detail\":\"replaced\"}"
    };

    window(r, &w, 60 * 86400, 62 * 86400, NULL, 1);
    window(r, &past, -7200, -3600, NULL, 1);
    window(r, &after, 60 * 86400, 62 * 86400, NULL, 1000);
    stub_acme_script(r->ca.ca, &replaced);
    engine_rig_start(r);
    pass(r, 5 * MINUTE);
    fake_clock_advance(7 * HOUR);
    pass(r, 10 * 1000);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 3);
    assert_int_equal(events(r, "issued"), 2);
    assert_int_equal(events(r, "not-a-replacement"), 1);
    auto_free char *payload = stub_acme_payload(r->ca.ca, "/order");
    assert_null(strstr(payload, "replaces"));
}

/* ---- when the authority is of no help ------------------------------------------------------- */

static void without_an_answer_the_lifetime_tells(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer down = { .at = renewal, .times = 100000, .status = 503 };

    stub_acme_script(r->ca.ca, &down);
    engine_rig_start(r);
    pass(r, 5 * MINUTE);
    int64_t from = number(r, "live.not_before"), to = number(r, "live.not_after");
    int64_t rule = renew_at("a.example.org", from, to, 0, 0);
    assert_int_equal(number(r, "renew_at"), rule);
    pass(r, rule * 1000 - clock_wall_ms() - HOUR);
    assert_int_equal(orders(r), 1);
    assert_in_range(engine_rig_asked(r, renewal), 200, 300); /* backed off to every six hours */
    pass(r, 2 * HOUR);
    assert_int_equal(orders(r), 2);
    engine_rig_assert_done(r);
}

static void an_authority_without_windows_is_not_asked_for_them(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer bare = { .at = "GET /dir",
                                      .times = 1000,
                                      .body = "{\"newNonce\":\"$B/nonce\",\"newAccount\":\"$B/account\","
                                              "\"newOrder\":\"$B/order\"}" };

    stub_acme_script(r->ca.ca, &bare);
    engine_rig_start(r);
    pass(r, 10 * DAY);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, renewal), 0);
}

static void a_window_that_is_none_is_asked_for_again_in_six_hours(void **state)
{
    struct engine_rig *r = *state;
    struct window w;

    window(r, &w, 62 * 86400, 60 * 86400, NULL, 1000);
    engine_rig_start(r);
    pass(r, 5 * HOUR);
    assert_int_equal(engine_rig_asked(r, renewal), 1);
    pass(r, 2 * HOUR);
    assert_int_equal(engine_rig_asked(r, renewal), 2);
    assert_int_equal(number(r, "live.ari.start_at"), 0);
}

static void windows_that_are_always_over_do_not_make_orders_without_end(void **state)
{
    struct engine_rig *r = *state;
    struct window w;

    window(r, &w, -7200, -3600, NULL, 100000);
    engine_rig_start(r);
    pass(r, 10 * DAY);
    assert_in_range(orders(r), 2, 5);
    pass(r, 60 * DAY);
    assert_in_range(orders(r), 3, 12);
    assert_true(number(r, "live.not_after") * 1000 > clock_wall_ms());
}

/* ---- the choice itself ----------------------------------------------------------------------- */

static int64_t moment_of(const char *live, int64_t num, int64_t den)
{
    static const char *const names[] = { "a.example.org", NULL };
    const struct model_certificate mc = {
        .name = "a.example.org", .names = names, .renew_num = num, .renew_den = den
    };
    const struct subject s = { .cert = &mc, .key = "ec256" };
    char why[128];
    cleanup_(json_freep) json_t *rec = json_parse(live, strlen(live), why);
    int64_t look = -1;

    assert_non_null(rec);
    return ari_renew_at(rec, &s, &look);
}

/* 100 days: by the lifetime it is renewed between day 65 and day 66.67. */
#define LIVE(more) "{\"live\":{\"not_before\":1000000000,\"not_after\":1008640000" more "}}"
static void the_moment_is_bounded_by_the_lifetime(void **state)
{
    const int64_t from = 1000000000, day = 86400, rule = moment_of(LIVE(""), 0, 0);

    (void)state;
    assert_in_range(rule, from + 65 * day, from + 67 * day);
    assert_int_equal(moment_of(LIVE(",\"ari\":{\"moment_at\":1001000000}"), 0, 0), 1001000000);
    assert_int_equal(moment_of(LIVE(",\"ari\":{\"moment_at\":1005900000}"), 0, 0), 1005900000); /* day 68 */
    assert_int_equal(moment_of(LIVE(",\"ari\":{\"moment_at\":1008600000}"), 0, 0),
                     rule + (1008640000 - rule) / 2);
    /* who says how long before wants no later moment, nor does one trust an authority that fell silent */
    assert_int_equal(moment_of(LIVE(",\"ari\":{\"moment_at\":1005900000,\"tries\":1}"), 0, 0), rule);
    assert_true(moment_of(LIVE(",\"ari\":{\"moment_at\":1005900000}"), 1, 2) < from + 51 * day);
    assert_int_equal(moment_of(LIVE(",\"ari\":{\"moment_at\":1001000000}"), 1, 2), 1001000000);
}

static void what_a_fleet_leaves_out_is_of_the_time_since_it_was_issued(void **state)
{
    const int64_t from = 1000000000, rule = moment_of(LIVE(""), 0, 0);

    (void)state;
    assert_in_range(moment_of(LIVE(",\"issued\":1000000000,\"spread\":500"), 0, 0),
                    from + (rule - from) / 2 - 1000, from + (rule - from) / 2 + 1000);
    assert_int_equal(moment_of(LIVE(",\"issued\":1000000000,\"spread\":500,\"ari\":{\"moment_at\":1}"), 0, 0),
                     from);
    /* damaged */
    assert_int_equal(moment_of(LIVE(",\"issued\":1000000000,\"spread\":1000"), 0, 0), rule);
    assert_int_equal(moment_of(LIVE(",\"issued\":1000000000,\"spread\":-1"), 0, 0), rule);
    assert_int_equal(moment_of(LIVE(",\"spread\":500"), 0, 0), rule);
}

/* live.spread of the certificate number `i` of so many; `rec` is its record before. */
static int64_t spread_of(int i, size_t n, const char *rec)
{
    char name[64], why[128];
    struct model model = { .ncertificates = n };
    struct world world = { .model = &model };
    struct task task = { .name = name };
    cleanup_(json_freep) json_t *json = json_parse(rec, strlen(rec), why);
    const struct turn t = { .w = &world, .task = &task, .rec = json, .now_ms = clock_wall_ms() };

    snprintf(name, sizeof name, "certificate:c%d.example.org", i);
    return ari_spread(&t);
}

static void what_is_issued_together_in_a_fleet_is_spread(void **state)
{
    static const char before[] = "{\"renew_at\":%lld,\"live\":{\"not_before\":%lld,\"not_after\":%lld}}";
    const int64_t now = clock_wall_ms() / 1000, day = 86400;
    unsigned tenths[10] = { 0 };
    char in_time[256], late[256];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t spread = spread_of(i, 100, "{}");
        assert_in_range(spread, 0, 899);
        tenths[spread / 100]++;
        assert_int_equal(spread_of(i, 99, "{}"), 0);
    }
    for (int i = 0; i < 9; i++)
        assert_in_range(tenths[i], 70, 160);
    /* The second time only what comes back from an outage: over a fiftieth of the lifetime too late. */
    snprintf(in_time, sizeof in_time, before, (long long)(now - day), (long long)(now - 60 * day),
             (long long)(now + 30 * day));
    snprintf(late, sizeof late, before, (long long)(now - 2 * day), (long long)(now - 60 * day),
             (long long)(now + 30 * day));
    unsigned n = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(spread_of(i, 100, in_time), 0);
        n += spread_of(i, 100, late) > 0;
    }
    assert_true(n > 90);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_window_is_asked_for_once_when_issued_and_then_as_told),
        TEST(the_moment_is_drawn_once_a_window_and_kept),
        TEST(a_window_that_is_over_is_renewed_at_once_in_place_of_the_one_before),
        TEST(the_reason_is_told_once_a_window),
        TEST(a_predecessor_that_was_replaced_before_is_left_out_at_once),
        TEST(without_an_answer_the_lifetime_tells),
        TEST(an_authority_without_windows_is_not_asked_for_them),
        TEST(a_window_that_is_none_is_asked_for_again_in_six_hours),
        TEST(windows_that_are_always_over_do_not_make_orders_without_end),
        cmocka_unit_test(the_moment_is_bounded_by_the_lifetime),
        cmocka_unit_test(what_a_fleet_leaves_out_is_of_the_time_since_it_was_issued),
        TEST(what_is_issued_together_in_a_fleet_is_spread),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
