/* SPDX-License-Identifier: Apache-2.0 */
/* suite.c - calls to the provider, and what they have led to. */
#include "suite.h"
#include "base/clock.h"
#include "base/mem.h"
#include "zone/rrset.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    RATE_WAITS = 10,
    STALE_TRIES = 5,
    OUTSIDE_MS = 60000,
    LOOK_MS = 2000,
    SETTLE_MS = 120000,
    CHANGE_TTL = 60
};

static void rest(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

const char *suite_name(struct suite *s, const char *label)
{
    return arena_printf(&s->memory, "%s.%s", label, s->prefix);
}

void suite_complain(struct suite *s, const char *fmt, ...)
{
    va_list ap;
    s->failed = true;
    size_t room = sizeof s->words - s->nwords;
    va_start(ap, fmt);
    int n = vsnprintf(s->words + s->nwords, room, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n + 2 < room) {
        s->nwords += (size_t)n;
        s->words[s->nwords++] = '\n';
        s->words[s->nwords] = '\0';
    }
}

bool suite_code(struct suite *s, const char *what, int got, int want, const struct outcome *o)
{
    if (got != want)
        suite_complain(s, "%s gives %s%s%s, not %s", what, outcome_code_name(got), got == FL_OK ? "" : ": ",
                       got == FL_OK ? "" : o->msg, outcome_code_name(want));
    return got == want;
}

bool suite_can(const struct suite *s, enum fl_dns_cap flag) { return s->caps.flags & flag; }

/* ---- calls ---- */

/* Calls of other threads fill the lane, services ask for a pause: neither is what is checked. */
static bool wait_for_it(int code, const struct outcome *o, int *tries)
{
    if (code == FL_EAGAIN && strcmp(o->problem, LANE_CROWDED) == 0) {
        sched_yield();
        rest(1);
        return true;
    }
    if (code != FL_ERATE || ++*tries > RATE_WAITS)
        return false;
    rest(o->retry_after_ms > 0 && o->retry_after_ms < 60000 ? o->retry_after_ms : 1000);
    return true;
}

int suite_zone(struct suite *s, struct instance *i, const char *apex, struct outcome *o)
{
    struct call c;
    int code, tries = 0;
    do {
        struct fl_zone z = { 0 };
        code = call_begin(&c, i, apex, 0, o);
        if (code == FL_OK)
            code = call_end(&c, s->ops->zone(c.ctx, apex, &z), o);
    } while (wait_for_it(code, o, &tries));
    return code;
}

static struct fl_value *copy_values(struct arena *a, const struct fl_value *from, size_t n)
{
    struct fl_value *to = arena_alloc(a, (n + 1) * sizeof *to);
    for (size_t i = 0; to && i < n; i++)
        to[i] = (struct fl_value){ .text = arena_strdup(a, from[i].text),
                                   .id = from[i].id ? arena_strdup(a, from[i].id) : NULL };
    return to;
}

static void copy_shelf(struct suite *s, const struct emitted *e, struct shelf *out)
{
    struct arena *a = &s->memory;
    out->at = arena_alloc(a, (e->nrrsets + 1) * sizeof *out->at);
    out->n = out->at ? e->nrrsets : 0;
    for (size_t i = 0; i < out->n; i++) {
        out->at[i] = e->rrsets[i];
        out->at[i].name = arena_strdup(a, e->rrsets[i].name);
        out->at[i].etag = e->rrsets[i].etag ? arena_strdup(a, e->rrsets[i].etag) : NULL;
        out->at[i].values = copy_values(a, e->rrsets[i].values, e->rrsets[i].n);
        out->at[i].n = out->at[i].values ? e->rrsets[i].n : 0;
    }
}

int suite_list(struct suite *s, const char *name, uint32_t type, struct shelf *out, struct outcome *o)
{
    struct call c;
    int code, tries = 0;
    *out = (struct shelf){ 0 };
    do {
        code = call_begin(&c, s->i, s->apex, 0, o);
        if (code != FL_OK)
            continue;
        struct emitted e = { 0 };
        code = s->ops->list(c.ctx, &s->zone, name, type);
        call_emitted(&c, &e);
        if (code == FL_OK)
            copy_shelf(s, &e, out);
        code = call_end(&c, code, o);
    } while (wait_for_it(code, o, &tries));
    return code;
}

static void touch(struct suite *s, const struct fl_change *c)
{
    for (struct touched *t = s->touched; t; t = t->next)
        if (t->type == c->type && strcmp(t->name, c->name) == 0)
            return;
    struct touched *t = arena_alloc(&s->memory, sizeof *t);
    if (!t || !c->name[0]) /* what the apex has is not all ours */
        return;
    *t = (struct touched){ s->touched, arena_strdup(&s->memory, c->name), c->type };
    s->touched = t;
}

static int settle(struct suite *s, const char *receipt, struct outcome *o)
{
    int64_t end_ms = clock_mono_ms() + SETTLE_MS;
    struct call c;
    int code, tries = 0;
    do {
        code = call_begin(&c, s->i, s->apex, 0, o);
        if (code == FL_OK)
            code = call_end(&c, s->ops->settled(c.ctx, &s->zone, receipt), o);
        if (code == FL_EAGAIN)
            rest(o->retry_after_ms > 0 && o->retry_after_ms < 5000 ? o->retry_after_ms : 500);
    } while ((code == FL_EAGAIN || wait_for_it(code, o, &tries)) && clock_mono_ms() < end_ms);
    return code;
}

int suite_apply(struct suite *s, const struct fl_change *changes, size_t n, struct outcome *o)
{
    auto_free char *kept = NULL;
    struct call c;
    int code, tries = 0;
    for (size_t i = 0; i < n; i++)
        touch(s, &changes[i]);
    do {
        const char *receipt = NULL;
        code = call_begin(&c, s->i, s->apex, 0, o);
        if (code != FL_OK)
            continue;
        code = s->ops->apply(c.ctx, &s->zone, changes, n, &receipt);
        free(kept);
        kept = code == FL_OK && receipt ? mem_text(receipt, strlen(receipt)) : NULL;
        code = call_end(&c, code, o);
    } while (wait_for_it(code, o, &tries));
    return code == FL_OK && kept && s->ops->settled && suite_can(s, FL_CAP_SETTLED) ? settle(s, kept, o)
                                                                                    : code;
}

const struct fl_rrset *shelf_find(const struct shelf *shelf, const char *name, uint32_t type)
{
    for (size_t i = 0; i < shelf->n; i++)
        if (shelf->at[i].type == type && strcmp(shelf->at[i].name, name) == 0)
            return &shelf->at[i];
    return NULL;
}

/* ---- changes ---- */

static const char *id_of(const struct fl_rrset *now, const char *text)
{
    for (size_t i = 0; now && i < now->n; i++)
        if (rrset_same(now->type, now->values[i].text, text))
            return now->values[i].id;
    return NULL;
}

static size_t values_of(struct suite *s, const char *const *texts, const struct fl_rrset *now,
                        const struct fl_value **out)
{
    size_t n = 0;
    while (texts[n])
        n++;
    struct fl_value *v = arena_alloc(&s->memory, (n + 1) * sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        v[i] = (struct fl_value){ .text = texts[i], .id = id_of(now, texts[i]) };
    *out = v;
    return v ? n : 0;
}

struct fl_change suite_change(struct suite *s, const char *name, uint32_t type, const char *const *before,
                              const char *const *after, const struct fl_rrset *now)
{
    struct fl_change c = { .name = name, .type = type, .ttl = CHANGE_TTL };
    c.nbefore = values_of(s, before, now, &c.before);
    c.nafter = values_of(s, after, now, &c.after);
    c.ttl_before = now ? now->ttl : c.nbefore ? (uint32_t)CHANGE_TTL : 0;
    c.etag = now ? now->etag : NULL;
    return c;
}

static const char *const *texts_of(struct suite *s, const struct fl_rrset *now)
{
    static const char *const nothing[] = { NULL };
    const char **t = arena_alloc(&s->memory, ((now ? now->n : 0) + 1) * sizeof *t);
    for (size_t i = 0; t && now && i < now->n; i++)
        t[i] = now->values[i].text;
    return t ? t : nothing;
}

bool suite_put(struct suite *s, const char *name, uint32_t type, const char *const *after)
{
    struct outcome o = { 0 };
    int code = FL_ESTALE;
    for (int t = 0; code == FL_ESTALE && t < STALE_TRIES; t++) {
        struct shelf shelf;
        code = suite_list(s, name, type, &shelf, &o);
        const struct fl_rrset *now = shelf_find(&shelf, name, type);
        if (code != FL_OK || (!now && !after[0]))
            break;
        struct fl_change c = suite_change(s, name, type, texts_of(s, now), after, now);
        code = suite_apply(s, &c, 1, &o);
    }
    return suite_code(s, arena_printf(&s->memory, "writing %s", name), code, FL_OK, &o);
}

/* ---- what stands there ---- */

static bool same(uint32_t type, const char *const *want, const char *const *got, size_t n)
{
    size_t wanted = 0;
    for (; want[wanted]; wanted++) {
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
            found += rrset_same(type, want[wanted], got[i]);
        if (found != 1)
            return false;
    }
    return wanted == n;
}

static const char *joined(struct suite *s, const char *const *texts, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n && i < 8; i++)
        all = arena_printf(&s->memory, "%s%s\"%.300s\"", all, i ? ", " : "", texts[i]);
    return n == 0 ? "nothing" : n > 8 ? arena_printf(&s->memory, "%s and %zu more", all, n - 8) : all;
}

static bool listed(struct suite *s, const char *name, uint32_t type, const char *const *want, bool say)
{
    struct outcome o = { 0 };
    struct shelf shelf;
    int code = suite_list(s, name, type, &shelf, &o);
    if (code != FL_OK)
        return say ? suite_code(s, arena_printf(&s->memory, "list of %s", name), code, FL_OK, &o) : false;
    const struct fl_rrset *now = shelf_find(&shelf, name, type);
    const char *const *got = texts_of(s, now);
    size_t n = now ? now->n : 0, w = 0;
    if (same(type, want, got, n))
        return true;
    while (want[w])
        w++;
    if (say)
        suite_complain(s, "%s is listed with %s, wanted %s", *name ? name : "the apex", joined(s, got, n),
                       joined(s, want, w));
    return false;
}

bool suite_lists(struct suite *s, const char *name, uint32_t type, const char *const *want)
{
    return listed(s, name, type, want, false);
}

/* Every server that was named has it. */
static bool outside(struct suite *s, const char *name, uint32_t type, const char *const *want,
                    const char **got_out, bool *silent_out)
{
    struct dns_look looks[DNS_SERVERS_MAX];
    struct outcome o = { 0 };
    const char *full = *name ? arena_printf(&s->memory, "%s.%s", name, s->apex) : s->apex;
    bool all = true;
    *silent_out = false;
    if (dns_look(&s->servers, full, (uint16_t)type, LOOK_MS, looks, &o) != FL_OK) {
        *got_out = arena_strdup(&s->memory, o.msg);
        return false;
    }
    for (size_t i = 0; i < s->servers.n; i++) {
        const char *const *got = (const char *const *)looks[i].values;
        bool fits = looks[i].state == DNS_ANSWERED && same(type, want, got, looks[i].n);
        if (!fits)
            *got_out =
                looks[i].state == DNS_ANSWERED ? joined(s, got, looks[i].n) : "no authoritative answer";
        all = all && fits;
        *silent_out = *silent_out || looks[i].state != DNS_ANSWERED;
    }
    dns_looks_done(looks, s->servers.n);
    return all;
}

bool suite_stands(struct suite *s, const char *name, uint32_t type, const char *const *want)
{
    int64_t end_ms = clock_mono_ms() + OUTSIDE_MS;
    bool instant = suite_can(s, FL_CAP_INSTANT), silent = false;
    const char *got = "nothing";
    if (!listed(s, name, type, want, true))
        return false;
    while (s->servers.n > 0 && !outside(s, name, type, want, &got, &silent)) {
        if (clock_mono_ms() >= end_ms || (instant && !silent)) {
            suite_complain(s, "%s is served with %s", *name ? name : "the apex", got);
            return false;
        }
        rest(100);
    }
    return true;
}

void suite_clean(struct suite *s)
{
    for (struct touched *t = s->touched; t; t = t->next)
        suite_put(s, t->name, t->type, NOTHING);
}
