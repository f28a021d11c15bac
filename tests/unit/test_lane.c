/* SPDX-License-Identifier: Apache-2.0 */
/* test_lane.c - who may be inside an instance, and for how long. */
#include "base/clock.h"
#include "plugin/lane.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void nap(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

/* A thread that enters, stays a while, and tells how it went. */
struct guest {
    struct lane *lane;
    pthread_t thread;
    int code;
    atomic_int *gate; /* stays until it is opened; NULL: leaves at once */
    int64_t allowed_ms;
    bool listener;
    int place;         /* the how-manieth who came in */
    atomic_int *count; /* of those who came in */
    atomic_int *inside, *most;
    int *shared; /* written without a lock of its own: TSan minds when two are inside */
    struct outcome o;
};
static void *visit(void *arg)
{
    struct guest *g = arg;
    struct lane_seat seat;

    if (g->listener)
        g->code = lane_enter_listener(g->lane, &seat) ? FL_OK : FL_ENOMEM;
    else
        g->code = lane_enter(g->lane, &seat, g->allowed_ms, &g->o);
    if (g->code != FL_OK)
        return NULL;
    int now = atomic_fetch_add(g->inside, 1) + 1, most = atomic_load(g->most);
    while (now > most && !atomic_compare_exchange_weak(g->most, &most, now))
        ;
    if (g->shared)
        *g->shared += 1;
    g->place = atomic_fetch_add(g->count, 1);
    while (g->gate && !atomic_load(g->gate))
        nap(1);
    atomic_fetch_sub(g->inside, 1);
    lane_leave(g->lane, &seat);
    return NULL;
}
struct party {
    struct lane *lane;
    atomic_int count, inside, most, gate;
    int shared;
    struct guest guests[8];
};
static struct guest *seat_for(struct party *p, size_t i)
{
    p->guests[i] = (struct guest){
        .lane = p->lane, .allowed_ms = 60000, .count = &p->count, .inside = &p->inside, .most = &p->most
    };
    return &p->guests[i];
}
static void start(struct guest *g) { assert_int_equal(pthread_create(&g->thread, NULL, visit, g), 0); }
/* Comes and goes. */
static void come(struct party *p, size_t i) { start(seat_for(p, i)); }
/* Comes and stays until the gate is opened. */
static void come_and_stay(struct party *p, size_t i)
{
    struct guest *g = seat_for(p, i);
    g->gate = &p->gate;
    start(g);
}
static void until_inside(struct party *p, int n)
{
    while (atomic_load(&p->inside) < n)
        nap(1);
}
static void go(struct party *p, size_t i) { pthread_join(p->guests[i].thread, NULL); }

