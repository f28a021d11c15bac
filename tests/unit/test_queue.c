/* SPDX-License-Identifier: Apache-2.0 */
/* test_queue.c - one heap, one line, one worker a task. */
#include "engine/queue.h"
#include "fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct task_kind certificates = { .name = "certificate" }, others = { .name = "zone" };
static int64_t now(void) { return clock_wall_ms(); }
static struct task *add(struct queue *q, const char *name, int64_t due_ms)
{
    struct task *t = queue_add(q, &certificates, name, NULL, due_ms);
    assert_non_null(t);
    return t;
}
/* Nothing may be due: taking would wait. */
static void assert_idle(struct queue *q) { assert_true(queue_quiet(q, now(), 0)); }
static int set_up(void **state)
{
    *state = queue_new();
    return *state ? 0 : -1;
}
static int tear_down(void **state)
{
    queue_free(*state);
    return 0;
}

static void tasks_come_in_the_order_of_their_times(void **state)
{
    enum { N = 1000 };
    struct queue *q = *state;
    int64_t start = now(), last = INT64_MIN;
    uint32_t r = 12345;
    char name[32];
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "certificate:%d", i);
        r = r * 1664525u + 1013904223u;
        add(q, name, start + r % 5000);
    }
    fake_clock_advance(5000);
    for (int i = 0; i < N; i++) {
        struct task *t = queue_take(q);
        assert_true(t->due_ms >= last);
        last = t->due_ms;
        queue_put(q, t, QUEUE_NEVER, WAKE_NOT);
    }
    assert_idle(q);
}
static void only_what_is_due_is_taken(void **state)
{
    struct queue *q = *state;
    add(q, "a", now() + 100);
    add(q, "b", now() + 200);
    assert_idle(q);
    fake_clock_advance(100);
    struct task *t = queue_take(q);
    assert_string_equal(t->name, "a");
    queue_put(q, t, now() + 500, WAKE_BY_KIND);
    assert_idle(q);
    fake_clock_advance(100);
    t = queue_take(q);
    assert_string_equal(t->name, "b");
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
}
static void a_name_is_one_task(void **state)
{
    struct queue *q = *state;
    int one, two;
    struct task *t = queue_add(q, &certificates, "a", &one, now() + 100);
    assert_ptr_equal(queue_add(q, &others, "a", &two, now()), t);
    assert_ptr_equal(t->subject, &one);
    assert_ptr_equal(t->kind, &certificates);
    assert_idle(q);
}
static void a_wait_is_cut_short_by_a_poke_but_never_made_longer(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now());
    queue_put(q, queue_take(q), now() + 1000, WAKE_BY_KIND);
    assert_true(queue_poke(q, "a", now() + 5000, false));
    assert_int_equal(t->due_ms, now() + 1000);
    assert_true(queue_poke(q, "a", now() + 10, false));
    assert_int_equal(t->due_ms, now() + 10);
    assert_true(queue_poke(q, "a", now(), false));
    assert_ptr_equal(queue_take(q), t);
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
    assert_false(queue_poke(q, "nobody", now(), true));
}
static void a_back_off_is_cut_short_by_force_only(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now());
    queue_put(q, queue_take(q), now() + 1000, WAKE_NOT);
    assert_true(queue_poke(q, "a", now(), false));
    assert_int_equal(t->due_ms, now() + 1000);
    queue_poke_kind(q, &certificates);
    assert_int_equal(t->due_ms, now() + 1000);
    assert_true(queue_poke(q, "a", now(), true));
    assert_int_equal(t->due_ms, now());
}
static void what_is_parked_comes_when_it_is_poked(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", QUEUE_NEVER);
    fake_clock_advance(INT64_C(1000) * 86400 * 365);
    assert_idle(q);
    assert_true(queue_poke(q, "a", now() + 5, false));
    assert_idle(q);
    fake_clock_advance(5);
    assert_ptr_equal(queue_take(q), t);
    queue_put(q, t, QUEUE_NEVER, WAKE_NOT);
    queue_poke(q, "a", now(), false);
    assert_idle(q);
}
static void a_poke_while_busy_counts_when_the_task_comes_back(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now());
    assert_ptr_equal(queue_take(q), t);
    queue_poke(q, "a", now() + 30, false);
    queue_poke(q, "a", now() + 20, false);
    queue_poke(q, "a", now() + 40, false);
    queue_put(q, t, now() + 1000, WAKE_BY_KIND);
    assert_int_equal(t->due_ms, now() + 20);
    fake_clock_advance(20);
    assert_ptr_equal(queue_take(q), t);
    queue_put(q, t, now() + 1000, WAKE_BY_KIND); /* and once only */
    assert_int_equal(t->due_ms, now() + 1000);
}
static void a_poke_while_busy_does_not_cut_a_back_off_short_unless_forced(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now());
    queue_take(q);
    queue_poke(q, "a", now(), false);
    queue_put(q, t, now() + 1000, WAKE_NOT);
    assert_int_equal(t->due_ms, now() + 1000);
    fake_clock_advance(1000);
    assert_ptr_equal(queue_take(q), t);
    queue_poke(q, "a", now() + 7, true);
    queue_put(q, t, now() + 1000, WAKE_NOT);
    assert_int_equal(t->due_ms, now() + 7);
    fake_clock_advance(7);
    assert_ptr_equal(queue_take(q), t);
    queue_poke(q, "a", now(), false); /* the force of the last time is used up */
    queue_put(q, t, now() + 1000, WAKE_NOT);
    assert_int_equal(t->due_ms, now() + 1000);
}
static void a_poke_of_a_kind_wakes_that_kind(void **state)
{
    struct queue *q = *state;
    struct task *a = add(q, "a", now() + 1000), *b = add(q, "b", QUEUE_NEVER);
    struct task *z = queue_add(q, &others, "z", NULL, now() + 1000);
    queue_poke_kind(q, &certificates);
    assert_int_equal(a->due_ms, now());
    assert_int_equal(b->due_ms, now());
    assert_int_equal(z->due_ms, now() + 1000);
}
static void a_dropped_task_is_gone_and_its_name_free(void **state)
{
    struct queue *q = *state;
    add(q, "b", now() + 10);
    add(q, "a", now());
    queue_drop(q, queue_take(q));
    assert_false(queue_poke(q, "a", now(), true));
    assert_idle(q);
    assert_string_equal(add(q, "a", now())->name, "a");
    struct task *t = queue_take(q);
    assert_string_equal(t->name, "a");
    queue_drop(q, t);
}
static void the_line_keeps_its_order_and_ignores_pokes(void **state)
{
    struct queue *q = *state;
    add(q, "first", now() - 2);
    add(q, "second", now() - 1);
    add(q, "third", now());
    struct task *t = queue_take(q); /* all three are in the line from here on */
    queue_poke(q, "third", now() - 100, true);
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
    t = queue_take(q);
    assert_string_equal(t->name, "second");
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
    t = queue_take(q);
    assert_string_equal(t->name, "third");
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
    assert_idle(q);
}
static void quiet_means_nothing_busy_and_nothing_due_until_then(void **state)
{
    struct queue *q = *state;
    add(q, "a", now() + 100);
    assert_true(queue_quiet(q, now() + 99, 0));
    assert_false(queue_quiet(q, now() + 100, 0));
    fake_clock_advance(100);
    struct task *t = queue_take(q);
    assert_false(queue_quiet(q, now(), 0));
    queue_put(q, t, now() + 100, WAKE_BY_KIND);
    assert_true(queue_quiet(q, now() + 50, 0));
    assert_true(queue_quiet(q, now() - 1, 0)); /* that time is over */
    queue_poke(q, "a", now(), false);
    assert_false(queue_quiet(q, now(), 0));
    queue_stop(q);
    assert_true(queue_quiet(q, now() + 1000, 0));
}
static void a_stopped_queue_gives_nothing_even_if_something_is_due(void **state)
{
    struct queue *q = *state;
    add(q, "a", now());
    add(q, "b", now());
    struct task *t = queue_take(q);
    queue_stop(q);
    assert_null(queue_take(q));
    queue_put(q, t, now(), WAKE_BY_KIND);
    assert_null(queue_take(q));
}
static void count_one(void *arg, const struct task *t)
{
    size_t *n = arg;
    assert_true(t->name[0] == 'a' || t->name[0] == 'z');
    ++*n;
}
static void a_report_sees_every_task_once(void **state)
{
    struct queue *q = *state;
    size_t n = 0;
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "a%d", i);
        add(q, name, i % 3 ? now() : QUEUE_NEVER);
    }
    queue_add(q, &others, "z", NULL, now());
    struct task *t = queue_take(q);
    queue_each(q, count_one, &n);
    assert_int_equal(n, 101);
    queue_put(q, t, now(), WAKE_BY_KIND);
}
static void a_jump_of_the_wall_clock_makes_tasks_due(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now() + 1000000);
    fake_clock_set(now() + 2000000);
    assert_ptr_equal(queue_take(q), t);
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_KIND);
}
static void a_clock_that_is_put_back_makes_no_pause_longer(void **state)
{
    struct queue *q = *state;
    struct task *a = add(q, "a", now() + 5000), *b = add(q, "b", now() + 6000);
    add(q, "parked", QUEUE_NEVER);
    fake_clock_set(now() - INT64_C(86400000) * 365);
    assert_true(queue_quiet(q, now(), 0));
    fake_clock_advance(5000);
    assert_ptr_equal(queue_take(q), a);
    fake_clock_advance(1000);
    assert_ptr_equal(queue_take(q), b);
    /* what is planned after the jump is planned by the new clock */
    queue_put(q, a, now() + 1000, WAKE_BY_KIND);
    queue_put(q, b, now() + 2000, WAKE_BY_KIND);
    fake_clock_advance(1000);
    assert_ptr_equal(queue_take(q), a);
    queue_put(q, a, QUEUE_NEVER, WAKE_BY_KIND);
    assert_idle(q);
}
static void a_task_that_is_wanted_again_while_it_ends_comes_back(void **state)
{
    struct queue *q = *state;
    struct task *t = add(q, "a", now());
    assert_ptr_equal(queue_take(q), t);
    queue_poke(q, "a", now(), false);
    queue_drop(q, t);
    assert_ptr_equal(queue_take(q), t);
    queue_drop(q, t);
    assert_false(queue_poke(q, "a", now(), true));
}

