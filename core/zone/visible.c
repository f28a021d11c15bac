/* SPDX-License-Identifier: Apache-2.0 */
/* visible.c - the step that asks a zone's servers whether they have what was written. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 3000, ROUND_MS = 6000, NOT_DELEGATED_MS = 30000 };

struct sight {
    struct rrset *set;
    struct rrvalue *value;
    bool seen;
};
struct round {
    struct zones *z;
    struct zone *zone;
    struct watch *watch; /* a copy: the zone's own is only changed under the lock */
    struct sight *sights;
    size_t n, cap;
    bool blind; /* there are no servers to be asked */
};

/* With the lock held. */
static bool gather(struct round *r)
{
    for (size_t i = 0; i < r->zone->sets.n; i++) {
        struct rrset *set = r->zone->sets.at[i];
        for (size_t k = 0; k < set->n; k++) {
            if (!rrvalue_to_see(set->values[k]))
                continue;
            if (!mem_grow(&r->sights, &r->cap, r->n + 1, sizeof *r->sights))
                return false;
            r->sights[r->n++] = (struct sight){ .set = set, .value = set->values[k] };
        }
    }
    return true;
}

/* ---- whom to ask --------------------------------------------------------------------- */

static void ask_named(struct round *r)
{
    struct dns_servers *s = &r->watch->servers;
    const char *const *named = r->zone->provider->query_servers;
    if (r->watch->servers_until_ms)
        return;
    *s = (struct dns_servers){ 0 };
    text_copy(s->apex, sizeof s->apex, r->zone->apex);
    for (size_t i = 0; named[i] && s->n < DNS_SERVERS_MAX; i++)
        text_copy(s->at[s->n++].address, sizeof s->at[0].address, named[i]);
    r->watch->servers_until_ms = INT64_MAX;
}

/* "ns1.example.org, ns2.example.org", for people. */
static void join(char *const *names, char out[120])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; names && names[i] && n < 50; i++)
        n += (size_t)snprintf(out + n, 120 - n, "%s%.60s", n ? ", " : "", names[i]);
}

/* `said`: what the parent's servers answer. */
static void not_delegated(struct round *r, const char *said)
{
    char names[120];
    join(r->zone->name_servers, names);
    snprintf(r->watch->why, sizeof r->watch->why, "%.200s: set its name servers there%s%s", said,
             *names ? " to " : "", names);
    r->blind = true;
    r->watch->unreachable_ms = 0;
    r->watch->next_ms = clock_mono_ms() + NOT_DELEGATED_MS;
}

/* FL_OK, also when there is nobody to ask: r->blind, with the reason in watch->why. */
static int ask_walk(struct round *r, struct outcome *o)
{
    int64_t now = clock_mono_ms();
    if (r->watch->servers_until_ms > now)
        return FL_OK;
    auto_free struct dns_servers *servers = calloc(1, sizeof *servers);
    if (!servers)
        return outcome_nomem(o);
    int code = dns_walk(&r->z->conf.roots, r->zone->apex, servers, o);
    now = clock_mono_ms();
    if (code == FL_OK && strcmp(servers->apex, r->zone->apex) == 0) {
        watch_set(r->watch, servers, now + WATCH_SERVERS_MS);
        return FL_OK;
    }
    watch_set(r->watch, &(struct dns_servers){ 0 }, 0);
    watch_begin(r->watch);
    if (code == FL_OK)
        outcome_fail(o, FL_EREJECT, "%s is not delegated by %s", r->zone->apex,
                     *servers->apex ? servers->apex : "the root");
    if (code == FL_OK || code == FL_EREJECT) {
        not_delegated(r, o->msg);
        return FL_OK;
    }
    if (code != FL_ETEMP)
        return code;
    r->blind = true;
    watch_end(r->watch, now);
    snprintf(r->watch->why, sizeof r->watch->why, "its servers cannot be found: %.180s", o->msg);
    return FL_OK;
}

/* ---- one round ----------------------------------------------------------------------- */

struct wanted {
    uint32_t type;
    const char *text;
};

static bool has(void *arg, const struct dns_look *look)
{
    const struct wanted *w = arg;
    /* Which addresses it answers with is the other name's business. */
    if (w->type == FL_RR_ALIAS)
        return true;
    for (size_t i = 0; i < look->n; i++)
        if (rrset_same(w->type, w->text, look->values[i]))
            return true;
    return false;
}

static unsigned look_ms(const struct round *r)
{
    return r->z->conf.roots.timeout_ms ? r->z->conf.roots.timeout_ms : LOOK_MS;
}

/* Asks for the RRset of sights[i]; *next_out is the first sight of another. */
static int look_at(struct round *r, size_t i, struct dns_look *looks, size_t *next_out, struct outcome *o)
{
    struct rrset *set = r->sights[i].set;
    struct dns_servers servers;
    size_t which[DNS_SERVERS_MAX];
    char fqdn[512];
    uint16_t asked = set->type == FL_RR_ALIAS ? FL_RR_A : (uint16_t)set->type;
    watch_pick(r->watch, &servers, which);
    snprintf(fqdn, sizeof fqdn, "%s%s%s", set->name, *set->name ? "." : "", r->zone->apex);
    if (servers.n > 0) {
        int code = dns_look(&servers, fqdn, asked, look_ms(r), looks, o);
        if (code != FL_OK)
            return code;
    }
    for (size_t k = 0; k < servers.n; k++)
        watch_heard(r->watch, which[k], looks[k].state, looks[k].rcode);
    for (; i < r->n && r->sights[i].set == set; i++) {
        struct wanted w = { set->type, r->sights[i].value->text };
        r->sights[i].seen = watch_seen(r->watch, looks, which, servers.n, has, &w);
    }
    dns_looks_done(looks, servers.n);
    *next_out = i;
    return FL_OK;
}

