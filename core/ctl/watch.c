/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - progress lines. */
#include "ctl/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/judge.h"

#include <string.h>
#include <sys/ioctl.h>

enum { TEXT = OUTCOME_MSG + 80, AGAIN = 32 }; /* a terminal shows what fits, a log all of it */
struct watch_line {
    char name[300], text[TEXT + AGAIN];
};

/* Rows and columns; what a terminal does not say is taken as usual. */
static struct winsize room(FILE *f)
{
    struct winsize size = { 0 };

    if (ioctl(fileno(f), TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        size.ws_row = 24;
    if (size.ws_col == 0)
        size.ws_col = 80;
    return size;
}

void watch_init(struct watch *w, const struct model *m, FILE *f)
{
    *w = (struct watch){ .f = f };
    w->lines = mem_array(m->ncertificates + 1, sizeof *w->lines); /* the last one is for all the rest */
    for (size_t i = 0; w->lines && i < m->ncertificates; i++)
        text_copy(w->lines[w->n++].name, sizeof w->lines->name, m->certificates[i].name);
    /* What does not fit cannot be rewritten in place. */
    w->terminal = w->lines && isatty(fileno(f)) && w->n + 2 < room(f).ws_row;
}

/* Back to where the first line is, and nothing below it. */
static void rewind_lines(struct watch *w)
{
    if (w->drawn)
        fprintf(w->f, "\r\033[%zuA", w->drawn);
    fputs("\r\033[J", w->f);
    w->drawn = 0;
}

void watch_done(struct watch *w)
{
    if (w->lines && w->terminal) {
        rewind_lines(w); /* what follows says it better */
        fflush(w->f);
    }
    free(take_ptr(w->lines));
    w->n = 0;
}

/* `again` is what changes from one look to the next. */
static void say(const struct progress *p, char out[TEXT], char again[AGAIN])
{
    char span[16];
    const char *kind = strcmp(p->kind, "certificate") == 0 ? "" : p->kind;
    bool failed = p->code != FL_OK && p->code != FL_EAGAIN;

    again[0] = '\0';
    snprintf(out, TEXT, "%s%s%s: %s%s%s", kind, kind[0] ? " " : "", p->step,
             failed ? outcome_code_name(p->code) : "", failed ? ": " : "", p->msg[0] ? p->msg : p->help);
    if (p->code == FL_OK || p->next_ms == JUDGE_NEVER)
        return;
    int64_t left_ms = p->next_ms - clock_wall_ms();
    clock_span(left_ms > 0 ? left_ms : 0, span);
    snprintf(again, AGAIN, "; again in %s", span);
}

/* Prints at most `columns` characters, none of them halved. */
static int put(FILE *f, const char *text, int columns)
{
    int n = 0;

    for (size_t len; *text && n < columns; text += len, n++) {
        len = text_utf8_next(text, strlen(text));
        len = len ? len : 1;
        fwrite(text, 1, len, f);
    }
    return n;
}

static void redraw(struct watch *w)
{
    int columns = room(w->f).ws_col - 1, names = columns > 70 ? 30 : 15;

    rewind_lines(w);
    for (size_t i = 0; i <= w->n; i++) {
        if (i == w->n && !w->lines[i].name[0])
            break;
        int used = put(w->f, w->lines[i].name, names);
        for (; used <= names && used < columns; used++)
            fputc(' ', w->f);
        put(w->f, w->lines[i].text, columns - used);
        fputc('\n', w->f);
        w->drawn++;
    }
    fflush(w->f);
}

/* Lineages and deliveries are told on their certificate's line. */
static bool is_about(const struct watch_line *line, const struct progress *p)
{
    size_t len = strlen(line->name);

    return strncmp(p->name, line->name, len) == 0 &&
           (!p->name[len] || p->name[len] == '>' || p->name[len] == '+');
}

static struct watch_line *line_of(struct watch *w, const struct progress *p)
{
    for (size_t i = 0; i < w->n; i++)
        if (is_about(&w->lines[i], p))
            return &w->lines[i];
    return NULL;
}

/* On a terminal every look, elsewhere what is new. */
static void tell(struct watch *w, struct watch_line *line, const struct progress *p)
{
    char text[TEXT], again[AGAIN];

    say(p, text, again);
    if (!w->terminal) {
        if (strcmp(line->text, text) == 0)
            return;
        text_copy(line->text, sizeof line->text, text);
        fprintf(w->f, "%s: %s%s\n", p->name, text, again);
        fflush(w->f);
        return;
    }
    snprintf(line->text, sizeof line->text, "%s%s", text, again);
    redraw(w);
}

void watch_progress(void *arg, const struct progress *p)
{
    struct watch *w = arg;
    bool ours = strcmp(p->kind, "certificate") == 0 || strcmp(p->kind, "delivery") == 0;
    struct watch_line *line = w->lines && ours ? line_of(w, p) : NULL;

    if (line)
        tell(w, line, p);
    if (ours || !w->lines || p->code == FL_EAGAIN)
        return;
    /* Others are spoken of when they fail, until something goes well again. */
    line = &w->lines[w->n];
    if (p->code == FL_OK && strcmp(line->name, p->name) != 0)
        return;
    text_copy(line->name, sizeof line->name, p->code == FL_OK ? "" : p->name);
    line->text[0] = '\0';
    if (p->code != FL_OK)
        tell(w, line, p);
}
