/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - which servers of a zone are asked, and when a value counts as visible. */
#include "zone/watch.h"
#include <stdio.h>
#include <string.h>

void watch_set(struct watch *w, const struct dns_servers *servers, int64_t until_ms)
{
    w->servers = *servers;
    w->servers_until_ms = until_ms;
    memset(w->at, 0, sizeof w->at);
}

void watch_written(struct watch *w, int64_t now_ms)
{
    w->rounds = 0;
    w->next_ms = now_ms;
    w->why[0] = '\0';
}

void watch_begin(struct watch *w)
{
    for (size_t i = 0; i < w->servers.n; i++)
        w->at[i].heard = w->at[i].failed = false;
    w->why[0] = '\0';
}

static bool given_up(const struct watch_server *s)
{
    return s->bad >= WATCH_ROUNDS || s->last == DNS_NO_ROUTE;
}

static bool some_good(const struct watch *w)
{
    for (size_t i = 0; i < w->servers.n; i++)
        if (w->at[i].last == DNS_ANSWERED && !w->at[i].failed)
            return true;
    return false;
}

void watch_pick(const struct watch *w, struct dns_servers *out, size_t which[DNS_SERVERS_MAX])
{
    bool all = !some_good(w);
    memcpy(out->apex, w->servers.apex, sizeof out->apex);
    out->missing[0] = '\0';
    out->n = 0;
    for (size_t i = 0; i < w->servers.n; i++) {
        if (w->at[i].failed || (!all && given_up(&w->at[i])))
            continue;
        which[out->n] = i;
        out->at[out->n++] = w->servers.at[i];
    }
}

void watch_heard(struct watch *w, size_t i, enum dns_state state, int rcode)
{
    struct watch_server *s = &w->at[i];
    s->last = state;
    s->rcode = rcode;
    if (state == DNS_ANSWERED)
        s->heard = true;
    else
        s->failed = true;
}

static int64_t pause_after(unsigned rounds)
{
    int64_t ms = WATCH_FIRST_MS;
    while (--rounds > 0 && ms < WATCH_MOST_MS)
        ms += ms / 2;
    return ms < WATCH_MOST_MS ? ms : WATCH_MOST_MS;
}

void watch_end(struct watch *w, int64_t now_ms)
{
    bool reached = false;
    for (size_t i = 0; i < w->servers.n; i++) {
        struct watch_server *s = &w->at[i];
        if (s->failed)
            s->bad++;
        else if (s->heard)
            s->bad = 0;
        reached = reached || s->heard || (s->failed && s->last == DNS_LAME);
    }
    if (reached)
        w->unreachable_ms = 0;
    else if (w->unreachable_ms == 0)
        w->unreachable_ms = now_ms;
    w->rounds++;
    w->next_ms = now_ms + pause_after(w->rounds);
}

bool watch_answering(const struct watch *w)
{
    for (size_t i = 0; i < w->servers.n; i++)
        if (w->at[i].heard)
            return true;
    return false;
}

bool watch_left_out(const struct watch *w, size_t i) { return given_up(&w->at[i]) && watch_answering(w); }

static void say(struct watch *w, size_t i, const char *what)
{
    const struct dns_server *s = &w->servers.at[i];
    if (w->why[0])
        return;
    snprintf(w->why, sizeof w->why, "%.120s%s%s%s %s", *s->name ? s->name : s->address, *s->name ? " (" : "",
             *s->name ? s->address : "", *s->name ? ")" : "", what);
}

static void say_failed(struct watch *w, size_t i)
{
    char what[96];
    static const char *const rcodes[] = {
        [1] = "FORMERR", [2] = "SERVFAIL", [4] = "NOTIMP", [5] = "REFUSED"
    };
    int rcode = w->at[i].rcode;
    if (w->at[i].last != DNS_LAME)
        snprintf(what, sizeof what, "%s",
                 w->at[i].last == DNS_NO_ROUTE ? "cannot be reached from here" : "does not answer");
    else if (rcode > 0 && rcode < 6 && rcodes[rcode])
        snprintf(what, sizeof what, "says %s: it does not serve the zone (yet)", rcodes[rcode]);
    else
        snprintf(what, sizeof what, "does not speak for the zone (its answer is not authoritative)");
    say(w, i, what);
}

bool watch_seen(struct watch *w, const struct dns_look *looks, const size_t *which, size_t n,
                bool (*has)(void *arg, const struct dns_look *look), void *arg)
{
    size_t with = 0, waiting = 0;
    bool answered = watch_answering(w);
    for (size_t i = 0; i < n; i++) {
        if (looks[i].state != DNS_ANSWERED)
            continue;
        if (has(arg, &looks[i])) {
            with++;
            continue;
        }
        waiting++;
        say(w, which[i], "does not have it yet");
    }
    /* Those that failed count until they are left out. */
    for (size_t i = 0; i < w->servers.n; i++) {
        if (!w->at[i].failed || (answered && given_up(&w->at[i])))
            continue;
        waiting++;
        say_failed(w, i);
    }
    return with > 0 && waiting == 0;
}

const char *watch_state(const struct watch *w, size_t i)
{
    static const char *const names[] = {
        [DNS_SILENT] = "silent", [DNS_ANSWERED] = "answers", [DNS_LAME] = "lame", [DNS_NO_ROUTE] = "no route"
    };
    const struct watch_server *s = &w->at[i];
    return s->heard || s->failed || s->bad ? names[s->last] : "not asked";
}
