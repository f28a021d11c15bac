/* SPDX-License-Identifier: Apache-2.0 */
/* pace.c - one estimate a key under one lock. */
#include "engine/pace.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 64, FIRST_MS = 250, LEAST_MS = 20, MOST_MS = 30000 };

struct pace {
    pthread_mutex_t lock;
    struct {
        char key[96];
        int64_t ms;
        bool changed;
    } known[KEYS];
    size_t n;
};

struct pace *pace_new(void)
{
    struct pace *p = calloc(1, sizeof *p);
    if (p)
        pthread_mutex_init(&p->lock, NULL);
    return p;
}

void pace_free(struct pace *p)
{
    if (p)
        pthread_mutex_destroy(&p->lock);
    free(p);
}

static size_t find(const struct pace *p, const char *key)
{
    size_t i = 0;
    while (i < p->n && strcmp(p->known[i].key, key) != 0)
        i++;
    return i;
}

int64_t pace_first_look_ms(struct pace *p, const char *key)
{
    pthread_mutex_lock(&p->lock);
    size_t i = find(p, key);
    int64_t ms = i < p->n ? p->known[i].ms : FIRST_MS;
    pthread_mutex_unlock(&p->lock);
    return ms;
}

static int64_t within(int64_t ms) { return ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms; }

/* The count: there is no room for one more. */
static size_t make(struct pace *p, const char *key)
{
    size_t i = find(p, key);

    if (i == p->n && p->n < KEYS && text_copy(p->known[i].key, sizeof p->known[i].key, key))
        p->known[p->n++].ms = FIRST_MS;
    return i;
}

void pace_learn(struct pace *p, const char *key, int64_t took_ms, unsigned looks)
{
    pthread_mutex_lock(&p->lock);
    size_t i = make(p, key);
    if (i < p->n) {
        /* Ready at the first look: it may have been ready long before, so come a little earlier
         * the next time. Later looks: it took longer than thought. */
        int64_t ms = looks <= 1 ? p->known[i].ms * 9 / 10 : took_ms + took_ms / 10;
        p->known[i].changed = p->known[i].changed || within(ms) != p->known[i].ms;
        p->known[i].ms = within(ms);
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- on disk ------------------------------------------------------------------------------- */

static bool file_of(const char *authority, char out[120])
{
    return snprintf(out, 120, "%s pace", authority) < 120;
}

void pace_load(struct pace *p, struct store *s, const char *authority)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome o = { 0 };
    uint64_t version;
    char file[120], full[96];
    const char *key;
    json_t *ms;

    if (!file_of(authority, file) || store_get_json(s, STORE_BUDGET, file, &doc, &version, &o) != FL_OK)
        return;
    pthread_mutex_lock(&p->lock);
    json_object_foreach(json_object_get(doc, "ms"), key, ms)
    {
        if (!json_is_integer(ms) || snprintf(full, sizeof full, "%s/%s", authority, key) >= (int)sizeof full)
            continue;
        size_t i = make(p, full);
        if (i < p->n)
            p->known[i].ms = within(json_integer_value(ms));
    }
    pthread_mutex_unlock(&p->lock);
}

/* All of one authority's; NULL: no memory. `authority` gets its name. */
static json_t *all_of(struct pace *p, size_t first, char authority[96])
{
    json_t *doc = json_object(), *ms = json_object();
    size_t len = strcspn(p->known[first].key, "/");
    bool ok = json_put(doc, "ms", ms) && json_put_int(doc, "format", RECORD_FORMAT);

    snprintf(authority, 96, "%.*s", (int)len, p->known[first].key);
    for (size_t i = 0; i < p->n; i++)
        if (strncmp(p->known[i].key, p->known[first].key, len) == 0 && p->known[i].key[len] == '/') {
            ok = ok && json_put_int(ms, p->known[i].key + len + 1, p->known[i].ms);
            p->known[i].changed = false;
        }
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

void pace_save(struct pace *p, struct store *s)
{
    char authority[96], file[120];
    struct outcome o = { 0 };

    for (size_t i = 0; i < p->n; i++) {
        uint64_t version = 0;
        cleanup_(json_freep) json_t *doc = NULL, *old = NULL;
        pthread_mutex_lock(&p->lock);
        if (p->known[i].changed)
            doc = all_of(p, i, authority);
        pthread_mutex_unlock(&p->lock);
        if (doc && file_of(authority, file) &&
            store_get_json(s, STORE_BUDGET, file, &old, &version, &o) == FL_OK)
            store_put_json(s, STORE_BUDGET, file, doc, version, &version, &o);
    }
}
