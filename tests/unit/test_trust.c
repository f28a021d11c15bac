/* SPDX-License-Identifier: Apache-2.0 */
/* test_trust.c - a clock that is wrong orders and deletes nothing, and one that was set since is believed. */
#include "acme_rig.h"
#include "fake_clock.h"
#include "turn_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const int64_t DAY = 86400, HOUR = 3600;
static struct acme_rig ca;
static char date[64];

/* A directory with the Date that the test says, as often as it is asked for. */
static void tells(int64_t at, int times)
{
    static const char directory[] =
        "{\"newNonce\":\"$B/nonce\",\"newAccount\":\"$B/account\",\"newOrder\":\"$B/order\"}";
    const struct stub_answer answer = {
        .at = "GET /dir", .times = times, .headers = date, .body = directory
    };
    time_t t = (time_t)at;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    stub_acme_reset(ca.ca);
    stub_acme_script(ca.ca, &answer);
}
static int set_up(void **state)
{
    const struct stub_acme_conf conf = { .sync = false };
    int rc = turn_rig_set_up(state);
    struct turn_rig *r = *state;

    acme_rig_open(&ca, &conf, NULL);
    r->world_authorities[0].acme = ca.acme;
    json_put_str(r->t.rec, "authority", "a");
    return rc;
}
static int tear_down(void **state)
{
    acme_rig_close(&ca);
    return turn_rig_tear_down(state);
}
static int64_t now_at(const struct turn_rig *r) { return r->t.now_ms / 1000; }

static void a_clock_before_the_release_orders_and_deletes_nothing(void **state)
{
    static const struct {
        int kind;
        uint8_t step;
    } gated[] = { { KIND_CERTIFICATE, CERT_PLAN },     { KIND_CERTIFICATE, CERT_ORDER },
                  { KIND_CERTIFICATE, CERT_FINALIZE }, { KIND_CERTIFICATE, CERT_FETCH },
                  { KIND_CLEANUP, CLEANUP_WITHDRAW },  { KIND_CLEANUP, CLEANUP_REVOKE },
                  { KIND_DELIVERY, DELIVERY_RETIRE },  { KIND_ZONE, ZONE_WRITE },
                  { KIND_HOST, HOST_PUBLISH },         { KIND_AUTHORITY, AUTHORITY_DEACTIVATE } };
    struct turn_rig *r = *state;

    fake_clock_set(86400000); /* no battery */
    r->t.now_ms = clock_wall_ms();
    for (size_t i = 0; i < sizeof gated / sizeof *gated; i++) {
        r->task.kind = &task_kinds[gated[i].kind];
        r->task.step = gated[i].step;
        assert_int_equal(clock_gate(&r->t), FL_EAGAIN);
        assert_string_equal(r->t.out.problem, "clock");
        assert_non_null(strstr(r->t.out.msg, "says 1970-01-02T00:00:00Z"));
        assert_true(r->t.out.retry_after_ms > 0);
    }
    r->task.kind = &task_kinds[KIND_DELIVERY];
    r->task.step = DELIVERY_DEPLOY; /* what is there is served all the same */
    assert_int_equal(clock_gate(&r->t), FL_OK);
}
static void one_that_agrees_with_the_authority_is_believed(void **state)
{
    struct turn_rig *r = *state;

    tells(now_at(r) + 3 * HOUR, 9);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_OK);
    assert_int_equal(clock_trusted(&r->t, NULL), FL_OK);
    assert_int_equal(stub_acme_count(ca.ca, "GET /dir"), 1);
}
static void one_a_day_off_is_not_and_the_authority_is_not_asked_all_the_time(void **state)
{
    struct turn_rig *r = *state;

    tells(now_at(r) + 2 * DAY, 9);
    for (int i = 0; i < 5; i++)
        assert_int_equal(clock_trusted(&r->t, ca.acme), FL_EAGAIN);
    assert_non_null(strstr(r->t.out.msg, "behind the clock of a"));
    assert_int_equal(clock_trusted(&r->t, NULL), FL_EAGAIN);
    assert_int_equal(stub_acme_count(ca.ca, "GET /dir"), 2);
    turn_rig_wait(r, 61);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_EAGAIN);
    assert_int_equal(stub_acme_count(ca.ca, "GET /dir"), 3);
}
static void one_that_jumps_is_noticed_without_a_request_and_believed_when_it_is_set(void **state)
{
    struct turn_rig *r = *state;
    int64_t right = clock_wall_ms();

    tells(now_at(r), 9);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_OK);
    fake_clock_set(right + 400 * DAY * 1000);
    r->t.now_ms = clock_wall_ms();
    assert_int_equal(clock_trusted(&r->t, NULL), FL_EAGAIN);
    assert_non_null(strstr(r->t.out.msg, "ahead of the clock of a"));
    fake_clock_set(right);
    r->t.now_ms = clock_wall_ms();
    assert_int_equal(clock_trusted(&r->t, NULL), FL_OK);
    fake_clock_set(right - 30 * DAY * 1000);
    r->t.now_ms = clock_wall_ms();
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_EAGAIN);
}
static void a_machine_that_slept_asks_again_before_it_alarms(void **state)
{
    struct turn_rig *r = *state;

    tells(now_at(r), 1);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_OK);
    fake_clock_set(clock_wall_ms() + 3 * DAY * 1000); /* the monotonic clock did not go on */
    r->t.now_ms = clock_wall_ms();
    tells(now_at(r), 9);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_OK);
}
static void an_authority_that_tells_no_time_stops_nobody(void **state)
{
    struct turn_rig *r = *state;

    assert_int_equal(clock_trusted(&r->t, NULL), FL_OK);
    assert_int_equal(stub_acme_count(ca.ca, "GET /dir"), 0);
    assert_int_equal(clock_trusted(&r->t, ca.acme), FL_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_clock_before_the_release_orders_and_deletes_nothing),
        T(one_that_agrees_with_the_authority_is_believed),
        T(one_a_day_off_is_not_and_the_authority_is_not_asked_all_the_time),
        T(one_that_jumps_is_noticed_without_a_request_and_believed_when_it_is_set),
        T(a_machine_that_slept_asks_again_before_it_alarms),
        T(an_authority_that_tells_no_time_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
