/* SPDX-License-Identifier: Apache-2.0 */
/* care.c - the delegation of a zone: looked at, waited for, and set at a registrar where that may be. */
#include "zone/care.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <string.h>

/* ---- what is to be done about it ----------------------------------------------------- */

enum care_mode care_mode(const struct zone *zone)
{
    const struct zones_provider *p = zone->provider;
    const struct zone_care *c = &zone->care;
    if (!p)
        return CARE_OFF;
    if (p->delegation > 0)
        return (enum care_mode)(p->delegation - 1);
    if (p->query_servers)
        return CARE_OFF;
    if (c->make || c->making || c->made)
        return CARE_WAIT;
    /* Servers of our own are asked by those who know them; what is delegated to them is often one name. */
    return p->caps.flags & FL_CAP_INSTANT ? CARE_OFF : CARE_WARN;
}

int64_t care_next_ms(const struct zone *zone)
{
    if (care_mode(zone) == CARE_OFF || !zone->found)
        return INT64_MAX;
    return zone->care.soon ? 0 : zone->care.look_ms;
}

/* With the lock held. Is there something that keeps names from being proved in it? */
static bool holds(const struct zone *zone, int64_t now)
{
    const struct zone_care *c = &zone->care;
    if (care_mode(zone) != CARE_WAIT)
        return false;
    if (!c->looked)
        return true;
    if (c->seen.state == DELEGATION_UNKNOWN)
        return c->blind_ms == 0 || now - c->blind_ms < CARE_BLIND_MS;
    return c->seen.holds;
}

int zones_ready(struct zones *z, const char *name, const char *const *providers, struct outcome *o)
{
    char key[ZONE_KEY], words[OUTCOME_MSG] = "its delegation is about to be looked at";
    int64_t now = clock_mono_ms();
    int code = zones_find(z, name, providers, key, o);
    if (code != FL_OK)
        return code == FL_EAGAIN || code == FL_ENOMEM ? code : outcome_ok(o);
    pthread_mutex_lock(&z->lock);
    const struct zones_provider *p = zones_provider_of(z, key);
    struct zone *zone = p ? zones_make(z, p, p->instance->name, strchr(key, '/') + 1) : NULL;
    bool wait = zone && holds(zone, now), fresh = wait && !zone->care.looked;
    if (wait && zone->care.looked)
        text_copy(words, sizeof words, zone->care.seen.words);
    pthread_mutex_unlock(&z->lock);
    if (!wait)
        return p && !zone ? outcome_nomem(o) : outcome_ok(o);
    if (fresh)
        zones_due(z, key, 0);
    outcome_again(o, 0, "waiting for zone %s: %s", key, words);
    text_copy(o->problem, sizeof o->problem, fresh ? "" : "delegation");
    return FL_EAGAIN;
}

void zone_look_soon(struct zones *z, const char *key)
{
    pthread_mutex_lock(&z->lock);
    struct zone *zone = zones_get(z, key);
    if (zone)
        zone->care.soon = true;
    pthread_mutex_unlock(&z->lock);
}

/* ---- looking ------------------------------------------------------------------------- */

/* 1 min doubling to 30 min; once, where that is sooner, at the end of what resolvers keep of it. */
static int64_t pause_ms(const struct zone_care *c)
{
    int64_t pause = CARE_FIRST_MS, ttl = (int64_t)c->seen.ttl * 1000;
    if (c->seen.state == DELEGATION_RIGHT && !c->blind_ms)
        return CARE_RIGHT_MS;
    for (unsigned i = 1; i < c->tries && pause < CARE_MOST_MS; i++)
        pause *= 2;
    if (pause > CARE_MOST_MS)
        pause = CARE_MOST_MS;
    if (ttl < CARE_TTL_LEAST_MS)
        ttl = CARE_TTL_LEAST_MS;
    return c->tries == 1 && c->seen.ttl > 0 && ttl < pause ? ttl : pause;
}

