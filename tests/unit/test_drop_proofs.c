/* SPDX-License-Identifier: Apache-2.0 */
/* test_drop_proofs.c - a name whose proof cannot be put in place or seen is left out (on_bad_name = "drop"). */
#include "base/log.h"
#include "base/mem.h"
#include "engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t MINUTE = 60 * 1000, HOUR = 3600 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org";

static int64_t fails(struct engine_rig *r, const char *name)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    return json_int(json_obj(json_obj(rec, "bad"), name), "fails", 0);
}
static bool is_live(struct engine_rig *r)
{
    char serial[256];
    return engine_rig_field(r, cert, "live.serial", serial)[0] != '\0';
}
static void begin(struct engine_rig *r, const char *name)
{
    r->certificates[0].on_bad_name = 1;
    engine_rig_plugins.only_for = name;
    engine_rig_start(r);
}

static void what_the_solver_refuses_for_one_name(struct engine_rig *r, int code)
{
    begin(r, "*.");
    engine_rig_plugins.deploy_code = code;
    engine_rig_run(r, 30000);
    assert_int_equal(fails(r, "*.a.example.org"), 1);
    engine_rig_run(r, 3 * HOUR);
    assert_int_equal(fails(r, "*.a.example.org"), 4);
    assert_int_equal(fails(r, "a.example.org"), 0);
    assert_false(is_live(r));
    engine_rig_run(r, 6 * HOUR);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "a.example.org");
    /* It is mended, and in at the next day's try. */
    engine_rig_plugins.deploy_code = FL_OK;
    engine_rig_run(r, DAY + HOUR);
    assert_string_equal(engine_rig_plugins.names, "a.example.org *.a.example.org");
    assert_int_equal(fails(r, "*.a.example.org"), 0);
}
static void a_proof_that_the_solver_refuses_counts_for_its_name(void **state)
{
    what_the_solver_refuses_for_one_name(*state, FL_EREJECT);
}
static void so_does_one_for_which_there_is_no_zone(void **state)
{
    what_the_solver_refuses_for_one_name(*state, FL_ECONF);
}
static void a_proof_that_is_never_seen_counts_once_for_each_order_that_is_given_up(void **state)
{
    struct engine_rig *r = *state;

    begin(r, "*.");
    engine_rig_plugins.ready_code = FL_EAGAIN;
    engine_rig_run(r, 50 * MINUTE);
    assert_int_equal(fails(r, "*.a.example.org"), 0);
    engine_rig_run(r, 2 * HOUR);
    assert_int_equal(fails(r, "*.a.example.org"), 1);
    engine_rig_run(r, 3 * DAY);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "a.example.org");
}
static void nothing_counts_when_the_solver_fails_for_the_first_name_too(void **state)
{
    struct engine_rig *r = *state;

    begin(r, NULL);
    engine_rig_plugins.deploy_code = FL_EREJECT;
    engine_rig_run(r, 2 * DAY);
    assert_int_equal(fails(r, "*.a.example.org"), 0);
    engine_rig_plugins.deploy_code = FL_OK;
    engine_rig_run(r, DAY + HOUR);
    assert_string_equal(engine_rig_plugins.names, "a.example.org *.a.example.org");
}
static void a_mistake_about_the_first_name_waits_for_a_reload(void **state)
{
    struct engine_rig *r = *state;

    begin(r, "a.example.org");
    engine_rig_plugins.deploy_code = FL_ECONF;
    engine_rig_run(r, DAY);
    engine_rig_assert_field(r, cert, "code", "conf");
    assert_int_equal(fails(r, "*.a.example.org"), 0);
}
static void names_that_are_kept_are_not_asked_one_by_one(void **state)
{
    struct engine_rig *r = *state;

    begin(r, "*.");
    r->certificates[0].on_bad_name = 0;
    engine_rig_plugins.deploy_code = FL_ECONF;
    engine_rig_run(r, DAY);
    engine_rig_assert_field(r, cert, "code", "conf");
    assert_int_equal(engine_rig_plugins.deploys, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_proof_that_the_solver_refuses_counts_for_its_name),
        TEST(so_does_one_for_which_there_is_no_zone),
        TEST(a_proof_that_is_never_seen_counts_once_for_each_order_that_is_given_up),
        TEST(nothing_counts_when_the_solver_fails_for_the_first_name_too),
        TEST(a_mistake_about_the_first_name_waits_for_a_reload),
        TEST(names_that_are_kept_are_not_asked_one_by_one),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
