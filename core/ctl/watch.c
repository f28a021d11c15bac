/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - progress lines. */
#include "ctl/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/judge.h"

#include <string.h>
#include <sys/ioctl.h>

enum { TEXT = OUTCOME_MSG + 80 }; /* a terminal shows what fits, a log all of it */
struct watch_line {
    char name[300], text[TEXT];
};

void watch_init(struct watch *w, const struct model *m, FILE *f)
{
    *w = (struct watch){ .f = f, .terminal = isatty(fileno(f)) };
    w->lines = mem_array(m->ncertificates + 1, sizeof *w->lines);
    for (size_t i = 0; w->lines && i < m->ncertificates; i++)
        text_copy(w->lines[w->n++].name, sizeof w->lines->name, m->certificates[i].name);
}

void watch_done(struct watch *w)
{
    free(take_ptr(w->lines));
    w->n = 0;
}

static void say(const struct progress *p, char out[TEXT])
{
    char span[16];

    if (p->code == FL_OK) {
        snprintf(out, TEXT, "%s: %s", p->step, p->msg[0] ? p->msg : p->help);
        return;
    }
    clock_span(p->next_ms == JUDGE_NEVER ? 0 : p->next_ms - clock_wall_ms(), span);
    snprintf(out, TEXT, "%s: %s%s%s%s%s", p->step, p->code == FL_EAGAIN ? "" : outcome_code_name(p->code),
             p->code == FL_EAGAIN ? "" : ": ", p->msg, p->next_ms == JUDGE_NEVER ? "" : "; again in ",
             p->next_ms == JUDGE_NEVER ? "" : span);
}

static int width(FILE *f)
{
    struct winsize size;

    return ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void redraw(struct watch *w)
{
    int columns = width(w->f);

    if (w->drawn)
        fprintf(w->f, "\033[%zuA", w->drawn);
    for (size_t i = 0; i < w->n; i++) {
        int used = fprintf(w->f, "\r\033[K%-*.*s ", 30, columns > 60 ? 30 : 15, w->lines[i].name);
        fprintf(w->f, "%.*s\n", columns - used + 3 > 0 ? columns - used + 3 : 0, w->lines[i].text);
    }
    w->drawn = w->n;
    fflush(w->f);
}

/* Lineages and deliveries are told on their certificate's line. */
static bool is_about(const struct watch_line *line, const struct progress *p)
{
    size_t len = strlen(line->name);

    return strncmp(p->name, line->name, len) == 0 &&
           (!p->name[len] || p->name[len] == '>' || p->name[len] == '+');
}

void watch_progress(void *arg, const struct progress *p)
{
    struct watch *w = arg;
    bool delivery = strcmp(p->kind, "delivery") == 0;
    char text[TEXT];

    if (!delivery && strcmp(p->kind, "certificate") != 0) {
        if (p->code != FL_OK && p->code != FL_EAGAIN && !w->terminal)
            fprintf(w->f, "%s %s: %s: %s\n", p->kind, p->name, p->step, p->msg);
        return;
    }
    say(p, text);
    for (size_t i = 0; i < w->n; i++) {
        if (!is_about(&w->lines[i], p) || strcmp(w->lines[i].text, text) == 0)
            continue;
        text_copy(w->lines[i].text, TEXT, text);
        if (w->terminal)
            redraw(w);
        else
            fprintf(w->f, "%s: %s%s\n", p->name, delivery ? "delivery " : "", text);
    }
    if (!w->terminal)
        fflush(w->f);
}
