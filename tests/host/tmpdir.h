/* SPDX-License-Identifier: Apache-2.0 */
/* tmpdir.h - a folder of its own for each test. */
#ifndef HOST_TMPDIR_H
#define HOST_TMPDIR_H

/* Below $TMPDIR or /tmp, 0700; aborts when it cannot be made. */
void tmpdir_make(char out[64]);
/* The whole tree, also what is read-only in it. */
void tmpdir_remove(const char *path);
/* Entries of a folder but "." and ".."; -1: no folder. */
int tmpdir_count(const char *path);

#endif
