/* SPDX-License-Identifier: Apache-2.0 */
/* serve_change.c - requests that put things out of the world: revoke, account. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/cli.h"
#include "ctl/serve.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/revoke.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* ---- revoke -------------------------------------------------------------------------------- */

struct revoking {
    const struct serve *s;
    struct revoke how;
    bool known;
    const char *serial; /* NULL: what is live */
    json_t *tasks, *words;
    char have[600];          /* serials that are not the one */
    struct outcome o, first; /* first: why a lineage had nothing to revoke */
};

static bool stays(const struct revoking *r)
{
    return r->how.reason == 3 || r->how.reason == 5 || r->how.reason == 9;
}

static void say(struct revoking *r, const char *lineage, const char *serial)
{
    static const char *const known[] = {
        "the replacement, with a new key, is delivered first, then it is revoked",
        "a replacement is delivered first, then it is revoked",
        "it is revoked at once, and not replaced until `fairlead renew`",
        "it is revoked at once, and replaced"
    };
    bool key = r->how.reason == REVOKE_KEY_COMPROMISE;
    const char *what = !r->known ? "it is revoked at once"
                                 : known[stays(r)     ? 2
                                         : r->how.now ? 3
                                         : key        ? 0
                                                      : 1];
    char text[512];

    snprintf(text, sizeof text, "%.256s: serial %.64s, %s: %s", lineage, serial,
             revoke_reason_name(r->how.reason), what);
    json_array_append_new(r->words, json_string(text));
}

static int revoke_one(struct revoking *r, const char *lineage, const char *owner, const json_t *which)
{
    char task[400];
    int code = revoke_put(r->s->store, owner, which, r->known, &r->how, task, &r->o);

    if (code == FL_ECONF) {
        r->first = r->o;
        return FL_OK;
    }
    if (code != FL_OK)
        return code;
    json_array_append_new(r->tasks, json_string(task));
    json_array_append_new(r->tasks, json_string(owner));
    serve_log(r->s, "revoke", lineage);
    if (!r->s->engine)
        return FL_OK;
    if (!queue_add(r->s->engine->queue, &task_kinds[KIND_CLEANUP], task, NULL, clock_wall_ms()))
        return outcome_nomem(&r->o);
    queue_poke(r->s->engine->queue, task, clock_wall_ms(), true);
    return FL_OK;
}

/* One that is not live any more: a replacement is there already. */
static void say_old(struct revoking *r, const char *lineage, const json_t *which, const json_t *live)
{
    const char *key = json_str(which, "key", NULL);
    bool waits = r->known && !r->how.now && !stays(r);
    char text[512];

    snprintf(text, sizeof text, "%.256s: serial %.64s, %s: it is revoked %s", lineage,
             json_str(which, "serial", ""), revoke_reason_name(r->how.reason),
             waits ? "as soon as every sink has the one that is live" : "at once");
    json_array_append_new(r->words, json_string(text));
    if (r->how.reason != REVOKE_KEY_COMPROMISE || !key || strcmp(key, json_str(live, "key", "")) != 0)
        return;
    snprintf(text, sizeof text, "%.256s: serial %.64s, which is live, has the same key: revoke that, too",
             lineage, json_str(live, "serial", ""));
    json_array_append_new(r->words, json_string(text));
}

static int revoke_serial(struct revoking *r, const char *lineage, const char *owner, const json_t *rec)
{
    cleanup_(json_freep) json_t *all = revoke_all(r->s->store, owner, rec);
    const json_t *one, *live = json_obj(rec, "live");
    const char *serial;
    size_t i;

    if (!all)
        return outcome_nomem(&r->o);
    json_array_foreach(all, i, one)
    {
        serial = json_str(one, "serial", "");
        if (!revoke_same_serial(serial, r->serial)) {
            snprintf(r->have + strlen(r->have), sizeof r->have - strlen(r->have), "%s%.64s",
                     r->have[0] ? ", " : "", serial);
            continue;
        }
        int code = revoke_one(r, lineage, owner, one);
        if (code != FL_OK || !json_array_size(r->tasks))
            return code;
        if (live && strcmp(serial, json_str(live, "serial", "")) == 0)
            say(r, lineage, serial);
        else
            say_old(r, lineage, one, live);
        return FL_OK;
    }
    return FL_OK;
}

