/* SPDX-License-Identifier: Apache-2.0 */
/* queue_set.c - pausing the queue, another set of tasks in it, and waiting for an end. */
#include "base/clock.h"
#include "engine/queue_impl.h"

#include <search.h>
#include <stdlib.h>

static void everybody(struct queue *q)
{
    pthread_cond_broadcast(&q->watch);
    pthread_cond_broadcast(&q->work);
    pthread_cond_broadcast(&q->changed);
}

void queue_pause(struct queue *q, bool paused)
{
    pthread_mutex_lock(&q->lock);
    q->paused = paused;
    everybody(q);
    pthread_mutex_unlock(&q->lock);
}

bool queue_drained(struct queue *q, int64_t most_ms)
{
    int64_t end_ms = clock_mono_ms() + most_ms, wait_ms;

    pthread_mutex_lock(&q->lock);
    while (q->busy && (wait_ms = end_ms - clock_mono_ms()) > 0)
        queue_nap(q, &q->changed, wait_ms);
    bool drained = !q->busy;
    pthread_mutex_unlock(&q->lock);
    return drained;
}

static void make_stale(const void *node, VISIT visit, void *arg)
{
    struct task *t = *(struct task *const *)node;

    (void)arg;
    if (visit != postorder && visit != leaf)
        return;
    t->stale = true;
    t->ready = false;
    t->heap_at = 0;
    t->due_ms = QUEUE_NEVER;
}

void queue_renew(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    twalk_r(q->by_name, make_stale, NULL);
    q->ready_first = q->ready_last = NULL;
    q->n = q->tasks = 0;
    pthread_mutex_unlock(&q->lock);
}

struct leftover {
    struct task *first; /* linked by ready_next */
};

static void pick_stale(const void *node, VISIT visit, void *arg)
{
    struct leftover *left = arg;
    struct task *t = *(struct task *const *)node;

    if ((visit != postorder && visit != leaf) || !t->stale)
        return;
    t->ready_next = left->first;
    left->first = t;
}

void queue_renewed(struct queue *q)
{
    struct leftover left = { NULL };

    pthread_mutex_lock(&q->lock);
    twalk_r(q->by_name, pick_stale, &left);
    for (struct task *t = left.first, *next; t; t = next) {
        next = t->ready_next;
        tdelete(t, &q->by_name, queue_by_name);
        queue_no_waker(t);
        queue_task_free(t);
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_stop(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stopped = true;
    everybody(q);
    pthread_mutex_unlock(&q->lock);
}

void queue_leave(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->left++;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool queue_left(struct queue *q, unsigned n, int64_t most_ms)
{
    int64_t end_ms = clock_mono_ms() + most_ms, wait_ms;

    pthread_mutex_lock(&q->lock);
    while (q->left < n && (wait_ms = end_ms - clock_mono_ms()) > 0)
        queue_nap(q, &q->changed, wait_ms);
    bool all = q->left >= n;
    pthread_mutex_unlock(&q->lock);
    return all;
}

int64_t queue_next_ms(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    queue_follow_clock(q);
    int64_t next_ms = q->ready_first ? clock_wall_ms() : q->n ? q->heap[1].due_ms : QUEUE_NEVER;
    pthread_mutex_unlock(&q->lock);
    return next_ms;
}

bool queue_quiet(struct queue *q, int64_t until_ms, int64_t most_ms)
{
    int64_t end_ms = clock_mono_ms() + most_ms;
    bool quiet = false;

    pthread_mutex_lock(&q->lock);
    for (;;) {
        int64_t now_ms = clock_wall_ms(), left = end_ms - clock_mono_ms();
        bool waiting = q->n && q->heap[1].due_ms <= until_ms;
        quiet = q->stopped || now_ms > until_ms || (!q->busy && !q->ready_first && !waiting);
        if (quiet || left <= 0)
            break;
        queue_nap(q, &q->changed, left < until_ms - now_ms + 1 ? left : until_ms - now_ms + 1);
    }
    pthread_mutex_unlock(&q->lock);
    return quiet;
}
