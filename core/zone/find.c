/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - which zone a name belongs to, and who holds it. */
#include "zone/find.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <string.h>

enum { ALIASES_MAX = 8, ALIASES_KEPT = 4096, ALIAS_GUESS_MS = 30000, LOOK_MS = 3000 };

/* ---- the zones of a provider --------------------------------------------------------- */

void find_cache_done(struct find_cache *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i].apex);
    free(c->at);
    *c = (struct find_cache){ 0 };
}

static struct find_zone *cached(const struct find_cache *c, const char *apex)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->at[i].apex, apex) == 0)
            return &c->at[i];
    return NULL;
}

/* With the lock held. */
static bool remember(struct find_cache *c, const char *apex, bool absent, bool listed)
{
    struct find_zone *f = cached(c, apex);
    if (!f) {
        char *copy = strdup(apex);
        if (!copy || !mem_grow(&c->at, &c->cap, c->n + 1, sizeof *c->at)) {
            free(copy);
            return false;
        }
        f = &c->at[c->n++];
        *f = (struct find_zone){ .apex = copy };
    }
    f->absent = absent;
    f->listed = listed;
    f->until_ms = clock_mono_ms() + FIND_CACHE_MS;
    return true;
}

static const struct fl_dns_ops *ops_of(const struct zones_provider *p)
{
    return &p->instance->plugin->ops.dns;
}

/* With the lock held: the list is new, what it does not name is gone. */
static bool take_list(struct find_cache *c, const struct emitted *e)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].listed)
            c->at[i].until_ms = 0;
    for (size_t i = 0; i < e->nzones; i++)
        if (!remember(c, e->zones[i].apex, false, true))
            return false;
    c->list_until_ms = clock_mono_ms() + FIND_CACHE_MS;
    return true;
}

static int read_list(struct zones *z, const struct zones_provider *p, struct find_cache *c, struct outcome *o)
{
    struct call call;
    struct emitted e = { 0 };
    pthread_mutex_lock(&z->lock);
    bool fresh = c->list_until_ms > clock_mono_ms();
    pthread_mutex_unlock(&z->lock);
    if (fresh)
        return FL_OK;
    int code = call_begin(&call, p->instance, "", 0, o);
    if (code != FL_OK)
        return code;
    code = ops_of(p)->zones(call.ctx);
    bool stored = true;
    if (code == FL_OK && !call_starved(&call)) {
        call_emitted(&call, &e);
        pthread_mutex_lock(&z->lock);
        stored = take_list(c, &e);
        pthread_mutex_unlock(&z->lock);
    }
    code = call_end(&call, code, o);
    return stored ? code : outcome_nomem(o);
}

/* Does the provider hold exactly that zone? FL_EREJECT: no. */
static int ask_zone(struct zones *z, const struct zones_provider *p, struct find_cache *c, const char *apex,
                    struct outcome *o)
{
    struct call call;
    struct fl_zone zone = { 0 };
    pthread_mutex_lock(&z->lock);
    const struct find_zone *f = cached(c, apex);
    bool fresh = f && f->until_ms > clock_mono_ms(), absent = f && f->absent;
    pthread_mutex_unlock(&z->lock);
    if (fresh)
        return absent ? FL_EREJECT : FL_OK;
    int code = call_begin(&call, p->instance, apex, 0, o);
    if (code == FL_OK)
        code = call_end(&call, ops_of(p)->zone(call.ctx, apex, &zone), o);
    if (code != FL_OK && code != FL_EREJECT)
        return code;
    pthread_mutex_lock(&z->lock);
    (void)remember(c, apex, code == FL_EREJECT, false);
    pthread_mutex_unlock(&z->lock);
    return code;
}

void find_made(struct zones *z, const struct zones_provider *p, const char *apex)
{
    pthread_mutex_lock(&z->lock);
    (void)remember(&z->caches[p - z->conf.providers], apex, false, ops_of(p)->zones != NULL);
    pthread_mutex_unlock(&z->lock);
}

/* ---- the longest that a provider holds ----------------------------------------------- */

static bool longer(const char *apex, const char *name, const char best[256])
{
    return strlen(apex) < 256 && text_below(name, apex) && (!*best || strlen(apex) > strlen(best));
}

/* From the list of all; stale entries serve when the list could not be read again. */
static void longest_listed(struct zones *z, const struct find_cache *c, const char *name, bool stale_too,
                           char best[256])
{
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].listed && !c->at[i].absent && (stale_too || c->at[i].until_ms > 0) &&
            longer(c->at[i].apex, name, best))
            text_copy(best, 256, c->at[i].apex);
    pthread_mutex_unlock(&z->lock);
}

