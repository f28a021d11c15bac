/* SPDX-License-Identifier: Apache-2.0 */
/* syntax.c - walks through the words of a file until one has no place, and says why. */
#include "conf/syntax.h"

#include "base/mem.h"
#include "conf/scan.h"
#include "conf/syntax_hint.h"

#include <string.h>
#include <strings.h>

struct known {
    const char *at;
    size_t len;
    int line;
};
struct parser {
    struct scan scan;
    struct scan_token t; /* the word that is looked at */
    struct syntax_place place;
    struct known *names; /* of all open groups, the innermost last */
    size_t n, cap;
    int depth;
    bool failed;
};

static void value(struct parser *p, bool in_list);

static void next(struct parser *p)
{
    p->place.fresh_line = false;
    if (p->t.kind == SCAN_STRING && p->t.last_line > p->t.line) {
        p->place.long_line = p->t.line;
        p->place.long_end = p->t.last_line;
    }
    int before = p->t.last_line;
    p->t = scan_next(&p->scan);
    p->place.fresh_line = p->t.line > before;
}
/* What is the matter with the word that stands here. */
static void fail(struct parser *p, enum syntax_expected expected, const struct scan_token *name)
{
    if (p->failed)
        return;
    p->failed = true;
    syntax_hint(&p->place, expected, &p->t, &p->scan, name);
}
static void fail_at(struct parser *p, int line, const char *words)
{
    if (!p->failed)
        diag_error(p->place.diag, p->place.file, line, "%s", words);
    p->failed = true;
}
static bool same(const struct scan_token *t, const struct known *k)
{
    return t->len == k->len && !memcmp(t->at, k->at, k->len);
}
/* Notes the name of a setting in the group whose names begin at `first`. */
static void note(struct parser *p, size_t first)
{
    for (size_t i = first; i < p->n; i++) {
        if (!same(&p->t, &p->names[i]) || p->failed)
            continue;
        diag_error(p->place.diag, p->place.file, p->t.line,
                   "'%.*s' stands twice in this group, first in line %d", (int)p->t.len, p->t.at,
                   p->names[i].line);
        p->failed = true;
    }
    if (p->n - first >= SYNTAX_NAMES)
        fail_at(p, p->t.line,
                "more than 1024 names in one group: spread them over several files by `include`");
    if (!mem_grow(&p->names, &p->cap, p->n + 1, sizeof *p->names))
        fail_at(p, p->t.line, "out of memory");
    if (!p->failed)
        p->names[p->n++] = (struct known){ p->t.at, p->t.len, p->t.line };
}
static void setting(struct parser *p, size_t first)
{
    struct scan_token name = p->t;

    if (name.kind != SCAN_NAME) {
        fail(p, SYNTAX_SETTING, NULL);
        return;
    }
    note(p, first);
    p->place.name_fresh = p->place.fresh_line;
    next(p);
    if (!scan_is(&p->t, '=')) {
        fail(p, SYNTAX_EQUALS, &name);
        return;
    }
    next(p);
    p->place.name = &name;
    value(p, false);
    p->place.name = NULL;
    if (scan_is(&p->t, ';') || scan_is(&p->t, ','))
        next(p);
}
static void settings(struct parser *p, char close)
{
    size_t first = p->n;
    while (!p->failed && p->t.kind != SCAN_END && !(close && scan_is(&p->t, close)))
        setting(p, first);
    p->n = first;
}
/* The elements of ( ) or [ ], up to what closes it. */
static void elements(struct parser *p, char open, char close)
{
    while (!p->failed && !scan_is(&p->t, close)) {
        if (open == '[' && p->t.kind == SCAN_MARK && strchr("([{", *p->t.at))
            fail(p, SYNTAX_PLAIN, NULL);
        else
            value(p, true);
        if (p->failed || scan_is(&p->t, close) || p->t.kind == SCAN_END)
            break;
        if (!scan_is(&p->t, ',')) {
            fail(p, SYNTAX_COMMA, NULL);
            break;
        }
        next(p);
        if (scan_is(&p->t, close))
            fail(p, SYNTAX_VALUE, NULL);
    }
}
/* One of { } ( ) [ ] with all that it holds. */
static void bracket(struct parser *p)
{
    struct syntax_place outside = p->place;
    char open = *p->t.at, close = open == '{' ? '}' : open == '(' ? ')' : ']';

    p->place.open = open;
    p->place.open_line = p->t.line;
    p->place.name = NULL;
    if (++p->depth > SYNTAX_DEPTH)
        fail_at(p, p->t.line, "groups and lists stand more than 32 deep in each other");
    next(p);
    if (open == '{')
        settings(p, close);
    else
        elements(p, open, close);
    if (!p->failed && p->t.kind == SCAN_END)
        fail(p, SYNTAX_CLOSE, NULL);
    p->depth--;
    outside.long_line = p->place.long_line;
    outside.long_end = p->place.long_end;
    p->place = outside;
    if (!p->failed)
        next(p);
}
static bool is_bool(const struct scan_token *t)
{
    return (t->len == 4 && !strncasecmp(t->at, "true", 4)) ||
           (t->len == 5 && !strncasecmp(t->at, "false", 5));
}
static void value(struct parser *p, bool in_list)
{
    if (p->failed)
        return;
    if (p->t.kind == SCAN_MARK && strchr("{([", *p->t.at)) {
        bracket(p);
    } else if (p->t.kind == SCAN_STRING) {
        /* Texts in a row are one text; between the values of a list nobody means that. */
        do
            next(p);
        while (p->t.kind == SCAN_STRING && !in_list);
    } else if (p->t.kind == SCAN_NUMBER || (p->t.kind == SCAN_NAME && is_bool(&p->t))) {
        next(p);
    } else {
        fail(p, SYNTAX_VALUE, p->place.name);
    }
}
bool syntax_check(const char *file, const char *text, struct diag *d)
{
    struct parser p = { .place = { .file = file, .diag = d, .fresh_line = true } };

    scan_init(&p.scan, text);
    p.t = scan_next(&p.scan);
    settings(&p, '\0');
    free(p.names);
    return !p.failed;
}
