/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h - memory that frees itself at the end of the scope. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Four macros, no more: `cleanup_(f)` runs f(&variable) at the end of the scope,
 * `auto_free` frees, `auto_close` closes a descriptor, `take_ptr(p)` hands a
 * pointer out and leaves NULL behind. Types with an x_done()/x_free() of their
 * own declare an x_donep() beside it where it is used. */
#define cleanup_(f) __attribute__((cleanup(f)))
#define auto_free cleanup_(mem_freep)
#define auto_close cleanup_(mem_closep)
#define take_ptr(p)                                                                                          \
    (__extension__({                                                                                         \
        __typeof__(p) taken_ = (p);                                                                          \
        (p) = NULL;                                                                                          \
        taken_;                                                                                              \
    }))

static inline void mem_freep(void *p) { free(*(void **)p); }
static inline void mem_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
/* Overwrites in a way the compiler keeps, then frees. NULL is fine. */
void mem_wipe(void *p, size_t len);
void mem_wipe_free(char *text);
/* A NUL-terminated copy of `len` bytes that need not end in NUL themselves; NULL without memory. */
char *mem_text(const void *data, size_t len);
/* An array of n zeroed elements; NULL also on overflow. */
void *mem_array(size_t n, size_t size);
/* Grows *array (of `size`-byte elements, *cap of them) so that `need` fit; new elements are not zeroed.
 * False: out of memory, unchanged. */
bool mem_grow(void *array, size_t *cap, size_t need, size_t size);

#endif
