/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host_http.c - fl/http.h and fl/json.h for tests of one plugin. */
#include "base/mem.h"
#include "fake_ctx.h"
#include "net/http.h"
#include <fl/json.h>
#include <string.h>

int fl_http(struct fl_ctx *ctx, const struct fl_http *req, struct fl_reply *out)
{
    struct fake *f = ctx->fake;
    struct fake_answer a = { .code = f->http ? FL_OK : FL_ETEMP, .text = f->http ? NULL : "no http hook" };
    const char *method = req->method ? req->method : req->body ? "POST" : "GET";
    cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);

    *out = (struct fl_reply){ .body = "", .headers = "" };
    if (ctx->arena.starved)
        return FL_ENOMEM;
    buf_addf(&line, "%s %s%s%.*s", method, req->url, req->body ? " " : "", (int)req->body_len,
             req->body ? req->body : "");
    fake_see(ctx, &line);
    if (f->http)
        f->http(f, req, &a);
    if (a.code != FL_OK)
        return fl_fail(ctx, a.code, "%s", a.text ? a.text : "no answer");
    const struct http_request plain = { .method = method, .url = req->url };
    const struct http_answer answer = { .status = a.status ? a.status : 200 };
    *out = (struct fl_reply){
        .status = answer.status, .body = fake_keep(ctx, &a), .len = a.len, .headers = a.text ? a.text : ""
    };
    return http_classify(&answer, &plain, &ctx->outcome);
}

const char *fl_header(struct fl_ctx *ctx, const struct fl_reply *reply, const char *name)
{
    const char *line = reply->headers;
    size_t len = strlen(name);
    for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0)
            return fl_printf(ctx, "%.*s", (int)strcspn(line + len + 2, "\n"), line + len + 2);
    return NULL;
}

static void drop(void *value) { json_decref(value); }

json_t *fl_json_pack(struct fl_ctx *ctx, const char *fmt, ...)
{
    json_error_t error;
    va_list ap;
    va_start(ap, fmt);
    json_t *value = json_vpack_ex(&error, 0, fmt, ap);
    va_end(ap);
    return arena_own(&ctx->arena, value ? value : json_object(), drop);
}

int fl_http_json(struct fl_ctx *ctx, const struct fl_http *req, json_t *body, json_t **out)
{
    struct fl_reply reply;
    return fl_http_json_reply(ctx, req, body, &reply, out);
}

int fl_json_parse(struct fl_ctx *ctx, const char *what, const char *text, size_t len, json_t **out)
{
    json_error_t why;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    *out = arena_own(&ctx->arena, value ? value : json_object(), drop);
    return value ? FL_OK : fl_fail(ctx, FL_EPROTO, "%s (line %d)", what, why.line);
}
int fl_http_json_reply(struct fl_ctx *ctx, const struct fl_http *req, json_t *body, struct fl_reply *reply,
                       json_t **out)
{
    struct fl_http with = *req;
    *out = arena_own(&ctx->arena, json_object(), drop);
    if (body) {
        with.body = arena_own(&ctx->arena, json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS), free);
        with.body_len = strlen(with.body);
    }
    int code = fl_http(ctx, &with, reply);
    json_t *value = reply->len ? json_loadb(reply->body, reply->len, JSON_DECODE_ANY, NULL) : NULL;
    if (value)
        *out = arena_own(&ctx->arena, value, drop);
    return code == FL_OK && reply->len && !value ? fl_fail(ctx, FL_EPROTO, "an answer that is no JSON")
                                                 : code;
}
