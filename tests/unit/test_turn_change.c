/* SPDX-License-Identifier: Apache-2.0 */
/* test_turn_change.c - turns of tasks over a configuration that changed, a state that is damaged, sinks that fail or go. */
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
#include <unistd.h>

#include <cmocka.h>

static const int64_t SECOND = 1000, MINUTE = 60 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org", delivery[] = "delivery:a.example.org>try";

/* ---- another configuration ----------------------------------------------------------------- */

static void an_order_for_other_names_is_given_up_and_tidied_away(void **state)
{
    static const char *const others[] = { "x.example.org", NULL };
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "valid");
    r->certificates[0].names = others; /* the name of the certificate stays */
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "x.example.org");
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
    assert_int_equal(engine_rig_plugins.withdraws, 2);
    assert_int_equal(engine_rig_keys(r), 2);
}

static void the_order_in_which_names_are_written_means_nothing(void **state)
{
    static const char *const turned[] = { "*.a.example.org", "a.example.org", NULL };
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "finalize");
    r->certificates[0].names = turned;
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 1);
}

static void an_order_at_an_authority_that_is_gone_is_placed_at_the_one_that_is_there(void **state)
{
    static const char *const renamed[] = { "renamed", NULL };
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "valid");
    r->authority.name = "renamed";
    r->certificates[0].authorities = renamed;
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    engine_rig_assert_field(r, cert, "live.authority", "renamed");
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 2);
}

static void an_authority_with_another_directory_gets_an_account_with_the_key_it_had(void **state)
{
    struct engine_rig *r = *state;
    char before[256];

    engine_rig_put(r, "authority:test",
                   "{\"format\":1,\"step\":\"idle\",\"asked\":{\"directory\":\"https://old.test/dir\"},"
                   "\"url\":\"https://old.test/account/7\"}");
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 1);
    engine_rig_field(r, "authority:test", "key", before);
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, "authority:test");
    json_put_str(json_object_get(rec, "asked"), "directory", "https://old.test/dir");
    auto_free char *text = json_text(rec);
    engine_rig_put(r, "authority:test", text);
    r->certificates[0].keys = (const char *const[]){ "ec384", NULL };
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /account"), 2);
    engine_rig_assert_field(r, "authority:test", "key", before);
}

static void what_is_live_again_after_a_change_and_back_keeps_no_order(void **state)
{
    static const char *const others[] = { "x.example.org", NULL };
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    r->certificates[0].names = others;
    engine_rig_restart(r);
    engine_rig_run_to(r, cert, "visible");
    r->certificates[0].names = engine_rig_names;
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_string_equal(engine_rig_plugins.names, "a.example.org *.a.example.org");
    engine_rig_assert_field(r, cert, "order.url", "");
    assert_int_equal(engine_rig_plugins.withdraws, 2);
    assert_int_equal(engine_rig_keys(r), 2);
}

/* As after a crash in which the cleanup's record reached the disk and the certificate's did not: both go on at once. */
struct meanwhile {
    struct engine_rig *r;
    json_t *certificate; /* as it was while its proofs stood */
};

static void shown_again_and_over_again(void *arg)
{
    struct meanwhile *m = arg;
    struct outcome o = { 0 };

    engine_rig_plugins.withdrawn = NULL;
    engine_rig_plugins.standing = 2;
    assert_int_equal(cleanup_start(m->r->e, cert, m->certificate, false, &o), FL_OK);
}

static void proofs_that_were_shown_again_while_they_were_taken_away_go_too(void **state)
{
    struct engine_rig *r = *state;
    struct meanwhile m = { .r = r };

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "valid");
    m.certificate = engine_rig_record(r, cert);
    engine_rig_plugins.withdrawn = shown_again_and_over_again;
    engine_rig_plugins.arg = &m;
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_plugins.withdraws, 2);
    assert_int_equal(engine_rig_plugins.standing, 0);
    json_decref(m.certificate);
}

/* ---- damage ------------------------------------------------------------------------------- */

static void remove_key(struct engine_rig *r, const char *path)
{
    char sealed[256], file[512];

    engine_rig_field(r, cert, path, sealed);
    snprintf(file, sizeof file, "%s/keys/%.64s.pem", r->ca.folder, strchr(sealed, ':') + 1);
    assert_int_equal(unlink(file), 0);
}

static void a_live_certificate_without_its_key_is_ordered_anew(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    remove_key(r, "live.key");
    r->certificates[0].reuse_key = true; /* there is nothing to reuse */
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
    assert_int_equal(engine_rig_keys(r), 2);
}

static void an_order_without_its_key_is_placed_anew(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "finalize");
    remove_key(r, "order.key");
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_done(r);
    assert_int_equal(engine_rig_asked(r, "=POST /order"), 2);
}

