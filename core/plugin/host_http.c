/* SPDX-License-Identifier: Apache-2.0 */
/* host_http.c - HTTP requests of plugins, through their instance's lane (fl/http.h). */
#include <fl/http.h>

#include "plugin/ctx.h"

#include <string.h>

/* What a plugin puts into a line of a request may come from somewhere else. */
static bool one_line(const char *s)
{
    for (; s && *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}
static bool lines_sound(const struct fl_http *req)
{
    for (const char *const *h = req->headers; h && *h; h++)
        if (!one_line(*h))
            return false;
    return req->url && one_line(req->url) && one_line(req->method) && one_line(req->type);
}
static const char *keep(struct fl_ctx *ctx, char **text)
{
    const char *kept = "";
    if (*text) {
        kept = ctx_own(ctx, *text);
        *text = NULL;
    }
    return kept ? kept : "";
}
static int perform(struct fl_ctx *ctx, const struct http_request *req, struct fl_reply *out)
{
    struct http_answer answer = { 0 };
    struct outcome o = { 0 };
    int code = http_do(ctx->instance->http, req, &answer, &o);

    if (code == FL_OK) {
        code = http_classify(&answer, req, &o);
        out->status = answer.status;
        out->retry_after_ms = answer.retry_after_ms;
        out->len = answer.len;
        out->body = keep(ctx, &answer.body);
        out->headers = keep(ctx, &answer.headers);
    }
    http_answer_done(&answer);
    o.code = code;
    (void)ctx_take(ctx, &o);
    return ctx->arena.starved ? ctx_nomem(ctx) : code;
}
int fl_http(struct fl_ctx *ctx, const struct fl_http *req, struct fl_reply *out)
{
    int code = ctx_gate(ctx, "fl_http", true);
    bool has_body = req->body != NULL;
    const struct http_request plain = {
        .method = req->method ? req->method
                  : has_body  ? "POST"
                              : "GET",
        .url = req->url,
        .headers = req->headers,
        .type = has_body && !req->type ? "application/json" : req->type,
        .body = req->body,
        .body_len = req->body_len,
        .limit = req->limit,
        .deadline_ms = ctx->deadline_ms,
        .cert_file = req->cert_file,
        .key_file = req->key_file,
        .no_body = req->method && !strcmp(req->method, "HEAD"),
    };

    *out = (struct fl_reply){ .body = "", .headers = "" };
    if (code != FL_OK)
        return code;
    if (!lines_sound(req))
        return fl_fail(ctx, FL_EPROTO,
                       "a request whose URL or headers are missing or hold control characters");
    if (!ctx->instance->http)
        return fl_fail(ctx, FL_ECONF, "this command has no HTTP service");
    return perform(ctx, &plain, out);
}
const char *fl_header(struct fl_ctx *ctx, const struct fl_reply *reply, const char *name)
{
    size_t len = strlen(name);
    const char *line = reply->headers;

    while (line && *line) {
        const char *end = strchr(line, '\n');
        size_t whole = end ? (size_t)(end - line) : strlen(line);
        if (whole > len && line[len] == ':' && !strncmp(line, name, len)) {
            size_t skip = len + 1 + strspn(line + len + 1, " \t");
            return arena_strndup(&ctx->arena, line + skip, whole > skip ? whole - skip : 0);
        }
        line = end ? end + 1 : NULL;
    }
    return NULL;
}
