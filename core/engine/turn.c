/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - one turn: what is not on disk afterwards did not happen. */
#include "engine/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/hold.h"
#include "engine/pool.h"
#include "engine/record.h"
#include "engine/renew.h"
#include "engine/resume.h"
#include "engine/steps.h"
#include "plugin/lane.h"

#include <stdio.h>
#include <string.h>

static const int64_t LONGEST_MS = 8 * 86400000LL, SHORT_MS = 600000, RELOADS_MS = 720000,
                     VISIT_MS = 6 * 3600000LL, SPREAD_MS = 600000, UNSAVED_MS = 10000, CROWDED_MS = 20,
                     UNSAVED_MOST_MS = 300000, REST_LEAST_MS = 1800000, NEAR_MS = 60000;
/* Rests are at most this part of the time that a certificate has left. */
enum { REST_SHARE = 16 };

const char *task_subject(const struct task *t) { return strchr(t->name, ':') + 1; }

bool task_name(int kind, const char *name, char out[400])
{
    return text_join(out, 400, task_kinds[kind].name, ":", name);
}

double turn_jitter(const char *name, unsigned salt)
{
    uint32_t h = 2166136261u ^ salt;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return (double)(h % 2001) / 1000.0 - 1.0;
}

/* Of those that wait for the same each comes back at its own moment within `most_ms` after it, ten minutes at most. */
static int64_t spread_ms(const struct turn *t, int64_t most_ms, unsigned salt)
{
    most_ms = most_ms < 0 ? 0 : most_ms < SPREAD_MS ? most_ms : SPREAD_MS;
    return (int64_t)((double)most_ms * (1 + turn_jitter(t->task->name, salt)) / 2);
}

/* What a task of this kind leans on as a whole; "" : nothing. */
static void default_hold(const struct turn *t, char out[HOLD_KEY])
{
    const char *name = task_subject(t->task), *slash = strchr(name, '/'), *gt = strchr(name, '>');

    out[0] = '\0';
    if (t->task->kind == &task_kinds[KIND_ZONE] && slash)
        snprintf(out, HOLD_KEY, "dns:%.*s", (int)(slash - name), name);
    else if (t->task->kind == &task_kinds[KIND_DELIVERY] && gt)
        text_join(out, HOLD_KEY, "sink:", gt + 1, "");
    else if (t->task->kind == &task_kinds[KIND_CERTIFICATE] && json_str(t->rec, "authority", NULL))
        text_join(out, HOLD_KEY, "authority:", json_str(t->rec, "authority", ""), "");
    else if (t->task->kind == &task_kinds[KIND_AUTHORITY])
        text_join(out, HOLD_KEY, "authority:", name, "");
}

static bool held_up(struct turn *t, int64_t *until_ms)
{
    char key[HOLD_KEY], why[HOLD_WHY];

    default_hold(t, key);
    if (!key[0] || choose_is_free(t) || !hold_check(t->e->holds, key, t->now_ms, until_ms, why))
        return false;
    *until_ms += spread_ms(t, (*until_ms - t->now_ms) / 10, 0);
    return true;
}

static bool rests(int code) { return code == FL_ETEMP || code == FL_EPROTO || code == FL_ESTALE; }

/* Somebody mended something, perhaps: refused credentials and long rests are over, but a person (or a program) who reloads again
 * and again must not use up the patience of those who refuse. Not what others asked to wait for, nor short pauses. */
static bool reload_ends(struct turn *t, int code, int64_t *due_ms)
{
    int64_t before_ms = json_int(t->rec, "reload", 0);
    char key[HOLD_KEY];

    if (code == FL_EAUTH) {
        default_hold(t, key);
        hold_clear(t->e->holds, key);
        return true;
    }
    if (code != FL_EREJECT && !(rests(code) && *due_ms - t->now_ms > SHORT_MS))
        return false;
    if (before_ms && before_ms <= t->now_ms && t->now_ms - before_ms < RELOADS_MS) {
        *due_ms = before_ms + RELOADS_MS < *due_ms ? before_ms + RELOADS_MS : *due_ms;
        return false;
    }
    json_put_int(t->rec, "reload", t->now_ms);
    return true;
}

