/* SPDX-License-Identifier: Apache-2.0 */
/* test_acme.c - conversations with an authority that keeps to RFC 8555. */
#include "acme_rig.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "crypto/digest.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct stub_acme_conf plain;
static const char *const one[] = { "example.test", NULL };

static unsigned total(struct acme_rig *r) { return stub_acme_count(r->ca, ""); }

static void the_first_certificate_ever_takes_nine_requests_and_a_look(void **state)
{
    struct acme_rig r;
    auto_free char *log = NULL, *url = NULL, *payload = NULL;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    assert_int_equal(acme_account(r.acme, r.sealed, false, &url, &r.o), FL_OK);
    assert_int_equal(acme_use(r.acme, r.sealed, url), FL_OK);
    assert_int_equal(acme_rig_issue(&r, one, 1, &r.o), FL_OK);
    log = stub_acme_log(r.ca);
    assert_string_equal(log,
                        "GET /dir\nHEAD /nonce\nPOST /account\nPOST /order\nPOST /authz/0\nPOST /chal/0\n"
                        "POST /order/0\nPOST /finalize/0\nPOST /order/0\nPOST /cert/0\n");
    assert_int_equal(stub_acme_connections(r.ca), 1);
    payload = stub_acme_payload(r.ca, "/account");
    assert_string_equal(payload, "{\"contact\":[\"mailto:ops@example.org\"],\"termsOfServiceAgreed\":true}");
    free(payload);
    payload = stub_acme_payload(r.ca, "/order");
    assert_string_equal(payload, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.test\"}]}");
    free(payload);
    payload = stub_acme_payload(r.ca, "/chal/0");
    assert_string_equal(payload, "{}");
    free(payload);
    payload = stub_acme_payload(r.ca, "/cert/0");
    assert_string_equal(payload, "");
    acme_rig_close(&r);
}
static void later_certificates_take_six_and_a_look(void **state)
{
    static const char *const five[] = { "a.test", "b.test", "c.test", "d.test", "e.test", NULL };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_rig_issue(&r, one, 1, &r.o), FL_OK);
    assert_int_equal(total(&r), 7);
    assert_int_equal(acme_rig_issue(&r, five, 1, &r.o), FL_OK);
    assert_int_equal(total(&r), 7 + 15);
    assert_int_equal(stub_acme_count(r.ca, "HEAD"), 0);
    acme_rig_close(&r);
}
static void a_stored_account_needs_no_request_of_its_own(void **state)
{
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    assert_int_equal(acme_use(r.acme, r.sealed, "http://127.0.0.1/account/1"), FL_OK);
    assert_int_equal(acme_rig_issue(&r, one, 1, &r.o), FL_OK);
    assert_int_equal(total(&r), 9);
    acme_rig_close(&r);
}
static void an_authority_may_issue_at_once_and_leave_location_out(void **state)
{
    const struct stub_acme_conf ca = { .sync = true, .no_location = true };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &ca, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_rig_issue(&r, one, 1, &r.o), FL_OK);
    assert_int_equal(total(&r), 6);
    acme_rig_close(&r);
}
static void what_an_order_says_is_read(void **state)
{
    static const char *const names[] = { "Example.test", "*.example.test", "192.0.2.7", "2001:DB8::7", NULL };
    const struct stub_acme_conf ca = { .retry_after = 7 };
    struct acme_order order = { 0 };
    auto_free char *payload = NULL;
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &ca, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_new_order(r.acme, names, "shortlived", "aYhb.AIdl", &order, &r.o), FL_OK);
    assert_non_null(strstr(order.url, "/order/0"));
    assert_non_null(strstr(order.finalize, "/finalize/0"));
    assert_null(order.certificate);
    assert_int_equal(order.status, ACME_PENDING);
    assert_string_equal(order.identifiers[0], "2001:db8::7");
    assert_string_equal(order.identifiers[2], "*.example.test");
    assert_string_equal(order.identifiers[3], "example.test");
    assert_null(order.identifiers[4]);
    assert_null(order.authorizations[4]);
    assert_int_equal(order.expires_at, 1893553445);
    assert_int_equal(order.retry_after_ms, 7000);
    assert_string_equal(order.profile, "shortlived");
    assert_int_equal(order.error.code, FL_OK);
    acme_order_done(&order);
    payload = stub_acme_payload(r.ca, "/order");
    assert_string_equal(payload, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"Example.test\"},"
                                 "{\"type\":\"dns\",\"value\":\"*.example.test\"},"
                                 "{\"type\":\"ip\",\"value\":\"192.0.2.7\"},"
                                 "{\"type\":\"ip\",\"value\":\"2001:db8::7\"}],"
                                 "\"profile\":\"shortlived\",\"replaces\":\"aYhb.AIdl\"}");
    acme_rig_close(&r);
}
static void what_an_authorization_says_is_read(void **state)
{
    static const char *const names[] = { "*.example.test", "192.0.2.7", NULL };
    const struct stub_acme_conf ca = { .retry_after = 7 };
    struct acme_order order = { 0 };
    struct acme_authz ip = { 0 }, star = { 0 };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &ca, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_new_order(r.acme, names, NULL, NULL, &order, &r.o), FL_OK);
    assert_int_equal(acme_authz(r.acme, order.authorizations[0], &ip, &r.o), FL_OK);
    assert_int_equal(acme_authz(r.acme, order.authorizations[1], &star, &r.o), FL_OK);
    assert_string_equal(ip.identifier, "192.0.2.7");
    assert_true(ip.ip);
    assert_false(ip.wildcard);
    assert_int_equal(ip.nchallenges, 2);
    assert_string_equal(star.identifier, "example.test");
    assert_true(star.wildcard);
    assert_false(star.ip);
    assert_int_equal(star.nchallenges, 1);
    assert_int_equal(star.retry_after_ms, 7000);
    assert_int_equal(star.expires_at, 1893553445);
    assert_string_equal(star.challenges[0].type, "dns-01");
    assert_string_equal(star.challenges[0].token, "token_1-x");
    assert_int_equal(star.challenges[0].status, ACME_PENDING);
    assert_non_null(strstr(star.challenges[0].json, "\"token\":\"token_1-x\""));
    acme_authz_done(&ip);
    acme_authz_done(&star);
    acme_order_done(&order);
    acme_rig_close(&r);
}
static void an_early_finalize_is_not_yet(void **state)
{
    struct acme_order order = { 0 }, done = { 0 };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_new_order(r.acme, one, NULL, NULL, &order, &r.o), FL_OK);
    assert_int_equal(acme_finalize(r.acme, order.url, order.finalize, "AAAA", &done, &r.o), FL_EAGAIN);
    assert_string_equal(r.o.problem, "orderNotReady");
    assert_null(done.url);
    acme_order_done(&order);
    acme_rig_close(&r);
}
static void answering_twice_does_no_harm(void **state)
{
    struct acme_order order = { 0 };
    struct acme_authz z = { 0 };
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_new_order(r.acme, one, NULL, NULL, &order, &r.o), FL_OK);
    assert_int_equal(acme_authz(r.acme, order.authorizations[0], &z, &r.o), FL_OK);
    assert_int_equal(acme_answer(r.acme, z.challenges[0].url, &r.o), FL_OK);
    assert_int_equal(acme_answer(r.acme, z.challenges[0].url, &r.o), FL_OK);
    /* Refused for another reason: the challenge is pending still. */
    acme_rig_script(&r, "POST /chal/0", 400, "{\"type\":\"urn:ietf:params:acme:error:malformed\"}");
    acme_rig_script(&r, "POST /chal/0", 200, "{\"status\":\"pending\"}");
    assert_int_equal(acme_answer(r.acme, z.challenges[0].url, &r.o), FL_EREJECT);
    assert_string_equal(r.o.problem, "malformed");
    acme_authz_done(&z);
    acme_order_done(&order);
    acme_rig_close(&r);
}
static void terms_and_binding_are_asked_of_a_person_and_nothing_is_sent(void **state)
{
    const struct stub_acme_conf bound = { .eab = true };
    const struct acme_conf not_accepted = { 0 }, accepted = { .accept_terms = true };
    struct acme_rig r;
    char *url = NULL;
    (void)state;

    acme_rig_open(&r, &plain, &not_accepted);
    assert_int_equal(acme_account(r.acme, r.sealed, false, &url, &r.o), FL_ECONF);
    assert_non_null(strstr(r.o.msg, "https://ca.test/terms"));
    assert_non_null(strstr(r.o.msg, "accept_terms = true"));
    assert_int_equal(stub_acme_count(r.ca, "POST"), 0);
    assert_string_equal(acme_terms(r.acme), "https://ca.test/terms");
    acme_rig_close(&r);
    acme_rig_open(&r, &bound, &accepted);
    assert_false(acme_needs_eab(r.acme)); /* not yet known */
    assert_int_equal(acme_account(r.acme, r.sealed, false, &url, &r.o), FL_ECONF);
    assert_non_null(strstr(r.o.msg, "eab = {"));
    assert_true(acme_needs_eab(r.acme));
    assert_int_equal(stub_acme_count(r.ca, "POST"), 0);
    assert_null(url);
    acme_rig_close(&r);
}
static void an_account_can_be_bound_to_one_elsewhere(void **state)
{
    const struct stub_acme_conf bound = { .eab = true };
    const struct acme_conf conf = { .accept_terms = true,
                                    .eab_kid = "kid-1",
                                    .eab_hmac =
                                        "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" };
    auto_free char *url = NULL, *payload = NULL, *header = NULL;
    cleanup_(json_freep) json_t *doc = NULL;
    struct acme_rig r;
    uint8_t *bytes = NULL;
    size_t len;
    char why[128];
    (void)state;

    acme_rig_open(&r, &bound, &conf);
    assert_int_equal(acme_account(r.acme, r.sealed, false, &url, &r.o), FL_OK);
    assert_non_null(strstr(url, "/account/1"));
    payload = stub_acme_payload(r.ca, "/account");
    doc = json_parse(payload, strlen(payload), why);
    assert_non_null(json_str(json_obj(doc, "externalAccountBinding"), "signature", NULL));
    assert_true(
        decode_base64(json_str(json_obj(doc, "externalAccountBinding"), "protected", ""), &bytes, &len));
    header = mem_text(bytes, len);
    assert_non_null(strstr(header, "\"kid\":\"kid-1\""));
    assert_non_null(strstr(header, "HS256"));
    assert_non_null(strstr(header, "/account\""));
    free(bytes);
    acme_rig_close(&r);
}
static void an_account_that_is_there_is_found_and_one_that_is_not_is_not_made(void **state)
{
    const struct acme_conf not_accepted = { 0 };
    struct stub_answer found = { .at = "POST /account",
                                 .status = 200,
                                 .headers = "Location: /account/7\r\n",
                                 .body = "{\"status\":\"valid\"}" };
    auto_free char *url = NULL, *payload = NULL;
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, &not_accepted);
    assert_int_equal(acme_account(r.acme, r.sealed, true, &url, &r.o), FL_EREJECT);
    assert_string_equal(r.o.problem, "accountDoesNotExist");
    payload = stub_acme_payload(r.ca, "/account");
    assert_string_equal(payload, "{\"onlyReturnExisting\":true}");
    stub_acme_script(r.ca, &found);
    assert_int_equal(acme_account(r.acme, r.sealed, true, &url, &r.o), FL_OK);
    assert_non_null(strstr(url, stub_acme_base(r.ca)));
    assert_non_null(strstr(url, "/account/7"));
    found.body = "{\"status\":\"deactivated\"}";
    stub_acme_script(r.ca, &found);
    free(take_ptr(url));
    assert_int_equal(acme_account(r.acme, r.sealed, true, &url, &r.o), FL_EAUTH);
    assert_non_null(strstr(r.o.msg, "deactivated"));
    acme_rig_close(&r);
}
static void without_an_account_nothing_is_sent(void **state)
{
    struct acme_order order = { 0 };
    struct acme_rig r;
    char *a = NULL, *b = NULL;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    assert_int_equal(acme_new_order(r.acme, one, NULL, NULL, &order, &r.o), FL_ECONF);
    assert_int_equal(acme_key_auth(r.acme, "token", &a, &b, &r.o), FL_ECONF);
    assert_int_equal(acme_use(r.acme, r.sealed, ""), FL_ECONF);
    assert_int_equal(stub_acme_count(r.ca, "POST"), 0);
    acme_rig_close(&r);
}
static void a_key_authorization_is_token_and_thumbprint(void **state)
{
    auto_free char *key_auth = NULL, *digest = NULL, *expected = NULL;
    char thumbprint[64];
    uint8_t hash[64];
    struct acme_rig r;
    char *a = NULL, *b = NULL;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    assert_int_equal(
        acme_key_auth(r.acme, "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", &key_auth, &digest, &r.o),
        FL_OK);
    assert_int_equal(keeper_thumbprint(r.keeper, r.sealed, thumbprint, &r.o), FL_OK);
    assert_memory_equal(key_auth, "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.", 44);
    assert_string_equal(key_auth + 44, thumbprint);
    assert_true(digest_sha2(256, key_auth, strlen(key_auth), hash));
    expected = encode_base64url(hash, 32);
    assert_string_equal(digest, expected);
    assert_int_equal(acme_key_auth(r.acme, "../x", &a, &b, &r.o), FL_EPROTO);
    assert_int_equal(acme_key_auth(r.acme, "", &a, &b, &r.o), FL_EPROTO);
    assert_int_equal(acme_key_auth(r.acme, NULL, &a, &b, &r.o), FL_EPROTO);
    acme_rig_close(&r);
}
static void other_chains_are_noted(void **state)
{
    struct acme_rig r;
    auto_free char *pem = NULL;
    char url[128], **alternates = NULL;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    assert_int_equal(acme_rig_issue(&r, one, 1, &r.o), FL_OK);
    snprintf(url, sizeof url, "%s/cert/0", stub_acme_base(r.ca));
    assert_int_equal(acme_certificate(r.acme, url, &pem, &alternates, &r.o), FL_OK);
    assert_memory_equal(pem, "-----BEGIN CERTIFICATE-----\n", 28);
    assert_non_null(alternates);
    assert_non_null(strstr(alternates[0], "/cert/0/1"));
    assert_non_null(strstr(alternates[1], "/cert/0/2"));
    assert_memory_equal(alternates[1], url, strlen(url));
    assert_null(alternates[2]);
    free(alternates[0]);
    free(alternates[1]);
    free(alternates);
    acme_rig_close(&r);
}
static void the_directory_is_read_once_and_again_when_asked(void **state)
{
    const struct stub_answer changed = {
        .at = "GET /dir",
        .body = "{\"newNonce\":\"$B/nonce\",\"newAccount\":\"$B/account\","
                "\"newOrder\":\"$B/order\",\"meta\":{\"termsOfService\":\"new\"}}"
    };
    struct acme_rig r;
    const char *terms;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    assert_null(acme_terms(r.acme));
    assert_int_equal(acme_directory(r.acme, false, &r.o), FL_OK);
    assert_int_equal(acme_directory(r.acme, false, &r.o), FL_OK);
    assert_int_equal(total(&r), 1);
    terms = acme_terms(r.acme);
    assert_true(acme_has_profile(r.acme, "shortlived"));
    assert_false(acme_has_profile(r.acme, "longlived"));
    stub_acme_script(r.ca, &changed);
    assert_int_equal(acme_directory(r.acme, true, &r.o), FL_OK);
    assert_int_equal(total(&r), 2);
    assert_string_equal(acme_terms(r.acme), "new");
    assert_false(acme_has_profile(r.acme, "shortlived"));
    assert_string_equal(terms, "https://ca.test/terms"); /* borrowed until the end */
    /* A failed look changes nothing. */
    acme_rig_script(&r, "GET /dir", 500, "oops");
    assert_int_equal(acme_directory(r.acme, true, &r.o), FL_ETEMP);
    assert_string_equal(acme_terms(r.acme), "new");
    acme_rig_close(&r);
}

