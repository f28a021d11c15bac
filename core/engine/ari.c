/* SPDX-License-Identifier: Apache-2.0 */
/* ari.c - when the authority itself would like a certificate renewed (RFC 9773). */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "engine/hold.h"
#include "engine/renew.h"
#include "engine/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, QUARTER = 900, SIX_HOURS = 6 * 3600, DAY = 86400, APART_MS = 20 };
/* Of so many certificates the first renewals are spread; at most so many thousandths of the time until then are left out. */
enum { FLEET = 100, SPREAD_MOST = 900 };

static int64_t now_at(const struct turn *t) { return t->now_ms / 1000; }

/* 0 .. most-1, the same for the same text: a second draw for the same window gives the same moment. */
static int64_t draw(const char *text, int64_t most)
{
    uint8_t hash[64] = { 0 };
    uint64_t n = 0;

    digest_sha2(256, text, strlen(text), hash);
    for (int i = 0; i < 8; i++)
        n = n << 8 | hash[i];
    return most > 0 ? (int64_t)(n % (uint64_t)most) : 0;
}

/* The directory that it came from: under that name there may be another authority by now. */
static struct acme *issuer(const struct turn *t, const json_t *live)
{
    const struct world_authority *a = world_authority(t->w, json_str(live, "authority", ""));

    if (!a || !a->acme || !a->directory ||
        strcmp(json_str(live, "directory", a->directory), a->directory) != 0)
        return NULL;
    return a->acme;
}

