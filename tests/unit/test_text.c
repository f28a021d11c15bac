/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - small questions about text. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void starts_and_ends_are_seen(void **state)
{
    (void)state;
    assert_true(text_starts("file:/x", "file:"));
    assert_true(text_starts("x", ""));
    assert_false(text_starts("fil", "file:"));
    assert_true(text_ends("a.conf", ".conf"));
    assert_false(text_ends("conf", ".conf"));
}
static void a_cut_copy_says_so(void **state)
{
    char out[4] = "zzz";
    (void)state;
    assert_true(text_copy(out, sizeof out, "abc"));
    assert_string_equal(out, "abc");
    assert_false(text_copy(out, sizeof out, "abcd"));
    assert_string_equal(out, "abc");
    assert_false(text_copy(out, 0, "x"));
}
static void a_join_is_the_three_one_after_the_other_or_what_fits(void **state)
{
    char out[8];

    (void)state;
    assert_true(text_join(out, sizeof out, "ab", ":", "cdef"));
    assert_string_equal(out, "ab:cdef");
    assert_true(text_join(out, sizeof out, "", "", ""));
    assert_string_equal(out, "");
    assert_false(text_join(out, sizeof out, "ab", ":", "cdefg"));
    assert_string_equal(out, "ab:cdef");
    assert_false(text_join(out, sizeof out, "abcdefgh", ":", ""));
    assert_string_equal(out, "abcdefg");
}
static void numbers_are_whole_and_in_range(void **state)
{
    static const char *const bad[] = {
        "", "-", " 1", "1 ", "+1", "1x", "0x10", "--1", "9223372036854775808", "101", "-6"
    };
    int64_t n = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_int(bad[i], -5, 100, &n));
    assert_int_equal(n, 42);
    assert_true(text_int("100", -5, 100, &n));
    assert_int_equal(n, 100);
    assert_true(text_int("-5", -5, 100, &n));
    assert_int_equal(n, -5);
    assert_true(text_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
    assert_true(n == INT64_MIN);
}
static void only_real_utf8_is_utf8(void **state)
{
    static const char *const good[] = {
        "", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"
    };
    static const char *const bad[] = { "\x80",
                                       "\xc0\xaf",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xc3",
                                       "\xe2\x82",
                                       "a\xff" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_utf8(bad[i], strlen(bad[i])));
    assert_true(text_utf8("a\0b", 3));
    assert_int_equal(text_utf8_next("\xe2\x82\xac!", 4), 3);
    assert_int_equal(text_utf8_next("\xe2\x82\xac", 2), 0);
    assert_int_equal(text_utf8_next("", 0), 0);
}
static void a_swap_is_one_edit(void **state)
{
    char long_word[80];
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("plugin", "PLUGIN"), 0);
    assert_int_equal(text_distance("plugin", "plguin"), 1);
    assert_int_equal(text_distance("directory", "direktory"), 1);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    memset(long_word, 'x', sizeof long_word);
    long_word[63] = '\0';
    assert_int_equal(text_distance(long_word, "x"), 62);
    long_word[63] = 'x';
    long_word[64] = '\0';
    assert_int_equal(text_distance(long_word, long_word), 99);
}
static void what_was_meant_is_guessed_but_not_wildly(void **state)
{
    static const char *const words[] = { "directory", "contact", "accept_terms", "eab", "ttl", NULL };
    (void)state;
    assert_string_equal(text_nearest("dirctory", words), "directory");
    assert_string_equal(text_nearest("contacts", words), "contact");
    assert_string_equal(text_nearest("acceptterms", words), "accept_terms");
    assert_string_equal(text_nearest("tll", words), "ttl");
    assert_null(text_nearest("zone", words));
    assert_null(text_nearest("x", words));
    assert_null(text_nearest("x", NULL));
    assert_true(text_in("eab", words));
    assert_false(text_in("EAB", words));
}
static void addresses_come_out_in_one_form(void **state)
{
    static const struct {
        const char *in, *out;
        bool v6;
    } good[] = {
        { "192.0.2.7", "192.0.2.7", false },
        { "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", true },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", true },
        { "0:0:0:0:0:0:0:0", "::", true },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1", true },
    };
    static const char *const bad[] = { "",        "192.0.2", "192.0.2.256", "192.0.2.07", "example.org",
                                       "1::2::3", "[::1]",   "::1%lo",      "192.0.2.1 " };
    char out[46];
    bool v6;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(text_ip(good[i].in, out, &v6));
        assert_string_equal(out, good[i].out);
        assert_int_equal(v6, good[i].v6);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_ip(bad[i], out, &v6));
}
static void addresses_with_ports_are_taken_apart(void **state)
{
    static const struct {
        const char *in;
        int dflt;
        const char *out;
        uint16_t port;
    } good[] = {
        { "192.0.2.1:5353", 53, "192.0.2.1", 5353 },
        { "[2001:DB8::1]:53", -1, "2001:db8::1", 53 },
        { "192.0.2.1", 53, "192.0.2.1", 53 },
        { "::1", 80, "::1", 80 },
        { "[::1]", 443, "::1", 443 },
        { "127.0.0.1:0", -1, "127.0.0.1", 0 },
        { "1:2:3:4:5:6:7:8", 53, "1:2:3:4:5:6:7:8", 53 },
    };
    static const char *const bad[] = {
        "192.0.2.1", "::1",     "192.0.2.1:", "192.0.2.1:x",    "192.0.2.1:65536", "192.0.2.1:-0",
        ":53",       "[::1]53", "[::1",       "[192.0.2.1]:53", "example.org:53",  "[]:53",
        ""
    };
    char out[46];
    uint16_t port;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(text_address(good[i].in, good[i].dflt, out, &port));
        assert_string_equal(out, good[i].out);
        assert_int_equal(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_address(bad[i], -1, out, &port));
}
static void names_lie_below_whole_labels(void **state)
{
    (void)state;
    assert_true(text_below("www.example.org", "example.org"));
    assert_true(text_below("Example.ORG", "example.org"));
    assert_true(text_below("anything", ""));
    assert_false(text_below("badexample.org", "example.org"));
    assert_false(text_below("org", "example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_is_the_three_one_after_the_other_or_what_fits),
        cmocka_unit_test(starts_and_ends_are_seen),
        cmocka_unit_test(a_cut_copy_says_so),
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(only_real_utf8_is_utf8),
        cmocka_unit_test(a_swap_is_one_edit),
        cmocka_unit_test(what_was_meant_is_guessed_but_not_wildly),
        cmocka_unit_test(addresses_come_out_in_one_form),
        cmocka_unit_test(addresses_with_ports_are_taken_apart),
        cmocka_unit_test(names_lie_below_whole_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