static void a_paused_queue_gives_nothing_and_waits_for_those_at_work(void **state)
{
    struct queue *q = *state;
    add(q, "certificate:a", now());
    add(q, "certificate:b", now());
    struct task *t = queue_take(q);
    queue_pause(q, true);
    assert_false(queue_drained(q, 0));
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_NAME);
    assert_true(queue_drained(q, 0));
    queue_pause(q, false);
    t = queue_take(q);
    assert_string_equal(t->name, "certificate:b");
    queue_put(q, t, QUEUE_NEVER, WAKE_BY_NAME);
}

static void another_set_of_tasks_knows_what_the_old_ones_knew(void **state)
{
    static const int subject = 0;
    struct queue *q = *state;
    struct task *kept = add(q, "certificate:kept", now() + 5000), *fresh;
    add(q, "certificate:gone", now());
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof name, "certificate:old%d", i);
        add(q, name, now() + i);
    }
    kept->loaded = true;
    kept->step = 3;
    queue_pause(q, true);
    queue_renew(q);
    assert_idle(q);
    assert_false(queue_poke(q, "certificate:gone", now(), true));
    assert_false(queue_has(q, "certificate:kept"));
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof name, "certificate:new%d", i);
        fresh = add(q, name, now() + 9000);
        assert_false(fresh->renewed);
    }
    assert_ptr_equal(queue_add(q, &certificates, "certificate:kept", &subject, now()), kept);
    assert_ptr_equal(kept->subject, &subject);
    assert_true(kept->renewed);
    assert_int_equal(kept->step, 3);
    queue_renewed(q);
    assert_false(queue_has(q, "certificate:gone"));
    queue_pause(q, false);
    assert_ptr_equal(queue_take(q), kept);
    queue_put(q, kept, QUEUE_NEVER, WAKE_BY_NAME);
    fake_clock_advance(9000);
    for (int i = 0; i < 100; i++)
        queue_put(q, queue_take(q), QUEUE_NEVER, WAKE_BY_NAME);
    assert_idle(q);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tasks_come_in_the_order_of_their_times),
        TEST(only_what_is_due_is_taken),
        TEST(a_name_is_one_task),
        TEST(a_wait_is_cut_short_by_a_poke_but_never_made_longer),
        TEST(a_back_off_is_cut_short_by_force_only),
        TEST(what_is_parked_comes_when_it_is_poked),
        TEST(a_poke_while_busy_counts_when_the_task_comes_back),
        TEST(a_poke_while_busy_does_not_cut_a_back_off_short_unless_forced),
        TEST(a_poke_of_a_kind_wakes_that_kind),
        TEST(a_dropped_task_is_gone_and_its_name_free),
        TEST(the_line_keeps_its_order_and_ignores_pokes),
        TEST(quiet_means_nothing_busy_and_nothing_due_until_then),
        TEST(a_stopped_queue_gives_nothing_even_if_something_is_due),
        TEST(a_report_sees_every_task_once),
        TEST(a_jump_of_the_wall_clock_makes_tasks_due),
        TEST(a_clock_that_is_put_back_makes_no_pause_longer),
        TEST(a_task_that_is_wanted_again_while_it_ends_comes_back),
        cmocka_unit_test_setup_teardown(a_paused_queue_gives_nothing_and_waits_for_those_at_work, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_set_of_tasks_knows_what_the_old_ones_knew, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
