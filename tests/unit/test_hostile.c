/* SPDX-License-Identifier: Apache-2.0 */
/* test_hostile.c - an authority that breaks every rule, in front of the whole engine: what each answer leads to. */
#include "hostile.h"

#include "base/mem.h"
#include "base/text.h"
#include "fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char cert[] = "certificate:a.example.org";
static unsigned wrong;

#define CHECK(what, ok, ...)                                                                                 \
    do {                                                                                                     \
        if (!(ok)) {                                                                                         \
            wrong++;                                                                                         \
            print_error("%s: ", what);                                                                       \
            print_error(__VA_ARGS__);                                                                        \
            print_error("\n");                                                                               \
        }                                                                                                    \
    } while (0)

static const char *task_of(const struct hostile_case *c) { return c->task ? c->task : cert; }

/* Second by second, so that nothing is tried again before it has been seen to fail. */
static void run_to_failure(struct engine_rig *r, const struct hostile_case *c)
{
    int64_t left_s = c->settle_s ? c->settle_s : 60;
    char code[256];

    if (!c->renewal)
        engine_rig_run(r, 0);
    while (left_s-- > 0) {
        engine_rig_field(r, task_of(c), "code", code);
        if (code[0] && strcmp(code, "ok") != 0 && strcmp(code, "again") != 0)
            return;
        engine_rig_run(r, 1000);
        fake_clock_advance(1000);
    }
}

static void compare(struct engine_rig *r, const struct hostile_case *c)
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, task_of(c));
    const char *code = json_str(rec, "code", "none"), *step = json_str(rec, "step", "none");
    const char *problem = json_str(rec, "problem", ""), *msg = json_str(rec, "msg", "");
    int64_t due_ms = json_int(rec, "due", 0), in_s = due_ms ? (due_ms - clock_wall_ms()) / 1000 : -1;

    CHECK(c->what, !strcmp(code, c->code ? c->code : "ok"), "code %s: %s", code, msg);
    CHECK(c->what, !c->code || !strcmp(problem, c->problem ? c->problem : ""), "problem %s: %s", problem,
          msg);
    CHECK(c->what, !c->words || strstr(msg, c->words), "words: %s", msg);
    CHECK(c->what, !c->step || !strcmp(step, c->step), "goes on at %s", step);
    CHECK(c->what, (!c->code && !c->next_most_s) || (in_s >= c->next_least_s && in_s <= c->next_most_s),
          "next in %lld s: %s", (long long)in_s, msg);
    CHECK(c->what, engine_rig_asked(r, "=POST /order") == (unsigned)c->orders, "%u orders",
          engine_rig_asked(r, "=POST /order"));
    CHECK(c->what, engine_rig_keys(r) == c->keys, "%d keys", engine_rig_keys(r));
}

/* Nothing of what went wrong is left: one key of the account, one of the certificate and one of the certificate before, no
 * proof, no task of its own. */
static void gets_well(struct engine_rig *r, const struct hostile_case *c)
{
    char serial[256];

    engine_rig_run(r, c->well_s * 1000);
    engine_rig_field(r, cert, "live.serial", serial);
    CHECK(c->what, serial[0] && !strcmp(serial, engine_rig_plugins.served), "is not well: %s", r->seen);
    CHECK(c->what, engine_rig_keys(r) == 2 + c->renewal, "%d keys in the end", engine_rig_keys(r));
    CHECK(c->what, engine_rig_plugins.standing == 0 && !engine_rig_any_cleanup(r), "proofs in the end");
    CHECK(c->what, engine_rig_asked(r, "=POST /order") == (unsigned)c->orders_in_all, "%u orders in all",
          engine_rig_asked(r, "=POST /order"));
}

static void script(struct engine_rig *r, const struct hostile_case *c)
{
    stub_acme_unscript(r->ca.ca);
    for (size_t i = 0; i < sizeof c->says / sizeof *c->says && c->says[i].at; i++)
        stub_acme_script(r->ca.ca, &c->says[i]);
    engine_rig_honest(r);
    r->chain = c->chain;
}

/* Live, at its sink, and a second before it is renewed. */
static void grow_old(struct engine_rig *r, char serial[256])
{
    char at[256];

    engine_rig_run(r, 60000);
    engine_rig_assert_done(r);
    engine_rig_field(r, cert, "live.serial", serial);
    int64_t left_ms = strtoll(engine_rig_field(r, cert, "renew_at", at), NULL, 10) * 1000 - clock_wall_ms();
    assert_true(left_ms > 0);
    const int64_t end_ms = clock_wall_ms() + left_ms - 1000;
    engine_rig_run(r, left_ms - 1000);
    fake_clock_advance(end_ms - clock_wall_ms());
}

static void one_case(const struct hostile_case *c)
{
    struct engine_rig *r = calloc(1, sizeof *r);
    char before[256] = "", after[256];

    assert_non_null(r);
    engine_rig_open(r, engine_rig_names);
    if (!c->renewal)
        script(r, c);
    engine_rig_start(r);
    if (c->renewal) {
        grow_old(r, before);
        script(r, c);
    }
    run_to_failure(r, c);
    compare(r, c);
    if (c->renewal && c->code)
        CHECK(c->what, !strcmp(engine_rig_plugins.served, before), "the old one is not served meanwhile");
    stub_acme_unscript(r->ca.ca);
    engine_rig_honest(r);
    if (c->well_s)
        gets_well(r, c);
    engine_rig_field(r, cert, "live.serial", after);
    CHECK(c->what, !c->well_s || strcmp(before, after) != 0, "was not renewed");
    engine_rig_close(r);
    free(r);
}

static void all_of(const struct hostile_case *cases, size_t least)
{
    size_t n = 0;

    wrong = 0;
    for (; cases[n].what; n++)
        one_case(&cases[n]);
    assert_true(n >= least);
    assert_int_equal(wrong, 0);
}

static void in_front_of_the_account(void **state)
{
    (void)state;
    all_of(hostile_account, 10);
}
static void when_an_order_is_placed(void **state)
{
    (void)state;
    all_of(hostile_order, 10);
}
static void while_control_is_proved(void **state)
{
    (void)state;
    all_of(hostile_proof, 10);
}
static void when_the_certificate_comes(void **state)
{
    (void)state;
    all_of(hostile_certificate, 10);
}
static void when_a_certificate_is_renewed(void **state)
{
    (void)state;
    all_of(hostile_renewal, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_front_of_the_account),       cmocka_unit_test(when_an_order_is_placed),
        cmocka_unit_test(while_control_is_proved),       cmocka_unit_test(when_the_certificate_comes),
        cmocka_unit_test(when_a_certificate_is_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
