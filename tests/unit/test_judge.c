/* SPDX-License-Identifier: Apache-2.0 */
/* test_judge.c - every code in every step: where the task goes, when, and whom it holds up (design 5). */
#include "engine/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000)
#define MIN (60 * S)
#define H (60 * MIN)
#define D (24 * H)
static const int64_t NOW = 1795348800000;

static struct judge_case in(int kind, uint8_t step, int code)
{
    return (struct judge_case){
        .kind = &task_kinds[kind], .step = step, .code = code, .problem = "", .now_ms = NOW, .since_ms = NOW
    };
}
static struct verdict judged(struct judge_case c)
{
    struct verdict v;
    memset(&v, 0xee, sizeof v);
    judge(&c, &v);
    return v;
}
/* Runs f for every step of every kind. */
static void everywhere(void (*f)(int kind, uint8_t step, const struct step *row))
{
    for (int kind = 0; kind < KINDS; kind++)
        for (uint8_t step = 0; step < task_kinds[kind].n; step++)
            f(kind, step, &task_kinds[kind].steps[step]);
}
#define expect(cond)                                                                                         \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            fail_msg("%s/%s: " #cond, task_kinds[kind].name, row->name);                                     \
    } while (0)

static bool is_last(int kind, uint8_t step)
{
    const char *name = task_kinds[kind].steps[step].name;
    return !strcmp(name, "idle") || !strcmp(name, "rest") || kind == KIND_CLEANUP;
}
static bool by_instance(int kind, uint8_t step)
{
    return (kind != KIND_CERTIFICATE && kind != KIND_AUTHORITY) ||
           (kind == KIND_CERTIFICATE && (step == CERT_DEPLOY || step == CERT_VISIBLE));
}
static bool by_nobody(int kind, uint8_t step)
{
    return kind == KIND_CERTIFICATE && (step == CERT_PLAN || step == CERT_KEY || step == CERT_REST);
}
static enum judge_blame blamed(int kind, uint8_t step)
{
    return by_nobody(kind, step) ? BLAME_NOBODY : by_instance(kind, step) ? BLAME_INSTANCE : BLAME_AUTHORITY;
}
static enum judge_scope scoped(int kind, uint8_t step)
{
    if (kind == KIND_CERTIFICATE && (by_nobody(kind, step) || by_instance(kind, step)))
        return SCOPE_TASK;
    return by_instance(kind, step) ? SCOPE_INSTANCE : SCOPE_AUTHORITY;
}

static void ok_in(int kind, uint8_t step, const struct step *row)
{
    struct judge_case c = in(kind, step, FL_OK);
    c.counts = (struct judge_counts){ .tries = 3, .looks = 4, .stale = 5, .rejects = 6, .rests = 7 };
    struct verdict v = judged(c);
    bool last = is_last(kind, row->next);
    expect(v.step == row->next);
    expect(v.at_ms == NOW);
    expect(v.code == FL_OK && !v.failed && !v.alarm && !v.gave_up);
    expect(v.blame == BLAME_NOBODY && v.scope == SCOPE_TASK);
    expect(v.counts.tries == 0 && v.counts.looks == 0 && v.counts.stale == 0);
    expect(v.counts.rejects == (last ? 0 : 6) && v.counts.rests == (last ? 0 : 7));
}
static void success_goes_on_at_once_and_forgets_what_went_wrong_in_the_step(void **state)
{
    (void)state;
    everywhere(ok_in);
}

