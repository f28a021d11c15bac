/* SPDX-License-Identifier: Apache-2.0 */
/* test_choose.c - which authority of the list is asked, after which failures, and when the first is asked again. */
#include "turn_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t HOUR = 3600, DAY = 86400;

/* A step of the certificate at the authority that its record names ended so; the verdict as choose_note() leaves it. */
static struct verdict ends(struct turn_rig *r, uint8_t step, int code, const char *problem, int64_t wait_s)
{
    struct judge_case c = { .kind = r->task.kind,
                            .step = step,
                            .code = code,
                            .problem = problem,
                            .retry_after_ms = wait_s * 1000,
                            .now_ms = r->t.now_ms,
                            .since_ms = r->t.now_ms };
    struct verdict v;

    r->task.step = step;
    outcome_fail(&r->t.out, code, "the words of it");
    memset(r->t.out.problem, 0, sizeof r->t.out.problem);
    memcpy(r->t.out.problem, problem, strlen(problem));
    judge(&c, &v);
    choose_note(&r->t, &v);
    r->task.step = CERT_PLAN;
    return v;
}

static const char *asks(struct turn_rig *r)
{
    const char *name = choose_authority(&r->t);

    assert_true(json_put_str(r->t.rec, "authority", name));
    return name;
}

/* Three times over an hour. */
static void wear_out(struct turn_rig *r, uint8_t step, int code, const char *problem)
{
    for (int i = 0; i < 3; i++) {
        ends(r, step, code, problem, 0);
        turn_rig_wait(r, HOUR / 2);
    }
}

