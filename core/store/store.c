/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - get, compare-and-swap put, delete, list. */
#include "store/store.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A key that is being written. The list is locked, the write is not: who finds his key
 * in it has lost the race already. */
struct store_writing {
    const char *path;
    struct store_writing *next;
};

static bool begin(struct store *s, struct store_writing *w)
{
    bool free_to_go = true;

    pthread_mutex_lock(&s->lock);
    for (const struct store_writing *x = s->writing; x && free_to_go; x = x->next)
        free_to_go = strcmp(x->path, w->path) != 0;
    if (free_to_go) {
        w->next = s->writing;
        s->writing = w;
    }
    pthread_mutex_unlock(&s->lock);
    return free_to_go;
}

static void end(struct store *s, const struct store_writing *w)
{
    pthread_mutex_lock(&s->lock);
    struct store_writing **at = &s->writing;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    pthread_mutex_unlock(&s->lock);
}

/* The version is what the content says: the same bytes are the same version, for every process. */
static uint64_t version_of(const void *data, size_t len)
{
    uint8_t digest[64];
    uint64_t version = 0;

    if (!digest_sha2(256, data, len, digest))
        return 0;
    memcpy(&version, digest, sizeof version);
    return version ? version : 1;
}

static int read_value(struct store *s, const char *path, char **data_out, size_t *len_out,
                      uint64_t *version_out, struct outcome *o)
{
    char *data = NULL;
    size_t len = 0;
    int err = file_read(s->root, path, STORE_VALUE_MAX, &data, &len);

    if (err == -ENOENT || err == -ENOTDIR) {
        *data_out = NULL;
        *len_out = 0;
        *version_out = 0;
        return FL_OK;
    }
    if (err)
        return store_errno(s, "cannot read", path, err, o);
    *version_out = version_of(data, len);
    if (!*version_out) {
        free(data);
        return outcome_nomem(o);
    }
    *data_out = data;
    *len_out = len;
    return FL_OK;
}

int store_get(struct store *s, enum store_group g, const char *key, char **data_out, size_t *len_out,
              uint64_t *version_out, struct outcome *o)
{
    char path[STORE_PATH_MAX];
    int code = store_path(g, key, path, o);

    return code == FL_OK ? read_value(s, path, data_out, len_out, version_out, o) : code;
}

static int compare(struct store *s, const char *path, uint64_t version_read, struct outcome *o)
{
    auto_free char *data = NULL;
    size_t len;
    uint64_t version = 0;
    int code = read_value(s, path, &data, &len, &version, o);

    if (code == FL_OK && version != version_read)
        return outcome_fail(o, FL_ESTALE, "%s/%s was changed in between", s->dir, path);
    return code;
}

/* The folder of a spread or long key is made when it is first needed. */
static int make_folder(struct store *s, enum store_group g, const char *path, struct outcome *o)
{
    char folder[STORE_PATH_MAX];

    (void)text_copy(folder, sizeof folder, path);
    *strrchr(folder, '/') = '\0';
    int err = file_mkdirs(s->root, folder, store_groups[g].dir_mode);
    return err ? store_errno(s, "cannot make", folder, err, o) : FL_OK;
}

static int swap(struct store *s, enum store_group g, const char *path, const void *data, size_t len,
                struct outcome *o)
{
    int code = make_folder(s, g, path, o);
    int err = code == FL_OK ? file_write_durable(s->root, path, store_groups[g].file_mode, data, len) : 0;

    return err ? store_errno(s, "cannot write", path, err, o) : code;
}

static int begin_write(struct store *s, enum store_group g, const char *key, char path[STORE_PATH_MAX],
                       struct store_writing *w, struct outcome *o)
{
    int code = store_path(g, key, path, o);

    if (code != FL_OK)
        return code;
    if (s->read_only)
        return outcome_fail(o, FL_ECONF, "the state %s was opened for reading only", s->dir);
    w->path = path;
    return begin(s, w) ? FL_OK : outcome_fail(o, FL_ESTALE, "%s/%s is being written", s->dir, path);
}

int store_put(struct store *s, enum store_group g, const char *key, const void *data, size_t len,
              uint64_t version_read, uint64_t *version_out, struct outcome *o)
{
    char path[STORE_PATH_MAX];
    struct store_writing w;
    uint64_t version = version_of(data, len);

    if (len > STORE_VALUE_MAX)
        return outcome_fail(o, FL_ECONF, "%s cannot be kept: it has %zu bytes, the most are %d", key, len,
                            STORE_VALUE_MAX);
    if (!version)
        return outcome_nomem(o);
    int code = begin_write(s, g, key, path, &w, o);
    if (code != FL_OK)
        return code;
    code = compare(s, path, version_read, o);
    if (code == FL_OK && version != version_read)
        code = swap(s, g, path, data, len, o);
    end(s, &w);
    if (code == FL_OK)
        *version_out = version;
    return code;
}

