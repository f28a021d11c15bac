/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_hostile.c - authorities that break RFC 8555, by accident or on purpose. */
#include "acme_rig.h"
#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct stub_acme_conf plain;
static const char *const one[] = { "example.test", NULL };
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
    struct acme_order order = { 0 };
    int rc = acme_new_order(r->acme, one, NULL, NULL, &order, &r->o);

    if (rc != FL_OK)
        assert_null(order.url);
    acme_order_done(&order);
    return rc;
}
static const char *url(struct acme_rig *r, const char *path, char out[128])
{
    snprintf(out, 128, "%s%s", stub_acme_base(r->ca), path);
    return out;
}

/* ---- answers that make no sense ---- */

static void an_order_that_cannot_be_is_refused_with_words(void **state)
{
    static const struct {
        const char *what, *body, *type, *words;
    } cases[] = {
        { "broken JSON", "{\"status\":", NULL, "broken JSON" },
        { "an empty answer", "", NULL, "broken JSON" },
        { "a list", "[]", NULL, "a JSON object" },
        { "a web page", "<html>please log in</html>", "text/html", "please log in" },
        { "a page that claims to be JSON", "<html>please log in</html>", NULL, "please log in" },
        { "a key twice", "{\"status\":\"pending\",\"status\":\"valid\"," ORDER "}", NULL, "broken JSON" },
        { "no identifiers", "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"$B/a\"]}",
          NULL, "0 identifiers" },
        { "other identifiers",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"evil.test\"}]}",
          NULL, "other identifiers" },
        { "more identifiers",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"},{\"type\":\"dns\",\"value\":\"b.test\"}]}",
          NULL, "other identifiers" },
        { "an identifier that is none",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"../../etc\"}]}",
          NULL, "neither name nor address" },
        { "an address that is none",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"ip\",\"value\":\"example.test\"}]}",
          NULL, "neither name nor address" },
        { "no finalize",
          "{\"status\":\"pending\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}",
          NULL, "no finalize URL" },
        { "no authorizations",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\","
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}",
          NULL, "no authorizations" },
        { "valid without a certificate", "{\"status\":\"valid\"," ORDER "}", NULL, "no certificate URL" },
        { "finalize elsewhere",
          "{\"status\":\"pending\",\"finalize\":\"https://evil.test/f\",\"authorizations\":[\"$B/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}",
          NULL, "finalize is not a URL of this authority" },
        { "an authorization elsewhere",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[\"http://127.0.0.1:1/a\"],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}",
          NULL, "not a URL of this authority" },
        { "an authorization that is a number",
          "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"authorizations\":[7],"
          "\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}",
          NULL, "not a URL of this authority" },
    };
    struct acme_rig *r = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct stub_answer answer = { .at = "=POST /order",
                                            .status = 201,
                                            .type = cases[i].type,
                                            .headers = "Location: $B/order/0\r\n",
                                            .body = cases[i].body };
        stub_acme_reset(r->ca);
        stub_acme_script(r->ca, &answer);
        if (new_order(r) != FL_EPROTO || !strstr(r->o.msg, cases[i].words))
            fail_msg("%s: %s: %s", cases[i].what, outcome_code_name(r->o.code), r->o.msg);
        assert_memory_equal(r->o.msg, "test: new order: ", 17);
        /* Its nonce was good all the same. */
        assert_int_equal(stub_acme_count(r->ca, "HEAD"), 0);
    }
    assert_int_equal(new_order(r), FL_OK);
}
static void a_location_elsewhere_or_none_is_refused(void **state)
{
    static const char *const headers[] = { "", "Location: https://evil.test/order/0\r\n",
                                           "Location: //evil.test/order/0\r\n", "Location: order/0\r\n",
                                           "Location: /order/../0\r\n" };
    struct acme_rig *r = *state;

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const struct stub_answer answer = { .at = "=POST /order",
                                            .status = 201,
                                            .headers = headers[i],
                                            .body = "{\"status\":\"pending\"," ORDER "}" };
        stub_acme_script(r->ca, &answer);
        assert_int_equal(new_order(r), FL_EPROTO);
        assert_non_null(strstr(r->o.msg, "Location"));
    }
}
static void nothing_is_signed_for_another_origin(void **state)
{
    static const char *const urls[] = { "https://evil.test/order/1", "http://127.0.0.1:1/order/1",
                                        "file:///x", "", "https://127.0.0.1/order/1" };
    struct acme_rig *r = *state;
    struct acme_order order = { 0 };

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(acme_order(r->acme, urls[i], &order, &r->o), FL_EPROTO);
        assert_non_null(strstr(r->o.msg, "not a URL of this authority"));
    }
    assert_int_equal(stub_acme_count(r->ca, ""), 0);
}
static void unknown_and_odd_states_are_ends_and_not_loops(void **state)
{
    static const struct {
        const char *body;
        enum acme_status status;
    } cases[] = {
        { "{\"status\":\"deactivated\"," ORDER "}", ACME_DEACTIVATED },
        { "{\"status\":\"half-baked\"," ORDER "}", ACME_UNKNOWN },
        { "{\"status\":\"unknown\"," ORDER "}", ACME_UNKNOWN },
        { "{\"status\":7," ORDER "}", ACME_UNKNOWN },
        { "{" ORDER "}", ACME_UNKNOWN },
        { "{\"status\":\"expired\"," ORDER "}", ACME_EXPIRED },
        { "{\"status\":\"revoked\"," ORDER "}", ACME_REVOKED },
        { "{\"status\":\"processing\"," ORDER "}", ACME_PROCESSING },
    };
    struct acme_rig *r = *state;
    char at[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct acme_order order = { 0 };
        acme_rig_script(r, "POST /order/0", 200, cases[i].body);
        assert_int_equal(acme_order(r->acme, url(r, "/order/0", at), &order, &r->o), FL_OK);
        assert_int_equal(order.status, cases[i].status);
        assert_true(order.status == ACME_PROCESSING || order.status > ACME_VALID);
        acme_order_done(&order);
    }
}
static void a_dead_order_says_why(void **state)
{
    struct acme_rig *r = *state;
    struct acme_order order = { 0 };
    char at[128];

    acme_rig_script(r, "POST /order/0", 200,
                    "{\"status\":\"invalid\"," ORDER
                    ",\"error\":{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
                    "\"detail\":\"two\\nlines\",\"status\":429,\"subproblems\":[{\"type\":"
                    "\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\",\"identifier\":{\"type\":\"dns\","
                    "\"value\":\"example.test\"}}]}}");
    assert_int_equal(acme_order(r->acme, url(r, "/order/0", at), &order, &r->o), FL_OK);
    assert_int_equal(order.status, ACME_INVALID);
    assert_int_equal(order.error.code, FL_EREJECT);
    assert_string_equal(order.error.problem, "rateLimited");
    assert_string_equal(order.error.msg, "rateLimited: two?lines; example.test: caa: no");
    acme_order_done(&order);
}
static void an_order_of_101_parts_is_refused(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(buf_done) struct buf body = BUF(64 * 1024);
    struct acme_order order = { 0 };
    char at[128];

    buf_adds(&body,
             "{\"status\":\"pending\",\"finalize\":\"$B/f\",\"identifiers\":[{\"type\":\"dns\",\"value\":"
             "\"example.test\"}],\"authorizations\":[\"$B/a\"");
    for (int i = 0; i < 100; i++)
        buf_adds(&body, ",\"$B/a\"");
    buf_adds(&body, "]}");
    acme_rig_script(r, "POST /order/0", 200, buf_text(&body));
    assert_int_equal(acme_order(r->acme, url(r, "/order/0", at), &order, &r->o), FL_EPROTO);
    assert_non_null(strstr(r->o.msg, "101 authorizations"));
}

