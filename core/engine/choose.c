/* SPDX-License-Identifier: Apache-2.0 */
/* choose.c - which authority of a certificate's list is asked, and what its failures mean for that. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/hold.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3, HOUR = 3600, DAY = 86400 };

static const struct subject *subject(const struct turn *t) { return t->task->subject; }
static int64_t now_at(const struct turn *t) { return t->now_ms / 1000; }
static bool is_certificate(const struct turn *t) { return t->task->kind == &task_kinds[KIND_CERTIFICATE]; }

static bool several(const struct turn *t)
{
    const char *const *list = subject(t)->cert->authorities;

    return list[0] && list[1];
}

/* ---- patience --------------------------------------------------------------------------- */

/* How long a failure that began then may last: half of what the live certificate had left, an hour where nothing is live. */
static int64_t patience_at(const json_t *rec, int64_t first_at)
{
    int64_t to = json_int(json_obj(rec, "live"), "not_after", 0);

    if (!json_obj(rec, "live"))
        return first_at + HOUR;
    return to > first_at ? first_at + (to - first_at) / 2 : first_at;
}

/* `failing`: what is noted of an authority, for one certificate or for all. */
static bool worn_out(const json_t *rec, const json_t *failing, int64_t now)
{
    int64_t tries = json_int(failing, "tries", 0), first = json_int(failing, "first_at", 0);

    if (tries <= 0 || first > now) /* a clock that was put back tells nothing */
        return false;
    return (tries >= TRIES && now - first >= HOUR) ||
           (json_obj(rec, "live") && now >= patience_at(rec, first)) ||
           json_int(failing, "until_at", 0) > patience_at(rec, first);
}

/* ---- who is set aside ------------------------------------------------------------------- */

static json_t *entry_of(const struct turn *t, const char *name)
{
    return json_object_get(json_object_get(t->rec, "aside"), name);
}

static bool comes_back(const struct turn *t, const json_t *entry, const json_t *account)
{
    int64_t now = now_at(t), aside = json_int(entry, "aside_at", 0), until = json_int(entry, "until_at", 0);
    bool issued = json_int(json_obj(t->rec, "live"), "issued", 0) >= aside;

    if (aside > now)
        return true;
    if (until)
        return now >= until;
    if (json_flag(entry, "own", false))
        return issued && now - aside >= DAY;
    return now - aside >= DAY ||
           (json_int(account, "tested_at", 0) > aside && (issued || now - aside >= HOUR));
}

static bool lane_is_held(const struct turn *t, const char *name)
{
    char key[HOLD_KEY], why[HOLD_WHY];
    int64_t until_ms;

    text_join(key, sizeof key, "authority:", name, "");
    return hold_check(t->e->holds, key, t->now_ms, &until_ms, why) &&
           until_ms / 1000 > patience_at(t->rec, now_at(t));
}

/* Its own task says so; where that has not come to its next try, and would have to make the account first, it is asked. */
static bool task_fails(const struct turn *t, const json_t *account)
{
    return worn_out(t->rec, json_obj(account, "failing"), now_at(t)) &&
           (json_str(account, "url", NULL) || json_int(account, "due", 0) > t->now_ms);
}

static bool is_aside(const struct turn *t, const char *name)
{
    cleanup_(json_freep) json_t *account = record_peek(t->w->store, KIND_AUTHORITY, name);
    const json_t *entry = entry_of(t, name);

    return json_obj(account, "deactivated") || task_fails(t, account) ||
           (json_int(entry, "aside_at", 0) && !comes_back(t, entry, account)) || lane_is_held(t, name);
}

static bool another_is_left(const struct turn *t, const char *name)
{
    for (const char *const *a = subject(t)->cert->authorities; *a; a++)
        if (strcmp(*a, name) != 0 && !is_aside(t, *a))
            return true;
    return false;
}

/* ---- the choice --------------------------------------------------------------------------- */

/* A new round. What it refused for this certificate alone it is asked once, not three times over an hour. */
static void forgive(const struct turn *t, const char *name)
{
    json_t *entry = entry_of(t, name);

    if (!json_int(entry, "aside_at", 0))
        return;
    if (!json_flag(entry, "own", false)) {
        json_object_del(json_object_get(t->rec, "aside"), name);
        return;
    }
    json_object_del(entry, "aside_at");
    json_put_int(entry, "tries", TRIES - 1);
    json_put_int(entry, "first_at", now_at(t) - HOUR);
}

/* All are set aside: the one that was so first. Where no certificate's word but their own tasks say so, the first of the
 * list; these tasks go on trying, and wake those who wait when one comes through. */
static const char *longest_aside(const struct turn *t)
{
    const char *best = subject(t)->cert->authorities[0];
    int64_t since = INT64_MAX;

    for (const char *const *a = subject(t)->cert->authorities; *a; a++) {
        cleanup_(json_freep) json_t *account = record_peek(t->w->store, KIND_AUTHORITY, *a);
        int64_t at = json_int(entry_of(t, *a), "aside_at", 0);
        if (at && at < since && !json_obj(account, "deactivated")) {
            since = at;
            best = *a;
        }
    }
    return best;
}

/* Its own task finds out when it answers again. */
static void test_soon(const struct turn *t, const char *name)
{
    char key[HOLD_KEY], task[400];

    snprintf(key, sizeof key, "test:%.200s", name);
    hold_set(t->e->holds, key, t->now_ms + HOUR * 1000LL, "");
    if (task_name(KIND_AUTHORITY, name, task))
        queue_poke(t->e->queue, task, t->now_ms, false);
}