/* A little later than told, each time by another little: those issued together do not come back together. */
static int64_t look_again_at(const struct turn *t, int64_t wait_s)
{
    uint32_t h = 2166136261u ^ (uint32_t)now_at(t);

    for (const char *c = t->task->name; *c; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    return now_at(t) + wait_s + (int64_t)(h % (uint32_t)(wait_s / 10 + 1));
}

static void next_look(const struct turn *t, json_t *ari, int64_t wait_s)
{
    /* `once` ends when all is done: the next time that it is run will do. */
    if (t->e->conf.once && wait_s < QUARTER)
        wait_s = QUARTER;
    json_put_int(ari, "look_at", look_again_at(t, wait_s));
}

/* ---- answers ------------------------------------------------------------------------ */

/* Anywhere inside; but a window that is open from the beginning means no hurry: the first third of the lifetime is left
 * out where something else is left. */
static int64_t moment(const json_t *live, const char *window, const struct acme_renewal *r)
{
    int64_t from = json_int(live, "not_before", 0), third = (json_int(live, "not_after", 0) - from) / 3;
    int64_t start = from + third > r->start_at && from + third < r->end_at ? from + third : r->start_at;

    return start + draw(window, r->end_at - start);
}

static bool same_window(const json_t *ari, const struct acme_renewal *r)
{
    return json_int(ari, "start_at", 0) == r->start_at && json_int(ari, "end_at", 0) == r->end_at &&
           (!r->explanation || strcmp(json_str(ari, "url", ""), r->explanation) == 0);
}

static bool note_window(struct turn *t, const json_t *live, json_t *ari, const struct acme_renewal *r)
{
    const char *url = r->explanation;
    char text[256], from[32], to[32];

    if (same_window(ari, r))
        return true;
    clock_format(r->start_at, from);
    clock_format(r->end_at, to);
    if (url)
        turn_event(t, "renewal-window", "from %s to %s, because of %.300s", from, to, url);
    snprintf(text, sizeof text, "%.160s %s %s", json_str(live, "cert_id", ""), from, to);
    return json_put_int(ari, "start_at", r->start_at) && json_put_int(ari, "end_at", r->end_at) &&
           json_put_int(ari, "moment_at", moment(live, text, r)) && json_put_str(ari, "url", url);
}

static void forget_window(json_t *ari)
{
    static const char *const all[] = { "start_at", "end_at", "moment_at", "url", "tries" };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        json_object_del(ari, all[i]);
}

/* RFC 9773 4.3.3: what may pass is asked again soon, and ever later; what will not, in six hours. An authority that
 * does not answer one certificate does not answer the others either. */
static void failed(struct turn *t, json_t *ari, const char *held, const struct outcome *o)
{
    int64_t tries = json_int(ari, "tries", 0), told_s = o->retry_after_ms / 1000, wait_s = SIX_HOURS;
    bool passes = o->code == FL_ETEMP || o->code == FL_ERATE;

    if (passes)
        wait_s =
            hold_strike(t->e->holds, held, t->now_ms, MINUTE * 1000LL, SIX_HOURS * 1000LL, o->msg) / 1000;
    if (told_s > wait_s)
        wait_s = told_s < DAY ? told_s : DAY;
    if (passes)
        hold_set(t->e->holds, held, t->now_ms + wait_s * 1000, o->msg);
    next_look(t, ari, wait_s);
    json_put_int(ari, "tries", tries + 1);
    if (tries == 0)
        log_event(LOG_LEVEL_WARN, "no-renewal-window", t->task->kind->name, task_subject(t->task), "code",
                  outcome_code_name(o->code), "msg", o->msg, NULL);
}

static void hold_key(const json_t *live, char out[HOLD_KEY])
{
    text_join(out, HOLD_KEY, "authority:", json_str(live, "authority", ""), "/ari");
}

/* One of those held up finds out whether it is over, the others come as much later as it took. 0: they are not. */
static int64_t held_for(struct turn *t, const char *held)
{
    char why[HOLD_WHY];
    int64_t until_ms;

    if (!hold_check(t->e->holds, held, t->now_ms, &until_ms, why))
        return 0;
    int64_t wait_s = until_ms / 1000 - now_at(t) + 1;
    return wait_s + draw(t->task->name, wait_s);
}

static bool held_up(struct turn *t, json_t *ari, const char *held)
{
    int64_t tries = json_int(ari, "tries", 0), wait_s = held_for(t, held);

    if (!wait_s)
        return false;
    next_look(t, ari, wait_s);
    json_put_int(ari, "tries", tries ? tries : 1);
    return true;
}

struct ari_answer {
    struct outcome o;
    struct acme_renewal window; /* empty: the authority offers none */
};

void ari_answer_free(struct ari_answer *a)
{
    if (a)
        acme_renewal_done(&a->window);
    free(a);
}

/* Asked once a turn. NULL: no memory. */
static const struct ari_answer *hear(struct turn *t, struct acme *acme, const char *cert_id)
{
    struct ari_answer *a = t->heard;

    if (a || !(a = t->heard = calloc(1, sizeof *a)))
        return a;
    a->o.code = acme_directory(acme, false, &a->o);
    if (a->o.code == FL_OK && acme_has_renewal_info(acme))
        a->o.code = acme_renewal_info(acme, cert_id, &a->window, &a->o);
    return a;
}

static int64_t wait_of(const struct acme_renewal *r) { return r->end_at ? r->retry_after_ms / 1000 : DAY; }

static bool note(struct turn *t, const json_t *live, json_t *ari, const struct acme_renewal *r)
{
    next_look(t, ari, wait_of(r));
    if (!r->end_at) {
        forget_window(ari);
        return true;
    }
    json_object_del(ari, "tries");
    return note_window(t, live, ari, r);
}

static int ask(struct turn *t, struct acme *acme, const json_t *live, json_t *ari)
{
    char held[HOLD_KEY];

    hold_key(live, held);
    if (!t->heard && held_up(t, ari, held))
        return FL_OK;
    const struct ari_answer *a = hear(t, acme, json_str(live, "cert_id", ""));
    if (!a)
        return FL_ENOMEM;
    if (a->o.code == FL_OK) {
        hold_clear(t->e->holds, held);
        return note(t, live, ari, &a->window) ? FL_OK : FL_ENOMEM;
    }
    if (a->o.code == FL_ECANCEL || a->o.code == FL_ENOMEM) {
        t->out = a->o;
        return a->o.code;
    }
    failed(t, ari, held, &a->o);
    return FL_OK;
}

/* ---- when ----------------------------------------------------------------------------- */

/* How long after a start this certificate may be asked for: the more there are, the more widely they are spread, for
 * those that were due while there was no process would all come at once. */
static int64_t spread(const struct turn *t)
{
    int64_t over_s = (int64_t)t->w->model->ncertificates * APART_MS / 1000;

    return draw(t->task->name, over_s < SIX_HOURS ? over_s : SIX_HOURS);
}

/* A record of before renewal windows, a start after a long time, a clock that was wrong. */
static bool set_look(const struct turn *t, json_t *live, json_t **out)
{
    json_t *ari = json_object_get(live, "ari");
    int64_t at = json_int(ari, "look_at", 0);
    bool overdue = !t->task->loaded && at < now_at(t) - MINUTE;

    if (!json_is_object(ari) && !json_put(live, "ari", ari = json_object()))
        return false;
    *out = ari;
    if (at <= 0 || overdue || at > now_at(t) + 2 * DAY)
        return json_put_int(ari, "look_at", now_at(t) + spread(t));
    return true;
}

/* Whom to ask for the window of what is live; NULL: nobody. */
static struct acme *whom(const struct turn *t, const json_t *live)
{
    int64_t to = json_int(live, "not_after", 0);

    return live && json_str(live, "cert_id", "")[0] && to > now_at(t) &&
                   renew_dates(json_int(live, "not_before", 0), to)
               ? issuer(t, live)
               : NULL;
}

bool ari_same(struct turn *t, struct calm *c)
{
    char held[HOLD_KEY], why[HOLD_WHY];
    int64_t until_ms;

    for (int i = 0; i < 2 && c->look_at <= now_at(t); i++) {
        text_join(held, sizeof held, "authority:", c->authority, i ? "/ari" : "");
        if (hold_check(t->e->holds, held, t->now_ms, &until_ms, why))
            return false;
    }
    if (c->look_at <= now_at(t)) {
        const struct ari_answer *a = hear(t, c->acme, c->cert_id);
        if (!a || a->o.code != FL_OK || a->window.explanation || a->window.start_at != c->start_at ||
            a->window.end_at != c->end_at)
            return false;
        c->look_at = t->task->look_at = look_again_at(t, wait_of(&a->window));
    }
    return true;
}

bool ari_calm(const struct turn *t, struct calm *out)
{
    const json_t *live = json_obj(t->rec, "live"), *ari = json_obj(live, "ari");

    out->acme = whom(t, live);
    out->look_at = t->task->look_at;
    out->start_at = json_int(ari, "start_at", 0);
    out->end_at = json_int(ari, "end_at", 0);
    return out->acme && out->look_at && !json_int(ari, "tries", 0) && !json_str(ari, "url", NULL);
}

/* How long until the next look; 0: not as it was. */
static int64_t wait_if_same(struct turn *t, struct acme *acme, const json_t *live, const json_t *ari)
{
    char held[HOLD_KEY];
    const struct ari_answer *a;

    hold_key(live, held);
    int64_t wait_s = held_for(t, held);
    bool failed_before = json_int(ari, "tries", 0) > 0;
    if (wait_s || failed_before)
        return failed_before ? wait_s : 0;
    a = hear(t, acme, json_str(live, "cert_id", ""));
    return a && a->o.code == FL_OK && same_window(ari, &a->window) ? wait_of(&a->window) : 0;
}

bool ari_still(struct turn *t, int64_t *look_at_out)
{
    const json_t *live = json_obj(t->rec, "live"), *ari = json_obj(live, "ari");
    int64_t at = t->task->look_at ? t->task->look_at : json_int(ari, "look_at", 0), wait_s;
    struct acme *acme = whom(t, live);

    if (!acme || at <= 0 || at > now_at(t) + 2 * DAY)
        return !acme && json_int(ari, "look_at", 0) == 0;
    if (at <= now_at(t)) {
        wait_s = wait_if_same(t, acme, live, ari);
        if (!wait_s)
            return false;
        at = look_again_at(t, wait_s);
    }
    *look_at_out = t->task->look_at = at;
    return true;
}

int ari_look(struct turn *t)
{
    json_t *live = json_object_get(t->rec, "live"), *ari = NULL;
    struct acme *acme = whom(t, live);

    t->task->look_at = 0;
    if (!acme) {
        json_put_int(json_object_get(live, "ari"), "look_at", 0);
        return FL_OK;
    }
    if (!set_look(t, live, &ari))
        return outcome_nomem(&t->out);
    if (json_int(ari, "look_at", 0) > now_at(t))
        return FL_OK;
    int code = ask(t, acme, live, ari);
    return code == FL_ENOMEM ? outcome_nomem(&t->out) : code;
}

static int64_t planned_at(const json_t *live, const struct subject *s)
{
    const json_t *ari = json_obj(live, "ari");
    int64_t from = json_int(live, "not_before", 0), to = json_int(live, "not_after", 0);
    int64_t rule = renew_at(s->cert->name, from, to, s->cert->renew_num, s->cert->renew_den);
    int64_t at = json_int(ari, "moment_at", 0), hasty = json_int(live, "hasty", 0), least;

    if (at <= 0 || !renew_dates(from, to))
        return rule;
    if (at > rule + (to - rule) / 2)
        at = rule + (to - rule) / 2;
    if (at > rule && (s->cert->renew_num > 0 || json_int(ari, "tries", 0) > 0))
        at = rule;
    /* An authority whose windows are always over would have us order for ever. */
    hasty = hasty < 0 ? 0 : hasty > 10 ? 10 : hasty;
    least = from + (to - from) / 100 * hasty * hasty;
    if (at < least)
        at = least < rule ? least : rule;
    return at;
}

/* Was the one before renewed much later than it should have been? */
static bool late(const json_t *rec)
{
    const json_t *live = json_obj(rec, "live");
    int64_t planned = json_int(rec, "renew_at", 0), from = json_int(live, "not_before", 0);

    return planned > from && clock_wall_ms() / 1000 - planned > (json_int(live, "not_after", 0) - from) / 50;
}

/* What was ordered within hours, all for the first time or after an outage, would come back within hours, and so for ever. */
int64_t ari_spread(const struct turn *t)
{
    bool first = !json_obj(t->rec, "live");
    char text[500];

    if (t->w->model->ncertificates < FLEET || (!first && !late(t->rec)))
        return 0;
    snprintf(text, sizeof text, "%s %lld", t->task->name, (long long)now_at(t));
    return draw(text, SPREAD_MOST);
}

int64_t ari_renew_at(const json_t *rec, const struct subject *s, int64_t *next_look_at_out)
{
    const json_t *live = json_obj(rec, "live");
    int64_t at = planned_at(live, s), from = json_int(live, "issued", 0), off = json_int(live, "spread", 0);

    if (next_look_at_out)
        *next_look_at_out = json_int(json_obj(live, "ari"), "look_at", 0);
    if (off > 0 && off <= SPREAD_MOST && from > 0 && from < at)
        at -= (at - from) / 1000 * off;
    return at;
}
