/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_nonce.c - nonces that are bad, old, missing or no nonces at all. */
#include "acme/authority.h"
#include "acme_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct stub_acme_conf plain;
#define BAD_NONCE "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"stale\"}"
#define ORDER                                                                                                \
    "\"finalize\":\"$B/finalize/0\",\"authorizations\":[\"$B/authz/0\"],"                                    \
    "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]"

static int setup(void **state)
{
    struct acme_rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    acme_rig_open(r, &plain, NULL);
    acme_rig_register(r);
    *state = r;
    return 0;
}
static int teardown(void **state)
{
    acme_rig_close(*state);
    free(*state);
    return 0;
}
static int new_order(struct acme_rig *r)
{
    static const char *const one[] = { "example.test", NULL };
    struct acme_order order = { 0 };
    int rc = acme_new_order(r->acme, one, NULL, NULL, &order, &r->o);

    if (rc != FL_OK)
        assert_null(order.url);
    acme_order_done(&order);
    return rc;
}
static void a_bad_nonce_is_replaced_by_the_one_that_came_with_the_refusal(void **state)
{
    struct acme_rig *r = *state;

    stub_acme_forget_nonces(r->ca); /* the authority was restarted */
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 2);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 0);
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 3);
}
static void three_bad_nonces_are_borne_and_a_fourth_is_not(void **state)
{
    const struct stub_answer storm = { .at = "POST /order", .status = 400, .times = 3, .body = BAD_NONCE };
    const struct stub_answer more = { .at = "POST /order", .status = 400, .times = 4, .body = BAD_NONCE };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &storm);
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 4);
    stub_acme_script(r->ca, &more);
    assert_int_equal(new_order(r), FL_ETEMP);
    assert_string_equal(r->o.problem, "badNonce");
    assert_int_equal(stub_acme_count(r->ca, "POST"), 8);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 0);
    assert_int_equal(new_order(r), FL_OK);
}
static void a_refusal_without_a_fresh_nonce_costs_one_more_request(void **state)
{
    const struct stub_answer bare = {
        .at = "POST /order", .status = 400, .body = BAD_NONCE, .no_nonce = true
    };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &bare);
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 2);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 1);
}
static void an_answer_without_a_nonce_costs_one_request_later(void **state)
{
    const struct stub_answer bare = { .at = "POST /order",
                                      .status = 201,
                                      .headers =
                                          "Location: $B/order/0\r\nReplay-Nonce: n\xc3\xb6t base64\r\n",
                                      .body = "{\"status\":\"pending\"," ORDER "}",
                                      .no_nonce = true };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &bare);
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 0);
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 1);
}
static void no_nonce_from_anywhere_is_told(void **state)
{
    const struct stub_answer bare = { .at = "POST /order", .status = 500, .no_nonce = true };
    const struct stub_answer none = { .at = "HEAD /nonce", .status = 200, .no_nonce = true };
    const struct stub_answer busy = {
        .at = "HEAD /nonce", .status = 503, .headers = "Retry-After: 30\r\n", .no_nonce = true
    };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &bare);
    assert_int_equal(new_order(r), FL_ETEMP);
    stub_acme_script(r->ca, &none);
    assert_int_equal(new_order(r), FL_EPROTO);
    assert_non_null(strstr(r->o.msg, "Replay-Nonce"));
    stub_acme_script(r->ca, &busy);
    assert_int_equal(new_order(r), FL_ERATE);
    assert_int_equal(r->o.retry_after_ms, 30000);
    assert_int_equal(new_order(r), FL_OK);
}

static void the_newest_nonce_goes_first_and_old_ones_are_not_tried(void **state)
{
    struct acme_rig *r = *state;
    struct nonces *pool = &r->acme->nonces;

    assert_int_equal(pool->n, 1);
    pool->pool[1] = pool->pool[0]; /* one that is good on top of two that are not */
    memcpy(pool->pool[0].text, "bad", 4);
    pool->pool[0].at_ms -= NONCE_AGE_MS + 1;
    pool->n = 2;
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 1);
    assert_int_equal(pool->n, 2); /* what the answer brought is on top */
    pool->pool[1].at_ms -= NONCE_AGE_MS + 1;
    assert_int_equal(new_order(r), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 1);
    assert_int_equal(stub_acme_count(r->ca, "POST"), 2);
    assert_int_equal(pool->n, 1); /* the old ones are gone */
}
static void the_pool_is_bounded(void **state)
{
    struct acme_rig *r = *state;
    char text[16];

    for (int i = 0; i < 3 * NONCE_POOL; i++) {
        snprintf(text, sizeof text, "n%d", i);
        nonce_put(r->acme, text);
    }
    assert_int_equal(r->acme->nonces.n, NONCE_POOL);
    assert_string_equal(r->acme->nonces.pool[NONCE_POOL - 1].text, "n95");
    assert_string_equal(r->acme->nonces.pool[0].text, "n64");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bad_nonce_is_replaced_by_the_one_that_came_with_the_refusal),
        TEST(three_bad_nonces_are_borne_and_a_fourth_is_not),
        TEST(a_refusal_without_a_fresh_nonce_costs_one_more_request),
        TEST(an_answer_without_a_nonce_costs_one_request_later),
        TEST(no_nonce_from_anywhere_is_told),
        TEST(the_newest_nonce_goes_first_and_old_ones_are_not_tried),
        TEST(the_pool_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
