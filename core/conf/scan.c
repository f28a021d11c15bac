/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - cuts the text of a configuration file into words, as libconfig does. */
#include "conf/scan.h"

#include <ctype.h>
#include <string.h>

void scan_init(struct scan *s, const char *text) { *s = (struct scan){ .next = text, .line = 1 }; }
bool scan_is(const struct scan_token *t, char mark)
{
    return t->kind == SCAN_MARK && (*t->at == mark || (mark == '=' && *t->at == ':'));
}
/* Over blanks and comments. False: a comment is never closed; *line_out is where it begins. */
static bool skip(struct scan *s, int *line_out)
{
    for (;;) {
        const char *p = s->next;
        if (*p == '#' || (p[0] == '/' && p[1] == '/')) {
            s->next += strcspn(p, "\n");
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            *line_out = s->line;
            if (!end)
                return false;
            for (; p < end; p++)
                s->line += *p == '\n';
            s->next = end + 2;
        } else if (*p && strchr(" \t\r\n\f", *p)) {
            s->line += *p == '\n';
            s->next++;
        } else {
            return true;
        }
    }
}
/* The bytes of an escape behind its backslash; 0: none that we take. */
static size_t escape(const char *p)
{
    if (*p == 'x' || *p == 'X') {
        if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
            return 0;
        return p[1] == '0' && p[2] == '0' ? 0 : 3;
    }
    return *p && strchr("abnrtvf\"\\", *p) ? 1 : 0;
}
static void string(struct scan *s, struct scan_token *t)
{
    const char *p = t->at + 1;

    while (*p && *p != '"') {
        size_t n = *p == '\\' ? escape(p + 1) + 1 : 1;
        t->last_line += *p == '\n';
        if (*p == '\\' && n == 1 && t->kind != SCAN_BAD) {
            t->kind = SCAN_BAD;
            t->line = t->last_line;
            t->wrong =
                "a backslash in a text begins one of \\\\ \\\" \\n \\r \\t \\a \\b \\f \\v or \\xHH (not \\x00): "
                "write \\\\ for the backslash itself";
        }
        p += n;
    }
    if (!*p && t->kind != SCAN_BAD) {
        t->kind = SCAN_BAD;
        t->wrong = "a text begins here and never ends: its closing quote is missing";
    }
    s->next = *p ? p + 1 : p;
    s->line = t->last_line;
}
static size_t digits(const char *p) { return strspn(p, "0123456789"); }
/* The end of the longest number at `p`; `p` itself: none. */
static const char *number_end(const char *p)
{
    const char *start = p, *e;
    size_t whole, part = 0;

    p += *p == '+' || *p == '-';
    whole = digits(p);
    p += whole;
    if (*p == '.') {
        part = digits(p + 1);
        p += part + 1;
    }
    if (whole + part == 0)
        return start;
    e = p + 1 + (p[0] && (p[1] == '+' || p[1] == '-'));
    if ((*p == 'e' || *p == 'E') && digits(e))
        p = e + digits(e);
    return p;
}
/* Whole words only: what libconfig would read as a number and a name behind it ("30d") is one word that is wrong. */
static bool is_number(const char *p, size_t len)
{
    const char *end = p[0] == '0' && (p[1] == 'x' || p[1] == 'X')
                          ? p + 2 + strspn(p + 2, "0123456789abcdefABCDEF")
                          : number_end(p);

    if (end == p || end[-1] == 'x' || end[-1] == 'X')
        return false;
    if (!memchr(p, '.', (size_t)(end - p)))
        end += strspn(end, "L") <= 2 ? strspn(end, "L") : 0;
    return end == p + len;
}
static void number(struct scan *s, struct scan_token *t)
{
    const char *p = t->at + 1;

    while (isalnum((unsigned char)*p) || *p == '.' || *p == '_' ||
           ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E')))
        p++;
    t->len = (size_t)(p - t->at);
    t->kind = is_number(t->at, t->len) ? SCAN_NUMBER : SCAN_BAD;
    s->next = p;
}
static void name(struct scan *s, struct scan_token *t)
{
    const char *p = t->at + 1;

    while (isalnum((unsigned char)*p) || (*p && strchr("-_*", *p)))
        p++;
    t->kind = *t->at == '_' ? SCAN_BAD : SCAN_NAME;
    s->next = p;
}
struct scan_token scan_next(struct scan *s)
{
    int comment = 0;
    bool closed = skip(s, &comment);
    struct scan_token t = { .kind = SCAN_BAD, .line = s->line, .last_line = s->line, .at = s->next };

    if (!closed) {
        t.line = comment;
        t.wrong = "a comment begins here and never ends: its */ is missing";
    } else if (!*t.at) {
        t.kind = SCAN_END;
    } else if (*t.at == '"') {
        t.kind = SCAN_STRING;
        string(s, &t);
    } else if (isalpha((unsigned char)*t.at) || *t.at == '*' || *t.at == '_') {
        name(s, &t);
    } else if (isdigit((unsigned char)*t.at) || strchr("+-.", *t.at)) {
        number(s, &t);
    } else {
        t.kind = strchr("=:{}()[],;", *t.at) ? SCAN_MARK : SCAN_BAD;
        s->next++;
    }
    t.len = (size_t)(s->next - t.at);
    return t;
}
