/* SPDX-License-Identifier: Apache-2.0 */
/* test_outcome.c - how a call ended. */
#include "base/outcome.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void failing_keeps_words_and_returns_the_code(void **state)
{
    struct outcome o = { .http = 500, .retry_after_ms = 7, .problem = "badNonce" };
    (void)state;
    assert_int_equal(outcome_fail(&o, FL_EAUTH, "token of %s refused", "gcp"), FL_EAUTH);
    assert_int_equal(o.code, FL_EAUTH);
    assert_string_equal(o.msg, "token of gcp refused");
    assert_int_equal(o.http, 0);
    assert_int_equal(o.retry_after_ms, 0);
    assert_string_equal(o.problem, "");
}
static void foreign_text_becomes_one_clean_line(void **state)
{
    struct outcome o;
    (void)state;
    outcome_fail(&o, FL_EPROTO,
                 "a\nb\033[2Jc\x7f"
                 "d\xff"
                 "e\xc3\xa9\xc2\x85");
    assert_string_equal(o.msg, "a?b?[2Jc?d?e\xc3\xa9?");
}
static void a_long_message_is_cut_between_characters(void **state)
{
    char text[1200];
    struct outcome o;
    (void)state;
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    outcome_fail(&o, FL_ETEMP, "x%s", text);
    assert_int_equal(strlen(o.msg), OUTCOME_MSG - 1);
    assert_true(text_utf8(o.msg, strlen(o.msg)));
    outcome_fail(&o, FL_ETEMP, "%s", text);
    assert_int_equal(strlen(o.msg), OUTCOME_MSG - 2);
    assert_true(text_utf8(o.msg, strlen(o.msg)));
}
static void an_argument_may_stand_in_the_outcome_itself(void **state)
{
    struct outcome o;
    (void)state;
    outcome_fail(&o, FL_ETEMP, "inner");
    outcome_fail(&o, FL_EPROTO, "outer, %s", o.msg);
    assert_string_equal(o.msg, "outer, inner");
}
static void context_goes_before_and_keeps_the_rest(void **state)
{
    struct outcome o;
    char long_name[2000];
    (void)state;
    outcome_fail(&o, FL_ERATE, "slow down");
    o.http = 429;
    o.retry_after_ms = 9000;
    assert_int_equal(outcome_context(&o, "new order at %s", "letsencrypt"), FL_ERATE);
    assert_string_equal(o.msg, "new order at letsencrypt: slow down");
    assert_int_equal(o.http, 429);
    assert_int_equal(o.retry_after_ms, 9000);
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    outcome_context(&o, "%s", long_name);
    assert_int_equal(strlen(o.msg), OUTCOME_MSG - 1);
}
static void again_is_not_in_the_past(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(outcome_again(&o, -5, "not yet"), FL_EAGAIN);
    assert_int_equal(o.retry_after_ms, 0);
    assert_int_equal(outcome_again(&o, 1500, "not yet"), FL_EAGAIN);
    assert_int_equal(o.retry_after_ms, 1500);
    assert_int_equal(outcome_ok(&o), FL_OK);
    assert_string_equal(o.msg, "");
    assert_int_equal(outcome_nomem(&o), FL_ENOMEM);
    assert_string_equal(o.msg, "out of memory");
}
static void every_code_has_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int code = FL_ECANCEL; code <= FL_OK; code++) {
        assert_string_not_equal(outcome_code_name(code), "unknown");
        assert_int_equal(outcome_code_parse(outcome_code_name(code)), code);
    }
    assert_string_equal(outcome_code_name(-99), "unknown");
    assert_int_equal(outcome_code_parse("nonsense"), FL_EPROTO);
    assert_int_equal(outcome_code_parse(NULL), FL_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_keeps_words_and_returns_the_code),
        cmocka_unit_test(foreign_text_becomes_one_clean_line),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(an_argument_may_stand_in_the_outcome_itself),
        cmocka_unit_test(context_goes_before_and_keeps_the_rest),
        cmocka_unit_test(again_is_not_in_the_past),
        cmocka_unit_test(every_code_has_a_name_that_leads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
