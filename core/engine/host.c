/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the steps of a host task: the address records of a certificate's names. */
#include "engine/host.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000LL, HOUR_MS = 60 * 60 * 1000LL;

/* NULL: neither the certificate nor its addresses are in the configuration any more, and what it made is on its way out. */
static const struct model_certificate *cert_of(const struct turn *t)
{
    const struct subject *s = t->task->subject;
    return s && s->cert->addresses ? s->cert : NULL;
}

/* ---- owner ------------------------------------------------------------------------------- */

/* Told once: what is left to others, and when it is not any more. */
static bool note_others(struct turn *t, const json_t *plan)
{
    const json_t *others = json_list(plan, "others"), *one;
    size_t i;

    json_array_foreach(others, i, one)
    {
        const char *owner = json_str(one, "owner", NULL), *resource = json_str(one, "resource", NULL);
        bool told = false;
        const json_t *was;
        size_t k;
        json_array_foreach(json_list(t->rec, "others"), k, was) told = told || json_equal(was, one);
        if (told)
            continue;
        turn_event(t, "left-alone", "%s has %s, which is %s%s%s%s%s: it is left alone%s", host_of(one),
                   json_str(one, "value", ""), owner ? "marked for " : "not marked as ours",
                   owner ? owner : "", resource ? " (" : "", resource ? resource : "", resource ? ")" : "",
                   owner ? "" : "; `adopt` takes it over");
    }
    return json_put(t->rec, "others",
                    json_array_size(others) ? json_copy((json_t *)(uintptr_t)others) : NULL) ||
           !json_array_size(others);
}

int host_owner(struct turn *t)
{
    json_t *plan = NULL;
    int code = cert_of(t) ? host_plan(t, &plan) : FL_OK;

    if (code != FL_OK)
        return code;
    if (!cert_of(t))
        plan = json_pack("{s:[], s:[], s:[]}", "now", "own", "others");
    if (!plan || !json_put(t->rec, "plan", plan) || !note_others(t, plan))
        return outcome_nomem(&t->out);
    return FL_OK;
}

/* ---- publish ----------------------------------------------------------------------------- */

/* What becomes of each record that there is. All lists are of items. */
struct sorting {
    json_t *now, *own;    /* the plan's */
    json_t *drop, *spare; /* to be removed now; left to somebody else */
    json_t *leaving;      /* to be removed when grace is over */
};

static void sorting_done(struct sorting *s)
{
    json_decref(s->drop);
    json_decref(s->spare);
    json_decref(s->leaving);
}

static bool put_leaving(json_t *list, const json_t *item, int64_t now_ms)
{
    json_t *one = json_copy((json_t *)(uintptr_t)item);

    if (one && json_put_int(one, "since", json_int(item, "since", now_ms)))
        return json_array_append_new(list, one) == 0;
    json_decref(one);
    return false;
}

static bool is_theirs(const json_t *others, const json_t *item)
{
    const json_t *one;
    size_t i;

    json_array_foreach(others, i, one)
    {
        if (strcmp(host_of(one), host_of(item)) == 0 && host_type(one) == host_for(item))
            return true;
    }
    return false;
}

/* One that was asked for, now or some time ago. */
static bool sort_item(struct turn *t, const json_t *item, struct sorting *s)
{
    const struct model_certificate *mc = cert_of(t);
    bool again = mc && mc->addresses[0] && text_in(host_of(item), mc->names);
    json_t *same = (json_t *)(uintptr_t)item;

    if (host_has(s->now, item))
        return true;
    if (is_theirs(json_list(t->rec, "others"), item))
        return json_array_append(s->spare, same) == 0;
    /* Its name is wanted with something else: that takes its place. */
    if (again)
        return json_array_append(s->drop, same) == 0;
    return put_leaving(s->leaving, item, t->now_ms);
}

static bool sort_all(struct turn *t, struct sorting *s)
{
    const json_t *plan = json_obj(t->rec, "plan"), *item;
    bool ok;
    size_t i;

    s->now = (json_t *)(uintptr_t)json_list(plan, "now");
    s->own = (json_t *)(uintptr_t)json_list(plan, "own");
    s->drop = json_array();
    s->spare = json_array();
    s->leaving = json_array();
    ok = s->drop && s->spare && s->leaving;
    json_array_foreach(json_list(t->rec, "leaving"), i, item) ok = ok && sort_item(t, item, s);
    json_array_foreach(json_list(t->rec, "records"), i, item) ok =
        ok && (host_has(s->leaving, item) || sort_item(t, item, s));
    return ok;
}