/* A back-off outlives a restart; a mistake in the configuration does not: it may have been mended. Nor does one that
 * is longer than any: the clock was wrong when it was written. */
static bool resting(struct turn *t, int64_t *until_ms)
{
    int code = outcome_code_parse(json_str(t->rec, "code", "ok"));
    int64_t due_ms = json_int(t->rec, "due", 0);

    if ((t->task->loaded && !t->task->renewed) || code == FL_OK || code == FL_EAGAIN || code == FL_ECONF ||
        due_ms <= t->now_ms || due_ms - t->now_ms > LONGEST_MS)
        return false;
    if (t->task->renewed && reload_ends(t, code, &due_ms))
        return false;
    *until_ms = due_ms;
    return true;
}

/* FL_EAUTH: is it the credentials, or only this one thing? The instance's own test says. */
static bool credentials_work(struct turn *t, const char *key)
{
    const char *name = strchr(key, ':') + 1;
    struct instance *i = text_starts(key, "dns:") ? world_find(t->w, FL_KIND_DNS, name) : NULL;
    struct outcome o = { 0 };
    struct call c;

    if (!i || !i->plugin->ops.dns.test)
        return false;
    int code = call_begin(&c, i, t->task->name, 0, &o);
    if (code == FL_OK)
        code = call_end(&c, i->plugin->ops.dns.test(c.ctx), &o);
    return code == FL_OK;
}

/* Spreads what happened to one task over those that would meet the same. */
static void hold_others(struct turn *t, const struct verdict *v)
{
    char key[HOLD_KEY], authority[HOLD_KEY];

    if (t->held[0])
        text_copy(key, sizeof key, t->held);
    else
        default_hold(t, key);
    if (v->scope == SCOPE_TASK || !key[0])
        return;
    if (v->scope == SCOPE_DOMAIN) {
        text_copy(authority, sizeof authority, key);
        bool second = hold_second_domain(t->e->holds, authority, t->domain, t->now_ms);
        snprintf(key, sizeof key, "%.200s/order%s%.180s", authority, second ? "" : "/",
                 second ? "" : t->domain);
    } else if (v->code == FL_EAUTH && credentials_work(t, key)) {
        return;
    }
    if (v->scope == SCOPE_DOMAIN)
        text_copy(t->limited, sizeof t->limited, key);
    hold_set(t->e->holds, key, v->at_ms, t->out.msg);
}

/* The observer's copy of how it went. */
static void show(const struct turn *t, uint8_t step, int code, const char *msg, int64_t next_ms)
{
    const struct step *is = &t->task->kind->steps[step];
    const struct progress p = { .kind = t->task->kind->name,
                                .name = task_subject(t->task),
                                .step = is->name,
                                .help = is->help,
                                .code = code,
                                .msg = msg,
                                .next_ms = next_ms };

    if (t->e->conf.progress && code != FL_ECANCEL)
        pool_tell(t->e->pool, &t->e->conf, &p);
}

static void tell_failure(const struct turn *t, const struct verdict *v)
{
    char next[16] = "", tries[16], http[16];

    if (v->at_ms != JUDGE_NEVER)
        clock_span(v->at_ms > t->now_ms ? v->at_ms - t->now_ms : 0, next);
    snprintf(tries, sizeof tries, "%u", v->counts.tries + v->counts.rejects);
    snprintf(http, sizeof http, "%d", t->out.http);
    log_event(v->alarm ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, v->gave_up ? "step-gave-up" : "step-failed",
              t->task->kind->name, task_subject(t->task), "step", t->task->kind->steps[t->task->step].name,
              "code", outcome_code_name(v->code), "problem", t->out.problem[0] ? t->out.problem : NULL,
              "http", t->out.http ? http : NULL, "try", tries, "next",
              v->at_ms == JUDGE_NEVER ? "reload" : next, "msg", t->out.msg, NULL);
}