/* With the lock held. */
static bool note(struct zone *zone, const struct delegation *seen)
{
    struct zone_care *c = &zone->care;
    int64_t now = clock_mono_ms();
    bool blind = seen->state == DELEGATION_UNKNOWN, keep = blind && c->looked;
    c->tries = !blind && (seen->state == DELEGATION_RIGHT || c->seen.state != seen->state) ? 1 : c->tries + 1;
    c->blind_ms = !blind ? 0 : c->blind_ms ? c->blind_ms : now;
    /* A moment without an answer does not undo what is known. */
    bool news =
        !keep && (!c->looked || c->seen.state != seen->state || strcmp(c->seen.words, seen->words) != 0);
    if (!keep && (!c->looked || c->seen.state != seen->state || c->since_ms == 0))
        c->since_ms = now;
    if (!keep)
        c->seen = *seen;
    c->looked = true;
    c->soon = false;
    c->looks++;
    c->looked_at = clock_wall_ms() / 1000;
    c->look_ms = now + pause_ms(c);
    if (c->blind_ms && c->blind_ms + CARE_BLIND_MS > now && c->blind_ms + CARE_BLIND_MS < c->look_ms)
        c->look_ms = c->blind_ms + CARE_BLIND_MS;
    return news;
}

/* What others serve and we do not: told before anybody changes name servers. */
static int compare(struct zones *z, struct zone *zone, const struct delegation *seen,
                   const struct dns_parent *parent, struct outcome *o)
{
    char lacks[400] = "";
    int code = FL_OK;
    if (seen->state == DELEGATION_ELSEWHERE || (seen->state == DELEGATION_PARTLY && seen->holds))
        code = lacks_look(z, zone, true, &parent->servers, lacks, o);
    pthread_mutex_lock(&z->lock);
    if (code == FL_OK)
        text_copy(zone->care.lacks, sizeof zone->care.lacks, lacks);
    pthread_mutex_unlock(&z->lock);
    return code == FL_ENOMEM ? code : outcome_ok(o);
}

static int look(struct zones *z, struct zone *zone, bool *news_out, struct outcome *o)
{
    auto_free struct dns_parent *parent = calloc(1, sizeof *parent);
    struct delegation seen;
    if (!parent)
        return outcome_nomem(o);
    /* Its name servers may have changed; a provider that cannot tell now is asked again later. */
    if (zone->care.looked && zone_find_call(z, zone, o) == FL_ENOMEM)
        return o->code;
    int code = delegation_look(&z->conf.roots, zone->apex, (const char *const *)zone->name_servers, &seen,
                               parent, o);
    if (code == FL_OK)
        code = compare(z, zone, &seen, parent, o);
    if (code != FL_OK)
        return code;
    pthread_mutex_lock(&z->lock);
    *news_out = note(zone, &seen);
    pthread_mutex_unlock(&z->lock);
    if (*news_out)
        outcome_fail(o, FL_OK, "%.340s%s%.150s", seen.words, zone->care.lacks[0] ? "; not held here: " : "",
                     zone->care.lacks);
    return FL_OK;
}

int zone_delegation_step(struct zones *z, const char *key, bool *news_out, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    *news_out = false;
    if (!zone)
        return o->code;
    pthread_mutex_lock(&z->lock);
    bool due = care_next_ms(zone) <= clock_mono_ms();
    pthread_mutex_unlock(&z->lock);
    return due ? look(z, zone, news_out, o) : outcome_ok(o);
}

/* ---- the registrar ------------------------------------------------------------------- */

