/* SPDX-License-Identifier: Apache-2.0 */
/* test_turn.c - turns of tasks against a real authority: what is on disk, after any write, is enough to go on. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine_rig.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t SECOND = 1000, MINUTE = 60 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org";

/* ---- one certificate ---------------------------------------------------------------------- */

static void a_certificate_goes_from_nothing_to_the_sink(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "a.example.org *.a.example.org");
    assert_int_equal(engine_rig_asked(r, "POST /order/"), 2); /* proved, issued */
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
    assert_int_equal(engine_rig_plugins.deploys, 1);
    assert_int_equal(engine_rig_plugins.withdraws, 1);
    assert_int_equal(engine_rig_plugins.delivered, 1);
    assert_int_equal(engine_rig_keys(r), 2); /* of the account, of the certificate */
}

static void a_start_with_nothing_due_asks_the_authority_nothing(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    stub_acme_reset(r->ca.ca);
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, ""), 0);
    assert_int_equal(engine_rig_plugins.deploys, 1);
}

static void it_is_renewed_and_the_one_before_is_kept_with_its_key(void **state)
{
    struct engine_rig *r = *state;
    char first[256], second[256];
    cleanup_(json_freep) json_t *archived = NULL;
    struct outcome o = { 0 };
    uint64_t version;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_field(r, cert, "live.serial", first);
    engine_rig_run(r, 70 * DAY);
    engine_rig_assert_done(r);
    engine_rig_field(r, cert, "live.serial", second);
    assert_string_not_equal(first, second);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
    assert_int_equal(store_get_json(r->world.store, STORE_ARCHIVE, cert, &archived, &version, &o), FL_OK);
    assert_string_equal(json_str(archived, "serial", ""), first);
    assert_int_equal(engine_rig_keys(r), 3);
    engine_rig_run(r, 60 * DAY);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 3);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_keys(r), 3); /* the first one's key is gone */
}

/* ---- what is not on disk did not happen --------------------------------------------------- */

/* Dies at its nth write, is started again, and must end as if nothing had been. False: it wrote less often. */
static bool dies_at(unsigned nth)
{
    struct engine_rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    engine_rig_start(r);
    fake_store_break(r->world.store, nth);
    r->mortal = true;
    engine_rig_run(r, 30 * SECOND);
    bool died = fake_store_broken(r->world.store);
    r->mortal = false;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * MINUTE);
    engine_rig_assert_done(r);
    /* Once more for a newOrder whose answer was lost; a key made in the last moment may be left. */
    assert_in_range(engine_rig_asked(r, "=POST /order"), 1, 3);
    assert_in_range(engine_rig_keys(r), 2, 4);
    engine_rig_close(r);
    free(r);
    return died;
}
static void killed_at_any_write_it_goes_on_to_the_end(void **state)
{
    unsigned nth = 1;

    (void)state;
    while (dies_at(nth))
        nth++;
    assert_in_range(nth, 15, 60);
}

/* The same for a renewal: what is live stays so until the new one is. */
static bool renewal_dies_at(unsigned nth)
{
    struct engine_rig *r = calloc(1, sizeof *r);
    char serial[256], key[256];
    struct outcome o = { 0 };
    char thumbprint[64];

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    int64_t due_at = 0;
    assert_true(text_int(engine_rig_field(r, cert, "renew_at", key), 0, INT64_MAX, &due_at));
    engine_rig_run(r, due_at * 1000 - clock_wall_ms() - 5 * MINUTE);
    fake_store_break(r->world.store, nth);
    r->mortal = true;
    engine_rig_run(r, 7 * 60 * MINUTE);
    bool died = fake_store_broken(r->world.store);
    engine_rig_field(r, cert, "live.key", key);
    assert_int_equal(keeper_thumbprint(r->ca.keeper, key, thumbprint, &o), FL_OK);
    engine_rig_restart(r);
    engine_rig_run(r, 2 * DAY);
    engine_rig_assert_done(r);
    assert_int_equal(
        keeper_thumbprint(r->ca.keeper, engine_rig_field(r, cert, "live.key", key), thumbprint, &o), FL_OK);
    engine_rig_field(r, cert, "live.serial", serial);
    assert_in_range(engine_rig_asked(r, "=POST /order"), 2, 4);
    assert_in_range(engine_rig_keys(r), 3, 4);
    engine_rig_close(r);
    free(r);
    return died;
}
static void killed_at_any_write_of_a_renewal_the_live_one_keeps_its_key(void **state)
{
    unsigned nth = 1;

    (void)state;
    while (renewal_dies_at(nth))
        nth++;
    assert_in_range(nth, 15, 80);
}