int store_delete(struct store *s, enum store_group g, const char *key, uint64_t version_read,
                 struct outcome *o)
{
    char path[STORE_PATH_MAX];
    struct store_writing w;
    int code = begin_write(s, g, key, path, &w, o);

    if (code != FL_OK)
        return code;
    code = compare(s, path, version_read, o);
    int err = code == FL_OK && version_read ? file_remove_durable(s->root, path) : 0;
    end(s, &w);
    return err ? store_errno(s, "cannot remove", path, err, o) : code;
}

/* ---- list ----------------------------------------------------------------------- */

struct listing {
    enum store_group group;
    char **keys;
    size_t n, cap, skip; /* skip: bytes of the path before the key's part */
    bool nomem;
};

static bool add_key(void *arg, struct store *s, const char *path)
{
    struct listing *l = arg;
    char key[STORE_KEY_MAX + 1], own[STORE_PATH_MAX];
    struct outcome o;

    (void)s;
    if (strlen(path) <= l->skip || !store_unpath(path + l->skip, key))
        return true;
    /* A stranger's file that reads like a key of ours: get() would not find it. */
    if (store_path(l->group, key, own, &o) != FL_OK || strcmp(own, path) != 0)
        return true;
    l->nomem = !mem_grow(&l->keys, &l->cap, l->n + 2, sizeof *l->keys) || !(l->keys[l->n] = strdup(key));
    if (!l->nomem)
        l->keys[++l->n] = NULL;
    return !l->nomem;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int store_list(struct store *s, enum store_group g, char ***keys_out, struct outcome *o)
{
    struct listing l = { .group = g,
                         .skip = strlen(store_groups[g].name) + 1 + (store_groups[g].spread ? 3 : 0) };

    if (!mem_grow(&l.keys, &l.cap, 1, sizeof *l.keys))
        return outcome_nomem(o);
    l.keys[0] = NULL;
    if (!store_walk(s, store_groups[g].name, add_key, &l)) {
        int err = -errno;
        store_keys_free(l.keys);
        return l.nomem ? outcome_nomem(o) : store_errno(s, "cannot list", store_groups[g].name, err, o);
    }
    qsort(l.keys, l.n, sizeof *l.keys, by_text);
    *keys_out = l.keys;
    return FL_OK;
}

void store_keys_free(char **keys)
{
    for (char **k = keys; k && *k; k++)
        free(*k);
    free(keys);
}

/* ---- JSON ------------------------------------------------------------------------- */

/* NULL and `why` "": there is none. */
static int read_object(struct store *s, enum store_group g, const char *key, json_t **out,
                       uint64_t *version_out, char why[128], struct outcome *o)
{
    auto_free char *data = NULL;
    size_t len = 0;
    int code = store_get(s, g, key, &data, &len, version_out, o);
    cleanup_(json_freep) json_t *value = code == FL_OK && data ? json_parse(data, len, why) : NULL;

    if (code != FL_OK || !data)
        return code;
    if (!value && !why[0])
        return outcome_nomem(o);
    if (json_is_object(value))
        *out = take_ptr(value);
    else if (value)
        (void)text_copy(why, 128, "no object");
    return FL_OK;
}

int store_get_json(struct store *s, enum store_group g, const char *key, json_t **out, uint64_t *version_out,
                   struct outcome *o)
{
    char why[128] = "", path[STORE_PATH_MAX];
    json_t *value = NULL;
    uint64_t version = 0;
    int code = read_object(s, g, key, &value, &version, why, o);

    if (code == FL_OK && why[0]) {
        (void)store_path(g, key, path, o);
        return outcome_fail(o, FL_EPROTO, "%s/%s is damaged (%s): restore it from a backup or remove it",
                            s->dir, path, why);
    }
    if (code == FL_OK) {
        *out = value;
        *version_out = version;
    }
    return code;
}

int store_salvage_json(struct store *s, enum store_group g, const char *key, json_t **out,
                       uint64_t *version_out, struct outcome *o)
{
    char why[128] = "";

    *out = NULL;
    return read_object(s, g, key, out, version_out, why, o);
}

int store_put_json(struct store *s, enum store_group g, const char *key, const json_t *value,
                   uint64_t version_read, uint64_t *version_out, struct outcome *o)
{
    auto_free char *text = json_text(value);

    return text ? store_put(s, g, key, text, strlen(text), version_read, version_out, o) : outcome_nomem(o);
}
