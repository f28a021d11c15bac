/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - the heap, the line of ready tasks, and the condition variables of the engine. */
#include "engine/queue_impl.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/calm.h"

#include <search.h>
#include <string.h>
#include <time.h>

static int64_t wall_ahead_ms(void) { return clock_wall_ms() - clock_mono_ms(); }

int queue_by_name(const void *a, const void *b)
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
    pthread_cond_init(&q->watch, &attr);
    pthread_cond_init(&q->work, &attr);
    pthread_cond_init(&q->changed, &attr);
    pthread_condattr_destroy(&attr);
    q->wall_ahead_ms = wall_ahead_ms();
    return q;
}

void queue_task_free(void *p)
{
    struct task *t = p;
    json_decref(t->rec);
    calm_free(t->calm);
    free(t->name);
    free(t);
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    tdestroy(q->by_name, queue_task_free);
    pthread_cond_destroy(&q->watch);
    pthread_cond_destroy(&q->work);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q->heap);
    free(q);
}

/* ---- who may be woken by kind; all under the lock ------------------------------ */

static void wakers_add(struct queue *q, struct task *t)
{
    if (t->waker_at)
        return;
    t->waker_next = q->wakers;
    t->waker_at = &q->wakers;
    if (t->waker_next)
        t->waker_next->waker_at = &t->waker_next;
    q->wakers = t;
}

void queue_no_waker(struct task *t)
{
    if (!t->waker_at)
        return;
    *t->waker_at = t->waker_next;
    if (t->waker_next)
        t->waker_next->waker_at = t->waker_at;
    t->waker_at = NULL;
}

/* ---- heap; all under the lock ------------------------------------------------ */

static void place(struct queue *q, size_t at, struct slot s)
{
    q->heap[at] = s;
    s.task->heap_at = at;
}

static void sift_up(struct queue *q, size_t at, struct slot s)
{
    for (; at > 1 && q->heap[at / 2].due_ms > s.due_ms; at /= 2)
        place(q, at, q->heap[at / 2]);
    place(q, at, s);
}

static void sift_down(struct queue *q, size_t at, struct slot s)
{
    for (size_t child; (child = at * 2) <= q->n; at = child) {
        if (child < q->n && q->heap[child + 1].due_ms < q->heap[child].due_ms)
            child++;
        if (q->heap[child].due_ms >= s.due_ms)
            break;
        place(q, at, q->heap[child]);
    }
    place(q, at, s);
}

static void heap_remove(struct queue *q, struct task *t)
{
    size_t at = t->heap_at;
    struct slot last = q->heap[q->n--];

    t->heap_at = 0;
    if (last.task == t)
        return;
    sift_up(q, at, last);
    sift_down(q, last.task->heap_at, last);
}

/* Room was made when the task was added, so this cannot fail. */
static void heap_add(struct queue *q, struct task *t, int64_t due_ms)
{
    t->due_ms = due_ms;
    if (due_ms == QUEUE_NEVER)
        return;
    q->n++;
    sift_up(q, q->n, (struct slot){ due_ms, t });
}

/* ---- the line ------------------------------------------------------------------- */

static void line_up(struct queue *q, struct task *t)
{
    t->ready = true;
    t->ready_next = NULL;
    *(q->ready_last ? &q->ready_last->ready_next : &q->ready_first) = t;
    q->ready_last = t;
}

/* A wall clock that was put back would make "in 5 s" last for months. All move with it, so the heap's order
 * stands; who comes too early for a date looks and rests again. Put forward it makes them due: the same. */
void queue_follow_clock(struct queue *q)
{
    int64_t ahead_ms = wall_ahead_ms(), back_ms = q->wall_ahead_ms - ahead_ms;

    if (back_ms < SLIP_MS && back_ms > -SLIP_MS)
        return;
    q->wall_ahead_ms = ahead_ms;
    for (size_t i = 1; back_ms > 0 && i <= q->n; i++)
        q->heap[i].task->due_ms = q->heap[i].due_ms -= back_ms;
    q->watch_ms -= back_ms > 0 ? back_ms : 0;
}

/* Moves what is due into the line; returns how long the rest has time. */
static int64_t promote(struct queue *q, int64_t now_ms)
{
    queue_follow_clock(q);
    while (q->n && q->heap[1].due_ms <= now_ms) {
        struct task *t = q->heap[1].task;
        heap_remove(q, t);
        line_up(q, t);
    }
    int64_t wait = q->n ? q->heap[1].due_ms - now_ms : NAP_MS;
    return wait < NAP_MS ? wait : NAP_MS;
}

void queue_nap(struct queue *q, pthread_cond_t *on, int64_t ms)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(on, &q->lock, &ts);
}

/* Whoever changes what is first: the watch may sleep too long for it. */
static void tell_watch(struct queue *q)
{
    if (q->watched && q->n && q->heap[1].due_ms < q->watch_ms)
        pthread_cond_signal(&q->watch);
}

