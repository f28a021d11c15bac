/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - what is done with an account that is there: contact, rollover, deactivation (RFC 8555 7.3). */
#include "engine/ask.h"
#include "engine/hold.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* Requests under way with the old key are answered in this time. */
static const int64_t QUIET_MS = 2000;

static const struct world_authority *mine(const struct turn *t)
{
    return world_authority(t->w, task_subject(t->task));
}

static int use(struct turn *t, const char *key)
{
    int code = acme_use(mine(t)->acme, key, json_str(t->rec, "url", ""));

    return code == FL_OK
               ? FL_OK
               : outcome_fail(&t->out, code, "the account is not usable: restore its state or remove it");
}

/* Whatever its key signed may have been refused while nobody knew which one counts. */
static void free_lane(const struct turn *t)
{
    char key[HOLD_KEY];

    snprintf(key, sizeof key, "authority:%.200s", task_subject(t->task));
    hold_clear(t->e->holds, key);
}

/* A refusal ends what was asked: asked again and again it is refused again and again. */
static bool is_final(int code)
{
    return code == FL_EREJECT || code == FL_ECONF || code == FL_EAUTH || code == FL_ESTALE;
}

static int refused(struct turn *t, const char *event)
{
    json_t *said = json_object();

    json_put_str(said, "op", json_str(json_obj(t->rec, "ask"), "op", ""));
    json_put_str(said, "msg", t->out.msg);
    json_put(t->rec, "refused", said);
    turn_event(t, event, "%s", t->out.msg);
    json_object_del(t->rec, "ask");
    return outcome_ok(&t->out);
}

static bool add_waste(struct turn *t, const char *key)
{
    json_t *list = json_object_get(t->rec, "waste");

    if (!json_is_array(list) && !json_put(t->rec, "waste", list = json_array()))
        return false;
    return json_array_append_new(list, json_string(key)) == 0;
}

/* ---- contact (7.3.2) ------------------------------------------------------------------------ */

int authority_contact(struct turn *t)
{
    const struct world_authority *a = mine(t);
    json_t *now = strv_json(a->model->contact);
    int code = now ? use(t, json_str(t->rec, "key", "")) : outcome_nomem(&t->out);

    if (code == FL_OK)
        code = acme_contact(a->acme, &t->out);
    if (code != FL_OK) {
        json_decref(now);
        return code;
    }
    if (!json_put(t->rec, "contact", now))
        return outcome_nomem(&t->out);
    if (ask_is(t->rec, "contact"))
        json_object_del(t->rec, "ask");
    turn_event(t, "contact", "%s", a->model->contact && a->model->contact[0] ? a->model->contact[0] : "none");
    return FL_OK;
}

/* ---- another key (7.3.5) -------------------------------------------------------------------- */

/* On disk before anybody hears of it; nobody signs with the old one from now on. */
int authority_new_key(struct turn *t)
{
    char sealed[KEEPER_SEALED];

    t->at_ms = t->now_ms + QUIET_MS;
    if (json_str(t->rec, "next_key", NULL))
        return FL_OK;
    int code = keeper_make(t->w->keeper, (enum key_type)mine(t)->model->account_key, sealed, &t->out);
    if (code != FL_OK)
        return code;
    return json_put_str(t->rec, "next_key", sealed) ? FL_OK : outcome_nomem(&t->out);
}

/* The key that does not count is removed when the record that says so is on disk. */
static int settle(struct turn *t, const char *event, bool taken)
{
    const char *old = json_str(t->rec, "key", ""), *next = json_str(t->rec, "next_key", "");

    if (!add_waste(t, taken ? old : next) || (taken && !json_put_str(t->rec, "key", next)))
        return outcome_nomem(&t->out);
    json_object_del(t->rec, "next_key");
    t->wakes = true;
    int code = use(t, json_str(t->rec, "key", ""));
    if (code != FL_OK)
        return code;
    if (!taken)
        return refused(t, event);
    free_lane(t);
    json_object_del(t->rec, "ask");
    json_put_str(t->rec, "key_type", key_type_names[mine(t)->model->account_key]);
    turn_event(t, event, "the account has a new key");
    return FL_OK;
}

/* Refused means: the account does not answer to the new key either (acme.h), so the old one still counts. */
int authority_rollover(struct turn *t)
{
    const char *next = json_str(t->rec, "next_key", NULL);
    int code = next ? use(t, json_str(t->rec, "key", "")) : FL_OK;

    if (!next) /* done before a crash */
        return FL_OK;
    if (code == FL_OK)
        code = acme_rollover(mine(t)->acme, next, &t->out);
    if (code == FL_OK)
        return settle(t, "rollover", true);
    return is_final(code) ? settle(t, "rollover-refused", false) : code;
}

/* ---- the end of it (7.3.6) ------------------------------------------------------------------- */

/* The record goes on without a URL, and says that it is to stay so until a person wants a new one. */
int authority_deactivate(struct turn *t)
{
    const char *url = json_str(t->rec, "url", NULL);
    json_t *gone = NULL;
    int code = url ? use(t, json_str(t->rec, "key", "")) : FL_OK;

    t->at_ms = JUDGE_NEVER;
    if (code == FL_OK && url)
        code = acme_deactivate(mine(t)->acme, &t->out);
    if (url && is_final(code))
        return refused(t, "deactivation-refused");
    if (code != FL_OK || !url)
        return code;
    if (!(gone = json_object()) || !json_put_int(gone, "at", t->now_ms / 1000) ||
        !json_put_str(gone, "url", url) || !add_waste(t, json_str(t->rec, "key", ""))) {
        json_decref(gone);
        return outcome_nomem(&t->out);
    }
    turn_event(t, "deactivated", "%s", url);
    json_object_del(t->rec, "url");
    json_object_del(t->rec, "key");
    json_object_del(t->rec, "contact");
    json_object_del(t->rec, "ask");
    return json_put(t->rec, "deactivated", gone) ? FL_OK : outcome_nomem(&t->out);
}
