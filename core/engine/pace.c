/* SPDX-License-Identifier: Apache-2.0 */
/* pace.c - one estimate a key under one lock. */
#include "engine/pace.h"

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 64, FIRST_MS = 250, LEAST_MS = 20, MOST_MS = 30000 };

struct pace {
    pthread_mutex_t lock;
    struct {
        char key[96];
        int64_t ms;
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

void pace_learn(struct pace *p, const char *key, int64_t took_ms, unsigned looks)
{
    pthread_mutex_lock(&p->lock);
    size_t i = find(p, key);
    if (i == p->n && p->n < KEYS && text_copy(p->known[i].key, sizeof p->known[i].key, key))
        p->known[p->n++].ms = FIRST_MS;
    if (i < p->n) {
        /* Ready at the first look: it may have been ready long before, so come a little earlier
         * the next time. Later looks: it took longer than thought. */
        int64_t ms = looks <= 1 ? p->known[i].ms * 9 / 10 : took_ms + took_ms / 10;
        p->known[i].ms = ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms;
    }
    pthread_mutex_unlock(&p->lock);
}
