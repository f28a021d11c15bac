/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.c - proofs of orders that are over, withdrawn beside everything else. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3, CLASHES = 8 };

/* Record: owner (the certificate's task name), proofs, authority, authorizations (URLs) and again (how often it was made
 * while it was there). The task and its record go
 * when all is withdrawn and nothing is left pending. */
int cleanup_withdraw(struct turn *t)
{
    const char *owner = json_str(t->rec, "owner", "");
    int code = proofs_call(t, json_list(t->rec, "proofs"), owner, PROOF_WITHDRAW);

    /* A solver that is gone from the configuration cannot tidy up after itself; the DNS core still can. */
    if (code == FL_ECONF)
        code = zones_disown(t->e->zones, owner, &t->out);
    t->gone = code == FL_OK && !json_array_size(json_list(t->rec, "authorizations"));
    return code;
}

/* ---- authorizations that nobody will prove any more (RFC 8555 7.5.2) --------------------- */

/* The next order may have been given the same one. */
static bool in_use(const json_t *owner, const char *url)
{
    const json_t *list = json_list(json_obj(owner, "order"), "authorizations"), *one;
    size_t i;

    json_array_foreach(list, i,
                       one) if (json_is_string(one) && strcmp(json_string_value(one), url) == 0) return true;
    return false;
}

/* Only what is pending: a valid one spares the next order a proof. */
static int release_one(struct turn *t, struct acme *acme, const char *url)
{
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    int code = acme_authz(acme, url, &z, &t->out);

    return code == FL_OK && z.status == ACME_PENDING ? acme_authz_deactivate(acme, url, &t->out) : code;
}

/* They expire by themselves, so what stands in the way is logged, tried a few times and then left. */
static bool leave(const struct turn *t, int code)
{
    if (code == FL_ECANCEL || code == FL_ENOMEM || code == FL_EAGAIN)
        return false;
    return (code != FL_ETEMP && code != FL_ERATE) || json_int(t->rec, "tries", 0) >= TRIES;
}

int cleanup_release(struct turn *t)
{
    const char *owner = strchr(json_str(t->rec, "owner", ":"), ':');
    cleanup_(json_freep) json_t *user = record_peek(t->w->store, KIND_CERTIFICATE, owner ? owner + 1 : "");
    json_t *list = json_object_get(t->rec, "authorizations");
    struct acme *acme;
    int code = use_authority(t, json_str(t->rec, "authority", ""), &acme);

    while (code == FL_OK && json_array_size(list)) {
        const char *url = json_string_value(json_array_get(list, 0));
        if (url && !in_use(user, url))
            code = release_one(t, acme, url);
        if (code == FL_OK || code == FL_EREJECT)
            json_array_remove(list, 0);
        if (code == FL_EREJECT)
            code = outcome_ok(&t->out);
    }
    if (code != FL_OK && leave(t, code)) {
        turn_event(t, "left-pending", "%s", t->out.msg);
        code = outcome_ok(&t->out);
    }
    t->gone = code == FL_OK;
    return code;
}

/* ---- making one ---------------------------------------------------------------------------- */

/* Those that were pending when the order was read; without proofs it was not read. NULL: no memory. */
static json_t *pending_of(const json_t *rec)
{
    const json_t *proofs = json_list(rec, "proofs"), *p;
    const json_t *order = json_obj(rec, "order");
    json_t *list = json_array();
    size_t i;

    if (!list || json_flag(order, "proved", false))
        return list;
    if (!proofs && json_list(order, "authorizations"))
        json_array_extend(list, json_object_get(order, "authorizations"));
    json_array_foreach(proofs, i, p) if (json_str(p, "authorization", NULL))
        json_array_append(list, json_object_get(p, "authorization"));
    return list;
}

static int fill(json_t *out, const char *owner, const json_t *rec, bool open, bool *needed, struct outcome *o)
{
    json_t *proofs = json_object_get(rec, "proofs"), *pending = open ? pending_of(rec) : json_array();

    *needed = json_array_size(proofs) || json_array_size(pending);
    /* First, whatever comes of it: it takes the reference. */
    return json_put(out, "authorizations", pending) && json_put_int(out, "format", RECORD_FORMAT) &&
                   json_put_str(out, "owner", owner) &&
                   json_put_str(out, "authority", json_str(rec, "authority", "")) &&
                   json_put(out, "proofs", proofs ? json_incref(proofs) : json_array())
               ? FL_OK
               : outcome_nomem(o);
}

