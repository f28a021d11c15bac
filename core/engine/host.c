/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the steps of a host task: the address records of a certificate's names. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/steps.h"

#include <string.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000LL;

struct wants {
    struct fl_record *at;
    size_t n;
};

static void wants_done(struct wants *w) { free(w->at); }

/* One A, AAAA or, for a host name, CNAME record for each address of each name; an address as a name needs none. */
static bool wants_of(const struct model_certificate *mc, struct wants *out)
{
    size_t names = 0, addresses = 0;
    char ip[46];
    bool v6;

    while (mc->names[names])
        names++;
    while (mc->addresses[addresses])
        addresses++;
    out->at = mem_array(names * addresses + 1, sizeof *out->at);
    for (size_t i = 0; out->at && i < names; i++)
        for (size_t k = 0; k < addresses && !text_ip(mc->names[i], ip, &v6); k++)
            out->at[out->n++] = (struct fl_record){ .name = mc->names[i],
                                                    .type = !text_ip(mc->addresses[k], ip, &v6) ? FL_RR_CNAME
                                                            : v6                                ? FL_RR_AAAA
                                                                                                : FL_RR_A,
                                                    .value = mc->addresses[k] };
    return out->at != NULL;
}

/* What the provider has at that name and type: is any of it not what we want? */
static int others(struct turn *t, struct instance *i, const char *apex, const struct fl_record *r, bool *out)
{
    const struct fl_dns_ops *ops = &i->plugin->ops.dns;
    const struct subject *s = t->task->subject;
    struct fl_zone zone = { 0 };
    struct emitted e = { 0 };
    struct call c;
    int code = call_begin(&c, i, t->task->name, 0, &t->out);

    if (code != FL_OK)
        return code;
    size_t len = strlen(r->name) - strlen(apex);
    const char *name = fl_printf(c.ctx, "%.*s", len ? (int)len - 1 : 0, r->name);
    code = ops->zone(c.ctx, apex, &zone);
    if (code == FL_OK)
        code = ops->list(c.ctx, &zone, name, r->type);
    call_emitted(&c, &e);
    for (size_t k = 0; code == FL_OK && k < e.nrrsets; k++)
        for (size_t v = 0; v < e.rrsets[k].n; v++)
            *out = *out ||
                   (e.rrsets[k].type == r->type && !text_in(e.rrsets[k].values[v].text, s->cert->addresses));
    return call_end(&c, code, &t->out);
}

/* ---- what was asked for, in the task's record -------------------------------------------- */

static json_t *as_json(const struct fl_record *r)
{
    json_t *out = json_object();

    if (out && json_put_str(out, "name", r->name) && json_put_int(out, "type", r->type) &&
        json_put_str(out, "value", r->value))
        return out;
    json_decref(out);
    return NULL;
}

/* NULL: no memory. */
static json_t *listed(const struct wants *w)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < w->n; i++)
        if (json_array_append_new(list, as_json(&w->at[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool asked_for(const json_t *rec, const struct fl_record *r)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_list(rec, "records"), i,
                       item) if (json_int(item, "type", 0) == r->type &&
                                 strcmp(json_str(item, "name", ""), r->name) == 0) return true;
    return false;
}

bool host_is_out(const json_t *rec, const struct model_certificate *mc)
{
    cleanup_(wants_done) struct wants w = { 0 };
    cleanup_(json_freep) json_t *want = wants_of(mc, &w) ? listed(&w) : NULL;

    return want && strcmp(json_str(rec, "step", ""), task_kinds[KIND_HOST].steps[HOST_IDLE].name) == 0 &&
           json_equal(want, json_list(rec, "records"));
}

/* A record that is there already, with another value and not asked for by us, is somebody else's. */
static int foreign(struct turn *t, const struct wants *w)
{
    for (size_t i = 0; i < w->n; i++) {
        char key[320];
        bool found = false;
        if (asked_for(t->rec, &w->at[i]))
            continue;
        int code = zones_find(t->e->zones, w->at[i].name, NULL, key, &t->out);
        if (code != FL_OK)
            return code;
        char *apex = strchr(key, '/');
        *apex++ = '\0';
        struct instance *instance = world_find(t->w, FL_KIND_DNS, key);
        /* At the end of a CNAME the name is another's to keep. */
        if (!instance || !text_below(w->at[i].name, apex))
            continue;
        code = others(t, instance, apex, &w->at[i], &found);
        if (code != FL_OK)
            return code;
        if (found)
            return outcome_fail(
                &t->out, FL_ECONF,
                "%s has another address that fairlead did not set: remove it or take `addresses` out",
                w->at[i].name);
    }
    return FL_OK;
}

int host_owner(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };

    return wants_of(s->cert, &w) ? foreign(t, &w) : outcome_nomem(&t->out);
}

/* Both lists are in the record before anything is asked for: what stands in a zone is known whenever we are killed. */
static int note_both(struct turn *t, const json_t *before, json_t *now)
{
    json_t *both = json_copy(now);

    if (both && before && !json_equal(before, now) &&
        json_array_extend(both, (json_t *)(uintptr_t)before) != 0) {
        json_decref(both);
        both = NULL;
    }
    if (!both || !json_put(t->rec, "records", both))
        return outcome_nomem(&t->out);
    return turn_save(t);
}

static int take_back(struct turn *t, const json_t *before, const json_t *now)
{
    const json_t *item, *kept;
    size_t i, k;
    int code = FL_OK;

    json_array_foreach(before, i, item)
    {
        const struct fl_record r = { .name = json_str(item, "name", ""),
                                     .type = (uint32_t)json_int(item, "type", 0),
                                     .value = json_str(item, "value", "") };
        bool wanted = false;
        json_array_foreach(now, k, kept) wanted = wanted || json_equal(item, kept);
        if (!wanted && code == FL_OK)
            code = zones_want(t->e->zones, t->task->name, &r, 1, NULL, false, &t->out);
    }
    return code;
}

int host_publish(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };
    cleanup_(json_freep) json_t *now = wants_of(s->cert, &w) ? listed(&w) : NULL;
    json_t *listed_before = json_object_get(t->rec, "records");
    cleanup_(json_freep) json_t *before = json_is_array(listed_before) ? json_incref(listed_before) : NULL;

    if (!now)
        return outcome_nomem(&t->out);
    int code = json_equal(before, now) ? FL_OK : note_both(t, before, now);
    if (code == FL_OK)
        code = zones_want(t->e->zones, t->task->name, w.at, w.n, NULL, true, &t->out);
    if (code == FL_OK)
        code = take_back(t, before, now);
    if (code != FL_OK)
        return code;
    return json_put(t->rec, "records", json_incref(now)) ? FL_OK : outcome_nomem(&t->out);
}

int host_visible(struct turn *t)
{
    const struct subject *s = t->task->subject;
    cleanup_(wants_done) struct wants w = { 0 };

    if (!wants_of(s->cert, &w))
        return outcome_nomem(&t->out);
    int code = zones_published(t->e->zones, t->task->name, w.at, w.n, NULL, &t->out);
    t->at_ms = t->now_ms + DAY_MS;
    t->wakes = true;
    return code;
}

int host_idle(struct turn *t)
{
    (void)t;
    return FL_OK;
}
