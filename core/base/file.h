/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - files that are whole or not there. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All return 0 or a negative errno. `dir` is an open folder or AT_FDCWD. */
/* Reads a regular file of at most `max` bytes; *out is NUL-terminated, freed by the caller. -EFBIG: longer;
 * -EISDIR: a folder; -EINVAL: a device, socket or FIFO. Symbolic links are followed. */
int file_read(int dir, const char *path, size_t max, char **out, size_t *len_out);
/* Temporary file beside it (".tmp-" and 16 hex digits), write, fsync, rename over `path`, fsync of the
 * folder. Either the old or the new content is there afterwards, whatever happens; no temporary file is
 * left but by a crash. The file gets exactly `mode`, whatever the umask. A symbolic link at `path` is
 * replaced, not followed. An error after the rename (fsync of the folder) means: the new content stands
 * there, but a power cut may bring the old one back. */
int file_write_durable(int dir, const char *path, mode_t mode, const void *data, size_t len);
/* The same, but -EEXIST when `path` is there (link, not rename). */
int file_create_durable(int dir, const char *path, mode_t mode, const void *data, size_t len);
int file_remove_durable(int dir, const char *path); /* 0 also when it was gone */
/* mkdir -p of all parts; each that is made gets exactly `mode`, and it and the folder above it are
 * fsynced. What is there stays as it is; -ENOTDIR when it is no folder. */
int file_mkdirs(int dir, const char *path, mode_t mode);
int file_sync_dir(int dir);

#endif
