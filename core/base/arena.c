/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory with one common end, and a memory of having failed. */
#include "base/arena.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One malloc each: the sanitizers then see every block by itself. */
struct arena_chunk {
    struct arena_chunk *next;
    void (*drop)(void *);
    void *owned;
    size_t wipe; /* bytes of `data` to overwrite at the end */
    max_align_t data[];
};

static struct arena_chunk *chunk_new(struct arena *a, size_t size)
{
    struct arena_chunk *c = NULL;
    if (size <= SIZE_MAX - sizeof *c)
        c = calloc(1, sizeof *c + size);
    if (!c) {
        a->starved = true;
        return NULL;
    }
    c->next = a->chunks;
    a->chunks = c;
    return c;
}
void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_chunk *c = chunk_new(a, size ? size : 1);
    return c ? c->data : NULL;
}
void *arena_own(struct arena *a, void *p, void (*drop)(void *))
{
    struct arena_chunk *c;
    if (!p) {
        a->starved = true;
        return NULL;
    }
    c = chunk_new(a, 0);
    if (!c) {
        drop(p);
        return NULL;
    }
    c->drop = drop;
    c->owned = p;
    return p;
}
static char *copy(struct arena *a, const char *s, size_t n, bool secret)
{
    struct arena_chunk *c = n < SIZE_MAX ? chunk_new(a, n + 1) : NULL;
    if (!c)
        return NULL;
    memcpy(c->data, s, n);
    if (secret)
        c->wipe = n;
    return (char *)c->data;
}
const char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    const char *text = s ? copy(a, s, strnlen(s, n), false) : "";
    return text ? text : "";
}
const char *arena_strdup(struct arena *a, const char *s) { return arena_strndup(a, s, SIZE_MAX - 1); }
const char *arena_secret(struct arena *a, const char *s)
{
    const char *text = s ? copy(a, s, strlen(s), true) : "";
    return text ? text : "";
}
const char *arena_printf(struct arena *a, const char *fmt, ...)
{
    const char *text;
    va_list ap;
    va_start(ap, fmt);
    text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}
const char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    text = arena_own(a, text, free);
    return text ? text : "";
}
const char *const *arena_strv(struct arena *a, const char *const *v, size_t n)
{
    const char **copies;
    size_t count = 0;

    while (v && count < n && (n != SIZE_MAX || v[count]))
        count++;
    if (count >= SIZE_MAX / sizeof *copies - 1) {
        a->starved = true;
        return NULL;
    }
    copies = arena_alloc(a, (count + 1) * sizeof *copies);
    for (size_t i = 0; copies && i < count; i++) {
        copies[i] = copy(a, v[i], strlen(v[i]), false);
        if (!copies[i])
            return NULL;
    }
    return copies;
}
void arena_done(struct arena *a)
{
    if (!a)
        return;
    /* One at a time: a drop() may be one that looks at older memory of the same arena. */
    while (a->chunks) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        if (c->drop)
            c->drop(c->owned);
        mem_wipe(c->data, c->wipe);
        free(c);
    }
    a->starved = false;
}
