/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.c - proofs of orders that are over, withdrawn beside everything else. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* Record: owner (the certificate's task name), proofs. The task and its record go when all is withdrawn. */
int cleanup_withdraw(struct turn *t)
{
    const char *owner = json_str(t->rec, "owner", "");
    int code = proofs_call(t, json_list(t->rec, "proofs"), owner, PROOF_WITHDRAW);

    /* A solver that is gone from the configuration cannot tidy up after itself; the DNS core still can. */
    if (code == FL_ECONF)
        code = zones_disown(t->e->zones, owner, &t->out);
    t->gone = code == FL_OK;
    return code;
}

int cleanup_start(struct engine *e, const char *owner, json_t *proofs, int64_t at_ms, struct outcome *o)
{
    char subject[384], name[400];
    struct task key = { .name = name, .kind = &task_kinds[KIND_CLEANUP] };
    cleanup_(json_freep) json_t *rec = json_object();

    snprintf(subject, sizeof subject, "%.300s@%lld", owner, (long long)at_ms);
    if (!task_name(KIND_CLEANUP, subject, name) || !rec || !json_put_int(rec, "format", RECORD_FORMAT) ||
        !json_put_str(rec, "owner", owner) || !json_put(rec, "proofs", json_incref(proofs)))
        return outcome_nomem(o);
    int code = record_save(e->world->store, &key, rec, o);
    if (code == FL_ESTALE) /* made before a crash, with the same proofs */
        code = outcome_ok(o);
    if (code == FL_OK && !queue_add(e->queue, &task_kinds[KIND_CLEANUP], name, NULL, clock_wall_ms()))
        code = outcome_nomem(o);
    if (code == FL_OK)
        queue_poke(e->queue, name, clock_wall_ms(),
                   false); /* the one of before the crash may be about to end */
    return code;
}

int proofs_over(struct turn *t)
{
    json_t *proofs = json_object_get(t->rec, "proofs");
    int code = FL_OK;

    if (json_array_size(proofs))
        code =
            cleanup_start(t->e, t->task->name, proofs, json_int(json_obj(t->rec, "order"), "at", 0), &t->out);
    if (code == FL_OK)
        json_object_del(t->rec, "proofs");
    return code;
}

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
    int code = proofs_over(t);

    if (code == FL_OK)
        code = drop_order(t, waste ? key : NULL);
    if (code == FL_OK)
        t->out = before;
    return code;
}
