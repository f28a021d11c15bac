/* SPDX-License-Identifier: Apache-2.0 */
/* include.h - which files a configuration consists of. */
#ifndef CONF_INCLUDE_H
#define CONF_INCLUDE_H

#include "conf/tree.h"

enum { INCLUDE_DEPTH = 5, INCLUDE_SIZE = 1024 * 1024 };
/* The files that `pattern` means, written in `from` (their folder is where a relative pattern starts): those that
 * a glob finds, in the order of their names, or the one. NULL-terminated, owned by `a`; NULL without
 * memory. A glob in a folder that does not exist is warned of at `at`. */
const char *const *include_expand(struct arena *a, const char *from, const char *pattern,
                                  const struct conf_node *at, struct diag *d);
/* Reads one file; its text is UTF-8 without a byte order mark and is wiped by mem_wipe_free(). NULL: an error was
 * reported, at `at`, the value that includes it, or (NULL) about the file itself. Others may write it: a warning. */
char *include_read(const char *path, const struct conf_node *at, struct diag *d);

/* The files read so far, by what they are and not by name. */
struct include_seen {
    struct include_file {
        unsigned long long dev, ino;
        const char *path;
        const struct conf_node *at; /* NULL: the main file */
    } * slots;
    size_t n, cap; /* cap: a power of two */
    bool starved;  /* no memory: a file was not noted */
};
/* NULL: it is new and now noted, or does not exist, or there is no memory; else the file as it was read before. */
const struct include_file *include_note(struct include_seen *seen, const char *path,
                                        const struct conf_node *at);

#endif
