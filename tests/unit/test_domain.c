/* SPDX-License-Identifier: Apache-2.0 */
/* test_domain.c - registered domains. */
#include "zone/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_registered_domain_is_one_label_below_the_public_suffix(void **state)
{
    static const char *const rows[][2] = {
        { "example.org", "example.org" },
        { "www.example.org", "example.org" },
        { "*.example.org", "example.org" },
        { "*.a.b.example.org", "example.org" },
        { "shop.example.co.uk", "example.co.uk" },
        { "a.b.example.github.io", "example.github.io" },
        { "www.xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "org", "org" },
        { "co.uk", "co.uk" },
        { "*.co.uk", "co.uk" },
        { "localhost", "localhost" },
        { "192.0.2.7", "192.0.2.7" },
        { "2001:db8::1", "2001:db8::1" },
        { "", "" },
    };
    char out[REGISTERED_DOMAIN];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        registered_domain(rows[i][0], out);
        if (strcmp(out, rows[i][1]) != 0)
            fail_msg("%s gives %s", rows[i][0], out);
    }
}
static void only_what_is_right_below_a_public_suffix_can_be_registered(void **state)
{
    (void)state;
    assert_true(domain_registrable("example.org"));
    assert_true(domain_registrable("example.co.uk"));
    assert_true(domain_registrable("example.test"));
    assert_false(domain_registrable("www.example.org"));
    assert_false(domain_registrable("co.uk"));
    assert_false(domain_registrable("org"));
    assert_false(domain_registrable("192.0.2.7"));
    assert_false(domain_registrable(""));
}
static void what_is_too_long_is_cut(void **state)
{
    char name[600], out[REGISTERED_DOMAIN];
    (void)state;
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    registered_domain(name, out);
    assert_int_equal(strlen(out), REGISTERED_DOMAIN - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registered_domain_is_one_label_below_the_public_suffix),
        cmocka_unit_test(only_what_is_right_below_a_public_suffix_can_be_registered),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
