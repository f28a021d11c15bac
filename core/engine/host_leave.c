/* SPDX-License-Identifier: Apache-2.0 */
/* host_leave.c - address records that the configuration does not want any more: grace, and so many an hour. */
#include "base/mem.h"
#include "engine/bucket.h"
#include "engine/host.h"

#include <string.h>

static const int64_t GRACE_MS = 600000, HOUR_MS = 3600000;
enum { LEAST_AN_HOUR = 10, SHARE = 10 };

/* The records of one type at one host, and their mark. */
struct group {
    const char *host, *instance;
    uint32_t of;
    json_t *items;
    size_t addresses;
    int64_t since_ms;
};

static void group_done(struct group *g) { json_decref(g->items); }

/* Borrows from the list, which keeps them. */
static bool gather(const json_t *leaving, const json_t *first, struct group *out)
{
    const json_t *item;
    size_t i;

    *out = (struct group){ .host = host_of(first),
                           .instance = json_str(first, "instance", ""),
                           .of = host_for(first),
                           .items = json_array(),
                           .since_ms = json_int(first, "since", 0) };
    json_array_foreach(leaving, i, item)
    {
        if (strcmp(host_of(item), out->host) != 0 || host_for(item) != out->of)
            continue;
        if (!out->items || json_array_append(out->items, (json_t *)(uintptr_t)item) != 0)
            return false;
        out->addresses += host_type(item) != FL_RR_TXT;
    }
    return out->items != NULL;
}

/* Somebody may have taken it over since we wrote it: then it stays. */
static int taken(struct turn *t, const struct group *g, bool *out)
{
    struct host_sight s;
    struct mark m;
    int code = host_look(t, g->host, true, &s);

    *out = false;
    for (size_t k = 0; code == FL_OK && k < HOST_TYPES; k++)
        if (host_types[k] == g->of &&
            host_whose(&s, k, g->host, g->items, g->items, false, &m) == HOST_THEIRS)
            *out = true;
    host_look_done(&s);
    if (*out)
        turn_event(t, "left-alone", "%s is marked for %s by now: its addresses stay", g->host, m.owner);
    /* Nobody holds its zone any more: the zone's journal says what is left. */
    return code == FL_ECONF ? outcome_ok(&t->out) : code;
}

/* So many of an instance's an hour: a mistake in a file, or an empty one, must not take a whole zone away. */
static struct limit limit_of(struct turn *t, const char *instance)
{
    size_t share = zones_addresses(t->e->zones, instance, "host:") / SHARE;
    return (struct limit){ .what = "removed",
                           .words = "addresses removed",
                           .most = share > LEAST_AN_HOUR ? (int64_t)share : LEAST_AN_HOUR,
                           .per_ms = HOUR_MS };
}

/* Until when it has to wait for the others; 0: it was counted, and goes. */
static int count(struct turn *t, const struct group *g, int64_t *until_ms)
{
    char who[300], key[BUCKET_KEY];
    const struct limit l = limit_of(t, g->instance);
    int tokens = (int)(g->addresses < (size_t)l.most ? g->addresses : (size_t)l.most);

    snprintf(who, sizeof who, "dns:%.255s", g->instance);
    const struct budget b = { .authority = who };
    if (!bucket_key(&b, &l, "", key) || tokens == 0)
        return FL_OK;
    const struct bucket is = bucket_look(t->w->store, &l, key, t->now_ms);
    int64_t wait_ms = bucket_wait_ms(&is, &l, tokens - 1, t->now_ms);
    if (wait_ms > 0) {
        *until_ms = t->now_ms + wait_ms;
        return FL_OK;
    }
    return bucket_move(t->w->store, &l, key, t->now_ms, tokens, &t->out);
}

static int drop(struct turn *t, const struct group *g, bool spare)
{
    size_t n = 0;
    auto_free struct fl_record *records = host_records(g->items, &n);
    struct zones_change c = { .drop = records, .ndrop = spare ? 0 : n };

    if (!records)
        return outcome_nomem(&t->out);
    c.spare = records;
    c.nspare = spare ? n : 0;
    int code = zones_change(t->e->zones, t->task->name, &c, &t->out);
    if (code == FL_OK && !spare)
        turn_event(t, "removed", "%s has no address any more that fairlead set", g->host);
    return code;
}

static void forget(struct turn *t, const struct group *g)
{
    json_t *leaving = json_object_get(t->rec, "leaving");

    for (size_t i = json_array_size(leaving); i-- > 0;)
        if (host_has(g->items, json_array_get(leaving, i)))
            json_array_remove(leaving, i);
}

/* The first of the list and all that go with it. *until_ms_out: it has to wait so long; 0: it is gone. */
static int leave_one(struct turn *t, const json_t *first, int64_t *until_ms_out)
{
    int64_t grace_ms = json_int(t->rec, "grace_ms", GRACE_MS);
    cleanup_(group_done) struct group g = { 0 };
    bool theirs = false;

    *until_ms_out = 0;
    if (!gather(json_list(t->rec, "leaving"), first, &g))
        return outcome_nomem(&t->out);
    /* A clock that was set back must not keep it for years. */
    if (g.since_ms <= t->now_ms && t->now_ms - g.since_ms < grace_ms) {
        *until_ms_out = g.since_ms + grace_ms;
        return FL_OK;
    }
    int code = taken(t, &g, &theirs);
    if (code == FL_OK && !theirs)
        code = count(t, &g, until_ms_out);
    if (code == FL_OK && *until_ms_out == 0)
        code = drop(t, &g, theirs);
    if (code == FL_OK && *until_ms_out == 0)
        forget(t, &g);
    return code;
}

int host_leave(struct turn *t)
{
    const json_t *leaving = json_list(t->rec, "leaving");
    int64_t next_ms = INT64_MAX;
    size_t i = 0;

    while (i < json_array_size(leaving)) {
        size_t before = json_array_size(leaving);
        int64_t until_ms = 0;
        int code = leave_one(t, json_array_get(leaving, i), &until_ms);
        if (code != FL_OK)
            return code;
        if (until_ms && until_ms < next_ms)
            next_ms = until_ms;
        i = json_array_size(leaving) < before ? 0 : i + 1;
    }
    if (json_array_size(leaving)) {
        t->go = HOST_LEAVE;
        t->at_ms = next_ms < t->now_ms + HOUR_MS ? next_ms : t->now_ms + HOUR_MS;
        return FL_OK;
    }
    if (t->task->subject) {
        host_rest(t);
        return FL_OK;
    }
    t->gone = true;
    return zones_disown(t->e->zones, t->task->name, &t->out);
}
