/* SPDX-License-Identifier: Apache-2.0 */
/* make.c - a zone that nobody holds: which one is to be made, whether it may be, and making it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/domain.h"
#include "zone/zone.h"
#include <stdio.h>
#include <string.h>

static bool can_make(const struct zones_provider *p, const char *const *providers)
{
    return p->instance && p->create && p->caps.flags & FL_CAP_CREATE && p->instance->plugin->ops.dns.create &&
           (!providers || text_in(p->instance->name, providers));
}

/* The registered domain; of instances with `zones` the longest of these. False: there is none. */
static bool which(const struct zones_provider *p, const char *name, char apex[256])
{
    char domain[REGISTERED_DOMAIN];
    *apex = '\0';
    for (size_t i = 0; p->only && p->only[i]; i++)
        if (text_below(name, p->only[i]) && strlen(p->only[i]) > strlen(apex))
            text_copy(apex, 256, p->only[i]);
    if (p->only)
        return *apex;
    registered_domain(name, domain);
    /* _acme-challenge.co.uk is in no zone that anybody could register. */
    if (*domain == '_' || !domain_registrable(domain))
        return false;
    return text_copy(apex, 256, domain);
}

/* One that was made meanwhile is there; else its task is told. */
static int make_one(struct zones *z, const struct zones_provider *p, const char *apex, struct outcome *o)
{
    char key[ZONE_KEY], why[OUTCOME_MSG] = "";
    pthread_mutex_lock(&z->lock);
    struct zone *zone = zones_make(z, p, p->instance->name, apex);
    bool fresh = zone && !zone->care.make;
    if (zone) {
        zone->care.make = true;
        text_copy(key, sizeof key, zone->key);
        text_copy(why, sizeof why, zone->care.why[0] ? zone->care.why : zone->last.msg);
    }
    pthread_mutex_unlock(&z->lock);
    if (!zone)
        return outcome_nomem(o);
    if (fresh)
        zones_due(z, key, 0);
    outcome_again(o, 0, "zone %s is to be made first%s%.300s", key, *why ? ": " : "", why);
    text_copy(o->problem, sizeof o->problem, *why ? "delegation" : "");
    return FL_EAGAIN;
}

int make_wanted(struct zones *z, const char *name, const char *const *providers, struct outcome *o)
{
    char apex[256] = "";
    const struct zones_provider *maker = NULL;
    outcome_ok(o);
    for (size_t i = 0; i < z->conf.nproviders && !maker; i++) {
        const struct zones_provider *p = &z->conf.providers[i];
        if (p->instance && p->create && !can_make(p, NULL))
            outcome_fail(o, FL_ECONF, "%s cannot make zones, in spite of create_zones", p->instance->who);
        if (!can_make(p, providers))
            continue;
        if (which(p, name, apex))
            maker = p;
        else if (!p->only)
            outcome_fail(o, FL_ECONF, "%s is in no domain that can be registered, so no zone is made", name);
    }
    if (!maker)
        return o->code = FL_ECONF;
    /* Never under a zone that is held, also by one that is not asked for this name. */
    struct found held = { 0 };
    int code = find_held(z, name, &held, o);
    if (code == FL_OK && held.provider)
        return outcome_fail(o, FL_ECONF,
                            "%s is held by %s, which may not be asked for this name: add it to `providers`",
                            held.apex, held.provider->instance->name);
    return code == FL_OK ? make_one(z, maker, apex, o) : code;
}

/* ---- the step ------------------------------------------------------------------------ */

bool zone_is_there(struct zones *z, const char *key)
{
    pthread_mutex_lock(&z->lock);
    const struct zone *zone = zones_get(z, key);
    bool there = !zone || !zone->provider || zone->found || !zone->care.make;
    pthread_mutex_unlock(&z->lock);
    return there;
}

static void set_why(struct zones *z, struct zone *zone, const char *why, const char *lacks)
{
    pthread_mutex_lock(&z->lock);
    text_copy(zone->care.why, sizeof zone->care.why, why);
    text_copy(zone->care.lacks, sizeof zone->care.lacks, lacks);
    pthread_mutex_unlock(&z->lock);
}

