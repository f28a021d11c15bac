/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - a growing buffer that knows its maximum from birth. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <fl/code.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;           /* NUL-terminated once anything was added; NULL before */
    size_t len, cap, max; /* `max` counts data, not the final NUL */
    bool failed;          /* out of memory or over the maximum; sticky, later adds do nothing */
    bool secret;          /* wiped when it grows and when it ends */
};
#define BUF(maximum)                                                                                         \
    (struct buf) { .max = (maximum) }
bool buf_add(struct buf *b, const void *data, size_t len);
bool buf_adds(struct buf *b, const char *text);
bool buf_addf(struct buf *b, const char *fmt, ...) FL_PRINTF(2, 3);
bool buf_vaddf(struct buf *b, const char *fmt, va_list ap) FL_PRINTF(2, 0);
/* Never NULL. */
const char *buf_text(const struct buf *b);
/* Hands the memory out (NULL when failed; "" allocated when empty); the buffer is empty afterwards. */
char *buf_take(struct buf *b);
void buf_clear(struct buf *b); /* empty and no longer failed; keeps its memory */
void buf_done(struct buf *b);  /* usable as cleanup_(buf_done) */

#endif
