/* SPDX-License-Identifier: Apache-2.0 */
/* test_opt_value.c - single values of options: durations, sizes, names, URLs. */
#include "base/text.h"
#include "conf/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- numbers with units ---- */

static void durations_and_sizes_have_units(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } spans[] = { { "500ms", 500 },      { "90s", 90000 },     { "10m", 600000 }, { "12h", 43200000 },
                  { "30d", 2592000000 }, { "2w", 1209600000 }, { "0s", 0 } },
      sizes[] = { { "512", 512 }, { "64k", 65536 }, { "1M", 1048576 }, { "2G", 2147483648 } };
    static const char *const bad[] = {
        "", "s", "-1s", "1 s", "1.5h", "1h30m", "1S", "9223372036854775807d", "99999999999999999999s", "+1s"
    };
    int64_t n = 42;
    char text[32];
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        assert_null(opt_duration(spans[i].text, &n));
        assert_true(n == spans[i].value);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_null(opt_size(sizes[i].text, &n));
        assert_true(n == sizes[i].value);
        opt_size_text(n, text);
        assert_string_equal(text, sizes[i].text);
    }
    n = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_non_null(opt_duration(bad[i], &n));
        assert_non_null(opt_size(bad[i], &n));
    }
    assert_true(text_starts(opt_duration("90", &n), "has no unit"));
    assert_int_equal(n, 42);
    opt_duration_text(5400000, text);
    assert_string_equal(text, "90m");
    opt_duration_text(1209600000, text);
    assert_string_equal(text, "14d");
    opt_duration_text(0, text);
    assert_string_equal(text, "0ms");
}

/* ---- names and URLs ---- */

static void names_become_lower_case_a_labels(void **state)
{
    static const struct {
        const char *text;
        unsigned flags;
        const char *name; /* NULL: refused */
    } cases[] = {
        { "Example.ORG", 0, "example.org" },
        { "example.org.", 0, "example.org" },
        { "*.example.org", OPT_WILDCARD, "*.example.org" },
        { "*.example.org", 0, NULL },
        { "*.B\xc3\x9c"
          "CHER.example",
          OPT_WILDCARD, "*.xn--bcher-kva.example" },
        { "fa\xc3\x9f.example", 0, "xn--fa-hia.example" },
        { "\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", 0,
          "xn--r8jz45g.xn--zckzah" },
        { "XN--BCHER-KVA.example", 0, "xn--bcher-kva.example" },
        { "_acme-challenge.example.org", OPT_UNDERSCORE, "_acme-challenge.example.org" },
        { "_acme-challenge.example.org", 0, NULL },
        { "localhost", 0, "localhost" },
        { "1.2.3.4", 0, NULL },
        { "1.2.3", 0, NULL },
        { "1.example", 0, "1.example" },
        { "::1", 0, NULL },
        { "", 0, NULL },
        { ".", 0, NULL },
        { "a..b", 0, NULL },
        { "a.*.b", OPT_WILDCARD, NULL },
        { "*", OPT_WILDCARD, NULL },
        { "*.*.b", OPT_WILDCARD, NULL },
        { "-a.b", 0, NULL },
        { "a-.b", 0, NULL },
        { "a b", 0, NULL },
        { "a\n.b", 0, NULL },
        { "https://a.b", 0, NULL },
        { "xn--a.b", 0, NULL },
        /* What libidn2 would silently leave out, or IDNA 2008 does not have. */
        { "\xc3\xbc_b.example", 0, NULL },
        { "\xc3\xbc!.example", 0, NULL },
        { "a\xe2\x89\xa0"
          "b.example",
          0, NULL },
        { "\xe2\x98\x83.example", 0, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[256] = "unchanged";
        const char *why = opt_name(cases[i].text, cases[i].flags, out);
        if (cases[i].name)
            assert_string_equal(why ? why : out, cases[i].name);
        else if (!why)
            fail_msg("%s was taken as %s", cases[i].text, out);
        else
            assert_string_equal(out, "unchanged");
    }
}
static void names_have_the_lengths_of_the_dns(void **state)
{
    char name[300], out[256];
    (void)state;
    memset(name, 'a', sizeof name);
    memcpy(name + 63, ".example", 9);
    assert_null(opt_name(name, 0, out));
    memset(name, 'a', 64);
    memcpy(name + 64, ".example", 9);
    assert_non_null(opt_name(name, 0, out));
    memset(name, 'a', sizeof name);
    for (size_t i = 63; i < 253; i += 64)
        name[i] = '.';
    name[253] = '\0';
    assert_null(opt_name(name, 0, out));
    assert_int_equal(strlen(out), 253);
    name[253] = '.';
    name[254] = '\0';
    assert_null(opt_name(name, 0, out));
    name[253] = 'a';
    assert_non_null(opt_name(name, 0, out));
}
static void urls_are_plain(void **state)
{
    static const char *const good[] = { "https://a.example",         "http://a.example/",
                                        "https://192.0.2.1:8443/x",  "https://[2001:db8::1]/x",
                                        "https://a_b.example/?q=@x", "https://localhost:1" };
    static const char *const bad[] = { "",
                                       "a.example",
                                       "HTTPS://a.example",
                                       "ftp://a.example",
                                       "https://",
                                       "https:///x",
                                       "https://u@a.example",
                                       "https://a.example/#f",
                                       "https://a.example:0/",
                                       "https://a.example:65536/",
                                       "https://a.example:/",
                                       "https://a b/",
                                       "https://-a/",
                                       "https://[::1/",
                                       "https://a.example/\n",
                                       "https://\xc3\xbc.example/",
                                       "https://*.example/" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(opt_url(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!opt_url(bad[i]))
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_and_sizes_have_units),
        cmocka_unit_test(names_become_lower_case_a_labels),
        cmocka_unit_test(names_have_the_lengths_of_the_dns),
        cmocka_unit_test(urls_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
