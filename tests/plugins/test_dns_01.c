/* SPDX-License-Identifier: Apache-2.0 */
/* test_dns_01.c - the dns-01 solver asks for the records that RFC 8555 section 8.4 wants. */
#include "fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct fl_challenge both[] = {
    { .type = "dns-01", .identifier = "example.org", .token = "t1", .key_auth = "t1.k", .digest = "d1" },
    { .type = "dns-01",
      .identifier = "example.org",
      .wildcard = true,
      .token = "t2",
      .key_auth = "t2.k",
      .digest = "d2" },
};
static struct fake *solver(const char *option)
{
    const char *const options[] = { option, NULL };
    struct fake *f = fake_new(&fl_plugin_entry, options);
    assert_int_equal(fake_open(f), FL_OK);
    return f;
}

static void it_says_what_it_can_prove(void **state)
{
    const struct fl_solver_ops *ops = fl_plugin_entry.ops.solver;
    (void)state;
    assert_string_equal(ops->type, "dns-01");
    assert_int_equal(ops->flags, FL_SOLVES_WILDCARD | FL_NEEDS_ZONE);
}
static void a_name_and_its_wildcard_are_two_values_of_one_name(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), both, 2), FL_OK);
    assert_int_equal(f->nseen, 2);
    assert_string_equal(f->seen[0], "+_acme-challenge.example.org 16 0 d1");
    assert_string_equal(f->seen[1], "+_acme-challenge.example.org 16 0 d2");
    fake_free(f);
}
static void the_ttl_of_the_options_is_asked_for(void **state)
{
    struct fake *f = solver("ttl=300");
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), both, 1), FL_OK);
    assert_string_equal(f->seen[0], "+_acme-challenge.example.org 16 300 d1");
    fake_free(f);
}
static void what_was_deployed_is_withdrawn_value_by_value(void **state)
{
    struct fake *f = solver("ttl=300");
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.solver->withdraw(fake_call(f), both + 1, 1), FL_OK);
    assert_int_equal(f->nseen, 1);
    assert_string_equal(f->seen[0], "-_acme-challenge.example.org 16 300 d2");
    fake_free(f);
}
static void it_is_ready_when_the_core_says_that_it_is_published(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.solver->ready(fake_call(f), both, 2), FL_OK);
    f->published_code = FL_EAGAIN;
    assert_int_equal(fl_plugin_entry.ops.solver->ready(fake_call(f), both, 2), FL_EAGAIN);
    f->published_code = FL_EAUTH;
    assert_int_equal(fl_plugin_entry.ops.solver->ready(fake_call(f), both, 2), FL_EAUTH);
    fake_free(f);
}
static void a_name_without_a_zone_is_passed_on(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    f->records_code = FL_ECONF;
    assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), both, 2), FL_ECONF);
    assert_string_equal(fake_outcome(f)->msg, "fl_records() was told to say so");
    fake_free(f);
}
static void only_the_named_providers_are_asked(void **state)
{
    struct fake *f = solver("providers=gcp,loc");
    (void)state;
    assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), both, 1), FL_OK);
    assert_string_equal(f->seen[0], "+_acme-challenge.example.org 16 0 d1 @gcp,loc");
    fake_free(f);
}
static void without_memory_it_says_so(void **state)
{
    struct fake *f = solver(NULL);
    (void)state;
    f->starve = true;
    assert_int_equal(fl_plugin_entry.ops.solver->deploy(fake_call(f), both, 2), FL_ENOMEM);
    assert_int_equal(fl_plugin_entry.ops.solver->ready(fake_call(f), both, 2), FL_ENOMEM);
    assert_int_equal(fl_plugin_entry.ops.solver->withdraw(fake_call(f), both, 2), FL_ENOMEM);
    assert_int_equal(f->nseen, 0);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_it_can_prove),
        cmocka_unit_test(a_name_and_its_wildcard_are_two_values_of_one_name),
        cmocka_unit_test(the_ttl_of_the_options_is_asked_for),
        cmocka_unit_test(what_was_deployed_is_withdrawn_value_by_value),
        cmocka_unit_test(it_is_ready_when_the_core_says_that_it_is_published),
        cmocka_unit_test(a_name_without_a_zone_is_passed_on),
        cmocka_unit_test(only_the_named_providers_are_asked),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
