/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host_talk.c - fl/talk.h for tests of one plugin: real sockets, within the time that the test has left to the call. */
#include "base/clock.h"
#include "base/mem.h"
#include "fake_ctx.h"
#include "net/talk.h"
#include <fl/talk.h>

int fl_talk(struct fl_ctx *ctx, const struct fl_talk *what, const char **answer_out, size_t *len_out)
{
    cleanup_(buf_done) struct buf answer = BUF(what->most ? what->most : 65536);
    int64_t ms = what->timeout_ms > 0 ? what->timeout_ms : 10000, left = ctx->fake->left_ms;
    int code = talk_once(what->address, what->data, what->len, clock_mono_ms() + (ms < left ? ms : left),
                         &answer, &ctx->outcome);

    if (code == FL_OK) {
        *answer_out = fl_printf(ctx, "%.*s", (int)answer.len, answer.len ? answer.data : "");
        *len_out = answer.len;
    }
    return code;
}
