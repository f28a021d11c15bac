/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask.c - what people ask of tasks: on disk when accepted, done once, whatever the task pauses or waits for. */
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
#include <string.h>

#include <cmocka.h>

static const int64_t SECOND = 1000, MINUTE = 60 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org", authority[] = "authority:test";

static json_t *renewal(bool new_key)
{
    json_t *ask = json_object();

    json_put_str(ask, "op", "renew");
    if (new_key)
        json_put_flag(ask, "new_key", true);
    return ask;
}
static void ask(struct engine_rig *r, const char *task, json_t *what)
{
    struct outcome o = { 0 };
    bool known = false;

    assert_int_equal(ask_task(r->e, task, what, &known, &o), FL_OK);
    assert_true(known);
}
static bool waits(struct engine_rig *r, const char *task)
{
    json_t *asks = ask_waiting(r->world.store, task);
    bool any = asks != NULL;

    json_decref(asks);
    return any;
}
static void issue_first(struct engine_rig *r, char serial[256])
{
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    engine_rig_field(r, cert, "live.serial", serial);
}
static void assert_renewed(struct engine_rig *r, const char *before)
{
    char now[256];

    engine_rig_assert_done(r);
    assert_string_not_equal(engine_rig_field(r, cert, "live.serial", now), before);
    engine_rig_assert_field(r, cert, "ask.op", "");
    assert_false(waits(r, cert));
}

static void a_renewal_that_is_asked_for_ends_the_rest(void **state)
{
    struct engine_rig *r = *state;
    char before[256];

    issue_first(r, before);
    ask(r, cert, renewal(false));
    assert_true(waits(r, cert));
    engine_rig_run(r, 5 * MINUTE);
    assert_renewed(r, before);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
    engine_rig_run(r, DAY);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
}
static void asked_many_times_it_is_done_once(void **state)
{
    struct engine_rig *r = *state;
    char before[256];

    issue_first(r, before);
    for (int i = 0; i < 100; i++)
        ask(r, cert, renewal(false));
    engine_rig_run(r, 5 * MINUTE);
    assert_renewed(r, before);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
}
static void there_is_an_end_to_what_is_put_down(void **state)
{
    struct engine_rig *r = *state;
    struct outcome o = { 0 };
    char before[256], text[32];
    int code = FL_OK, n = 0;

    issue_first(r, before);
    for (; code == FL_OK && n < 1000; n++) {
        json_t *note = json_object();
        json_put_str(note, "op", "note");
        snprintf(text, sizeof text, "%d", n);
        json_put_str(note, "msg", text);
        code = ask_put(r->world.store, cert, note, &o);
    }
    assert_int_equal(code, FL_ETEMP);
    assert_int_equal(n, ASKS + 1);
}
/* The pause after a refusal is minutes to a day; a person does not wait for that. */
static void it_ends_the_pause_after_a_refusal(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer no = {
        .at = "=POST /order",
        .times = 1000,
        .status = 403,
        .type = "application/problem+json",
        .body = "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"no\"}"
    };
    char due[256];

    stub_acme_script(r->ca.ca, &no);
    engine_rig_start(r);
    engine_rig_run(r, 2 * 60 * MINUTE);
    engine_rig_assert_field(r, cert, "code", "reject");
    engine_rig_field(r, cert, "due", due);
    stub_acme_unscript(r->ca.ca);
    engine_rig_honest(r);
    engine_rig_run(r, 10 * SECOND);
    engine_rig_assert_field(r, cert, "due", due); /* still pausing */
    ask(r, cert, renewal(false));
    engine_rig_run(r, 2 * MINUTE);
    engine_rig_assert_done(r);
    engine_rig_assert_field(r, cert, "rejects", "");
}
static void a_new_key_is_new_also_where_keys_are_kept(void **state)
{
    struct engine_rig *r = *state;
    char before[256], kept[256], key[256];

    r->certificates[0].reuse_key = true;
    issue_first(r, before);
    engine_rig_field(r, cert, "live.key", kept);
    ask(r, cert, renewal(false));
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_field(r, cert, "live.key", kept);
    /* Asked for without one as well: the stricter wish counts. */
    ask(r, cert, renewal(true));
    ask(r, cert, renewal(false));
    engine_rig_run(r, 5 * MINUTE);
    assert_string_not_equal(engine_rig_field(r, cert, "live.key", key), kept);
}
/* An order that is under way for the old key is given up for one with a new key. */
static void a_new_key_is_not_that_of_the_order_under_way(void **state)
{
    struct engine_rig *r = *state;
    char before[256], kept[256], key[256];

    r->certificates[0].reuse_key = true;
    issue_first(r, before);
    engine_rig_field(r, cert, "live.key", kept);
    ask(r, cert, renewal(false));
    engine_rig_run_to(r, cert, "answer");
    ask(r, cert, renewal(true));
    engine_rig_run(r, 10 * MINUTE);
    assert_renewed(r, before);
    assert_string_not_equal(engine_rig_field(r, cert, "live.key", key), kept);
}

