/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.c - tell, replaced and revoke: the steps of a certificate that is to be revoked. */
#include "engine/revoke.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "cleanup:revoke@"

static const struct {
    const char *word;
    int number;
    bool replace; /* a replacement is what people want */
} reasons[] = {
    { "unspecified", 0, true },           { "keyCompromise", REVOKE_KEY_COMPROMISE, true },
    { "affiliationChanged", 3, false },   { "superseded", 4, true },
    { "cessationOfOperation", 5, false }, { "privilegeWithdrawn", 9, false },
};
enum { REASONS = sizeof reasons / sizeof *reasons };

int revoke_reason(const char *word, const char **words_out)
{
    *words_out =
        "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn";
    for (int i = 0; i < REASONS; i++)
        if (strcmp(reasons[i].word, word) == 0)
            return reasons[i].number;
    return -1;
}

static int row_of(int number)
{
    int i = 0;
    while (i < REASONS - 1 && reasons[i].number != number)
        i++;
    return i;
}

const char *revoke_reason_name(int reason) { return reasons[row_of(reason)].word; }

/* ---- putting it down ------------------------------------------------------------------- */

static json_t *record_of(const char *owner, const json_t *live, bool known, const struct revoke *how)
{
    bool wanted = reasons[row_of(how->reason)].replace;
    json_t *rec = json_object();

    bool ok = rec && json_put_int(rec, "format", RECORD_FORMAT) && json_put_str(rec, "step", "tell") &&
              json_put_str(rec, "owner", owner) &&
              json_put_str(rec, "serial", json_str(live, "serial", "")) &&
              json_put_str(rec, "leaf", json_str(live, "leaf", "")) &&
              json_put_str(rec, "key", json_str(live, "key", "")) &&
              json_put_str(rec, "authority", json_str(live, "authority", "")) &&
              json_put_int(rec, "not_after", json_int(live, "not_after", 0)) &&
              json_put_int(rec, "reason", how->reason) && json_put_int(rec, "at", clock_wall_ms() / 1000) &&
              json_put_flag(rec, "by_key", how->by_key) &&
              json_put_flag(rec, "replace", wanted && known && !how->now) &&
              json_put_flag(rec, "stay", !wanted && known) && json_put_flag(rec, "renew", wanted && known);
    if (ok)
        return rec;
    json_decref(rec);
    return NULL;
}

/* Asked a second time: it is under way, and only haste can be added. */
static int again(struct store *s, const char *task, const struct revoke *how, struct outcome *o)
{
    json_t *ask = how->now ? json_object() : NULL;

    if (!how->now)
        return outcome_ok(o);
    if (!ask || !json_put_str(ask, "op", "now")) {
        json_decref(ask);
        return outcome_nomem(o);
    }
    return ask_put(s, task, ask, o);
}

int revoke_put(struct store *s, const char *owner, const json_t *live, bool known, const struct revoke *how,
               char task_out[400], struct outcome *o)
{
    const char *serial = json_str(live, "serial", "");
    uint64_t version = 0;

    if (!live || !serial[0] || !json_str(live, "leaf", "")[0])
        return outcome_fail(o, FL_ECONF, "%s has no certificate that could be revoked",
                            strchr(owner, ':') + 1);
    if (json_int(live, "not_after", 0) <= clock_wall_ms() / 1000)
        return outcome_fail(o, FL_ECONF, "the certificate of %s has expired: there is nothing to revoke",
                            strchr(owner, ':') + 1);
    cleanup_(json_freep) json_t *mine = record_of(owner, live, known, how);
    if (!mine)
        return outcome_nomem(o);
    snprintf(task_out, 400, PREFIX "%.64s", serial);
    int code = store_put_json(s, STORE_CERTS, task_out, mine, 0, &version, o);
    return code == FL_ESTALE ? again(s, task_out, how, o) : code;
}

static bool is_of(const json_t *rec, const char *certificate)
{
    const char *owner = json_str(rec, "owner", ""), *lineage = strchr(owner, ':');
    size_t len = strlen(certificate);

    return lineage && strncmp(lineage + 1, certificate, len) == 0 &&
           (!lineage[len + 1] || lineage[len + 1] == '+');
}