/* What is live there, or has that serial; FL_OK also when there is nothing. */
static int revoke_lineage(struct revoking *r, const char *lineage)
{
    cleanup_(json_freep) json_t *rec = NULL;
    size_t before = json_array_size(r->tasks);
    char owner[400];
    int code = record_look(r->s->store, KIND_CERTIFICATE, lineage, &rec, &r->o);

    if (code != FL_OK || !task_name(KIND_CERTIFICATE, lineage, owner))
        return code;
    if (r->serial)
        return revoke_serial(r, lineage, owner, rec);
    code = revoke_one(r, lineage, owner, json_obj(rec, "live"));
    if (code == FL_OK && json_array_size(r->tasks) > before)
        say(r, lineage, json_str(json_obj(rec, "live"), "serial", ""));
    return code;
}

/* Every lineage of that name that is on disk. */
static int revoke_orphan(struct revoking *r, const char *name, bool *found)
{
    char **keys = NULL;
    size_t len = strlen(name);
    int code = store_list(r->s->store, STORE_CERTS, &keys, &r->o);

    for (char **k = keys; code == FL_OK && *k; k++) {
        const char *lineage = text_starts(*k, "certificate:") ? strchr(*k, ':') + 1 : "";
        if (strncmp(lineage, name, len) != 0 || (lineage[len] && lineage[len] != '+'))
            continue;
        *found = true;
        code = revoke_lineage(r, lineage);
    }
    store_keys_free(keys);
    return code;
}

static json_t *revoked(struct revoking *r, int code)
{
    if (code == FL_OK && !json_array_size(r->words) && r->serial && r->first.code == FL_OK)
        outcome_fail(&r->first, FL_ECONF,
                     "no certificate with serial %.80s is known here that has not expired; %s%s", r->serial,
                     r->have[0] ? "there are: " : "there is none", r->have);
    if (code == FL_OK && !json_array_size(r->words))
        code = (r->o = r->first).code;
    json_t *reply = code == FL_OK ? serve_reply(EXIT_DONE, "%s", "") : serve_failed(&r->o);
    if (code == FL_OK) {
        json_put(reply, "tasks", json_incref(r->tasks));
        json_put(reply, "words", json_incref(r->words));
    }
    json_decref(r->tasks);
    json_decref(r->words);
    return reply;
}

json_t *serve_revoke(const struct serve *s, const json_t *req)
{
    const char *name = json_str(req, "name", ""), *words;
    struct revoking r = { .s = s,
                          .how = { .reason = revoke_reason(json_str(req, "reason", "unspecified"), &words),
                                   .by_key = json_flag(req, "by_key", false),
                                   .now = json_flag(req, "now", false) },
                          .serial = json_str(req, "serial", NULL),
                          .tasks = json_array(),
                          .words = json_array() };
    json_t *no = NULL;
    const struct model_certificate *mc = serve_find(s, name, &no);
    char lineage[400];
    bool found = false;
    int code = FL_OK;

    if (r.how.reason < 0) {
        json_decref(no);
        json_decref(r.tasks);
        json_decref(r.words);
        return serve_reply(EXIT_USAGE, "`%.60s` is no reason to revoke: use one of %s",
                           json_str(req, "reason", ""), words);
    }
    r.known = mc != NULL;
    for (const char *const *key = mc ? mc->keys : NULL; code == FL_OK && key && *key; key++)
        if (lineage_name(mc, *key, lineage))
            code = revoke_lineage(&r, lineage);
    if (!mc && *name)
        code = revoke_orphan(&r, name, &found);
    if (!mc && code == FL_OK && !found) {
        json_decref(r.tasks);
        json_decref(r.words);
        return no;
    }
    json_decref(no);
    return revoked(&r, code);
}

/* ---- account ------------------------------------------------------------------------------- */

