/* SPDX-License-Identifier: Apache-2.0 */
/* test_revoke.c - revocation as a task: the replacement first, by the right key, and done whatever dies in between. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/revoke.h"
#include "engine/steps.h"
#include "engine_rig.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int64_t SECOND = 1000, MINUTE = 60 * 1000, HOUR = 60 * 60 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org";

static void issue_first(struct engine_rig *r, char serial[256])
{
    static const struct stub_answer revoked = { .at = "POST /revoke", .times = 1000, .type = "" };

    stub_acme_script(r->ca.ca, &revoked);
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    engine_rig_field(r, cert, "live.serial", serial);
}
/* As the command does it. */
static int revoke_it(struct engine_rig *r, const char *reason, bool by_key, bool now, char task[400])
{
    const char *words;
    const struct revoke how = { .reason = revoke_reason(reason, &words), .by_key = by_key, .now = now };
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    struct outcome o = { 0 };
    int code = revoke_put(r->world.store, cert, json_obj(rec, "live"), true, &how, task, &o);

    if (code == FL_OK && r->e) {
        assert_non_null(queue_add(r->e->queue, &task_kinds[KIND_CLEANUP], task, NULL, clock_wall_ms()));
        queue_poke(r->e->queue, task, clock_wall_ms(), true);
    }
    return code;
}
static void assert_replaced(struct engine_rig *r, const char *before)
{
    char now[256];

    engine_rig_assert_done(r);
    assert_string_not_equal(engine_rig_field(r, cert, "live.serial", now), before);
}
static bool payload_says(struct engine_rig *r, const char *text)
{
    auto_free char *payload = stub_acme_payload(r->ca.ca, "/revoke");
    return payload && strstr(payload, text);
}

static void the_replacement_is_at_the_sink_before_the_old_one_is_revoked(void **state)
{
    struct engine_rig *r = *state;
    char before[256], key[256], task[400];

    r->certificates[0].reuse_key = true;
    issue_first(r, before);
    engine_rig_field(r, cert, "live.key", key);
    assert_int_equal(revoke_it(r, "keyCompromise", false, false, task), FL_OK);
    engine_rig_run_to(r, task, "revoke");
    assert_string_not_equal(engine_rig_plugins.served, before);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 0);
    engine_rig_run(r, 5 * MINUTE);
    assert_replaced(r, before);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    assert_true(payload_says(r, "\"reason\":1"));
    assert_string_not_equal(engine_rig_field(r, cert, "live.key", task), key);
}
static void a_sink_that_fails_is_waited_for_until_somebody_says_now(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400], msg[256];
    struct outcome o = { 0 };

    issue_first(r, before);
    engine_rig_plugins.sink_code = FL_ETEMP;
    assert_int_equal(revoke_it(r, "keyCompromise", false, false, task), FL_OK);
    engine_rig_run(r, 3 * HOUR);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 0);
    engine_rig_assert_field(r, task, "step", "replaced");
    engine_rig_assert_field(r, task, "code", "temp"); /* an hour has gone: it is a failure, and said so */
    assert_non_null(strstr(engine_rig_field(r, task, "msg", msg), "sink try has the replacement"));
    bool known = false;
    json_t *ask = json_object();
    json_put_str(ask, "op", "now");
    assert_int_equal(ask_task(r->e, task, ask, &known, &o), FL_OK);
    assert_true(known);
    engine_rig_run(r, MINUTE);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    assert_null(engine_rig_record(r, task));
}
static void one_whose_operation_ceased_is_not_replaced(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400];
    json_t *ask = json_object();
    struct outcome o = { 0 };
    bool known;

    issue_first(r, before);
    assert_int_equal(revoke_it(r, "cessationOfOperation", false, false, task), FL_OK);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    assert_true(payload_says(r, "\"reason\":5"));
    engine_rig_restart(r);
    engine_rig_run(r, 400 * DAY);
    engine_rig_assert_field(r, cert, "live.serial", before);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
    json_put_str(ask, "op", "renew");
    assert_int_equal(ask_task(r->e, cert, ask, &known, &o), FL_OK);
    engine_rig_run(r, 5 * MINUTE);
    assert_replaced(r, before);
}
static void at_once_is_at_once_and_replaced_beside(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400];

    issue_first(r, before);
    engine_rig_plugins.sink_code = FL_ETEMP;
    assert_int_equal(revoke_it(r, "superseded", false, true, task), FL_OK);
    engine_rig_run(r, 10 * SECOND);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    engine_rig_plugins.sink_code = FL_OK;
    engine_rig_run(r, HOUR);
    assert_replaced(r, before);
}
/* The stub takes a jwk there instead of a kid: it would complain of a wrong signature. */
static void its_own_key_signs_where_there_is_no_account(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400];

    issue_first(r, before);
    engine_rig_put(r, "authority:test", "{\"format\":1}");
    assert_int_equal(revoke_it(r, "unspecified", false, true, task), FL_OK);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    auto_free char *faults = stub_acme_faults(r->ca.ca);
    assert_string_equal(faults, "");
}
static void another_account_is_refused_and_its_own_key_is_not(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer no = {
        .at = "POST /revoke",
        .status = 403,
        .type = "application/problem+json",
        .body = "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"who?\"}"
    };
    char before[256], task[400];

    stub_acme_script(r->ca.ca, &no);
    issue_first(r, before);
    assert_int_equal(revoke_it(r, "unspecified", false, true, task), FL_OK);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 2);
    assert_null(engine_rig_record(r, task));
}
static void what_has_expired_is_not_revoked(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400];

    issue_first(r, before);
    fake_clock_advance(400 * DAY);
    assert_int_equal(revoke_it(r, "unspecified", false, false, task), FL_ECONF);
    assert_false(engine_rig_any_cleanup(r));
}
static void an_authority_that_is_gone_is_asked_for(void **state)
{
    struct engine_rig *r = *state;
    char before[256], task[400], msg[256];

    issue_first(r, before);
    assert_int_equal(revoke_it(r, "unspecified", false, true, task), FL_OK);
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, task);
    json_put_str(rec, "authority", "former");
    auto_free char *text = json_text(rec);
    engine_rig_put(r, task, text);
    engine_rig_run(r, MINUTE);
    engine_rig_assert_field(r, task, "code", "conf");
    assert_non_null(strstr(engine_rig_field(r, task, "msg", msg), "authority former"));
}

