/* SPDX-License-Identifier: Apache-2.0 */
/* acme_walk.c - for acme_probe: everything that an account can do beside getting certificates. */
#include "acme_walk.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/chain.h"

#include <stdio.h>
#include <string.h>

/* It must fail, with that code and that problem ("" : any). */
static int refused(int rc, int wanted, const char *problem, const char *what, struct outcome *o)
{
    if (rc == wanted && (!*problem || !strcmp(o->problem, problem))) {
        printf("%s: refused\n", what);
        return FL_OK;
    }
    return outcome_fail(o, FL_EPROTO, "%s: wanted %s/%s, got %s/%s: %.200s", what, outcome_code_name(wanted),
                        problem, outcome_code_name(rc), rc == FL_OK ? "" : o->problem,
                        rc == FL_OK ? "" : o->msg);
}
static int orders(const struct acme_walk *w, struct outcome *o)
{
    char **list = NULL;
    size_t n = 0;
    int rc = acme_orders(w->acme, &list, o);

    for (; list && list[n]; n++) {
        cleanup_(acme_order_done) struct acme_order order = { 0 };
        if (rc == FL_OK)
            rc = acme_order(w->acme, list[n], &order, o);
        free(list[n]);
    }
    free(list);
    if (rc == FL_OK)
        printf("orders %zu\n", n);
    return rc;
}
static int renewal(const struct acme_walk *w, const struct chain *c, struct outcome *o)
{
    struct acme_renewal r = { 0 };
    int64_t ahead = 0;
    int rc;

    if (!acme_clock_ahead_ms(w->acme, &ahead) || ahead < -5000 || ahead > 5000)
        return outcome_fail(o, FL_EPROTO, "the clock of the authority is said to be %lld ms ahead",
                            (long long)ahead);
    if (!acme_has_renewal_info(w->acme)) {
        printf("renewal: not offered\n");
        return refused(acme_renewal_info(w->acme, c->cert_id, &r, o), FL_ECONF, "", "renewal information", o);
    }
    rc = acme_renewal_info(w->acme, c->cert_id, &r, o);
    if (rc == FL_OK && (r.start_at <= c->not_before_at || r.end_at >= c->not_after_at))
        rc = outcome_fail(o, FL_EPROTO, "the window is outside of the certificate's time");
    if (rc == FL_OK)
        printf("renewal: window of %lld s, next look in %lld s\n", (long long)(r.end_at - r.start_at),
               (long long)r.retry_after_ms / 1000);
    acme_renewal_done(&r);
    return rc;
}
static int rollover(const struct acme_walk *w, char fresh[KEEPER_SEALED], struct outcome *o)
{
    int rc = keeper_make(w->keeper, KEY_EC384, fresh, o);

    if (rc == FL_OK)
        rc = acme_rollover(w->acme, fresh, o);
    if (rc == FL_OK)
        printf("rollover\n");
    /* As after a crash that came before the answer: the old key still signs, and nobody's it is. */
    if (rc == FL_OK)
        rc = acme_rollover(w->acme, fresh, o);
    if (rc == FL_OK)
        printf("rollover again\n");
    if (rc == FL_OK)
        rc = acme_use(w->acme, fresh, w->kid);
    if (rc == FL_OK)
        rc = acme_contact(w->acme, o);
    if (rc == FL_OK)
        printf("contact, by the new key\n");
    return rc;
}
/* The key of another account: 409. */
static int rollover_to_other(const struct acme_walk *w, struct outcome *o)
{
    char other[KEEPER_SEALED];
    auto_free char *url = NULL;
    int rc = keeper_make(w->keeper, KEY_EC256, other, o);

    if (rc == FL_OK)
        rc = acme_account(w->acme, other, false, &url, o);
    if (rc == FL_ECONF) /* bound accounts only */
        return FL_OK;
    if (rc != FL_OK)
        return rc;
    /* 409, or what Pebble says: 500. */
    rc = acme_rollover(w->acme, other, o);
    return refused(rc, rc == FL_ETEMP ? FL_ETEMP : FL_EREJECT, "", "rollover to another account's key", o);
}
static int take_back(const struct acme_walk *w, const struct chain *c, struct outcome *o)
{
    int rc = refused(acme_revoke(w->acme, c->leaf_pem, 6, w->account_key, o), FL_EREJECT, "",
                     "revocation by a stranger's key", o);

    if (rc == FL_OK)
        rc = acme_revoke(w->acme, c->leaf_pem, 1, w->cert_key, o);
    if (rc == FL_OK)
        printf("revoked by its own key\n");
    if (rc == FL_OK)
        rc = acme_revoke(w->acme, c->leaf_pem, 4, NULL, o);
    if (rc == FL_OK)
        printf("revoked again by the account\n");
    return rc;
}
static int authorization(const struct acme_walk *w, struct outcome *o)
{
    static const char *const names[] = { "walk.example.test", NULL };
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    int rc = acme_new_order(w->acme, names, NULL, NULL, &order, o);

    for (int twice = 0; rc == FL_OK && twice < 2; twice++)
        rc = acme_authz_deactivate(w->acme, order.authorizations[0], o);
    if (rc == FL_OK)
        rc = acme_authz(w->acme, order.authorizations[0], &z, o);
    if (rc == FL_OK && z.status != ACME_DEACTIVATED)
        rc = outcome_fail(o, FL_EPROTO, "the authorization is %s", acme_status_names[z.status]);
    if (rc == FL_OK)
        printf("authorization deactivated, twice\n");
    return rc;
}
static int end(const struct acme_walk *w, const char *fresh, struct outcome *o)
{
    auto_free char *url = NULL;
    int rc = acme_deactivate(w->acme, o);

    if (rc == FL_OK)
        rc = acme_deactivate(w->acme, o);
    if (rc == FL_OK)
        printf("account deactivated, twice\n");
    return rc == FL_OK ? refused(acme_account(w->acme, fresh, true, &url, o), FL_EAUTH, "", "the account", o)
                       : rc;
}
int acme_walk(const struct acme_walk *w, struct outcome *o)
{
    cleanup_(chain_done) struct chain c = { 0 };
    char fresh[KEEPER_SEALED] = "";
    int rc = chain_parse(w->pem, strlen(w->pem), &c, o);

    if (rc == FL_OK)
        rc = orders(w, o);
    if (rc == FL_OK)
        rc = renewal(w, &c, o);
    if (rc == FL_OK)
        rc = rollover(w, fresh, o);
    /* Pebble 2.10.1 lets it happen, and two accounts have one key. */
    if (rc == FL_OK && !acme_has_renewal_info(w->acme))
        rc = rollover_to_other(w, o);
    if (rc == FL_OK)
        rc = take_back(w, &c, o);
    if (rc == FL_OK)
        rc = authorization(w, o);
    return rc == FL_OK ? end(w, fresh, o) : rc;
}
