/* SPDX-License-Identifier: Apache-2.0 */
/* authority.c - the steps of an authority task: directory -> account -> idle. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/ask.h"
#include "engine/hold.h"
#include "engine/record.h"
#include "engine/resume.h"
#include "engine/steps.h"

#include <stdio.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000LL, MINUTE_MS = 60000;

static const struct world_authority *mine(const struct turn *t)
{
    return world_authority(t->w, task_subject(t->task));
}

/* At a start the stored account is enough; the directory is read when the first request needs it. */
int authority_directory(struct turn *t)
{
    const struct world_authority *a = mine(t);
    bool refresh = json_str(t->rec, "url", NULL) && t->task->loaded;

    if (refresh)
        budget_tidy(t);
    return acme_directory(a->acme, refresh, &t->out);
}

/* The key is on disk before newAccount: an account whose key is lost cannot be had back (RFC 8555 7.3.5). So is the
 * contact that newAccount tells; for a key that has an account it tells nothing. */
static int account_key(struct turn *t, const struct world_authority *a, const char **out)
{
    char sealed[KEEPER_SEALED];
    const char *key = json_str(t->rec, "key", NULL);

    if (!key) {
        int code = keeper_make(t->w->keeper, (enum key_type)a->model->account_key, sealed, &t->out);
        if (code != FL_OK)
            return code;
        if (!json_put_str(t->rec, "key", sealed) ||
            !json_put_str(t->rec, "key_type", key_type_names[a->model->account_key]) ||
            !json_put(t->rec, "contact", strv_json(a->model->contact)))
            return outcome_nomem(&t->out);
        code = turn_save(t);
        if (code != FL_OK)
            return code;
        key = json_str(t->rec, "key", NULL);
    }
    *out = key;
    return FL_OK;
}

static int use(struct turn *t, const struct world_authority *a, const char *key, const char *url)
{
    int code = acme_use(a->acme, key, url);

    return code == FL_OK ? FL_OK
                         : outcome_fail(&t->out, code,
                                        "the account at %s is not usable: restore its state or remove it",
                                        a->model->name);
}

static bool contact_changed(const struct world_authority *a, const json_t *rec)
{
    const json_t *told = json_object_get(rec, "contact");
    cleanup_(json_freep) json_t *now = strv_json(a->model->contact);

    return told ? now && !json_equal(told, now) : a->model->contact && a->model->contact[0];
}

/* What is asked of an account that is in order; nothing: it is ready. */
static int go_on(struct turn *t, const struct world_authority *a)
{
    if (json_obj(t->rec, "ask"))
        json_object_del(t->rec, "refused");
    if (ask_is(t->rec, "rollover"))
        t->go = AUTHORITY_NEW_KEY;
    else if (ask_is(t->rec, "deactivate"))
        t->go = AUTHORITY_DEACTIVATE;
    else if (ask_is(t->rec, "contact") || contact_changed(a, t->rec))
        t->go = AUTHORITY_CONTACT;
    else
        t->at_ms = t->now_ms + DAY_MS;
    if (ask_is(t->rec, "register")) /* there is one */
        json_object_del(t->rec, "ask");
    return FL_OK;
}

/* One that was put out of use on purpose is not replaced by itself. */
static int may_register(struct turn *t, const struct world_authority *a)
{
    const json_t *gone = json_obj(t->rec, "deactivated");
    char when[32];

    if (!gone || ask_is(t->rec, "register")) {
        json_object_del(t->rec, "deactivated");
        return FL_OK;
    }
    clock_format(json_int(gone, "at", 0), when);
    json_object_del(t->rec, "ask"); /* nothing else can be done for it */
    return outcome_fail(
        &t->out, FL_ECONF,
        "the account was deactivated on request at %s: make a new one with `fairlead account %.60s register`",
        when, a->model->name);
}