/* Others' name servers that are in use are changed only where somebody wrote that they may be. */
static bool may_set(const struct zone *zone)
{
    const struct zone_care *c = &zone->care;
    bool replace = zone->provider->replace && text_in(zone->apex, zone->provider->replace);
    switch (c->seen.state) {
    case DELEGATION_UNREGISTERED:
    case DELEGATION_NONE: return true;
    /* A network that fails for a moment is not ours to make use of. */
    case DELEGATION_LAME: return replace || (c->tries > 2 && clock_mono_ms() - c->since_ms >= CARE_LAME_MS);
    case DELEGATION_ELSEWHERE:
    case DELEGATION_PARTLY: return replace;
    default: return false;
    }
}

static bool registrar_due(const struct zone *zone)
{
    const struct zones_provider *p = zone->provider;
    const struct zone_care *c = &zone->care;
    return p && p->registrar && care_mode(zone) != CARE_OFF && c->looked && zone->name_servers &&
           zone->name_servers[0] && may_set(zone) && clock_wall_ms() - c->set_at * 1000 >= CARE_SET_MS;
}

static struct instance *registrar_of(const struct zones *z, const struct zone *zone)
{
    for (size_t i = 0; i < z->conf.nproviders; i++) {
        struct instance *at = z->conf.providers[i].instance;
        if (at && strcmp(at->name, zone->provider->registrar) == 0)
            return at;
    }
    return NULL;
}

static int set_servers(const struct zones *z, const struct zone *zone, struct outcome *o)
{
    struct instance *i = registrar_of(z, zone);
    struct call call;
    if (!i)
        return outcome_fail(o, FL_ECONF, "the registrar's instance %s is not there",
                            zone->provider->registrar);
    const struct fl_dns_ops *ops = &i->plugin->ops.dns;
    if (!ops->delegate)
        return outcome_fail(o, FL_ECONF, "%s cannot set name servers: name another in `registrar`", i->who);
    int code = call_begin(&call, i, zone->apex, 0, o);
    if (code == FL_OK)
        code =
            call_end(&call, ops->delegate(call.ctx, zone->apex, (const char *const *)zone->name_servers), o);
    return code;
}

int zone_registrar_step(struct zones *z, const char *key, bool *done_out, struct outcome *o)
{
    struct zone *zone = zones_take(z, key, o);
    *done_out = false;
    if (!zone)
        return o->code;
    pthread_mutex_lock(&z->lock);
    /* A look that was not due told nothing new, and what the registrar said then still stands. */
    bool due = registrar_due(zone) && zone->care.told != zone->care.looks;
    zone->care.told = zone->care.looks;
    pthread_mutex_unlock(&z->lock);
    if (!due)
        return outcome_ok(o);
    int code = set_servers(z, zone, o);
    if (code == FL_ECANCEL)
        return code;
    pthread_mutex_lock(&z->lock);
    struct zone_care *c = &zone->care;
    text_copy(c->registrar, sizeof c->registrar, code == FL_OK ? "" : o->msg);
    if (code == FL_OK) {
        c->set_at = clock_wall_ms() / 1000;
        c->tries = 1;
        c->look_ms = clock_mono_ms() + CARE_TTL_LEAST_MS;
        *done_out = true;
    }
    pthread_mutex_unlock(&z->lock);
    return code == FL_OK ? outcome_ok(o) : code;
}

/* ---- facts --------------------------------------------------------------------------- */

