/* SPDX-License-Identifier: Apache-2.0 */
/* store_impl.h - what the files of store/ share. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/store.h"

#include <pthread.h>
#include <sys/stat.h>

enum { STORE_KEY_MAX = 400, STORE_VALUE_MAX = 8 * 1024 * 1024, STORE_PATH_MAX = 2048, STORE_FORMAT = 1 };

struct store {
    char dir[512];
    int root; /* the state folder */
    int lock_fd;
    bool read_only;
    pthread_mutex_t lock;
    struct store_writing *writing; /* keys that are being written just now */
};

struct store_group_info {
    const char *name;
    mode_t dir_mode, file_mode;
    bool spread; /* over <xx>, two hex digits of the key's digest */
};
extern const struct store_group_info store_groups[STORE_GROUPS];

/* Path of a key below the root: "certs/3f/certificate:example.org". A name that is too long for one file name
 * goes on in a folder whose name ends in "~". FL_ECONF: the key is empty, too long or holds a control character. */
int store_path(enum store_group g, const char *key, char out[STORE_PATH_MAX], struct outcome *o);
/* The reverse of the part behind the group (and <xx>): false: no file of ours. */
bool store_unpath(const char *path, char key_out[STORE_KEY_MAX + 1]);
/* What a failing call means for a person: which path, why, what to do. */
int store_errno(const struct store *s, const char *what, const char *path, int negative_errno,
                struct outcome *o);
/* store_open.c. Calls f with the path of every file below `path` (relative to the root). False: f said stop, or a
 * folder cannot be read (errno). */
bool store_walk(struct store *s, const char *path, bool (*f)(void *arg, struct store *s, const char *path),
                void *arg);

/* store_format.c. Rows end with one without `run`. */
struct store_migration {
    int from;
    int (*run)(struct store *s, struct outcome *o);
};
/* A fresh folder gets format `ours`; an older one is brought up row by row, each step noted on disk when it is
 * done; FL_ECONF: there is no way, it is newer, or it is no state. Nothing is written when opened to read. */
int store_format_check(struct store *s, int ours, const struct store_migration *table, struct outcome *o);
int store_format_open(struct store *s, struct outcome *o); /* with our own table */

#endif
