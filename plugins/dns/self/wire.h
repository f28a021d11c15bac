/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - names and messages as bytes (RFC 1035 section 4.1). */
#ifndef SELF_WIRE_H
#define SELF_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_NAME_MAX = 255, WIRE_HEADER = 12 };

/* A name in wire form, lower case, with its final zero; `len` counts that. */
struct wire_name {
    uint8_t data[WIRE_NAME_MAX];
    uint8_t len;
};

/* From text, absolute with or without a final dot; "\." and "\DDD" as in RFC 1035 section 5.1; "" is the root. */
bool wire_from_text(const char *text, struct wire_name *out);
/* A name without compression at data[at]; *end_out is behind it. False: none there. */
bool wire_from_message(const uint8_t *data, size_t len, size_t at, struct wire_name *out, size_t *end_out);
/* Steps over any name, compressed or not, without following. False: none there. */
bool wire_skip(const uint8_t *data, size_t len, size_t *at);
bool wire_same(const struct wire_name *a, const struct wire_name *b);
/* Is `name` that zone's apex or below it? */
bool wire_below(const struct wire_name *name, const struct wire_name *apex);
/* The name without its first label. The root is its own parent. */
void wire_parent(const struct wire_name *name, struct wire_name *out);

/* A message being written; what does not fit sets `full` and is left out. */
struct wire {
    uint8_t *data;
    size_t len, max;
    bool full;
    struct wire_name question; /* what names are compressed against; it stands at WIRE_HEADER */
};
void wire_put8(struct wire *w, uint8_t v);
void wire_put16(struct wire *w, uint16_t v);
void wire_put32(struct wire *w, uint32_t v);
void wire_put(struct wire *w, const void *data, size_t len);
void wire_put_name(struct wire *w, const struct wire_name *name);
/* Writes into what is there already. */
void wire_set16(struct wire *w, size_t at, uint16_t v);
uint16_t wire_get16(const uint8_t *p);

#endif