/* Dies at its nth write after it was put down. */
static bool dies_at(unsigned nth, const char *reason)
{
    struct engine_rig *r = calloc(1, sizeof *r);
    char before[256], task[400];

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    issue_first(r, before);
    assert_int_equal(revoke_it(r, reason, false, false, task), FL_OK);
    fake_store_break(r->world.store, nth);
    r->mortal = true;
    engine_rig_run(r, MINUTE);
    bool died = fake_store_broken(r->world.store);
    r->mortal = false;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * MINUTE);
    assert_replaced(r, before);
    assert_in_range(engine_rig_asked(r, "POST /revoke"), 1, 2);
    assert_in_range(engine_rig_asked(r, "=POST /order"), 2, 3);
    assert_null(engine_rig_record(r, task));
    engine_rig_close(r);
    free(r);
    return died;
}
static void killed_at_any_write_it_is_replaced_and_revoked(void **state)
{
    unsigned nth = 1;

    (void)state;
    while (dies_at(nth, "keyCompromise"))
        nth++;
    assert_in_range(nth, 12, 80);
}
static void reasons_have_names(void **state)
{
    const char *words = NULL;

    (void)state;
    assert_int_equal(revoke_reason("keyCompromise", &words), 1);
    assert_int_equal(revoke_reason("privilegeWithdrawn", &words), 9);
    assert_int_equal(revoke_reason("keycompromise", &words), -1);
    assert_non_null(strstr(words, "keyCompromise"));
    for (int i = 0; i < 10; i++)
        if (strcmp(revoke_reason_name(i), "privilegeWithdrawn") || i == 9)
            assert_int_equal(revoke_reason(revoke_reason_name(i), &words), i);
}

/* As serials in an array. */
static void assert_all(struct engine_rig *r, const char *const *serials)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    cleanup_(json_freep) json_t *all = revoke_all(r->world.store, cert, rec);
    size_t n = 0;

    for (; serials[n]; n++)
        assert_string_equal(json_str(json_array_get(all, n), "serial", ""), serials[n]);
    assert_int_equal(json_array_size(all), n);
}
static void renew_it(struct engine_rig *r, char serial[256])
{
    bool known = false;
    struct outcome o = { 0 };
    json_t *ask = json_object();

    json_put_str(ask, "op", "renew");
    assert_int_equal(ask_task(r->e, cert, ask, &known, &o), FL_OK);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_field(r, cert, "live.serial", serial);
}
static void earlier_ones_can_be_revoked_until_they_expire(void **state)
{
    struct engine_rig *r = *state;
    char s[4][256], task[400];

    issue_first(r, s[3]);
    for (int i = 2; i >= 0; i--)
        renew_it(r, s[i]);
    assert_all(r, (const char *const[]){ s[0], s[1], s[2], s[3], NULL });
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    cleanup_(json_freep) json_t *all = revoke_all(r->world.store, cert, rec);
    const struct revoke how = { .reason = 4 };
    struct outcome o = { 0 };
    assert_int_equal(revoke_put(r->world.store, cert, json_array_get(all, 3), true, &how, task, &o), FL_OK);
    assert_non_null(queue_add(r->e->queue, &task_kinds[KIND_CLEANUP], task, NULL, clock_wall_ms()));
    engine_rig_run(r, MINUTE);
    assert_int_equal(engine_rig_asked(r, "POST /revoke"), 1);
    engine_rig_assert_field(r, cert, "live.serial", s[0]); /* it is not replaced */
    fake_clock_advance(91LL * 86400000);
    assert_all(r, (const char *const[]){ NULL });
}
static void a_serial_is_the_same_in_any_spelling(void **state)
{
    (void)state;
    assert_true(revoke_same_serial("0a1b", "A:1B"));
    assert_true(revoke_same_serial("00:0A:1B", "a1b"));
    assert_false(revoke_same_serial("0a1b", "0a1"));
    assert_false(revoke_same_serial("0a1", "0a1b"));
    assert_false(revoke_same_serial("0a1c", "0a1b"));
}

#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_names),
        WITH_RIG(the_replacement_is_at_the_sink_before_the_old_one_is_revoked),
        WITH_RIG(a_sink_that_fails_is_waited_for_until_somebody_says_now),
        WITH_RIG(one_whose_operation_ceased_is_not_replaced),
        WITH_RIG(at_once_is_at_once_and_replaced_beside),
        WITH_RIG(its_own_key_signs_where_there_is_no_account),
        WITH_RIG(another_account_is_refused_and_its_own_key_is_not),
        WITH_RIG(what_has_expired_is_not_revoked),
        WITH_RIG(an_authority_that_is_gone_is_asked_for),
        WITH_RIG(earlier_ones_can_be_revoked_until_they_expire),
        cmocka_unit_test(a_serial_is_the_same_in_any_spelling),
        cmocka_unit_test(killed_at_any_write_it_is_replaced_and_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
