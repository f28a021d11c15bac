/* SPDX-License-Identifier: Apache-2.0 */
/* diag.c - messages are kept in an array, sorted when printed. */
#include "conf/diag.h"

#include "base/arena.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct message {
    const char *file, *text;
    int line;
    bool error, main;
    size_t seq;
};
struct diag {
    struct arena arena;
    struct message *all;
    size_t n, cap;
    unsigned errors, warnings;
    const char *main;
    bool starved;
};

struct diag *diag_new(void) { return calloc(1, sizeof(struct diag)); }
void diag_free(struct diag *d)
{
    if (!d)
        return;
    arena_done(&d->arena);
    free(d->all);
    free(d);
}
void diag_main(struct diag *d, const char *file)
{
    d->main = arena_strdup(&d->arena, file);
    d->starved = d->starved || d->arena.starved;
}
static bool said(const struct diag *d, const struct message *m)
{
    /* Whoever says a thing twice says it in a row, or nearly: a look at the latest few is enough. */
    for (size_t i = d->n; i > 0 && i + 32 > d->n; i--) {
        const struct message *o = &d->all[i - 1];
        if (o->line == m->line && o->error == m->error && !strcmp(o->text, m->text) &&
            !strcmp(o->file, m->file))
            return true;
    }
    return false;
}
static void add(struct diag *d, bool error, const char *file, int line, const char *fmt, va_list ap)
    FL_PRINTF(5, 0);
static void add(struct diag *d, bool error, const char *file, int line, const char *fmt, va_list ap)
{
    struct message m = { .line = line, .error = error, .seq = d->n };

    m.text = arena_vprintf(&d->arena, fmt, ap);
    m.file = arena_strdup(&d->arena, file ? file : "");
    if (d->arena.starved || !mem_grow(&d->all, &d->cap, d->n + 1, sizeof *d->all)) {
        d->starved = true;
        return;
    }
    if (said(d, &m))
        return;
    d->all[d->n++] = m;
    d->errors += error;
    d->warnings += !error;
}
void diag_error(struct diag *d, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, true, file, line, fmt, ap);
    va_end(ap);
}
void diag_warning(struct diag *d, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, false, file, line, fmt, ap);
    va_end(ap);
}
unsigned diag_errors(const struct diag *d) { return d->errors + d->starved; }
unsigned diag_warnings(const struct diag *d) { return d->warnings; }
static int compare(const void *left, const void *right)
{
    const struct message *a = left, *b = right;
    int by_file;

    if (a->main != b->main)
        return a->main ? -1 : 1;
    by_file = strcmp(a->file, b->file);
    if (by_file)
        return by_file;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}
static void print_clean(const char *text, FILE *f)
{
    for (; *text; text++)
        fputc(iscntrl((unsigned char)*text) ? '?' : *text, f);
}
void diag_print(struct diag *d, FILE *f)
{
    for (size_t i = 0; i < d->n; i++)
        d->all[i].main = d->main && !strcmp(d->all[i].file, d->main);
    if (d->n)
        qsort(d->all, d->n, sizeof *d->all, compare);
    for (size_t i = 0; i < d->n; i++) {
        const struct message *m = &d->all[i];
        print_clean(m->file, f);
        if (m->line > 0)
            fprintf(f, ":%d", m->line);
        fprintf(f, ": %s: ", m->error ? "error" : "warning");
        print_clean(m->text, f);
        fputc('\n', f);
    }
    if (d->starved)
        fputs("error: out of memory: not everything was looked at\n", f);
}
void diag_counts(const struct diag *d, char out[64])
{
    unsigned e = diag_errors(d), w = diag_warnings(d);
    snprintf(out, 64, "%u error%s, %u warning%s", e, e == 1 ? "" : "s", w, w == 1 ? "" : "s");
}