json_t *revoke_list(struct store *s, const char *certificate)
{
    json_t *out = json_array();
    char **keys = NULL;
    struct outcome o = { 0 };

    if (store_list(s, STORE_CERTS, &keys, &o) != FL_OK)
        return out;
    for (char **k = keys; *k; k++) {
        cleanup_(json_freep) json_t *rec =
            text_starts(*k, PREFIX) ? record_peek(s, KIND_CLEANUP, *k + strlen("cleanup:")) : NULL;
        if (!rec || (certificate && !is_of(rec, certificate)))
            continue;
        json_t *item = json_object();
        json_put_str(item, "task", *k);
        json_put_str(item, "owner", json_str(rec, "owner", ""));
        json_put_str(item, "serial", json_str(rec, "serial", ""));
        json_put_str(item, "reason", revoke_reason_name((int)json_int(rec, "reason", 0)));
        json_put_str(item, "step", json_str(rec, "step", ""));
        json_put_str(item, "code", json_str(rec, "code", "ok"));
        json_put_str(item, "msg", json_str(rec, "msg", NULL));
        json_put_int(item, "at", json_int(rec, "at", 0));
        if (json_int(rec, "due", 0))
            json_put_int(item, "next_at", json_int(rec, "due", 0) / 1000);
        json_array_append_new(out, item);
    }
    store_keys_free(keys);
    return out;
}

/* ---- tell ---------------------------------------------------------------------------------- */

static const struct model_certificate *owner_of(const struct turn *t)
{
    const struct model *m = t->w->model;
    const char *owner = strchr(json_str(t->rec, "owner", ":"), ':') + 1;
    char name[400];

    for (size_t i = 0; i < m->ncertificates; i++)
        for (const char *const *key = m->certificates[i].keys; *key; key++)
            if (lineage_name(&m->certificates[i], *key, name) && strcmp(name, owner) == 0)
                return &m->certificates[i];
    return NULL;
}

static json_t *owner_record(const struct turn *t)
{
    return record_peek(t->w->store, KIND_CERTIFICATE, strchr(json_str(t->rec, "owner", ":"), ':') + 1);
}

static const char *serial_of(const json_t *rec) { return json_str(json_obj(rec, "live"), "serial", ""); }

static int tell_owner(struct turn *t, json_t *ask)
{
    const char *owner = json_str(t->rec, "owner", "");
    int code = ask ? ask_put(t->w->store, owner, ask, &t->out) : outcome_nomem(&t->out);

    if (code == FL_OK)
        queue_poke(t->e->queue, owner, clock_wall_ms(), true);
    return code;
}

static json_t *what_to_ask(const struct turn *t)
{
    int reason = (int)json_int(t->rec, "reason", 0);
    json_t *ask = json_object();

    if (json_flag(t->rec, "stay", false)) {
        json_put_str(ask, "op", "revoked");
        json_put_str(ask, "serial", json_str(t->rec, "serial", ""));
        json_put_str(ask, "reason", revoke_reason_name(reason));
        return ask;
    }
    json_put_str(ask, "op", "renew");
    json_put_flag(ask, "new_key", reason == REVOKE_KEY_COMPROMISE);
    return ask;
}

/* When it is not live any more there is nothing to tell; nor is there anybody when it is in no configuration. */
int cleanup_tell(struct turn *t)
{
    cleanup_(json_freep) json_t *rec = owner_record(t);
    bool live = strcmp(serial_of(rec), json_str(t->rec, "serial", "")) == 0;
    bool tells = json_flag(t->rec, "stay", false) || json_flag(t->rec, "renew", false);

    if (!json_flag(t->rec, "replace", false) || !owner_of(t))
        t->go = CLEANUP_REVOKE;
    return live && tells && owner_of(t) ? tell_owner(t, what_to_ask(t)) : FL_OK;
}

/* ---- replaced ------------------------------------------------------------------------------ */

static bool holds(const json_t *list, const char *text)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *one = json_string_value(item);
        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

/* What keeps it from going on, in the words of who does. */
static int not_yet(struct turn *t, const char *what, const json_t *rec)
{
    const char *msg = json_str(rec, "msg", NULL);

    return outcome_again(&t->out, 2000, "waits until %s%s%s; `fairlead revoke --now` does not wait", what,
                         msg ? ": " : "", msg ? msg : "");
}

