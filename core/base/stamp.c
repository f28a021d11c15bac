/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.c - which file stands at a path, to see later whether it is another. */
#include "base/stamp.h"

#include <sys/stat.h>

struct stamp stamp_of_stat(const struct stat *st)
{
    return (struct stamp){ .dev = (uint64_t)st->st_dev,
                           .ino = (uint64_t)st->st_ino,
                           .size = (int64_t)st->st_size,
                           .changed_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
}

struct stamp stamp_of(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 ? stamp_of_stat(&st) : (struct stamp){ 0 };
}

bool stamp_same(const struct stamp *a, const struct stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->changed_ns == b->changed_ns;
}