int authority_account(struct turn *t)
{
    const struct world_authority *a = mine(t);
    const char *key = NULL, *known = json_str(t->rec, "url", NULL);
    auto_free char *url = NULL;
    int code = known ? FL_OK : may_register(t, a);

    forget_waste(t);
    if (code == FL_OK)
        code = account_key(t, a, &key);
    if (code == FL_OK && known) {
        code = use(t, a, key, known);
        return code == FL_OK ? go_on(t, a) : code;
    }
    if (code == FL_OK)
        code = acme_account(a->acme, key, false, &url, &t->out);
    if (code == FL_OK)
        code = use(t, a, key, url);
    if (code != FL_OK)
        return code;
    if (!json_put_str(t->rec, "url", url))
        return outcome_nomem(&t->out);
    turn_event(t, "account", "%s", url);
    t->wakes = true;
    return go_on(t, a);
}

/* Several certificates may have asked it to hurry while it was at work already; one that was set aside is tested. */
int authority_idle(struct turn *t)
{
    int64_t due_ms = json_int(t->rec, "due", 0), until_ms;
    char key[HOLD_KEY], why[HOLD_WHY];

    snprintf(key, sizeof key, "test:%.200s", task_subject(t->task));
    if (hold_check(t->e->holds, key, t->now_ms, &until_ms, why)) {
        hold_clear(t->e->holds, key);
        return FL_OK;
    }
    if (t->task->loaded && due_ms > t->now_ms && !json_obj(t->rec, "ask")) {
        t->go = AUTHORITY_IDLE;
        t->at_ms = due_ms;
    }
    return FL_OK;
}

/* ---- what certificates need of it ---------------------------------------------------------- */

/* What keeps the authority from being ready, and when that may have changed. When it is, or fails otherwise, all
 * who wait are woken. */
static int not_ready(struct turn *t, const char *name, const json_t *rec)
{
    int code = outcome_code_parse(json_str(rec, "code", "ok"));
    int64_t due_ms = json_int(rec, "due", 0), wait_ms = due_ms ? due_ms - t->now_ms : DAY_MS;

    if (code == FL_OK || code == FL_EAGAIN)
        return outcome_again(&t->out, MINUTE_MS, "waits for the account at %s", name);
    return outcome_again(&t->out, wait_ms > MINUTE_MS ? wait_ms : MINUTE_MS,
                         "waits for the account at %s: %s", name, json_str(rec, "msg", "it failed"));
}

int use_authority(struct turn *t, const char *name, struct acme **out)
{
    const struct world_authority *a = world_authority(t->w, name);
    cleanup_(json_freep) json_t *rec = NULL;
    char task[400];

    if (!a || !a->acme)
        return outcome_fail(&t->out, FL_ECONF, "authority %s is not in the configuration any more", name);
    int code = record_look(t->w->store, KIND_AUTHORITY, name, &rec, &t->out);
    if (code != FL_OK)
        return code;
    const char *key = json_str(rec, "key", NULL), *url = json_str(rec, "url", NULL);
    /* While its key is changed nobody knows which one is right. */
    if (key && url && !json_str(rec, "next_key", NULL) && resume_same_directory(rec, a->directory)) {
        *out = a->acme;
        return use(t, a, key, url);
    }
    if (task_name(KIND_AUTHORITY, name, task))
        queue_poke(t->e->queue, task, t->now_ms, false);
    return not_ready(t, name, rec);
}

/* ---- at the start: what changed in the configuration ------------------------------------- */

void authority_wake(struct engine *e)
{
    const struct model *m = e->world->model;
    char name[400];

    for (size_t i = 0; i < m->nauthorities; i++) {
        const struct world_authority *a = &e->world->authorities[i];
        cleanup_(json_freep) json_t *rec = record_peek(e->world->store, KIND_AUTHORITY, a->model->name);
        if (a->acme && json_str(rec, "url", NULL) &&
            (json_str(rec, "next_key", NULL) || contact_changed(a, rec)) &&
            resume_same_directory(rec, a->directory) && task_name(KIND_AUTHORITY, a->model->name, name))
            queue_poke(e->queue, name, clock_wall_ms(), true);
    }
}
