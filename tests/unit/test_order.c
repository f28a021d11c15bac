/* SPDX-License-Identifier: Apache-2.0 */
/* test_order.c - one order for one intent, whatever became of the answer; and nothing left pending. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/steps.h"
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

static const int64_t MINUTE = 60 * 1000, HOUR = 3600 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org";

static unsigned orders(struct engine_rig *r) { return engine_rig_asked(r, "=POST /order"); }

static bool happened(struct engine_rig *r, const char *event)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    const json_t *one;
    bool found = false;
    size_t i;

    json_array_foreach(json_list(rec, "history"), i, one) found =
        found || strcmp(json_str(one, "event", ""), event) == 0;
    return found;
}

static void say(struct engine_rig *r, const char *at, int status, const char *body, int times)
{
    const struct stub_answer a = { .at = at,
                                   .status = status,
                                   .times = times,
                                   .body = body,
                                   .type = status < 400 ? NULL : "application/problem+json" };
    stub_acme_script(r->ca.ca, &a);
}

static void list(struct engine_rig *r, const char *body)
{
    say(r, "POST /account/", 200, "{\"status\":\"valid\",\"orders\":\"$B/list\"}", 1000);
    say(r, "POST /list", body ? 200 : 503, body, 1000);
}

/* newOrder is answered, and the process ends before anything of it is on disk. */
static void lose_the_answer(struct engine_rig *r)
{
    engine_rig_start(r);
    engine_rig_run_to(r, cert, "order");
    fake_store_break(r->world.store, 1);
    r->mortal = true;
    engine_rig_run(r, MINUTE);
    assert_true(fake_store_broken(r->world.store));
    assert_int_equal(orders(r), 1);
    r->mortal = false;
    engine_rig_restart(r);
}

/* ---- lost answers --------------------------------------------------------------------------- */

static void an_order_whose_answer_was_lost_is_adopted(void **state)
{
    struct engine_rig *r = *state;

    list(r, "{\"orders\":[\"$B/order/0\"]}");
    lose_the_answer(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 1);
    assert_true(happened(r, "adopted"));
    assert_int_equal(engine_rig_keys(r), 2);
}

static void an_order_whose_answer_could_not_be_written_is_adopted_by_the_same_process(void **state)
{
    struct engine_rig *r = *state;

    list(r, "{\"orders\":[\"$B/order/0\"]}");
    engine_rig_start(r);
    engine_rig_run_to(r, cert, "order");
    fake_store_break(r->world.store, 1);
    engine_rig_run(r, 5 * 1000);
    assert_true(fake_store_broken(r->world.store));
    fake_store_break(r->world.store, 0);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 1);
    assert_true(happened(r, "adopted"));
}

static void the_newest_of_many_is_found_and_those_that_do_not_fit_are_not_taken(void **state)
{
    struct engine_rig *r = *state;
    static const char
        other[] =
            "{\"status\":\"pending\",\"expires\":\"2099-01-02T03:04:05Z\",\"finalize\":\"$B/finalize/7\","
            "\"authorizations\":[\"$B/authz/7\"],"
            "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example.org\"}]}",
        over[] =
            "{\"status\":\"invalid\",\"expires\":\"2099-01-02T03:04:05Z\",\"finalize\":\"$B/finalize/8\","
            "\"authorizations\":[\"$B/authz/7\",\"$B/authz/8\"],"
            "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example.org\"},"
            "{\"type\":\"dns\",\"value\":\"*.a.example.org\"}]}",
        expired[] =
            "{\"status\":\"pending\",\"expires\":\"2001-01-02T03:04:05Z\",\"finalize\":\"$B/finalize/9\","
            "\"authorizations\":[\"$B/authz/7\",\"$B/authz/8\"],"
            "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example.org\"},"
            "{\"type\":\"dns\",\"value\":\"*.a.example.org\"}]}";

    list(r, "{\"orders\":[\"$B/order/7\",\"$B/order/8\",\"$B/order/0\",\"$B/order/9\",\"$B/order/10\"]}");
    say(r, "POST /order/7", 200, other, 100);
    say(r, "POST /order/8", 200, over, 100);
    say(r, "POST /order/9", 200, expired, 100);
    lose_the_answer(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 1);
    assert_true(happened(r, "adopted"));
}

