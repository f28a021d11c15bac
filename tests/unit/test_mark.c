/* SPDX-License-Identifier: Apache-2.0 */
/* test_mark.c - the names and values of TXT records that say whose an address is. */
#include "zone/mark.h"
#include <fl/dns.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_are_those_of_external_dns(void **state)
{
    static const struct {
        const char *prefix, *wildcard, *host;
        uint32_t type;
        const char *apex, *name;
    } cases[] = {
        { "", "", "shop.example.com", FL_RR_A, "example.com", "a-shop.example.com" },
        { NULL, NULL, "shop.example.com", FL_RR_AAAA, "example.com", "aaaa-shop.example.com" },
        { "", "", "shop.example.com", FL_RR_CNAME, "example.com", "cname-shop.example.com" },
        { "txt.", "", "shop.example.com", FL_RR_CNAME, "example.com", "txt.cname-shop.example.com" },
        { "x-%{record_type}.", "", "shop.example.com", FL_RR_A, "example.com", "x-a.shop.example.com" },
        { "%{record_type}-p-", "", "shop.example.com", FL_RR_AAAA, "example.com", "aaaa-p-shop.example.com" },
        { "", "", "*.example.com", FL_RR_A, "example.com", "a-*.example.com" },
        { "", "any", "*.example.com", FL_RR_A, "example.com", "a-any.example.com" },
        { "", "any", "*a.example.com", FL_RR_A, "example.com", "a-*a.example.com" },
        /* At the apex the name would lie in the zone above. */
        { "", "", "example.com", FL_RR_A, "example.com", "example.com" },
        { "x-%{record_type}.", "", "example.com", FL_RR_A, "example.com", "x-a.example.com" },
        { "", "", "example.com", FL_RR_ALIAS, "example.com", "example.com" },
        { "x-%{record_type}.", "", "example.com", FL_RR_ALIAS, "example.com", "x-a.example.com" },
    };
    char out[MARK_NAME];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mark_rule r = { "me", cases[i].prefix, cases[i].wildcard };
        assert_true(mark_name(&r, cases[i].host, cases[i].type, cases[i].apex, out));
        assert_string_equal(out, cases[i].name);
    }
}

static void a_name_that_is_none_is_refused(void **state)
{
    char host[MARK_NAME], out[MARK_NAME] = "kept";
    const struct mark_rule r = { "me", "", "" }, dots = { "me", "a..", "" };

    (void)state;
    memset(host, 'x', 62);
    memcpy(host + 62, ".example.com", sizeof ".example.com");
    assert_false(mark_name(&r, host, FL_RR_A, "example.com", out));
    assert_true(mark_name(&r, host + 1, FL_RR_A, "example.com", out));
    memcpy(out, "kept", 5);
    assert_false(mark_name(&dots, "b.example.com", FL_RR_A, "example.com", out));
    assert_string_equal(out, "kept");
}

static void what_is_written_can_be_read(void **state)
{
    const struct mark_rule r = { "me@here", "", "" };
    char text[MARK_TEXT], bad[MARK_WORD + 1];
    struct mark m;

    (void)state;
    assert_true(mark_text(&r, "certificate/www.example.com", text));
    assert_string_equal(text, "heritage=external-dns,external-dns/owner=me@here,"
                              "external-dns/resource=certificate/www.example.com");
    assert_true(mark_read(text, &m));
    assert_string_equal(m.owner, "me@here");
    assert_string_equal(m.resource, "certificate/www.example.com");
    assert_true(mark_text(&r, "a,b=c\"d", text));
    assert_true(mark_read(text, &m));
    assert_string_equal(m.resource, "a_b_c_d");
    memset(bad, 'x', MARK_WORD);
    bad[MARK_WORD] = '\0';
    assert_false(mark_text(&r, bad, text));
}

static void marks_of_others_are_read_and_other_texts_are_not(void **state)
{
    static const struct {
        const char *text;
        bool mark;
        const char *owner, *resource;
    } cases[] = {
        { "\"heritage=external-dns,external-dns/owner=default,external-dns/resource=service/ns/web\"", true,
          "default", "service/ns/web" },
        { "heritage=external-dns,external-dns/owner=x", true, "x", "" },
        { "external-dns/owner=x,heritage=external-dns,more,a=b=c", true, "x", "" },
        { "heritage=external-dns", true, "", "" },
        { "heritage=someone-else,external-dns/owner=x", false, NULL, NULL },
        { "heritage=external-dnsx,external-dns/owner=x", false, NULL, NULL },
        { "external-dns/owner=x", false, NULL, NULL },
        { "v=spf1 -all", false, NULL, NULL },
        { "", false, NULL, NULL },
        { "\"", false, NULL, NULL },
        { ",,,", false, NULL, NULL },
    };
    char heavy[2000];
    struct mark m;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mark_read(cases[i].text, &m), cases[i].mark);
        if (cases[i].mark) {
            assert_string_equal(m.owner, cases[i].owner);
            assert_string_equal(m.resource, cases[i].resource);
        }
    }
    memset(heavy, 'y', sizeof heavy);
    memcpy(heavy, "heritage=external-dns,external-dns/owner=", 41);
    heavy[sizeof heavy - 1] = '\0';
    assert_true(mark_read(heavy, &m));
    assert_int_equal(strlen(m.owner), MARK_WORD - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_external_dns),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(marks_of_others_are_read_and_other_texts_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