/* Everything is in the record before anything is asked for: what stands in a zone is known whenever we are killed. */
static int note_all(struct turn *t, const struct sorting *s)
{
    json_t *all = json_copy(s->now), *leaving = json_copy(s->leaving);
    bool ok = all && leaving && json_array_extend(all, s->own) == 0 && json_array_extend(all, s->drop) == 0 &&
              json_array_extend(all, s->spare) == 0;

    ok = json_put(t->rec, "leaving", leaving) && ok;
    if (!ok) {
        json_decref(all);
        return outcome_nomem(&t->out);
    }
    return json_put(t->rec, "records", all) ? turn_save(t) : outcome_nomem(&t->out);
}

static int change(struct turn *t, const struct sorting *s)
{
    struct zones_change c = { 0 };
    auto_free struct fl_record *add = host_records(s->now, &c.nadd);
    auto_free struct fl_record *own = host_records(s->own, &c.nown);
    auto_free struct fl_record *drop = host_records(s->drop, &c.ndrop);
    auto_free struct fl_record *spare = host_records(s->spare, &c.nspare);

    if (!add || !own || !drop || !spare)
        return outcome_nomem(&t->out);
    c.add = add;
    c.own = own;
    c.drop = drop;
    c.spare = spare;
    return zones_change(t->e->zones, t->task->name, &c, &t->out);
}

/* Nothing is different from what was asked for the last time. */
static bool unchanged(const struct turn *t, const struct sorting *s)
{
    const json_t *before = json_list(t->rec, "records"), *item;
    bool same = json_array_size(before) == json_array_size(s->now) && !json_array_size(s->own) &&
                !json_array_size(s->drop) && !json_array_size(s->spare);
    size_t i;

    json_array_foreach(s->now, i, item) same = same && host_has(before, item);
    return same && json_array_size(s->leaving) == json_array_size(json_list(t->rec, "leaving"));
}

static bool keep_grace(struct turn *t)
{
    const struct model_certificate *mc = cert_of(t);
    return !mc || json_put_int(t->rec, "grace_ms", mc->grace);
}

int host_publish(struct turn *t)
{
    cleanup_(sorting_done) struct sorting s = { 0 };

    if (!json_obj(t->rec, "plan")) {
        t->go = HOST_OWNER;
        return FL_OK;
    }
    if (!sort_all(t, &s) || !keep_grace(t))
        return outcome_nomem(&t->out);
    int code = unchanged(t, &s) ? FL_OK : note_all(t, &s);
    if (code == FL_OK)
        code = change(t, &s);
    if (code != FL_OK)
        return code;
    if (!json_put(t->rec, "records", json_incref(s.now)))
        return outcome_nomem(&t->out);
    json_object_del(t->rec, "plan");
    return FL_OK;
}

/* ---- visible and idle -------------------------------------------------------------------- */

static bool lists_are(const json_t *out, const struct model_certificate *mc)
{
    cleanup_(json_freep) json_t *names = strv_json(mc->names), *addresses = strv_json(mc->addresses);

    return names && addresses && json_equal(names, json_object_get(out, "names")) &&
           json_equal(addresses, json_object_get(out, "addresses"));
}

bool host_is_out(const json_t *rec, const struct model_certificate *mc)
{
    return !mc->addresses[0] || lists_are(json_obj(rec, "out"), mc);
}

static bool note_out(struct turn *t)
{
    const struct model_certificate *mc = cert_of(t);
    json_t *out = mc ? json_object() : NULL;

    if (!mc || (out && json_put(out, "names", strv_json(mc->names)) &&
                json_put(out, "addresses", strv_json(mc->addresses))))
        return !out || json_put(t->rec, "out", out);
    json_decref(out);
    return false;
}

int host_visible(struct turn *t)
{
    size_t n = 0;
    auto_free struct fl_record *records = host_records(json_list(t->rec, "records"), &n);

    if (!records)
        return outcome_nomem(&t->out);
    int code = zones_published(t->e->zones, t->task->name, records, n, NULL, &t->out);
    if (code != FL_OK)
        return code;
    t->wakes = true;
    return note_out(t) ? FL_OK : outcome_nomem(&t->out);
}

void host_rest(struct turn *t)
{
    t->go = HOST_IDLE;
    t->at_ms = t->now_ms + (json_list(t->rec, "others") ? HOUR_MS : DAY_MS);
}

int host_idle(struct turn *t)
{
    (void)t;
    return FL_OK;
}