static size_t start_of(const struct round *r)
{
    size_t at = r->watch->cursor < r->n ? r->watch->cursor : 0;
    while (at > 0 && r->sights[at].set == r->sights[at - 1].set)
        at--;
    return at;
}

/* Long lists take several rounds; each begins where the last one ended. */
static int look_round(struct round *r, struct outcome *o)
{
    auto_free struct dns_look *looks = mem_array(DNS_SERVERS_MAX, sizeof *looks);
    int64_t until = clock_mono_ms() + ROUND_MS;
    size_t from = start_of(r), i = from;
    int code = looks ? FL_OK : outcome_nomem(o);
    watch_begin(r->watch);
    do {
        if (code == FL_OK)
            code = look_at(r, i, looks, &i, o);
        if (i >= r->n)
            i = 0;
    } while (code == FL_OK && i != from && clock_mono_ms() < until);
    r->watch->cursor = i == from ? 0 : i;
    watch_end(r->watch, clock_mono_ms());
    return code;
}

/* ---- the step ------------------------------------------------------------------------ */

/* Nobody can be reached from here: the provider's word and some time have to do. */
static bool take_on_trust(struct round *r, struct outcome *o)
{
    int64_t now = clock_mono_ms();
    const struct watch *w = r->watch;
    if (w->unreachable_ms == 0 || now - w->unreachable_ms < WATCH_UNREACHABLE_MS || r->zone->nreceipts > 0 ||
        now - r->zone->settled_ms < r->zone->provider->visible_wait_ms)
        return false;
    for (size_t i = 0; i < r->n; i++)
        r->sights[i].seen = true;
    outcome_fail(o, FL_OK,
                 "no server of %s can be asked from here (%.200s): what was written is taken to be visible; "
                 "`query_servers` can name servers that can be reached",
                 r->zone->apex, w->why);
    return true;
}

/* Visible without them; somebody should know, since resolvers will ask them too. */
static void tell_left_out(const struct round *r, struct outcome *o)
{
    const struct watch *w = r->watch;
    char names[240] = "";
    size_t n = 0;
    for (size_t i = 0; i < w->servers.n; i++) {
        const struct dns_server *s = &w->servers.at[i];
        /* A family that this machine does not speak is no fault of the server's. */
        if (watch_left_out(w, i) && w->at[i].last != DNS_NO_ROUTE && n < 160)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%.60s (%s, %s)", n ? ", " : "", s->name,
                                  s->address, watch_state(w, i));
    }
    if (n > 0)
        outcome_fail(
            o, FL_OK,
            "%s: visible without %s: see that it answers for the zone, or take it out of the delegation",
            r->zone->apex, names);
}

static int conclude(struct round *r, struct outcome *o)
{
    struct owners tell = { 0 };
    size_t left = 0;
    pthread_mutex_lock(&r->z->lock);
    struct zone *zone = r->zone;
    /* Who waits also wants to know for what. */
    bool news = false, other = strcmp(zone->watch.why, r->watch->why) != 0;
    zone->watch = *r->watch;
    for (size_t i = 0; i < r->n; i++) {
        struct rrvalue *v = r->sights[i].value;
        if (!rrvalue_to_see(v))
            continue;
        left += !r->sights[i].seen;
        if (r->sights[i].seen || other)
            owners_add(&tell, v);
        if (!r->sights[i].seen)
            continue;
        v->state = RR_VISIBLE;
        news = true;
    }
    if (news)
        journal_touch(zone);
    if (left == 0)
        zone->watch.why[0] = '\0';
    pthread_mutex_unlock(&r->z->lock);
    struct outcome saved = { 0 };
    int code = news ? journal_save(r->z, zone, &saved) : FL_OK;
    owners_tell(r->z, &tell);
    if (code != FL_OK) {
        *o = saved;
        return code;
    }
    int64_t wait = r->watch->next_ms - clock_mono_ms();
    if (left > 0)
        return outcome_again(o, wait > 0 ? wait : 1, "%s: %s", zone->key,
                             r->watch->why[0] ? r->watch->why : "not every server was asked yet");
    if (news && !o->msg[0])
        tell_left_out(r, o);
    return FL_OK;
}

static int look(struct round *r, struct outcome *o)
{
    bool own = r->zone->provider->caps.flags & FL_CAP_INSTANT && !r->zone->provider->query_servers;
    int code = FL_OK;
    if (own) {
        for (size_t i = 0; i < r->n; i++)
            r->sights[i].seen = true;
    } else {
        if (r->zone->provider->query_servers)
            ask_named(r);
        else
            code = ask_walk(r, o);
        if (code == FL_OK && !r->blind)
            code = look_round(r, o);
        if (code != FL_OK)
            return zone_failed(r->z, r->zone, o);
    }
    outcome_ok(o);
    if (!own)
        (void)take_on_trust(r, o);
    return conclude(r, o);
}

int zone_look_step(struct zones *z, const char *key, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    if (!zone)
        return o->code;
    if (!zone->provider)
        return outcome_ok(o);
    struct round r = { .z = z, .zone = zone, .watch = malloc(sizeof *r.watch) };
    pthread_mutex_lock(&z->lock);
    bool ok = r.watch && gather(&r);
    int64_t wait = zone->watch.next_ms - clock_mono_ms();
    if (r.watch)
        *r.watch = zone->watch;
    pthread_mutex_unlock(&z->lock);
    int code;
    if (!ok)
        code = outcome_nomem(o);
    else if (r.n == 0)
        code = outcome_ok(o);
    else if (wait > 0)
        code = outcome_again(o, wait, "%s is looked at again in a moment", zone->key);
    else
        code = look(&r, o);
    free(r.sights);
    free(r.watch);
    return code;
}
