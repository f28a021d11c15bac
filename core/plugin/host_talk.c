/* SPDX-License-Identifier: Apache-2.0 */
/* host_talk.c - one message and its answer, for plugins (fl/talk.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "net/talk.h"
#include "plugin/ctx.h"
#include <fl/talk.h>

enum { TALK_MS = 10000, TALK_USUAL = 64 * 1024, TALK_MOST = 1024 * 1024 };

int fl_talk(struct fl_ctx *ctx, const struct fl_talk *what, const char **answer_out, size_t *len_out)
{
    struct outcome o = { .code = FL_OK };
    size_t most = what->most == 0 ? TALK_USUAL : what->most;
    cleanup_(buf_done) struct buf answer = BUF(most < TALK_MOST ? most : TALK_MOST);
    int64_t ms = what->timeout_ms > 0 ? what->timeout_ms : TALK_MS, left;
    int code = ctx_gate(ctx, "fl_talk", true);
    size_t len;
    char *text;

    if (code != FL_OK)
        return code;
    if (!what->address)
        return fl_fail(ctx, FL_ECONF, "fl_talk() without an address: a mistake in the plugin");
    left = fl_left_ms(ctx);
    o.code = talk_once(what->address, what->data, what->len, clock_mono_ms() + (ms < left ? ms : left),
                       &answer, &o);
    if (o.code != FL_OK)
        return ctx_take(ctx, &o);
    len = answer.len;
    text = ctx_own(ctx, buf_take(&answer));
    if (!text)
        return ctx_nomem(ctx);
    *answer_out = text;
    *len_out = len;
    return FL_OK;
}
