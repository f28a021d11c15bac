/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one call into a plugin: how it begins and what becomes of its code. */
#include "base/clock.h"
#include "base/log.h"
#include "plugin/ctx.h"

#include <stdlib.h>

struct fl_ctx *ctx_new(struct instance *i, enum ctx_place place, const char *subject, int64_t allowed_ms)
{
    struct fl_ctx *ctx = calloc(1, sizeof *ctx);

    if (!ctx)
        return NULL;
    ctx->spare = json_object();
    if (!ctx->spare) {
        ctx_free(ctx);
        return NULL;
    }
    ctx->instance = i;
    ctx->place = place;
    ctx->subject = subject ? subject : "";
    ctx->allowed_ms = allowed_ms;
    ctx->deadline_ms = clock_mono_ms() + allowed_ms;
    return ctx;
}
void ctx_free(struct fl_ctx *ctx)
{
    if (!ctx)
        return;
    free(ctx->zones);
    free(ctx->rrsets);
    json_decref(ctx->spare);
    arena_done(&ctx->arena);
    free(ctx);
}
static int words(const struct fl_ctx *ctx, int code, struct outcome *o)
{
    *o = ctx->said;
    o->code = code;
    if (!o->msg[0]) {
        (void)outcome_fail(o, code, "the plugin gave no reason (%s)", outcome_code_name(code));
        o->retry_after_ms = ctx->said.retry_after_ms;
    }
    return code;
}
static int judge(const struct fl_ctx *ctx, int code, struct outcome *o)
{
    int64_t late_ms = clock_mono_ms() - ctx->deadline_ms;
    char took[16], allowed[16];

    if (ctx->arena.starved || code == FL_ENOMEM)
        return outcome_nomem(o);
    if (code > FL_OK || code < FL_ECANCEL)
        return outcome_fail(o, FL_EPROTO, "the plugin returned %d, which is no result code: a mistake in it",
                            code);
    if (code == FL_ECANCEL && !ctx->cancelled)
        return outcome_fail(o, FL_EPROTO,
                            "the plugin says that the daemon is ending, which it is not: a mistake "
                            "in it");
    if (code != FL_OK)
        return words(ctx, code, o);
    if (late_ms <= 0)
        return outcome_ok(o);
    clock_span(ctx->allowed_ms + late_ms, took);
    clock_span(ctx->allowed_ms, allowed);
    return outcome_fail(o, FL_ETEMP, "took %s where %s are allowed: raise its `timeout`", took, allowed);
}
int ctx_finish(const struct fl_ctx *ctx, int code, struct outcome *o)
{
    code = judge(ctx, code, o);
    if (code == FL_OK)
        return code;
    (void)outcome_context(o, "%s", ctx->instance->who);
    log_redact(o->msg);
    return code;
}

int call_begin(struct call *c, struct instance *i, const char *subject, int64_t timeout_ms, struct outcome *o)
{
    int code;

    *c = (struct call){ .instance = i };
    if (timeout_ms <= 0)
        timeout_ms = i->timeout_ms;
    code = lane_enter(i->lane, &c->seat, timeout_ms, o);
    if (code != FL_OK)
        return code;
    if (!i->open)
        code = outcome_fail(o, FL_ECONF, "%s is not open", i->who);
    else if (!(c->ctx = ctx_new(i, CTX_CALL, subject, timeout_ms)))
        code = outcome_nomem(o);
    if (code != FL_OK)
        lane_leave(i->lane, &c->seat);
    return code;
}
int call_end(struct call *c, int code, struct outcome *o)
{
    code = ctx_finish(c->ctx, code, o);
    ctx_free(c->ctx);
    c->ctx = NULL;
    lane_leave(c->instance->lane, &c->seat);
    return code;
}
bool call_starved(const struct call *c) { return c->ctx->arena.starved; }
void call_emitted(const struct call *c, struct emitted *out)
{
    *out = (struct emitted){
        .zones = c->ctx->zones,
        .nzones = c->ctx->nzones,
        .rrsets = c->ctx->rrsets,
        .nrrsets = c->ctx->nrrsets,
    };
}
