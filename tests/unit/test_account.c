/* SPDX-License-Identifier: Apache-2.0 */
/* test_account.c - what the configuration and people ask of an account, as turns of the authority's task. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine_rig.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t MINUTE = 60000, DAY = 86400000;
static const char task[] = "authority:test", cert[] = "certificate:a.example.org";
static const char valid[] = "{\"status\":\"valid\"}", gone[] = "{\"status\":\"deactivated\"}";

static void asks(struct engine_rig *r, const char *name, const char *op)
{
    json_t *ask = json_object();
    struct outcome o = { 0 };
    bool known = false;

    json_put_str(ask, "op", op);
    assert_int_equal(ask_task(r->e, name, ask, &known, &o), FL_OK);
    assert_true(known);
    engine_rig_run(r, 5 * MINUTE);
}
static void begin(struct engine_rig *r)
{
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
}
static unsigned posts_to_account(struct engine_rig *r) { return engine_rig_asked(r, "POST /account/"); }

static void a_new_contact_is_told_once(void **state)
{
    static const char *const contact[] = { "mailto:ops@example.org", NULL };
    struct engine_rig *r = *state;

    begin(r);
    r->authority.contact = contact;
    acme_rig_script(&r->ca, "POST /account/1", 200, valid);
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(posts_to_account(r), 1);
    engine_rig_assert_field(r, task, "step", "idle");
    engine_rig_restart(r);
    engine_rig_run(r, 3 * DAY);
    assert_int_equal(posts_to_account(r), 1);
}
static void the_account_gets_another_key_and_the_old_one_goes(void **state)
{
    struct engine_rig *r = *state;
    char before[256], after[256];
    int keys;

    begin(r);
    keys = engine_rig_keys(r);
    engine_rig_field(r, task, "key", before);
    asks(r, task, "rollover");
    assert_string_not_equal(engine_rig_field(r, task, "key", after), before);
    engine_rig_assert_field(r, task, "next_key", "");
    assert_int_equal(engine_rig_asked(r, "POST /key"), 1);
    assert_int_equal(engine_rig_keys(r), keys);
    asks(r, cert, "renew"); /* the authority minds who signs */
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
    engine_rig_assert_done(r);
}
static void a_refused_key_change_leaves_the_account_as_it_was(void **state)
{
    struct engine_rig *r = *state;
    char before[256], after[256];

    begin(r);
    engine_rig_field(r, task, "key", before);
    acme_rig_script(&r->ca, "POST /key", 403, "{\"type\":\"urn:ietf:params:acme:error:unauthorized\"}");
    asks(r, task, "rollover");
    assert_string_equal(engine_rig_field(r, task, "key", after), before);
    engine_rig_assert_field(r, task, "next_key", "");
    engine_rig_assert_field(r, task, "refused.op", "rollover");
    engine_rig_assert_field(r, task, "step", "idle");
    asks(r, cert, "renew");
    engine_rig_assert_done(r);
}
static void the_next_key_is_on_disk_before_anybody_hears_of_it(void **state)
{
    struct engine_rig *r = *state;
    char next[256], key[256];
    json_t *ask = json_object();
    struct outcome o = { 0 };
    bool known = false;

    begin(r);
    json_put_str(ask, "op", "rollover");
    assert_int_equal(ask_task(r->e, task, ask, &known, &o), FL_OK);
    engine_rig_run_to(r, task, "rollover");
    engine_rig_field(r, task, "next_key", next);
    assert_true(text_starts(next, "file:"));
    assert_int_equal(engine_rig_asked(r, "POST /key"), 0);
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    assert_string_equal(engine_rig_field(r, task, "key", key), next);
    assert_int_equal(engine_rig_asked(r, "POST /key"), 1);
}
static void a_deactivated_account_is_made_anew_only_when_somebody_says_so(void **state)
{
    struct engine_rig *r = *state;
    char url[256];

    begin(r);
    acme_rig_script(&r->ca, "POST /account/1", 200, gone);
    asks(r, task, "deactivate");
    engine_rig_assert_field(r, task, "url", "");
    assert_string_not_equal(engine_rig_field(r, task, "deactivated.at", url), "");
    asks(r, cert, "renew");
    engine_rig_run(r, 3 * DAY);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 1);
    assert_non_null(strstr(r->seen, "fairlead account test register"));
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 1);
    asks(r, task, "register");
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 2);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2); /* who waited was woken */
    engine_rig_assert_done(r);
}
/* Died at its nth write: the one that asked is not there any more, what was asked still is. */
static bool contact_dies_at(unsigned nth)
{
    struct engine_rig *r = calloc(1, sizeof *r);
    struct outcome o = { 0 };
    json_t *ask = json_object();
    bool known;

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    begin(r);
    acme_rig_script(&r->ca, "POST /account/1", 200, valid);
    acme_rig_script(&r->ca, "POST /account/1", 200, valid);
    json_put_str(ask, "op", "contact");
    assert_int_equal(ask_task(r->e, task, ask, &known, &o), FL_OK);
    fake_store_break(r->world.store, nth);
    r->mortal = true;
    engine_rig_run(r, 5 * MINUTE);
    bool died = fake_store_broken(r->world.store);
    r->mortal = false;
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_field(r, task, "ask.op", "");
    engine_rig_assert_field(r, task, "code", "ok");
    assert_in_range(posts_to_account(r), 1, 2);
    engine_rig_close(r);
    free(r);
    return died;
}
static void killed_at_any_write_what_was_asked_is_done(void **state)
{
    unsigned nth = 1;

    (void)state;
    while (contact_dies_at(nth))
        nth++;
    assert_in_range(nth, 4, 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, engine_rig_set_up, engine_rig_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_contact_is_told_once),
        T(the_account_gets_another_key_and_the_old_one_goes),
        T(a_refused_key_change_leaves_the_account_as_it_was),
        T(the_next_key_is_on_disk_before_anybody_hears_of_it),
        T(a_deactivated_account_is_made_anew_only_when_somebody_says_so),
        cmocka_unit_test(killed_at_any_write_what_was_asked_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