static int wait_for_sink(struct turn *t, const struct model_certificate *mc, const char *sink,
                         const char *serial)
{
    char subject[384], what[200];

    snprintf(subject, sizeof subject, "%.250s>%.100s", mc->name, sink);
    cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_DELIVERY, subject);
    const json_t *list = json_list(rec, "delivered");
    if (holds(list, serial) && !holds(list, json_str(t->rec, "serial", "")))
        return FL_OK;
    snprintf(what, sizeof what, "sink %.100s has the replacement", sink);
    return not_yet(t, what, rec);
}

int cleanup_replaced(struct turn *t)
{
    const struct model_certificate *mc = owner_of(t);
    int code = FL_OK;

    if (!mc || ask_is(t->rec, "now"))
        return FL_OK;
    cleanup_(json_freep) json_t *rec = owner_record(t);
    if (!serial_of(rec)[0] || strcmp(serial_of(rec), json_str(t->rec, "serial", "")) == 0)
        return not_yet(t, "the replacement is issued", rec);
    for (const char *const *sink = mc->sinks; code == FL_OK && *sink; sink++)
        code = wait_for_sink(t, mc, *sink, serial_of(rec));
    return code;
}

/* ---- revoke -------------------------------------------------------------------------------- */

/* The account that it was issued to, when there is one that can be used. */
static bool account_is_there(struct turn *t, const char *authority)
{
    cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_AUTHORITY, authority);
    int code = outcome_code_parse(json_str(rec, "code", "ok"));

    return json_str(rec, "url", NULL) && code != FL_EAUTH && code != FL_ECONF;
}

static int by_key(struct turn *t, const struct world_authority *a)
{
    int code = acme_directory(a->acme, false, &t->out);

    if (code == FL_OK)
        code = acme_revoke(a->acme, json_str(t->rec, "leaf", ""), (int)json_int(t->rec, "reason", 0),
                           json_str(t->rec, "key", ""), &t->out);
    return code;
}

static int by_account(struct turn *t, const char *authority)
{
    struct acme *acme;
    int code = use_authority(t, authority, &acme);

    if (code == FL_OK)
        code = acme_directory(acme, false, &t->out);
    if (code == FL_OK)
        code = acme_revoke(acme, json_str(t->rec, "leaf", ""), (int)json_int(t->rec, "reason", 0), NULL,
                           &t->out);
    return code;
}

static int done(struct turn *t)
{
    const char *reason = revoke_reason_name((int)json_int(t->rec, "reason", 0));
    json_t *ask = json_object();
    char msg[200];

    snprintf(msg, sizeof msg, "serial %.64s, %s", json_str(t->rec, "serial", ""), reason);
    json_put_str(ask, "op", "note");
    json_put_str(ask, "event", "revoked");
    json_put_str(ask, "msg", msg);
    int code = owner_of(t) ? tell_owner(t, ask) : (json_decref(ask), FL_OK);
    if (code == FL_OK)
        log_event(LOG_LEVEL_INFO, "revoked", "certificate", strchr(json_str(t->rec, "owner", ":"), ':') + 1,
                  "msg", msg, NULL);
    t->gone = code == FL_OK;
    return code;
}

/* Signed by the account's key, or by the certificate's own when the account is not there any more, when it is not the one that
 * it was issued to, or when that was asked for (RFC 8555 7.6). */
int cleanup_revoke(struct turn *t)
{
    const char *authority = json_str(t->rec, "authority", "");
    const struct world_authority *a = world_authority(t->w, authority);

    if (json_int(t->rec, "not_after", 0) <= t->now_ms / 1000)
        return t->gone = true, FL_OK; /* expired meanwhile */
    if (!a || !a->acme)
        return outcome_fail(
            &t->out, FL_ECONF,
            "authority %s, which issued the certificate with serial %s, is not in the configuration "
            "any more: put it there again, so that it can be revoked",
            authority, json_str(t->rec, "serial", ""));
    bool own = json_flag(t->rec, "by_key", false) || !account_is_there(t, authority);
    int code = own ? by_key(t, a) : by_account(t, authority);
    if (!own && code == FL_EREJECT && strcmp(t->out.problem, "unauthorized") == 0)
        code = by_key(t, a);
    return code == FL_OK ? done(t) : code;
}