/* Dies at its nth write after it was accepted. */
static bool dies_at(unsigned nth)
{
    struct engine_rig *r = calloc(1, sizeof *r);
    char before[256];

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    issue_first(r, before);
    ask(r, cert, renewal(false));
    fake_store_break(r->world.store, nth);
    r->mortal = true;
    engine_rig_run(r, 30 * SECOND);
    bool died = fake_store_broken(r->world.store);
    r->mortal = false;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * MINUTE);
    assert_renewed(r, before);
    assert_in_range(engine_rig_asked(r, "=POST /order"), 2, 3);
    engine_rig_close(r);
    free(r);
    return died;
}
static void accepted_and_killed_at_any_write_it_is_done_once(void **state)
{
    unsigned nth = 1;

    (void)state;
    while (dies_at(nth))
        nth++;
    assert_in_range(nth, 8, 60);
}
/* What is asked of an account that sleeps, and of one that is asked in its record already. */
static void an_account_is_woken_after_a_restart(void **state)
{
    struct engine_rig *r = *state;
    json_t *what = json_object();
    struct outcome o = { 0 };
    char before[256], op[256];

    issue_first(r, before);
    json_put_str(what, "op", "contact");
    assert_int_equal(ask_put(r->world.store, authority, what, &o), FL_OK);
    engine_rig_restart(r);
    engine_rig_run(r, MINUTE);
    assert_false(waits(r, authority));
    engine_rig_field(r, authority, "ask.op", op);
    assert_true(!op[0] || !strcmp(op, "contact"));
}
static void what_is_asked_of_nobody_is_forgotten(void **state)
{
    struct engine_rig *r = *state;
    struct outcome o = { 0 };
    bool known = true;

    assert_int_equal(ask_put(r->world.store, "certificate:gone.example.org", renewal(false), &o), FL_OK);
    engine_rig_start(r);
    assert_false(waits(r, "certificate:gone.example.org"));
    assert_int_equal(ask_task(r->e, "certificate:gone.example.org", renewal(false), &known, &o), FL_OK);
    assert_false(known);
    assert_false(waits(r, "certificate:gone.example.org"));
}
static void a_note_is_noted_once_and_disturbs_nothing(void **state)
{
    struct engine_rig *r = *state;
    char before[256], after[256];
    json_t *note = json_object();

    issue_first(r, before);
    json_put_str(note, "op", "note");
    json_put_str(note, "event", "revoked");
    json_put_str(note, "msg", "serial 1");
    ask(r, cert, note);
    engine_rig_run(r, MINUTE);
    engine_rig_assert_field(r, cert, "live.serial", engine_rig_field(r, cert, "live.serial", after));
    assert_string_equal(before, after);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    const json_t *history = json_list(rec, "history"), *item;
    size_t i, found = 0;
    json_array_foreach(history, i, item) found += !strcmp(json_str(item, "event", ""), "revoked");
    assert_int_equal(found, 1);
}

#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_renewal_that_is_asked_for_ends_the_rest),
        WITH_RIG(asked_many_times_it_is_done_once),
        WITH_RIG(there_is_an_end_to_what_is_put_down),
        WITH_RIG(it_ends_the_pause_after_a_refusal),
        WITH_RIG(a_new_key_is_new_also_where_keys_are_kept),
        WITH_RIG(a_new_key_is_not_that_of_the_order_under_way),
        cmocka_unit_test(accepted_and_killed_at_any_write_it_is_done_once),
        WITH_RIG(an_account_is_woken_after_a_restart),
        WITH_RIG(what_is_asked_of_nobody_is_forgotten),
        WITH_RIG(a_note_is_noted_once_and_disturbs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
