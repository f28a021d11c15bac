/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - asks wait beside a record until the turn that may write it. */
#include "engine/ask.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/hold.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { KEY = 420, MERGES = 4 };

static bool key_of(const char *task, char out[KEY]) { return snprintf(out, KEY, "ask:%s", task) < 400; }

/* What waits, and its version; *out NULL: nothing. */
static int waiting(struct store *s, const char *task, json_t **out, uint64_t *version_out, struct outcome *o)
{
    char key[KEY];

    if (!key_of(task, key))
        return outcome_fail(o, FL_ECONF, "%.60s...: the name is too long", task);
    return store_get_json(s, STORE_CERTS, key, out, version_out, o);
}

static bool same_ask(const json_t *a, const json_t *b)
{
    cleanup_(json_freep) json_t *one = json_copy((json_t *)(uintptr_t)a),
                                *other = json_copy((json_t *)(uintptr_t)b);

    json_object_del(one, "at");
    json_object_del(other, "at");
    return one && other && json_equal(one, other);
}

static int append(json_t *doc, json_t *ask, const char *task, struct outcome *o)
{
    json_t *list = json_object_get(doc, "asks"), *old;
    size_t i;

    if (!json_is_array(list) && !json_put(doc, "asks", list = json_array()))
        return outcome_nomem(o);
    json_array_foreach(list, i, old) if (same_ask(old, ask)) return FL_OK;
    if (json_array_size(list) >= ASKS)
        return outcome_fail(o, FL_ETEMP, "%s is asked %d things already that it did not come to: try later",
                            task, ASKS);
    return json_array_append(list, ask) == 0 ? FL_OK : outcome_nomem(o);
}

static int put_once(struct store *s, const char *task, json_t *ask, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    uint64_t version = 0;
    char key[KEY];
    int code = waiting(s, task, &doc, &version, o);

    if (code != FL_OK)
        return code;
    if (!doc && (!(doc = json_object()) || !json_put_int(doc, "format", RECORD_FORMAT)))
        return outcome_nomem(o);
    code = append(doc, ask, task, o);
    if (code == FL_OK && key_of(task, key))
        code = store_put_json(s, STORE_CERTS, key, doc, version, &version, o);
    return code;
}

int ask_put(struct store *s, const char *task, json_t *ask, struct outcome *o)
{
    cleanup_(json_freep) json_t *mine = ask;
    int code = mine && json_put_int(mine, "at", clock_wall_ms() / 1000) ? FL_ESTALE : outcome_nomem(o);

    for (int i = 0; i < MERGES && code == FL_ESTALE; i++)
        code = put_once(s, task, mine, o);
    return code;
}

json_t *ask_waiting(struct store *s, const char *task)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome o = { 0 };
    uint64_t version;

    if (waiting(s, task, &doc, &version, &o) != FL_OK)
        return NULL;
    return json_incref(json_object_get(doc, "asks"));
}

int ask_forget(struct store *s, const char *task, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    uint64_t version = 0;
    char key[KEY];
    int code = waiting(s, task, &doc, &version, o);

    return code == FL_OK && doc && key_of(task, key) ? store_delete(s, STORE_CERTS, key, version, o) : code;
}

int ask_task(struct engine *e, const char *task, json_t *ask, bool *known_out, struct outcome *o)
{
    cleanup_(json_freep) json_t *mine = ask;

    /* A poke that is too early does no harm; one that comes before the ask is on disk is not enough. */
    *known_out = queue_poke(e->queue, task, QUEUE_NEVER - 1, false);
    if (!*known_out)
        return FL_OK;
    int code = ask_put(e->world->store, task, take_ptr(mine), o);
    if (code == FL_OK)
        queue_poke(e->queue, task, clock_wall_ms(), true);
    return code;
}

/* ---- at the task's turn ------------------------------------------------------------------ */

bool ask_is(const json_t *rec, const char *op)
{
    return strcmp(json_str(json_obj(rec, "ask"), "op", ""), op) == 0;
}

bool ask_stays_revoked(const json_t *rec)
{
    const char *serial = json_str(json_obj(rec, "revoked"), "serial", NULL);

    return serial && strcmp(serial, json_str(json_obj(rec, "live"), "serial", "")) == 0;
}

bool ask_new_key(const json_t *rec) { return json_flag(json_obj(rec, "ask"), "new_key", false); }

static bool noted(const json_t *rec, int64_t at, const char *event, const char *msg)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_list(rec, "history"), i,
                       item) if (json_int(item, "at", 0) == at &&
                                 !strcmp(json_str(item, "event", ""), event) &&
                                 !strcmp(json_str(item, "msg", ""), msg)) return true;
    return false;
}

/* Merged twice after a crash it is noted once. */
static void note(struct turn *t, const json_t *ask)
{
    const char *event = json_str(ask, "event", "note"), *msg = json_str(ask, "msg", "");
    int64_t at = json_int(ask, "at", t->now_ms / 1000);

    if (!noted(t->rec, at, event, msg))
        record_event(t->rec, at, event, msg);
}

