/* SPDX-License-Identifier: Apache-2.0 */
/* test_renew.c - when a certificate is renewed. */
#include "engine/renew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define H INT64_C(3600)
#define D (24 * H)
static const int64_t FROM = 1795348800;

static void the_fraction_of_the_lifetime_decides(void **state)
{
    static const struct {
        int64_t life, num, den, left;
    } rows[] = {
        { 90 * D, 0, 0, 30 * D }, /* a third */
        { 45 * D, 0, 0, 15 * D },
        { 10 * D, 0, 0, 80 * H },        /* ten days is not under ten days */
        { 10 * D - 1, 0, 0, 5 * D - 1 }, /* half; a second is lost in the division */
        { 160 * H, 0, 0, 80 * H },
        { 6 * D, 0, 0, 3 * D },
        { 47 * D, 0, 0, 47 * D / 3 },
        { 90 * D, 1, 2, 45 * D },
        { 90 * D, 2, 3, 60 * D },
        { 160 * H, 1, 3, 160 * H / 3 },
        { 90 * D, 1, 90, D },
        { 90 * D, 3, 3, 30 * D }, /* no fraction below one: as if not given */
        { 90 * D, 5, 3, 30 * D },
        { 90 * D, -1, 3, 30 * D },
        { 90 * D, 1, 0, 30 * D },
        { 90 * D, 1, -3, 30 * D },
        { 825 * D, 0, 0, 275 * D },
        { 365 * 30 * D, 0, 0, 3650 * D },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int n = 0; n < 50; n++) {
            char name[32];
            snprintf(name, sizeof name, "host%d.example.org", n);
            int64_t end = FROM + rows[i].life, at = renew_at(name, FROM, end, rows[i].num, rows[i].den);
            int64_t latest = end - rows[i].left, earliest = latest - rows[i].life / 60;
            if (at > latest || at < earliest)
                fail_msg("row %zu: %lld left, not %lld", i, (long long)(end - at), (long long)rows[i].left);
        }
}
static void it_is_within_the_lifetime_whatever_is_asked(void **state)
{
    static const int64_t lives[] = { 1, 2, 59, 60, 3600, 160 * H, 90 * D, 1000 * D, INT64_C(1000000000) };
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        for (int64_t den = -1; den < 12; den++)
            for (int64_t num = -1; num < 12; num++) {
                int64_t at = renew_at("a.example", FROM, FROM + lives[i], num, den);
                assert_true(at <= FROM + lives[i]);
                assert_true(at >= FROM - lives[i] / 60);
            }
}
static void dates_that_make_no_sense_are_renewed_at_once(void **state)
{
    (void)state;
    assert_int_equal(renew_at("a", FROM, FROM, 0, 0), FROM);
    assert_true(renew_at("a", FROM, FROM - 5, 1, 3) == FROM - 5);
    assert_int_equal(renew_at("a", 0, 0, 0, 0), 0);
}
static void a_name_has_always_the_same_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(renew_at("example.org", FROM, FROM + 90 * D, 0, 0),
                         renew_at("example.org", FROM, FROM + 90 * D, 0, 0));
    assert_int_not_equal(renew_at("example.org", FROM, FROM + 90 * D, 0, 0),
                         renew_at("example.net", FROM, FROM + 90 * D, 0, 0));
}
static void a_thousand_made_together_do_not_come_back_together(void **state)
{
    enum { N = 1000, PARTS = 10 };
    int64_t latest = FROM + 60 * D, width = 90 * D / 60;
    int in_part[PARTS] = { 0 };
    (void)state;
    for (int n = 0; n < N; n++) {
        char name[32];
        snprintf(name, sizeof name, "www%d.example.org", n);
        int64_t early = latest - renew_at(name, FROM, FROM + 90 * D, 0, 0);
        assert_true(early >= 0 && early < width);
        in_part[early * PARTS / width]++;
    }
    for (int i = 0; i < PARTS; i++)
        assert_in_range(in_part[i], N / PARTS / 2, N / PARTS * 3 / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fraction_of_the_lifetime_decides),
        cmocka_unit_test(it_is_within_the_lifetime_whatever_is_asked),
        cmocka_unit_test(dates_that_make_no_sense_are_renewed_at_once),
        cmocka_unit_test(a_name_has_always_the_same_moment),
        cmocka_unit_test(a_thousand_made_together_do_not_come_back_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
