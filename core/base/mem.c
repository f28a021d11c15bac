/* SPDX-License-Identifier: Apache-2.0 */
/* mem.c - wiping, arrays that cannot overflow, arrays that grow. */
#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

void mem_wipe(void *p, size_t len)
{
    if (p && len)
        explicit_bzero(p, len);
}
void mem_wipe_free(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}
char *mem_text(const void *data, size_t len)
{
    char *copy = len < SIZE_MAX ? malloc(len + 1) : NULL;

    if (copy) {
        if (len)
            memcpy(copy, data, len);
        copy[len] = '\0';
    }
    return copy;
}
void *mem_array(size_t n, size_t size)
{
    /* calloc() looks at the product too, but under the sanitizers it does not return. */
    if (size && n > SIZE_MAX / size)
        return NULL;
    /* One element at least, so that NULL means failure only. */
    return calloc(n ? n : 1, size ? size : 1);
}
bool mem_grow(void *array, size_t *cap, size_t need, size_t size)
{
    void *old, *grown;
    size_t want = *cap ? *cap : 8;

    if (need <= *cap)
        return true;
    if (need > SIZE_MAX / 2 / size)
        return false;
    while (want < need)
        want *= 2;
    /* Through memcpy: `array` points to a pointer of a type that is not known here. */
    memcpy(&old, array, sizeof old);
    grown = realloc(old, want * size);
    if (!grown)
        return false;
    memcpy(array, &grown, sizeof grown);
    *cap = want;
    return true;
}