/* ---- authorizations ---- */

#define AUTHZ(challenge)                                                                                     \
    "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.test\"},\"challenges\":["  \
    "{\"type\":\"dns-01\",\"url\":\"$B/chal/0\",\"status\":\"pending\",\"token\":\"good\"}," challenge "]}"

static void a_challenge_that_could_do_harm_is_refused(void **state)
{
    static const struct {
        const char *what, *body, *words;
    } cases[] = {
        { "a path as token",
          AUTHZ("{\"type\":\"http-01\",\"url\":\"$B/c\",\"token\":\"../../../etc/passwd\"}"),
          "not base64url" },
        { "a command as token", AUTHZ("{\"type\":\"http-01\",\"url\":\"$B/c\",\"token\":\"$(reboot)\"}"),
          "not base64url" },
        { "a line break in the token",
          AUTHZ("{\"type\":\"http-01\",\"url\":\"$B/c\",\"token\":\"a\\r\\nb\"}"), "not base64url" },
        { "an empty token", AUTHZ("{\"type\":\"http-01\",\"url\":\"$B/c\",\"token\":\"\"}"),
          "not base64url" },
        { "no token", AUTHZ("{\"type\":\"tls-alpn-01\",\"url\":\"$B/c\"}"), "without a token" },
        { "a bad token of an unknown kind", AUTHZ("{\"type\":\"new-99\",\"url\":\"$B/c\",\"token\":\"/\"}"),
          "not base64url" },
        { "no URL", AUTHZ("{\"type\":\"http-01\",\"token\":\"a\"}"), "without a URL" },
        { "no type", AUTHZ("{\"url\":\"$B/c\",\"token\":\"a\"}"), "without a type" },
        { "not an object", AUTHZ("\"http-01\""), "without a type" },
        { "a URL elsewhere", AUTHZ("{\"type\":\"http-01\",\"url\":\"https://evil.test/c\",\"token\":\"a\"}"),
          "not a URL of this authority" },
        { "no identifier", "{\"status\":\"pending\",\"challenges\":[]}", "neither name nor address" },
    };
    struct acme_rig *r = *state;
    char at[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct acme_authz z = { 0 };
        acme_rig_script(r, "POST /authz/0", 200, cases[i].body);
        if (acme_authz(r->acme, url(r, "/authz/0", at), &z, &r->o) != FL_EPROTO ||
            !strstr(r->o.msg, cases[i].words))
            fail_msg("%s: %s: %s", cases[i].what, outcome_code_name(r->o.code), r->o.msg);
        assert_null(z.challenges);
    }
}
static void a_method_of_later_days_is_handed_on(void **state)
{
    struct acme_rig *r = *state;
    struct acme_authz z = { 0 };
    char at[128];

    acme_rig_script(
        r, "POST /authz/0", 200,
        AUTHZ("{\"type\":\"dns-persist-01\",\"url\":\"$B/c\",\"status\":\"invalid\",\"issuer-domain-names\":"
              "[\"ca.test\"],\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\",\"detail\":\"d\"}}"));
    assert_int_equal(acme_authz(r->acme, url(r, "/authz/0", at), &z, &r->o), FL_OK);
    assert_int_equal(z.nchallenges, 2);
    assert_null(z.challenges[1].token);
    assert_int_equal(z.challenges[1].status, ACME_INVALID);
    assert_string_equal(z.challenges[1].error.problem, "dns");
    assert_non_null(strstr(z.challenges[1].json, "issuer-domain-names"));
    acme_authz_done(&z);
}
static void a_thousand_challenges_are_refused(void **state)
{
    struct acme_rig *r = *state;
    cleanup_(buf_done) struct buf body = BUF(64 * 1024);
    struct acme_authz z = { 0 };
    char at[128];

    buf_adds(&body, "{\"identifier\":{\"type\":\"dns\",\"value\":\"example.test\"},\"challenges\":[0");
    for (int i = 1; i < 1000; i++)
        buf_adds(&body, ",0");
    buf_adds(&body, "]}");
    acme_rig_script(r, "POST /authz/0", 200, buf_text(&body));
    assert_int_equal(acme_authz(r->acme, url(r, "/authz/0", at), &z, &r->o), FL_EPROTO);
    assert_non_null(strstr(r->o.msg, "1000 challenges"));
}

