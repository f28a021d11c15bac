/* SPDX-License-Identifier: Apache-2.0 */
/* account_update.c - what is done with an account that is there (RFC 8555 7.3.2, 7.3.5, 7.3.6). */
#include "acme/account.h"
#include "acme/directory.h"
#include "acme/read.h"
#include "base/mem.h"

#include <string.h>

/* Posts that to the account's own URL. */
static int update(struct acme *a, const char *doing, json_t *doc, struct http_answer *answer,
                  struct outcome *o)
{
    struct account account;
    auto_free char *body = json_text(doc);
    struct post p = { .doing = doing, .url = account.kid, .payload = body };
    int rc = body ? acme_in_use(a, &account, o) : outcome_nomem(o);

    if (rc != FL_OK)
        return outcome_context(o, "%s: %s", a->name, doing);
    return post_send(a, &p, answer, o);
}
int acme_contact(struct acme *a, struct outcome *o)
{
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = json_object();
    int rc;

    if (!doc || !account_add_contact(a, true, doc))
        return outcome_nomem(o);
    rc = update(a, "contact", doc, &answer, o);
    if (rc == FL_OK)
        rc = account_check(a, &answer, o);
    return rc == FL_OK ? outcome_ok(o) : rc;
}

/* ---- deactivation ---- */

/* 401 is what the RFC wants of a server that is asked by an account out of use; 403 is what many say. */
static bool says_unauthorized(int rc, const struct outcome *o)
{
    return rc == FL_EAUTH || (rc == FL_EREJECT && !strcmp(o->problem, "unauthorized"));
}
/* Is it that this account was put out of use before? Asked by its key, for its kid is refused whatever it says. */
static bool is_gone(struct acme *a)
{
    struct account account;
    auto_free char *url = NULL;
    struct outcome o;
    int rc = acme_in_use(a, &account, &o);

    if (rc == FL_OK)
        rc = acme_account(a, account.sealed, true, &url, &o);
    return says_unauthorized(rc, &o) || (rc == FL_EREJECT && !strcmp(o.problem, "accountDoesNotExist"));
}
static int check_deactivated(const struct acme *a, const struct http_answer *answer, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome unread;

    if (!answer->body || read_object(answer, &doc, &unread) != FL_OK)
        return FL_OK; /* it said yes */
    if (read_status(doc) != ACME_VALID)
        return FL_OK;
    return outcome_fail(o, FL_EPROTO, "%s: deactivate account: it said yes, but the account is still valid",
                        a->name);
}
int acme_deactivate(struct acme *a, struct outcome *o)
{
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = json_object();
    int rc;

    if (!doc || !json_put_str(doc, "status", "deactivated"))
        return outcome_nomem(o);
    rc = update(a, "deactivate account", doc, &answer, o);
    if (rc == FL_OK)
        rc = check_deactivated(a, &answer, o);
    else if (says_unauthorized(rc, o) && is_gone(a))
        rc = FL_OK;
    return rc == FL_OK ? outcome_ok(o) : rc;
}

/* ---- another key ---- */

/* The inner JWS (7.3.5): signed by the new key, with its jwk and the URL but no nonce. */
static int key_change(struct acme *a, const char *url, const struct account *account, const char *new_sealed,
                      char **out, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = json_object();
    auto_free char *old = NULL, *text = NULL;
    char why[128];
    json_t *jwk;
    int rc = keeper_jwk(a->keeper, account->sealed, &old, o);

    if (rc != FL_OK)
        return rc;
    jwk = json_parse(old, strlen(old), why);
    if (!json_put(doc, "oldKey", jwk) || !json_put_str(doc, "account", account->kid) ||
        !(text = json_text(doc)))
        return outcome_nomem(o);
    return keeper_jws(a->keeper, new_sealed, url, NULL, NULL, text, out, o);
}
/* A rollover whose answer got lost is refused the second time in ways that differ: the old key is nobody's any more,
 * or the new one is somebody's (409). Whose it is decides. */
static bool answers_to(struct acme *a, const char *new_sealed, const char *kid)
{
    auto_free char *url = NULL;
    struct outcome o;

    return acme_account(a, new_sealed, true, &url, &o) == FL_OK && !strcmp(url, kid);
}
int acme_rollover(struct acme *a, const char *new_sealed, struct outcome *o)
{
    const struct directory *d = NULL;
    struct account account;
    auto_free char *inner = NULL;
    struct post p = { .doing = "key change" };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    bool internal;
    int rc = directory_get(a, false, &d, o);

    if (rc != FL_OK)
        return rc;
    rc = acme_in_use(a, &account, o);
    if (rc == FL_OK && !d->key_change)
        rc = outcome_fail(o, FL_ECONF, "this authority does not let accounts change their key");
    if (rc == FL_OK)
        rc = key_change(a, d->key_change, &account, new_sealed, &inner, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: key change", a->name);
    p.url = d->key_change;
    p.payload = inner;
    rc = post_send(a, &p, &answer, o);
    /* 7.3.5 has 409 for somebody's key; Pebble says serverInternal, and 500. */
    internal = rc == FL_ETEMP && (o->http == 409 || o->http == 500);
    if (internal && o->http == 409)
        rc = o->code = FL_EREJECT;
    /* An old key of another type than the new one has a bad algorithm, all of a sudden. */
    if (rc != FL_OK &&
        (rc == FL_EREJECT || rc == FL_EAUTH || internal || !strcmp(o->problem, "badSignatureAlgorithm")) &&
        answers_to(a, new_sealed, account.kid))
        rc = FL_OK;
    return rc == FL_OK ? outcome_ok(o) : rc;
}
