/* SPDX-License-Identifier: Apache-2.0 */
/* test_line.c - who is first, who is before whom, and how soon the next one tries. */
#include "engine/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t LATER = 1000000;

static int set_up(void **state)
{
    *state = line_new();
    return *state ? 0 : -1;
}
static int tear_down(void **state)
{
    line_free(*state);
    return 0;
}

/* Stands in `key` after this; from where it came. */
static const char *stands(struct line *l, const char *key, const char *name, int64_t urgent)
{
    static char left[HOLD_KEY];
    assert_true(line_join(l, key, name, urgent, LATER, left));
    return left;
}
static const char *first(struct line *l, const char *key)
{
    static char name[LINE_NAME];
    return line_first(l, key, name) ? name : "-";
}
static const char *left_by(struct line *l, const char *name)
{
    static char key[HOLD_KEY];
    line_leave(l, name, key);
    return key;
}

static void the_most_urgent_is_first_and_then_who_came_first(void **state)
{
    struct line *l = *state;

    assert_string_equal(first(l, "a"), "-");
    stands(l, "a", "one", 50);
    stands(l, "a", "two", 20);
    stands(l, "a", "three", 50);
    stands(l, "a", "four", 20);
    stands(l, "b", "five", 1);
    assert_int_equal(line_length(l, "a"), 4);
    assert_string_equal(first(l, "a"), "two");
    assert_string_equal(left_by(l, "two"), "a");
    assert_string_equal(first(l, "a"), "four");
    left_by(l, "four");
    assert_string_equal(first(l, "a"), "one");
    left_by(l, "one");
    assert_string_equal(first(l, "a"), "three");
    left_by(l, "three");
    assert_string_equal(first(l, "a"), "-");
    assert_string_equal(left_by(l, "three"), "");
    assert_string_equal(first(l, "b"), "five");
}

static void a_heap_of_many_gives_them_in_order(void **state)
{
    enum { MANY = 500 };
    struct line *l = *state;
    char name[16];
    long before = -1;

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "n%u", i);
        stands(l, "a", name, i * 7919 % 251);
    }
    for (unsigned i = 0; i < MANY; i += 3) { /* from the middle too */
        snprintf(name, sizeof name, "n%u", i);
        assert_string_equal(left_by(l, name), "a");
    }
    for (unsigned n = 0; n < MANY - (MANY + 2) / 3; n++) {
        unsigned long i = strtoul(first(l, "a") + 1, NULL, 10);
        long now = (long)(i * 7919 % 251 * MANY + i);
        assert_true(i % 3 != 0);
        assert_true(now > before);
        before = now;
        snprintf(name, sizeof name, "n%lu", i);
        left_by(l, name);
    }
    assert_int_equal(line_length(l, "a"), 0);
}

static void who_stands_there_keeps_its_place_and_stands_in_one_line_only(void **state)
{
    struct line *l = *state;

    assert_string_equal(stands(l, "a", "one", 50), "");
    stands(l, "a", "two", 50);
    assert_string_equal(stands(l, "a", "one", 50), "");
    assert_string_equal(first(l, "a"), "one");
    assert_string_equal(stands(l, "a", "two", 10), ""); /* it has become more urgent */
    assert_string_equal(first(l, "a"), "two");
    assert_string_equal(stands(l, "b", "two", 10), "a");
    assert_string_equal(first(l, "a"), "one");
    assert_int_equal(line_length(l, "a"), 1);
    assert_string_equal(first(l, "b"), "two");
}

static void nobody_goes_before_the_more_urgent_but_who_has_waited_for_long(void **state)
{
    struct line *l = *state;

    assert_false(line_before(l, "a", "new", 50, 0));
    stands(l, "a", "one", 50);
    stands(l, "a", "two", 60);
    assert_true(line_before(l, "a", "new", 50, 0)); /* as urgent, and came later */
    assert_false(line_before(l, "a", "new", 49, 0));
    assert_false(line_before(l, "b", "new", 50, 0));
    assert_false(line_before(l, "a", "one", 50, 0));
    assert_true(line_before(l, "a", "two", 60, LATER - 1));
    assert_false(line_before(l, "a", "two", 60, LATER));
    assert_true(line_before(l, "a", "new", 50, LATER));
}

/* One that came through after each refusal: told so three times, the others come as slowly as those were told to, and
 * one in eight tries all the same. */
static void where_one_at_a_time_comes_through_the_next_one_waits(void **state)
{
    struct line *l = *state;

    stands(l, "a", "one", 1);
    assert_int_equal(line_passed(l, "a"), 0);
    for (int i = 0; i < 3; i++) {
        line_refused(l, "a", 36000);
        assert_int_equal(line_passed(l, "a"), i < 2 ? 0 : 36000);
    }
    for (int i = 2; i < 8; i++)
        assert_int_equal(line_passed(l, "a"), 36000);
    assert_int_equal(line_passed(l, "a"), 0);
    assert_int_equal(line_passed(l, "a"), 36000);
    /* Many came through since: it was no such limit. */
    line_refused(l, "a", 5000);
    assert_int_equal(line_passed(l, "a"), 0);
    assert_int_equal(line_passed(l, "none"), 0);
    line_refused(l, "none", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_urgent_is_first_and_then_who_came_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_heap_of_many_gives_them_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_stands_there_keeps_its_place_and_stands_in_one_line_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_goes_before_the_more_urgent_but_who_has_waited_for_long,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_one_at_a_time_comes_through_the_next_one_waits, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