static void again_in(int kind, uint8_t step, const struct step *row)
{
    static const int64_t pauses[] = { 5000, 7500, 11250, 16875, 25312, 37968, 56953, 60000, 60000 };
    for (unsigned looks = 0; looks < sizeof pauses / sizeof *pauses; looks++) {
        struct judge_case c = in(kind, step, FL_EAGAIN);
        c.counts = (struct judge_counts){ .tries = 2, .looks = looks, .rejects = 1 };
        struct verdict v = judged(c);
        expect(v.at_ms == NOW + pauses[looks]);
        expect(v.step == step && v.code == FL_EAGAIN && !v.failed && !v.alarm);
        expect(v.blame == BLAME_NOBODY && v.scope == SCOPE_TASK);
        expect(v.counts.looks == looks + 1 && v.counts.tries == 2 && v.counts.rejects == 1);
        c.retry_after_ms = 1234;
        expect(judged(c).at_ms == NOW + 1234);
        c.retry_after_ms = 1;
        expect(judged(c).at_ms == NOW + 10);
        c.retry_after_ms = 400 * D;
        expect(judged(c).at_ms == NOW + 7 * D);
    }
    struct judge_case c = in(kind, step, FL_EAGAIN);
    c.counts.looks = 4000000000u;
    expect(judged(c).at_ms == NOW + MIN);
}
static void waiting_looks_again_when_told_or_ever_less_often(void **state)
{
    (void)state;
    everywhere(again_in);
}

static void late_in(int kind, uint8_t step, const struct step *row)
{
    struct judge_case c = in(kind, step, FL_EAGAIN);
    c.counts.looks = 9;
    c.since_ms = NOW - (row->deadline_s ? row->deadline_s * S : 365 * D);
    expect(judged(c).code == FL_EAGAIN);
    c.since_ms--;
    struct verdict v = judged(c);
    if (!row->deadline_s) {
        expect(v.code == FL_EAGAIN);
        return;
    }
    expect(v.code == FL_ETEMP && v.failed && v.at_ms == NOW + 5 * S && v.step == step);
    expect(v.counts.tries == 1 && v.counts.looks == 0 && v.blame == blamed(kind, step));
}
static void a_wait_past_its_deadline_is_a_failure(void **state)
{
    (void)state;
    everywhere(late_in);
}

static void temp_in(int kind, uint8_t step, const struct step *row)
{
    static const int64_t pauses[] = { 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 };
    unsigned last = row->tries ? row->tries - 1u : 12u;
    for (unsigned tries = 0; tries < last && tries < 12; tries++) {
        struct judge_case c = in(kind, step, tries % 2 ? FL_ETEMP : FL_EPROTO);
        c.counts = (struct judge_counts){ .tries = tries, .looks = 3, .rejects = 1, .rests = 2 };
        struct verdict v = judged(c);
        expect(v.at_ms == NOW + pauses[tries] * S);
        expect(v.step == step && v.code == c.code && v.failed && !v.gave_up);
        expect(v.alarm == (pauses[tries] == 3600));
        expect(v.blame == blamed(kind, step) && v.scope == SCOPE_TASK);
        expect(v.counts.tries == tries + 1 && v.counts.looks == 0);
        expect(v.counts.rejects == 1 && v.counts.rests == 2);
        c.jitter = 1;
        expect(judged(c).at_ms == NOW + pauses[tries] * 1200);
        c.jitter = -1;
        expect(judged(c).at_ms == NOW + pauses[tries] * 800);
        c.retry_after_ms = 10 * H;
        expect(judged(c).at_ms == NOW + 10 * H);
        c.retry_after_ms = 10 * D;
        expect(judged(c).at_ms == NOW + 7 * D);
        c.retry_after_ms = 1;
        expect(judged(c).at_ms == NOW + pauses[tries] * 800);
    }
}
static void a_failure_is_tried_again_with_pauses_that_double_to_an_hour(void **state)
{
    (void)state;
    everywhere(temp_in);
}

