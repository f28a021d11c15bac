/* SPDX-License-Identifier: Apache-2.0 */
/* delegation.c - does the zone above point to the servers that hold a zone? */
#include "zone/delegation.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone/domain.h"
#include <stdio.h>
#include <string.h>

static const char *const names[] = { "unknown", "not registered", "not delegated",   "elsewhere",
                                     "lame",    "partly",         "DS without keys", "right" };

const char *delegation_name(enum delegation_state state) { return names[state]; }

enum delegation_state delegation_parse(const char *name)
{
    size_t i = sizeof names / sizeof *names - 1;
    while (i > 0 && strcmp(names[i], name) != 0)
        i--;
    return (enum delegation_state)i;
}

/* As much as fits; a list that was cut ends with a comma, which is better than nothing. */
static void add(char *out, size_t size, const char *name, const char *more)
{
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%s%.255s%s", n ? ", " : "", name, more);
}

void delegation_names(const char *const *list, const char *apex, char *out, size_t size)
{
    *out = '\0';
    for (; list && *list; list++)
        add(out, size, *list, apex && text_below(*list, apex) ? " (with its address)" : "");
}

/* ---- whose servers ------------------------------------------------------------------- */

static bool known(const struct delegation_facts *f) { return f->ours && *f->ours; }

static bool our_address(const struct delegation_facts *f, const char *address)
{
    for (size_t i = 0; f->hosts && i < f->hosts->n; i++)
        if (strcmp(f->hosts->at[i].address, address) == 0)
            return true;
    return false;
}

/* It says that our servers, all of them and no others, hold the zone. */
static bool says_ours(const struct delegation_facts *f, const struct dns_look *look)
{
    size_t n = 0;
    while (f->ours[n])
        n++;
    for (size_t i = 0; i < look->n; i++)
        if (!text_in(look->values[i], f->ours))
            return false;
    return look->n == n;
}

/* One name server of the zone above, with all its addresses. */
struct seen {
    bool ours, by_name, answers;
};

static struct seen see(const struct delegation_facts *f, const char *name)
{
    struct seen s = { .by_name = known(f) && text_in(name, f->ours) };
    bool silent = false, unreachable = false;
    s.ours = s.by_name;
    for (size_t i = 0; i < f->parent->servers.n; i++) {
        const struct dns_server *server = &f->parent->servers.at[i];
        const struct dns_look *look = &f->looks[i];
        if (strcmp(server->name, name) != 0)
            continue;
        bool answers = look->state == DNS_ANSWERED && look->n > 0;
        s.answers = s.answers || answers;
        silent = silent || (!answers && look->state != DNS_NO_ROUTE);
        unreachable = unreachable || look->state == DNS_NO_ROUTE;
        s.ours = s.ours ||
                 (known(f) ? our_address(f, server->address) || (answers && says_ours(f, look)) : answers);
    }
    s.answers = s.answers || (unreachable && !silent);
    return s;
}

struct sum {
    size_t ours, ours_dead, others, others_dead;
    bool renamed;                                         /* some are ours by other names */
    char dead[200], strange[200], missing[200], all[200]; /* lists of names */
};

static void sum_up(const struct delegation_facts *f, struct sum *out)
{
    for (size_t i = 0; i < f->parent->n; i++) {
        const char *name = f->parent->names[i];
        struct seen s = see(f, name);
        add(out->all, sizeof out->all, name, "");
        if (s.ours)
            *(s.answers ? &out->ours : &out->ours_dead) += 1;
        else
            *(s.answers ? &out->others : &out->others_dead) += 1;
        out->renamed = out->renamed || (s.ours && !s.by_name);
        if (!s.ours)
            add(out->strange, sizeof out->strange, name, "");
        if (!s.answers)
            add(out->dead, sizeof out->dead, name, "");
    }
    for (size_t i = 0; known(f) && !out->renamed && f->ours[i]; i++) {
        bool there = false;
        for (size_t k = 0; k < f->parent->n; k++)
            there = there || strcmp(f->parent->names[k], f->ours[i]) == 0;
        if (!there)
            add(out->missing, sizeof out->missing, f->ours[i], "");
    }
}

/* ---- the verdict --------------------------------------------------------------------- */

static bool is_registered_one(const char *apex)
{
    char domain[REGISTERED_DOMAIN];
    registered_domain(apex, domain);
    return strcmp(domain, apex) == 0;
}

/* "set its name servers there to ..." */
static void advise(const struct delegation_facts *f, char out[300])
{
    char list[220];
    delegation_names(f->ours, f->apex, list, sizeof list);
    snprintf(out, 300, "set its name servers %s to %s",
             is_registered_one(f->apex) ? "at its registrar" : "there",
             known(f) ? list : "those that hold the zone");
}

static const char *above(const struct delegation_facts *f)
{
    return *f->parent->apex ? f->parent->apex : "the root";
}

static void judge_none(const struct delegation_facts *f, const char *advice, struct delegation *out)
{
    const char *missing = *f->parent->missing ? f->parent->missing : f->apex;
    bool registered = f->parent->exists && !*f->parent->missing;
    out->holds = true;
    out->state = !registered && is_registered_one(missing) ? DELEGATION_UNREGISTERED : DELEGATION_NONE;
    if (out->state == DELEGATION_UNREGISTERED)
        snprintf(
            out->words, sizeof out->words,
            "%.120s is not registered, or has no name servers at its registrar, say the servers of %.80s: "
            "register it, and %s",
            missing, above(f), advice);
    else
        snprintf(out->words, sizeof out->words, "%.120s is not delegated by %.80s: %s", f->apex, above(f),
                 advice);
}

