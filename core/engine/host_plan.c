/* SPDX-License-Identifier: Apache-2.0 */
/* host_plan.c - whose the addresses of a name are, and what is to become of them. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/host.h"
#include "zone/rrset.h"

#include <stdio.h>
#include <string.h>

/* ---- whose is it? ------------------------------------------------------------------------ */

/* Is that TXT value one of the marks that we wrote? */
static bool our_text(const json_t *before, const char *host, uint32_t of, const char *text)
{
    const json_t *one;
    size_t i;

    json_array_foreach(before, i, one)
    {
        if (host_type(one) == FL_RR_TXT && host_for(one) == of && strcmp(host_of(one), host) == 0 &&
            strcmp(json_str(one, "value", ""), text) == 0)
            return true;
    }
    return false;
}

/* The mark among TXT values: ours where there are several. False: none. */
static bool mark_among(const json_t *texts, const struct host_sight *s, uint32_t of, const char *host,
                       const json_t *before, struct mark *out, bool *ours_out)
{
    const json_t *one;
    struct mark m;
    bool found = false;
    size_t i;

    *ours_out = false;
    json_array_foreach(texts, i, one)
    {
        const char *text = json_string_value(one);
        if (*ours_out || !mark_read(text, &m))
            continue;
        *ours_out =
            our_text(before, host, of, text) || (s->rule.owner[0] && strcmp(m.owner, s->rule.owner) == 0);
        if (!found || *ours_out)
            *out = m;
        found = true;
    }
    return found;
}

static bool is_wanted(const json_t *wanted, const char *name, uint32_t type, const char *value)
{
    const json_t *item;
    size_t i;

    json_array_foreach(wanted, i, item)
    {
        if (host_type(item) == type && strcmp(json_str(item, "name", ""), name) == 0 &&
            rrset_same(type, json_str(item, "value", ""), value))
            return true;
    }
    return false;
}

static bool all_wanted(const json_t *values, const char *host, uint32_t type, const json_t *wanted)
{
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value)
    {
        if (!is_wanted(wanted, host, type, json_string_value(value)))
            return false;
    }
    return true;
}

enum host_whose host_whose(const struct host_sight *s, size_t k, const char *host, const json_t *before,
                           const json_t *wanted, bool adopt, struct mark *mark_out)
{
    const struct host_kind *is = &s->at[k];
    uint32_t type = host_types[k];
    struct mark m = { .owner = "" };
    bool ours = false;

    *mark_out = m;
    if (json_array_size(is->values) == 0)
        return HOST_FREE;
    bool found = mark_among(is->marks, s, type, host, before, &m, &ours);
    if (!found && type != FL_RR_AAAA)
        found = mark_among(s->old, s, type, host, before, &m, &ours);
    if (found) {
        *mark_out = m;
        return ours ? HOST_OURS : HOST_THEIRS;
    }
    return adopt || host_about(before, host, type) || all_wanted(is->values, host, type, wanted)
               ? HOST_OURS
               : HOST_THEIRS;
}

/* ---- one name ---------------------------------------------------------------------------- */

struct planning {
    struct turn *t;
    const struct model_certificate *mc;
    const json_t *before, *leaving;
    json_t *now, *own, *others;
};

/* The record type for that address, as its provider can have it; 0: it cannot, and t->out says so. */
static uint32_t type_for(struct planning *p, const struct host_sight *s, const char *host,
                         const char *address)
{
    char ip[46];
    bool v6;

    if (text_ip(address, ip, &v6))
        return v6 ? FL_RR_AAAA : FL_RR_A;
    if (strcmp(host, s->apex) != 0)
        return FL_RR_CNAME;
    if (s->alias)
        return FL_RR_ALIAS;
    outcome_fail(
        &p->t->out, FL_ECONF,
        "%s is the apex of its zone, where no CNAME can stand, and dns %s has no ALIAS: give addresses "
        "in place of %s",
        host, s->instance, address);
    return 0;
}

static size_t place_of(uint32_t type)
{
    size_t k = 0;
    while (k + 1 < HOST_TYPES && host_types[k] != type)
        k++;
    return k;
}

/* What is wanted at that name: an item for each address, and one for the mark of each type. */
static int want(struct planning *p, const struct host_sight *s, const char *host, json_t *out)
{
    const struct host_at at = { host, s->instance };
    char resource[300], text[MARK_TEXT];
    bool marked[HOST_TYPES] = { false }, ok = true;

    snprintf(resource, sizeof resource, "certificate/%s", task_subject(p->t->task));
    bool mark = s->rule.owner[0] && mark_text(&s->rule, resource, text);
    for (const char *const *a = p->mc->addresses; ok && *a; a++) {
        uint32_t type = type_for(p, s, host, *a);
        if (!type)
            return p->t->out.code;
        size_t k = place_of(type);
        ok = host_add(out, &at, host, type, type, *a);
        if (ok && mark && !marked[k] && s->at[k].mark[0])
            ok = host_add(out, &at, s->at[k].mark, FL_RR_TXT, type, text);
        marked[k] = true;
    }
    return ok ? FL_OK : outcome_nomem(&p->t->out);
}

/* What stands there, is ours and is not wanted: what an earlier state wrote, or somebody whose records are adopted. Where our record
 * knows what we wrote, other values beside it are other people's. */