static void the_first_of_the_list_is_asked(void **state) { assert_string_equal(asks(*state), "a"); }
static void three_failures_of_its_own_over_an_hour_set_it_aside(void **state)
{
    struct turn_rig *r = *state;
    struct verdict v;

    asks(r);
    ends(r, CERT_ORDER, FL_ETEMP, "serverInternal", 0);
    turn_rig_wait(r, HOUR / 2);
    ends(r, CERT_ORDER, FL_EPROTO, "", 0);
    assert_string_equal(asks(r), "a"); /* two of them */
    turn_rig_wait(r, HOUR / 4);
    v = ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_int_equal(v.step, CERT_ORDER);
    assert_string_equal(asks(r), "a"); /* three, but within the hour */
    turn_rig_wait(r, HOUR / 4);
    v = ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_int_equal(v.step, CERT_PLAN); /* nothing stands there: it plans anew at once */
    assert_true(v.at_ms == r->t.now_ms);
    assert_string_equal(asks(r), "b");
}
static void what_is_ours_or_the_users_fault_moves_nothing(void **state)
{
    static const char *const problems[] = { "dns",    "connection", "unauthorized",       "incorrectResponse",
                                            "badCSR", "malformed",  "userActionRequired", NULL };
    struct turn_rig *r = *state;

    asks(r);
    for (const char *const *p = problems; *p; p++)
        wear_out(r, CERT_VALID, FL_EREJECT, *p);
    wear_out(r, CERT_ORDER, FL_EAUTH, "");
    wear_out(r, CERT_DEPLOY, FL_ETEMP, "");
    assert_string_equal(asks(r), "a");
}
static void an_order_under_way_stays_where_it_is(void **state)
{
    struct turn_rig *r = *state;
    json_t *order = json_object();
    struct verdict v;

    asks(r);
    json_put_str(order, "url", "https://ca.test/order/1");
    json_put(r->t.rec, "order", order);
    wear_out(r, CERT_VALID, FL_ETEMP, "");
    v = ends(r, CERT_VALID, FL_ETEMP, "", 0);
    assert_int_equal(v.step, CERT_VALID);
    assert_string_equal(json_str(r->t.rec, "authority", ""), "a");
    assert_string_equal(asks(r), "b"); /* the next one */
}
static void half_of_the_time_that_was_left_is_all_that_it_gets(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    turn_rig_live(r, 40 * 60, 6 * DAY);
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    turn_rig_wait(r, 19 * 60);
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_string_equal(asks(r), "a");
    turn_rig_wait(r, 2 * 60);
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_string_equal(asks(r), "b");
}
static void a_limit_beyond_that_sets_it_aside_until_the_limit_is_over(void **state)
{
    struct turn_rig *r = *state;
    struct verdict v;

    asks(r);
    turn_rig_live(r, 20 * DAY, 90 * DAY);
    ends(r, CERT_ORDER, FL_ERATE, "rateLimited", 2 * DAY);
    assert_string_equal(asks(r), "a"); /* there is time to wait */
    json_object_del(r->t.rec, "aside");
    turn_rig_live(r, 3 * DAY, 90 * DAY);
    v = ends(r, CERT_ORDER, FL_ERATE, "rateLimited", 2 * DAY);
    assert_int_equal(v.step, CERT_PLAN);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 2 * DAY - 10);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 20);
    assert_string_equal(asks(r), "a");
}
static void a_wait_for_its_budget_beyond_that_is_the_same(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    ends(r, CERT_ORDER, FL_EAGAIN, "", HOUR / 2);
    assert_string_equal(asks(r), "a");
    ends(r, CERT_ORDER, FL_EAGAIN, "", 3 * HOUR);
    assert_string_equal(asks(r), "b");
}
static void it_comes_back_after_one_success_of_its_task(void **state)
{
    struct turn_rig *r = *state;
    char json[64];

    asks(r);
    wear_out(r, CERT_ORDER, FL_ETEMP, "");
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 60);
    snprintf(json, sizeof json, "{\"tested_at\":%lld}", (long long)r->t.now_ms / 1000);
    turn_rig_authority(r, "a", json);
    assert_string_equal(asks(r), "b"); /* not to the same renewal within the hour */
    turn_rig_live(r, 90 * DAY, 90 * DAY);
    ends(r, CERT_FETCH, FL_OK, "", 0);
    assert_string_equal(asks(r), "a");
}
static void after_a_day_it_is_asked_again_whatever_its_task_says(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    wear_out(r, CERT_ORDER, FL_ETEMP, "");
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    turn_rig_wait(r, DAY - 10);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 20);
    assert_string_equal(asks(r), "a");
    assert_null(json_object_get(json_object_get(r->t.rec, "aside"), "a")); /* a new round */
}
static void what_it_refuses_for_this_certificate_stands_until_another_has_issued(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    wear_out(r, CERT_ORDER, FL_EREJECT, "rejectedIdentifier");
    ends(r, CERT_FINALIZE, FL_EREJECT, "caa", 0);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 2 * DAY);
    assert_string_equal(asks(r), "b"); /* nobody has issued yet */
    turn_rig_live(r, 90 * DAY, 90 * DAY);
    turn_rig_wait(r, 2 * DAY);
    assert_string_equal(asks(r), "a");
    ends(r, CERT_ORDER, FL_EREJECT, "caa", 0); /* once is enough now */
    assert_string_equal(asks(r), "b");
}
static void one_whose_own_task_fails_is_passed_over_and_comes_back_with_it(void **state)
{
    struct turn_rig *r = *state;
    char json[160];

    snprintf(json, sizeof json, "{\"due\":%lld,\"failing\":{\"tries\":3,\"first_at\":%lld}}",
             (long long)r->t.now_ms + 600000, (long long)(r->t.now_ms / 1000 - HOUR));
    turn_rig_authority(r, "a", json);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, 601);
    assert_string_equal(asks(r), "a"); /* nobody has tried since */
    turn_rig_wait(r, -601);
    assert_string_equal(asks(r), "b");
    turn_rig_authority(r, "a", "{\"tested_at\":1}");
    assert_string_equal(asks(r), "a");
}
static void one_that_was_deactivated_on_purpose_is_passed_over(void **state)
{
    struct turn_rig *r = *state;

    turn_rig_authority(r, "a", "{\"deactivated\":{\"at\":1}}");
    assert_string_equal(asks(r), "b");
}
static void where_all_are_set_aside_they_take_turns(void **state)
{
    static const char *const turns[] = { "a", "b", "c", "a", "b", "c", "a" };
    struct turn_rig *r = *state;

    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        assert_string_equal(asks(r), turns[i]);
        wear_out(r, CERT_ORDER, FL_ETEMP, "");
        ends(r, CERT_ORDER, FL_ETEMP, "", 0);
        turn_rig_wait(r, 1);
    }
}
static void a_clock_that_is_put_back_sets_nobody_aside_for_long(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    wear_out(r, CERT_ORDER, FL_ETEMP, "");
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_string_equal(asks(r), "b");
    turn_rig_wait(r, -30 * DAY);
    assert_string_equal(asks(r), "a");
}
static void what_came_through_is_forgotten(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    ends(r, CERT_ORDER, FL_ETEMP, "", 0);
    assert_non_null(json_object_get(r->t.rec, "aside"));
    ends(r, CERT_FETCH, FL_OK, "", 0);
    assert_null(json_object_get(r->t.rec, "aside"));
}
static void an_account_that_is_refused_says_so(void **state)
{
    struct turn_rig *r = *state;

    asks(r);
    ends(r, CERT_ORDER, FL_EAUTH, "unauthorized", 0);
    assert_string_equal(r->t.out.problem, "account");
    assert_non_null(strstr(r->t.out.msg, "the account at a is refused"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, turn_rig_set_up, turn_rig_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_of_the_list_is_asked),
        T(three_failures_of_its_own_over_an_hour_set_it_aside),
        T(what_is_ours_or_the_users_fault_moves_nothing),
        T(an_order_under_way_stays_where_it_is),
        T(half_of_the_time_that_was_left_is_all_that_it_gets),
        T(a_limit_beyond_that_sets_it_aside_until_the_limit_is_over),
        T(a_wait_for_its_budget_beyond_that_is_the_same),
        T(it_comes_back_after_one_success_of_its_task),
        T(after_a_day_it_is_asked_again_whatever_its_task_says),
        T(what_it_refuses_for_this_certificate_stands_until_another_has_issued),
        T(one_whose_own_task_fails_is_passed_over_and_comes_back_with_it),
        T(one_that_was_deactivated_on_purpose_is_passed_over),
        T(where_all_are_set_aside_they_take_turns),
        T(a_clock_that_is_put_back_sets_nobody_aside_for_long),
        T(what_came_through_is_forgotten),
        T(an_account_that_is_refused_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
