/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - loads, saves and annotates task records. */
#include "engine/record.h"

#include "base/mem.h"
#include "engine/turn.h"

#include <string.h>

enum { HISTORY = 20 };

static enum store_group group_of(const struct task *t)
{
    return t->kind == &task_kinds[KIND_AUTHORITY] ? STORE_ACCOUNTS : STORE_CERTS;
}

static const char *key_of(const struct task *t)
{
    return t->kind == &task_kinds[KIND_AUTHORITY] ? task_subject(t) : t->name;
}

static uint8_t step_named(const struct task_kind *kind, const char *name)
{
    for (uint8_t i = 0; i < kind->n; i++)
        if (strcmp(kind->steps[i].name, name) == 0)
            return i;
    return 0; /* every table begins with the step that finds out where things stand */
}

static int known_format(const struct task *t, json_t *rec, struct outcome *o)
{
    if (!rec || json_int(rec, "format", 0) == RECORD_FORMAT)
        return FL_OK;
    json_decref(rec);
    return outcome_fail(
        o, FL_EPROTO, "the state of %s is of another format: restore it from a backup or remove it", t->name);
}

int record_load(struct store *s, struct task *t, json_t **out, struct outcome *o)
{
    json_t *rec = NULL;
    int code = store_get_json(s, group_of(t), key_of(t), &rec, &t->version, o);

    if (code == FL_OK)
        code = known_format(t, rec, o);
    if (code != FL_OK)
        return code;
    if (!rec && (!(rec = json_object()) || !json_put_int(rec, "format", RECORD_FORMAT))) {
        json_decref(rec);
        return outcome_nomem(o);
    }
    if (!t->loaded)
        t->step = step_named(t->kind, json_str(rec, "step", t->kind->steps[0].name));
    *out = rec;
    return FL_OK;
}

int record_save(struct store *s, struct task *t, const json_t *rec, struct outcome *o)
{
    return store_put_json(s, group_of(t), key_of(t), rec, t->version, &t->version, o);
}

int record_remove(struct store *s, struct task *t, struct outcome *o)
{
    return t->version ? store_delete(s, group_of(t), key_of(t), t->version, o) : FL_OK;
}

void record_counts(const json_t *rec, struct judge_counts *out)
{
    *out = (struct judge_counts){ .tries = (unsigned)json_int(rec, "tries", 0),
                                  .looks = (unsigned)json_int(rec, "looks", 0),
                                  .stale = (unsigned)json_int(rec, "stale", 0),
                                  .rejects = (unsigned)json_int(rec, "rejects", 0),
                                  .rests = (unsigned)json_int(rec, "rests", 0) };
}

void record_set_counts(json_t *rec, const struct judge_counts *counts)
{
    const struct {
        const char *key;
        unsigned n;
    } all[] = { { "tries", counts->tries },
                { "looks", counts->looks },
                { "stale", counts->stale },
                { "rejects", counts->rejects },
                { "rests", counts->rests } };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].n)
            json_put_int(rec, all[i].key, all[i].n);
        else
            json_object_del(rec, all[i].key);
}

void record_event(json_t *rec, int64_t at, const char *event, const char *msg)
{
    json_t *list = json_object_get(rec, "history"), *item = json_object();

    if (!json_is_array(list) && !json_put(rec, "history", list = json_array()))
        list = NULL; /* without memory the event is not noted; the reference is gone */
    json_put_int(item, "at", at);
    json_put_str(item, "event", event);
    json_put_str(item, "msg", msg[0] ? msg : NULL);
    json_array_append_new(list, item);
    while (json_array_size(list) > HISTORY)
        json_array_remove(list, 0);
}

/* When each step of the last way through came to its end. */
static void note_step(json_t *rec, const struct task *t, uint8_t was, int64_t now_ms)
{
    bool through = t->kind == &task_kinds[KIND_CERTIFICATE] ? was > CERT_PLAN || t->step == CERT_KEY
                                                            : t->kind == &task_kinds[KIND_DELIVERY];
    json_t *times = json_object_get(rec, "times");

    if (!through || t->step == was || was >= t->kind->n - 1)
        return;
    if (was == 0 || !json_is_object(times)) {
        json_put(rec, "times", json_object());
        times = json_object_get(rec, "times");
    }
    json_put_int(times, t->kind->steps[was].name, now_ms / 1000);
}

void record_after(json_t *rec, const struct task *t, uint8_t was, const struct verdict *v,
                  const struct outcome *o, int64_t now_ms)
{
    const char *code = outcome_code_name(v->code);
    bool news = v->failed && (strcmp(json_str(rec, "code", ""), code) != 0 ||
                              strcmp(json_str(rec, "msg", ""), o->msg) != 0);

    if (t->step != was || !json_object_get(rec, "since"))
        json_put_int(rec, "since", now_ms);
    if (v->code == FL_OK)
        note_step(rec, t, was, now_ms);
    json_put_str(rec, "step", t->kind->steps[t->step].name);
    json_put_int(rec, "due", v->at_ms == JUDGE_NEVER ? 0 : v->at_ms);
    json_put_str(rec, "code", code);
    json_put_str(rec, "problem", o->problem[0] ? o->problem : NULL);
    json_put_str(rec, "msg", v->code != FL_OK && o->msg[0] ? o->msg : NULL);
    record_set_counts(rec, &v->counts);
    if (news)
        record_event(rec, now_ms / 1000, t->kind->steps[was].name, o->msg);
}

int record_view(struct store *s, const struct task *t, json_t **out, struct outcome *o)
{
    json_t *rec = NULL;
    int code = store_view_json(s, group_of(t), key_of(t), &rec, o);

    if (code == FL_OK)
        code = known_format(t, rec, o);
    if (code == FL_OK)
        *out = rec;
    return code;
}

int record_look(struct store *s, int kind, const char *name, json_t **out, struct outcome *o)
{
    char full[400];
    const struct task t = { .name = full, .kind = &task_kinds[kind] };

    if (!task_name(kind, name, full))
        return outcome_fail(o, FL_ECONF, "%.60s...: the name is too long", name);
    return record_view(s, &t, out, o);
}

json_t *record_peek(struct store *s, int kind, const char *name)
{
    struct outcome o = { 0 };
    json_t *rec = NULL;

    record_look(s, kind, name, &rec, &o);
    return rec;
}
