/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - the heap, the line of ready tasks, and the only condition variable of the engine. */
#include "engine/queue.h"

#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <search.h>
#include <string.h>
#include <time.h>

/* The wall clock may jump: nobody sleeps longer than this without looking again. */
enum { NAP_MS = 30000, SLIP_MS = 2000 };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* one for takers and quiet-waiters; on CLOCK_MONOTONIC */
    struct task **heap;     /* 1-based, heap[1] is due first */
    size_t n, cap;
    struct task *ready_first, *ready_last;
    void *by_name; /* tsearch tree */
    size_t tasks, busy;
    int64_t wall_ahead_ms; /* wall clock less monotonic clock, when last looked at */
    bool stopped, paused;
    unsigned left; /* takers that will not come back */
};

static int64_t wall_ahead_ms(void) { return clock_wall_ms() - clock_mono_ms(); }

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct task *)a)->name, ((const struct task *)b)->name);
}

struct queue *queue_new(void)
{
    struct queue *q = calloc(1, sizeof *q);
    pthread_condattr_t attr;

    if (!q)
        return NULL;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->changed, &attr);
    pthread_condattr_destroy(&attr);
    q->wall_ahead_ms = wall_ahead_ms();
    return q;
}

static void task_free(void *p)
{
    struct task *t = p;
    free(t->name);
    free(t);
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    tdestroy(q->by_name, task_free);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q->heap);
    free(q);
}

/* ---- heap; all under the lock ------------------------------------------------ */

static void place(struct queue *q, size_t at, struct task *t)
{
    q->heap[at] = t;
    t->heap_at = at;
}

static void sift_up(struct queue *q, size_t at, struct task *t)
{
    for (; at > 1 && q->heap[at / 2]->due_ms > t->due_ms; at /= 2)
        place(q, at, q->heap[at / 2]);
    place(q, at, t);
}

static void sift_down(struct queue *q, size_t at, struct task *t)
{
    for (size_t child; (child = at * 2) <= q->n; at = child) {
        if (child < q->n && q->heap[child + 1]->due_ms < q->heap[child]->due_ms)
            child++;
        if (q->heap[child]->due_ms >= t->due_ms)
            break;
        place(q, at, q->heap[child]);
    }
    place(q, at, t);
}

static void heap_remove(struct queue *q, struct task *t)
{
    size_t at = t->heap_at;
    struct task *last = q->heap[q->n--];

    t->heap_at = 0;
    if (last == t)
        return;
    sift_up(q, at, last);
    sift_down(q, last->heap_at, last);
}

/* Room was made when the task was added, so this cannot fail. */
static void heap_add(struct queue *q, struct task *t, int64_t due_ms)
{
    t->due_ms = due_ms;
    if (due_ms == QUEUE_NEVER)
        return;
    q->n++;
    sift_up(q, q->n, t);
}

/* ---- the line ------------------------------------------------------------------- */

static void line_up(struct queue *q, struct task *t)
{
    t->ready = true;
    t->ready_next = NULL;
    if (q->ready_last)
        q->ready_last->ready_next = t;
    else
        q->ready_first = t;
    q->ready_last = t;
}

/* A wall clock that was put back would make "in 5 s" last for months. All move with it, so the heap's order
 * stands; who comes too early for a date looks and rests again. Put forward it makes them due: the same. */
static void follow_clock(struct queue *q)
{
    int64_t ahead_ms = wall_ahead_ms(), back_ms = q->wall_ahead_ms - ahead_ms;

    if (back_ms < SLIP_MS && back_ms > -SLIP_MS)
        return;
    q->wall_ahead_ms = ahead_ms;
    for (size_t i = 1; back_ms > 0 && i <= q->n; i++)
        q->heap[i]->due_ms -= back_ms;
}

