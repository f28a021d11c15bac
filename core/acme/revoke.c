/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.c - taking back: certificates (RFC 8555 7.6). */
#include "acme/directory.h"
#include "acme/post.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

/* The first certificate of the text as base64url of its DER; NULL: none, or no memory. */
static char *der_of(const char *pem)
{
    const char *from = strstr(pem, begin), *to = from ? strstr(from, end) : NULL;
    auto_free char *text =
        to ? mem_text(from + sizeof begin - 1, (size_t)(to - from) - sizeof begin + 1) : NULL;
    auto_free uint8_t *der = NULL;
    size_t len;

    return text && decode_base64(text, &der, &len) && len > 0 ? encode_base64url(der, len) : NULL;
}
/* `unspecified` is said by saying nothing (RFC 5280 5.3.1). */
static char *payload(const char *der, int reason)
{
    cleanup_(json_freep) json_t *doc = json_object();

    if (!doc || !json_put_str(doc, "certificate", der) || (reason && !json_put_int(doc, "reason", reason)))
        return NULL;
    return json_text(doc);
}
int acme_revoke(struct acme *a, const char *leaf_pem, int reason, const char *cert_sealed, struct outcome *o)
{
    const struct directory *d = NULL;
    auto_free char *der = der_of(leaf_pem), *body = der ? payload(der, reason) : NULL;
    struct post p = { .doing = "revoke", .payload = body, .sealed = cert_sealed };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc;

    if (!der)
        return outcome_fail(o, FL_ECONF, "%s: revoke: what should be the certificate is none", a->name);
    if (reason < 0 || reason > 10 || reason == 7)
        return outcome_fail(o, FL_ECONF, "%s: revoke: %d is no reason of RFC 5280 5.3.1", a->name, reason);
    rc = body ? directory_get(a, false, &d, o) : outcome_nomem(o);
    if (rc != FL_OK)
        return rc;
    if (!d->revoke_cert)
        return outcome_fail(o, FL_ECONF, "%s: revoke: this authority does not say where", a->name);
    p.url = d->revoke_cert;
    rc = post_send(a, &p, &answer, o);
    if (rc == FL_EREJECT && !strcmp(o->problem, "alreadyRevoked"))
        rc = FL_OK;
    return rc == FL_OK ? outcome_ok(o) : rc;
}