/* One taker more is needed at `due_ms`. */
static void call_taker(struct queue *q, int64_t due_ms)
{
    if (due_ms <= clock_wall_ms() && q->idle)
        pthread_cond_signal(&q->work);
    else
        tell_watch(q);
}

static struct task *find(struct queue *q, const char *name)
{
    struct task key = { .name = (char *)(uintptr_t)name };
    struct task **at = tfind(&key, &q->by_name, queue_by_name);
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
    wakers_add(q, t);
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
    if (!t || !(t->name = strdup(name)) || !tsearch(t, &q->by_name, queue_by_name)) {
        if (t)
            queue_task_free(t);
        return NULL;
    }
    t->kind = kind;
    t->subject = subject;
    t->poked_ms = QUEUE_NEVER;
    t->wake = WAKE_BY_KIND;
    wakers_add(q, t);
    q->tasks++;
    heap_add(q, t, due_ms);
    call_taker(q, due_ms);
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

/* The first taker waits for the time, the others for a call. */
static void wait_for_work(struct queue *q, int64_t wait_ms)
{
    if (q->watched) {
        q->idle++;
        pthread_cond_wait(&q->work, &q->lock);
        q->idle--;
        return;
    }
    q->watched = true;
    wait_ms = q->paused ? NAP_MS : wait_ms;
    q->watch_ms = clock_wall_ms() + wait_ms;
    queue_nap(q, &q->watch, wait_ms);
    q->watched = false;
}

static void begin(struct queue *q, struct task *t)
{
    q->ready_first = t->ready_next;
    if (!q->ready_first)
        q->ready_last = NULL;
    t->ready = false;
    t->busy = true;
    t->asked = t->asked || t->called;
    t->called = false;
    wakers_add(q, t);
    t->poked_ms = QUEUE_NEVER;
    t->nudged = false;
    q->busy++;
}

struct task *queue_take(struct queue *q)
{
    struct task *t = NULL;

    pthread_mutex_lock(&q->lock);
    while (!q->stopped) {
        int64_t wait_ms = promote(q, clock_wall_ms());
        t = q->paused ? NULL : q->ready_first;
        if (t)
            break;
        wait_for_work(q, wait_ms);
    }
    if (t)
        begin(q, t);
    /* There is more to do, or nobody is left who knows when there will be. Who was called and is on its way does the same. */
    if (q->idle && (q->ready_first || !q->watched))
        pthread_cond_signal(&q->work);
    else if (q->ready_first && q->watched)
        pthread_cond_signal(&q->watch);
    else
        tell_watch(q); /* what was taken stood before a task that nobody has told it of */
    pthread_mutex_unlock(&q->lock);
    return t;
}

/* Under the lock: who took it has let go of it. */
static void ended(struct queue *q, struct task *t)
{
    t->busy = false;
    q->busy--;
    if (t->wake != WAKE_BY_KIND)
        queue_no_waker(t);
    if (!q->busy)
        pthread_cond_broadcast(&q->changed);
}

void queue_put(struct queue *q, struct task *t, int64_t due_ms, enum wake wake)
{
    pthread_mutex_lock(&q->lock);
    t->wake = wake;
    if ((wake != WAKE_NOT || t->forced) && t->poked_ms < due_ms)
        due_ms = t->poked_ms;
    if (wake == WAKE_BY_KIND && t->nudged && clock_wall_ms() < due_ms)
        due_ms = clock_wall_ms();
    t->poked_ms = QUEUE_NEVER;
    t->forced = t->nudged = false;
    heap_add(q, t, due_ms);
    ended(q, t);
    /* One that goes on at once is found by who brought it back, and now takes the next. */
    if (due_ms > clock_wall_ms())
        call_taker(q, due_ms);
    pthread_mutex_unlock(&q->lock);
}

void queue_drop(struct queue *q, struct task *t)
{
    pthread_mutex_lock(&q->lock);
    bool wanted = t->poked_ms != QUEUE_NEVER;
    if (!wanted) {
        t->wake = WAKE_NOT;
        ended(q, t);
        q->tasks--;
        tdelete(t, &q->by_name, queue_by_name);
    }
    pthread_mutex_unlock(&q->lock);
    if (wanted)
        queue_put(q, t, QUEUE_NEVER, WAKE_BY_NAME);
    else
        queue_task_free(t);
}

static void poke(struct queue *q, struct task *t, int64_t at_ms, bool force)
{
    t->called = t->called || force;
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
    call_taker(q, at_ms);
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
    void (*f)(void *arg, const struct task *t);
    void *arg;
};

void queue_poke_kind(struct queue *q, const struct task_kind *kind)
{
    pthread_mutex_lock(&q->lock);
    for (struct task *t = q->wakers; t; t = t->waker_next) {
        if (t->kind != kind || t->stale)
            continue;
        if (t->busy)
            t->nudged = true;
        else
            poke(q, t, clock_wall_ms(), false);
    }
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
    struct each each = { .f = f, .arg = arg };

    pthread_mutex_lock(&q->lock);
    twalk_r(q->by_name, show_one, &each);
    pthread_mutex_unlock(&q->lock);
}
