/* SPDX-License-Identifier: Apache-2.0 */
/* test_zones_threads.c - many owners at once, one writer per zone: for the thread sanitizer, and for the sum. */
#include "zones_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OWNERS = 4, ROUNDS = 40, ZONES = 2 };
static const char *const keys[ZONES] = { "one/example.org", "two/example.net" };
static atomic_int left;
struct owner {
    struct rig *rig;
    int number;
    unsigned failed;
};

static int wish(struct rig *r, const char *owner, const char *name, const char *value, bool add)
{
    struct fl_record record = { .name = name, .type = FL_RR_TXT, .value = value };
    struct outcome o;
    return zones_want(r->z, owner, &record, 1, NULL, add, &o);
}

static void *own(void *arg)
{
    struct owner *me = arg;
    char owner[32], name[64], value[32];
    snprintf(owner, sizeof owner, "cert:%d", me->number);
    for (int i = 0; i < ROUNDS; i++) {
        struct outcome o;
        snprintf(name, sizeof name, "_acme-challenge.example.%s", i % 2 ? "org" : "net");
        snprintf(value, sizeof value, "%d", i % 5); /* shared with the other owners */
        struct fl_record record = { .name = name, .type = FL_RR_TXT, .value = value };
        me->failed += wish(me->rig, owner, name, value, true) != FL_OK;
        int code = zones_published(me->rig->z, owner, &record, 1, NULL, &o);
        me->failed += code != FL_OK && code != FL_EAGAIN;
        usleep(500);
        me->failed += wish(me->rig, owner, name, value, false) != FL_OK;
        if (i % 10 == 0)
            json_decref(zones_report(me->rig->z));
    }
    atomic_fetch_sub(&left, 1);
    return NULL;
}

/* The zone's worker, as the engine has it. */
static void *work(void *arg)
{
    struct owner *me = arg;
    static int (*const steps[])(struct zones *, const char *,
                                struct outcome *) = { zone_write_step, zone_settle_step, zone_look_step };
    int64_t next = 0;
    while (atomic_load(&left) > 0 || !zone_idle(me->rig->z, keys[me->number], &next) || next != 0) {
        for (size_t i = 0; i < 3; i++) {
            struct outcome o;
            int code = steps[i](me->rig->z, keys[me->number], &o);
            me->failed += code != FL_OK && code != FL_EAGAIN && code != FL_ECONF;
        }
        usleep(200);
    }
    return NULL;
}

static void many_owners_and_one_writer_per_zone_leave_nothing_behind(void **state)
{
    struct rig r;
    pthread_t threads[OWNERS + ZONES];
    struct owner who[OWNERS + ZONES];
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_INSTANT); /* no waiting for more */
    rig_tick(&r, 5);
    zones_hurry(r.z);
    atomic_store(&left, OWNERS);
    for (int i = 0; i < OWNERS + ZONES; i++) {
        who[i] = (struct owner){ &r, i < OWNERS ? i : i - OWNERS, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, i < OWNERS ? own : work, &who[i]), 0);
    }
    for (int i = 0; i < OWNERS + ZONES; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(who[i].failed, 0);
    }
    for (int i = 0; i < ZONES; i++) {
        assert_int_equal(r.p[i].n, 0);
        assert_true(r.p[i].most_inside <= 1);
        assert_true(r.p[i].applies > 0);
        assert_null(fake_store_text(r.conf.store, STORE_JOURNAL, keys[i]));
    }
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_owners_and_one_writer_per_zone_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
