/* SPDX-License-Identifier: Apache-2.0 */
/* test_queue_threads.c - many workers on one queue, by the real clock. */
#include "base/clock.h"
#include "engine/queue.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS = 6, TASKS = 40, TURNS = 50 };
static const struct task_kind kind = { .name = "certificate" };

/* What the workers share; each task's row belongs to the worker that has the task. */
struct rig {
    struct queue *q;
    struct row {
        int turns;
        _Atomic int inside;
    } rows[TASKS];
    _Atomic int overlaps, turns, poked;
};
static void *work(void *arg)
{
    struct rig *r = arg;
    struct task *t;
    while ((t = queue_take(r->q))) {
        struct row *row = (struct row *)(uintptr_t)t->subject;
        if (atomic_fetch_add(&row->inside, 1) != 0)
            atomic_fetch_add(&r->overlaps, 1);
        row->turns++;
        atomic_fetch_add(&r->turns, 1);
        bool more = row->turns < TURNS;
        char other[32];
        snprintf(other, sizeof other, "t%d", (int)((row - r->rows) + 7) % TASKS);
        queue_poke(r->q, other, clock_wall_ms(), row->turns % 3 == 0);
        atomic_fetch_sub(&row->inside, 1);
        queue_put(r->q, t, more ? clock_wall_ms() + row->turns % 3 : QUEUE_NEVER,
                  more && row->turns % 2 ? WAKE_BY_KIND : WAKE_NOT);
    }
    return NULL;
}
static void start(struct rig *r, pthread_t threads[WORKERS])
{
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, r), 0);
}
static void finish(struct rig *r, pthread_t threads[WORKERS])
{
    queue_stop(r->q);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    queue_free(r->q);
}
static void a_task_is_in_one_worker_at_a_time(void **state)
{
    static struct rig r;
    pthread_t threads[WORKERS];
    (void)state;
    r.q = queue_new();
    for (int i = 0; i < TASKS; i++) {
        char name[32];
        snprintf(name, sizeof name, "t%d", i);
        assert_non_null(queue_add(r.q, &kind, name, &r.rows[i], clock_wall_ms() + i % 5));
    }
    start(&r, threads);
    assert_true(queue_quiet(r.q, clock_wall_ms() + 60000, 60000));
    finish(&r, threads);
    assert_int_equal(r.overlaps, 0);
    for (int i = 0; i < TASKS; i++)
        assert_true(r.rows[i].turns >= TURNS);
}
static void a_poke_and_a_new_task_wake_a_waiting_worker(void **state)
{
    static struct rig r;
    pthread_t threads[WORKERS];
    int64_t began = clock_mono_ms();
    (void)state;
    r.q = queue_new();
    for (int i = 0; i < TASKS; i++)
        r.rows[i].turns = TURNS; /* one more turn, then for ever parked */
    queue_add(r.q, &kind, "t0", &r.rows[0], clock_wall_ms() + 3600000);
    start(&r, threads);
    while (atomic_load(&r.turns) < 1)
        queue_poke(r.q, "t0", clock_wall_ms(), false);
    queue_add(r.q, &kind, "t1", &r.rows[1], clock_wall_ms());
    while (atomic_load(&r.turns) < 2)
        sched_yield();
    assert_true(clock_mono_ms() - began < 20000);
    finish(&r, threads);
}
static void *take_one(void *arg)
{
    struct rig *r = arg;
    struct task *t = queue_take(r->q);
    queue_put(r->q, t, QUEUE_NEVER, WAKE_NOT);
    return NULL;
}
/* The one who waits slept for a long time, and another takes what stood before that task. */
static void a_task_that_was_behind_another_is_waited_for(void **state)
{
    static struct rig r;
    pthread_t waiter;
    (void)state;
    r.q = queue_new();
    queue_add(r.q, &kind, "first", NULL, clock_wall_ms());
    queue_add(r.q, &kind, "second", NULL, clock_wall_ms());
    struct task *first = queue_take(r.q), *second = queue_take(r.q);
    assert_int_equal(pthread_create(&waiter, NULL, take_one, &r), 0);
    usleep(200000); /* asleep by now; were it not, it would find both */
    int64_t began = clock_mono_ms();
    queue_put(r.q, first, clock_wall_ms(), WAKE_NOT);
    queue_put(r.q, second, clock_wall_ms() + 300, WAKE_NOT);
    first = queue_take(r.q);
    assert_non_null(first);
    pthread_join(waiter, NULL);
    assert_true(clock_mono_ms() - began < 20000);
    queue_put(r.q, first, QUEUE_NEVER, WAKE_NOT);
    queue_free(r.q);
}
static void *wait_for_quiet(void *arg)
{
    struct rig *r = arg;
    bool quiet = queue_quiet(r->q, clock_wall_ms() + 60000, 30000);
    atomic_store(&r->poked, quiet);
    return NULL;
}
static void who_waits_for_quiet_is_told_when_the_last_task_comes_back(void **state)
{
    static struct rig r;
    pthread_t waiter;
    int64_t began = clock_mono_ms();
    (void)state;
    r.q = queue_new();
    queue_add(r.q, &kind, "t0", &r.rows[0], clock_wall_ms());
    struct task *t = queue_take(r.q);
    assert_int_equal(pthread_create(&waiter, NULL, wait_for_quiet, &r), 0);
    assert_false(queue_quiet(r.q, clock_wall_ms() + 60000, 50));
    queue_put(r.q, t, QUEUE_NEVER, WAKE_NOT);
    pthread_join(waiter, NULL);
    assert_true(r.poked);
    assert_true(clock_mono_ms() - began < 20000);
    queue_free(r.q);
}