static void judge_partly(const struct delegation_facts *f, const struct sum *s, const char *advice,
                         struct delegation *out)
{
    out->state = DELEGATION_PARTLY;
    out->holds = s->others > 0;
    snprintf(out->words, sizeof out->words,
             "%.80s is only partly delegated by %.60s%s%.70s%s%.70s%s%.70s: %s", f->apex, above(f),
             *s->missing ? "; it does not name " : "", s->missing, *s->strange ? "; not ours: " : "",
             s->strange, *s->dead ? "; without answer for the zone: " : "", s->dead, advice);
}

static void judge_named(const struct delegation_facts *f, const char *advice, struct delegation *out)
{
    struct sum s = { 0 };
    sum_up(f, &s);
    if (s.ours + s.others == 0) {
        out->state = DELEGATION_LAME;
        out->holds = true;
        snprintf(out->words, sizeof out->words,
                 "%.80s is delegated by %.60s to %.150s, and none of these answers for it: %s", f->apex,
                 above(f), s.all, advice);
    } else if (s.ours + s.ours_dead == 0) {
        out->state = DELEGATION_ELSEWHERE;
        out->holds = true;
        snprintf(out->words, sizeof out->words, "%.80s is delegated by %.60s to %.150s, who serve it: %s",
                 f->apex, above(f), s.all, advice);
    } else if (f->parent->ds && !f->keys) {
        out->state = DELEGATION_DS;
        out->holds = true;
        snprintf(
            out->words, sizeof out->words,
            "%.120s has a DS record in %.80s, but the zone is not signed, so resolvers that validate refuse "
            "what it says: remove the DS record %s, or sign the zone",
            f->apex, above(f), is_registered_one(f->apex) ? "at its registrar" : "there");
    } else if (s.others + s.others_dead + s.ours_dead > 0 || *s.missing) {
        judge_partly(f, &s, advice, out);
    } else {
        out->state = DELEGATION_RIGHT;
        snprintf(out->words, sizeof out->words, "%.120s is delegated by %.80s to %s", f->apex, above(f),
                 s.all);
    }
}

void delegation_judge(const struct delegation_facts *f, struct delegation *out)
{
    char advice[300];
    *out = (struct delegation){ .ttl = f->parent->ttl };
    text_copy(out->where, sizeof out->where, f->parent->apex);
    advise(f, advice);
    if (f->parent->n == 0)
        judge_none(f, advice, out);
    else
        judge_named(f, advice, out);
}

/* ---- asking -------------------------------------------------------------------------- */

enum { LOOK_MS = 3000, TYPE_NS = 2, TYPE_DNSKEY = 48 };

struct asked {
    struct dns_parent parent;
    struct dns_servers hosts;
    struct dns_look looks[DNS_SERVERS_MAX], keys[DNS_SERVERS_MAX];
};

static unsigned look_ms(const struct dns_roots *roots)
{
    return roots && roots->timeout_ms ? roots->timeout_ms : LOOK_MS;
}

/* Is any of the parent's servers known by another name than ours have? */
static bool strangers(const struct asked *a, const char *const *ours)
{
    for (size_t i = 0; ours && *ours && i < a->parent.n; i++)
        if (!text_in(a->parent.names[i], ours))
            return true;
    return false;
}

static int ask_servers(const struct dns_roots *roots, struct asked *a, const char *const *ours, bool *keys,
                       struct outcome *o)
{
    const struct dns_servers *to = &a->parent.servers;
    int code = dns_look(to, to->apex, TYPE_NS, look_ms(roots), a->looks, o);
    if (code == FL_OK && a->parent.ds) {
        code = dns_look(to, to->apex, TYPE_DNSKEY, look_ms(roots), a->keys, o);
        for (size_t i = 0; code == FL_OK && i < to->n; i++)
            *keys = *keys || (a->keys[i].state == DNS_ANSWERED && a->keys[i].n > 0);
        if (code == FL_OK)
            dns_looks_done(a->keys, to->n);
    }
    return code == FL_OK && strangers(a, ours) ? dns_hosts(roots, ours, &a->hosts, o) : code;
}

int delegation_look(const struct dns_roots *roots, const char *apex, const char *const *ours,
                    struct delegation *out, struct dns_parent *parent_out, struct outcome *o)
{
    auto_free struct asked *a = calloc(1, sizeof *a);
    bool keys = false;
    if (!a)
        return outcome_nomem(o);
    int code = dns_parent(roots, apex, &a->parent, o);
    if (code == FL_OK && a->parent.servers.n > 0)
        code = ask_servers(roots, a, ours, &keys, o);
    if (code == FL_ETEMP || code == FL_EREJECT || code == FL_ECONF) {
        *out = (struct delegation){ .holds = true };
        snprintf(out->words, sizeof out->words, "the delegation of %.120s cannot be looked at: %.400s", apex,
                 o->msg);
        dns_looks_done(a->looks, a->parent.servers.n);
        return outcome_ok(o);
    }
    if (code == FL_OK) {
        const struct delegation_facts f = { .apex = apex,
                                            .parent = &a->parent,
                                            .ours = ours,
                                            .hosts = &a->hosts,
                                            .looks = a->looks,
                                            .keys = keys };
        delegation_judge(&f, out);
        if (parent_out)
            *parent_out = a->parent;
    }
    dns_looks_done(a->looks, a->parent.servers.n);
    return code == FL_OK ? outcome_ok(o) : code;
}