static bool may_replace(const struct zone *zone)
{
    return zone->provider->replace && text_in(zone->apex, zone->provider->replace);
}

/* Served well by others: a zone beside theirs would only mislead. */
static int leave_to_others(struct zones *z, struct zone *zone, const struct delegation *seen,
                           const struct dns_parent *parent, struct outcome *o)
{
    char lacks[400] = "", servers[160] = "", why[400];
    int code = lacks_look(z, zone, false, &parent->servers, lacks, o);
    if (code != FL_OK)
        return code;
    for (size_t i = 0; i < parent->n; i++)
        snprintf(servers + strlen(servers), sizeof servers - strlen(servers), "%s%.100s", i ? ", " : "",
                 parent->names[i]);
    snprintf(
        why, sizeof why,
        "%.100s is served by %.100s already, so nothing is made: add the dns instance that holds it, or list it in "
        "delegation_replace",
        zone->apex, servers);
    set_why(z, zone, why, lacks);
    pthread_mutex_lock(&z->lock);
    zone->care.seen = *seen;
    zone->care.looked = true;
    zone->care.looked_at = clock_wall_ms() / 1000;
    pthread_mutex_unlock(&z->lock);
    return outcome_again(o, CARE_MAKE_MS, "%s", why);
}

/* Others may serve it: nothing is made in the dark. */
static int not_seen(struct zones *z, struct zone *zone, const struct delegation *seen, struct outcome *o)
{
    char why[400];
    snprintf(why, sizeof why, "%.250s: nothing is made before it can be, but by `fairlead dns %.60s create`",
             seen->words, zone->provider->instance->name);
    set_why(z, zone, why, "");
    return outcome_again(o, CARE_FIRST_MS, "%s", why);
}

int zone_make_check(struct zones *z, const char *key, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    auto_free struct dns_parent *parent = calloc(1, sizeof *parent);
    struct delegation seen = { 0 };
    if (!zone || !parent)
        return zone ? outcome_nomem(o) : o->code;
    pthread_mutex_lock(&z->lock);
    bool look = !zone->care.making && care_mode(zone) != CARE_OFF;
    pthread_mutex_unlock(&z->lock);
    int code = look ? delegation_look(&z->conf.roots, zone->apex, NULL, &seen, parent, o) : FL_OK;
    if (code == FL_OK && look && seen.state == DELEGATION_UNKNOWN)
        return not_seen(z, zone, &seen, o);
    /* Without its own names every server that answers is taken for one of the zone's. */
    bool served =
        seen.state == DELEGATION_RIGHT || seen.state == DELEGATION_PARTLY || seen.state == DELEGATION_DS;
    if (code == FL_OK && served && !may_replace(zone)) {
        seen.state = DELEGATION_ELSEWHERE;
        return leave_to_others(z, zone, &seen, parent, o);
    }
    if (code != FL_OK)
        return zone_failed(z, zone, o);
    set_why(z, zone, "", "");
    pthread_mutex_lock(&z->lock);
    zone->care.making = true;
    pthread_mutex_unlock(&z->lock);
    return outcome_ok(o);
}

int zone_make(struct zones *z, const char *key, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    struct call call;
    struct fl_zone fresh = { 0 };
    bool ok = true;
    if (!zone)
        return o->code;
    int code = call_begin(&call, zone->provider->instance, zone->apex, 0, o);
    if (code != FL_OK)
        return code == FL_EAGAIN ? code : zone_failed(z, zone, o);
    code = zone_ops(zone)->create(call.ctx, zone->apex, &fresh);
    if (code == FL_OK && !call_starved(&call))
        ok = zone_take(z, zone, &fresh);
    code = call_end(&call, code, o);
    if (!ok)
        code = outcome_nomem(o);
    if (code == FL_EAGAIN)
        return code;
    if (code == FL_OK) {
        find_made(z, zone->provider, zone->apex);
        pthread_mutex_lock(&z->lock);
        zone->care.make = zone->care.making = false;
        zone->care.made = true;
        zone->care.look_ms = 0;
        pthread_mutex_unlock(&z->lock);
        outcome_ok(o);
    }
    return zone_failed(z, zone, o);
}