/* One that was made before a crash has the same proofs, which may have been shown again since: it is changed, so that it
 * does not go before it has withdrawn them once more. */
static int keep(struct store *s, struct task *key, json_t *made, struct outcome *o)
{
    int code = record_save(s, key, made, o);

    for (int i = 0; i < CLASHES && code == FL_ESTALE; i++) {
        cleanup_(json_freep) json_t *before = NULL;
        code = record_load(s, key, &before, o);
        if (code == FL_OK && !json_put_int(made, "again", json_int(before, "again", 0) + 1))
            code = outcome_nomem(o);
        if (code == FL_OK)
            code = record_save(s, key, made, o);
    }
    return code;
}

int cleanup_start(struct engine *e, const char *owner, const json_t *rec, bool open, struct outcome *o)
{
    char subject[384], name[400];
    struct task key = { .name = name, .kind = &task_kinds[KIND_CLEANUP] };
    cleanup_(json_freep) json_t *made = json_object();
    bool needed = false;
    int code = made ? fill(made, owner, rec, open, &needed, o) : outcome_nomem(o);

    if (code != FL_OK || !needed)
        return code;
    snprintf(subject, sizeof subject, "%.300s@%lld", owner,
             (long long)json_int(json_obj(rec, "order"), "at", 0));
    if (!task_name(KIND_CLEANUP, subject, name))
        return outcome_nomem(o);
    code = keep(e->world->store, &key, made, o);
    if (code == FL_OK && !queue_add(e->queue, &task_kinds[KIND_CLEANUP], name, NULL, clock_wall_ms()))
        code = outcome_nomem(o);
    if (code == FL_OK)
        queue_poke(e->queue, name, clock_wall_ms(),
                   false); /* the one of before the crash may be about to end */
    return code;
}

static int put_away(struct turn *t, bool open)
{
    int code = cleanup_start(t->e, t->task->name, t->rec, open, &t->out);

    if (code == FL_OK)
        json_object_del(t->rec, "proofs");
    return code;
}

int proofs_over(struct turn *t) { return put_away(t, false); }

/* ---- keys that no certificate will ever fit ------------------------------------------ */

void forget_waste(struct turn *t)
{
    json_t *list = json_object_get(t->rec, "waste");
    struct outcome o = { 0 };

    for (size_t i = json_array_size(list); i-- > 0;) {
        const char *key = json_string_value(json_array_get(list, i));
        if (!key || keeper_forget(t->w->keeper, key, &o) == FL_OK || o.code == FL_ECONF)
            json_array_remove(list, i);
    }
    if (!json_array_size(list))
        json_object_del(t->rec, "waste");
}

static bool add_waste(struct turn *t, const char *key)
{
    json_t *list = json_object_get(t->rec, "waste");

    if (!json_is_array(list) && !json_put(t->rec, "waste", list = json_array()))
        return false;
    return json_array_append_new(list, json_string(key)) == 0;
}

/* The key goes only when no record on disk says any more that an order is for it. */
static int drop_order(struct turn *t, const char *key)
{
    cleanup_(json_freep) json_t *order = json_incref(json_object_get(t->rec, "order"));
    json_t *waste;

    if (key && !add_waste(t, key))
        return outcome_nomem(&t->out);
    json_object_del(t->rec, "order");
    json_object_del(t->rec, "answered");
    if (!key)
        return FL_OK;
    int code = turn_save(t);
    if (code == FL_OK) {
        forget_waste(t);
        return FL_OK;
    }
    waste = json_object_get(t->rec, "waste");
    json_array_remove(waste, json_array_size(waste) - 1);
    return json_put(t->rec, "order", json_incref(order)) ? code : outcome_nomem(&t->out);
}

int order_over(struct turn *t, bool keep_key)
{
    struct outcome before = t->out;
    const char *key = json_str(json_obj(t->rec, "order"), "key", NULL);
    const char *live_key = json_str(json_obj(t->rec, "live"), "key", NULL);
    bool waste = key && !keep_key && (!live_key || strcmp(key, live_key) != 0);
    int code = put_away(t, !keep_key);

    if (code == FL_OK && !keep_key)
        budget_return(t);
    if (code == FL_OK)
        code = drop_order(t, waste ? key : NULL);
    if (code == FL_OK)
        t->out = before;
    return code;
}