/* ---- many at once ---- */

enum { THREADS = 8, ROUNDS = 4 };
struct worker {
    struct acme_rig *r;
    int n, rc;
    struct outcome o;
};
static void *work(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS && w->rc == FL_OK; i++) {
        char name[32];
        const char *const names[] = { name, NULL };
        snprintf(name, sizeof name, "n%d-%d.test", w->n, i);
        w->rc = acme_rig_issue(w->r, names, 1, &w->o);
        if (w->rc == FL_OK && w->n == 0)
            w->rc = acme_directory(w->r->acme, true, &w->o);
    }
    return NULL;
}
static void many_threads_share_one_account(void **state)
{
    struct worker w[THREADS];
    pthread_t threads[THREADS];
    struct acme_rig r;
    (void)state;

    acme_rig_open(&r, &plain, NULL);
    acme_rig_register(&r);
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){ .r = &r, .n = i };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        if (w[i].rc != FL_OK)
            fail_msg("thread %d: %s", i, w[i].o.msg);
    }
    /* A nonce more for each that posts at the same time, and never again. */
    assert_true(stub_acme_count(r.ca, "HEAD") < THREADS);
    assert_int_equal(stub_acme_count(r.ca, "POST"), THREADS * ROUNDS * 7);
    acme_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_certificate_ever_takes_nine_requests_and_a_look),
        cmocka_unit_test(later_certificates_take_six_and_a_look),
        cmocka_unit_test(a_stored_account_needs_no_request_of_its_own),
        cmocka_unit_test(an_authority_may_issue_at_once_and_leave_location_out),
        cmocka_unit_test(what_an_order_says_is_read),
        cmocka_unit_test(what_an_authorization_says_is_read),
        cmocka_unit_test(an_early_finalize_is_not_yet),
        cmocka_unit_test(answering_twice_does_no_harm),
        cmocka_unit_test(terms_and_binding_are_asked_of_a_person_and_nothing_is_sent),
        cmocka_unit_test(an_account_can_be_bound_to_one_elsewhere),
        cmocka_unit_test(an_account_that_is_there_is_found_and_one_that_is_not_is_not_made),
        cmocka_unit_test(without_an_account_nothing_is_sent),
        cmocka_unit_test(a_key_authorization_is_token_and_thumbprint),
        cmocka_unit_test(other_chains_are_noted),
        cmocka_unit_test(the_directory_is_read_once_and_again_when_asked),
        cmocka_unit_test(many_threads_share_one_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