static json_t *names_json(char *const *names)
{
    json_t *list = json_array();
    for (; list && names && *names; names++)
        if (json_array_append_new(list, json_string(*names)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool put_seen(json_t *obj, const struct zone *zone)
{
    static const char *const modes[] = { "wait", "warn", "off" };
    const struct zone_care *c = &zone->care;
    bool ok = json_put_str(obj, "mode", modes[care_mode(zone)]);
    if (!c->looked)
        return ok;
    return ok && json_put_str(obj, "state", delegation_name(c->seen.state)) &&
           json_put_flag(obj, "holds", c->seen.holds) && json_put_str(obj, "parent", c->seen.where) &&
           json_put_str(obj, "msg", c->seen.words);
}

static bool put_text(json_t *obj, const char *key, const char *text)
{
    return !*text || json_put_str(obj, key, text);
}

static json_t *facts_of(const struct zone *zone)
{
    const struct zone_care *c = &zone->care;
    json_t *obj = json_object();
    bool ok = obj && json_put_flag(obj, "make", c->make) && json_put_flag(obj, "making", c->making) &&
              json_put_flag(obj, "made", c->made) &&
              json_put(obj, "name_servers", names_json(zone->name_servers)) && put_seen(obj, zone) &&
              put_text(obj, "registrar", c->registrar) && put_text(obj, "lacks", c->lacks) &&
              put_text(obj, "why", c->why) && (!c->set_at || json_put_int(obj, "set_at", c->set_at));
    /* A day is as closely as a look at what is right is told. */
    if (ok && c->looked && c->seen.state == DELEGATION_RIGHT)
        ok = json_put_int(obj, "right_at", c->looked_at);
    if (!ok) {
        json_decref(obj);
        return NULL;
    }
    return obj;
}

json_t *zone_facts(struct zones *z, const char *key)
{
    pthread_mutex_lock(&z->lock);
    const struct zone *zone = zones_get(z, key);
    json_t *facts = zone ? facts_of(zone) : json_object();
    pthread_mutex_unlock(&z->lock);
    return facts;
}

static char **names_read(const json_t *list)
{
    char **names = mem_array(json_array_size(list) + 1, sizeof *names);
    for (size_t i = 0; names && i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        names[i] = strdup(name ? name : "");
    }
    return names;
}

/* With the lock held. */
static void recall(struct zone *zone, const json_t *facts, int64_t *due_ms_out)
{
    struct zone_care *c = &zone->care;
    int64_t now = clock_wall_ms(), right_at = json_int(facts, "right_at", 0);
    c->making = json_flag(facts, "making", false);
    c->made = json_flag(facts, "made", false);
    c->set_at = json_int(facts, "set_at", 0);
    c->set_at = c->set_at * 1000 > now ? 0 : c->set_at;
    text_copy(c->registrar, sizeof c->registrar, json_str(facts, "registrar", ""));
    text_copy(c->lacks, sizeof c->lacks, json_str(facts, "lacks", ""));
    text_copy(c->why, sizeof c->why, json_str(facts, "why", ""));
    c->seen.state = delegation_parse(json_str(facts, "state", ""));
    c->seen.holds = c->seen.state != DELEGATION_RIGHT && json_flag(facts, "holds", true);
    text_copy(c->seen.where, sizeof c->seen.where, json_str(facts, "parent", ""));
    text_copy(c->seen.words, sizeof c->seen.words, json_str(facts, "msg", ""));
    c->looked = json_str(facts, "state", NULL) && c->seen.state != DELEGATION_UNKNOWN;
    *due_ms_out = now;
    c->make = c->making; /* whoever still wants it says so again */
    if (c->looked && c->seen.state == DELEGATION_RIGHT && right_at * 1000 <= now &&
        now - right_at * 1000 < CARE_RIGHT_MS && !c->make) {
        c->look_ms = clock_mono_ms() + CARE_RIGHT_MS - (now - right_at * 1000);
        *due_ms_out = right_at * 1000 + CARE_RIGHT_MS;
    }
}

bool zone_recall(struct zones *z, const char *key, const json_t *facts, int64_t *due_ms_out)
{
    if (!facts)
        return false;
    pthread_mutex_lock(&z->lock);
    const struct zones_provider *p = zones_provider_of(z, key);
    struct zone *zone = p ? zones_make(z, p, p->instance->name, strchr(key, '/') + 1) : NULL;
    if (zone) {
        recall(zone, facts, due_ms_out);
        if (!zone->name_servers)
            zone->name_servers = names_read(json_list(facts, "name_servers"));
    }
    pthread_mutex_unlock(&z->lock);
    return zone != NULL;
}
