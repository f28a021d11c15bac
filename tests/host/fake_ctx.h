/* SPDX-License-Identifier: Apache-2.0 */
/* fake_ctx.h - what the files of the fake host share. */
#ifndef TESTS_FAKE_CTX_H
#define TESTS_FAKE_CTX_H

#include "base/arena.h"
#include "base/buf.h"
#include "fake_host.h"

struct fl_ctx {
    struct fake *fake;
    struct arena arena;
    struct outcome outcome;
};
int fake_see(struct fl_ctx *ctx, const struct buf *line);
/* A copy of the answer's data with a NUL behind it; "" without memory. */
const char *fake_keep(struct fl_ctx *ctx, const struct fake_answer *a);

#endif
