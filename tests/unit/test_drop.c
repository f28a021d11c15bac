/* SPDX-License-Identifier: Apache-2.0 */
/* test_drop.c - names that keep an order from coming through: when they are left out, tried and taken back. */
#include "turn_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t DAY = 86400;

static int set_up(void **state)
{
    int rc = turn_rig_set_up(state);
    struct turn_rig *r = *state;

    r->cert.on_bad_name = 1;
    r->task.step = CERT_VALID;
    return rc;
}

static void assert_wanted(struct turn_rig *r, const char *wanted)
{
    char found[256] = "";
    const char **names = wanted_names(&r->t);

    for (const char **n = names; *n; n++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", *found ? " " : "", *n);
    free(names);
    assert_string_equal(found, wanted);
}
static struct verdict settled(struct turn_rig *r)
{
    struct judge_case c = { .kind = r->task.kind,
                            .step = CERT_VALID,
                            .code = FL_EREJECT,
                            .problem = "dns",
                            .now_ms = r->t.now_ms,
                            .counts = { .rejects = 4 } };
    struct verdict v;

    judge(&c, &v);
    drop_settle(&r->t, &v);
    return v;
}
static void fails(struct turn_rig *r, const char *name, int times)
{
    for (int i = 0; i < times; i++) {
        drop_note(&r->t, name, "no such name");
        settled(r);
    }
}
/* As make_live() does. */
static void issued(struct turn_rig *r)
{
    const char **names = wanted_names(&r->t);

    turn_rig_live(r, 90 * DAY, 90 * DAY);
    json_put(json_object_get(r->t.rec, "live"), "names", strv_json((const char *const *)names));
    free(names);
    drop_forget(&r->t);
}

static void a_name_is_left_out_after_five_failures(void **state)
{
    struct turn_rig *r = *state;

    fails(r, "b.example.org", 4);
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
    assert_true(settled(r).at_ms > r->t.now_ms + 60000);
    drop_note(&r->t, "b.example.org", "no such name");
    assert_true(settled(r).at_ms == r->t.now_ms + 60000); /* not the pause of the fifth refusal */
    assert_wanted(r, "a.example.org *.c.example.net");
}
static void the_first_name_is_never_left_out_nor_any_where_names_are_kept(void **state)
{
    struct turn_rig *r = *state;

    fails(r, "a.example.org", 9);
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
    r->cert.on_bad_name = 0;
    fails(r, "b.example.org", 9);
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
}
static void wildcards_and_what_is_no_name_of_it_are_told_apart(void **state)
{
    struct turn_rig *r = *state;

    fails(r, "c.example.net", 9);
    fails(r, "x.example.org", 9);
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
    fails(r, "*.C.example.net", 5);
    assert_wanted(r, "a.example.org b.example.org");
}
static void all_names_of_a_refusal_are_noted(void **state)
{
    char b[] = "b.example.org", c[] = "*.c.example.net";
    char *const refused[] = { b, c, NULL };
    const struct outcome why = { .code = FL_EREJECT, .msg = "policy" };
    struct turn_rig *r = *state;

    r->task.step = CERT_ORDER;
    for (int i = 0; i < 5; i++) {
        drop_refused(&r->t, refused, &why);
        settled(r);
    }
    assert_wanted(r, "a.example.org");
}
/* Authorities leave subproblems out where there is but one. */
static void a_refusal_without_parts_is_for_the_names_in_its_words(void **state)
{
    struct outcome why = { .code = FL_EREJECT, .problem = "malformed" };
    struct turn_rig *r = *state;

    r->task.step = CERT_ORDER;
    for (int i = 0; i < 5; i++) {
        snprintf(why.msg, sizeof why.msg, "Cannot issue for \"B.example.org\": policy forbids it");
        drop_refused(&r->t, NULL, &why); /* of something else */
        snprintf(why.problem, sizeof why.problem, "rejectedIdentifier");
        snprintf(why.msg, sizeof why.msg, "Cannot issue for \"sub.b.example.org\" or b.example.org.uk");
        drop_refused(&r->t, NULL, &why);
        assert_null(json_object_get(r->t.rec, "suspects"));
        snprintf(why.msg, sizeof why.msg, "Cannot issue for \"B.example.org\": policy forbids it.");
        drop_refused(&r->t, NULL, &why);
        settled(r);
        snprintf(why.problem, sizeof why.problem, "malformed");
    }
    assert_wanted(r, "a.example.org *.c.example.net");
}
static void what_fails_together_with_the_first_name_does_not_count(void **state)
{
    struct turn_rig *r = *state;

    for (int i = 0; i < 9; i++) {
        drop_note(&r->t, "a.example.org", "provider is down");
        fails(r, "b.example.org", 1);
    }
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
}
static void a_step_that_will_be_repeated_counts_for_nobody(void **state)
{
    struct verdict v = { .code = FL_ETEMP, .failed = true };
    struct turn_rig *r = *state;

    for (int i = 0; i < 9; i++) {
        drop_note(&r->t, "b.example.org", "the server did not answer");
        drop_settle(&r->t, &v);
    }
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
    v.gave_up = true; /* its tries are used up */
    for (int i = 0; i < 5; i++) {
        drop_note(&r->t, "b.example.org", "the server did not answer");
        v.at_ms = r->t.now_ms + 3600000;
        drop_settle(&r->t, &v);
    }
    assert_wanted(r, "a.example.org *.c.example.net");
    assert_true(v.at_ms == r->t.now_ms + 60000);
}
static void a_mistake_in_the_configuration_about_another_name_does_not_wait_for_a_reload(void **state)
{
    struct turn_rig *r = *state;

    r->t.out.code = FL_ECONF;
    assert_int_equal(drop_instead(&r->t, FL_ECONF), FL_ECONF); /* about no name */
    drop_note(&r->t, "b.example.org", "no zone");
    assert_int_equal(drop_instead(&r->t, FL_ECONF), FL_EREJECT);
    assert_int_equal(r->t.out.code, FL_EREJECT);
    drop_note(&r->t, "a.example.org", "no zone");
    assert_int_equal(drop_instead(&r->t, FL_ECONF), FL_ECONF);
}
static void what_is_live_without_it_lacks_nothing(void **state)
{
    struct turn_rig *r = *state;
    int64_t renew;

    fails(r, "b.example.org", 5);
    issued(r);
    assert_null(live_lacks(r->t.rec, &r->subject, r->t.now_ms / 1000, &renew));
    r->cert.on_bad_name = 0; /* all of them are wanted again */
    assert_string_equal(live_lacks(r->t.rec, &r->subject, r->t.now_ms / 1000, &renew),
                        "its names have changed");
}
static void it_is_tried_once_a_day_with_all_names_and_a_failure_changes_nothing(void **state)
{
    struct turn_rig *r = *state;
    int64_t renew;

    fails(r, "b.example.org", 5);
    issued(r);
    assert_false(drop_due(&r->t));
    assert_true(drop_try_at(r->t.rec, &r->subject) == r->t.now_ms / 1000 + DAY);
    for (int i = 0; i < 3; i++) {
        turn_rig_wait(r, DAY);
        assert_true(drop_due(&r->t));
        assert_wanted(r, "a.example.org b.example.org *.c.example.net");
        assert_true(drop_tried(&r->t));
        json_put_flag(r->t.rec, "trying", true);
        assert_false(drop_due(&r->t));
        r->t.dropped = false;
        drop_note(&r->t, "b.example.org", "no such name");
        assert_int_equal(settled(r).counts.rejects, 0);
        assert_wanted(r, "a.example.org *.c.example.net");
        assert_null(live_lacks(r->t.rec, &r->subject, r->t.now_ms / 1000, &renew));
    }
}
static void nothing_is_tried_while_nothing_is_live(void **state)
{
    struct turn_rig *r = *state;

    fails(r, "b.example.org", 5);
    turn_rig_wait(r, 3 * DAY);
    assert_wanted(r, "a.example.org *.c.example.net");
}
static void a_try_that_comes_through_brings_it_back_and_forgets_its_failures(void **state)
{
    struct turn_rig *r = *state;

    fails(r, "b.example.org", 5);
    issued(r);
    turn_rig_wait(r, DAY);
    issued(r); /* with all of them */
    assert_null(json_object_get(r->t.rec, "bad"));
    assert_true(drop_try_at(r->t.rec, &r->subject) == 0);
    fails(r, "b.example.org", 4);
    assert_wanted(r, "a.example.org b.example.org *.c.example.net");
}
static void who_asks_for_a_renewal_gets_one_try(void **state)
{
    struct turn_rig *r = *state;
    json_t *ask = json_object();

    fails(r, "b.example.org", 5);
    issued(r);
    turn_rig_wait(r, 60);
    json_put_str(ask, "op", "renew");
    json_put_int(ask, "at", r->t.now_ms / 1000);
    json_put(r->t.rec, "ask", ask);
    assert_true(drop_due(&r->t));
    assert_true(drop_tried(&r->t));
    assert_false(drop_due(&r->t));
    assert_wanted(r, "a.example.org *.c.example.net");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, turn_rig_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_name_is_left_out_after_five_failures),
        T(the_first_name_is_never_left_out_nor_any_where_names_are_kept),
        T(wildcards_and_what_is_no_name_of_it_are_told_apart),
        T(all_names_of_a_refusal_are_noted),
        T(a_refusal_without_parts_is_for_the_names_in_its_words),
        T(what_fails_together_with_the_first_name_does_not_count),
        T(a_step_that_will_be_repeated_counts_for_nobody),
        T(a_mistake_in_the_configuration_about_another_name_does_not_wait_for_a_reload),
        T(what_is_live_without_it_lacks_nothing),
        T(it_is_tried_once_a_day_with_all_names_and_a_failure_changes_nothing),
        T(nothing_is_tried_while_nothing_is_live),
        T(a_try_that_comes_through_brings_it_back_and_forgets_its_failures),
        T(who_asks_for_a_renewal_gets_one_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