static void a_disk_that_is_full_for_a_while_costs_time_only(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "authorize");
    fake_store_break(r->world.store, 1);
    engine_rig_run(r, 5 * MINUTE);
    assert_string_equal(r->seen, "authorize: temp: the disk is gone");
    fake_store_break(r->world.store, 0);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void a_wait_is_looked_at_ever_less_often_and_says_what_for(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_plugins.ready_code = FL_EAGAIN;
    engine_rig_plugins.ready_words = "one of two servers has it";
    engine_rig_start(r);
    engine_rig_run(r, 20 * MINUTE);
    /* 5 s, 7.5 s ... to a minute */
    assert_in_range(engine_rig_plugins.looks, 20, 30);
    engine_rig_assert_field(r, cert, "msg", "solver try: one of two servers has it");
    unsigned writes = fake_store_writes(r->world.store);
    engine_rig_run(r, 10 * MINUTE);
    assert_int_equal(fake_store_writes(r->world.store), writes);
    engine_rig_plugins.ready_words = "the second server does not answer";
    engine_rig_run(r, 2 * MINUTE);
    engine_rig_assert_field(r, cert, "msg", "solver try: the second server does not answer");
    engine_rig_plugins.ready_code = FL_OK;
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
}

static void a_verdict_that_takes_long_is_not_asked_for_in_a_hurry(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer pending = {
        .at = "POST /order/0",
        .times = 1000,
        .body = "{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example.org\"},"
                "{\"type\":\"dns\",\"value\":\"*.a.example.org\"}],\"authorizations\":[\"$B/authz/0\",\"$B/"
                "authz/1\"],\"finalize\":\"$B/finalize/0\"}"
    };

    stub_acme_script(r->ca.ca, &pending);
    engine_rig_start(r);
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_field(r, cert, "step", "valid");
    assert_in_range(engine_rig_asked(r, "POST /order/0"), 14, 20);
}

static void who_waits_for_an_account_hears_why_there_is_none(void **state)
{
    struct engine_rig *r = *state;
    const struct stub_answer no = { .at = "=POST /account",
                                    .times = 1,
                                    .status = 400,
                                    .type = "application/problem+json",
                                    .body =
                                        "{\"type\":\"urn:ietf:params:acme:error:invalidContact\",\"detail\":"
                                        "\"nobody is called so\"}" };

    stub_acme_script(r->ca.ca, &no);
    engine_rig_start(r);
    engine_rig_run(r, 30 * MINUTE);
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    assert_string_equal(json_str(rec, "code", ""), "again");
    assert_non_null(strstr(json_str(rec, "msg", ""), "nobody is called so"));
    assert_true(r->turns < 12); /* nothing is busy while a person is waited for */
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
}

/* ---- failures ----------------------------------------------------------------------------- */

static void a_refusal_rests_over_a_restart(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_plugins.deploy_code = FL_EREJECT;
    engine_rig_start(r);
    engine_rig_run(r, 30 * SECOND);
    assert_int_equal(engine_rig_plugins.deploys, 1);
    engine_rig_assert_field(r, cert, "code", "reject");
    engine_rig_restart(r);
    engine_rig_run(r, 20 * SECOND);
    assert_int_equal(engine_rig_plugins.deploys, 1);
    engine_rig_run(r, MINUTE);
    assert_int_equal(engine_rig_plugins.deploys, 2);
    engine_rig_assert_field(r, cert, "rejects", "2");
}

static void a_refusal_of_other_names_is_none(void **state)
{
    static const char *const others[] = { "a.example.org", NULL };
    struct engine_rig *r = *state;

    engine_rig_plugins.deploy_code = FL_EREJECT;
    engine_rig_start(r);
    engine_rig_run(r, 2 * MINUTE);
    engine_rig_assert_field(r, cert, "rejects", "2");
    engine_rig_plugins.deploy_code = FL_OK;
    r->certificates[0].names = others;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * SECOND);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "a.example.org");
}

static void a_pause_of_a_clock_that_was_wrong_is_not_kept(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_plugins.deploy_code = FL_EREJECT;
    fake_clock_set(clock_wall_ms() + 3000 * DAY);
    engine_rig_start(r);
    engine_rig_run(r, 30 * SECOND);
    fake_clock_set(clock_wall_ms() - 3000 * DAY);
    engine_rig_plugins.deploy_code = FL_OK;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * SECOND);
    engine_rig_assert_done(r);
}