static void tell(const struct turn *t, const struct verdict *v)
{
    const struct task *k = t->task;
    const struct step *was = &k->kind->steps[k->step], *is = &k->kind->steps[v->step];

    if (v->failed)
        tell_failure(t, v);
    else if (v->code == FL_OK && log_wants(LOG_LEVEL_DEBUG))
        log_event(LOG_LEVEL_DEBUG, "step-done", k->kind->name, task_subject(k), "step", was->name, "next",
                  is->name, NULL);
    show(t, v->step, v->code, t->out.msg, v->at_ms);
}

/* A limit that only a person can lift, at an address that the authority gives, is asked for in vain every minute. */
static void visit(struct outcome *o)
{
    if (o->code != FL_ERATE || strcmp(o->problem, "rateLimited") != 0 || o->retry_after_ms ||
        !strstr(o->msg, "https://") || !(strstr(o->msg, "isit") || strstr(o->msg, "paused")))
        return;
    o->retry_after_ms = VISIT_MS;
    text_copy(o->problem, sizeof o->problem, "userActionRequired");
}

/* However long a failure has lasted: what expires is not left resting for long, an hour before its end as little as an
 * hour after. But who was told when to come back waits until then. */
static void hurry(const struct turn *t, const struct judge_case *c, struct verdict *v)
{
    const json_t *live = json_obj(t->rec, "live");
    int64_t from_at = json_int(live, "not_before", 0), to_at = json_int(live, "not_after", 0), most_ms;

    if (!live || !renew_dates(from_at, to_at) || !v->failed || c->kind != &task_kinds[KIND_CERTIFICATE] ||
        v->at_ms == JUDGE_NEVER || (v->code != FL_ETEMP && v->code != FL_EPROTO && v->code != FL_EREJECT))
        return;
    most_ms = (to_at * 1000 - c->now_ms) / REST_SHARE;
    most_ms = most_ms < REST_LEAST_MS ? REST_LEAST_MS : most_ms;
    most_ms += (int64_t)((double)most_ms * 0.2 * c->jitter);
    most_ms = most_ms < c->retry_after_ms ? c->retry_after_ms : most_ms;
    if (v->at_ms > c->now_ms + most_ms)
        v->at_ms = c->now_ms + most_ms;
}

/* Those that wait for the same account are not all to come back at once. */
static void line_up(const struct turn *t, const struct judge_case *c, struct verdict *v)
{
    unsigned looks = c->counts.looks < 8 ? c->counts.looks : 8;

    if (c->kind == &task_kinds[KIND_CERTIFICATE] && c->step == CERT_ORDER && c->code == FL_EAGAIN &&
        c->retry_after_ms > 0 && !t->limited[0])
        v->at_ms += spread_ms(t, (c->retry_after_ms / 2) << looks, c->counts.looks);
}

/* The instance has as many callers as it may have. That is no wait for anything outside: it comes back as soon as may be,
 * and the more slowly the longer the line is; the step's deadline does not run. */
static bool crowded(const struct turn *t, const struct judge_case *c, struct verdict *v)
{
    unsigned looks = t->task->looks < 8 ? t->task->looks : 8;
    int64_t wait_ms = CROWDED_MS << looks;

    if (c->code != FL_EAGAIN || strcmp(c->problem, LANE_CROWDED) != 0)
        return false;
    *v = (struct verdict){ .step = c->step, .code = FL_EAGAIN, .counts = c->counts };
    v->counts.looks = t->task->looks + 1;
    v->at_ms = c->now_ms + wait_ms / 2 + spread_ms(t, wait_ms / 2, looks);
    return true;
}

static void decide(struct turn *t, int code, struct verdict *v)
{
    visit(&t->out);
    struct judge_case c = { .kind = t->task->kind,
                            .step = t->task->step,
                            .code = code,
                            .problem = t->out.problem,
                            .http = t->out.http,
                            .retry_after_ms = t->out.retry_after_ms,
                            .now_ms = clock_wall_ms(),
                            .since_ms = json_int(t->rec, "since", t->now_ms) };

    if (c.since_ms < t->task->since_ms)
        c.since_ms = t->task->since_ms;
    record_counts(t->rec, &c.counts);
    c.jitter = turn_jitter(t->task->name, c.counts.tries);
    if (crowded(t, &c, v))
        return;
    judge(&c, v);
    hurry(t, &c, v);
    line_up(t, &c, v);
    if (code == FL_OK && t->go != GO_NEXT)
        v->step = (uint8_t)t->go;
    if (code == FL_OK && t->at_ms)
        v->at_ms = t->at_ms;
}

