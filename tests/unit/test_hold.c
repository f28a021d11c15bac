/* SPDX-License-Identifier: Apache-2.0 */
/* test_hold.c - what is held up, until when, and why. */
#include "engine/hold.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = hold_new();
    return *state ? 0 : -1;
}
static int tear_down(void **state)
{
    hold_free(*state);
    return 0;
}
static void a_hold_ends_at_its_time(void **state)
{
    struct hold *h = *state;
    int64_t until = -1;
    char why[HOLD_WHY] = "";
    assert_false(hold_check(h, "dns:gcp", 0, &until, why));
    hold_set(h, "dns:gcp", 1000, "too many requests");
    assert_false(hold_check(h, "dns:gc", 0, &until, why));
    assert_false(hold_check(h, "dns:gcp2", 0, &until, why));
    assert_int_equal(until, -1);
    assert_true(hold_check(h, "dns:gcp", 999, &until, why));
    assert_int_equal(until, 1000);
    assert_string_equal(why, "too many requests");
    assert_false(hold_check(h, "dns:gcp", 1000, &until, why));
    assert_false(hold_check(h, "dns:gcp", 0, &until, why)); /* it is forgotten, not asleep */
}
static void a_hold_is_never_shortened(void **state)
{
    struct hold *h = *state;
    int64_t until = 0;
    char why[HOLD_WHY] = "";
    hold_set(h, "authority:a", 1000, "first");
    hold_set(h, "authority:a", 500, "second");
    assert_true(hold_check(h, "authority:a", 0, &until, why));
    assert_int_equal(until, 1000);
    assert_string_equal(why, "first");
    hold_set(h, "authority:a", 2000, "third");
    assert_true(hold_check(h, "authority:a", 0, &until, why));
    assert_int_equal(until, 2000);
    assert_string_equal(why, "third");
}
static void a_cleared_hold_is_gone_and_only_that(void **state)
{
    struct hold *h = *state;
    int64_t until = 0;
    char why[HOLD_WHY] = "";
    hold_set(h, "a", 1000, "");
    hold_set(h, "b", 1000, "");
    hold_set(h, "c", 1000, "");
    hold_clear(h, "b");
    hold_clear(h, "never there");
    assert_true(hold_check(h, "a", 0, &until, why));
    assert_false(hold_check(h, "b", 0, &until, why));
    assert_true(hold_check(h, "c", 0, &until, why));
}
static void strikes_in_a_row_hold_twice_as_long_each_time(void **state)
{
    struct hold *h = *state;
    int64_t until = 0;
    char why[HOLD_WHY] = "";
    assert_int_equal(hold_strike(h, "a", 1000, 10, 35, "first"), 10);
    assert_true(hold_check(h, "a", 1009, &until, why));
    assert_int_equal(until, 1010);
    assert_false(hold_check(h, "a", 1010, &until, why));
    assert_int_equal(hold_strike(h, "a", 1010, 10, 35, "second"), 20);
    assert_int_equal(hold_strike(h, "a", 1030, 10, 35, "third"), 35);
    assert_int_equal(hold_strike(h, "b", 1030, 10, 35, ""), 10);
    hold_clear(h, "a");
    assert_int_equal(hold_strike(h, "a", 1040, 10, 35, ""), 10);
    /* Over for longer than it could have been: another trouble. */
    assert_false(hold_check(h, "a", 1084, &until, why));
    assert_int_equal(hold_strike(h, "a", 1084, 10, 35, ""), 20);
    assert_false(hold_check(h, "a", 1139, &until, why));
    assert_int_equal(hold_strike(h, "a", 1139, 10, 35, ""), 10);
}
static void a_key_that_is_too_long_is_not_held_and_a_long_reason_is_cut(void **state)
{
    struct hold *h = *state;
    char key[HOLD_KEY + 1], reason[2 * HOLD_WHY], why[HOLD_WHY] = "";
    int64_t until = 0;
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    memset(reason, 'r', sizeof reason);
    reason[sizeof reason - 1] = '\0';
    hold_set(h, key, 1000, "");
    assert_false(hold_check(h, key, 0, &until, why));
    key[HOLD_KEY - 1] = '\0';
    assert_false(hold_check(h, key, 0, &until, why));
    hold_set(h, key, 1000, reason);
    assert_true(hold_check(h, key, 0, &until, why));
    assert_int_equal(strlen(why), HOLD_WHY - 1);
}
static void the_second_domain_within_ten_minutes_makes_it_the_accounts_limit(void **state)
{
    struct hold *h = *state;
    assert_false(hold_second_domain(h, "authority:a", "one.org", 0));
    assert_false(hold_second_domain(h, "authority:a", "one.org", 1000)); /* the same again */
    assert_false(hold_second_domain(h, "authority:b", "two.org", 1000)); /* another authority */
    assert_false(hold_second_domain(h, "authority:aa", "two.org", 1000));
    assert_true(hold_second_domain(h, "authority:a", "two.org", 600999));
    assert_false(hold_second_domain(h, "authority:a", "three.org", 600999 + 600000));
}
static void an_absurdly_long_domain_does_no_harm(void **state)
{
    struct hold *h = *state;
    char longer[2 * HOLD_KEY];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_false(hold_second_domain(h, "authority:a", longer, 0));
    assert_false(hold_second_domain(h, longer, "one.org", 0));
    assert_false(hold_second_domain(h, "authority:a", "one.org", 0));
}
static void *hold_and_look(void *arg)
{
    struct hold *h = arg;
    for (int i = 0; i < 2000; i++) {
        int64_t until = 0;
        char key[16], why[HOLD_WHY];
        snprintf(key, sizeof key, "k%d", i % 10);
        hold_set(h, key, i, "why");
        if (hold_check(h, key, i - 1, &until, why) && until < i)
            return arg;
        hold_second_domain(h, "a", key, i);
        if (i % 5 == 0)
            hold_clear(h, key);
    }
    return NULL;
}
static void many_threads_hold_and_look(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_look, *state), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_hold_ends_at_its_time),
        TEST(a_hold_is_never_shortened),
        TEST(a_cleared_hold_is_gone_and_only_that),
        TEST(strikes_in_a_row_hold_twice_as_long_each_time),
        TEST(a_key_that_is_too_long_is_not_held_and_a_long_reason_is_cut),
        TEST(the_second_domain_within_ten_minutes_makes_it_the_accounts_limit),
        TEST(an_absurdly_long_domain_does_no_harm),
        TEST(many_threads_hold_and_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