/* ---- the rest ---- */

static void what_is_no_certificate_is_refused(void **state)
{
    static const struct {
        const char *type, *body;
    } cases[] = {
        { "text/html", "-----BEGIN CERTIFICATE-----\n" },
        { "application/json", "{}" },
        { "application/pem-certificate-chain", "" },
        { "application/pem-certificate-chain", "<html>" },
        { "application/pem-certificate-chain", "-----BEGIN PRIVATE KEY-----\n" },
    };
    struct acme_rig *r = *state;
    char at[128], **alternates = NULL, *pem = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct stub_answer answer = { .at = "POST /cert",
                                            .type = cases[i].type,
                                            .body = cases[i].body };
        stub_acme_script(r->ca, &answer);
        assert_int_equal(acme_certificate(r->acme, url(r, "/cert/0", at), &pem, &alternates, &r->o),
                         FL_EPROTO);
    }
    assert_null(pem);
    assert_null(alternates);
}
static void endless_answers_are_cut_off(void **state)
{
    const struct stub_answer big = { .at = "=POST /order", .fill = 300 * 1024 };
    const struct stub_answer chain = { .at = "POST /cert",
                                       .type = "application/pem-certificate-chain",
                                       .fill = 101 * 1024 };
    const struct stub_answer page = { .at = "GET /dir", .fill = 300 * 1024 };
    struct acme_rig *r = *state;
    char at[128], **alternates = NULL, *pem = NULL;

    stub_acme_script(r->ca, &big);
    assert_int_equal(new_order(r), FL_EPROTO);
    stub_acme_script(r->ca, &chain);
    assert_int_equal(acme_certificate(r->acme, url(r, "/cert/0", at), &pem, &alternates, &r->o), FL_EPROTO);
    stub_acme_script(r->ca, &page);
    assert_int_equal(acme_directory(r->acme, true, &r->o), FL_EPROTO);
    assert_int_equal(new_order(r), FL_OK);
}
static void redirections_are_not_followed(void **state)
{
    struct stub_answer answer = { .at = "=POST /order", .status = 307, .headers = "Location: $B/order\r\n" };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &answer);
    assert_int_equal(new_order(r), FL_EPROTO);
    assert_non_null(strstr(r->o.msg, "redirection"));
    assert_int_equal(stub_acme_count(r->ca, "POST"), 1);
    answer.at = "GET /dir";
    stub_acme_script(r->ca, &answer);
    assert_int_equal(acme_directory(r->acme, true, &r->o), FL_EPROTO);
}
static void a_line_that_breaks_is_temporary(void **state)
{
    /* Twice: on a connection that lay idle a request is sent again when it ends without a byte. */
    const struct stub_answer hang_up = { .at = "=POST /order", .hang_up = true, .times = 2 };
    const struct stub_answer cut_off = { .at = "=POST /order",
                                         .cut_off = true,
                                         .body = "{\"status\":\"pending\"}" };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &hang_up);
    assert_int_equal(new_order(r), FL_ETEMP);
    stub_acme_script(r->ca, &cut_off);
    assert_int_equal(new_order(r), FL_ETEMP);
    assert_memory_equal(r->o.msg, "test: new order: ", 17);
    assert_int_equal(new_order(r), FL_OK);
}
static void what_is_said_of_limits_comes_through(void **state)
{
    const struct stub_answer slow = { .at = "=POST /order",
                                      .status = 429,
                                      .type = "application/problem+json",
                                      .headers = "Retry-After: 7200\r\n",
                                      .body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
                                              "\"detail\":\"too many certificates\"}" };
    struct acme_rig *r = *state;

    stub_acme_script(r->ca, &slow);
    assert_int_equal(new_order(r), FL_ERATE);
    assert_string_equal(r->o.problem, "rateLimited");
    assert_int_equal(r->o.http, 429);
    assert_int_equal(r->o.retry_after_ms, 7200000);
    assert_string_equal(r->o.msg, "test: new order: rateLimited: too many certificates");
}
static void what_is_no_directory_is_refused(void **state)
{
    static const struct {
        const char *body;
        int status, code;
    } cases[] = {
        { "<html>", 200, FL_EPROTO },
        { "{}", 200, FL_EPROTO },
        { "{\"newNonce\":\"$B/n\",\"newAccount\":\"$B/a\"}", 200, FL_EPROTO },
        { "{\"newNonce\":\"$B/n\",\"newAccount\":\"$B/a\",\"newOrder\":\"http://evil.test/\"}", 200,
          FL_EPROTO },
        { "{\"newNonce\":\"$B/n\",\"newAccount\":\"ftp://x/\",\"newOrder\":\"$B/o\"}", 200, FL_EPROTO },
        { "not here", 404, FL_EPROTO },
        { "oops", 502, FL_ETEMP },
    };
    struct acme_rig *r = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acme_rig_script(r, "GET /dir", cases[i].status, cases[i].body);
        assert_int_equal(acme_directory(r->acme, true, &r->o), cases[i].code);
        assert_memory_equal(r->o.msg, "test: directory http://127.0.0.1:", 33);
    }
    assert_int_equal(acme_directory(r->acme, false, &r->o), FL_OK);
}
static void an_authority_that_is_not_there_is_temporary(void **state)
{
    struct acme_rig *r = *state;
    const struct acme_conf gone = { .name = "gone", .directory = "http://127.0.0.1:1/dir" };
    const struct acme_conf open = { .name = "open", .directory = "http://ca.test/dir" };
    struct acme *a = NULL;

    assert_int_equal(acme_new(&gone, r->lane, r->keeper, &a), FL_OK);
    assert_int_equal(acme_directory(a, false, &r->o), FL_ETEMP);
    acme_free(take_ptr(a));
    /* Not even asked: who can change the directory can change everything. */
    assert_int_equal(acme_new(&open, r->lane, r->keeper, &a), FL_OK);
    assert_int_equal(acme_directory(a, false, &r->o), FL_ECONF);
    assert_non_null(strstr(r->o.msg, "https://"));
    acme_free(a);
    acme_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_order_that_cannot_be_is_refused_with_words),
        TEST(a_location_elsewhere_or_none_is_refused),
        TEST(nothing_is_signed_for_another_origin),
        TEST(unknown_and_odd_states_are_ends_and_not_loops),
        TEST(a_dead_order_says_why),
        TEST(an_order_of_101_parts_is_refused),
        TEST(a_challenge_that_could_do_harm_is_refused),
        TEST(a_method_of_later_days_is_handed_on),
        TEST(a_thousand_challenges_are_refused),
        TEST(what_is_no_certificate_is_refused),
        TEST(endless_answers_are_cut_off),
        TEST(redirections_are_not_followed),
        TEST(a_line_that_breaks_is_temporary),
        TEST(what_is_said_of_limits_comes_through),
        TEST(what_is_no_directory_is_refused),
        TEST(an_authority_that_is_not_there_is_temporary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