/* The wait of a step that only looked again is not worth a write to disk unless it waits for something else now, nor
 * is a zone's round when all is well: its journal says where it stands. */
static bool worth_saving(const struct turn *t, const struct verdict *v, uint8_t was)
{
    if (v->code == FL_ECANCEL || (v->code == FL_EAGAIN && strcmp(t->out.problem, LANE_CROWDED) == 0))
        return false;
    if (t->news)
        return true;
    if (t->task->kind == &task_kinds[KIND_ZONE] && !v->failed &&
        strcmp(json_str(t->rec, "code", "ok"), "ok") == 0)
        return false;
    if (v->code == FL_OK && t->quiet && strcmp(json_str(t->rec, "code", ""), "ok") == 0)
        return false;
    return v->code != FL_EAGAIN || v->counts.looks <= 1 || v->step != was ||
           strcmp(json_str(t->rec, "msg", ""), t->out.msg) != 0;
}

/* Who waits for an authority also wants to hear why it is not ready. */
static bool wakes(const struct turn *t, const struct verdict *v)
{
    return t->news || (v->code == FL_OK && t->wakes) ||
           (v->failed && t->task->kind == &task_kinds[KIND_AUTHORITY]);
}

static struct turned finish(struct turn *t, const struct verdict *v)
{
    struct turned end = { .due_ms = v->at_ms,
                          .wake = v->code == FL_EAGAIN ? WAKE_BY_KIND
                                  : v->code == FL_OK   ? WAKE_BY_NAME
                                                       : WAKE_NOT };
    uint8_t was = t->task->step;
    struct outcome o = { 0 };

    tell(t, v);
    if (v->failed)
        hold_others(t, v);
    order_line(t, v, &end);
    end.gone = v->code == FL_OK && t->gone;
    t->task->step = v->step;
    t->task->looks = v->counts.looks;
    if (v->step != was)
        t->task->since_ms = t->now_ms;
    if (end.gone ? record_remove(t->w->store, t->task, &o) == FL_OK : !worth_saving(t, v, was))
        return end;
    record_after(t->rec, t->task, was, v, &t->out, t->now_ms);
    if (!end.gone && record_save(t->w->store, t->task, t->rec, &o) == FL_OK) {
        t->task->unsaved = 0;
        t->stands = true;
        /* Others read that record: only now may they look. */
        if (wakes(t, v))
            queue_poke_kind(t->e->queue, &task_kinds[KIND_CERTIFICATE]);
        if (t->news)
            queue_poke_kind(t->e->queue, &task_kinds[KIND_HOST]);
        return end;
    }
    t->anew = o.code == FL_ESTALE;
    if (t->anew)
        return (struct turned){ .due_ms = t->now_ms };
    /* The disk is full or broken: nothing of this turn counts, it is run again. */
    log_event(LOG_LEVEL_ERROR, "state-not-written", t->task->kind->name, task_subject(t->task), "msg", o.msg,
              NULL);
    int64_t pause_ms = UNSAVED_MS << (t->task->unsaved < 5 ? t->task->unsaved : 5);
    pause_ms = pause_ms < UNSAVED_MOST_MS ? pause_ms : UNSAVED_MOST_MS;
    t->task->unsaved++;
    show(t, was, FL_ETEMP, o.msg, t->now_ms + pause_ms);
    t->task->step = was;
    return (struct turned){ .due_ms = t->now_ms + pause_ms };
}

/* What a person asked for is part of the record before the step looks at it. */
static bool merge(struct turn *t, bool *asked_out, struct turned *end)
{
    if (ask_merge(t, asked_out) == FL_OK)
        return true;
    log_event(LOG_LEVEL_ERROR, "state-not-written", t->task->kind->name, task_subject(t->task), "msg",
              t->out.msg, NULL);
    end->due_ms = t->now_ms + 10000;
    return false;
}

