/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - a short list under one lock. */
#include "engine/hold.h"

#include "base/clock.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEN_MINUTES_MS = 600000, SLIP_MS = 2000 };

struct held {
    struct held *next;
    int64_t until_ms, keep_ms; /* held; known at least */
    unsigned strikes;
    char key[HOLD_KEY], why[HOLD_WHY];
};
struct hold {
    pthread_mutex_t lock;
    struct held *first;
    int64_t wall_ahead_ms; /* wall clock less monotonic clock, when last looked at */
};

static int64_t wall_ahead_ms(void) { return clock_wall_ms() - clock_mono_ms(); }

/* Under the lock. A clock that was put back would make "for an hour" last for weeks. */
static void follow_clock(struct hold *h)
{
    int64_t back_ms = h->wall_ahead_ms - wall_ahead_ms();

    if (back_ms < SLIP_MS && back_ms > -SLIP_MS)
        return;
    h->wall_ahead_ms -= back_ms;
    for (struct held *x = h->first; x && back_ms > 0; x = x->next) {
        x->until_ms -= back_ms;
        x->keep_ms -= back_ms;
    }
}

struct hold *hold_new(void)
{
    struct hold *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    pthread_mutex_init(&h->lock, NULL);
    h->wall_ahead_ms = wall_ahead_ms();
    return h;
}

void hold_free(struct hold *h)
{
    if (!h)
        return;
    for (struct held *x = h->first, *next; x; x = next) {
        next = x->next;
        free(x);
    }
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static void drop(struct held **at)
{
    struct held *x = *at;
    *at = x->next;
    free(x);
}

static struct held **find(struct hold *h, const char *key)
{
    follow_clock(h);
    struct held **at = &h->first;
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

/* The list is as long as there is trouble. */
static void drop_old(struct hold *h, int64_t now_ms)
{
    for (struct held **at = &h->first; *at;)
        if ((*at)->keep_ms <= now_ms)
            drop(at);
        else
            at = &(*at)->next;
}

/* NULL: no memory. */
static struct held *known(struct hold *h, const char *key)
{
    struct held **at = find(h, key);

    if (!*at && (*at = calloc(1, sizeof **at)) && !text_copy((*at)->key, HOLD_KEY, key)) {
        free(*at);
        *at = NULL;
    }
    return *at;
}

static void extend(struct held *x, int64_t until_ms, const char *why)
{
    if (!x || x->until_ms >= until_ms)
        return;
    x->until_ms = until_ms;
    x->keep_ms = x->keep_ms > until_ms ? x->keep_ms : until_ms;
    text_copy(x->why, HOLD_WHY, why);
}

void hold_set(struct hold *h, const char *key, int64_t until_ms, const char *why)
{
    pthread_mutex_lock(&h->lock);
    extend(known(h, key), until_ms, why);
    pthread_mutex_unlock(&h->lock);
}

int64_t hold_strike(struct hold *h, const char *key, int64_t now_ms, int64_t least_ms, int64_t most_ms,
                    const char *why)
{
    pthread_mutex_lock(&h->lock);
    struct held *x = known(h, key);
    int64_t wait_ms = least_ms;
    for (unsigned i = 0; x && i < x->strikes && wait_ms < most_ms; i++)
        wait_ms *= 2;
    wait_ms = wait_ms < most_ms ? wait_ms : most_ms;
    if (x) {
        x->strikes++;
        extend(x, now_ms + wait_ms, why);
        x->keep_ms = x->until_ms + most_ms;
    }
    pthread_mutex_unlock(&h->lock);
    return wait_ms;
}

void hold_clear(struct hold *h, const char *key)
{
    pthread_mutex_lock(&h->lock);
    struct held **at = find(h, key);
    if (*at)
        drop(at);
    pthread_mutex_unlock(&h->lock);
}

bool hold_check(struct hold *h, const char *key, int64_t now_ms, int64_t *until_ms_out,
                char why_out[HOLD_WHY])
{
    bool held = false;

    pthread_mutex_lock(&h->lock);
    const struct held *x = *find(h, key);
    if (x && x->until_ms > now_ms) {
        held = true;
        *until_ms_out = x->until_ms;
        text_copy(why_out, HOLD_WHY, x->why);
    }
    drop_old(h, now_ms);
    pthread_mutex_unlock(&h->lock);
    return held;
}

bool hold_second_domain(struct hold *h, const char *authority, const char *domain, int64_t now_ms)
{
    char prefix[HOLD_KEY];
    size_t len = (size_t)snprintf(prefix, sizeof prefix, "limited:%s/", authority);
    bool second = false;

    if (len >= sizeof prefix)
        return false;
    pthread_mutex_lock(&h->lock);
    follow_clock(h);
    for (const struct held *x = h->first; x && !second; x = x->next)
        second =
            x->until_ms > now_ms && strncmp(x->key, prefix, len) == 0 && strcmp(x->key + len, domain) != 0;
    pthread_mutex_unlock(&h->lock);
    if (snprintf(prefix + len, sizeof prefix - len, "%s", domain) < (int)(sizeof prefix - len))
        hold_set(h, prefix, now_ms + TEN_MINUTES_MS, "rate limited");
    return second;
}
