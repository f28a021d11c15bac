/* SPDX-License-Identifier: Apache-2.0 */
/* http_class.c - what a status means for the work behind it, and reading headers. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http_priv.h"

#include <string.h>

static const char *const RETRY_AFTER = "retry-after";

bool http_header(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    for (const char *line = answer->headers; line && *line;) {
        const char *end = strchrnul(line, '\n');
        if (!strncmp(line, name, len) && line[len] == ':') {
            const char *value = line + len + 1 + (line[len + 1] == ' ');
            size_t n = (size_t)(end - value);
            if (n >= size)
                return false;
            memcpy(out, value, n);
            out[n] = '\0';
            return true;
        }
        line = *end ? end + 1 : end;
    }
    return false;
}
void http_answer_done(struct http_answer *answer)
{
    if (!answer)
        return;
    free(answer->body);
    free(answer->headers);
    *answer = (struct http_answer){ 0 };
}
/* RFC 9110 10.2.3. A date counts from the answer's own Date, so that a clock that is wrong does no harm. */
int64_t http_retry_after(const struct http_answer *answer)
{
    const int64_t most_s = 366 * 86400;
    char text[64], date[64];
    int64_t at, now = clock_wall_ms() / 1000, wait_s;

    if (!http_header(answer, RETRY_AFTER, text, sizeof text))
        return 0;
    if (*text && !text[strspn(text, "0123456789")])
        wait_s = text_int(text, 0, most_s, &at) ? at : most_s;
    else if (clock_parse_http(text, &at)) {
        if (http_header(answer, "date", date, sizeof date))
            (void)clock_parse_http(date, &now);
        wait_s = at - now;
    } else
        return 0;
    if (wait_s > most_s)
        wait_s = most_s;
    return wait_s > 0 ? wait_s * 1000 : 1;
}
static const struct {
    int status;
    const char *words;
} known[] = {
    { 400, "bad request" },     { 401, "not authorized" },      { 403, "forbidden" },
    { 404, "not found" },       { 405, "method not allowed" },  { 408, "request timeout" },
    { 409, "conflict" },        { 412, "precondition failed" }, { 413, "too large" },
    { 422, "not processable" }, { 429, "too many requests" },   { 500, "internal error" },
    { 502, "bad gateway" },     { 503, "service unavailable" }, { 504, "gateway timeout" },
};
static const char *words_of(int status)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].words;
    return status < 400 ? "redirects are not followed" : "failed";
}
static int code_of(const struct http_answer *answer)
{
    static const struct {
        int status, code;
    } special[] = { { 401, FL_EAUTH },  { 403, FL_EAUTH },  { 408, FL_ETEMP },
                    { 409, FL_ESTALE }, { 412, FL_ESTALE }, { 429, FL_ERATE } };
    int status = answer->status;

    if (status >= 200 && status < 300)
        return FL_OK;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (special[i].status == status)
            return special[i].code;
    if (status == 503 && answer->retry_after_ms > 0)
        return FL_ERATE;
    if (status >= 500 && status < 600)
        return FL_ETEMP;
    return status >= 400 && status < 500 ? FL_EREJECT : FL_EPROTO;
}
int http_classify(const struct http_answer *answer, const struct http_request *req, struct outcome *o)
{
    enum { EXCERPT = 240 };
    int code = code_of(answer);
    auto_free char *url = NULL, *body = NULL, *shown = NULL;

    if (code == FL_OK) {
        outcome_ok(o);
        o->http = answer->status;
        return FL_OK;
    }
    url = http_redact_url(req->url, false);
    /* Redacted before it is cut: half a secret is no longer recognised. */
    body = answer->len ? mem_text(answer->body, answer->len) : NULL;
    shown = body ? http_redact_text(body) : NULL;
    outcome_fail(o, code, "%s %s: HTTP %d, %s%s%.*s",
                 req->method ? req->method
                 : req->body ? "POST"
                             : "GET",
                 url ? url : "", answer->status, words_of(answer->status), shown ? ": " : "", EXCERPT,
                 shown ? shown : "");
    o->http = answer->status;
    o->retry_after_ms = answer->retry_after_ms;
    return code;
}