/* `zones` of the configuration: only these, the longest first, as far as the provider really has them. */
static int longest_named(struct zones *z, const struct zones_provider *p, struct find_cache *c,
                         const char *name, char best[256], struct outcome *o)
{
    size_t below = 256;
    for (;;) {
        char next[256] = "";
        for (size_t i = 0; p->only[i]; i++)
            if (strlen(p->only[i]) < below && longer(p->only[i], name, next))
                text_copy(next, sizeof next, p->only[i]);
        if (!*next)
            return FL_OK;
        int code = ask_zone(z, p, c, next, o);
        if (code == FL_OK)
            text_copy(best, 256, next);
        if (code != FL_EREJECT)
            return code;
        below = strlen(next);
    }
}

/* A service that cannot list its zones is asked for each ancestor, the longest first. */
static int longest_asked(struct zones *z, const struct zones_provider *p, struct find_cache *c,
                         const char *name, char best[256], struct outcome *o)
{
    for (const char *at = name; at && *at; at = strchr(at, '.')) {
        at += *at == '.';
        int code = ask_zone(z, p, c, at, o);
        if (code == FL_OK)
            text_copy(best, 256, at);
        if (code != FL_EREJECT)
            return code;
    }
    return FL_OK;
}

/* FL_OK with best "" : it holds none for the name. */
static int longest(struct zones *z, const struct zones_provider *p, const char *name, char best[256],
                   struct outcome *o)
{
    struct find_cache *c = &z->caches[p - z->conf.providers];
    *best = '\0';
    if (p->only)
        return longest_named(z, p, c, name, best, o);
    if (!ops_of(p)->zones)
        return longest_asked(z, p, c, name, best, o);
    int code = read_list(z, p, c, o);
    longest_listed(z, c, name, code != FL_OK, best);
    return *best ? FL_OK : code;
}

static bool allowed(const struct zones_provider *p, const char *const *providers)
{
    return p->instance && (!providers || text_in(p->instance->name, providers));
}

/* The best of all allowed providers. One that fails does not stop the others; its failure is told if nobody holds it. */
static int best_zone(struct zones *z, const char *name, const char *const *providers, struct found *out,
                     struct outcome *o)
{
    struct outcome failure = { 0 };
    char apex[256];
    out->provider = NULL;
    out->apex[0] = '\0';
    for (size_t i = 0; i < z->conf.nproviders; i++) {
        const struct zones_provider *p = &z->conf.providers[i];
        if (!allowed(p, providers))
            continue;
        if (longest(z, p, name, apex, o) != FL_OK) {
            if (failure.code == FL_OK)
                failure = *o;
        } else if (*apex && (!out->provider || strlen(apex) > strlen(out->apex))) {
            out->provider = p;
            text_copy(out->apex, sizeof out->apex, apex);
        }
    }
    text_copy(out->target, sizeof out->target, name);
    if (out->provider)
        return FL_OK;
    *o = failure;
    return failure.code;
}

int find_held(struct zones *z, const char *name, struct found *out, struct outcome *o)
{
    return best_zone(z, name, NULL, out, o);
}

/* ---- aliases ------------------------------------------------------------------------- */

static bool alias_known(struct zones *z, const char *name, char target[256])
{
    bool known = false;
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; i < z->naliases && !known; i++)
        if (strcmp(z->aliases[i].name, name) == 0 && z->aliases[i].until_ms > clock_mono_ms())
            known = text_copy(target, 256, z->aliases[i].target);
    pthread_mutex_unlock(&z->lock);
    return known;
}

static void alias_put(struct zones *z, const char *name, const char *target, int64_t for_ms)
{
    struct alias fresh = { strdup(name), strdup(target), clock_mono_ms() + for_ms };
    struct alias old = fresh;
    pthread_mutex_lock(&z->lock);
    size_t at = 0;
    /* In place of its elder, or of one that is out of date. */
    while (at < z->naliases && strcmp(z->aliases[at].name, name) != 0 &&
           z->aliases[at].until_ms > clock_mono_ms())
        at++;
    if (fresh.name && fresh.target && at < z->naliases) {
        old = z->aliases[at];
        z->aliases[at] = fresh;
    } else if (fresh.name && fresh.target && at < ALIASES_KEPT &&
               mem_grow(&z->aliases, &z->aliases_cap, at + 1, sizeof *z->aliases)) {
        z->aliases[z->naliases++] = fresh;
        old = (struct alias){ 0 };
    }
    pthread_mutex_unlock(&z->lock);
    free(old.name);
    free(old.target);
}