static void worn_in(int kind, uint8_t step, const struct step *row)
{
    static const int64_t rests[] = { 1, 2, 4, 8, 16, 24, 24, 24 };
    struct judge_case c = in(kind, step, FL_ETEMP);
    if (!row->tries) {
        c.counts.tries = 4000000000u;
        struct verdict v = judged(c);
        expect(v.at_ms == NOW + H && v.step == step && v.alarm && !v.gave_up);
        return;
    }
    for (unsigned n = 0; n < sizeof rests / sizeof *rests; n++) {
        c.counts = (struct judge_counts){ .tries = row->tries - 1u, .rejects = 1, .rests = n };
        struct verdict v = judged(c);
        expect(v.at_ms == NOW + rests[n] * H);
        expect(v.step == row->undo && v.gave_up && v.failed && v.alarm);
        expect(v.counts.tries == 0 && v.counts.rests == n + 1 && v.counts.rejects == 1);
    }
    c.retry_after_ms = 3 * D;
    expect(judged(c).at_ms == NOW + 3 * D);
    c.counts.rests = 4000000000u;
    c.retry_after_ms = 0;
    expect(judged(c).at_ms == NOW + D);
}
static void after_its_tries_a_step_is_undone_and_rests_ever_longer_but_never_for_good(void **state)
{
    (void)state;
    everywhere(worn_in);
}

static void rate_in(int kind, uint8_t step, const struct step *row)
{
    struct judge_case c = in(kind, step, FL_ERATE);
    c.http = 429;
    c.counts = (struct judge_counts){ .tries = 2, .looks = 3, .rejects = 1, .rests = 1 };
    struct verdict v = judged(c);
    expect(v.at_ms == NOW + MIN && v.step == step && v.code == FL_ERATE && v.failed && !v.alarm);
    expect(memcmp(&v.counts, &c.counts, sizeof v.counts) == 0);
    expect(v.scope == scoped(kind, step) && v.blame == blamed(kind, step));
    c.retry_after_ms = 1;
    expect(judged(c).at_ms == NOW + S);
    c.retry_after_ms = 90 * S;
    expect(judged(c).at_ms == NOW + 90 * S);
    c.retry_after_ms = 30 * D;
    expect(judged(c).at_ms == NOW + 7 * D);
}
static void a_rate_limit_waits_as_told_within_limits_and_costs_no_try(void **state)
{
    (void)state;
    everywhere(rate_in);
}

static void auth_in(int kind, uint8_t step, const struct step *row)
{
    struct judge_case c = in(kind, step, FL_EAUTH);
    c.counts = (struct judge_counts){ .tries = 2, .looks = 3 };
    struct verdict v = judged(c);
    expect(v.at_ms == NOW + 15 * MIN && v.step == step && v.code == FL_EAUTH && v.failed && v.alarm);
    expect(memcmp(&v.counts, &c.counts, sizeof v.counts) == 0);
    expect(v.scope == scoped(kind, step));
    expect(v.blame == (blamed(kind, step) == BLAME_AUTHORITY ? BLAME_USER : blamed(kind, step)));
}
static void refused_credentials_are_tried_again_every_quarter_of_an_hour(void **state)
{
    (void)state;
    everywhere(auth_in);
}

static void reject_in(int kind, uint8_t step, const struct step *row)
{
    static const int64_t pauses[] = { 1, 12, 60, 240, 720, 1440, 1440 };
    struct judge_case c = in(kind, step, FL_EREJECT);
    for (unsigned n = 0; n < sizeof pauses / sizeof *pauses; n++) {
        c.counts = (struct judge_counts){ .tries = 2, .looks = 3, .stale = 1, .rejects = n, .rests = 1 };
        struct verdict v = judged(c);
        expect(v.at_ms == NOW + pauses[n] * MIN && v.step == row->undo && v.code == FL_EREJECT);
        expect(v.failed && v.alarm == (n >= 2) && !v.gave_up && v.scope == SCOPE_TASK);
        expect(v.blame == (blamed(kind, step) == BLAME_AUTHORITY ? BLAME_USER : blamed(kind, step)));
        expect(v.counts.rejects == n + 1 && v.counts.rests == 1);
        expect(v.counts.tries == 0 && v.counts.looks == 0 && v.counts.stale == 0);
    }
    c.counts.rejects = 4000000000u;
    expect(judged(c).at_ms == NOW + D);
    c.retry_after_ms = 2 * D;
    expect(judged(c).at_ms == NOW + 2 * D);
}
static void a_refusal_starts_over_inside_the_budget_of_failed_validations(void **state)
{
    (void)state;
    everywhere(reject_in);
}