static void *leave(void *arg)
{
    struct rig *r = arg;
    while (queue_take(r->q))
        ;
    queue_leave(r->q);
    return NULL;
}
static void an_end_is_waited_for_but_not_for_ever(void **state)
{
    static struct rig r;
    pthread_t takers[2];
    (void)state;
    r.q = queue_new();
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&takers[i], NULL, leave, &r), 0);
    assert_false(queue_left(r.q, 2, 50));
    queue_stop(r.q);
    assert_true(queue_left(r.q, 2, 20000));
    assert_false(queue_left(r.q, 3, 50));
    for (size_t i = 0; i < 2; i++)
        pthread_join(takers[i], NULL);
    queue_free(r.q);
}

/* Stays until all the others have come too. */
static void *meet(void *arg)
{
    struct rig *r = arg;
    struct task *t;
    while ((t = queue_take(r->q))) {
        int round = atomic_fetch_add(&r->turns, 1) / WORKERS + 1;
        int64_t end_ms = clock_mono_ms() + 60000;
        while (atomic_load(&r->turns) < round * WORKERS && clock_mono_ms() < end_ms)
            sched_yield();
        if (atomic_load(&r->turns) < round * WORKERS)
            atomic_fetch_add(&r->overlaps, 1);
        queue_put(r->q, t, QUEUE_NEVER, WAKE_BY_KIND);
    }
    return NULL;
}
static void as_many_workers_come_as_there_are_tasks(void **state)
{
    static struct rig r;
    pthread_t threads[WORKERS];
    char name[32];
    (void)state;
    r.q = queue_new();
    for (int i = 0; i < WORKERS; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_non_null(queue_add(r.q, &kind, name, NULL, QUEUE_NEVER));
    }
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, meet, &r), 0);
    for (int round = 0; round < 300 && !r.overlaps; round++) {
        for (int i = 0; i < WORKERS && round % 3; i++) {
            snprintf(name, sizeof name, "t%d", i);
            /* At once, or in a moment that is the same for all. */
            queue_poke(r.q, name, clock_wall_ms() + (round % 3 == 1 ? 0 : 2), false);
        }
        if (round % 3 == 0)
            queue_poke_kind(r.q, &kind);
        while (atomic_load(&r.turns) < (round + 1) * WORKERS && !r.overlaps)
            sched_yield();
        assert_true(queue_quiet(r.q, clock_wall_ms() + 60000, 60000));
    }
    assert_int_equal(r.overlaps, 0);
    finish(&r, threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_in_one_worker_at_a_time),
        cmocka_unit_test(a_poke_and_a_new_task_wake_a_waiting_worker),
        cmocka_unit_test(a_task_that_was_behind_another_is_waited_for),
        cmocka_unit_test(as_many_workers_come_as_there_are_tasks),
        cmocka_unit_test(who_waits_for_quiet_is_told_when_the_last_task_comes_back),
        cmocka_unit_test(an_end_is_waited_for_but_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
