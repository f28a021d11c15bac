/* SPDX-License-Identifier: Apache-2.0 */
/* syntax_hint.h - the words for a mistake of form: syntax.c finds it, this explains it. */
#ifndef CONF_SYNTAX_HINT_H
#define CONF_SYNTAX_HINT_H

#include "conf/diag.h"
#include "conf/scan.h"

enum syntax_expected {
    SYNTAX_SETTING, /* NAME = VALUE */
    SYNTAX_EQUALS,  /* = behind a name */
    SYNTAX_VALUE,   /* a value */
    SYNTAX_PLAIN,   /* a value within [ ] */
    SYNTAX_COMMA,   /* a comma or the end of a list */
    SYNTAX_CLOSE    /* what closes the innermost group or list */
};
struct syntax_place {
    const char *file;
    struct diag *diag;
    char open; /* the innermost bracket that is open; 0: none */
    int open_line;
    const struct scan_token *name; /* the setting whose value is read, or NULL */
    int long_line, long_end;       /* the last text that goes over the end of its line */
    bool fresh_line;               /* the word is the first of its line */
    bool name_fresh;               /* the last name of a setting was */
};
/* Reports that `t` stands where something else was expected; `after` goes on behind it. `name`: the setting. */
void syntax_hint(const struct syntax_place *place, enum syntax_expected expected, const struct scan_token *t,
                 const struct scan *after, const struct scan_token *name);

#endif
