/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_many.c - requests beside each other: connections, turns, rates, cancelling, proxies. */
#include "base/clock.h"
#include "http_site.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- many at once ---- */

struct crowd {
    struct fixture *f;
    struct http_lane *lane;
    const char *path;
    int code;
};
static void *one_of_many(void *arg)
{
    struct crowd *c = arg;
    struct http_answer a = { 0 };
    struct outcome o;
    char where[256];
    snprintf(where, sizeof where, "%s%s", c->f->base, c->path);
    c->code = http_do(c->lane, &(struct http_request){ .url = where }, &a, &o);
    http_answer_done(&a);
    return NULL;
}
static void run_crowd(struct fixture *f, struct http_lane *lane, const char *path, size_t n,
                      struct crowd *all, pthread_t *threads)
{
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct crowd){ .f = f, .lane = lane, .path = path, .code = 1 };
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &all[i]), 0);
    }
}
static void connections_are_kept_and_few(void **state)
{
    struct fixture *f = *state;
    struct crowd all[40];
    pthread_t threads[40];
    struct http_counts counts;
    for (int i = 0; i < 10; i++) {
        struct http_answer a = { 0 };
        struct outcome o;
        assert_int_equal(get(f, "/ten", &a, &o), FL_OK);
        http_answer_done(&a);
    }
    assert_int_equal(web_connections(f->web), 1);
    run_crowd(f, f->lane, "/slow", 40, all, threads);
    for (size_t i = 0; i < 40; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(all[i].code, FL_OK);
    }
    assert_in_range(web_connections(f->web), 2, 4);
    http_counts(f->http, &counts);
    assert_int_equal(counts.requests, 50);
    assert_int_equal(counts.connections, web_connections(f->web));
}
static void a_lane_has_no_more_transfers_than_it_may(void **state)
{
    struct fixture *f = *state;
    struct http_lane *two = lane_with(f, (struct http_lane_conf){ .parallel = 2 });
    struct crowd all[8];
    pthread_t threads[8];
    run_crowd(f, two, "/slow", 8, all, threads);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(all[i].code, FL_OK);
    }
    assert_int_equal(web_most_at_once(f->web), 2);
    http_lane_free(two);
}
static void who_waits_for_a_place_does_not_wait_past_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct http_lane *one = lane_with(f, (struct http_lane_conf){ .parallel = 1, .timeout_ms = 400 });
    struct crowd all[3];
    pthread_t threads[3];
    int64_t start = clock_mono_ms();
    run_crowd(f, one, "/never", 3, all, threads);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(all[i].code, FL_ETEMP);
    }
    assert_true(clock_mono_ms() - start < 1300);
    http_lane_free(one);
}
static void the_rate_is_kept_by_waiting(void **state)
{
    struct fixture *f = *state;
    /* One every 200 ms, thirty at once. */
    struct http_lane *lane = lane_with(f, (struct http_lane_conf){ .name = "dns/slow", .per_minute = 300 });
    struct http_request req = { .url = url(f, "/ten") };
    struct http_answer a = { 0 };
    struct outcome o;
    int64_t start = clock_mono_ms(), spent;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(http_do(lane, &req, &a, &o), FL_OK);
        http_answer_done(&a);
    }
    spent = clock_mono_ms() - start;
    assert_true(spent < 3000); /* not one by one: that would be 5.8 s */
    start = clock_mono_ms();
    for (int i = 0; i < 3 + (int)(spent / 200); i++) {
        assert_int_equal(http_do(lane, &req, &a, &o), FL_OK);
        http_answer_done(&a);
    }
    assert_true(clock_mono_ms() - start >= 350);
    req.deadline_ms = clock_mono_ms() + 20;
    assert_int_equal(http_do(lane, &req, &a, &o), FL_ERATE);
    assert_in_range(o.retry_after_ms, 21, 201);
    assert_contains(o.msg, "dns/slow: its own limit of 300 requests a minute");
    http_lane_free(lane);
}
static void cancelling_wakes_everybody(void **state)
{
    struct fixture *f = *state;
    struct http_lane *one = lane_with(f, (struct http_lane_conf){ .parallel = 1 });
    struct crowd all[6];
    pthread_t threads[6];
    struct http_answer a;
    struct outcome o;
    int64_t start;
    run_crowd(f, f->lane, "/never", 3, all, threads);
    run_crowd(f, one, "/never", 3, all + 3, threads + 3);
    nap(200);
    start = clock_mono_ms();
    http_cancel(f->http);
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(all[i].code, FL_ECANCEL);
    }
    assert_true(clock_mono_ms() - start < 500);
    assert_int_equal(get(f, "/ten", &a, &o), FL_ECANCEL);
    http_lane_free(one);
}

/* ---- names and proxies ---- */

/* A resolver in place of libc's: one name takes long. */
__attribute__((visibility("default"))) int getaddrinfo(const char *host, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    if (host && !strcmp(host, "hangs.invalid")) {
        nap(800);
        return EAI_AGAIN;
    }
    return real(host, service, hints, out);
}

static void a_resolver_that_hangs_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct http_answer a = { 0 };
    struct outcome o;
    int64_t start = clock_mono_ms();
    assert_fails(f, (struct http_request){ .url = "http://hangs.invalid/", .deadline_ms = start + 100 },
                 FL_ETEMP, "not connected");
    assert_int_equal(get(f, "/ten", &a, &o), FL_OK);
    http_answer_done(&a);
    assert_true(clock_mono_ms() - start < 700);
    assert_fails(f, (struct http_request){ .url = "http://hangs.invalid/" }, FL_ETEMP,
                 "Could not resolve host");
}
static void only_the_lanes_proxy_is_used(void **state)
{
    struct fixture *f = *state;
    struct http_lane *through = lane_with(f, (struct http_lane_conf){ .proxy = f->base });
    struct http_answer a = { 0 };
    struct outcome o;
    char dead[64];
    snprintf(dead, sizeof dead, "http://127.0.0.1:%u", dead_port());
    setenv("http_proxy", dead, 1);
    setenv("all_proxy", dead, 1);
    assert_int_equal(get(f, "/ten", &a, &o), FL_OK);
    http_answer_done(&a);
    setenv("no_proxy", "*", 1);
    assert_int_equal(http_do(through, &(struct http_request){ .url = "http://api.invalid/echo" }, &a, &o),
                     FL_OK);
    assert_contains(a.body, "GET http://api.invalid/echo\n");
    http_answer_done(&a);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("no_proxy");
    http_lane_free(through);
    through = lane_with(f, (struct http_lane_conf){ .proxy = dead });
    assert_int_equal(http_do(through, &(struct http_request){ .url = url(f, "/ten") }, &a, &o), FL_ETEMP);
    http_lane_free(through);
}

int main(void)
{
#define SERVED(f) cmocka_unit_test_setup_teardown(f, http_site_set_up, http_site_tear_down)
    const struct CMUnitTest tests[] = {
        SERVED(a_resolver_that_hangs_holds_nobody_up),
        SERVED(connections_are_kept_and_few),
        SERVED(a_lane_has_no_more_transfers_than_it_may),
        SERVED(who_waits_for_a_place_does_not_wait_past_the_deadline),
        SERVED(the_rate_is_kept_by_waiting),
        SERVED(cancelling_wakes_everybody),
        SERVED(only_the_lanes_proxy_is_used),
    };
    http_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
