/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.h - which file stands at a path, to see later whether it is another. */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: there is none, or it cannot be looked at. A file that is written over in place, replaced by rename(), or led to by a
 * symbolic link that was moved, has another stamp; times of files are as fine as the file system keeps them. */
struct stamp {
    uint64_t dev, ino;
    int64_t size, changed_ns; /* of the content (mtime) */
};
struct stat;
struct stamp stamp_of(const char *path); /* links are followed; NULL: none */
struct stamp stamp_of_stat(const struct stat *st);
bool stamp_same(const struct stamp *a, const struct stamp *b);

#endif
