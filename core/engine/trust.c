/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c - is this machine's clock one to decide by? */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/hold.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* Of the release that this is (configure.ac), s since 1970: it cannot be earlier than that. */
#ifndef RELEASE_AT
#define RELEASE_AT 1795305600
#endif

static const int64_t MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000;

static int alarm_of(struct turn *t, const char *words)
{
    char why[HOLD_WHY];
    int64_t until_ms;

    /* A thousand certificates need not look every minute; a clock that is set wakes who is due. */
    outcome_again(&t->out, MINUTE_MS << (t->task->looks < 6 ? t->task->looks : 6),
                  "%s: nothing is ordered or deleted until it is set", words);
    text_copy(t->out.problem, sizeof t->out.problem, "clock");
    if (!hold_check(t->e->holds, "clock", t->now_ms, &until_ms, why))
        log_event(LOG_LEVEL_ERROR, "clock-wrong", t->task->kind->name, task_subject(t->task), "msg",
                  t->out.msg, NULL);
    hold_set(t->e->holds, "clock", t->now_ms + HOUR_MS, "");
    return FL_EAGAIN;
}

static bool is_off(int64_t ahead_ms) { return ahead_ms > DAY_MS || ahead_ms < -DAY_MS; }

/* What it told last may be old: the clock was set since, or the machine slept. */
static bool ask_again(struct turn *t, const struct world_authority *a)
{
    struct outcome o = { 0 };
    char key[HOLD_KEY], why[HOLD_WHY];
    int64_t until_ms;

    snprintf(key, sizeof key, "clock:%.200s", a->model->name);
    if (hold_check(t->e->holds, key, t->now_ms, &until_ms, why))
        return true;
    unsigned told = acme_clock_told(a->acme);
    /* Once said and not repeated, that is no clock. One that cannot be reached, perhaps for what its certificate's dates are
     * by this clock, has said what it said. */
    if (acme_directory(a->acme, true, &o) == FL_OK && acme_clock_told(a->acme) == told)
        return false;
    hold_set(t->e->holds, key, t->now_ms + MINUTE_MS, "");
    return true;
}

static bool disagrees(struct turn *t, const struct world_authority *a, int64_t *ahead_out)
{
    return acme_clock_ahead_ms(a->acme, ahead_out) && is_off(*ahead_out) && ask_again(t, a) &&
           acme_clock_ahead_ms(a->acme, ahead_out) && is_off(*ahead_out);
}

static int compare(struct turn *t, const struct world_authority *a)
{
    struct outcome o = { 0 };
    char words[256], span[16];
    int64_t ahead = 0;

    /* Where it cannot be had the step finds that out by itself. */
    if (!acme_clock_ahead_ms(a->acme, &ahead) && acme_directory(a->acme, false, &o) != FL_OK)
        return FL_OK;
    if (!disagrees(t, a, &ahead))
        return FL_OK;
    clock_span(ahead < 0 ? -ahead : ahead, span);
    snprintf(words, sizeof words, "this machine's clock is %s %s the clock of %.60s", span,
             ahead > 0 ? "behind" : "ahead of", a->model->name);
    return alarm_of(t, words);
}

/* Those that have told their time; one that agrees is enough. */
static int compare_all(struct turn *t)
{
    const struct world_authority *off = NULL;
    int64_t ahead;

    for (size_t i = 0; i < t->w->model->nauthorities; i++) {
        const struct world_authority *a = &t->w->authorities[i];
        if (!a->acme || !acme_clock_ahead_ms(a->acme, &ahead))
            continue;
        if (!disagrees(t, a, &ahead))
            return FL_OK;
        off = a;
    }
    return off ? compare(t, off) : FL_OK;
}

int clock_trusted(struct turn *t, struct acme *acme)
{
    char words[128], now[32], release[32];

    if (t->now_ms / 1000 < RELEASE_AT) {
        clock_format(t->now_ms / 1000, now);
        clock_format(RELEASE_AT, release);
        snprintf(words, sizeof words, "this machine's clock says %s, and this release is of %s", now,
                 release);
        return alarm_of(t, words);
    }
    for (size_t i = 0; acme && i < t->w->model->nauthorities; i++)
        if (t->w->authorities[i].acme == acme)
            return compare(t, &t->w->authorities[i]);
    return compare_all(t);
}

/* `with_out`: it is about the authority of the record. */
static bool decides(const struct turn *t, bool *with_out)
{
    const struct task_kind *kind = t->task->kind;
    uint8_t step = t->task->step;

    *with_out = kind == &task_kinds[KIND_CERTIFICATE] && (step == CERT_ORDER || step == CERT_FINALIZE);
    if (kind == &task_kinds[KIND_CERTIFICATE])
        return *with_out || step == CERT_PLAN || step == CERT_KEY || step == CERT_FETCH;
    if (kind == &task_kinds[KIND_DELIVERY])
        return step == DELIVERY_RETIRE;
    if (kind == &task_kinds[KIND_AUTHORITY])
        return step == AUTHORITY_DEACTIVATE || step == AUTHORITY_ROLLOVER;
    return kind == &task_kinds[KIND_CLEANUP] ||
           (kind == &task_kinds[KIND_HOST] && (step == HOST_PUBLISH || step == HOST_LEAVE)) ||
           (kind == &task_kinds[KIND_ZONE] && step == ZONE_WRITE);
}

int clock_gate(struct turn *t)
{
    bool with = false;

    if (!decides(t, &with))
        return FL_OK;
    const struct world_authority *a = with ? world_authority(t->w, json_str(t->rec, "authority", "")) : NULL;
    return clock_trusted(t, a ? a->acme : NULL);
}