/* Of another shape than ours, member by member. */
static void a_damaged_record_stops_no_start_and_crashes_nothing(void **state)
{
    static const char *const damaged[] = {
        "{\"format\":1,\"step\":\"valid\"}",
        "{\"format\":1,\"step\":7,\"due\":\"soon\",\"code\":[],\"history\":\"none\",\"looks\":-5,\"tries\":-1}",
        "{\"format\":1,\"step\":\"deploy\",\"order\":{\"authorizations\":[7,null]}}",
        "{\"format\":1,\"step\":\"authorize\",\"order\":{\"authorizations\":[7,null],\"names\":{}}}",
        "{\"format\":1,\"step\":\"finalize\",\"order\":{\"names\":[1,2],\"key\":\"file:nothing\"}}",
        "{\"format\":1,\"step\":\"fetch\",\"order\":{\"names\":7,\"key\":7,\"certificate\":7}}",
        "{\"format\":1,\"step\":\"answer\",\"order\":{},\"proofs\":[1,\"x\",{\"url\":3}],\"waste\":[3,\"x\"]}",
        "{\"format\":1,\"step\":\"rest\",\"live\":{\"names\":[7,8],\"not_after\":9223372036854775807}}",
        "{\"format\":1,\"step\":\"rest\",\"live\":{\"names\":[\"a.example.org\",\"*.a.example.org\"],"
        "\"key_type\":\"ec256\",\"authority\":\"test\",\"not_before\":-9223372036854775807,"
        "\"not_after\":9223372036854775807}}",
        "{\"format\":1,\"step\":\"rest\",\"live\":[],\"order\":[],\"proofs\":{}}",
    };
    struct engine_rig *r = *state;

    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        engine_rig_put(r, cert, damaged[i]);
        engine_rig_put(r, delivery, "{\"format\":1,\"step\":\"nowhere\",\"delivered\":[3]}");
        engine_rig_put(r, "certificate:gone.example.org", "{\"format\":7}");
        engine_rig_start(r);
        engine_rig_run(r, DAY);
        engine_rig_assert_done(r);
        engine_free(r->e);
        r->e = NULL;
    }
}

/* ---- deliveries --------------------------------------------------------------------------- */

static void what_was_issued_meanwhile_is_brought_before_it_is_looked_for(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_put(r, delivery, "{\"format\":1,\"step\":\"verify\",\"delivered\":[\"00\"]}");
    engine_rig_plugins.served[0] = '\0';
    engine_rig_restart(r);
    engine_rig_run(r, MINUTE);
    engine_rig_assert_done(r);
}

static void what_is_never_served_is_brought_again(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, delivery, "verify");
    text_copy(engine_rig_plugins.served, sizeof engine_rig_plugins.served, "somebody else's");
    engine_rig_run(r, 5 * MINUTE);
    engine_rig_assert_field(r, delivery, "code", "again");
    assert_int_equal(engine_rig_plugins.delivered, 1);
    engine_rig_run(r, 3 * 60 * MINUTE);
    assert_int_equal(engine_rig_plugins.delivered, 2);
    engine_rig_assert_done(r);
}

static void a_sink_that_fails_is_tried_until_it_takes_it(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_plugins.sink_code = FL_ETEMP;
    engine_rig_start(r);
    engine_rig_run(r, 10 * MINUTE);
    engine_rig_assert_field(r, cert, "step", "rest");
    engine_rig_assert_field(r, delivery, "code", "temp");
    engine_rig_plugins.sink_code = FL_OK;
    engine_rig_run(r, 2 * 60 * MINUTE);
    engine_rig_assert_done(r);
}

static void a_sink_that_is_left_is_tidied_where_that_is_wanted(void **state)
{
    static const char *const none[] = { NULL };
    struct engine_rig *r = *state;
    cleanup_(json_freep) json_t *rec = NULL;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    r->certificates[0].sinks = none;
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_plugins.retired, 0);
    r->certificates[0].retire = true;
    instance_close(r->sink.instance); /* no certificate uses it */
    engine_rig_restart(r);
    engine_rig_run(r, 5 * MINUTE);
    assert_int_equal(engine_rig_plugins.retired, 1);
    rec = engine_rig_record(r, delivery);
    assert_null(rec);
}

static void a_sink_that_is_wanted_again_is_not_tidied(void **state)
{
    static const char *const none[] = { NULL };
    struct engine_rig *r = *state;
    const char *const *sinks = r->certificates[0].sinks;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    r->certificates[0].sinks = none;
    r->certificates[0].retire = true;
    engine_rig_plugins.sink_code = FL_ETEMP;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * SECOND);
    engine_rig_assert_field(r, delivery, "step", "retire");
    engine_rig_plugins.sink_code = FL_OK;
    r->certificates[0].sinks = sinks;
    engine_rig_restart(r);
    engine_rig_run(r, 30 * MINUTE);
    assert_int_equal(engine_rig_plugins.retired, 0);
    engine_rig_assert_done(r);
}

static void proofs_of_a_certificate_that_is_gone_are_taken_away(void **state)
{
    struct engine_rig *r = *state;

    engine_rig_start(r);
    engine_rig_run_to(r, cert, "valid");
    r->model.ncertificates = 0;
    engine_rig_restart(r);
    engine_rig_run(r, MINUTE);
    assert_int_equal(engine_rig_plugins.withdraws, 1);
    assert_false(engine_rig_any_cleanup(r));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_order_for_other_names_is_given_up_and_tidied_away),
        TEST(the_order_in_which_names_are_written_means_nothing),
        TEST(an_order_at_an_authority_that_is_gone_is_placed_at_the_one_that_is_there),
        TEST(an_authority_with_another_directory_gets_an_account_with_the_key_it_had),
        TEST(what_is_live_again_after_a_change_and_back_keeps_no_order),
        TEST(proofs_that_were_shown_again_while_they_were_taken_away_go_too),
        TEST(a_live_certificate_without_its_key_is_ordered_anew),
        TEST(an_order_without_its_key_is_placed_anew),
        TEST(a_damaged_record_stops_no_start_and_crashes_nothing),
        TEST(what_was_issued_meanwhile_is_brought_before_it_is_looked_for),
        TEST(what_is_never_served_is_brought_again),
        TEST(a_sink_that_fails_is_tried_until_it_takes_it),
        TEST(a_sink_that_is_left_is_tidied_where_that_is_wanted),
        TEST(a_sink_that_is_wanted_again_is_not_tidied),
        TEST(proofs_of_a_certificate_that_is_gone_are_taken_away),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
