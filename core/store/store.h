/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the door to all state: every write is compare-and-swap.
 *
 * Keys are texts of 1 to 400 bytes without control characters (names of certificates, zones, accounts; FL_ECONF
 * otherwise); how they become file names is the store's business. Values are byte strings of at most 8 MiB. A value
 * that was put is on disk, whole, when put() returns; after a crash either the old or the new one is there.
 *
 * A version stands for the bytes: a value that was changed and changed back has the version that it had. 0 is none.
 * A disk that is full, read-only or broken is FL_ETEMP, a folder that is not ours to use FL_ECONF; the message says
 * which path and what to do. Thread-safe; different keys are written at the same time.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/json.h"
#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_group {
    STORE_ACCOUNTS,
    STORE_CERTS,
    STORE_ARCHIVE,
    STORE_JOURNAL,
    STORE_BUDGET,
    STORE_PLUGINS,
    STORE_GROUPS
};
struct store;
/* Makes the folders, takes the lock (held by another process: FL_ETEMP, with its pid), checks the format and
 * migrates. Left-over temporary files of a crash are removed. */
int store_open(const char *dir, struct store **out, struct outcome *o);
/* For looking only (`status` beside a running daemon): no lock, nothing made; writes are FL_ECONF. So is a folder
 * that is not there yet or that has an older format. */
int store_open_to_read(const char *dir, struct store **out, struct outcome *o);
void store_close(struct store *s);

/* FL_OK also when there is none: data NULL, version 0. `*data_out` is NUL-terminated and the caller's. */
int store_get(struct store *s, enum store_group g, const char *key, char **data_out, size_t *len_out,
              uint64_t *version_out, struct outcome *o);
/* `version_read` 0: there must be none yet. FL_ESTALE: somebody wrote in between, or is writing this key just now;
 * nothing was changed: get it again. */
int store_put(struct store *s, enum store_group g, const char *key, const void *data, size_t len,
              uint64_t version_read, uint64_t *version_out, struct outcome *o);
int store_delete(struct store *s, enum store_group g, const char *key, uint64_t version_read,
                 struct outcome *o);
/* Sorted, NULL-terminated; store_keys_free(). */
int store_list(struct store *s, enum store_group g, char ***keys_out, struct outcome *o);
void store_keys_free(char **keys);
/* The same with JSON objects; *out NULL when there is none, FL_EPROTO when it is damaged (the message names the file). */
int store_get_json(struct store *s, enum store_group g, const char *key, json_t **out, uint64_t *version_out,
                   struct outcome *o);
/* For what must not stop anything: a damaged value counts as none, under its version. */
int store_salvage_json(struct store *s, enum store_group g, const char *key, json_t **out,
                       uint64_t *version_out, struct outcome *o);
/* Only to look at: it may be everybody's, and is not to be changed; json_decref() when done. */
int store_view_json(struct store *s, enum store_group g, const char *key, json_t **out, struct outcome *o);
int store_put_json(struct store *s, enum store_group g, const char *key, const json_t *value,
                   uint64_t version_read, uint64_t *version_out, struct outcome *o);
/* Path of a folder of somebody else's in the state ("keys"). */
void store_dir(const struct store *s, const char *sub, char *out, size_t size);

#endif
