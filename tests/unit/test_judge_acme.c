/* SPDX-License-Identifier: Apache-2.0 */
/* test_judge_acme.c - every ACME problem: whose fault it is, what it holds up, when it is asked again. */
#include "engine/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000)
#define MIN (60 * S)
static const int64_t NOW = 1795348800000;

/* The code is what core/acme makes of that type (acme.h, acme_judge). Once each, as a certificate's newOrder and
 * as the verdict on its challenges would meet it. */
static const struct row {
    const char *problem;
    int code;
    enum judge_blame blame;
    int64_t wait_ms; /* JUDGE_NEVER: for a person */
    enum { STAYS, STARTS_OVER } goes;
} rows[] = {
    /* ours or the user's: another authority would say the same */
    { "dns", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "connection", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "unauthorized", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "incorrectResponse", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "tls", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "badCSR", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "malformed", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "badPublicKey", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "compound", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "accountDoesNotExist", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "alreadyRevoked", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "badRevocationReason", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "conflict", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "onionCAARequired", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "badAttestationStatement", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "unknownDelegation", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "autoRenewalCanceled", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "autoRenewalExpired", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "autoRenewalCancellationInvalid", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "autoRenewalRevocationNotSupported", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    { "neverHeardOfIt", FL_EREJECT, BLAME_USER, MIN, STARTS_OVER },
    /* the user's, and nothing helps but the user */
    { "userActionRequired", FL_ECONF, BLAME_USER, JUDGE_NEVER, STAYS },
    { "externalAccountRequired", FL_ECONF, BLAME_USER, JUDGE_NEVER, STAYS },
    { "invalidContact", FL_ECONF, BLAME_USER, JUDGE_NEVER, STAYS },
    { "unsupportedContact", FL_ECONF, BLAME_USER, JUDGE_NEVER, STAYS },
    { "badSignatureAlgorithm", FL_ECONF, BLAME_USER, JUDGE_NEVER, STAYS },
    /* the authority's own: the next of the list may do better */
    { "caa", FL_EREJECT, BLAME_AUTHORITY, MIN, STARTS_OVER },
    { "rejectedIdentifier", FL_EREJECT, BLAME_AUTHORITY, MIN, STARTS_OVER },
    { "unsupportedIdentifier", FL_EREJECT, BLAME_AUTHORITY, MIN, STARTS_OVER },
    { "invalidProfile", FL_EREJECT, BLAME_AUTHORITY, MIN, STARTS_OVER },
    { "serverInternal", FL_ETEMP, BLAME_AUTHORITY, 5 * S, STAYS },
    { "badNonce", FL_ETEMP, BLAME_AUTHORITY, 5 * S, STAYS },
    { "rateLimited", FL_ERATE, BLAME_AUTHORITY, MIN, STAYS },
    { "", FL_ETEMP, BLAME_AUTHORITY, 5 * S, STAYS },
    { "", FL_EPROTO, BLAME_AUTHORITY, 5 * S, STAYS },
    { "", FL_ERATE, BLAME_AUTHORITY, MIN, STAYS },
    /* nobody's */
    { "orderNotReady", FL_EAGAIN, BLAME_NOBODY, 5 * S, STAYS },
    { "alreadyReplaced", FL_ESTALE, BLAME_NOBODY, 0, STAYS },
};

static const uint8_t steps[] = { CERT_ORDER, CERT_AUTHORIZE, CERT_ANSWER,
                                 CERT_VALID, CERT_FINALIZE,  CERT_FETCH };

static struct verdict judged(const struct row *r, const struct task_kind *kind, uint8_t step)
{
    const struct judge_case c = {
        .kind = kind, .step = step, .code = r->code, .problem = r->problem, .now_ms = NOW, .since_ms = NOW
    };
    struct verdict v;
    judge(&c, &v);
    return v;
}

static void every_problem_has_its_blame_its_pause_and_its_next_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof steps; k++) {
            const struct row *r = &rows[i];
            struct verdict v = judged(r, &task_kinds[KIND_CERTIFICATE], steps[k]);
            int64_t at = r->wait_ms == JUDGE_NEVER ? JUDGE_NEVER : NOW + r->wait_ms;
            if (v.blame != r->blame || v.at_ms != at || v.code != r->code ||
                v.step != (r->goes == STARTS_OVER ? CERT_PLAN : steps[k]))
                fail_msg("%s (code %d) in step %d: blame %d, in %lld ms, step %d", r->problem, r->code,
                         steps[k], v.blame, (long long)(v.at_ms - NOW), v.step);
        }
}
static void a_rate_limit_at_new_order_holds_the_domain_and_elsewhere_only_the_request(void **state)
{
    static const struct row limited = { "rateLimited", FL_ERATE, BLAME_AUTHORITY, MIN, STAYS };
    (void)state;
    for (size_t k = 0; k < sizeof steps; k++)
        assert_int_equal(judged(&limited, &task_kinds[KIND_CERTIFICATE], steps[k]).scope,
                         steps[k] == CERT_ORDER ? SCOPE_DOMAIN : SCOPE_TASK);
}
static void a_rate_limit_at_new_account_or_at_the_front_door_holds_the_authority(void **state)
{
    static const struct row limited = { "rateLimited", FL_ERATE, BLAME_AUTHORITY, MIN, STAYS };
    static const struct row door = { "", FL_ERATE, BLAME_AUTHORITY, MIN, STAYS };
    (void)state;
    assert_int_equal(judged(&limited, &task_kinds[KIND_AUTHORITY], AUTHORITY_ACCOUNT).scope, SCOPE_AUTHORITY);
    for (size_t k = 0; k < sizeof steps; k++)
        assert_int_equal(judged(&door, &task_kinds[KIND_CERTIFICATE], steps[k]).scope, SCOPE_AUTHORITY);
}
static void a_rate_limit_of_a_dns_vendor_never_holds_the_authority(void **state)
{
    static const struct row vendor = { "", FL_ERATE, BLAME_INSTANCE, MIN, STAYS };
    (void)state;
    assert_int_equal(judged(&vendor, &task_kinds[KIND_CERTIFICATE], CERT_DEPLOY).scope, SCOPE_TASK);
    assert_int_equal(judged(&vendor, &task_kinds[KIND_CERTIFICATE], CERT_VISIBLE).scope, SCOPE_TASK);
    assert_int_equal(judged(&vendor, &task_kinds[KIND_ZONE], ZONE_WRITE).scope, SCOPE_INSTANCE);
    assert_int_equal(judged(&vendor, &task_kinds[KIND_CERTIFICATE], CERT_DEPLOY).blame, BLAME_INSTANCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_has_its_blame_its_pause_and_its_next_step),
        cmocka_unit_test(a_rate_limit_at_new_order_holds_the_domain_and_elsewhere_only_the_request),
        cmocka_unit_test(a_rate_limit_at_new_account_or_at_the_front_door_holds_the_authority),
        cmocka_unit_test(a_rate_limit_of_a_dns_vendor_never_holds_the_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