static void stale_in(int kind, uint8_t step, const struct step *row)
{
    struct judge_case c = in(kind, step, FL_ESTALE);
    for (unsigned n = 0; n < 5; n++) {
        c.counts = (struct judge_counts){ .tries = 1, .stale = n };
        struct verdict v = judged(c);
        expect(v.at_ms == NOW && v.step == step && v.code == FL_ESTALE && !v.failed && !v.alarm);
        expect(v.counts.stale == n + 1 && v.counts.tries == 1);
    }
    c.counts = (struct judge_counts){ .stale = 5 };
    struct verdict v = judged(c);
    expect(v.at_ms == NOW + 5 * S && v.step == step && v.code == FL_ETEMP && v.failed);
    expect(v.counts.stale == 6 && v.counts.tries == 1 && v.blame == blamed(kind, step));
}
static void what_was_stale_is_tried_at_once_five_times(void **state)
{
    (void)state;
    everywhere(stale_in);
}

static void others_in(int kind, uint8_t step, const struct step *row)
{
    static const struct judge_counts counts = { 1, 2, 3, 4, 5 };
    struct judge_case c = in(kind, step, FL_ECONF);
    c.counts = counts;
    struct verdict v = judged(c);
    expect(v.at_ms == JUDGE_NEVER && v.step == step && v.failed && v.alarm && v.blame == BLAME_USER);
    expect(memcmp(&v.counts, &counts, sizeof counts) == 0);
    c.code = FL_ENOMEM;
    v = judged(c);
    expect(v.at_ms == NOW + 30 * S && v.step == step && v.failed && !v.alarm && v.blame == BLAME_NOBODY);
    expect(memcmp(&v.counts, &counts, sizeof counts) == 0 && v.scope == SCOPE_TASK);
    c.code = FL_ECANCEL;
    v = judged(c);
    expect(v.at_ms == JUDGE_NEVER && v.step == step && !v.failed && !v.alarm && v.blame == BLAME_NOBODY);
    expect(memcmp(&v.counts, &counts, sizeof counts) == 0);
}
static void a_mistake_waits_for_a_person_memory_for_a_moment_an_ending_daemon_for_its_next_start(void **state)
{
    (void)state;
    everywhere(others_in);
}

static void strange_in(int kind, uint8_t step, const struct step *row)
{
    static const int codes[] = { 1, 77, -11, INT32_MIN, INT32_MAX };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct verdict v = judged(in(kind, step, codes[i]));
        expect(v.code == FL_ETEMP && v.failed && v.at_ms == NOW + 5 * S && v.counts.tries == 1);
    }
}
static void a_code_that_does_not_exist_is_a_temporary_failure(void **state)
{
    (void)state;
    everywhere(strange_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_goes_on_at_once_and_forgets_what_went_wrong_in_the_step),
        cmocka_unit_test(waiting_looks_again_when_told_or_ever_less_often),
        cmocka_unit_test(a_wait_past_its_deadline_is_a_failure),
        cmocka_unit_test(a_failure_is_tried_again_with_pauses_that_double_to_an_hour),
        cmocka_unit_test(after_its_tries_a_step_is_undone_and_rests_ever_longer_but_never_for_good),
        cmocka_unit_test(a_rate_limit_waits_as_told_within_limits_and_costs_no_try),
        cmocka_unit_test(refused_credentials_are_tried_again_every_quarter_of_an_hour),
        cmocka_unit_test(a_refusal_starts_over_inside_the_budget_of_failed_validations),
        cmocka_unit_test(what_was_stale_is_tried_at_once_five_times),
        cmocka_unit_test(
            a_mistake_waits_for_a_person_memory_for_a_moment_an_ending_daemon_for_its_next_start),
        cmocka_unit_test(a_code_that_does_not_exist_is_a_temporary_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