static void a_serial_lane_lets_in_one_at_a_time(void **state)
{
    struct party p = { .lane = lane_new("dns x", false, 8) };
    (void)state;
    lane_widen(p.lane);
    for (size_t i = 0; i < 8; i++) {
        struct guest *g = seat_for(&p, i);
        g->listener = i % 3 == 0;
        g->shared = &p.shared;
        start(g);
    }
    for (size_t i = 0; i < 8; i++) {
        go(&p, i);
        assert_int_equal(p.guests[i].code, FL_OK);
    }
    assert_int_equal(atomic_load(&p.most), 1);
    assert_int_equal(p.shared, 8);
    lane_free(p.lane);
}
static void a_parallel_lane_is_serial_until_it_is_widened(void **state)
{
    struct party p = { .lane = lane_new("dns x", true, 4) };
    (void)state;
    for (size_t i = 0; i < 4; i++)
        come_and_stay(&p, i);
    until_inside(&p, 1);
    nap(30);
    assert_int_equal(atomic_load(&p.most), 1);
    lane_widen(p.lane);
    until_inside(&p, 4);
    atomic_store(&p.gate, 1);
    for (size_t i = 0; i < 4; i++)
        go(&p, i);
    lane_free(p.lane);
}
static void who_comes_to_a_crowd_is_sent_away_at_once(void **state)
{
    struct party p = { .lane = lane_new("dns gcp", true, 2) };
    struct lane_seat seat;
    struct outcome o = { 0 };
    int64_t began = clock_mono_ms();
    (void)state;
    lane_widen(p.lane);
    come_and_stay(&p, 0);
    come_and_stay(&p, 1);
    until_inside(&p, 2);
    assert_int_equal(lane_enter(p.lane, &seat, 60000, &o), FL_EAGAIN);
    assert_true(clock_mono_ms() - began < 30000);
    assert_string_equal(o.msg, "dns gcp is busy with 2 other calls");
    atomic_store(&p.gate, 1);
    go(&p, 0);
    go(&p, 1);
    assert_int_equal(lane_enter(p.lane, &seat, 60000, &o), FL_OK);
    lane_leave(p.lane, &seat);
    lane_free(p.lane);
}
static void who_waits_too_long_goes_and_the_others_get_in_as_they_came(void **state)
{
    struct party p = { .lane = lane_new("sink disk", false, 8) };
    (void)state;
    come_and_stay(&p, 0);
    until_inside(&p, 1);
    come(&p, 1);
    nap(150);
    seat_for(&p, 2)->allowed_ms = 30;
    start(&p.guests[2]);
    nap(10);
    come(&p, 3);
    go(&p, 2);
    nap(150);
    atomic_store(&p.gate, 1);
    go(&p, 0);
    go(&p, 1);
    go(&p, 3);
    assert_int_equal(p.guests[2].code, FL_ETEMP);
    assert_string_equal(p.guests[2].o.msg, "sink disk was busy with other calls for 30 ms");
    assert_int_equal(p.guests[1].place, 1);
    assert_int_equal(p.guests[3].place, 2);
    lane_free(p.lane);
}
static void a_listener_waits_its_turn_and_does_not_count(void **state)
{
    struct party p = { .lane = lane_new("dns self", false, 1) };
    struct lane_seat seat;
    struct outcome o;
    (void)state;
    seat_for(&p, 0)->listener = true;
    p.guests[0].gate = &p.gate;
    start(&p.guests[0]);
    until_inside(&p, 1);
    /* One caller is the whole crowd, and there is none yet. */
    assert_int_equal(lane_enter(p.lane, &seat, 5, &o), FL_ETEMP);
    come(&p, 1);
    nap(30);
    assert_int_equal(atomic_load(&p.inside), 1);
    atomic_store(&p.gate, 1);
    go(&p, 0);
    go(&p, 1);
    assert_int_equal(p.guests[1].code, FL_OK);
    assert_int_equal(atomic_load(&p.most), 1);
    lane_free(p.lane);
}
static void the_watchdog_hears_of_the_call_that_is_longest_overdue(void **state)
{
    struct lane *l = lane_new("dns x", true, 4);
    struct lane_seat generous, hasty, listener;
    struct outcome o;
    int64_t age = -1, allowed = -1;
    (void)state;
    lane_widen(l);
    assert_false(lane_longest(l, &age, &allowed));
    assert_true(lane_enter_listener(l, &listener));
    assert_false(lane_longest(l, &age, &allowed));
    assert_int_equal(lane_enter(l, &generous, 60000, &o), FL_OK);
    assert_int_equal(lane_enter(l, &hasty, 1, &o), FL_OK);
    nap(20);
    assert_true(lane_longest(l, &age, &allowed));
    assert_int_equal(allowed, 1);
    assert_in_range(age, 19, 20000);
    lane_leave(l, &hasty);
    assert_true(lane_longest(l, &age, &allowed));
    assert_int_equal(allowed, 60000);
    lane_leave(l, &generous);
    lane_leave(l, &listener);
    assert_false(lane_longest(l, &age, &allowed));
    lane_free(l);
    lane_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_lane_lets_in_one_at_a_time),
        cmocka_unit_test(a_parallel_lane_is_serial_until_it_is_widened),
        cmocka_unit_test(who_comes_to_a_crowd_is_sent_away_at_once),
        cmocka_unit_test(who_waits_too_long_goes_and_the_others_get_in_as_they_came),
        cmocka_unit_test(a_listener_waits_its_turn_and_does_not_count),
        cmocka_unit_test(the_watchdog_hears_of_the_call_that_is_longest_overdue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
