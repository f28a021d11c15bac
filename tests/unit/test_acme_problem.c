/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_problem.c - what an answer that is no success means: every type, every status. */
#include "acme/acme.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "\"type\":\"urn:ietf:params:acme:error:"

static int judge(int status, const char *headers, const char *body, int64_t retry_after_ms, struct outcome *o)
{
    struct http_answer answer = { .status = status,
                                  .headers = (char *)(headers ? headers : ""),
                                  .body = (char *)body,
                                  .len = body ? strlen(body) : 0,
                                  .retry_after_ms = retry_after_ms };
    return acme_judge(&answer, o);
}
#define JSON "content-type: application/problem+json\n"

static void each_problem_type_of_the_rfcs_has_its_code(void **state)
{
    static const struct {
        const char *type;
        int status, code;
    } cases[] = {
        { "accountDoesNotExist", 400, FL_EREJECT },
        { "alreadyReplaced", 409, FL_ESTALE },
        { "alreadyRevoked", 400, FL_EREJECT },
        { "badCSR", 400, FL_EREJECT },
        { "badNonce", 400, FL_ETEMP },
        { "badPublicKey", 400, FL_EREJECT },
        { "badRevocationReason", 400, FL_EREJECT },
        { "badSignatureAlgorithm", 400, FL_ECONF },
        { "caa", 403, FL_EREJECT },
        { "compound", 400, FL_EREJECT },
        { "conflict", 409, FL_EREJECT },
        { "connection", 400, FL_EREJECT },
        { "dns", 400, FL_EREJECT },
        { "externalAccountRequired", 403, FL_ECONF },
        { "incorrectResponse", 403, FL_EREJECT },
        { "invalidContact", 400, FL_ECONF },
        { "invalidProfile", 400, FL_EREJECT },
        { "malformed", 400, FL_EREJECT },
        { "malformed", 404, FL_EREJECT },
        { "orderNotReady", 403, FL_EAGAIN },
        { "rateLimited", 429, FL_ERATE },
        { "rateLimited", 403, FL_ERATE },
        { "rejectedIdentifier", 400, FL_EREJECT },
        { "serverInternal", 500, FL_ETEMP },
        { "serverInternal", 400, FL_ETEMP },
        { "tls", 400, FL_EREJECT },
        { "unauthorized", 403, FL_EREJECT },
        { "unauthorized", 401, FL_EAUTH },
        { "unsupportedContact", 400, FL_ECONF },
        { "unsupportedIdentifier", 400, FL_EREJECT },
        { "userActionRequired", 403, FL_ECONF },
        { "neverHeardOf", 400, FL_EREJECT },
        { "neverHeardOf", 401, FL_EAUTH },
        { "neverHeardOf", 429, FL_ERATE },
        { "neverHeardOf", 500, FL_ETEMP },
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[256];
        struct outcome o;
        snprintf(body, sizeof body, "{" TYPE "%s\",\"detail\":\"so it is\"}", cases[i].type);
        if (judge(cases[i].status, JSON, body, 0, &o) != cases[i].code)
            fail_msg("%s with %d is %d", cases[i].type, cases[i].status, o.code);
        assert_int_equal(o.code, cases[i].code);
        assert_int_equal(o.http, cases[i].status);
        assert_string_equal(o.problem, cases[i].type);
        assert_non_null(strstr(o.msg, cases[i].type));
        assert_non_null(strstr(o.msg, "so it is"));
    }
}
static void without_a_problem_document_the_status_decides(void **state)
{
    static const struct {
        int status, code;
        int64_t retry_after_ms;
    } cases[] = {
        { 301, FL_EPROTO, 0 }, { 302, FL_EPROTO, 0 }, { 400, FL_EPROTO, 0 },     { 401, FL_EPROTO, 0 },
        { 403, FL_EPROTO, 0 }, { 404, FL_EPROTO, 0 }, { 408, FL_ETEMP, 0 },      { 429, FL_ERATE, 0 },
        { 500, FL_ETEMP, 0 },  { 502, FL_ETEMP, 0 },  { 503, FL_ETEMP, 0 },      { 503, FL_ERATE, 9000 },
        { 504, FL_ETEMP, 0 },  { 599, FL_ETEMP, 0 },  { 429, FL_ERATE, 120000 }, { 101, FL_EPROTO, 0 },
        { 200, FL_EPROTO, 0 },
    };
    static const char *const bodies[] = { NULL, "", "<html>busy</html>", "{\"type\":", "[]", "42" };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            struct outcome o;
            if (judge(cases[i].status, NULL, bodies[k], cases[i].retry_after_ms, &o) != cases[i].code)
                fail_msg("%d with %s is %d", cases[i].status, bodies[k], o.code);
            assert_int_equal(o.http, cases[i].status);
            assert_int_equal(o.retry_after_ms, cases[i].retry_after_ms);
            assert_string_equal(o.problem, "");
            assert_string_not_equal(o.msg, "");
        }
}
static void a_document_of_another_kind_is_judged_by_its_status(void **state)
{
    struct outcome o;
    (void)state;

    assert_int_equal(judge(403, JSON, "{\"type\":\"about:blank\",\"title\":\"Forbidden\"}", 0, &o),
                     FL_EREJECT);
    assert_string_equal(o.msg, "Forbidden");
    assert_string_equal(o.problem, "");
    assert_int_equal(judge(400, JSON, "{\"type\":\"https://ca.test/odd\",\"detail\":\"x\"}", 0, &o),
                     FL_EREJECT);
    assert_string_equal(o.msg, "https://ca.test/odd: x");
    assert_int_equal(judge(400, JSON, "{}", 0, &o), FL_EREJECT);
    /* HTML that claims nothing, JSON that claims to be HTML: not a document. */
    assert_int_equal(judge(404, "content-type: text/html\n", "{\"detail\":\"x\"}", 0, &o), FL_EPROTO);
}
static void retry_after_is_kept_with_every_code(void **state)
{
    struct outcome o;
    (void)state;

    judge(429, JSON, "{" TYPE "rateLimited\",\"detail\":\"too many\"}", 60000, &o);
    assert_int_equal(o.retry_after_ms, 60000);
    judge(500, JSON, "{" TYPE "serverInternal\",\"detail\":\"hm\"}", 5000, &o);
    assert_int_equal(o.code, FL_ETEMP);
    assert_int_equal(o.retry_after_ms, 5000);
    judge(403, JSON, "{" TYPE "orderNotReady\",\"detail\":\"hm\"}", 3000, &o);
    assert_int_equal(o.retry_after_ms, 3000);
}
static void a_busy_front_door_concerns_everything(void **state)
{
    struct outcome o;
    (void)state;

    assert_int_equal(judge(503, JSON, "{" TYPE "rateLimited\",\"detail\":\"Service busy\"}", 1000, &o),
                     FL_ERATE);
    assert_string_equal(o.problem, "");
    assert_int_equal(judge(503, JSON, "{" TYPE "rateLimited\",\"detail\":\"Service busy\"}", 0, &o),
                     FL_ETEMP);
}
static void a_person_is_told_where_to_go(void **state)
{
    struct outcome o;
    (void)state;

    judge(403, JSON,
          "{" TYPE "userActionRequired\",\"detail\":\"new terms\",\"instance\":\"https://ca.test/agree\"}", 0,
          &o);
    assert_non_null(strstr(o.msg, "visit https://ca.test/agree"));
    judge(403, JSON, "{" TYPE "userActionRequired\",\"detail\":\"new terms\",\"instance\":\"javascript:x\"}",
          0, &o);
    assert_null(strstr(o.msg, "javascript"));
    judge(403, JSON, "{" TYPE "externalAccountRequired\",\"detail\":\"no\"}", 0, &o);
    assert_non_null(strstr(o.msg, "eab = {"));
    judge(302, "location: https://elsewhere.test/\n", NULL, 0, &o);
    assert_non_null(strstr(o.msg, "redirection to https://elsewhere.test/"));
}
static void subproblems_say_which_name_it_was(void **state)
{
    struct outcome o;
    (void)state;

    judge(
        403, JSON,
        "{" TYPE "malformed\",\"detail\":\"some\",\"subproblems\":[{" TYPE
        "rejectedIdentifier\",\"detail\":\"no\",\"identifier\":{\"type\":\"dns\",\"value\":\"_.test\"}},{" TYPE
        "caa\",\"detail\":\"forbidden\",\"identifier\":{\"type\":\"dns\",\"value\":\"b.test\"}}, 7]}",
        0, &o);
    assert_string_equal(o.msg, "malformed: some; _.test: rejectedIdentifier: no; b.test: caa: forbidden; "
                               "no reason given");
    assert_string_equal(o.problem, "malformed");
}
static void a_compound_of_one_kind_is_that_kind(void **state)
{
    struct outcome o;
    (void)state;

    judge(400, JSON,
          "{" TYPE "compound\",\"subproblems\":[{" TYPE "rateLimited\",\"detail\":\"a\"},{" TYPE
          "rateLimited\",\"detail\":\"b\"}]}",
          0, &o);
    assert_string_equal(o.problem, "rateLimited");
    assert_int_equal(o.code, FL_ERATE);
    judge(400, JSON,
          "{" TYPE "compound\",\"subproblems\":[{" TYPE "rateLimited\",\"detail\":\"a\"},{" TYPE
          "caa\",\"detail\":\"b\"}]}",
          0, &o);
    assert_string_equal(o.problem, "compound");
    assert_int_equal(o.code, FL_EREJECT);
}
static void what_a_server_says_is_shown_on_one_line_without_control_characters(void **state)
{
    char body[4096] = "{" TYPE "dns\",\"detail\":\"";
    struct outcome o;
    (void)state;

    judge(400, JSON, "{" TYPE "dns\",\"detail\":\"a\\n\\u001b[31mb\\u0007\\u009bc\"}", 0, &o);
    assert_string_equal(o.msg, "dns: a??[31mb??c");
    judge(400, JSON, "{" TYPE "dns; rm -rf /\",\"detail\":\"a\"}", 0, &o);
    assert_string_equal(o.problem, "");
    judge(400, JSON, "{" TYPE "aTypeWhoseNameIsMuchLongerThanAnyThatWasEverRegistered\",\"detail\":\"a\"}", 0,
          &o);
    assert_string_equal(o.problem, "");
    memset(body + strlen(body), 'y', 3000);
    memcpy(body + strlen(body), "\"}", 3);
    judge(400, JSON, body, 0, &o);
    assert_true(strlen(o.msg) < OUTCOME_MSG);
    judge(500, NULL, "\x1b[2Jno\ndocument", 0, &o);
    assert_null(strchr(o.msg, '\n'));
    assert_null(strchr(o.msg, '\x1b'));
}
static void an_embedded_problem_is_a_rejection_whatever_its_type(void **state)
{
    char why[128];
    const char *text = "{" TYPE "serverInternal\",\"detail\":\"d\",\"status\":500}";
    cleanup_(json_freep) json_t *doc = json_parse(text, strlen(text), why);
    struct outcome o;
    (void)state;

    problem_embedded(doc, &o);
    assert_int_equal(o.code, FL_EREJECT);
    assert_string_equal(o.problem, "serverInternal");
    assert_int_equal(o.http, 500);
    problem_embedded(NULL, &o);
    assert_int_equal(o.code, FL_OK);
}
static void origins_are_compared_in_one_form(void **state)
{
    static const struct {
        const char *url, *origin; /* NULL: refused */
    } cases[] = {
        { "https://ca.test/dir", "https://ca.test" },
        { "https://CA.Test:443/dir?x=1", "https://ca.test" },
        { "https://ca.test", "https://ca.test" },
        { "HTTPS://ca.test:0444/", "https://ca.test:444" },
        { "https://192.0.2.1:14000/dir", "https://192.0.2.1:14000" },
        { "https://[2001:DB8::1]/dir", "https://[2001:db8::1]" },
        { "http://127.0.0.1:80/dir", "http://127.0.0.1" },
        { "http://127.3.2.1:4000/dir", "http://127.3.2.1:4000" },
        { "http://localhost:4000/dir", "http://localhost:4000" },
        { "http://[::1]:4000/dir", "http://[::1]:4000" },
        { "http://ca.test/dir", NULL },
        { "http://127.0.0.1.ca.test/dir", NULL },
        { "http://127.0.0.1@ca.test/dir", NULL },
        { "https://user@ca.test/dir", NULL },
        { "https://user:pw@ca.test/dir", NULL },
        { "https:///dir", NULL },
        { "https://", NULL },
        { "https://ca.test:/", NULL },
        { "https://ca.test:0/", NULL },
        { "https://ca.test:65536/", NULL },
        { "https://ca.test:44x/", NULL },
        { "https://ca.test\\@evil.test/", NULL },
        { "https://ca.test/a b", NULL },
        { "https://ca.test/a\nb", NULL },
        { "https://ca.test/\xc3\xa9", NULL },
        { "https://ca.test/#x", NULL },
        { "https://ca.test/../x", NULL },
        { "https://ca.test/x/..", NULL },
        { "https://[::1/x", NULL },
        { "https://[1.2.3.4]/x", NULL },
        { "ftp://ca.test/", NULL },
        { "//ca.test/", NULL },
        { "/dir", NULL },
        { "", NULL },
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char origin[URL_ORIGIN] = "";
        if (url_origin(cases[i].url, origin) != (cases[i].origin != NULL))
            fail_msg("%s gives \"%s\"", cases[i].url, origin);
        if (cases[i].origin)
            assert_string_equal(origin, cases[i].origin);
    }
}
static void a_location_may_be_a_path(void **state)
{
    char out[URL_MAX], big[2 * URL_MAX];
    (void)state;

    assert_true(url_join("https://ca.test:44/a/b?c", "/x/1", out));
    assert_string_equal(out, "https://ca.test:44/x/1");
    assert_true(url_join("https://ca.test:44", "/x", out));
    assert_string_equal(out, "https://ca.test:44/x");
    assert_true(url_join("https://ca.test/", "https://b.test/x", out));
    assert_string_equal(out, "https://b.test/x");
    assert_false(url_join("https://ca.test/", "//b.test/x", out));
    assert_false(url_join("https://ca.test/", "x", out));
    assert_false(url_join("https://ca.test/", "", out));
    memset(big, 'a', sizeof big);
    big[0] = '/';
    big[URL_MAX - 5] = '\0';
    assert_false(url_join("https://ca.test/", big, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_problem_type_of_the_rfcs_has_its_code),
        cmocka_unit_test(without_a_problem_document_the_status_decides),
        cmocka_unit_test(a_document_of_another_kind_is_judged_by_its_status),
        cmocka_unit_test(retry_after_is_kept_with_every_code),
        cmocka_unit_test(a_busy_front_door_concerns_everything),
        cmocka_unit_test(a_person_is_told_where_to_go),
        cmocka_unit_test(subproblems_say_which_name_it_was),
        cmocka_unit_test(a_compound_of_one_kind_is_that_kind),
        cmocka_unit_test(what_a_server_says_is_shown_on_one_line_without_control_characters),
        cmocka_unit_test(an_embedded_problem_is_a_rejection_whatever_its_type),
        cmocka_unit_test(origins_are_compared_in_one_form),
        cmocka_unit_test(a_location_may_be_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
