/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - the words of a configuration file, with the lines they stand in. */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* libconfig gives values, but no literals, wrong lines for what is never closed, "syntax error" for everything, and
 * takes a comment without an end as the end of the file. So the text is also read by this, word by word; syntax.c
 * says from it what is wrong, parse.c takes lines and literals from it. */
enum scan_kind {
    SCAN_END,
    SCAN_NAME,   /* also true and false */
    SCAN_STRING, /* with its quotes */
    SCAN_NUMBER, /* as libconfig takes it */
    SCAN_MARK,   /* one of = { } ( ) [ ] , ; (":" is given as it stands and counts as "=") */
    SCAN_BAD     /* `wrong` says why */
};
struct scan_token {
    enum scan_kind kind;
    int line, last_line; /* first and last line of it */
    const char *at;      /* in the text */
    size_t len;
    const char *wrong; /* SCAN_BAD: a sentence; NULL: a character or word that has no place anywhere */
};
struct scan {
    const char *next;
    int line;
};
void scan_init(struct scan *s, const char *text);
/* After SCAN_BAD scanning may go on or not; nobody should. */
struct scan_token scan_next(struct scan *s);
bool scan_is(const struct scan_token *t, char mark);

#endif
