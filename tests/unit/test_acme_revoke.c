/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme_revoke.c - revocation, renewal windows, whom a refusal names, the authority's clock. */
#include "acme_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct stub_acme_conf plain;
static const char *const one[] = { "example.test", NULL };
#define LEAF "-----BEGIN CERTIFICATE-----\nMAAwADAAMAA_\n-----END CERTIFICATE-----\n"
#define PROBLEM(type) "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"no\"}"

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

/* ---- revocation ---- */

static void a_certificate_is_revoked_by_account_or_by_its_own_key(void **state)
{
    static const enum key_type types[] = { KEY_EC256, KEY_EC384, KEY_RSA2048, KEY_ED25519 };
    struct acme_rig *r = *state;
    char *payload;

    acme_rig_script(r, "POST /revoke", 200, NULL);
    assert_int_equal(acme_revoke(r->acme, LEAF LEAF, 4, NULL, &r->o), FL_OK);
    payload = stub_acme_payload(r->ca, "/revoke");
    assert_string_equal(payload, "{\"certificate\":\"MAAwADAAMAA_\",\"reason\":4}");
    free(payload);
    acme_rig_script(r, "POST /revoke", 200, NULL);
    assert_int_equal(acme_revoke(r->acme, LEAF, 0, NULL, &r->o), FL_OK);
    payload = stub_acme_payload(r->ca, "/revoke");
    assert_string_equal(payload, "{\"certificate\":\"MAAwADAAMAA_\"}");
    free(payload);
    /* The authority of the test looks whether the key in the header has signed. */
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char sealed[KEEPER_SEALED];
        assert_int_equal(keeper_make(r->keeper, types[i], sealed, &r->o), FL_OK);
        acme_rig_script(r, "POST /revoke", 200, NULL);
        assert_int_equal(acme_revoke(r->acme, LEAF, 1, sealed, &r->o), FL_OK);
    }
    assert_int_equal(stub_acme_count(r->ca, ""), 6);
}
static void revoking_twice_is_fine_and_nonsense_is_not_sent(void **state)
{
    static const int bad[] = { -1, 7, 11 };
    struct acme_rig *r = *state;

    acme_rig_script(r, "POST /revoke", 400, PROBLEM("alreadyRevoked"));
    assert_int_equal(acme_revoke(r->acme, LEAF, 1, NULL, &r->o), FL_OK);
    acme_rig_script(r, "POST /revoke", 400, PROBLEM("badRevocationReason"));
    assert_int_equal(acme_revoke(r->acme, LEAF, 6, NULL, &r->o), FL_EREJECT);
    assert_string_equal(r->o.problem, "badRevocationReason");
    assert_int_equal(stub_acme_count(r->ca, ""), 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(acme_revoke(r->acme, LEAF, bad[i], NULL, &r->o), FL_ECONF);
    assert_int_equal(acme_revoke(r->acme, "", 0, NULL, &r->o), FL_ECONF);
    assert_int_equal(
        acme_revoke(r->acme, "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", 0, NULL, &r->o),
        FL_ECONF);
    assert_int_equal(
        acme_revoke(r->acme, "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----", 0, NULL, &r->o),
        FL_ECONF);
    assert_int_equal(stub_acme_count(r->ca, ""), 2);
}

/* ---- renewal windows ---- */

#define ID "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
#define WINDOW(from, to) "{\"suggestedWindow\":{\"start\":\"" from "\",\"end\":\"" to "\"}}"

static void renewal(struct acme_rig *r, int status, const char *headers, const char *body)
{
    const struct stub_answer answer = {
        .at = "=GET /renewal/" ID, .status = status, .headers = headers, .body = body, .no_nonce = true
    };

    stub_acme_script(r->ca, &answer);
}
static void a_window_is_read(void **state)
{
    struct acme_rig *r = *state;
    struct acme_renewal w = { 0 };

    assert_true(acme_has_renewal_info(r->acme));
    renewal(
        r, 200, "Retry-After: 21600\r\n",
        "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\",\"end\":\"2025-01-03T04:00:00.5+01:00\"},"
        "\"explanationURL\":\"https://ca.test/why\"}");
    assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_OK);
    assert_int_equal(w.start_at, 1735790400);
    assert_int_equal(w.end_at, 1735873200);
    assert_string_equal(w.explanation, "https://ca.test/why");
    assert_int_equal(w.retry_after_ms, 21600000);
    acme_renewal_done(&w);
    acme_renewal_done(&w);
    acme_renewal_done(NULL);
    assert_int_equal(stub_acme_count(r->ca, "HEAD"), 0);
    assert_int_equal(stub_acme_count(r->ca, ""), 1);
}
static int64_t pause_of(struct acme_rig *r, const char *headers)
{
    struct acme_renewal w = { 0 };

    renewal(r, 200, headers, WINDOW("2025-01-02T04:00:00Z", "2025-01-03T04:00:00Z"));
    assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_OK);
    assert_null(w.explanation);
    return w.retry_after_ms;
}
static void the_next_look_is_neither_at_once_nor_never(void **state)
{
    struct acme_rig *r = *state;

    assert_int_equal(pause_of(r, NULL), 6 * 3600 * 1000);
    assert_int_equal(pause_of(r, "Retry-After: 1\r\n"), 60 * 1000);
    assert_int_equal(pause_of(r, "Retry-After: 61\r\n"), 61 * 1000);
    assert_int_equal(pause_of(r, "Retry-After: 86401\r\n"), 86400 * 1000);
    assert_int_equal(pause_of(r, "Retry-After: soon\r\n"), 6 * 3600 * 1000);
}
static void a_window_that_is_none_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "{\"suggestedWindow\":[]}",
        "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\"}}",
        WINDOW("2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z"),
        WINDOW("2025-01-03T04:00:00Z", "2025-01-02T04:00:00Z"),
        WINDOW("tomorrow", "2025-01-02T04:00:00Z"),
        WINDOW("", ""),
        "{\"suggestedWindow\":",
    };
    struct acme_rig *r = *state;
    struct acme_renewal w = { 0 };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        renewal(r, 200, NULL, bodies[i]);
        assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_EPROTO);
        assert_non_null(strstr(r->o.msg, "test: renewal information: "));
        assert_int_equal(w.end_at, 0);
    }
    renewal(r, 404, NULL, PROBLEM("malformed"));
    assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_EREJECT);
    renewal(r, 503, NULL, "");
    assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_ETEMP);
    renewal(r, 429, "Retry-After: 70\r\n", "");
    assert_int_equal(acme_renewal_info(r->acme, ID, &w, &r->o), FL_ERATE);
    assert_int_equal(r->o.retry_after_ms, 70000);
}
static void what_is_no_certificate_id_goes_nowhere(void **state)
{
    static const char *const ids[] = { "", ".", "a", "a.", ".b", "a.b.c", "../x.y", "a.b/c", "a.b?c", "a.=" };
    struct acme_rig *r = *state;
    struct acme_renewal w = { 0 };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(acme_renewal_info(r->acme, ids[i], &w, &r->o), FL_ECONF);
    assert_int_equal(stub_acme_count(r->ca, ""), 0);
}

