/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - names and messages as bytes (RFC 1035 section 4.1). */
#include "wire.h"
#include <string.h>

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* One character of a label, maybe escaped. False: a broken escape. */
static bool character(const char **text, uint8_t *out)
{
    const char *t = *text;
    if (*t != '\\') {
        *out = (uint8_t)*t;
        *text = t + 1;
        return true;
    }
    if (digit(t[1]) && digit(t[2]) && digit(t[3])) {
        int v = (t[1] - '0') * 100 + (t[2] - '0') * 10 + (t[3] - '0');
        *out = (uint8_t)v;
        *text = t + 4;
        return v <= 255;
    }
    if (t[1] == '\0' || digit(t[1]))
        return false;
    *out = (uint8_t)t[1];
    *text = t + 2;
    return true;
}

bool wire_from_text(const char *text, struct wire_name *out)
{
    struct wire_name n = { .len = 0 };
    if (strcmp(text, ".") == 0)
        text = "";
    while (*text) {
        size_t start = n.len, at = start + 1;
        while (*text && *text != '.') {
            uint8_t c;
            /* The final zero must fit, too. */
            if (!character(&text, &c) || at - start > 63 || at >= WIRE_NAME_MAX - 1)
                return false;
            n.data[at++] = lower(c);
        }
        if (at == start + 1)
            return false;
        n.data[start] = (uint8_t)(at - start - 1);
        n.len = (uint8_t)at;
        text += *text == '.';
    }
    n.data[n.len++] = 0;
    *out = n;
    return true;
}

bool wire_from_message(const uint8_t *data, size_t len, size_t at, struct wire_name *out, size_t *end_out)
{
    size_t n = 0;
    while (at < len && data[at] != 0) {
        size_t label = 1u + data[at];
        if (data[at] > 63 || at + label > len || n + label >= WIRE_NAME_MAX)
            return false;
        out->data[n] = data[at];
        for (size_t i = 1; i < label; i++)
            out->data[n + i] = lower(data[at + i]);
        n += label;
        at += label;
    }
    if (at >= len)
        return false;
    out->data[n] = 0;
    out->len = (uint8_t)(n + 1);
    *end_out = at + 1;
    return true;
}

bool wire_skip(const uint8_t *data, size_t len, size_t *at)
{
    size_t p = *at;
    while (p < len && data[p] != 0 && data[p] < 64)
        p += 1u + data[p];
    if (p >= len || (data[p] != 0 && data[p] < 0xc0))
        return false;
    p += data[p] == 0 ? 1 : 2;
    *at = p;
    return p <= len;
}

bool wire_same(const struct wire_name *a, const struct wire_name *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Offset of the suffix of `len` bytes, if a label begins there; else 0 for a name that is longer. */
static bool suffix_at(const struct wire_name *name, size_t len, size_t *at_out)
{
    size_t p = 0;
    while (name->len - p > len && name->data[p] != 0)
        p += 1u + name->data[p];
    *at_out = p;
    return name->len - p == len;
}

bool wire_below(const struct wire_name *name, const struct wire_name *apex)
{
    size_t at;
    return suffix_at(name, apex->len, &at) && memcmp(name->data + at, apex->data, apex->len) == 0;
}

void wire_parent(const struct wire_name *name, struct wire_name *out)
{
    size_t skip = name->data[0] ? 1u + name->data[0] : 0;
    uint8_t len = (uint8_t)(name->len - skip);
    memmove(out->data, name->data + skip, len);
    out->len = len;
}

void wire_put(struct wire *w, const void *data, size_t len)
{
    if (w->full || len > w->max - w->len) {
        w->full = true;
        return;
    }
    if (len > 0)
        memcpy(w->data + w->len, data, len);
    w->len += len;
}

void wire_put8(struct wire *w, uint8_t v) { wire_put(w, &v, 1); }

void wire_put16(struct wire *w, uint16_t v)
{
    uint8_t b[] = { (uint8_t)(v >> 8), (uint8_t)v };
    wire_put(w, b, sizeof b);
}

void wire_put32(struct wire *w, uint32_t v)
{
    wire_put16(w, (uint16_t)(v >> 16));
    wire_put16(w, (uint16_t)v);
}

/* Labels until what is left also ends the question; then a pointer there. The question keeps the case
 * that the client gave it, and whoever plays with that (0x20) gets it back. */
void wire_put_name(struct wire *w, const struct wire_name *name)
{
    size_t at, p = 0;
    while (name->data[p] != 0) {
        size_t rest = name->len - p;
        if (suffix_at(&w->question, rest, &at) && memcmp(w->question.data + at, name->data + p, rest) == 0) {
            wire_put16(w, (uint16_t)(0xc000 | (WIRE_HEADER + at)));
            return;
        }
        wire_put(w, name->data + p, 1u + name->data[p]);
        p += 1u + name->data[p];
    }
    wire_put8(w, 0);
}

void wire_set16(struct wire *w, size_t at, uint16_t v)
{
    w->data[at] = (uint8_t)(v >> 8);
    w->data[at + 1] = (uint8_t)v;
}

uint16_t wire_get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