/* Moves what is due into the line; returns how long the rest has time. */
static int64_t promote(struct queue *q, int64_t now_ms)
{
    follow_clock(q);
    while (q->n && q->heap[1]->due_ms <= now_ms) {
        struct task *t = q->heap[1];
        heap_remove(q, t);
        line_up(q, t);
    }
    int64_t wait = q->n ? q->heap[1]->due_ms - now_ms : NAP_MS;
    return wait < NAP_MS ? wait : NAP_MS;
}

static void nap(struct queue *q, int64_t ms)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&q->changed, &q->lock, &ts);
}

static struct task *find(struct queue *q, const char *name)
{
    struct task key = { .name = (char *)(uintptr_t)name };
    struct task **at = tfind(&key, &q->by_name, by_name);
    return at ? *at : NULL;
}

static struct task *renew(struct queue *q, struct task *t, const void *subject, int64_t due_ms)
{
    t->stale = false;
    t->renewed = t->loaded;
    t->subject = subject;
    t->poked_ms = QUEUE_NEVER;
    t->forced = t->nudged = false;
    t->wake = WAKE_BY_KIND;
    q->tasks++;
    heap_add(q, t, due_ms);
    return t;
}

static struct task *add(struct queue *q, const struct task_kind *kind, const char *name, const void *subject,
                        int64_t due_ms)
{
    struct task *t = find(q, name);

    if (t && !t->stale)
        return t;
    if (!mem_grow(&q->heap, &q->cap, q->tasks + 2, sizeof *q->heap))
        return NULL;
    if (t)
        return renew(q, t, subject, due_ms);
    t = calloc(1, sizeof *t);
    if (!t || !(t->name = strdup(name)) || !tsearch(t, &q->by_name, by_name)) {
        if (t)
            task_free(t);
        return NULL;
    }
    t->kind = kind;
    t->subject = subject;
    t->poked_ms = QUEUE_NEVER;
    t->wake = WAKE_BY_KIND;
    q->tasks++;
    heap_add(q, t, due_ms);
    pthread_cond_broadcast(&q->changed);
    return t;
}

struct task *queue_add(struct queue *q, const struct task_kind *kind, const char *name, const void *subject,
                       int64_t due_ms)
{
    pthread_mutex_lock(&q->lock);
    struct task *t = add(q, kind, name, subject, due_ms);
    pthread_mutex_unlock(&q->lock);
    return t;
}

struct task *queue_take(struct queue *q)
{
    struct task *t = NULL;