/* The servers that the configuration names for a provider, as a set. */
static void named_servers(const struct zones_provider *p, const char *apex, struct dns_servers *out)
{
    *out = (struct dns_servers){ 0 };
    text_copy(out->apex, sizeof out->apex, apex);
    for (size_t i = 0; p->query_servers[i] && out->n < DNS_SERVERS_MAX; i++)
        text_copy(out->at[out->n++].address, sizeof out->at[0].address, p->query_servers[i]);
}

/* A CNAME at the name, by the servers of query_servers. "" : none; not sure when nobody answers. */
static int alias_at(const struct zones_provider *p, const char *apex, const char *name, char next[256],
                    bool *sure_out, struct outcome *o)
{
    struct dns_servers servers;
    auto_free struct dns_look *looks = mem_array(DNS_SERVERS_MAX, sizeof *looks);
    *next = '\0';
    if (!looks)
        return outcome_nomem(o);
    named_servers(p, apex, &servers);
    int code = dns_look(&servers, name, FL_RR_CNAME, LOOK_MS, looks, o);
    if (code != FL_OK)
        return code;
    *sure_out = false;
    for (size_t i = 0; i < servers.n; i++) {
        *sure_out = *sure_out || looks[i].state == DNS_ANSWERED;
        if (looks[i].n > 0 && !*next)
            text_copy(next, 256, looks[i].values[0]);
    }
    dns_looks_done(looks, servers.n);
    return FL_OK;
}

/* By the roots. Where they cannot be reached, a zone of ours is taken as it is, for a short while. */
static int chase(struct zones *z, const char *name, bool held, char target[256], struct outcome *o)
{
    char end[DNS_NAME_MAX];
    int64_t for_ms = FIND_CACHE_MS;
    int code = dns_chase(&z->conf.roots, name, end, o);
    if (code == FL_ETEMP && held) {
        text_copy(end, sizeof end, name);
        for_ms = ALIAS_GUESS_MS;
        code = FL_OK;
    }
    if (code != FL_OK)
        return code;
    alias_put(z, name, end, for_ms);
    text_copy(target, 256, end);
    return FL_OK;
}

/* One more CNAME, or none: target is the name then. */
static int follow(struct zones *z, const struct found *f, char target[256], struct outcome *o)
{
    char next[256];
    bool sure = false;
    text_copy(target, 256, f->target);
    /* Servers of our own serve what we write and nothing else. */
    if (f->provider && f->provider->caps.flags & FL_CAP_INSTANT)
        return FL_OK;
    if (alias_known(z, f->target, target))
        return FL_OK;
    if (!f->provider || !f->provider->query_servers)
        return chase(z, f->target, f->provider != NULL, target, o);
    int code = alias_at(f->provider, f->apex, f->target, next, &sure, o);
    if (code != FL_OK)
        return code;
    if (*next)
        text_copy(target, 256, next);
    alias_put(z, f->target, target, sure ? FIND_CACHE_MS : ALIAS_GUESS_MS);
    return FL_OK;
}

int find_zone(struct zones *z, const char *name, const char *const *providers, struct found *out,
              struct outcome *o)
{
    struct found f = { 0 };
    char target[256], at[256];
    if (!text_copy(at, sizeof at, name))
        return outcome_fail(o, FL_ECONF, "%.60s... is too long for a domain name", name);
    for (int i = 0; i <= ALIASES_MAX; i++) {
        struct outcome failure = { 0 };
        int code = best_zone(z, at, providers, &f, &failure);
        /* Only names like _acme-challenge: a host's addresses belong to the very name, wherever a CNAME that
         * stands there today leads. */
        int chased = *name == '_' ? follow(z, &f, target, o) : FL_OK;
        if (*name != '_')
            text_copy(target, sizeof target, at);
        if (chased != FL_OK)
            return chased;
        if (strcmp(target, at) != 0) {
            text_copy(at, sizeof at, target);
            continue;
        }
        if (code != FL_OK) {
            *o = failure;
            return code;
        }
        if (!f.provider && make_wanted(z, at, providers, o) != FL_ECONF)
            return o->code;
        if (!f.provider)
            return outcome_fail(o, FL_ECONF, "no dns instance holds a zone for %s%s%s: %s", name,
                                strcmp(name, at) ? ", which leads to " : "", strcmp(name, at) ? at : "",
                                o->msg[0] ? o->msg : "add one that does, or correct `zones`");
        *out = f;
        return outcome_ok(o);
    }
    return outcome_fail(o, FL_EREJECT, "the CNAMEs at %s lead on and on, the last to %s", name, at);
}