static void without_a_list_it_is_asked_for_again(void **state)
{
    struct engine_rig *r = *state;

    say(r, "POST /account/", 200, "{\"status\":\"valid\"}", 10);
    lose_the_answer(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 2);
}

static void a_list_that_cannot_be_had_stops_nobody(void **state)
{
    struct engine_rig *r = *state;

    list(r, NULL);
    lose_the_answer(r);
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 2);
    assert_true(happened(r, "not-settled"));
}

static void an_answer_that_never_came_is_looked_for_too(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer silent = { .at = "=POST /order", .hang_up = true, .times = 2 };

    stub_acme_script(r->ca.ca, &silent);
    list(r, "{\"orders\":[]}");
    engine_rig_start(r);
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_done(r);
    assert_in_range(engine_rig_asked(r, "POST /list"), 1, 2);
    engine_rig_assert_field(r, cert, "unsettled", "");
}

static void an_answer_that_was_a_refusal_needs_no_list(void **state)
{
    struct engine_rig *r = *state;

    say(r, "=POST /order", 403,
        "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\",\"detail\":\"no\"}", 1);
    engine_rig_start(r);
    engine_rig_run(r, HOUR);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "POST /list"), 0);
    assert_int_equal(orders(r), 2);
}

/* ---- several keys ----------------------------------------------------------------------------- */

static void keys_of_one_certificate_are_ordered_one_after_the_other(void **state)
{
    static const char *const keys[] = { "ec256", "ed25519", NULL };
    struct engine_rig *r = *state;

    r->certificates[0].keys = keys;
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_field(r, cert, "step", "rest");
    engine_rig_assert_field(r, "certificate:a.example.org+ed25519", "step", "rest");
    engine_rig_assert_field(r, "certificate:a.example.org+ed25519", "live.key_type", "ed25519");
    auto_free char *log = stub_acme_log(r->ca.ca);
    const char *first = strstr(log, "POST /finalize/0"), *second = strstr(log, "POST /order\n");
    assert_non_null(first);
    second = strstr(second + 1, "POST /order\n");
    assert_non_null(second);
    assert_true(first < second);
    assert_int_equal(orders(r), 2);
    assert_int_equal(engine_rig_plugins.delivered, 2);
    assert_int_equal(engine_rig_keys(r), 3);
}

static void one_key_that_fails_does_not_hold_up_the_other(void **state)
{
    static const char *const keys[] = { "ec256", "ed25519", NULL };
    struct engine_rig *r = *state;
    const struct stub_answer refused = {
        .at = "POST /finalize/0",
        .status = 400,
        .type = "application/problem+json",
        .body = "{\"type\":\"urn:ietf:params:acme:error:badCSR\",\"detail\":\"not this key\"}"
    };

    r->certificates[0].keys = keys;
    stub_acme_script(r->ca.ca, &refused);
    engine_rig_start(r);
    engine_rig_run(r, 50 * 1000);
    engine_rig_assert_field(r, cert, "code", "reject");
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_field(r, "certificate:a.example.org+ed25519", "step", "rest");
    engine_rig_assert_field(r, cert, "step", "rest");
}

static void an_order_that_another_key_has_is_not_shared(void **state)
{
    static const char *const keys[] = { "ec256", "ed25519", NULL };
    struct engine_rig *r = *state;
    const struct subject s = { .cert = &r->certificates[0], .key = "ed25519" };
    struct task task = { .name = (char[]){ "certificate:a.example.org+ed25519" },
                         .kind = &task_kinds[KIND_CERTIFICATE],
                         .subject = &s };
    struct turn t = { .w = &r->world, .task = &task };

    r->certificates[0].keys = keys;
    engine_rig_put(r, cert, "{\"format\":1,\"order\":{\"url\":\"https://ca.example.org/order/1\"}}");
    assert_true(order_is_elsewhere(&t, "https://ca.example.org/order/1"));
    assert_false(order_is_elsewhere(&t, "https://ca.example.org/order/2"));
    engine_rig_put(r, "certificate:a.example.org+ed25519",
                   "{\"format\":1,\"order\":{\"url\":\"https://ca.example.org/order/2\"}}");
    assert_false(order_is_elsewhere(&t, "https://ca.example.org/order/2"));
}

