/* SPDX-License-Identifier: Apache-2.0 */
/* post.c - signed requests (RFC 8555 6.2 to 6.5). */
#include "acme/post.h"
#include "acme/directory.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { POST_BYTES = 256 * 1024 };

/* One signature and one exchange. */
static int send_once(struct acme *a, const struct post *p, const struct account *account, const char *nonce,
                     struct http_answer *out, struct outcome *o)
{
    char accept[128];
    const char *const headers[] = { accept, NULL };
    auto_free char *jws = NULL;
    struct http_request req = { .method = "POST",
                                .url = p->url,
                                .headers = headers,
                                .type = "application/jose+json",
                                .limit = p->limit ? p->limit : POST_BYTES };
    int rc = keeper_jws(a->keeper, account->sealed, p->url, nonce, *account->kid ? account->kid : NULL,
                        p->payload, &jws, o);

    if (rc != FL_OK)
        return rc;
    snprintf(accept, sizeof accept, "Accept: %s", p->accept ? p->accept : "application/json");
    req.body = jws;
    req.body_len = strlen(jws);
    return acme_ask(a, &req, out, o);
}
/* Until the nonce was good. Each answer's nonce is used for the next try, or goes to the pool. */
static int send_signed(struct acme *a, const struct post *p, const struct account *account,
                       struct http_answer *out, struct outcome *o)
{
    const struct directory *d = NULL;
    char nonce[NONCE_MAX];
    int rc = directory_get(a, false, &d, o);

    if (rc != FL_OK)
        return rc;
    if (!directory_owns(d, p->url))
        return outcome_fail(o, FL_EPROTO, "%.200s is not a URL of this authority", p->url);
    rc = nonce_take(a, d, nonce, o);
    for (int tries = 0; rc == FL_OK; tries++) {
        bool fresh;
        http_answer_done(out);
        *out = (struct http_answer){ 0 };
        rc = send_once(a, p, account, nonce, out, o);
        if (rc != FL_OK)
            break;
        fresh = nonce_of(out, nonce);
        if (out->status / 100 != 2)
            rc = acme_judge(out, o);
        /* The first of the two used the nonce up. */
        if (rc != FL_OK && p->once && out->again && !strcmp(o->problem, "badNonce"))
            rc = outcome_fail(o, FL_ETEMP, "the connection ended before it was answered");
        if (rc == FL_OK || strcmp(o->problem, "badNonce") || tries == POST_NONCES) {
            if (fresh)
                nonce_put(a, nonce);
            break;
        }
        rc = fresh ? FL_OK : nonce_take(a, d, nonce, o);
    }
    return rc;
}
int post_send(struct acme *a, const struct post *p, struct http_answer *out, struct outcome *o)
{
    struct account account = { 0 };
    int rc = FL_OK;

    if (!p->sealed)
        rc = acme_in_use(a, &account, o);
    else if (!text_copy(account.sealed, sizeof account.sealed, p->sealed))
        rc = outcome_fail(o, FL_ECONF, "not a sealed key");
    if (rc == FL_OK)
        rc = send_signed(a, p, &account, out, o);
    return rc == FL_OK ? FL_OK : outcome_context(o, "%s: %s", a->name, p->doing);
}
int post_json(struct acme *a, const struct post *p, struct http_answer *out, json_t **doc_out,
              struct outcome *o)
{
    int rc = post_send(a, p, out, o);

    if (rc != FL_OK)
        return rc;
    rc = read_object(out, doc_out, o);
    return rc == FL_OK ? FL_OK : outcome_context(o, "%s: %s", a->name, p->doing);
}
int post_location(struct acme *a, const struct post *p, const struct http_answer *answer, char **out,
                  struct outcome *o)
{
    const struct directory *d = NULL;
    char said[URL_MAX] = "", url[URL_MAX];
    char *copy;
    int rc = directory_get(a, false, &d, o);

    if (rc != FL_OK)
        return rc;
    if (!http_header(answer, "location", said, sizeof said))
        return outcome_fail(o, FL_EPROTO, "%s: %s: HTTP %d without Location", a->name, p->doing,
                            answer->status);
    if (!url_join(p->url, said, url) || !directory_owns(d, url))
        return outcome_fail(o, FL_EPROTO, "%s: %s: its Location is not a URL of this authority: %.200s",
                            a->name, p->doing, said);
    copy = strdup(url);
    if (!copy)
        return outcome_nomem(o);
    *out = copy;
    return FL_OK;
}
