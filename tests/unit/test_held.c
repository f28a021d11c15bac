/* SPDX-License-Identifier: Apache-2.0 */
/* test_held.c - a state out of the past and a sink that knows better. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/steps.h"
#include "engine_rig.h"
#include "fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t MINUTE = 60 * 1000, DAY = 86400000;
static const char cert[] = "certificate:a.example.org", delivery[] = "delivery:a.example.org>try";

static unsigned orders(struct engine_rig *r) { return engine_rig_asked(r, "=POST /order"); }

/* What is live, as a sink shows it; the caller's. */
static char *shown(struct engine_rig *r)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    const json_t *live = json_obj(rec, "live");
    char *text = NULL;

    assert_true(asprintf(&text, "%s%s", json_str(live, "leaf", ""), json_str(live, "chain", "")) > 0);
    return text;
}

static char *saved(struct engine_rig *r, const char *task)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, task);
    return json_text(rec);
}

/* Issued, and renewed 61 days later; the state is that of before, what is at the sink that of now. */
struct past {
    char *cert, *delivery, *held;
    char served[64];
};
static void go_back(struct engine_rig *r, struct past *p)
{
    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    p->cert = saved(r, cert);
    p->delivery = saved(r, delivery);
    engine_rig_run(r, 61 * DAY);
    assert_int_equal(orders(r), 2);
    p->held = shown(r);
    snprintf(p->served, sizeof p->served, "%s", engine_rig_plugins.served);
    engine_rig_plugins.held = p->held;
    engine_free(r->e);
    r->e = NULL;
    engine_rig_put(r, cert, p->cert);
    engine_rig_put(r, delivery, p->delivery);
    engine_rig_start(r);
}

static void done(struct past *p)
{
    engine_rig_plugins.held = NULL;
    free(p->cert);
    free(p->delivery);
    free(p->held);
}

static bool says(struct engine_rig *r, const char *task, const char *words)
{
    auto_free char *text = saved(r, task);
    return strstr(text, words) != NULL;
}

static void what_is_live_at_the_sink_is_neither_ordered_nor_overwritten(void **state)
{
    struct engine_rig *r = *state;
    struct past p;

    go_back(r, &p);
    unsigned delivered = engine_rig_plugins.delivered;
    engine_rig_run(r, 40 * DAY);
    assert_int_equal(orders(r), 2);
    assert_int_equal(engine_rig_plugins.delivered, delivered);
    assert_string_equal(engine_rig_plugins.served, p.served);
    assert_true(says(r, cert, "\"event\":\"held\""));
    assert_true(says(r, delivery, "newer than what this state knows"));
    /* until it is due itself */
    engine_rig_run(r, 25 * DAY);
    assert_int_equal(orders(r), 3);
    engine_rig_assert_done(r);
    assert_string_not_equal(engine_rig_plugins.served, p.served);
    done(&p);
}

static void who_asks_in_person_gets_a_new_one(void **state)
{
    struct engine_rig *r = *state;
    struct past p;

    go_back(r, &p);
    engine_rig_run(r, DAY);
    assert_int_equal(orders(r), 2);
    engine_free(r->e);
    r->e = NULL;
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, cert);
    json_put(rec, "ask", json_pack("{s:{s:I}}", "renew", "at", (json_int_t)1));
    auto_free char *text = json_text(rec);
    engine_rig_put(r, cert, text);
    engine_rig_start(r);
    engine_rig_run(r, DAY);
    assert_in_range(orders(r), 2, 3);
    done(&p);
}

static void what_stands_there_for_other_names_or_no_longer_holds_counts_for_nothing(void **state)
{
    static const char *const other[] = { "a.example.org", "b.example.org", NULL };
    struct engine_rig *r = *state;
    struct past p;

    go_back(r, &p);
    engine_free(r->e);
    r->certificates[0].names = other;
    engine_rig_start(r);
    engine_rig_run(r, DAY);
    assert_int_equal(orders(r), 3);
    assert_string_equal(engine_rig_plugins.names, "a.example.org b.example.org");
    done(&p);
}

static void what_we_brought_ourselves_is_never_newer(void **state)
{
    struct engine_rig *r = *state;
    const struct subject s = { .cert = &r->certificates[0], .key = "ec256" };
    struct held held;

    engine_rig_start(r);
    engine_rig_run(r, 5 * MINUTE);
    auto_free char *text = shown(r);
    char name[] = "certificate:a.example.org";
    struct task task = { .name = name, .kind = &task_kinds[KIND_CERTIFICATE], .subject = &s };
    struct turn t = { .e = r->e, .w = &r->world, .task = &task, .now_ms = clock_wall_ms() };
    cleanup_(json_freep) json_t *live =
        json_pack("{s:{s:s,s:I}}", "live", "serial", "01", "not_before", (json_int_t)1);

    engine_rig_plugins.held = text;
    assert_int_equal(held_at(&t, &s, "try", live, &held), FL_OK);
    assert_false(held.newer); /* an authority that dates back issued what is live now */
    engine_rig_put(r, delivery, "{\"format\":1,\"delivered\":[\"02\"]}");
    assert_int_equal(held_at(&t, &s, "try", live, &held), FL_OK);
    assert_true(held.newer);
    t.now_ms += 70 * DAY;
    assert_int_equal(held_at(&t, &s, "try", live, &held), FL_OK);
    assert_false(held.newer); /* due by now */
    t.now_ms -= 70 * DAY;
    engine_rig_plugins.held = "no chain";
    assert_int_equal(held_at(&t, &s, "try", live, &held), FL_OK);
    assert_false(held.newer);
    engine_rig_plugins.held = NULL;
}

static void a_state_that_was_begun_anew_orders(void **state)
{
    struct engine_rig *r = *state;
    struct past p;

    go_back(r, &p);
    engine_rig_run(r, DAY);
    assert_int_equal(orders(r), 2);
    engine_free(r->e);
    r->e = NULL;
    engine_rig_put(r, cert, "{\"format\":1}");
    engine_rig_put(r, delivery, "{\"format\":1}");
    engine_rig_start(r);
    engine_rig_run(r, DAY); /* there was an account before that certificate: an old copy */
    assert_int_equal(orders(r), 2);
    engine_free(r->e);
    r->e = NULL;
    engine_rig_put(r, "authority:test", "{\"format\":1}");
    engine_rig_put(r, cert, "{\"format\":1}");
    engine_rig_start(r);
    engine_rig_run(r, DAY);
    assert_int_equal(orders(r), 3);
    done(&p);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_rig_set_up, engine_rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_live_at_the_sink_is_neither_ordered_nor_overwritten),
        TEST(who_asks_in_person_gets_a_new_one),
        TEST(what_stands_there_for_other_names_or_no_longer_holds_counts_for_nothing),
        TEST(what_we_brought_ourselves_is_never_newer),
        TEST(a_state_that_was_begun_anew_orders),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