static void a_key_that_is_to_be_kept_is_kept(void **state)
{
    struct engine_rig *r = *state;
    char first[256], second[256];

    r->certificates[0].reuse_key = true;
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_field(r, cert, "live.key", first);
    engine_rig_run(r, 70 * DAY);
    assert_int_equal(orders(r), 2);
    assert_string_equal(engine_rig_field(r, cert, "live.key", second), first);
    assert_int_equal(engine_rig_keys(r), 2);
    engine_rig_assert_done(r);
}

/* ---- given up --------------------------------------------------------------------------------- */

static void what_nobody_will_prove_any_more_is_given_up_at_the_authority(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_plugins.deploy_code = FL_EREJECT;
    engine_rig_start(r);
    engine_rig_run(r, 30 * 1000);
    auto_free char *one = stub_acme_payload(r->ca.ca, "/authz/0"),
                   *two = stub_acme_payload(r->ca.ca, "/authz/1");
    assert_string_equal(engine_rig_field(r, cert, "code", (char[256]){ "" }), "reject");
    engine_rig_plugins.deploy_code = FL_OK;
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_done(r);
    free(one);
    free(two);
    one = stub_acme_payload(r->ca.ca, "/authz/0");
    two = stub_acme_payload(r->ca.ca, "/authz/1");
    assert_non_null(one);
    assert_non_null(two);
    assert_non_null(strstr(one, "deactivated"));
    assert_non_null(strstr(two, "deactivated"));
}

static void what_is_proved_is_kept_for_the_next_order(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer refused = {
        .at = "POST /finalize/0",
        .status = 400,
        .type = "application/problem+json",
        .body = "{\"type\":\"urn:ietf:params:acme:error:badCSR\",\"detail\":\"not this key\"}"
    };

    stub_acme_script(r->ca.ca, &refused);
    engine_rig_start(r);
    engine_rig_run(r, 30 * 1000);
    engine_rig_assert_field(r, cert, "code", "reject");
    assert_false(engine_rig_any_cleanup(r));
    assert_int_equal(engine_rig_asked(r, "POST /authz/"), 2);
}

static void an_authority_that_will_not_give_up_is_left_alone(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer down = { .at = "POST /authz/0", .after = 1, .times = 1000, .status = 500 };

    engine_rig_plugins.deploy_code = FL_EREJECT;
    stub_acme_script(r->ca.ca, &down);
    engine_rig_start(r);
    engine_rig_run(r, 30 * 1000);
    engine_rig_plugins.deploy_code = FL_OK;
    engine_rig_run(r, HOUR);
    engine_rig_assert_done(r);
    assert_in_range(engine_rig_asked(r, "POST /authz/0"), 2, 8);
}

/* ---- configurations that change --------------------------------------------------------------- */

static void another_authority_in_the_list_gives_up_no_order(void **state)
{
    static const char *const both[] = { "test", "other", NULL };
    struct engine_rig *r = *state;

    engine_rig_plugins.ready_code = FL_EAGAIN;
    engine_rig_start(r);
    engine_rig_run_to(r, cert, "visible");
    engine_free(r->e);
    r->certificates[0].authorities = both;
    r->certificates[0].preferred_chain = "Another Root";
    engine_rig_plugins.ready_code = FL_OK;
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(orders(r), 1);
    assert_true(happened(r, "other-chain"));
    r->certificates[0].preferred_chain = "Still Another Root";
    engine_rig_restart(r);
    engine_rig_run(r, DAY);
    assert_int_equal(orders(r), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_order_whose_answer_was_lost_is_adopted),
        TEST(an_order_whose_answer_could_not_be_written_is_adopted_by_the_same_process),
        TEST(the_newest_of_many_is_found_and_those_that_do_not_fit_are_not_taken),
        TEST(without_a_list_it_is_asked_for_again),
        TEST(a_list_that_cannot_be_had_stops_nobody),
        TEST(an_answer_that_never_came_is_looked_for_too),
        TEST(an_answer_that_was_a_refusal_needs_no_list),
        TEST(keys_of_one_certificate_are_ordered_one_after_the_other),
        TEST(one_key_that_fails_does_not_hold_up_the_other),
        TEST(an_order_that_another_key_has_is_not_shared),
        TEST(a_key_that_is_to_be_kept_is_kept),
        TEST(what_nobody_will_prove_any_more_is_given_up_at_the_authority),
        TEST(what_is_proved_is_kept_for_the_next_order),
        TEST(an_authority_that_will_not_give_up_is_left_alone),
        TEST(another_authority_in_the_list_gives_up_no_order),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
