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
#include <string.h>

enum { MINUTE = 60, QUARTER = 900, SIX_HOURS = 6 * 3600, DAY = 86400, APART_MS = 20 };

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

static void next_look(const struct turn *t, json_t *ari, int64_t wait_s)
{
    uint32_t random = 0;

    /* `once` ends when all is done: the next time that it is run will do. */
    if (t->e->conf.once && wait_s < QUARTER)
        wait_s = QUARTER;
    digest_random(&random, sizeof random);
    /* A little later than told: those issued together do not come back together. */
    json_put_int(ari, "look_at", now_at(t) + wait_s + (int64_t)(random % (uint32_t)(wait_s / 10 + 1)));
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

static bool note_window(struct turn *t, const json_t *live, json_t *ari, const struct acme_renewal *r)
{
    const char *url = r->explanation;
    char text[256], from[32], to[32];
    bool known = json_int(ari, "start_at", 0) == r->start_at && json_int(ari, "end_at", 0) == r->end_at;

    if (known && (!url || strcmp(json_str(ari, "url", ""), url) == 0))
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

    if (passes && tries < 8)
        wait_s = (int64_t)MINUTE << tries;
    if (told_s > wait_s)
        wait_s = told_s < DAY ? told_s : DAY;
    next_look(t, ari, wait_s);
    json_put_int(ari, "tries", tries + 1);
    if (passes)
        hold_set(t->e->holds, held, t->now_ms + wait_s * 1000, o->msg);
    if (tries == 0)
        log_event(LOG_LEVEL_WARN, "no-renewal-window", t->task->kind->name, task_subject(t->task), "code",
                  outcome_code_name(o->code), "msg", o->msg, NULL);
}

static bool held_up(struct turn *t, json_t *ari, const char *held)
{
    int64_t tries = json_int(ari, "tries", 0), until_ms;
    char why[HOLD_WHY];

    if (!hold_check(t->e->holds, held, t->now_ms, &until_ms, why))
        return false;
    next_look(t, ari, until_ms / 1000 - now_at(t) + 1);
    json_put_int(ari, "tries", tries ? tries : 1);
    return true;
}

static int ask(struct turn *t, struct acme *acme, const json_t *live, json_t *ari)
{
    struct acme_renewal r = { 0 };
    struct outcome o = { 0 };
    char held[HOLD_KEY];
    const char *cert_id = json_str(live, "cert_id", "");

    snprintf(held, sizeof held, "authority:%.200s/ari", json_str(live, "authority", ""));
    if (held_up(t, ari, held))
        return FL_OK;
    int code = acme_directory(acme, false, &o);
    if (code == FL_OK && !acme_has_renewal_info(acme)) {
        forget_window(ari);
        next_look(t, ari, DAY);
        return FL_OK;
    }
    if (code == FL_OK)
        code = acme_renewal_info(acme, cert_id, &r, &o);
    if (code == FL_OK) {
        json_object_del(ari, "tries");
        next_look(t, ari, r.retry_after_ms / 1000);
        code = note_window(t, live, ari, &r) ? FL_OK : FL_ENOMEM;
    } else if (code == FL_ECANCEL || code == FL_ENOMEM) {
        t->out = o;
    } else {
        failed(t, ari, held, &o);
        code = FL_OK;
    }
    acme_renewal_done(&r);
    return code;
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

int ari_look(struct turn *t)
{
    json_t *live = json_object_get(t->rec, "live"), *ari = NULL;
    struct acme *acme = live ? issuer(t, live) : NULL;

    int64_t to = json_int(live, "not_after", 0);

    if (!acme || !json_str(live, "cert_id", "")[0] || to <= now_at(t) ||
        !renew_dates(json_int(live, "not_before", 0), to)) {
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

int64_t ari_renew_at(const json_t *rec, const struct subject *s, int64_t *next_look_at_out)
{
    const json_t *live = json_obj(rec, "live"), *ari = json_obj(live, "ari");
    int64_t from = json_int(live, "not_before", 0), to = json_int(live, "not_after", 0);
    int64_t rule = renew_at(s->cert->name, from, to, s->cert->renew_num, s->cert->renew_den);
    int64_t at = json_int(ari, "moment_at", 0), hasty = json_int(live, "hasty", 0), least;

    if (next_look_at_out)
        *next_look_at_out = json_int(ari, "look_at", 0);
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