static struct turned one_step(struct turn *t)
{
    struct verdict v;

    t->quiet = t->stands = t->news = false;
    t->go = GO_NEXT;
    t->at_ms = 0;
    t->limited[0] = '\0';
    t->out = (struct outcome){ .code = FL_OK };
    int code = clock_gate(t);
    decide(t, code == FL_OK ? t->task->kind->steps[t->task->step].run(t) : code, &v);
    choose_note(t, &v);
    drop_settle(t, &v);
    return finish(t, &v);
}

/* Nothing of its turns was worth a write so far, and with them went what of the configuration it is about. */
static bool unwritten(const struct turn *t)
{
    return t->task->kind == &task_kinds[KIND_CERTIFICATE] && !json_obj(t->rec, "asked");
}

bool turn_held(struct turn *t)
{
    int64_t until_ms;
    return held_up(t, &until_ms);
}

bool turn_view(struct turn *t)
{
    const struct step *is = &t->task->kind->steps[t->task->step];
    struct outcome o = { 0 };

    return record_view(t->w->store, t->task, &t->rec, &o) == FL_OK && t->rec &&
           strcmp(json_str(t->rec, "step", ""), is->name) == 0 &&
           strcmp(json_str(t->rec, "code", ""), "ok") == 0 && !turn_held(t);
}

/* Most turns of most tasks: all is as it was. Not for `once`, which notes when the next one is to look. */
static bool still(struct turn *t, struct turned *end)
{
    const struct task *task = t->task;
    const struct step *is = &task->kind->steps[task->step];
    bool so = is->still && task->loaded && !task->renewed && !task->asked && !t->e->conf.once && is->still(t);

    *end = (struct turned){ .due_ms = t->at_ms, .wake = WAKE_BY_NAME };
    json_decref(take_ptr(t->rec));
    return so;
}

static struct turned load_and_run(struct turn *t)
{
    struct task *task = t->task;
    struct outcome o = { 0 };
    struct turned end = { .due_ms = t->now_ms + 60000 };
    bool asked = false;

    calm_free(take_ptr(task->calm));
    t->rec = take_ptr(task->rec);
    /* While tasks are made anew, records are looked through and some of them taken away. */
    if (task->renewed && t->rec)
        json_decref(take_ptr(t->rec));
    if (!t->rec && record_load(t->w->store, task, &t->rec, &o) != FL_OK) {
        log_event(LOG_LEVEL_ERROR, "state-not-read", task->kind->name, task_subject(task), "msg", o.msg,
                  NULL);
        return end;
    }
    if (task->loaded)
        json_put_int(t->rec, "looks", task->looks);
    if (!task->loaded || task->renewed || unwritten(t))
        resume_task(t);
    if (merge(t, &asked, &end) && !resting(t, &end.due_ms) && (asked || !held_up(t, &end.due_ms)))
        do
            end = one_step(t);
        while (t->quiet && end.due_ms <= clock_wall_ms());
    task->loaded = !end.gone && !t->anew; /* who calls it all the same finds one that begins anew */
    task->renewed = false;
    if (t->stands && end.due_ms - t->now_ms < NEAR_MS)
        task->rec = take_ptr(t->rec);
    json_decref(t->rec);
    return end;
}

struct turned turn_run(struct engine *e, struct task *task)
{
    struct turn t = { .e = e, .w = e->world, .task = task, .now_ms = clock_wall_ms(), .go = GO_NEXT };
    struct turned end;

    if (!still(&t, &end))
        end = load_and_run(&t);
    json_decref(t.looked);
    ari_answer_free(t.heard);
    return end;
}

int turn_save(struct turn *t) { return record_save(t->w->store, t->task, t->rec, &t->out); }

void turn_event(struct turn *t, const char *event, const char *fmt, ...)
{
    char text[OUTCOME_MSG];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    record_event(t->rec, t->now_ms / 1000, event, text);
    log_event(LOG_LEVEL_INFO, event, t->task->kind->name, task_subject(t->task), "msg", text[0] ? text : NULL,
              NULL);
}