static bool own_rest(struct planning *p, const struct host_sight *s, size_t k, const char *host,
                     const json_t *wanted)
{
    const struct host_at at = { host, s->instance };
    uint32_t type = host_types[k];
    const json_t *value;
    struct mark m;
    bool ok = true;
    size_t i;

    json_array_foreach(s->at[k].values, i, value)
    {
        if (ok && !is_wanted(wanted, host, type, json_string_value(value)))
            ok = host_add(p->own, &at, host, type, type, json_string_value(value));
    }
    json_array_foreach(s->at[k].marks, i, value)
    {
        const char *text = json_string_value(value);
        if (ok && !is_wanted(wanted, s->at[k].mark, FL_RR_TXT, text) && mark_read(text, &m) &&
            strcmp(m.owner, s->rule.owner) == 0)
            ok = host_add(p->own, &at, s->at[k].mark, FL_RR_TXT, type, text);
    }
    return ok;
}

/* Of another that holds the name, as a person wants to read it. */
static bool add_other(struct planning *p, const struct host_sight *s, size_t k, const char *host,
                      const struct mark *m)
{
    json_t *one = json_object();
    const json_t *value = json_array_get(s->at[k].values, 0);

    if (one && json_put_str(one, "name", host) && json_put_int(one, "type", host_types[k]) &&
        json_put_str(one, "value", value ? json_string_value(value) : NULL) &&
        json_put_str(one, "owner", m->owner[0] ? m->owner : NULL) &&
        json_put_str(one, "resource", m->resource[0] ? m->resource : NULL))
        return json_array_append_new(p->others, one) == 0;
    json_decref(one);
    return false;
}

/* A name at which anything is somebody else's gets nothing new: only what is ours there already is kept up. */
static bool take_wanted(struct planning *p, const json_t *wanted, const enum host_whose *whose, bool theirs)
{
    const json_t *item;
    bool ok = true;
    size_t i;

    json_array_foreach(wanted, i, item)
    {
        if (ok && (!theirs || whose[place_of(host_for(item))] == HOST_OURS))
            ok = json_array_append(p->now, (json_t *)(uintptr_t)item) == 0;
    }
    return ok;
}

/* NULL: nothing to add. */
static bool extend(json_t *list, const json_t *more)
{
    return !more || json_array_extend(list, (json_t *)(uintptr_t)more) == 0;
}

static int plan_sight(struct planning *p, const struct host_sight *s, const char *host)
{
    cleanup_(json_freep) json_t *wanted = json_array(), *ours = json_array();
    enum host_whose whose[HOST_TYPES];
    bool theirs = false, ok = wanted && ours;
    struct mark m;
    int code = ok ? want(p, s, host, wanted) : outcome_nomem(&p->t->out);

    if (code != FL_OK)
        return code;
    ok = extend(ours, p->before) && extend(ours, p->leaving);
    for (size_t k = 0; ok && k < HOST_TYPES; k++) {
        whose[k] = host_whose(s, k, host, ours, wanted, p->mc->adopt, &m);
        if (whose[k] == HOST_THEIRS)
            ok = theirs = add_other(p, s, k, host, &m);
    }
    for (size_t k = 0; ok && k < HOST_TYPES; k++)
        if (whose[k] == HOST_OURS && !theirs && (p->mc->adopt || !host_about(ours, host, host_types[k])))
            ok = own_rest(p, s, k, host, wanted);
    return ok && take_wanted(p, wanted, whose, theirs) ? FL_OK : outcome_nomem(&p->t->out);
}

static int plan_name(struct planning *p, const char *host)
{
    struct host_sight s;
    int code = host_look(p->t, host, true, &s);

    if (code == FL_OK)
        code = plan_sight(p, &s, host);
    host_look_done(&s);
    return code;
}

/* Addresses that are gone while their certificate is there leave what the DNS gives as it is. */
static bool keep_last(struct planning *p)
{
    const json_t *item;
    bool ok = true;
    size_t i;

    json_array_foreach(p->before, i, item)
    {
        if (ok && text_in(host_of(item), p->mc->names))
            ok = json_array_append(p->now, (json_t *)(uintptr_t)item) == 0;
    }
    return ok;
}

int host_plan(struct turn *t, json_t **out)
{
    const struct subject *s = t->task->subject;
    cleanup_(json_freep) json_t *now = json_array(), *own = json_array(), *others = json_array();
    struct planning p = { .t = t,
                          .mc = s->cert,
                          .before = json_list(t->rec, "records"),
                          .leaving = json_list(t->rec, "leaving"),
                          .now = now,
                          .own = own,
                          .others = others };
    char ip[46];
    bool v6, ok = now && own && others;
    int code = FL_OK;

    if (ok && !p.mc->addresses[0])
        ok = keep_last(&p);
    for (const char *const *name = p.mc->names; ok && code == FL_OK && p.mc->addresses[0] && *name; name++)
        if (!text_ip(*name, ip, &v6))
            code = plan_name(&p, *name);
    if (code != FL_OK)
        return code;
    json_t *plan = json_object();
    if (ok && plan && json_put(plan, "now", json_incref(now)) && json_put(plan, "own", json_incref(own)) &&
        json_put(plan, "others", json_incref(others))) {
        *out = plan;
        return FL_OK;
    }
    json_decref(plan);
    return outcome_nomem(&t->out);
}