/* An order for the old key is not what was asked for. */
static void renew(struct turn *t, json_t *ask)
{
    const char *live_key = json_str(json_obj(t->rec, "live"), "key", "");
    bool new_key = ask_new_key(t->rec) || json_flag(ask, "new_key", false);

    json_put_flag(ask, "new_key", new_key);
    json_object_set(t->rec, "ask", ask);
    json_object_del(t->rec, "revoked");
    if (new_key && strcmp(json_str(json_obj(t->rec, "order"), "key", ""), live_key) == 0)
        t->task->step = CERT_PLAN;
}

static void revoked(struct turn *t, const json_t *ask)
{
    const char *serial = json_str(ask, "serial", "");
    json_t *is = json_object();

    if (strcmp(json_str(json_obj(t->rec, "live"), "serial", ""), serial) != 0 || ask_is(t->rec, "renew")) {
        json_decref(is);
        return;
    }
    json_put_str(is, "serial", serial);
    json_put_str(is, "reason", json_str(ask, "reason", ""));
    json_put_int(is, "at", json_int(ask, "at", 0));
    json_put(t->rec, "revoked", is);
    t->task->step = CERT_PLAN;
}

/* True: the task starts over. */
static bool apply(struct turn *t, json_t *ask)
{
    const char *op = json_str(ask, "op", "");

    if (strcmp(op, "note") == 0) {
        note(t, ask);
        return false;
    }
    if (strcmp(op, "renew") == 0)
        renew(t, ask);
    else if (strcmp(op, "revoked") == 0)
        revoked(t, ask);
    else
        json_object_set(t->rec, "ask", ask);
    if (t->task->kind == &task_kinds[KIND_AUTHORITY])
        t->task->step = AUTHORITY_DIRECTORY;
    return true;
}

static void start_over(struct turn *t)
{
    static const char *const gone[] = { "code", "problem", "msg", "due" };
    const struct judge_counts none = { 0 };

    record_set_counts(t->rec, &none);
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        json_object_del(t->rec, gone[i]);
    json_put_int(t->rec, "since", t->now_ms);
    json_put_str(t->rec, "step", t->task->kind->steps[t->task->step].name);
    t->task->looks = 0;
}

static int merge_once(struct turn *t, bool *came_out)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct store *s = t->w->store;
    json_t *ask;
    uint64_t version = 0;
    char key[KEY];
    bool over = false;
    size_t i;
    int code = waiting(s, t->task->name, &doc, &version, &t->out);

    if (code == FL_EPROTO) { /* damaged: nobody will ever read it; the file is named in the log */
        log_event(LOG_LEVEL_ERROR, "ask-not-read", t->task->kind->name, task_subject(t->task), "msg",
                  t->out.msg, NULL);
        return outcome_ok(&t->out);
    }
    if (code != FL_OK || !doc)
        return code;
    json_array_foreach(json_object_get(doc, "asks"), i, ask) over = apply(t, ask) || over;
    if (over)
        start_over(t);
    *came_out = *came_out || over;
    code = turn_save(t);
    if (code == FL_OK && key_of(t->task->name, key))
        code = store_delete(s, STORE_CERTS, key, version, &t->out);
    return code;
}

/* Only what may be asked something is looked up. The step must not run while what was merged still stands beside the
 * record: fulfilled now, it would be merged again. */
int ask_merge(struct turn *t, bool *came_out)
{
    const struct task_kind *kind = t->task->kind;
    int code = FL_ESTALE;

    *came_out = false;
    if (kind != &task_kinds[KIND_CERTIFICATE] && kind != &task_kinds[KIND_AUTHORITY] &&
        kind != &task_kinds[KIND_CLEANUP])
        code = FL_OK;
    /* Who puts one there wakes the task by force. */
    if (t->task->loaded && !t->task->asked)
        code = FL_OK;
    for (int i = 0; i < MERGES && code == FL_ESTALE; i++)
        code = merge_once(t, came_out);
    t->task->asked = code != FL_OK;
    return code;
}

/* ---- at the start -------------------------------------------------------------------- */

int ask_left(struct engine *e, const char *task, struct outcome *o)
{
    if (queue_poke(e->queue, task, clock_wall_ms(), true) || text_starts(task, "cleanup:") || e->conf.only)
        return FL_OK;
    log_event(LOG_LEVEL_WARN, "ask-forgotten", "task", task, "msg", "it is not in the configuration any more",
              NULL);
    return ask_forget(e->world->store, task, o);
}

/* What was merged before the process ended: certificates look at their records at every start, authorities sleep. */
void ask_wake(struct engine *e)
{
    const struct model *m = e->world->model;
    char name[400];

    for (size_t i = 0; i < m->nauthorities; i++) {
        cleanup_(json_freep) json_t *rec =
            record_peek(e->world->store, KIND_AUTHORITY, m->authorities[i].name);
        if (json_obj(rec, "ask") && task_name(KIND_AUTHORITY, m->authorities[i].name, name))
            queue_poke(e->queue, name, clock_wall_ms(), true);
    }
}
