/* SPDX-License-Identifier: Apache-2.0 */
/* line.c - a heap for each thing that is waited for, and a tree of the names that stand in one. */
#include "engine/line.h"

#include "base/mem.h"
#include "base/text.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* After so many refusals with no more than one between that came through, and every so many such once without a pause. */
enum { CRAWL_AFTER = 3, TRY_EVERY = 8 };

struct waiter {
    char *name;
    struct row *row;
    size_t at; /* on its heap, 1-based */
    int64_t urgent, free_ms;
    uint64_t came;
};
struct row {
    struct row *next;
    struct waiter **heap;
    size_t n, cap;
    int64_t pause_ms;
    unsigned passed, slow; /* since the last refusal; refusals in a row with hardly anything between */
    char key[HOLD_KEY];
};
struct line {
    pthread_mutex_t lock;
    struct row *rows; /* those in which somebody stands */
    void *by_name;
    uint64_t came;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct waiter *)a)->name, ((const struct waiter *)b)->name);
}

static void waiter_free(void *p)
{
    struct waiter *w = p;
    free(w->name);
    free(w);
}

struct line *line_new(void)
{
    struct line *l = calloc(1, sizeof *l);
    if (l)
        pthread_mutex_init(&l->lock, NULL);
    return l;
}

void line_free(struct line *l)
{
    if (!l)
        return;
    tdestroy(l->by_name, waiter_free);
    for (struct row *r = l->rows, *next; r; r = next) {
        next = r->next;
        free(r->heap);
        free(r);
    }
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- one row; all under the lock ---------------------------------------------------- */

static struct row **row_at(struct line *l, const char *key)
{
    struct row **at = &l->rows;
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static bool sooner(const struct waiter *a, int64_t urgent, uint64_t came)
{
    return a->urgent < urgent || (a->urgent == urgent && a->came < came);
}

static void place(struct row *r, size_t at, struct waiter *w)
{
    r->heap[at] = w;
    w->at = at;
}

/* To where it belongs, from a place that was left free. */
static void settle(struct row *r, size_t at, struct waiter *w)
{
    for (; at > 1 && sooner(w, r->heap[at / 2]->urgent, r->heap[at / 2]->came); at /= 2)
        place(r, at, r->heap[at / 2]);
    for (size_t child; (child = at * 2) <= r->n; at = child) {
        if (child < r->n && sooner(r->heap[child + 1], r->heap[child]->urgent, r->heap[child]->came))
            child++;
        if (sooner(w, r->heap[child]->urgent, r->heap[child]->came))
            break;
        place(r, at, r->heap[child]);
    }
    place(r, at, w);
}

static struct waiter *find(struct line *l, const char *name)
{
    struct waiter key = { .name = (char *)(uintptr_t)name };
    struct waiter **at = tfind(&key, &l->by_name, by_name);
    return at ? *at : NULL;
}

/* What nobody waits for is forgotten. */
static void leave(struct line *l, struct waiter *w)
{
    struct row *r = w->row;
    struct waiter *last = r->heap[r->n--];

    if (last != w)
        settle(r, w->at, last);
    tdelete(w, &l->by_name, by_name);
    waiter_free(w);
    if (r->n == 0) {
        *row_at(l, r->key) = r->next;
        free(r->heap);
        free(r);
    }
}

static struct row *row_made(struct line *l, const char *key)
{
    struct row **at = row_at(l, key);

    if (!*at && (*at = calloc(1, sizeof **at)) && !text_copy((*at)->key, HOLD_KEY, key)) {
        free(*at);
        *at = NULL;
    }
    return *at;
}

static struct waiter *waiter_made(struct line *l, struct row *r, const char *name)
{
    struct waiter *w =
        mem_grow(&r->heap, &r->cap, r->n + 2, sizeof(struct waiter *)) ? calloc(1, sizeof *w) : NULL;

    if (w && (w->name = strdup(name)) && tsearch(w, &l->by_name, by_name)) {
        w->row = r;
        w->at = ++r->n;
        w->came = ++l->came;
        return w;
    }
    if (w)
        waiter_free(w);
    if (r->n == 0) {
        *row_at(l, r->key) = r->next;
        free(r->heap);
        free(r);
    }
    return NULL;
}

static bool join(struct line *l, const char *key, const char *name, int64_t urgent, int64_t free_ms,
                 char left_out[HOLD_KEY])
{
    struct waiter *w = find(l, name);

    if (w && strcmp(w->row->key, key) != 0) {
        text_copy(left_out, HOLD_KEY, w->row->key);
        leave(l, w);
        w = NULL;
    }
    if (!w) {
        struct row *r = row_made(l, key);
        w = r ? waiter_made(l, r, name) : NULL;
    }
    if (!w)
        return false;
    w->urgent = urgent;
    w->free_ms = free_ms;
    settle(w->row, w->at, w);
    return true;
}

/* ---- for everybody -------------------------------------------------------------------- */

bool line_join(struct line *l, const char *key, const char *name, int64_t urgent, int64_t free_ms,
               char left_out[HOLD_KEY])
{
    left_out[0] = '\0';
    pthread_mutex_lock(&l->lock);
    bool stands = join(l, key, name, urgent, free_ms, left_out);
    pthread_mutex_unlock(&l->lock);
    return stands;
}

void line_leave(struct line *l, const char *name, char key_out[HOLD_KEY])
{
    key_out[0] = '\0';
    pthread_mutex_lock(&l->lock);
    struct waiter *w = find(l, name);
    if (w) {
        text_copy(key_out, HOLD_KEY, w->row->key);
        leave(l, w);
    }
    pthread_mutex_unlock(&l->lock);
}

bool line_first(struct line *l, const char *key, char name_out[LINE_NAME])
{
    pthread_mutex_lock(&l->lock);
    const struct row *r = *row_at(l, key);
    bool any = r && text_copy(name_out, LINE_NAME, r->heap[1]->name);
    pthread_mutex_unlock(&l->lock);
    return any;
}

size_t line_length(struct line *l, const char *key)
{
    pthread_mutex_lock(&l->lock);
    const struct row *r = *row_at(l, key);
    size_t n = r ? r->n : 0;
    pthread_mutex_unlock(&l->lock);
    return n;
}

bool line_before(struct line *l, const char *key, const char *name, int64_t urgent, int64_t now_ms)
{
    pthread_mutex_lock(&l->lock);
    const struct row *r = *row_at(l, key);
    const struct waiter *w = r ? find(l, name) : NULL, *first = r ? r->heap[1] : NULL;
    bool before = first && first != w && (!w || now_ms < w->free_ms) &&
                  sooner(first, urgent, w && w->row == r ? w->came : UINT64_MAX);
    pthread_mutex_unlock(&l->lock);
    return before;
}

void line_refused(struct line *l, const char *key, int64_t pause_ms)
{
    pthread_mutex_lock(&l->lock);
    struct row *r = *row_at(l, key);
    if (r) {
        r->slow = r->passed <= 1 ? r->slow + 1 : 0;
        r->passed = 0;
        r->pause_ms = pause_ms;
    }
    pthread_mutex_unlock(&l->lock);
}

int64_t line_passed(struct line *l, const char *key)
{
    int64_t pause_ms = 0;

    pthread_mutex_lock(&l->lock);
    struct row *r = *row_at(l, key);
    if (r && ++r->passed % TRY_EVERY && r->slow >= CRAWL_AFTER)
        pause_ms = r->pause_ms;
    pthread_mutex_unlock(&l->lock);
    return pause_ms;
}
