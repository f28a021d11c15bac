/* SPDX-License-Identifier: Apache-2.0 */
/* test_zones_journal.c - what is on disk when, and what a restart makes of it. */
#include "zones_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORG "one/example.org"
#define NET "two/example.net"

static bool stands(const struct rig *r, const char *value)
{
    return fake_provider_has(&r->p[0], "example.org", "_acme-challenge", value);
}
static const char *journal(const struct rig *r) { return fake_store_text(r->conf.store, STORE_JOURNAL, ORG); }

static void the_wish_is_on_disk_before_want_returns_and_the_try_before_it_is_written(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    fake_store_break(r.conf.store, 1);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_ETEMP);
    assert_non_null(strstr(r.o.msg, "journal of one/example.org"));
    fake_store_break(r.conf.store, 0);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_non_null(strstr(journal(&r), "\"state\":\"wanted\""));
    assert_null(strstr(journal(&r), "tried"));
    fake_store_break(r.conf.store, 1);
    fake_clock_advance(5000);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_ETEMP);
    assert_int_equal(r.p[0].applies, 0);
    rig_stop(&r);
}

static void what_a_crash_left_behind_is_removed_after_the_next_start(void **state)
{
    struct rig r;
    char **owners = NULL;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    fake_clock_advance(5000);
    fake_store_break(r.conf.store,
                     2); /* the journal before the write is the last thing that reaches the disk */
    assert_int_not_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_true(stands(&r, "1"));
    fake_store_break(r.conf.store, 0);
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(r.zone_dues, 1);
    assert_int_equal(zones_owners(r.z, &owners, &r.o), FL_OK);
    assert_string_equal(owners[0], "cert:a");
    assert_null(owners[1]);
    free(owners[0]);
    free(owners);
    assert_int_equal(zones_disown(r.z, "cert:a", &r.o), FL_OK);
    assert_int_equal(zone_find_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 70000), FL_OK);
    assert_false(stands(&r, "1"));
    assert_null(journal(&r));
    rig_stop(&r);
}

static void a_wish_survives_a_restart_and_comes_true(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, 0);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(r.p[0].applies, 1);
    rig_stop(&r);
}

static void what_was_unwanted_before_a_restart_is_removed_after_it(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_restart(&r), FL_OK);
    fake_clock_advance(50000);
    assert_int_equal(rig_round(&r, ORG), FL_OK);
    assert_true(stands(&r, "1"));
    fake_clock_advance(10000);
    assert_int_equal(rig_round(&r, ORG), FL_OK);
    assert_false(stands(&r, "1"));
    rig_stop(&r);
}

static void servers_of_our_own_are_written_again_after_a_restart(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_INSTANT);
    r.providers[0].query_servers = NULL;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_round(&r, ORG), FL_OK); /* no waiting for more, no asking */
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    r.p[0].n = 0; /* it lived in memory */
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
    assert_int_equal(rig_round(&r, ORG), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    rig_stop(&r);
}

static void receipts_are_asked_for_until_the_change_is_out_also_after_a_restart(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES | FL_CAP_SETTLED);
    r.p[0].receipt = "C1";
    r.p[0].unsettled = 2;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(zone_settle_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(r.o.retry_after_ms, 1000);
    assert_int_equal(zone_settle_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(r.p[0].unsettled, 1);
    assert_non_null(strstr(journal(&r), "\"receipts\":[\"C1\"]"));
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(zone_settle_step(r.z, ORG, &r.o), FL_EAGAIN);
    fake_clock_advance(1000);
    assert_int_equal(zone_settle_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(r.p[0].unsettled, -1);
    assert_non_null(strstr(journal(&r), "\"receipts\":[]"));
    rig_stop(&r);
}

static void a_journal_of_an_instance_that_is_gone_is_kept_and_told(void **state)
{
    struct rig r;
    int64_t next = 0;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    r.p[0].instance.name = "uno";
    assert_int_equal(rig_restart(&r), FL_OK);
    assert_int_equal(zone_find_step(r.z, ORG, &r.o), FL_ECONF);
    assert_non_null(strstr(r.o.msg, "no dns instance of that name"));
    assert_true(zone_idle(r.z, ORG, &next));
    assert_int_equal(next, 0);
    assert_non_null(journal(&r));
    assert_int_equal(zone_find_step(r.z, "one/example.com", &r.o), FL_ECONF);
    rig_stop(&r);
}

static void a_damaged_journal_is_told_and_the_others_are_loaded(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_want(&r, "cert:a", "example.net", "1"), FL_OK);
    fake_store_damage(r.conf.store, STORE_JOURNAL, ORG);
    assert_int_equal(rig_restart(&r), FL_EPROTO);
    assert_non_null(strstr(r.o.msg, ORG));
    assert_int_equal(r.zone_dues, 1);
    assert_int_equal(rig_settle(&r, NET, 10000), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.net", "1"), FL_OK);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wish_is_on_disk_before_want_returns_and_the_try_before_it_is_written),
        cmocka_unit_test(what_a_crash_left_behind_is_removed_after_the_next_start),
        cmocka_unit_test(a_wish_survives_a_restart_and_comes_true),
        cmocka_unit_test(what_was_unwanted_before_a_restart_is_removed_after_it),
        cmocka_unit_test(servers_of_our_own_are_written_again_after_a_restart),
        cmocka_unit_test(receipts_are_asked_for_until_the_change_is_out_also_after_a_restart),
        cmocka_unit_test(a_journal_of_an_instance_that_is_gone_is_kept_and_told),
        cmocka_unit_test(a_damaged_journal_is_told_and_the_others_are_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
