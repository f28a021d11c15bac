/* SPDX-License-Identifier: Apache-2.0 */
/* sim_store.c - a disk that is a table in memory: stands in for core/store. */
#include "sim.h"
#include "store/store.h"

#include "base/mem.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { BUCKETS = 1 << 16 };
struct entry {
    struct entry *next;
    json_t *value;
    uint64_t version;
    enum store_group group;
    char key[];
};
struct store {
    pthread_mutex_t lock;
    uint64_t version;
    struct entry *buckets[BUCKETS];
};

static struct entry **find(struct store *s, enum store_group g, const char *key)
{
    uint32_t h = 2166136261u ^ (uint32_t)g;

    for (const char *c = key; *c; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    struct entry **at = &s->buckets[(h ^ h >> 16) % BUCKETS];
    while (*at && ((*at)->group != g || strcmp((*at)->key, key) != 0))
        at = &(*at)->next;
    return at;
}

/* As a disk would: what is changed afterwards is not changed there. But texts and numbers are never changed in place, and
 * these three, the bulk of a record, are written whenever they are. */
static bool shared(const char *key)
{
    return strcmp(key, "history") == 0 || strcmp(key, "live") == 0 || strcmp(key, "asked") == 0;
}
/* For who reads. */
static json_t *copy_of(const json_t *value)
{
    json_t *in = (json_t *)(uintptr_t)value, *out, *item;
    const char *key;
    size_t i;

    if (json_is_object(value)) {
        out = json_object();
        json_object_foreach(in, key, item)
            json_object_set_new_nocheck(out, key, shared(key) ? json_incref(item) : copy_of(item));
        return out;
    }
    if (!json_is_array(value))
        return json_incref(in);
    out = json_array();
    json_array_foreach(value, i, item) json_array_append_new(out, copy_of(item));
    return out;
}
/* For the disk: what lies there already stays where it is. */
static json_t *written(const json_t *value)
{
    json_t *in = (json_t *)(uintptr_t)value, *out, *item;
    const char *key;

    sim_block_begin();
    out = json_object();
    json_object_foreach(in, key, item) json_object_set_new_nocheck(
        out, key, shared(key) && sim_block_has(item) ? json_incref(item) : json_deep_copy(item));
    sim_block_end();
    return out;
}

int store_open(const char *dir, struct store **out, struct outcome *o)
{
    (void)dir;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return outcome_nomem(o);
    pthread_mutex_init(&(*out)->lock, NULL);
    sim.stores = true;
    return outcome_ok(o);
}
void store_close(struct store *s)
{
    for (size_t i = 0; s && i < BUCKETS; i++)
        for (struct entry *e = s->buckets[i], *next; e; e = next) {
            next = e->next;
            json_decref(e->value);
            free(e);
        }
    free(s);
}
int store_get_json(struct store *s, enum store_group g, const char *key, json_t **out, uint64_t *version_out,
                   struct outcome *o)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *e = *find(s, g, key);
    *out = e ? copy_of(e->value) : NULL;
    *version_out = e ? e->version : 0;
    pthread_mutex_unlock(&s->lock);
    return outcome_ok(o);
}
int store_view_json(struct store *s, enum store_group g, const char *key, json_t **out, struct outcome *o)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *e = *find(s, g, key);
    *out = e ? json_incref(e->value) : NULL;
    pthread_mutex_unlock(&s->lock);
    return outcome_ok(o);
}
/* Head and key in two lines of a cache that are fetched together. */
static struct entry *entry_room(const char *key)
{
    enum { LINES = 128 };
    return aligned_alloc(LINES, (sizeof(struct entry) + strlen(key) + 1 + LINES - 1) / LINES * LINES);
}
/* Under the lock: the one that may be written, made if there must be none yet. */
static struct entry *writable(struct store *s, enum store_group g, const char *key, uint64_t version_read)
{
    struct entry **at = find(s, g, key);

    if (*at)
        return (*at)->version == version_read ? *at : NULL;
    if (version_read || !(*at = entry_room(key)))
        return NULL;
    **at = (struct entry){ .next = NULL };
    (*at)->group = g;
    memcpy((*at)->key, key, strlen(key) + 1);
    return *at;
}
int store_put_json(struct store *s, enum store_group g, const char *key, const json_t *value,
                   uint64_t version_read, uint64_t *version_out, struct outcome *o)
{
    if (sim_outage() == SIM_DISK)
        return outcome_fail(o, FL_ETEMP, "the disk is full");
    json_t *copy = written(value);
    if (!copy)
        return outcome_nomem(o);
    pthread_mutex_lock(&s->lock);
    struct entry *e = writable(s, g, key, version_read);
    if (e) {
        json_decref(e->value);
        e->value = copy;
        *version_out = e->version = ++s->version;
        sim.writes++;
    }
    pthread_mutex_unlock(&s->lock);
    if (e)
        return outcome_ok(o);
    json_decref(copy);
    return outcome_fail(o, FL_ESTALE, "somebody wrote %s in between", key);
}
int store_salvage_json(struct store *s, enum store_group g, const char *key, json_t **out,
                       uint64_t *version_out, struct outcome *o)
{
    return store_get_json(s, g, key, out, version_out, o);
}
int store_delete(struct store *s, enum store_group g, const char *key, uint64_t version_read,
                 struct outcome *o)
{
    if (sim_outage() == SIM_DISK)
        return outcome_fail(o, FL_ETEMP, "the disk is full");
    pthread_mutex_lock(&s->lock);
    struct entry **at = find(s, g, key), *e = *at;
    bool same = e && e->version == version_read;
    if (same) {
        *at = e->next;
        json_decref(e->value);
        free(e);
    }
    pthread_mutex_unlock(&s->lock);
    return same || !version_read ? outcome_ok(o)
                                 : outcome_fail(o, FL_ESTALE, "somebody wrote %s in between", key);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int store_list(struct store *s, enum store_group g, char ***keys_out, struct outcome *o)
{
    char **keys = NULL;
    size_t n = 0, cap = 0;
    bool ok = mem_grow(&keys, &cap, 1, sizeof *keys);

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; ok && i < BUCKETS; i++)
        for (const struct entry *e = s->buckets[i]; ok && e; e = e->next)
            if (e->group == g && (ok = mem_grow(&keys, &cap, n + 2, sizeof *keys)))
                keys[n++] = strdup(e->key);
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        return outcome_nomem(o);
    qsort(keys, n, sizeof *keys, by_text);
    keys[n] = NULL;
    *keys_out = keys;
    return outcome_ok(o);
}
void store_keys_free(char **keys)
{
    for (char **k = keys; k && *k; k++)
        free(*k);
    free(keys);
}
void store_dir(const struct store *s, const char *sub, char *out, size_t size)
{
    (void)s;
    snprintf(out, size, "/nowhere/%s", sub);
}
