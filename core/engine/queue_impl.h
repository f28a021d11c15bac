/* SPDX-License-Identifier: Apache-2.0 */
/* queue_impl.h - what queue.c and queue_set.c share; nobody else includes this. */
#ifndef ENGINE_QUEUE_IMPL_H
#define ENGINE_QUEUE_IMPL_H

#include "engine/queue.h"

#include <pthread.h>

/* The wall clock may jump: nobody sleeps longer than this without looking again. */
enum { NAP_MS = 30000, SLIP_MS = 2000 };

/* The time beside the task: who looks for the first need not fetch them all. */
struct slot {
    int64_t due_ms;
    struct task *task;
};
struct queue {
    pthread_mutex_t lock;
    /* Of the takers one is the watch, who waits for the heap's first; the others wait until there is something for
     * them. `changed` is for those who wait for an end. All on CLOCK_MONOTONIC. */
    pthread_cond_t watch, work, changed;
    size_t idle; /* takers who wait on `work` */
    bool watched;
    int64_t watch_ms;  /* until when the watch sleeps, by the wall clock */
    struct slot *heap; /* 1-based, heap[1] is due first */
    size_t n, cap;
    struct task *ready_first, *ready_last;
    void *by_name;       /* tsearch tree */
    struct task *wakers; /* busy, or WAKE_BY_KIND: what queue_poke_kind() has to look at */
    size_t tasks, busy;
    int64_t wall_ahead_ms; /* wall clock less monotonic clock, when last looked at */
    bool stopped, paused;
    unsigned left; /* takers that will not come back */
};

/* All of these under the lock. */
int queue_by_name(const void *a, const void *b); /* of the tree */
void queue_task_free(void *task);
void queue_no_waker(struct task *t); /* out of the list of `wakers` */
void queue_follow_clock(struct queue *q);
void queue_nap(struct queue *q, pthread_cond_t *on,
               int64_t ms); /* for that long, or until somebody signals it */

#endif
