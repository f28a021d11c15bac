/* SPDX-License-Identifier: Apache-2.0 */
/* lane.c - who may be inside an instance, and for how long. */
#include "plugin/lane.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct waiter {
    struct waiter *next;
    pthread_cond_t called;
    bool inside;
};
struct lane {
    const char *name;
    unsigned crowd;
    bool parallel;
    pthread_mutex_t lock;
    unsigned width;              /* how many may be inside */
    unsigned inside;             /* seats taken */
    unsigned taken;              /* callers inside and waiting, listeners not counted */
    struct waiter *first, *last; /* in the order of coming */
    struct lane_seat seats;      /* head of the ring of those inside */
};

struct lane *lane_new(const char *name, bool parallel, unsigned crowd)
{
    struct lane *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->name = name;
    l->parallel = parallel;
    l->crowd = crowd > 0 ? crowd : 1;
    l->width = 1;
    l->seats.prev = l->seats.next = &l->seats;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}
void lane_free(struct lane *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- with the lock held ---- */

static void sit(struct lane *l, struct lane_seat *seat, int64_t allowed_ms)
{
    seat->since_ms = clock_mono_ms();
    seat->allowed_ms = allowed_ms;
    seat->next = &l->seats;
    seat->prev = l->seats.prev;
    seat->prev->next = seat;
    l->seats.prev = seat;
}
/* Lets in who has waited longest, while there is room. */
static void call_next(struct lane *l)
{
    while (l->first && l->inside < l->width) {
        struct waiter *w = l->first;
        l->first = w->next;
        if (!l->first)
            l->last = NULL;
        l->inside++;
        w->inside = true;
        pthread_cond_signal(&w->called);
    }
}
static void queue_up(struct lane *l, struct waiter *w)
{
    if (l->last)
        l->last->next = w;
    else
        l->first = w;
    l->last = w;
}
static void give_up(struct lane *l, struct waiter *w)
{
    struct waiter *before = NULL;
    for (struct waiter *at = l->first; at != w; at = at->next)
        before = at;
    if (before)
        before->next = w->next;
    else
        l->first = w->next;
    if (l->last == w)
        l->last = before;
}
/* The system's own clock, not clock.h's: this wait is real in tests too. */
static struct timespec after(int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}
/* most_ms < 0: as long as it takes. 0: inside; else ETIMEDOUT or ENOMEM. */
static int wait_turn(struct lane *l, int64_t most_ms)
{
    struct waiter me = { .next = NULL };
    struct timespec until = after(most_ms > 0 ? most_ms : 0);
    int rc = 0;

    if (!l->first && l->inside < l->width) {
        l->inside++;
        return 0;
    }
    if (pthread_cond_init(&me.called, NULL) != 0)
        return ENOMEM;
    queue_up(l, &me);
    while (!me.inside && rc == 0)
        rc = most_ms < 0 ? pthread_cond_wait(&me.called, &l->lock)
                         : pthread_cond_clockwait(&me.called, &l->lock, CLOCK_MONOTONIC, &until);
    if (!me.inside)
        give_up(l, &me);
    pthread_cond_destroy(&me.called);
    return me.inside ? 0 : ETIMEDOUT;
}

/* ---- entering and leaving ---- */

void lane_widen(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->width = l->parallel ? l->crowd : 1;
    call_next(l);
    pthread_mutex_unlock(&l->lock);
}
static int crowded(const struct lane *l, struct outcome *o)
{
    outcome_again(o, 0, "%s is busy with %u other calls", l->name, l->crowd);
    (void)text_copy(o->problem, sizeof o->problem, LANE_CROWDED);
    return FL_EAGAIN;
}

int lane_room(struct lane *l, struct outcome *o)
{
    pthread_mutex_lock(&l->lock);
    bool full = l->taken >= l->crowd;
    pthread_mutex_unlock(&l->lock);
    return full ? crowded(l, o) : FL_OK;
}

int lane_enter(struct lane *l, struct lane_seat *seat, int64_t allowed_ms, struct outcome *o)
{
    int rc = EAGAIN;

    if (allowed_ms < 1)
        allowed_ms = 1;
    pthread_mutex_lock(&l->lock);
    if (l->taken < l->crowd) {
        l->taken++;
        rc = wait_turn(l, allowed_ms);
        if (rc == 0)
            sit(l, seat, allowed_ms);
        else
            l->taken--;
    }
    pthread_mutex_unlock(&l->lock);
    switch (rc) {
    case 0: return FL_OK;
    case EAGAIN: return crowded(l, o);
    case ENOMEM: return outcome_nomem(o);
    default:
        return outcome_fail(o, FL_ETEMP, "%s was busy with other calls for %lld ms", l->name,
                            (long long)allowed_ms);
    }
}
bool lane_enter_listener(struct lane *l, struct lane_seat *seat)
{
    bool in;
    pthread_mutex_lock(&l->lock);
    in = wait_turn(l, -1) == 0;
    if (in)
        sit(l, seat, 0);
    pthread_mutex_unlock(&l->lock);
    return in;
}
void lane_leave(struct lane *l, struct lane_seat *seat)
{
    pthread_mutex_lock(&l->lock);
    seat->prev->next = seat->next;
    seat->next->prev = seat->prev;
    l->inside--;
    if (seat->allowed_ms > 0)
        l->taken--;
    call_next(l);
    pthread_mutex_unlock(&l->lock);
}
bool lane_longest(struct lane *l, int64_t *age_ms_out, int64_t *allowed_ms_out)
{
    int64_t now = clock_mono_ms(), worst = 0;
    bool any = false;

    pthread_mutex_lock(&l->lock);
    for (const struct lane_seat *s = l->seats.next; s != &l->seats; s = s->next) {
        int64_t age = now - s->since_ms;
        if (s->allowed_ms == 0 || (any && age - s->allowed_ms <= worst))
            continue;
        any = true;
        worst = age - s->allowed_ms;
        *age_ms_out = age;
        *allowed_ms_out = s->allowed_ms;
    }
    pthread_mutex_unlock(&l->lock);
    return any;
}