static json_t *unknown_authority(const struct serve *s, const char *name)
{
    const struct model *m = s->model;
    auto_free const char **names = mem_array(m->nauthorities + 1, sizeof *names);
    struct buf list = BUF(512);

    for (size_t i = 0; names && i < m->nauthorities; i++) {
        names[i] = m->authorities[i].name;
        buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = names ? text_nearest(name, names) : NULL;
    json_t *reply =
        near ? serve_reply(EXIT_FAILED, "there is no authority `%.100s`: did you mean `%s`?", name, near)
             : serve_reply(EXIT_FAILED, "there is no authority `%.100s`; there are: %s", name,
                           buf_text(&list));
    buf_done(&list);
    return reply;
}

/* `account_key` in the configuration is for accounts to come, and for the next key of this one. */
static void account_kind(const struct model_authority *ma, const json_t *rec, json_t *account)
{
    const char *type = json_str(rec, "key_type", NULL), *wanted = key_type_names[ma->account_key];

    json_put_str(account, "key_type", type);
    if (type && json_str(rec, "url", NULL) && strcmp(type, wanted) != 0)
        json_put_str(account, "wanted_key", wanted);
}

static json_t *show_account(const struct serve *s, const struct model_authority *ma)
{
    static const char *const texts[] = { "url", "key", "status", "code", "msg", "problem", "step", NULL };
    cleanup_(json_freep) json_t *rec = NULL;
    struct outcome o = { 0 };
    json_t *reply, *account = json_object();
    char thumbprint[64];

    if (record_look(s->store, KIND_AUTHORITY, ma->name, &rec, &o) != FL_OK) {
        json_decref(account);
        return serve_failed(&o);
    }
    json_put_str(account, "authority", ma->name);
    json_put_str(account, "directory", ma->directory);
    for (const char *const *key = texts; *key; key++)
        json_put_str(account, *key, json_str(rec, *key, NULL));
    if (s->keeper && json_str(rec, "key", NULL) &&
        keeper_thumbprint(s->keeper, json_str(rec, "key", ""), thumbprint, &o) == FL_OK)
        json_put_str(account, "thumbprint", thumbprint);
    json_put(account, "contact", strv_json(ma->contact));
    account_kind(ma, rec, account);
    json_put(account, "deactivated", json_incref(json_object_get(rec, "deactivated")));
    json_put(account, "refused", json_incref(json_object_get(rec, "refused")));
    json_put(account, "budget", budget_report(s->store, ma, ma->directory, clock_wall_ms()));
    json_put(account, "ask", json_incref(json_object_get(rec, "ask")));
    if (json_list(rec, "history"))
        json_put(account, "history", json_incref(json_object_get(rec, "history")));
    reply = serve_reply(EXIT_DONE, "%s", "");
    json_put(reply, "account", account);
    return reply;
}

static int ask_account(const struct serve *s, const char *task, const char *op, struct outcome *o)
{
    json_t *ask = json_object();
    bool known = true;
    int code = ask && json_put_str(ask, "op", op) ? FL_OK : (json_decref(ask), outcome_nomem(o));

    if (code == FL_OK)
        code = s->engine ? ask_task(s->engine, task, ask, &known, o) : ask_put(s->store, task, ask, o);
    return code == FL_OK && !known ? outcome_fail(o, FL_ETEMP, "%s is not at work yet: try again", task)
                                   : code;
}

json_t *serve_account(const struct serve *s, const json_t *req)
{
    const char *name = json_str(req, "authority", ""), *action = json_str(req, "action", "show");
    const struct model_authority *ma = model_authority(s->model, name);
    cleanup_(json_freep) json_t *rec = ma ? record_peek(s->store, KIND_AUTHORITY, name) : NULL;
    struct outcome o = { 0 };
    char task[400];

    if (!ma)
        return unknown_authority(s, name);
    if (strcmp(action, "show") == 0)
        return show_account(s, ma);
    bool anew = strcmp(action, "register") == 0;
    if (!anew && strcmp(action, "rollover") != 0 && strcmp(action, "deactivate") != 0)
        return serve_reply(
            EXIT_USAGE, "`%.60s`: an account can be asked to show, rollover, deactivate or register", action);
    if (!anew && json_obj(rec, "deactivated"))
        return serve_reply(EXIT_FAILED,
                           "the account at %s is deactivated: `fairlead account %s register` makes a new one",
                           name, name);
    if (!anew && !json_str(rec, "url", NULL))
        return serve_reply(EXIT_FAILED,
                           "there is no account at %s yet: it is made with the first certificate", name);
    if (!task_name(KIND_AUTHORITY, name, task) || ask_account(s, task, action, &o) != FL_OK)
        return serve_failed(&o);
    serve_log(s, action, name);
    json_t *reply = serve_reply(EXIT_DONE, "%s", ""), *tasks = json_array();
    json_array_append_new(tasks, json_string(task));
    json_put(reply, "tasks", tasks);
    return reply;
}
