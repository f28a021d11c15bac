/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c - a growing buffer that knows its maximum from birth. */
#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Not realloc() for secrets: that would leave the old copy in the heap. */
static char *resize(struct buf *b, size_t cap)
{
    char *grown;
    if (!b->secret)
        return realloc(b->data, cap);
    grown = malloc(cap);
    if (grown && b->data) {
        memcpy(grown, b->data, b->len);
        mem_wipe(b->data, b->cap);
        free(b->data);
    }
    return grown;
}
/* Room for `more` bytes and the final NUL. */
static bool reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 64;
    char *grown;

    if (b->failed || more > b->max || b->len > b->max - more || b->max == SIZE_MAX) {
        b->failed = true;
        return false;
    }
    if (b->cap > b->len + more)
        return true;
    while (cap <= b->len + more)
        cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
    grown = resize(b, cap);
    if (!grown) {
        b->failed = true;
        return false;
    }
    b->data = grown;
    b->cap = cap;
    return true;
}
bool buf_add(struct buf *b, const void *data, size_t len)
{
    if (!reserve(b, len))
        return false;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}
bool buf_adds(struct buf *b, const char *text) { return buf_add(b, text, strlen(text)); }
bool buf_addf(struct buf *b, const char *fmt, ...)
{
    bool ok;
    va_list ap;
    va_start(ap, fmt);
    ok = buf_vaddf(b, fmt, ap);
    va_end(ap);
    return ok;
}
bool buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        b->failed = true;
    if (n < 0 || !reserve(b, (size_t)n))
        return false;
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
    return true;
}
const char *buf_text(const struct buf *b) { return b->data ? b->data : ""; }
char *buf_take(struct buf *b)
{
    char *data = NULL;
    if (!b->failed && buf_add(b, "", 0)) {
        data = b->data;
        b->data = NULL;
    }
    buf_done(b);
    return data;
}
void buf_clear(struct buf *b)
{
    if (b->secret)
        mem_wipe(b->data, b->cap);
    if (b->data)
        b->data[0] = '\0';
    b->len = 0;
    b->failed = false;
}
void buf_done(struct buf *b)
{
    if (!b)
        return;
    if (b->secret)
        mem_wipe(b->data, b->cap);
    free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
    b->failed = false;
}
