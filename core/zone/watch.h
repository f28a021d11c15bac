/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - which servers of a zone are asked, and when a value counts as visible. Pure but for its questions. */
#ifndef ZONE_WATCH_H
#define ZONE_WATCH_H

#include "net/dns/dns.h"

enum {
    WATCH_ROUNDS = 3, /* silent or lame that often in a row: left out */
    WATCH_UNREACHABLE_MS = 120000,
    WATCH_SERVERS_MS = 600000, /* how long the servers' addresses are good */
    WATCH_FIRST_MS = 500,      /* pause after the first round; grows by half to WATCH_MOST_MS */
    WATCH_MOST_MS = 10000
};
struct watch {
    struct dns_servers servers;
    int64_t servers_until_ms; /* monotonic; 0: not known */
    struct watch_server {
        enum dns_state last;
        int rcode;
        unsigned bad; /* rounds in a row without an authoritative answer */
        bool heard;   /* of the round: answered, */
        bool failed;  /* or silent, lame or without a route */
    } at[DNS_SERVERS_MAX];
    size_t cursor;          /* which record the next round begins with */
    unsigned rounds;        /* since the last write */
    int64_t next_ms;        /* monotonic: when to look again */
    int64_t unreachable_ms; /* monotonic: since when no server can be reached; 0: some can */
    char why[384];          /* what is waited for, for people; "" : nothing */
};
/* New servers, nothing known about them. */
void watch_set(struct watch *w, const struct dns_servers *servers, int64_t until_ms);
void watch_written(struct watch *w, int64_t now_ms); /* something was written: looks come soon again */
/* One round: begin, any number of questions, end. */
void watch_begin(struct watch *w);
/* Those to be asked now: not those left out (as long as another answers), nor those that failed in this round. The places
 * in `which` are indexes into w->at. */
void watch_pick(const struct watch *w, struct dns_servers *out, size_t which[DNS_SERVERS_MAX]);
void watch_heard(struct watch *w, size_t i, enum dns_state state, int rcode);
void watch_end(struct watch *w, int64_t now_ms);
bool watch_left_out(const struct watch *w, size_t i);
bool watch_answering(const struct watch *w); /* at least one did in this round */
/* After a question to the servers of watch_pick(): do all that count have the value? `has` tells for looks[i]. When not,
 * w->why says who does not. */
bool watch_seen(struct watch *w, const struct dns_look *looks, const size_t *which, size_t n,
                bool (*has)(void *arg, const struct dns_look *look), void *arg);
const char *watch_state(const struct watch *w,
                        size_t i); /* "answers", "silent", "lame", "no route", "not asked" */

#endif
