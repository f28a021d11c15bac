/* SPDX-License-Identifier: Apache-2.0 */
/* test_pace.c - the first look after an answer comes when the authority is likely to be done. */
#include "base/mem.h"
#include "engine/pace.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = pace_new();
    return *state ? 0 : -1;
}
static int tear_down(void **state)
{
    pace_free(*state);
    return 0;
}
static void nothing_known_is_a_quarter_of_a_second(void **state)
{
    assert_int_equal(pace_first_look_ms(*state, "a/dns-01"), 250);
}
static void a_look_too_early_makes_the_next_first_look_later_than_it_took(void **state)
{
    pace_learn(*state, "a/dns-01", 2000, 3);
    assert_int_equal(pace_first_look_ms(*state, "a/dns-01"), 2200);
    assert_int_equal(pace_first_look_ms(*state, "a/http-01"), 250);
    assert_int_equal(pace_first_look_ms(*state, "b/dns-01"), 250);
}
static void ready_at_the_first_look_makes_the_next_a_little_earlier(void **state)
{
    pace_learn(*state, "a", 1000, 2);
    assert_int_equal(pace_first_look_ms(*state, "a"), 1100);
    pace_learn(*state, "a", 1100, 1);
    assert_int_equal(pace_first_look_ms(*state, "a"), 990);
    pace_learn(*state, "a", 99999, 1); /* how late the look was says nothing */
    assert_int_equal(pace_first_look_ms(*state, "a"), 891);
}
static void it_settles_near_what_it_takes(void **state)
{
    int64_t wait = 0;
    unsigned looks = 0;
    for (int i = 0; i < 200; i++) {
        wait = pace_first_look_ms(*state, "a");
        unsigned n = wait >= 3000 ? 1 : 2;
        pace_learn(*state, "a", n == 1 ? wait : 3000, n);
        looks += i >= 100 ? n : 0;
    }
    assert_in_range(wait, 2700, 3300);
    assert_true(looks <= 160); /* mostly one look is enough */
}
static void what_was_learned_is_there_after_a_restart(void **state)
{
    struct store *s = fake_store_new();
    struct pace *other = pace_new();

    pace_learn(*state, "a/dns-01", 2000, 3);
    pace_learn(*state, "a/finalize", 100, 2);
    pace_learn(*state, "ab/dns-01", 5000, 2);
    pace_save(*state, s);
    pace_load(other, s, "a");
    assert_int_equal(pace_first_look_ms(other, "a/dns-01"), 2200);
    assert_int_equal(pace_first_look_ms(other, "a/finalize"), 110);
    assert_int_equal(pace_first_look_ms(other, "ab/dns-01"), 250);
    pace_load(other, s, "ab");
    assert_int_equal(pace_first_look_ms(other, "ab/dns-01"), 5500);
    /* Written again only where something was learned, and over what is there. */
    pace_save(other, s);
    pace_learn(other, "a/dns-01", 3000, 2);
    pace_save(other, s);
    pace_load(*state, s, "a");
    assert_int_equal(pace_first_look_ms(*state, "a/dns-01"), 3300);
    pace_free(other);
    fake_store_free(s);
}
static void what_is_damaged_on_disk_is_not_believed(void **state)
{
    struct store *s = fake_store_new();
    cleanup_(json_freep) json_t *doc = json_pack("{s:i,s:{s:I,s:i,s:s}}", "format", 1, "ms", "dns-01",
                                                 (json_int_t)1 << 60, "http-01", -5, "x", "y");
    struct outcome o = { 0 };
    uint64_t version;

    assert_int_equal(store_put_json(s, STORE_BUDGET, "a pace", doc, 0, &version, &o), FL_OK);
    pace_load(*state, s, "a");
    assert_int_equal(pace_first_look_ms(*state, "a/dns-01"), 30000);
    assert_int_equal(pace_first_look_ms(*state, "a/http-01"), 20);
    assert_int_equal(pace_first_look_ms(*state, "a/x"), 250);
    fake_store_free(s);
}
static void it_stays_within_its_limits(void **state)
{
    pace_learn(*state, "slow", INT64_C(86400000), 5);
    assert_int_equal(pace_first_look_ms(*state, "slow"), 30000);
    for (int i = 0; i < 100; i++)
        pace_learn(*state, "fast", 0, 1);
    assert_int_equal(pace_first_look_ms(*state, "fast"), 20);
    pace_learn(*state, "none", 0, 2);
    assert_int_equal(pace_first_look_ms(*state, "none"), 20);
}
static void more_keys_than_it_has_room_for_are_as_if_unknown(void **state)
{
    char key[200];
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "k%d", i);
        pace_learn(*state, key, 1000, 2);
    }
    assert_int_equal(pace_first_look_ms(*state, "k0"), 1100);
    assert_int_equal(pace_first_look_ms(*state, "k299"), 250);
    snprintf(key, sizeof key, "%150d", 1);
    pace_learn(*state, key, 1000, 2);
    assert_int_equal(pace_first_look_ms(*state, key), 250);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_known_is_a_quarter_of_a_second),
        TEST(a_look_too_early_makes_the_next_first_look_later_than_it_took),
        TEST(ready_at_the_first_look_makes_the_next_a_little_earlier),
        TEST(it_settles_near_what_it_takes),
        TEST(what_was_learned_is_there_after_a_restart),
        TEST(what_is_damaged_on_disk_is_not_believed),
        TEST(it_stays_within_its_limits),
        TEST(more_keys_than_it_has_room_for_are_as_if_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
