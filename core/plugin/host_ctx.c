/* SPDX-License-Identifier: Apache-2.0 */
/* host_ctx.c - what a plugin says and asks about its own call (fl/plugin.h). */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "plugin/ctx.h"

#include <stdio.h>

enum { DEBUG_LINE = 1800 }; /* what fits into a line of the log */

/* ---- for the other host functions ---- */

int ctx_nomem(struct fl_ctx *ctx)
{
    ctx->arena.starved = true;
    return outcome_nomem(&ctx->said);
}
int ctx_take(struct fl_ctx *ctx, const struct outcome *o)
{
    ctx->said = *o;
    if (o->code == FL_ENOMEM)
        ctx->arena.starved = true;
    if (o->code == FL_ECANCEL)
        ctx->cancelled = true;
    return o->code;
}
void *ctx_own(struct fl_ctx *ctx, void *p) { return arena_own(&ctx->arena, p, free); }
int ctx_gate(struct fl_ctx *ctx, const char *what, bool waits)
{
    char span[16];

    if (ctx->arena.starved)
        return ctx_nomem(ctx);
    if (waits && ctx->place == CTX_LISTENER)
        return fl_fail(ctx, FL_ECONF,
                       "%s() must not be called while a listener waits: a mistake in the plugin", what);
    if (waits && ctx->place == CTX_CHECK)
        return fl_fail(ctx, FL_ECONF, "%s() must not be called in check(): a mistake in the plugin", what);
    if (!waits || fl_left_ms(ctx) > 0)
        return FL_OK;
    clock_span(ctx->allowed_ms, span);
    return fl_fail(ctx, FL_ETEMP, "the %s that the call may take are over", span);
}

/* ---- results ---- */

int fl_fail(struct fl_ctx *ctx, int code, const char *fmt, ...)
{
    const struct outcome before = ctx->said;
    va_list ap;

    va_start(ap, fmt);
    (void)outcome_vfail(&ctx->said, code, fmt, ap);
    va_end(ap);
    ctx->said.http = before.http;
    ctx->said.retry_after_ms = before.retry_after_ms;
    return code;
}
int fl_again(struct fl_ctx *ctx, int64_t after_ms, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)outcome_vfail(&ctx->said, FL_EAGAIN, fmt, ap);
    va_end(ap);
    ctx->said.retry_after_ms = after_ms > 0 ? after_ms : 0;
    return FL_EAGAIN;
}
void fl_retry_after(struct fl_ctx *ctx, int64_t after_ms)
{
    ctx->said.retry_after_ms = after_ms > 0 ? after_ms : 0;
}
void fl_debug(struct fl_ctx *ctx, const char *fmt, ...)
{
    auto_free char *line = NULL;
    va_list ap;
    int n;

    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    va_start(ap, fmt);
    n = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (n < 0) {
        line = NULL;
        return;
    }
    /* Before anything is cut off: half a secret is not recognised. */
    log_redact(line);
    log_debug(ctx->instance->who, "%.*s", (int)DEBUG_LINE, line);
}

/* ---- the call ---- */

const void *fl_conf(struct fl_ctx *ctx) { return ctx->instance->conf; }
void *fl_self(struct fl_ctx *ctx) { return ctx->instance->self; }
const char *fl_name(struct fl_ctx *ctx) { return ctx->instance->name; }
int64_t fl_now_ms(struct fl_ctx *ctx)
{
    (void)ctx;
    return clock_wall_ms();
}
int64_t fl_left_ms(struct fl_ctx *ctx)
{
    int64_t left = ctx->deadline_ms - clock_mono_ms();
    return left > 0 ? left : 0;
}
void *fl_alloc(struct fl_ctx *ctx, size_t size) { return arena_alloc(&ctx->arena, size); }
/* What is printed is often a header with a token in it. */
static void wipe(void *text) { mem_wipe_free(text); }
const char *fl_printf(struct fl_ctx *ctx, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    text = arena_own(&ctx->arena, text, wipe);
    return text ? text : "";
}
