/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - finding and making the account (RFC 8555 7.3). */
#include "acme/account.h"
#include "acme/directory.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* What stands in the configuration against what the directory asks for. */
static int may_register(const struct acme *a, const struct directory *d, struct outcome *o)
{
    if (d->terms && !a->accept_terms)
        return outcome_fail(
            o, FL_ECONF,
            "%s: its terms of service must be accepted: read %.200s and write accept_terms = true; "
            "into authorities.%s",
            a->name, d->terms, a->name);
    if (d->needs_eab && !a->eab_kid)
        return outcome_fail(
            o, FL_ECONF,
            "%s: it wants accounts bound to one that you have with its operator: write eab = { kid = "
            "\"...\"; hmac = \"file:...\"; }; with what that gave you into authorities.%s",
            a->name, a->name);
    return FL_OK;
}
bool account_add_contact(const struct acme *a, bool always, json_t *doc)
{
    json_t *list;

    if (!a->contact[0] && !always)
        return true;
    list = json_array();
    for (size_t i = 0; list && a->contact[i]; i++)
        if (json_array_append_new(list, json_string(a->contact[i])) != 0) {
            json_decref(list);
            return false;
        }
    return list && json_put(doc, "contact", list);
}
/* 7.3.4 */
static int add_binding(struct acme *a, const struct directory *d, const char *sealed, json_t *doc,
                       struct outcome *o)
{
    auto_free char *jws = NULL;
    char why[128];
    json_t *inner;
    int rc;

    if (!a->eab_kid)
        return FL_OK;
    rc = keeper_eab(a->keeper, sealed, d->new_account, a->eab_kid, a->eab_hmac ? a->eab_hmac : "",
                    a->eab_bits, &jws, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: eab", a->name);
    inner = json_parse(jws, strlen(jws), why);
    if (!inner || !json_put(doc, "externalAccountBinding", inner))
        return outcome_nomem(o);
    return FL_OK;
}
static int payload(struct acme *a, const struct directory *d, const char *sealed, bool only_existing,
                   char **out, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = json_object();
    bool good = doc != NULL;
    int rc;

    if (only_existing)
        good = good && json_put_flag(doc, "onlyReturnExisting", true);
    else
        good = good && (!d->terms || json_put_flag(doc, "termsOfServiceAgreed", true)) &&
               account_add_contact(a, false, doc);
    if (!good)
        return outcome_nomem(o);
    rc = only_existing ? FL_OK : add_binding(a, d, sealed, doc, o);
    if (rc != FL_OK)
        return rc;
    *out = json_text(doc);
    return *out ? FL_OK : outcome_nomem(o);
}
/* 7.1.2: the account of a key that has been put out of use comes back as 200 with its status. */
int account_check(const struct acme *a, const struct http_answer *answer, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    const char *status;

    if (!answer->body || read_object(answer, &doc, o) != FL_OK)
        return FL_OK; /* the Location is what counts */
    status = json_str(doc, "status", "valid");
    if (!strcmp(status, "valid"))
        return FL_OK;
    outcome_fail(o, FL_EAUTH, "%s: the account of this key is %.32s; only another account key helps", a->name,
                 status);
    text_copy(o->problem, sizeof o->problem, "unauthorized");
    return FL_EAUTH;
}
int acme_account(struct acme *a, const char *sealed, bool only_existing, char **url_out, struct outcome *o)
{
    const struct directory *d = NULL;
    auto_free char *body = NULL;
    struct post p = { .doing = "account", .sealed = sealed };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc = directory_get(a, false, &d, o);

    if (rc == FL_OK && !only_existing)
        rc = may_register(a, d, o);
    if (rc == FL_OK)
        rc = payload(a, d, sealed, only_existing, &body, o);
    if (rc != FL_OK)
        return rc;
    p.url = d->new_account;
    p.payload = body;
    rc = post_send(a, &p, &answer, o);
    /* Some say 403 where the RFC (7.3.6) has 401; nothing else of such a request can be unauthorized. */
    if (rc == FL_EREJECT && only_existing && !strcmp(o->problem, "unauthorized"))
        rc = o->code = FL_EAUTH;
    if (rc == FL_OK)
        rc = account_check(a, &answer, o);
    if (rc == FL_OK)
        rc = post_location(a, &p, &answer, url_out, o);
    return rc == FL_OK ? outcome_ok(o) : rc;
}
