/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory with one common end, and a memory of having failed. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <fl/code.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks; /* newest first */
    bool starved;               /* an allocation failed; stays so until arena_done() */
};
/* Zeroed; NULL without memory. */
void *arena_alloc(struct arena *a, size_t size);
/* Takes `p` over: drop(p) is called at the end, also when there is no memory to note it
 * (then at once, and NULL is returned). NULL `p` counts as starved. */
void *arena_own(struct arena *a, void *p, void (*drop)(void *));
/* Never NULL; "" when starved. Memory handed out by *_secret is wiped at the end. */
const char *arena_strdup(struct arena *a, const char *s);
const char *arena_strndup(struct arena *a, const char *s, size_t n);
const char *arena_secret(struct arena *a, const char *s);
const char *arena_printf(struct arena *a, const char *fmt, ...) FL_PRINTF(2, 3);
const char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) FL_PRINTF(2, 0);
/* NULL-terminated copy of n strings (n known or, with SIZE_MAX, up to NULL). NULL when starved. */
const char *const *arena_strv(struct arena *a, const char *const *v, size_t n);
/* Frees everything, in reverse order of making. */
void arena_done(struct arena *a);

#endif
