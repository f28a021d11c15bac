/* SPDX-License-Identifier: Apache-2.0 */
/* collide.c - what no two certificates may share, and what they had better not. */
#include "base/buf.h"
#include "base/mem.h"
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by key, and by place in the configuration where keys are the same. */
struct mark {
    const char *key;
    const struct model_certificate *cert;
};

static int compare(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    int by_key = strcmp(a->key, b->key);
    return by_key ? by_key : a->cert < b->cert ? -1 : a->cert > b->cert;
}
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
/* The names in an order that does not depend on how they are written. */
static const char *set_of(struct arena *a, const struct model_certificate *c)
{
    const char *sorted[KEEPER_NAMES];
    size_t n = 0;
    cleanup_(buf_done) struct buf b = BUF(KEEPER_NAMES * KEEPER_NAME);

    for (; n < KEEPER_NAMES && c->names[n]; n++)
        sorted[n] = c->names[n];
    if (n)
        qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s ", sorted[i]);
    a->starved = a->starved || b.failed;
    return arena_strdup(a, buf_text(&b));
}
static void same_name(struct diag *d, const struct model_certificate *first,
                      const struct model_certificate *c)
{
    diag_error(d, c->file, c->line,
               "certificate %s: the one at %s:%d has the same name: give one of them another `name`", c->name,
               first->file, first->line);
}
static void same_file(struct diag *d, const struct model_certificate *first,
                      const struct model_certificate *c)
{
    if (strcmp(first->name, c->name) != 0)
        diag_error(
            d, c->file, c->line,
            "certificate %s: its file name is %s, and so is that of %s at %s:%d: give one of them another `name`",
            c->name, c->file_name, first->name, first->file, first->line);
}
static void same_set(struct diag *d, const struct model_certificate *first, const struct model_certificate *c)
{
    if (strcmp(first->name, c->name) != 0)
        diag_warning(
            d, c->file, c->line,
            "certificate %s: it is for the same names as %s at %s:%d: one certificate may have several sinks and "
            "kinds of key",
            c->name, first->name, first->file, first->line);
}
static void report(struct mark *v, size_t n, struct diag *d,
                   void (*say)(struct diag *d, const struct model_certificate *first,
                               const struct model_certificate *c))
{
    size_t first = 0;

    if (n)
        qsort(v, n, sizeof *v, compare);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(v[first].key, v[i].key) != 0)
            first = i;
        else if (*v[i].key)
            say(d, v[first].cert, v[i].cert);
    }
}
bool model_check_collisions(struct model *m)
{
    auto_free struct mark *v = mem_array(m->ncertificates, sizeof *v);

    if (!v)
        return false;
    for (size_t i = 0; i < m->ncertificates; i++)
        v[i] = (struct mark){ m->certificates[i].name, &m->certificates[i] };
    report(v, m->ncertificates, m->opts.diag, same_name);
    for (size_t i = 0; i < m->ncertificates; i++)
        v[i].key = v[i].cert->file_name;
    report(v, m->ncertificates, m->opts.diag, same_file);
    for (size_t i = 0; i < m->ncertificates; i++)
        v[i].key = set_of(m->opts.arena, v[i].cert);
    report(v, m->ncertificates, m->opts.diag, same_set);
    return !m->opts.arena->starved;
}