static void tell_why(struct turn *t, const char *chosen, const char *first)
{
    cleanup_(json_freep) json_t *account = record_peek(t->w->store, KIND_AUTHORITY, first);
    const char *own = json_str(json_obj(account, "failing"), "why", json_str(account, "msg", "it failed"));

    if (json_obj(account, "deactivated"))
        own = "its account was deactivated";
    turn_event(t, "authority", "%s is asked: %s is set aside: %.300s", chosen, first,
               json_str(entry_of(t, first), "why", own));
}

const char *choose_authority(struct turn *t)
{
    const char *const *list = subject(t)->cert->authorities;
    const char *chosen = NULL;

    if (!several(t))
        return list[0];
    for (const char *const *a = list; *a && !chosen; a++)
        if (!is_aside(t, *a))
            chosen = *a;
        else
            test_soon(t, *a);
    if (!chosen)
        chosen = longest_aside(t);
    forgive(t, chosen);
    if (strcmp(chosen, json_str(t->rec, "authority", list[0])) == 0)
        return chosen;
    if (chosen == list[0])
        turn_event(t, "authority", "%s is asked again", chosen);
    else
        tell_why(t, chosen, list[0]);
    return chosen;
}

bool choose_is_free(const struct turn *t)
{
    return is_certificate(t) && t->task->step == CERT_PLAN && several(t) &&
           !json_str(json_obj(t->rec, "order"), "url", NULL);
}

/* ---- what happened ------------------------------------------------------------------------ */

/* Times that are over, or in a future that a wrong clock saw, begin anew. */
static bool count(json_t *failing, const struct turn *t, int64_t until_at)
{
    int64_t first = json_int(failing, "first_at", 0);

    return failing && json_put_int(failing, "tries", json_int(failing, "tries", 0) + 1) &&
           json_put_int(failing, "first_at", first > 0 && first <= now_at(t) ? first : now_at(t)) &&
           json_put_str(failing, "why", t->out.msg) &&
           (until_at ? json_put_int(failing, "until_at", until_at)
                     : (json_object_del(failing, "until_at"), true));
}

static json_t *made(json_t *obj, const char *key)
{
    json_t *at = json_object_get(obj, key);

    if (!json_is_object(at) && obj && json_put(obj, key, json_object()))
        at = json_object_get(obj, key);
    return at;
}

static bool is_own(const char *problem)
{
    static const char *const own[] = { "caa", "rejectedIdentifier", "unsupportedIdentifier", "invalidProfile",
                                       NULL };
    return text_in(problem, own);
}

static void set_aside(struct turn *t, struct verdict *v, const char *name, json_t *entry)
{
    bool ordered = json_str(json_obj(t->rec, "order"), "url", NULL) != NULL, left = another_is_left(t, name);

    if (!json_int(entry, "aside_at", 0))
        turn_event(t, "set-aside", "%s: %.400s", name, t->out.msg);
    json_put_int(entry, "aside_at", now_at(t));
    if (is_own(t->out.problem))
        json_put_flag(entry, "own", true);
    else
        test_soon(t, name);
    if (ordered || !left)
        return;
    v->step = CERT_PLAN;
    v->at_ms = t->now_ms;
    v->counts = (struct judge_counts){ .rests = v->counts.rests };
}

static void note_failure(struct turn *t, struct verdict *v, bool waits)
{
    const char *name = json_str(t->rec, "authority", "");
    json_t *entry = made(made(t->rec, "aside"), name);
    int64_t until = waits || v->code == FL_ERATE ? v->at_ms / 1000 : 0;

    if (count(entry, t, until) && worn_out(t->rec, entry, now_at(t)))
        set_aside(t, v, name, entry);
}

static void note_certificate(struct turn *t, struct verdict *v)
{
    const char *name = json_str(t->rec, "authority", "");
    uint8_t step = t->task->step;

    if (v->code == FL_OK && step == CERT_FETCH && v->step == CERT_REST) {
        json_object_del(json_object_get(t->rec, "aside"), name);
        if (!json_object_size(json_object_get(t->rec, "aside")))
            json_object_del(t->rec, "aside");
    } else if (name[0] && several(t)) {
        bool waits =
            v->code == FL_EAGAIN && step == CERT_ORDER && v->at_ms / 1000 > patience_at(t->rec, now_at(t));
        if (waits || (v->failed && v->blame == BLAME_AUTHORITY))
            note_failure(t, v, waits);
    }
}

static void note_authority(struct turn *t, const struct verdict *v)
{
    if (v->failed && v->blame == BLAME_AUTHORITY) {
        count(made(t->rec, "failing"), t, v->code == FL_ERATE ? v->at_ms / 1000 : 0);
    } else if (v->code == FL_OK && v->step == AUTHORITY_IDLE && t->task->step != AUTHORITY_IDLE) {
        json_object_del(t->rec, "failing");
        json_put_int(t->rec, "tested_at", now_at(t));
    }
}

/* The authority does not take our word for who we are: another thing than a name that is not proved. */
static void name_account(struct turn *t, const struct verdict *v)
{
    const char *name = is_certificate(t) ? json_str(t->rec, "authority", "") : task_subject(t->task);

    if (v->code != FL_EAUTH || v->scope != SCOPE_AUTHORITY)
        return;
    outcome_context(&t->out, "the account at %.60s is refused", name);
    text_copy(t->out.problem, sizeof t->out.problem, "account");
}

void choose_note(struct turn *t, struct verdict *v)
{
    name_account(t, v);
    if (is_certificate(t))
        note_certificate(t, v);
    else if (t->task->kind == &task_kinds[KIND_AUTHORITY])
        note_authority(t, v);
}
