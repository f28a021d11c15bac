/* SPDX-License-Identifier: Apache-2.0 */
/* acme_rig.c - a test's own authority, with keeper, HTTP service and account in front of it. */
#include "acme_rig.h"
#include "base/mem.h"
#include "tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void acme_rig_open(struct acme_rig *r, const struct stub_acme_conf *ca, const struct acme_conf *conf)
{
    static const char *const contact[] = { "mailto:ops@example.org", NULL };
    const struct http_conf http = { .user_agent = "fairlead-test" };
    const struct http_lane_conf lane = { .name = "acme/test", .timeout_ms = 5000 };
    struct acme_conf own = { .accept_terms = true, .contact = contact };
    char keys[96];

    *r = (struct acme_rig){ 0 };
    tmpdir_make(r->folder);
    snprintf(keys, sizeof keys, "%s/keys", r->folder);
    r->ca = stub_acme_new(ca);
    if (conf)
        own = *conf;
    own.name = "test";
    own.directory = stub_acme_url(r->ca);
    assert_int_equal(keeper_new(keys, &r->keeper, &r->o), FL_OK);
    assert_int_equal(http_new(&http, &r->http), FL_OK);
    r->lane = http_lane_new(r->http, &lane);
    assert_non_null(r->lane);
    assert_int_equal(acme_new(&own, r->lane, r->keeper, &r->acme), FL_OK);
    assert_int_equal(keeper_make(r->keeper, KEY_EC256, r->sealed, &r->o), FL_OK);
}
void acme_rig_close(struct acme_rig *r)
{
    auto_free char *faults = stub_acme_faults(r->ca);

    acme_free(r->acme);
    http_lane_free(r->lane);
    http_free(r->http);
    keeper_free(r->keeper);
    stub_acme_free(r->ca);
    tmpdir_remove(r->folder);
    assert_string_equal(faults, "");
}
void acme_rig_register(struct acme_rig *r)
{
    auto_free char *kid = NULL;

    assert_int_equal(acme_account(r->acme, r->sealed, false, &kid, &r->o), FL_OK);
    assert_int_equal(acme_use(r->acme, r->sealed, kid), FL_OK);
    stub_acme_reset(r->ca);
}
void acme_rig_script(struct acme_rig *r, const char *at, int status, const char *body)
{
    const struct stub_answer answer = { .at = at, .status = status, .body = body };

    stub_acme_script(r->ca, &answer);
}
static int prove(struct acme_rig *r, const char *url, struct outcome *o)
{
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    auto_free char *key_auth = NULL, *digest = NULL;
    int rc = acme_authz(r->acme, url, &z, o);

    if (rc != FL_OK || z.status == ACME_VALID)
        return rc;
    rc = acme_key_auth(r->acme, z.challenges[0].token, &key_auth, &digest, o);
    return rc == FL_OK ? acme_answer(r->acme, z.challenges[0].url, o) : rc;
}
static int finish(struct acme_rig *r, const struct acme_order *order, const char *const *names,
                  struct outcome *o)
{
    cleanup_(acme_order_done) struct acme_order done = { 0 }, later = { 0 };
    auto_free char *csr = NULL, *pem = NULL;
    const char *certificate;
    char key[KEEPER_SEALED], **alternates = NULL;
    int rc = keeper_make(r->keeper, KEY_EC256, key, o);

    if (rc == FL_OK)
        rc = keeper_csr(r->keeper, key, names, &csr, o);
    if (rc == FL_OK)
        rc = acme_finalize(r->acme, order->url, order->finalize, csr, &done, o);
    if (rc == FL_OK && done.status != ACME_VALID)
        rc = acme_order(r->acme, order->url, &later, o);
    if (rc != FL_OK)
        return rc;
    certificate = done.certificate ? done.certificate : later.certificate;
    if (!certificate)
        return outcome_fail(o, FL_EPROTO, "no certificate URL");
    rc = acme_certificate(r->acme, certificate, &pem, &alternates, o);
    for (size_t i = 0; alternates && alternates[i]; i++)
        free(alternates[i]);
    free(alternates);
    return rc;
}
int acme_rig_issue(struct acme_rig *r, const char *const *names, int looks, struct outcome *o)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    int rc = acme_new_order(r->acme, names, NULL, NULL, &order, o);

    for (size_t i = 0; rc == FL_OK && order.authorizations[i]; i++)
        rc = prove(r, order.authorizations[i], o);
    for (int i = 0; rc == FL_OK && i < looks; i++) {
        cleanup_(acme_order_done) struct acme_order seen = { 0 };
        rc = acme_order(r->acme, order.url, &seen, o);
        if (rc == FL_OK && i == looks - 1 && seen.status != ACME_READY)
            rc = outcome_fail(o, FL_EPROTO, "the order is %s", acme_status_names[seen.status]);
    }
    return rc == FL_OK ? finish(r, &order, names, o) : rc;
}
