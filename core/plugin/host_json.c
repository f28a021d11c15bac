/* SPDX-License-Identifier: Apache-2.0 */
/* host_json.c - JSON over HTTP for plugins (fl/json.h). */
#include <fl/json.h>

#include "plugin/ctx.h"

#include <stdio.h>
#include <string.h>

static void drop(void *value) { json_decref(value); }
static json_t *own(struct fl_ctx *ctx, json_t *value) { return arena_own(&ctx->arena, value, drop); }
/* Never NULL. One of its own for each, as a plugin may write into it. */
static json_t *empty(struct fl_ctx *ctx)
{
    json_t *value = own(ctx, json_object());
    return value ? value : ctx->spare;
}
/* A text that there was no memory for is to jansson a value that is NULL. */
static bool out_of_memory(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_unknown:
    case json_error_out_of_memory: return true;
    case json_error_null_value:
        return !strcmp(error->text, "NULL object value") || !strcmp(error->text, "NULL array value");
    default: return false;
    }
}
json_t *fl_json_pack(struct fl_ctx *ctx, const char *fmt, ...)
{
    json_error_t error = { .text = "" };
    json_t *value;
    va_list ap;

    if (ctx->arena.starved)
        return ctx->spare;
    va_start(ap, fmt);
    value = json_vpack_ex(&error, 0, fmt, ap);
    va_end(ap);
    if (value) {
        value = own(ctx, value);
        return value ? value : ctx->spare;
    }
    if (out_of_memory(&error)) {
        ctx->arena.starved = true;
        return ctx->spare;
    }
    if (json_error_code(&error) == json_error_invalid_utf8)
        snprintf(ctx->bad_json, sizeof ctx->bad_json, "a text of the request is not UTF-8");
    else
        snprintf(ctx->bad_json, sizeof ctx->bad_json,
                 "the request's JSON cannot be made (%.90s): a mistake in the plugin", error.text);
    return empty(ctx);
}
static int send(struct fl_ctx *ctx, const struct fl_http *req, const json_t *body, struct fl_reply *reply)
{
    struct fl_http with = *req;

    if (ctx->bad_json[0]) {
        int code = fl_fail(ctx, FL_EPROTO, "%s", ctx->bad_json);
        ctx->bad_json[0] = '\0';
        return code;
    }
    if (body) {
        with.body = ctx_own(ctx, json_text(body));
        if (!with.body)
            return ctx_nomem(ctx);
        with.body_len = strlen(with.body);
    }
    return fl_http(ctx, &with, reply);
}
/* FL_OK with *out as it was: no JSON; `why` says where. */
static int parse(struct fl_ctx *ctx, const char *text, size_t len, json_t **out, char why[128])
{
    json_t *value = json_parse(text, len, why);

    if (!value && why[0])
        return FL_OK;
    value = value ? own(ctx, value) : NULL;
    if (!value)
        return ctx_nomem(ctx);
    why[0] = '\0';
    *out = value;
    return FL_OK;
}
int fl_json_parse(struct fl_ctx *ctx, const char *what, const char *text, size_t len, json_t **out)
{
    char why[128] = "";
    int code = ctx_gate(ctx, "fl_json_parse", false);

    *out = ctx->spare;
    if (code != FL_OK)
        return code;
    *out = empty(ctx);
    code = parse(ctx, text, len, out, why);
    return code == FL_OK && why[0] ? fl_fail(ctx, FL_EPROTO, "%s (%s)", what, why) : code;
}
static int receive(struct fl_ctx *ctx, int code, const struct fl_reply *reply, json_t **out)
{
    char why[128] = "";

    if (reply->len == 0)
        return code;
    if (parse(ctx, reply->body, reply->len, out, why) != FL_OK)
        return FL_ENOMEM;
    if (code != FL_OK || !why[0])
        return code;
    return fl_fail(ctx, FL_EPROTO, "an answer that is no JSON (%s): it begins with \"%.60s\"", why,
                   reply->body);
}
int fl_http_json_reply(struct fl_ctx *ctx, const struct fl_http *req, json_t *body,
                       struct fl_reply *reply_out, json_t **out)
{
    int code = ctx_gate(ctx, "fl_http_json", true);

    *reply_out = (struct fl_reply){ .body = "", .headers = "" };
    *out = ctx->spare;
    if (code != FL_OK)
        return code;
    *out = empty(ctx);
    code = send(ctx, req, body, reply_out);
    return ctx->arena.starved ? ctx_nomem(ctx) : receive(ctx, code, reply_out, out);
}
int fl_http_json(struct fl_ctx *ctx, const struct fl_http *req, json_t *body, json_t **out)
{
    struct fl_reply reply;

    return fl_http_json_reply(ctx, req, body, &reply, out);
}