static void a_rate_limit_holds_up_its_domain_and_no_other(void **state)
{
    static const char *const same[] = { "b.example.org", NULL }, *const other[] = { "c.example.net", NULL };
    struct engine_rig *r = *state;
    const struct stub_answer limit = { .at = "=POST /order",
                                       .times = 1,
                                       .status = 429,
                                       .type = "application/problem+json",
                                       .headers = "Retry-After: 3600\r\n",
                                       .body =
                                           "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":"
                                           "\"too many of example.org\"}" };

    stub_acme_script(r->ca.ca, &limit);
    engine_rig_start(r);
    engine_rig_run(r, 30 * SECOND);
    engine_rig_assert_field(r, cert, "code", "rate");
    engine_free(r->e);
    /* Holds are in memory: in one process again, with two more certificates. */
    r->certificates[1] = r->certificates[0];
    r->certificates[1].names = same;
    r->certificates[1].name = same[0];
    r->model.ncertificates = 2;
    stub_acme_script(r->ca.ca, &limit);
    fake_clock_advance(2 * 60 * MINUTE);
    engine_rig_start(r);
    engine_rig_run(r, 10 * MINUTE);
    cleanup_(json_freep) json_t *first = engine_rig_record(r, cert),
                                *second = engine_rig_record(r, "certificate:b.example.org");
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2); /* one of them asked, the other did not */
    bool limited = strcmp(json_str(first, "code", ""), "rate") == 0;
    assert_string_equal(json_str(limited ? first : second, "code", ""), "rate");
    assert_string_equal(json_str(limited ? second : first, "code", ""), "again");
    assert_non_null(strstr(json_str(limited ? second : first, "msg", ""), "too many of example.org"));
    engine_free(r->e);
    r->certificates[1].names = other;
    r->certificates[1].name = other[0];
    engine_rig_start(r);
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_field(r, "certificate:c.example.net", "step", "rest");
}

/* Two certificates are due, and one is told to come back in ten minutes: then the one that ends first goes first. */
static void who_goes_first(struct engine_rig *r, bool second_sooner)
{
    static const char *const names[] = { "b.example.org", NULL };
    const struct stub_answer limit = { .at = "=POST /order",
                                       .times = 1,
                                       .status = 429,
                                       .type = "application/problem+json",
                                       .headers = "Retry-After: 600\r\n",
                                       .body =
                                           "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":"
                                           "\"too many of example.org\"}" };
    const char *sooner = second_sooner ? "certificate:b.example.org" : cert;
    const char *later = second_sooner ? cert : "certificate:b.example.org";
    char first[256], second[256];

    for (int i = 0; i < 2; i++) {
        r->chain.to_s = (i == 1) == second_sooner ? 80 * DAY / SECOND : 0;
        r->certificates[1] = r->certificates[0];
        r->certificates[1].names = names;
        r->certificates[1].name = names[0];
        r->model.ncertificates = (size_t)i + 1;
        engine_rig_restart(r);
        engine_rig_run(r, 5 * MINUTE);
    }
    r->chain.to_s = 0;
    engine_free(r->e);
    fake_clock_advance(65 * DAY);
    stub_acme_script(r->ca.ca, &limit);
    engine_rig_start(r);
    engine_rig_run(r, 9 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 3); /* the other one did not ask */
    engine_rig_run_to(r, later, "authorize");
    engine_rig_field(r, sooner, "order.url", first);
    engine_rig_field(r, later, "order.url", second);
    assert_true(strtoul(strrchr(first, '/') + 1, NULL, 10) < strtoul(strrchr(second, '/') + 1, NULL, 10));
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 5);
    engine_rig_assert_field(r, later, "step", "rest");
    engine_rig_assert_field(r, sooner, "step", "rest");
}
static void of_those_that_wait_the_one_that_ends_first_goes_first(void **state)
{
    who_goes_first(*state, false);
}
static void and_not_the_one_that_came_first(void **state) { who_goes_first(*state, true); }

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_goes_from_nothing_to_the_sink),
        TEST(a_start_with_nothing_due_asks_the_authority_nothing),
        TEST(it_is_renewed_and_the_one_before_is_kept_with_its_key),
        cmocka_unit_test(killed_at_any_write_it_goes_on_to_the_end),
        cmocka_unit_test(killed_at_any_write_of_a_renewal_the_live_one_keeps_its_key),
        TEST(a_disk_that_is_full_for_a_while_costs_time_only),
        TEST(a_wait_is_looked_at_ever_less_often_and_says_what_for),
        TEST(a_verdict_that_takes_long_is_not_asked_for_in_a_hurry),
        TEST(who_waits_for_an_account_hears_why_there_is_none),
        TEST(a_refusal_rests_over_a_restart),
        TEST(a_refusal_of_other_names_is_none),
        TEST(a_pause_of_a_clock_that_was_wrong_is_not_kept),
        TEST(a_rate_limit_holds_up_its_domain_and_no_other),
        TEST(of_those_that_wait_the_one_that_ends_first_goes_first),
        TEST(and_not_the_one_that_came_first),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
