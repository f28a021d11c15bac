/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c - what an authority allows: how it is counted, who comes first, what is given back. */
#include "base/mem.h"
#include "fake_store.h"
#include "turn_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t HOUR = 3600, DAY = 86400;

static int set_up(void **state)
{
    int rc = turn_rig_set_up(state);
    struct turn_rig *r = *state;

    json_put_str(r->t.rec, "authority", "a");
    return rc;
}
/* A new intent for these names. */
static int orders(struct turn_rig *r, const char *const *names, bool replaces)
{
    json_put(r->t.rec, "order", json_object());
    return budget_take(&r->t, names, replaces);
}
/* So many orders, each for a name of its own. */
static int orders_for(struct turn_rig *r, int from, int n, const char *domain)
{
    int code = FL_OK;

    for (int i = from; i < from + n && code == FL_OK; i++) {
        char name[64];
        const char *const names[] = { name, NULL };
        snprintf(name, sizeof name, "n%d.%s%s", i, domain[0] ? domain : "", domain[0] ? "" : "x.test");
        if (!domain[0])
            snprintf(name, sizeof name, "n%d.test", i);
        code = orders(r, names, false);
    }
    return code;
}

static void without_limits_nothing_is_counted(void **state)
{
    struct turn_rig *r = *state;

    assert_int_equal(orders_for(r, 0, 500, "x.test"), FL_OK);
    assert_int_equal(fake_store_writes(r->world.store), 0);
}
static void a_rehearsal_is_not_counted(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits.orders = "1/1h";
    r->world_authorities[0].directory = "https://staging.test/dir";
    assert_int_equal(orders_for(r, 0, 10, ""), FL_OK);
}
static void new_orders_wait_when_they_are_used_up_and_one_goes_when_one_came(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits.orders = "10/1h";
    assert_int_equal(orders_for(r, 0, 8, ""), FL_OK); /* a fifth is for those who renew */
    assert_int_equal(orders_for(r, 8, 1, ""), FL_EAGAIN);
    assert_true(r->t.out.retry_after_ms >= 360000 && r->t.out.retry_after_ms <= 720000);
    assert_non_null(strstr(r->t.out.msg, "a allows 10 new orders in"));
    turn_rig_wait(r, 361);
    assert_int_equal(orders_for(r, 8, 1, ""), FL_OK);
    assert_int_equal(orders_for(r, 9, 1, ""), FL_EAGAIN);
    turn_rig_wait(r, DAY);
    assert_int_equal(orders_for(r, 9, 8, ""), FL_OK);
}
static void those_that_expire_soonest_come_first_and_new_names_last(void **state)
{
    static const char *const others[] = { "other.example.org", NULL };
    struct turn_rig *r = *state;

    r->authorities[0].limits.orders = "100/100h";
    assert_int_equal(orders_for(r, 0, 80, ""), FL_OK);
    assert_int_equal(orders_for(r, 80, 1, ""), FL_EAGAIN);
    turn_rig_live(r, 30 * DAY, 90 * DAY); /* due, with all its time: other names than what is live */
    for (int i = 0; i < 5; i++)
        assert_int_equal(orders(r, others, false), FL_OK);
    assert_int_equal(orders(r, others, false), FL_EAGAIN);
    turn_rig_live(r, 15 * DAY, 90 * DAY);
    assert_int_equal(orders(r, others, false), FL_OK);
    turn_rig_live(r, HOUR, 90 * DAY);
    for (int i = 0; i < 13; i++)
        assert_int_equal(orders(r, others, false), FL_OK);
    turn_rig_live(r, -HOUR, 90 * DAY);
    assert_int_equal(orders(r, others, false), FL_OK);
    assert_int_equal(orders(r, others, false), FL_EAGAIN); /* nothing is left */
}
static void certificates_of_a_domain_are_counted_by_domain(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits.domain = "5/7d";
    assert_int_equal(orders_for(r, 0, 4, "one.test"), FL_OK);
    assert_int_equal(orders_for(r, 4, 1, "one.test"), FL_EAGAIN);
    assert_non_null(strstr(r->t.out.msg, "one.test"));
    assert_int_equal(orders_for(r, 0, 4, "two.test"), FL_OK);
}
static void a_renewal_for_the_same_names_costs_its_set_alone_and_with_replaces_nothing(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits = (struct model_limits){ .orders = "1/1h", .domain = "1/7d", .same = "2/7d" };
    turn_rig_live(r, 30 * DAY, 90 * DAY);
    assert_int_equal(orders(r, r->cert.names, false), FL_OK);
    assert_int_equal(orders(r, r->cert.names, false), FL_OK);
    assert_int_equal(orders(r, r->cert.names, false), FL_EAGAIN);
    assert_non_null(strstr(r->t.out.msg, "same names"));
    for (int i = 0; i < 9; i++)
        assert_int_equal(orders(r, r->cert.names, true), FL_OK);
}
static void the_order_in_which_names_are_written_makes_no_other_set(void **state)
{
    static const char *const one[] = { "a.test", "b.test", NULL }, *const other[] = { "b.test", "a.test",
                                                                                      NULL };
    struct turn_rig *r = *state;

    r->authorities[0].limits.same = "1/7d";
    assert_int_equal(orders(r, one, false), FL_OK);
    assert_int_equal(orders(r, other, false), FL_EAGAIN);
}
static void what_was_not_issued_is_given_back_but_the_order_was_asked_for(void **state)
{
    static const char *const names[] = { "a.test", NULL };
    struct turn_rig *r = *state;

    r->authorities[0].limits = (struct model_limits){ .orders = "100/1h", .domain = "2/7d", .same = "1/7d" };
    for (int i = 0; i < 20; i++) {
        assert_int_equal(orders(r, names, false), FL_OK);
        budget_return(&r->t);
    }
    json_t *left = budget_report(r->world.store, &r->authorities[0], "https://ca.test/dir", r->t.now_ms);
    assert_int_equal(json_array_size(left), 1);
    assert_string_equal(json_str(json_array_get(left, 0), "what", ""), "orders");
    assert_int_equal(json_int(json_array_get(left, 0), "left", 0), 80);
    json_decref(left);
}
static void an_order_that_is_tried_again_is_counted_once(void **state)
{
    static const char *const names[] = { "a.test", NULL };
    struct turn_rig *r = *state;

    r->authorities[0].limits.same = "1/7d";
    assert_int_equal(orders(r, names, false), FL_OK);
    assert_int_equal(budget_take(&r->t, names, false), FL_OK);
}
static void failed_validations_of_a_name_hold_its_orders_up(void **state)
{
    static const char *const other[] = { "z.test", NULL };
    struct turn_rig *r = *state;

    r->authorities[0].limits.failed = "5/1h";
    for (int i = 0; i < 4; i++)
        budget_failed(&r->t, "*.c.example.net");
    assert_int_equal(orders(r, r->cert.names, false), FL_OK);
    budget_failed(&r->t, "c.example.net");
    assert_int_equal(orders(r, r->cert.names, false), FL_EAGAIN);
    assert_int_equal(orders(r, other, false), FL_OK);
    turn_rig_wait(r, 13 * 60);
    assert_int_equal(orders(r, r->cert.names, false), FL_OK);
}
static void it_is_remembered_by_the_next_process_and_forgotten_when_it_is_full(void **state)
{
    struct turn_rig *r = *state;
    char **keys = NULL;
    struct outcome o = { 0 };

    r->authorities[0].limits.orders = "10/1h";
    assert_int_equal(orders_for(r, 0, 3, ""), FL_OK);
    r->task.kind = &task_kinds[KIND_AUTHORITY];
    memcpy(r->task.name, "authority:a", sizeof "authority:a");
    budget_tidy(&r->t);
    assert_non_null(fake_store_text(r->world.store, STORE_BUDGET, "a orders"));
    turn_rig_wait(r, HOUR);
    budget_tidy(&r->t);
    assert_int_equal(store_list(r->world.store, STORE_BUDGET, &keys, &o), FL_OK);
    assert_null(keys[0]);
    store_keys_free(keys);
}
static void a_clock_that_was_wrong_costs_no_more_than_the_time_of_the_limit(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits.orders = "10/1h";
    turn_rig_wait(r, 1000 * DAY);
    assert_int_equal(orders_for(r, 0, 8, ""), FL_OK);
    turn_rig_wait(r, -1000 * DAY);
    assert_int_equal(orders_for(r, 8, 1, ""), FL_EAGAIN);
    turn_rig_wait(r, 2 * HOUR);
    assert_int_equal(orders_for(r, 8, 1, ""), FL_OK);
}
static void a_count_that_is_damaged_stops_nobody(void **state)
{
    struct turn_rig *r = *state;

    r->authorities[0].limits.orders = "10/1h";
    assert_int_equal(orders_for(r, 0, 8, ""), FL_OK);
    fake_store_damage(r->world.store, STORE_BUDGET, "a orders");
    assert_int_equal(orders_for(r, 8, 3, ""), FL_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, turn_rig_tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(without_limits_nothing_is_counted),
        T(a_rehearsal_is_not_counted),
        T(new_orders_wait_when_they_are_used_up_and_one_goes_when_one_came),
        T(those_that_expire_soonest_come_first_and_new_names_last),
        T(certificates_of_a_domain_are_counted_by_domain),
        T(a_renewal_for_the_same_names_costs_its_set_alone_and_with_replaces_nothing),
        T(the_order_in_which_names_are_written_makes_no_other_set),
        T(what_was_not_issued_is_given_back_but_the_order_was_asked_for),
        T(an_order_that_is_tried_again_is_counted_once),
        T(failed_validations_of_a_name_hold_its_orders_up),
        T(it_is_remembered_by_the_next_process_and_forgotten_when_it_is_full),
        T(a_clock_that_was_wrong_costs_no_more_than_the_time_of_the_limit),
        T(a_count_that_is_damaged_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
