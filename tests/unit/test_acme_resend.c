/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_resend.c - a kept connection that ends without a byte: what was asked is sent again by itself, and what makes two
 * when it is done twice is not signed anew. */
#include "acme_rig.h"
#include "base/mem.h"
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- one exchange, at any server ------------------------------------------------------- */

/* The first so many of what is asked, but for "/", end the connection without a byte. */
struct site {
    struct web *web;
    struct http *http;
    struct http_lane *lane;
    atomic_uint asked; /* for anything but "/" */
    unsigned deaf;     /* so many of these end the connection */
};
static bool answer(void *arg, const struct web_request *req, int fd)
{
    struct site *s = arg;

    if (strcmp(req->target, "/") != 0 && atomic_fetch_add(&s->asked, 1) < s->deaf)
        return false;
    return web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%s", req->len ? "to" : "ok");
}
static void site_open(struct site *s, unsigned deaf)
{
    const struct http_conf conf = { .user_agent = "fairlead-test" };
    const struct http_lane_conf lane = { .name = "test", .timeout_ms = 20000 };

    *s = (struct site){ .deaf = deaf };
    s->web = web_start(answer, s);
    assert_non_null(s->web);
    assert_int_equal(http_new(&conf, &s->http), FL_OK);
    s->lane = http_lane_new(s->http, &lane);
    assert_non_null(s->lane);
}
static void site_close(struct site *s)
{
    http_lane_free(s->lane);
    http_free(s->http);
    web_stop(s->web);
}
/* The code; `again_out` as the answer has it. */
static int asks(struct site *s, const char *method, const char *path, bool *again_out)
{
    cleanup_(http_answer_done) struct http_answer a = { 0 };
    struct outcome o = { 0 };
    char url[64];
    const bool post = strcmp(method, "POST") == 0;
    const struct http_request req = { .method = method,
                                      .url = url,
                                      .type = post ? "text/plain" : NULL,
                                      .body = post ? "body" : NULL,
                                      .body_len = post ? 4 : 0 };

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)web_port(s->web), path);
    int code = http_do(s->lane, &req, &a, &o);
    *again_out = a.again;
    if (code == FL_OK)
        assert_string_equal(a.body, post ? "to" : "ok");
    return code;
}

static void what_a_kept_connection_swallows_is_sent_again_and_told(void **state)
{
    static const char *const methods[] = { "GET", "POST" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct site s;
        bool again;
        site_open(&s, 1);
        assert_int_equal(asks(&s, "GET", "/", &again), FL_OK);
        assert_false(again);
        assert_int_equal(asks(&s, methods[i], "/thing", &again), FL_OK);
        assert_true(again);
        assert_int_equal(atomic_load(&s.asked), 2);
        assert_int_equal(web_connections(s.web), 2);
        /* The next one is nothing of the kind, on the same connection and transfer handle. */
        assert_int_equal(asks(&s, methods[i], "/thing", &again), FL_OK);
        assert_false(again);
        assert_int_equal(web_connections(s.web), 2);
        site_close(&s);
    }
}
static void what_a_new_connection_swallows_has_failed(void **state)
{
    static const char *const methods[] = { "GET", "POST" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct site s;
        bool again;
        site_open(&s, 1);
        assert_int_equal(asks(&s, methods[i], "/thing", &again), FL_ETEMP);
        assert_int_equal(atomic_load(&s.asked), 1);
        site_close(&s);
    }
}
static void it_is_sent_again_once(void **state)
{
    struct site s;
    bool again;

    (void)state;
    site_open(&s, 1000);
    assert_int_equal(asks(&s, "GET", "/", &again), FL_OK);
    assert_int_equal(asks(&s, "POST", "/thing", &again), FL_ETEMP);
    assert_int_equal(atomic_load(&s.asked), 2);
    site_close(&s);
}

/* ---- signed requests -------------------------------------------------------------------- */

static const char *const one[] = { "example.test", NULL };

static int setup(void **state)
{
    static const struct stub_acme_conf plain;
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
static void swallow(struct acme_rig *r, const char *at, bool done)
{
    const struct stub_answer a = { .at = at, .lost = done, .hang_up = !done };

    stub_acme_script(r->ca, &a);
}
static int new_order(struct acme_rig *r, struct acme_order *out)
{
    return acme_new_order(r->acme, one, NULL, NULL, out, &r->o);
}
static unsigned orders_placed(struct acme_rig *r)
{
    cleanup_(acme_order_done) struct acme_order next = { 0 };

    assert_int_equal(new_order(r, &next), FL_OK);
    return (unsigned)strtoul(strrchr(next.url, '/') + 1, NULL, 10);
}

static void an_order_that_was_placed_is_not_placed_twice(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(acme_order_done) struct acme_order order = { 0 };

    swallow(r, "POST /order", true);
    assert_int_equal(new_order(r, &order), FL_ETEMP);
    assert_non_null(strstr(r->o.msg, "the connection ended before it was answered"));
    assert_null(order.url);
    /* The same bytes came twice, with a nonce that was used up; no third time with a fresh one. */
    assert_int_equal(stub_acme_count(r->ca, "POST /order"), 2);
    assert_int_equal(orders_placed(r), 1);
}
static void an_order_that_was_never_seen_is_placed_by_the_second(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(acme_order_done) struct acme_order order = { 0 };

    swallow(r, "POST /order", false);
    assert_int_equal(new_order(r, &order), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST /order"), 2);
    assert_int_equal(orders_placed(r), 1);
}
static void what_does_no_harm_twice_is_signed_anew(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(acme_order_done) struct acme_order order = { 0 }, seen = { 0 };

    assert_int_equal(new_order(r, &order), FL_OK);
    swallow(r, "POST /order/0", true);
    assert_int_equal(acme_order(r->acme, order.url, &seen, &r->o), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST /order/0"), 3);
    assert_string_equal(seen.finalize, order.finalize);
}
static void the_directory_is_read_in_spite_of_it(void **state)
{
    struct acme_rig *r = *state;

    swallow(r, "GET /dir", false);
    assert_int_equal(acme_directory(r->acme, true, &r->o), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "GET /dir"), 2);
}
static void a_nonce_that_is_bad_for_another_reason_is_replaced(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(acme_order_done) struct acme_order order = { 0 };

    stub_acme_forget_nonces(r->ca);
    assert_int_equal(new_order(r, &order), FL_OK);
    assert_int_equal(stub_acme_count(r->ca, "POST /order"), 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_kept_connection_swallows_is_sent_again_and_told),
        cmocka_unit_test(what_a_new_connection_swallows_has_failed),
        cmocka_unit_test(it_is_sent_again_once),
        TEST(an_order_that_was_placed_is_not_placed_twice),
        TEST(an_order_that_was_never_seen_is_placed_by_the_second),
        TEST(what_does_no_harm_twice_is_signed_anew),
        TEST(the_directory_is_read_in_spite_of_it),
        TEST(a_nonce_that_is_bad_for_another_reason_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
