/* SPDX-License-Identifier: Apache-2.0 */
/* test_zones.c - wishes and batches: the DNS core with a provider and servers of tests. */
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
static const char CHALLENGE[] = "_acme-challenge";
enum { MANY = 50 };

static bool stands(const struct rig *r, const char *value)
{
    return fake_provider_has(&r->p[0], "example.org", CHALLENGE, value);
}
static const char *journal(const struct rig *r) { return fake_store_text(r->conf.store, STORE_JOURNAL, ORG); }

static void apex_and_wildcard_share_one_rrset_and_foreign_values_remain(void **state)
{
    static const uint32_t kinds[] = { FL_CAP_VALUES, 0, FL_CAP_PRECONDITION };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct rig r;
        rig_start(&r, kinds[i]);
        fake_provider_put(&r.p[0], "example.org", CHALLENGE, FL_RR_TXT, "theirs", 300);
        assert_int_equal(rig_want(&r, "cert:a", "example.org", "apex"), FL_OK);
        assert_int_equal(rig_want(&r, "cert:a", "example.org", "wild"), FL_OK);
        assert_int_equal(rig_published(&r, "cert:a", "example.org", "apex"), FL_EAGAIN);
        assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
        assert_true(stands(&r, "apex") && stands(&r, "wild") && stands(&r, "theirs"));
        assert_int_equal(r.p[0].applies, 1);
        assert_int_equal(r.p[0].most_changes, 1);
        assert_int_equal(rig_published(&r, "cert:a", "example.org", "apex"), FL_OK);
        assert_int_equal(rig_published(&r, "cert:a", "example.org", "wild"), FL_OK);
        assert_true(r.owner_dues >= 1);

        assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "apex"), FL_OK);
        assert_int_equal(rig_settle(&r, ORG, 70000), FL_OK);
        assert_true(!stands(&r, "apex") && stands(&r, "wild") && stands(&r, "theirs"));
        assert_int_equal(zones_disown(r.z, "cert:a", &r.o), FL_OK);
        assert_int_equal(rig_settle(&r, ORG, 70000), FL_OK);
        assert_true(!stands(&r, "wild") && stands(&r, "theirs"));
        assert_null(journal(&r));
        rig_stop(&r);
    }
}

static void changes_that_come_together_are_one_batch(void **state)
{
    struct rig r;
    int64_t next = 0;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_EAGAIN);
    assert_int_equal(r.o.retry_after_ms, 300);
    assert_true(zone_idle(r.z, ORG, &next));
    assert_int_equal(next, clock_wall_ms() + 300);
    for (int i = 0; i < 11; i++) {
        char name[64];
        fake_clock_advance(250);
        snprintf(name, sizeof name, "n%d.example.org", i);
        assert_int_equal(rig_want(&r, "cert:a", name, "1"), FL_OK);
        assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_EAGAIN);
    }
    fake_clock_advance(249);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_EAGAIN);
    fake_clock_advance(1);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(r.p[0].applies, 1);
    assert_int_equal(r.p[0].most_changes, 12);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(r.p[0].applies, 1);
    rig_stop(&r);
}

static void a_full_batch_closes_at_once(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    r.providers[0].caps.max_values = 2;
    for (int i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%d.example.org", i);
        assert_int_equal(rig_want(&r, "cert:a", name, "1"), FL_OK);
    }
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(r.p[0].n, 4);
    assert_int_equal(r.p[0].most_changes, 2);
    assert_int_equal(rig_settle(&r, ORG, 5000), FL_OK);
    assert_int_equal(r.p[0].n, 5);
    rig_stop(&r);
}

