/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - one request at a time: what arrives, what comes back, what it means. TLS is
 * integration/test_http.sh's. */
#include "base/clock.h"
#include "base/mem.h"
#include "http_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_answer_has_status_headers_and_body(void **state)
{
    struct http_answer a = { 0 };
    struct outcome o;
    char value[32];
    assert_int_equal(get(*state, "/echo?x=1", &a, &o), FL_OK);
    assert_int_equal(a.status, 200);
    assert_int_equal(strlen(a.body), a.len);
    assert_contains(a.body, "GET /echo?x=1\n");
    assert_contains(a.body, "User-Agent: fairlead-test/1\r\n");
    assert_null(strstr(a.body, "Content-Type"));
    assert_true(http_header(&a, "x-mixed", value, sizeof value));
    assert_string_equal(value, "some value");
    assert_false(http_header(&a, "x-mix", value, sizeof value));
    assert_false(http_header(&a, "x-mixed", value, 10));
    http_answer_done(&a);
    assert_null(a.body);
}
static void a_body_and_headers_arrive(void **state)
{
    static const char *const headers[] = { "Authorization: Bearer t", "X-Empty;", NULL };
    static const char *const good[] = { "Authorization: Bearer t", NULL };
    struct fixture *f = *state;
    struct http_answer a = { 0 };
    struct outcome o;
    struct http_request req = { .method = "PATCH",
                                .url = url(f, "/echo"),
                                .headers = good,
                                .type = "text/x",
                                .body = "ab\ncd",
                                .body_len = 5 };
    assert_int_equal(http_do(f->lane, &req, &a, &o), FL_OK);
    assert_contains(a.body, "PATCH /echo\n");
    assert_contains(a.body, "Authorization: Bearer t\r\n");
    assert_contains(a.body, "Content-Type: text/x\r\n");
    assert_contains(a.body, "Content-Length: 5\r\n");
    assert_contains(a.body, "\nab\ncd");
    assert_null(strstr(a.body, "Expect"));
    http_answer_done(&a);
    req = (struct http_request){ .method = "POST", .url = f->url };
    assert_int_equal(http_do(f->lane, &req, &a, &o), FL_OK);
    assert_contains(a.body, "Content-Length: 0\r\n");
    assert_null(strstr(a.body, "Content-Type"));
    http_answer_done(&a);
    req.headers = headers;
    assert_fails(f, req, FL_ECONF, "X-Empty");
}
static void head_has_headers_only(void **state)
{
    struct fixture *f = *state;
    struct http_answer a = { 0 };
    struct outcome o;
    char length[16];
    /* The server sends a body all the same; it must not become the next answer. */
    assert_int_equal(http_do(f->lane,
                             &(struct http_request){ .url = url(f, "/ten"), .no_body = true, .limit = 5 }, &a,
                             &o),
                     FL_OK);
    assert_null(a.body);
    assert_true(http_header(&a, "content-length", length, sizeof length));
    assert_string_equal(length, "10");
    http_answer_done(&a);
    assert_int_equal(get(f, "/ten", &a, &o), FL_OK);
    assert_string_equal(a.body, "0123456789");
    http_answer_done(&a);
}
static void a_body_may_be_as_long_as_its_limit_and_no_longer(void **state)
{
    static const char *const paths[] = { "/ten", "/ten-open" };
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        struct http_answer a = { 0 };
        struct outcome o;
        struct http_request req = { .url = url(f, paths[i]), .limit = 10 };
        assert_int_equal(http_do(f->lane, &req, &a, &o), FL_OK);
        assert_string_equal(a.body, "0123456789");
        http_answer_done(&a);
        req.limit = 9;
        assert_fails(f, req, FL_EPROTO, "the answer's body is larger than 9 bytes");
    }
    assert_fails(f, (struct http_request){ .url = url(f, "/headers") }, FL_EPROTO,
                 "headers are larger than 65536 bytes");
}
static void interim_answers_and_trailers_leave_no_headers(void **state)
{
    struct http_answer a = { 0 };
    struct outcome o;
    char value[8];
    assert_int_equal(get(*state, "/interim", &a, &o), FL_OK);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "ok");
    assert_true(http_header(&a, "x-late", value, sizeof value));
    assert_false(http_header(&a, "x-early", value, sizeof value));
    assert_false(http_header(&a, "x-trailer", value, sizeof value));
    http_answer_done(&a);
}
static void a_deadline_ends_a_slow_answer(void **state)
{
    struct fixture *f = *state;
    struct http_lane *brief = lane_with(f, (struct http_lane_conf){ .timeout_ms = 150 });
    struct http_answer a;
    struct outcome o;
    int64_t start = clock_mono_ms();
    assert_fails(f, (struct http_request){ .url = url(f, "/drips"), .deadline_ms = start + 200 }, FL_ETEMP,
                 "no whole answer within");
    assert_true(clock_mono_ms() - start >= 200);
    assert_true(clock_mono_ms() - start < 1200);
    assert_fails(f, (struct http_request){ .url = url(f, "/never"), .deadline_ms = clock_mono_ms() + 100 },
                 FL_ETEMP, "(connected)");
    assert_fails(f, (struct http_request){ .url = url(f, "/ten"), .deadline_ms = clock_mono_ms() - 1 },
                 FL_ETEMP, "not connected");
    start = clock_mono_ms();
    assert_int_equal(http_do(brief, &(struct http_request){ .url = url(f, "/never") }, &a, &o), FL_ETEMP);
    assert_true(clock_mono_ms() - start < 1200);
    http_lane_free(brief);
}
static void broken_answers_are_told_apart(void **state)
{
    struct fixture *f = *state;
    assert_fails(f, (struct http_request){ .url = url(f, "/garbage") }, FL_EPROTO, "does not speak HTTP");
    assert_fails(f, (struct http_request){ .url = url(f, "/nothing") }, FL_ETEMP, "Empty reply");
    assert_fails(f, (struct http_request){ .url = url(f, "/short") }, FL_ETEMP, "127.0.0.1");
}
static void nobody_listening_is_temporary(void **state)
{
    struct fixture *f = *state;
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/x?token=abc", dead_port());
    assert_fails(f, (struct http_request){ .url = f->url }, FL_ETEMP, "onnect");
    /* A TLS client at a plain server. */
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%u/x", web_port(f->web));
    assert_fails(f, (struct http_request){ .url = f->url, .deadline_ms = clock_mono_ms() + 200 }, FL_ETEMP,
                 "https://127.0.0.1:");
}
static void what_cannot_be_asked_is_a_matter_of_configuration(void **state)
{
    static const char *const bad_urls[] = { "",
                                            "ftp://127.0.0.1/",
                                            "file:///etc/passwd",
                                            "http://",
                                            "127.0.0.1/x y",
                                            "http://a b/",
                                            "https://[::1/" };
    static const char *const split[] = { "X-Token: abc\r\nHost: evil", NULL };
    static const char *const nameless[] = { ": x", NULL };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++)
        assert_fails(f, (struct http_request){ .url = bad_urls[i] }, FL_ECONF, "is no http or https URL");
    assert_fails(f, (struct http_request){ .url = NULL }, FL_ECONF, "is no http");
    assert_fails(f, (struct http_request){ .url = "gopher://user:pw12345@h/" }, FL_ECONF, "gopher://***@h/");
    assert_fails(f, (struct http_request){ .url = url(f, "/"), .headers = split }, FL_ECONF, "X-Token");
    assert_fails(f, (struct http_request){ .url = url(f, "/"), .headers = nameless }, FL_ECONF, "header");
    assert_fails(f, (struct http_request){ .url = url(f, "/"), .method = "GET /x HTTP/1.1\r\n" }, FL_ECONF,
                 "method");
    assert_fails(f, (struct http_request){ .url = url(f, "/"), .body = "", .type = "a\nb" }, FL_ECONF,
                 "type");
}
static void an_unreadable_ca_file_is_named(void **state)
{
    struct fixture *f = *state;
    struct http_lane *lane =
        lane_with(f, (struct http_lane_conf){ .name = "dns/x", .ca_file = "/nowhere/ca.pem" });
    struct http_answer a;
    struct outcome o;
    assert_int_equal(http_do(lane, &(struct http_request){ .url = url(f, "/ten") }, &a, &o), FL_ECONF);
    assert_string_equal(o.msg, "dns/x: cannot read ca_file /nowhere/ca.pem: No such file or directory");
    http_lane_free(lane);
}
static void each_status_leads_somewhere(void **state)
{
    static const struct {
        const char *path;
        int code;
        int64_t retry_ms;
    } table[] = {
        { "/status/200", FL_OK, 0 },
        { "/status/204", FL_OK, 0 },
        { "/status/400", FL_EREJECT, 0 },
        { "/status/401", FL_EAUTH, 0 },
        { "/status/403", FL_EAUTH, 0 },
        { "/status/404", FL_EREJECT, 0 },
        { "/status/408", FL_ETEMP, 0 },
        { "/status/409", FL_ESTALE, 0 },
        { "/status/412", FL_ESTALE, 0 },
        { "/status/422", FL_EREJECT, 0 },
        { "/status/429", FL_ERATE, 0 },
        { "/status/429/retry", FL_ERATE, 7000 },
        { "/status/500", FL_ETEMP, 0 },
        { "/status/502", FL_ETEMP, 0 },
        { "/status/503", FL_ETEMP, 0 },
        { "/status/503/retry", FL_ERATE, 7000 },
        { "/status/500/retry", FL_ETEMP, 7000 },
        { "/status/599", FL_ETEMP, 0 },
        { "/status/304", FL_EPROTO, 0 },
        { "/move", FL_EPROTO, 0 },
        { "/status/600", FL_EPROTO, 0 },
        { "/date", FL_ERATE, 120000 },
        { "/past", FL_ERATE, 1 },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_answer a = { 0 };
        struct outcome o;
        struct http_request req = { .url = url(f, table[i].path) };
        assert_int_equal(http_do(f->lane, &req, &a, &o), FL_OK);
        if (http_classify(&a, &req, &o) != table[i].code)
            fail_msg("%s: %s", table[i].path, outcome_code_name(o.code));
        assert_int_equal(o.code, table[i].code);
        assert_int_equal(o.http, a.status);
        assert_int_equal(a.retry_after_ms, table[i].retry_ms);
        assert_int_equal(o.retry_after_ms, table[i].code == FL_OK ? 0 : table[i].retry_ms);
        http_answer_done(&a);
    }
}
static void the_words_of_a_refusal_say_what_and_where(void **state)
{
    struct http_answer a = { .status = 403,
                             .body = (char *)(uintptr_t) "{\"error\":\"zone is locked\"}",
                             .len = 26 };
    struct outcome o;
    (void)state;
    http_classify(&a, &(struct http_request){ .method = "PUT", .url = "https://u:p@api.example/z?key=v#f" },
                  &o);
    assert_string_equal(o.msg,
                        "PUT https://***@api.example/z: HTTP 403, forbidden: {\"error\":\"zone is locked\"}");
}
static void strange_retry_afters_do_no_harm(void **state)
{
    static const struct {
        const char *headers;
        int64_t ms;
    } table[] = {
        { "retry-after: 0\n", 1 },
        { "retry-after: 99999999999999999999\n", INT64_C(366) * 86400 * 1000 },
        { "retry-after: -5\n", 0 },
        { "retry-after: soon\n", 0 },
        { "retry-after:\n", 0 },
        { "x-retry-after: 5\n", 0 },
        { "a: b\nretry-after: 5\n", 5000 },
        { "retry-after: 5\nretry-after: 9\n", 5000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct http_answer a = { .headers = (char *)(uintptr_t)table[i].headers };
        if (http_retry_after(&a) != table[i].ms)
            fail_msg("%s gives %lld", table[i].headers, (long long)http_retry_after(&a));
    }
}

int main(void)
{
#define SERVED(f) cmocka_unit_test_setup_teardown(f, http_site_set_up, http_site_tear_down)
    const struct CMUnitTest tests[] = {
        SERVED(an_answer_has_status_headers_and_body),
        SERVED(a_body_and_headers_arrive),
        SERVED(head_has_headers_only),
        SERVED(a_body_may_be_as_long_as_its_limit_and_no_longer),
        SERVED(interim_answers_and_trailers_leave_no_headers),
        SERVED(a_deadline_ends_a_slow_answer),
        SERVED(broken_answers_are_told_apart),
        SERVED(nobody_listening_is_temporary),
        SERVED(what_cannot_be_asked_is_a_matter_of_configuration),
        SERVED(an_unreadable_ca_file_is_named),
        SERVED(each_status_leads_somewhere),
        cmocka_unit_test(the_words_of_a_refusal_say_what_and_where),
        cmocka_unit_test(strange_retry_afters_do_no_harm),
    };
    http_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