/* ---- whom a refusal names ---- */

#define SUB(kind, value)                                                                                     \
    "{\"type\":\"urn:ietf:params:acme:error:caa\",\"identifier\":{\"type\":\"" kind "\",\"value\":\"" value  \
    "\"}}"
#define REFUSAL                                                                                              \
    "{\"type\":\"urn:ietf:params:acme:error:compound\",\"subproblems\":[" SUB("dns", "B.test") ",{}," SUB(   \
        "ip", "192.0.2.7") "," SUB("dns", "../x") "," SUB("dns", "b.test") ",7]}"

static void a_refusal_says_whose_it_is(void **state)
{
    struct acme_rig *r = *state;
    struct acme_order order = { 0 }, done = { 0 };

    acme_rig_script(r, "=POST /order", 403, REFUSAL);
    assert_int_equal(acme_new_order(r->acme, one, NULL, NULL, &order, &r->o), FL_EREJECT);
    assert_null(order.url);
    assert_non_null(order.refused);
    assert_string_equal(order.refused[0], "b.test");
    assert_string_equal(order.refused[1], "192.0.2.7");
    assert_null(order.refused[2]);
    acme_order_done(&order);
    acme_rig_script(r, "=POST /order", 403, PROBLEM("rejectedIdentifier"));
    assert_int_equal(acme_new_order(r->acme, one, NULL, NULL, &order, &r->o), FL_EREJECT);
    assert_null(order.refused);
    assert_int_equal(acme_new_order(r->acme, one, NULL, NULL, &order, &r->o), FL_OK);
    assert_null(order.refused);
    acme_rig_script(r, "POST /finalize", 403, REFUSAL);
    assert_int_equal(acme_finalize(r->acme, order.url, order.finalize, "AAAA", &done, &r->o), FL_EREJECT);
    assert_null(done.url);
    assert_string_equal(done.refused[1], "192.0.2.7");
    acme_order_done(&done);
    acme_rig_script(r, "POST /order/0", 200,
                    "{\"status\":\"invalid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}],"
                    "\"error\":" REFUSAL "}");
    assert_int_equal(acme_order(r->acme, order.url, &done, &r->o), FL_OK);
    assert_int_equal(done.error.code, FL_EREJECT);
    assert_string_equal(done.error.problem, "compound");
    assert_string_equal(done.refused[0], "b.test");
    acme_order_done(&done);
    acme_order_done(&order);
}

/* ---- what time it is there ---- */

static void the_clock_of_the_authority_is_told(void **state)
{
    struct acme_rig *r = *state;
    char headers[64];
    struct tm tm;
    time_t then = time(NULL) + 86400;
    int64_t ahead = -1;

    assert_false(acme_clock_ahead_ms(r->acme, &ahead));
    assert_int_equal(ahead, -1);
    gmtime_r(&then, &tm);
    strftime(headers, sizeof headers, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    renewal(r, 503, headers, "");
    assert_int_not_equal(acme_renewal_info(r->acme, ID, &(struct acme_renewal){ 0 }, &r->o), FL_OK);
    assert_true(acme_clock_ahead_ms(r->acme, &ahead));
    assert_in_range(ahead, 86400000 - 2000, 86400000 + 2000);
    /* No Date is no news. */
    assert_int_equal(acme_directory(r->acme, true, &r->o), FL_OK);
    assert_true(acme_clock_ahead_ms(r->acme, &ahead));
    assert_in_range(ahead, 86400000 - 2000, 86400000 + 2000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_is_revoked_by_account_or_by_its_own_key),
        TEST(revoking_twice_is_fine_and_nonsense_is_not_sent),
        TEST(a_window_is_read),
        TEST(the_next_look_is_neither_at_once_nor_never),
        TEST(a_window_that_is_none_is_refused),
        TEST(what_is_no_certificate_id_goes_nowhere),
        TEST(a_refusal_says_whose_it_is),
        TEST(the_clock_of_the_authority_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