static void of_fifty_changes_the_bad_one_fails_alone(void **state)
{
    static const uint32_t kinds[] = { FL_CAP_VALUES, 0 };
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig r;
        char owner[32], name[64];
        rig_start(&r, kinds[k]);
        r.p[0].bad_name = "_acme-challenge.n33";
        for (int i = 0; i < MANY; i++) {
            snprintf(owner, sizeof owner, "cert:%d", i);
            snprintf(name, sizeof name, "n%d.example.org", i);
            assert_int_equal(rig_want(&r, owner, name, "v"), FL_OK);
        }
        assert_int_equal(rig_settle(&r, ORG, 30000), FL_OK);
        assert_int_equal(r.p[0].n, MANY - 1);
        assert_int_equal(r.p[0].most_changes, MANY);
        assert_true(r.p[0].applies <= 13);
        for (int i = 0; i < MANY; i++) {
            snprintf(owner, sizeof owner, "cert:%d", i);
            snprintf(name, sizeof name, "n%d.example.org", i);
            assert_int_equal(rig_published(&r, owner, name, "v"), i == 33 ? FL_EREJECT : FL_OK);
            if (i == 33)
                assert_non_null(strstr(r.o.msg, "_acme-challenge.n33 is refused"));
        }
        /* wanted again, it is tried again */
        unsigned applies = r.p[0].applies;
        assert_int_equal(rig_settle(&r, ORG, 30000), FL_OK);
        assert_int_equal(r.p[0].applies, applies);
        r.p[0].bad_name = NULL;
        assert_int_equal(rig_want(&r, "cert:33", "n33.example.org", "v"), FL_OK);
        assert_int_equal(rig_settle(&r, ORG, 30000), FL_OK);
        assert_int_equal(rig_published(&r, "cert:33", "n33.example.org", "v"), FL_OK);
        rig_stop(&r);
    }
}

static void a_stale_view_is_read_again_five_times_at_most(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_PRECONDITION);
    r.p[0].stale = 4;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(r.p[0].applies, 5);
    assert_int_equal(r.p[0].lists, 5);
    r.p[0].stale = 100;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "2"), FL_OK);
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_ETEMP);
    assert_non_null(strstr(r.o.msg, "somebody else"));
    assert_int_equal(r.p[0].applies, 11);
    r.p[0].stale = 0;
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_true(stands(&r, "1") && stands(&r, "2"));
    rig_stop(&r);
}

static void a_foreign_value_that_came_meanwhile_is_found_by_the_precondition_and_kept(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_PRECONDITION);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    unsigned lists = r.p[0].lists;
    fake_provider_put(&r.p[0], "example.org", CHALLENGE, FL_RR_TXT, "theirs", 60);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "2"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(r.p[0].lists, lists + 1);
    assert_true(stands(&r, "1") && stands(&r, "2") && stands(&r, "theirs"));
    rig_stop(&r);
}

static void two_owners_want_one_value_and_it_stays_until_both_left(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_want(&r, "cert:b", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 200000), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_ETEMP);
    assert_int_equal(rig_published(&r, "cert:b", "example.org", "1"), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:b", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 200000), FL_OK);
    assert_false(stands(&r, "1"));
    rig_stop(&r);
}

static void removals_linger_a_minute_but_not_in_a_hurry(void **state)
{
    struct rig r;
    int64_t next = 0;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_true(zone_idle(r.z, ORG, &next));
    assert_int_equal(next, clock_wall_ms() + 60000);
    unsigned dues = r.zone_dues;
    zones_hurry(r.z);
    assert_int_equal(r.zone_dues, dues + 1);
    assert_false(zone_idle(r.z, ORG, &next));
    assert_int_equal(rig_round(&r, ORG), FL_OK);
    assert_false(stands(&r, "1"));
    assert_true(zone_idle(r.z, ORG, &next));
    assert_int_equal(next, 0);
    rig_stop(&r);
}

static void a_lost_answer_is_repeated_and_told_to_those_who_wait(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    r.p[0].fail_after = FL_ETEMP;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_ETEMP);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
    assert_non_null(strstr(r.o.msg, "dns one: told to fail afterwards"));
    r.p[0].fail_after = FL_OK;
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_OK);
    /* the same at the end */
    r.p[0].fail_after = FL_ETEMP;
    zones_hurry(r.z);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_ETEMP);
    r.p[0].fail_after = FL_OK;
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_false(stands(&r, "1"));
    assert_null(journal(&r));
    rig_stop(&r);
}

