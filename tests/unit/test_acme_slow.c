/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_slow.c - authorities that answer a byte at a time: the deadline ends it, whatever has come by then. */
#include "acme_rig.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const one[] = { "example.test", NULL };

/* The same account at the same authority, by a lane with less patience. */
struct brisk {
    struct acme_rig r;
    struct http_lane *lane;
    struct acme *acme;
};

static int setup(void **state)
{
    static const struct stub_acme_conf plain;
    static const char *const nobody[] = { NULL };
    const struct http_lane_conf lane = { .name = "acme/brisk", .timeout_ms = 300 };
    struct brisk *b = calloc(1, sizeof *b);

    assert_non_null(b);
    acme_rig_open(&b->r, &plain, NULL);
    acme_rig_register(&b->r);
    const struct acme_conf conf = {
        .name = "brisk", .directory = stub_acme_url(b->r.ca), .accept_terms = true, .contact = nobody
    };
    b->lane = http_lane_new(b->r.http, &lane);
    assert_non_null(b->lane);
    assert_int_equal(acme_new(&conf, b->lane, b->r.keeper, &b->acme), FL_OK);
    assert_int_equal(acme_use(b->acme, b->r.sealed, "http://127.0.0.1/account/1"), FL_OK);
    assert_int_equal(acme_directory(b->acme, false, &b->r.o), FL_OK);
    *state = b;
    return 0;
}
static int teardown(void **state)
{
    struct brisk *b = *state;

    acme_free(b->acme);
    http_lane_free(b->lane);
    acme_rig_close(&b->r);
    free(b);
    return 0;
}
static void new_order_ends_in_time(struct brisk *b)
{
    struct acme_order order = { 0 };
    int64_t start_ms = clock_mono_ms();

    assert_int_equal(acme_new_order(b->acme, one, NULL, NULL, &order, &b->r.o), FL_ETEMP);
    assert_in_range(clock_mono_ms() - start_ms, 250, 3000);
    assert_non_null(strstr(b->r.o.msg, "brisk: new order"));
    acme_order_done(&order);
}

static void a_head_that_does_not_come(void **state)
{
    struct brisk *b = *state;
    const struct stub_answer slow = { .at = "=POST /order", .status = 201, .body = "{}", .drip_ms = 800 };

    stub_acme_script(b->r.ca, &slow);
    new_order_ends_in_time(b);
}
static void a_body_that_drips(void **state)
{
    struct brisk *b = *state;
    const struct stub_answer slow = { .at = "=POST /order", .status = 201, .fill = 5000, .drip_ms = 2 };

    stub_acme_script(b->r.ca, &slow);
    new_order_ends_in_time(b);
}
static void and_then_it_is_asked_again(void **state)
{
    struct brisk *b = *state;
    const struct stub_answer slow = { .at = "=POST /order", .status = 201, .fill = 5000, .drip_ms = 5 };
    struct acme_order order = { 0 };

    stub_acme_script(b->r.ca, &slow);
    new_order_ends_in_time(b);
    assert_int_equal(acme_new_order(b->acme, one, NULL, NULL, &order, &b->r.o), FL_OK);
    acme_order_done(&order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_head_that_does_not_come, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_that_drips, setup, teardown),
        cmocka_unit_test_setup_teardown(and_then_it_is_asked_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
