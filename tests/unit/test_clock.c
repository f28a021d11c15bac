/* SPDX-License-Identifier: Apache-2.0 */
/* test_clock.c - times as text. */
#include "fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-11-22T12:00:00Z", 1795348800 },
        { "2026-11-22t14:00:00.123456+02:00", 1795348800 },
        { "2026-11-22 06:30:00-05:30", 1795348800 },
        { "2024-02-29T00:00:00Z", 1709164800 },
        { "2016-12-31T23:59:60Z", 1483228800 },
        { "1969-12-31T23:59:59Z", -1 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400 }, /* 50 years ahead: still that one */
        { "Saturday, 01-Jan-77 00:00:00 GMT", 220924800 },   /* 51 would be too far: 1977 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t at = -77;
        if (!clock_parse(good[i].text, &at) || at != good[i].at)
            fail_msg("%s gives %lld", good[i].text, (long long)at);
    }
}
static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "120",
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-06-31T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T12:60:00Z",
        "2026-11-22T12:00:61Z",
        "2026-11-22T12:00:00.Z",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00Zx",
        "26-11-22T12:00:00Z",
        "+026-11-22T12:00:00Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Foo, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun",
        "Sun,",
        "Sun Nov",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
    };
    int64_t at = -77;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clock_parse(bad[i], &at))
            fail_msg("%s is taken", bad[i]);
    assert_int_equal(at, -77);
    assert_false(clock_parse_http("2026-11-22T12:00:00Z", &at));
}
static void the_time_zone_of_the_machine_does_not_matter(void **state)
{
    int64_t at = 0;
    char out[32];
    (void)state;
    setenv("TZ", "America/New_York", 1);
    tzset();
    assert_true(clock_parse("2026-07-01T00:00:00Z", &at));
    assert_int_equal(at, 1782864000);
    clock_format(at, out);
    assert_string_equal(out, "2026-07-01T00:00:00Z");
    unsetenv("TZ");
    tzset();
}
static void what_is_written_reads_back(void **state)
{
    (void)state;
    for (int64_t at = -62167219200; at < 253402300799; at += 86400 * 31 + 12345) {
        char out[32];
        int64_t back = 0;
        clock_format(at, out);
        assert_int_equal(strlen(out), 20);
        assert_true(clock_parse(out, &back));
        assert_true(back == at);
    }
}
static void times_out_of_reach_are_clamped(void **state)
{
    char out[32];
    (void)state;
    clock_format(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    clock_format(INT64_MIN, out);
    assert_string_equal(out, "0000-01-01T00:00:00Z");
}
static void spans_are_for_people(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } spans[] = {
        { -5, "0 s" },          { 0, "0 s" },
        { 499, "0 s" },         { 500, "1 s" },
        { 3000, "3 s" },        { 99499, "99 s" },
        { 99500, "2 min" },     { 720000, "12 min" },
        { 5999000, "2 h" },     { 18000000, "5 h" },
        { 169200000, "47 h" },  { 172800000, "2 d" },
        { 2592000000, "30 d" }, { INT64_MAX, "106751991167 d" },
    };
    char out[16];
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        clock_span(spans[i].ms, out);
        assert_string_equal(out, spans[i].text);
    }
}
static void the_fake_clock_moves_only_when_told(void **state)
{
    int64_t wall, mono = clock_mono_ms();
    (void)state;
    fake_clock_set(5000);
    assert_int_equal(clock_wall_ms(), 5000);
    assert_int_equal(clock_mono_ms(), mono);
    fake_clock_advance(250);
    wall = clock_wall_ms();
    assert_int_equal(wall, 5250);
    assert_int_equal(clock_mono_ms(), mono + 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_time_zone_of_the_machine_does_not_matter),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(times_out_of_reach_are_clamped),
        cmocka_unit_test(spans_are_for_people),
        cmocka_unit_test(the_fake_clock_moves_only_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
