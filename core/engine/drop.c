/* SPDX-License-Identifier: Apache-2.0 */
/* drop.c - names that keep an order from coming through (on_bad_name = "drop"). */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/steps.h"

#include <string.h>
#include <strings.h>

enum { FAILS = 5, DAY = 86400, DROP_NAMES = 1 /* of model_certificate.on_bad_name */ };

static const struct subject *subject(const struct turn *t) { return t->task->subject; }
static int64_t now_at(const struct turn *t) { return t->now_ms / 1000; }

static const json_t *bad_of(const json_t *rec, const char *name)
{
    return json_obj(json_obj(rec, "bad"), name);
}

bool drop_is(const json_t *rec, const struct subject *s, const char *name)
{
    return s->cert->on_bad_name == DROP_NAMES && strcmp(name, s->cert->names[0]) != 0 &&
           json_int(bad_of(rec, name), "dropped_at", 0) > 0;
}

static bool any_dropped(const json_t *rec, const struct subject *s)
{
    for (const char *const *name = s->cert->names; *name; name++)
        if (drop_is(rec, s, *name))
            return true;
    return false;
}

int64_t drop_try_at(const json_t *rec, const struct subject *s)
{
    int64_t tried = json_int(rec, "tried_at", 0);

    return any_dropped(rec, s) ? tried + DAY : 0;
}

/* A clock that was put back tells nothing: then it waits for a day from now at most. */
bool drop_due(const struct turn *t)
{
    int64_t tried = json_int(t->rec, "tried_at", 0), now = now_at(t);

    if (!any_dropped(t->rec, subject(t)))
        return false;
    return tried > now + DAY || now >= tried + DAY ||
           (ask_is(t->rec, "renew") && json_int(json_obj(t->rec, "ask"), "at", 0) > tried);
}

/* Nothing is tried while there is none at all: first one that the good names can be served with. */
const char **wanted_names(const struct turn *t)
{
    const struct subject *s = subject(t);
    bool all = drop_due(t) && json_obj(t->rec, "live");
    size_t n = 0, k = 0;

    while (s->cert->names[n])
        n++;
    const char **out = mem_array(n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        if (all || !drop_is(t->rec, s, s->cert->names[i]))
            out[k++] = s->cert->names[i];
    return out;
}

bool drop_tried(struct turn *t)
{
    return !any_dropped(t->rec, subject(t)) || json_put_int(t->rec, "tried_at", now_at(t));
}

/* ---- failures ------------------------------------------------------------------------------ */

/* The certificate's spelling of it; NULL: it is none of its names. */
static const char *name_of(const struct turn *t, const char *identifier)
{
    for (const char *const *name = subject(t)->cert->names; *name; name++)
        if (strcasecmp(*name, identifier) == 0)
            return *name;
    return NULL;
}

static json_t *made(json_t *obj, const char *key)
{
    json_t *at = json_object_get(obj, key);

    if (!json_is_object(at) && obj && json_put(obj, key, json_object()))
        at = json_object_get(obj, key);
    return at;
}

static void leave_out(struct turn *t, const char *name, json_t *bad, const char *why)
{
    if (json_int(bad, "dropped_at", 0))
        return;
    json_put_int(bad, "dropped_at", now_at(t));
    json_put_int(t->rec, "tried_at", now_at(t));
    t->dropped = true;
    turn_event(t, "name-dropped", "%.253s is left out until it can be proved again: %.200s", name, why);
    log_event(LOG_LEVEL_ERROR, "name-dropped", t->task->kind->name, task_subject(t->task), "name", name,
              "msg", why, NULL);
}

static bool may_be_dropped(const struct turn *t, const char *name)
{
    return subject(t)->cert->on_bad_name == DROP_NAMES && strcmp(name, subject(t)->cert->names[0]) != 0;
}

void drop_note(struct turn *t, const char *identifier, const char *why)
{
    const char *name = name_of(t, identifier);

    if (t->task->step == CERT_VALID)
        budget_failed(t, identifier);
    if (name && subject(t)->cert->on_bad_name == DROP_NAMES)
        json_put_str(made(t->rec, "suspects"), name, why);
}

bool drop_can_go_on(const struct turn *t)
{
    const json_t *suspects = json_obj(t->rec, "suspects");

    return json_object_size(suspects) > 0 && !json_object_get(suspects, subject(t)->cert->names[0]);
}

/* It costs them an order: one failure each. The first name cannot be done without: what keeps it from coming through, too, is
 * nobody's own fault, an outage most likely, after which all names are wanted again. */
static void count(struct turn *t)
{
    cleanup_(json_freep) json_t *suspects = json_incref(json_object_get(t->rec, "suspects"));
    const char *name;
    json_t *why;

    if (!drop_can_go_on(t))
        return;
    json_object_foreach(suspects, name, why)
    {
        json_t *bad = may_be_dropped(t, name) ? made(made(t->rec, "bad"), name) : NULL;
        int64_t fails = json_int(bad, "fails", 0) + 1;
        if (!bad)
            continue;
        json_put_int(bad, "fails", fails);
        json_put_int(bad, "at", now_at(t));
        json_put(bad, "why", json_incref(why));
        if (fails >= FAILS)
            leave_out(t, name, bad, json_string_value(why));
    }
}

/* Is the order over with this, or the step's way barred? */
static bool given_up(const struct verdict *v)
{
    return v->code == FL_EREJECT || v->code == FL_EAUTH || v->gave_up;
}

/* Without the name nothing speaks against an order now; and what was only a try need not be paused for. The pause between
 * two orders stays a minute, so that names which fail one after the other are not hurried through. */
void drop_settle(struct turn *t, struct verdict *v)
{
    bool tried = json_flag(t->rec, "trying", false);

    if (t->task->kind != &task_kinds[KIND_CERTIFICATE])
        return;
    if (given_up(v)) {
        if (v->gave_up)
            drop_ask(t, FL_EREJECT);
        count(t);
    }
    json_object_del(t->rec, "suspects");
    if (!given_up(v) || (v->code == FL_EAUTH && !t->dropped))
        return;
    json_object_del(t->rec, "trying");
    if (!t->dropped && !tried)
        return;
    json_object_del(t->rec, "solver_at"); /* it was not the way that failed */
    v->step = t->task->kind->steps[t->task->step].undo;
    v->counts.rejects = v->counts.rests = v->counts.tries = 0;
    v->alarm = t->dropped;
    if (v->at_ms > t->now_ms + 60000)
        v->at_ms = t->now_ms + 60000;
}

/* ---- what was issued ----------------------------------------------------------------------- */

static bool in_list(const json_t *list, const char *text)
{
    const json_t *item;
    size_t i;
    bool found = false;

    json_array_foreach(list, i, item) found =
        found || (json_is_string(item) && strcmp(json_string_value(item), text) == 0);
    return found;
}

/* Its failures are forgotten when it came through, and with those of names that are not wanted any more. */
void drop_forget(struct turn *t)
{
    json_t *bad = json_object_get(t->rec, "bad");
    const json_t *names = json_list(json_obj(t->rec, "live"), "names");
    const char *name;
    json_t *one;
    void *tmp;

    json_object_foreach_safe(bad, tmp, name, one)
    {
        bool live = in_list(names, name);
        if (live && json_int(one, "dropped_at", 0))
            turn_event(t, "name-back", "%.253s can be proved again", name);
        if (live || !name_of(t, name))
            json_object_del(bad, name);
    }
    json_object_del(t->rec, "trying");
    if (json_object_size(bad))
        return;
    json_object_del(t->rec, "bad");
    json_object_del(t->rec, "tried_at");
}