    pthread_mutex_lock(&q->lock);
    while (!q->stopped) {
        int64_t wait = promote(q, clock_wall_ms());
        t = q->paused ? NULL : q->ready_first;
        if (t)
            break;
        wait = q->paused ? NAP_MS : wait;
        nap(q, wait);
    }
    if (t) {
        q->ready_first = t->ready_next;
        if (!q->ready_first)
            q->ready_last = NULL;
        t->ready = false;
        t->busy = true;
        t->poked_ms = QUEUE_NEVER;
        t->nudged = false;
        q->busy++;
        if (q->ready_first)
            pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return t;
}

void queue_put(struct queue *q, struct task *t, int64_t due_ms, enum wake wake)
{
    pthread_mutex_lock(&q->lock);
    t->busy = false;
    t->wake = wake;
    q->busy--;
    if ((wake != WAKE_NOT || t->forced) && t->poked_ms < due_ms)
        due_ms = t->poked_ms;
    if (wake == WAKE_BY_KIND && t->nudged && clock_wall_ms() < due_ms)
        due_ms = clock_wall_ms();
    t->poked_ms = QUEUE_NEVER;
    t->forced = t->nudged = false;
    heap_add(q, t, due_ms);
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void queue_drop(struct queue *q, struct task *t)
{
    pthread_mutex_lock(&q->lock);
    bool wanted = t->poked_ms != QUEUE_NEVER;
    if (!wanted) {
        q->busy--;
        q->tasks--;
        tdelete(t, &q->by_name, by_name);
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    if (wanted)
        queue_put(q, t, QUEUE_NEVER, WAKE_BY_NAME);
    else
        task_free(t);
}

static void poke(struct queue *q, struct task *t, int64_t at_ms, bool force)
{
    if (t->busy) {
        t->poked_ms = at_ms < t->poked_ms ? at_ms : t->poked_ms;
        t->forced = t->forced || force;
        return;
    }
    if (t->ready || !(t->wake != WAKE_NOT || force) || t->due_ms <= at_ms)
        return;
    if (t->heap_at)
        heap_remove(q, t);
    heap_add(q, t, at_ms);
    pthread_cond_broadcast(&q->changed);
}

/* One that is not planned any more is not known to anybody but queue_add(). */
bool queue_poke(struct queue *q, const char *name, int64_t at_ms, bool force)
{
    pthread_mutex_lock(&q->lock);
    struct task *t = find(q, name);
    t = t && t->stale ? NULL : t;
    if (t)
        poke(q, t, at_ms, force);
    pthread_mutex_unlock(&q->lock);
    return t != NULL;
}

bool queue_has(struct queue *q, const char *name)
{
    pthread_mutex_lock(&q->lock);
    const struct task *t = find(q, name);
    bool there = t && !t->stale;
    pthread_mutex_unlock(&q->lock);
    return there;
}

struct each {
    struct queue *q;
    const struct task_kind *kind;
    void (*f)(void *arg, const struct task *t);
    void *arg;
};

static void poke_one(const void *node, VISIT visit, void *arg)
{
    struct each *each = arg;
    struct task *t = *(struct task *const *)node;

    if ((visit != postorder && visit != leaf) || t->kind != each->kind || t->stale)
        return;
    if (t->busy)
        t->nudged = true;
    else if (t->wake == WAKE_BY_KIND)
        poke(each->q, t, clock_wall_ms(), false);
}

void queue_poke_kind(struct queue *q, const struct task_kind *kind)
{
    struct each each = { .q = q, .kind = kind };

    pthread_mutex_lock(&q->lock);
    twalk_r(q->by_name, poke_one, &each);
    pthread_mutex_unlock(&q->lock);
}

static void show_one(const void *node, VISIT visit, void *arg)
{
    struct each *each = arg;

    if (visit == postorder || visit == leaf)
        each->f(each->arg, *(struct task *const *)node);
}

void queue_each(struct queue *q, void (*f)(void *arg, const struct task *t), void *arg)
{
    struct each each = { .q = q, .f = f, .arg = arg };

    pthread_mutex_lock(&q->lock);
    twalk_r(q->by_name, show_one, &each);
    pthread_mutex_unlock(&q->lock);
}

/* ---- another set of tasks ------------------------------------------------------------ */

void queue_pause(struct queue *q, bool paused)
{
    pthread_mutex_lock(&q->lock);
    q->paused = paused;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool queue_drained(struct queue *q, int64_t most_ms)
{
    int64_t end_ms = clock_mono_ms() + most_ms, wait_ms;

    pthread_mutex_lock(&q->lock);
    while (q->busy && (wait_ms = end_ms - clock_mono_ms()) > 0)
        nap(q, wait_ms);
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
        tdelete(t, &q->by_name, by_name);
        task_free(t);
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_stop(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stopped = true;
    pthread_cond_broadcast(&q->changed);
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
        nap(q, wait_ms);
    bool all = q->left >= n;
    pthread_mutex_unlock(&q->lock);
    return all;
}

int64_t queue_next_ms(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    follow_clock(q);
    int64_t next_ms = q->ready_first ? clock_wall_ms() : q->n ? q->heap[1]->due_ms : QUEUE_NEVER;
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
        bool waiting = q->n && q->heap[1]->due_ms <= until_ms;
        quiet = q->stopped || now_ms > until_ms || (!q->busy && !q->ready_first && !waiting);
        if (quiet || left <= 0)
            break;
        nap(q, left < until_ms - now_ms + 1 ? left : until_ms - now_ms + 1);
    }
    pthread_mutex_unlock(&q->lock);
    return quiet;
}
