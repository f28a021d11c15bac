/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.c - when the authority wants a certificate renewed (RFC 9773). */
#include "acme/directory.h"
#include "acme/authority.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { RENEWAL_BYTES = 64 * 1024 };
enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

void acme_renewal_done(struct acme_renewal *r)
{
    if (!r)
        return;
    free(r->explanation);
    *r = (struct acme_renewal){ 0 };
}
/* It becomes a part of a URL. */
static bool id_ok(const char *id)
{
    size_t first = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    if (strlen(id) >= URL_MAX || first == 0 || id[first] != '.')
        return false;
    id += first + 1;
    return *id && !id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")];
}
/* 4.3.2, with the longest and the shortest pause that 4.3.3 asks clients to keep to. */
static int64_t pause_ms(const struct http_answer *answer)
{
    if (answer->retry_after_ms <= 0)
        return 6 * HOUR_MS;
    return answer->retry_after_ms < MINUTE_MS ? MINUTE_MS
           : answer->retry_after_ms > DAY_MS  ? DAY_MS
                                              : answer->retry_after_ms;
}
static int read_renewal(const struct http_answer *answer, struct acme_renewal *out, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    cleanup_(acme_renewal_done) struct acme_renewal r = { .retry_after_ms = pause_ms(answer) };
    const json_t *window;
    int rc = read_object(answer, &doc, o);

    if (rc != FL_OK)
        return rc;
    window = json_obj(doc, "suggestedWindow");
    r.start_at = read_time(window, "start");
    r.end_at = read_time(window, "end");
    if (r.start_at <= 0 || r.end_at <= r.start_at) {
        outcome_fail(o, FL_EPROTO, "the window that it suggests is none: from %.40s to %.40s",
                     json_str(window, "start", "nothing"), json_str(window, "end", "nothing"));
        o->http = answer->status;
        return FL_EPROTO;
    }
    if (!read_text(doc, "explanationURL", &r.explanation))
        return outcome_nomem(o);
    *out = r;
    r = (struct acme_renewal){ 0 };
    return FL_OK;
}
static int ask(struct acme *a, const char *base, const char *cert_id, struct acme_renewal *out,
               struct outcome *o)
{
    static const char *const headers[] = { "Accept: application/json", NULL };
    char url[2 * URL_MAX];
    struct http_request req = { .method = "GET", .url = url, .headers = headers, .limit = RENEWAL_BYTES };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc;

    (void)snprintf(url, sizeof url, "%s%s%s", base, text_ends(base, "/") ? "" : "/", cert_id);
    rc = acme_ask(a, &req, &answer, o);
    if (rc == FL_OK && answer.status / 100 != 2)
        rc = acme_judge(&answer, o);
    return rc == FL_OK ? read_renewal(&answer, out, o) : rc;
}
int acme_renewal_info(struct acme *a, const char *cert_id, struct acme_renewal *out, struct outcome *o)
{
    const struct directory *d = NULL;
    int rc = directory_get(a, false, &d, o);

    if (rc != FL_OK)
        return rc;
    if (!d->renewal_info)
        rc = outcome_fail(o, FL_ECONF, "this authority does not tell when to renew");
    else if (!id_ok(cert_id))
        rc = outcome_fail(o, FL_ECONF, "this certificate has no identifier (RFC 9773 4.1)");
    else
        rc = ask(a, d->renewal_info, cert_id, out, o);
    return rc == FL_OK ? outcome_ok(o) : outcome_context(o, "%s: renewal information", a->name);
}
