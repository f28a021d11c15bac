/* SPDX-License-Identifier: Apache-2.0 */
/* starve.c - allocations of the host that fail where a check says: the program is linked with --wrap for these. */
#include "suite.h"
#include <stdlib.h>

static _Thread_local int left = -1;
static _Thread_local bool hit;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
    if (left < 0)
        return false;
    hit = left == 0;
    left--;
    return hit;
}

void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

void starve_begin(int n)
{
    left = n;
    hit = false;
}

bool starve_end(void)
{
    bool was = hit;
    left = -1;
    hit = false;
    return was;
}