static void a_value_that_nobody_wants_after_a_lost_answer_is_removed(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    r.p[0].fail_after = FL_ETEMP;
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_ETEMP);
    r.p[0].fail_after = FL_OK;
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_settle(&r, ORG, 70000), FL_OK);
    assert_false(stands(&r, "1"));
    rig_stop(&r);
}

static void want_again(void *arg)
{
    struct rig *r = arg;
    r->p[0].in_apply = NULL;
    assert_int_equal(rig_want(r, "cert:b", "example.org", "1"), FL_OK);
}

static void what_is_wanted_while_it_is_removed_is_written_again(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    zones_hurry(r.z);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_int_equal(rig_unwant(&r, "cert:a", "example.org", "1"), FL_OK);
    r.p[0].in_apply = want_again;
    r.p[0].arg = &r;
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_false(stands(&r, "1"));
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_published(&r, "cert:b", "example.org", "1"), FL_OK);
    rig_stop(&r);
}

static void give_up(void *arg)
{
    struct rig *r = arg;
    r->p[0].in_apply = NULL;
    assert_int_equal(rig_unwant(r, "cert:a", "example.org", "1"), FL_OK);
}

static void what_is_unwanted_while_it_is_written_is_removed(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    r.p[0].in_apply = give_up;
    r.p[0].arg = &r;
    fake_clock_advance(300);
    assert_int_equal(zone_write_step(r.z, ORG, &r.o), FL_OK);
    assert_true(stands(&r, "1"));
    assert_int_equal(rig_settle(&r, ORG, 70000), FL_OK);
    assert_false(stands(&r, "1"));
    rig_stop(&r);
}

static void a_zone_that_the_provider_lost_fails_its_wishes(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    r.p[0].zones[0] = NULL;
    assert_int_equal(zone_find_step(r.z, ORG, &r.o), FL_EREJECT);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EREJECT);
    assert_non_null(strstr(r.o.msg, "no zone example.org"));
    r.p[0].zones[0] = "example.org";
    assert_int_equal(zone_find_step(r.z, ORG, &r.o), FL_OK);
    assert_int_equal(rig_published(&r, "cert:a", "example.org", "1"), FL_EAGAIN);
    rig_stop(&r);
}

static void the_report_names_zones_values_states_and_servers(void **state)
{
    struct rig r;
    (void)state;
    rig_start(&r, FL_CAP_VALUES);
    assert_int_equal(rig_want(&r, "cert:a", "example.org", "1"), FL_OK);
    assert_int_equal(rig_settle(&r, ORG, 10000), FL_OK);
    json_t *report = zones_report(r.z);
    char *text = json_text(report);
    assert_int_equal(json_array_size(report), 1);
    assert_non_null(strstr(text, "\"state\":\"visible\""));
    assert_non_null(strstr(text, "\"wishes\":[[\"cert:a\",\"_acme-challenge.example.org\"]]"));
    assert_non_null(strstr(text, "\"state\":\"answers\""));
    assert_non_null(strstr(text, fake_dns_address(r.dns[0])));
    free(text);
    json_decref(report);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apex_and_wildcard_share_one_rrset_and_foreign_values_remain),
        cmocka_unit_test(changes_that_come_together_are_one_batch),
        cmocka_unit_test(a_full_batch_closes_at_once),
        cmocka_unit_test(of_fifty_changes_the_bad_one_fails_alone),
        cmocka_unit_test(a_stale_view_is_read_again_five_times_at_most),
        cmocka_unit_test(a_foreign_value_that_came_meanwhile_is_found_by_the_precondition_and_kept),
        cmocka_unit_test(two_owners_want_one_value_and_it_stays_until_both_left),
        cmocka_unit_test(removals_linger_a_minute_but_not_in_a_hurry),
        cmocka_unit_test(a_lost_answer_is_repeated_and_told_to_those_who_wait),
        cmocka_unit_test(a_value_that_nobody_wants_after_a_lost_answer_is_removed),
        cmocka_unit_test(what_is_wanted_while_it_is_removed_is_written_again),
        cmocka_unit_test(what_is_unwanted_while_it_is_written_is_removed),
        cmocka_unit_test(a_zone_that_the_provider_lost_fails_its_wishes),
        cmocka_unit_test(the_report_names_zones_values_states_and_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
