/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.c - the store of tests: in memory, and it can break. */
#include "fake_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 256 };
struct store {
    pthread_mutex_t lock;
    struct entry {
        enum store_group group;
        char *key, *text;
        uint64_t version;
    } at[ENTRIES];
    size_t n;
    unsigned breaks_in, writes;
    bool broken;
    char *shown;
};

struct store *fake_store_new(void)
{
    struct store *s = calloc(1, sizeof *s);
    if (s)
        pthread_mutex_init(&s->lock, NULL);
    return s;
}

void fake_store_free(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i].key);
        free(s->at[i].text);
    }
    free(s->shown);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct entry *find(struct store *s, enum store_group g, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i].group == g && strcmp(s->at[i].key, key) == 0)
            return &s->at[i];
    return NULL;
}

void fake_store_break(struct store *s, unsigned nth)
{
    pthread_mutex_lock(&s->lock);
    s->breaks_in = nth;
    s->broken = false;
    pthread_mutex_unlock(&s->lock);
}

bool fake_store_broken(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    bool broken = s->broken;
    pthread_mutex_unlock(&s->lock);
    return broken;
}

unsigned fake_store_writes(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->writes;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const char *fake_store_text(struct store *s, enum store_group g, const char *key)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(s, g, key);
    free(s->shown);
    s->shown = e && e->text ? strdup(e->text) : NULL;
    pthread_mutex_unlock(&s->lock);
    return s->shown;
}

/* With the lock held. */
static int replace(struct store *s, enum store_group g, const char *key, char *text, uint64_t read,
                   uint64_t *version, struct outcome *o)
{
    struct entry *e = find(s, g, key);
    uint64_t now = e && e->text ? e->version : 0;
    if (s->breaks_in == 1) {
        s->broken = true;
        free(text);
        return outcome_fail(o, FL_ETEMP, "the disk is gone");
    }
    if (s->breaks_in > 1)
        s->breaks_in--;
    if (now != read || (!e && s->n == ENTRIES)) {
        free(text);
        return outcome_fail(o, FL_ESTALE, "version %llu, not %llu", (unsigned long long)now,
                            (unsigned long long)read);
    }
    if (!e) {
        e = &s->at[s->n++];
        *e = (struct entry){ .group = g, .key = strdup(key) };
    }
    free(e->text);
    e->text = text;
    e->version++;
    s->writes++;
    if (version)
        *version = e->version;
    return outcome_ok(o);
}

void fake_store_damage(struct store *s, enum store_group g, const char *key)
{
    struct outcome o;
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(s, g, key);
    (void)replace(s, g, key, strdup("{\"format\":99}"), e ? e->version : 0, NULL, &o);
    pthread_mutex_unlock(&s->lock);
}

int store_get_json(struct store *s, enum store_group g, const char *key, json_t **out, uint64_t *version_out,
                   struct outcome *o)
{
    char why[128];
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(s, g, key);
    *out = e && e->text ? json_parse(e->text, strlen(e->text), why) : NULL;
    *version_out = e && e->text ? e->version : 0;
    pthread_mutex_unlock(&s->lock);
    return outcome_ok(o);
}

int store_salvage_json(struct store *s, enum store_group g, const char *key, json_t **out,
                       uint64_t *version_out, struct outcome *o)
{
    return store_get_json(s, g, key, out, version_out, o);
}

int store_put_json(struct store *s, enum store_group g, const char *key, const json_t *value,
                   uint64_t version_read, uint64_t *version_out, struct outcome *o)
{
    char *text = json_text(value);
    if (!text)
        return outcome_nomem(o);
    pthread_mutex_lock(&s->lock);
    int code = replace(s, g, key, text, version_read, version_out, o);
    pthread_mutex_unlock(&s->lock);
    return code;
}

int store_delete(struct store *s, enum store_group g, const char *key, uint64_t version_read,
                 struct outcome *o)
{
    pthread_mutex_lock(&s->lock);
    int code = replace(s, g, key, NULL, version_read, NULL, o);
    pthread_mutex_unlock(&s->lock);
    return code;
}

int store_list(struct store *s, enum store_group g, char ***keys_out, struct outcome *o)
{
    char **keys = calloc(ENTRIES + 1, sizeof *keys);
    size_t n = 0;
    if (!keys)
        return outcome_nomem(o);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i].group == g && s->at[i].text)
            keys[n++] = strdup(s->at[i].key);
    pthread_mutex_unlock(&s->lock);
    *keys_out = keys;
    return outcome_ok(o);
}

void store_keys_free(char **keys)
{
    for (size_t i = 0; keys && keys[i]; i++)
        free(keys[i]);
    free(keys);
}
