/* SPDX-License-Identifier: Apache-2.0 */
/* syntax_hint.c - the commonest mistakes of form, in words. */
#include "conf/syntax_hint.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define NAMES "names begin with a letter and hold letters, digits, - and _"

static void say(const struct syntax_place *p, int line, const char *words)
{
    diag_error(p->diag, p->file, line, "%s", words);
}
static bool word_is(const struct scan_token *t, const char *const *words)
{
    char word[16];
    if (t->len >= sizeof word)
        return false;
    for (size_t i = 0; i < t->len; i++)
        word[i] = (char)tolower((unsigned char)t->at[i]);
    word[t->len] = '\0';
    return text_in(word, words);
}
/* "30d", "500ms", "64k": a number with a unit behind it. Short enough to be no secret. */
static bool is_quantity(const struct scan_token *t)
{
    static const char *const units[] = { "ms", "s", "m", "h", "d", "w", "k", "g", NULL };
    struct scan_token unit = *t;

    while (unit.len && isdigit((unsigned char)*unit.at)) {
        unit.at++;
        unit.len--;
    }
    return unit.len < t->len && t->len <= 8 && word_is(&unit, units);
}
static bool is_include(const struct scan_token *t) { return text_starts(t->at, "@include"); }
static bool ends(const struct scan_token *t)
{
    return t->kind == SCAN_END || (t->kind == SCAN_MARK && strchr(";,})]", *t->at));
}
static bool assigned(const struct scan *after)
{
    struct scan s = *after;
    struct scan_token t = scan_next(&s);
    return scan_is(&t, '=');
}

/* ---- a value was expected ---- */

static void unquoted(const struct syntax_place *p, const struct scan_token *t, const struct scan_token *name)
{
    static const char *const yes[] = { "yes", "on", NULL }, *const no[] = { "no", "off", NULL };

    if (is_quantity(t))
        diag_error(p->diag, p->file, t->line,
                   "%.*s stands without quotes: durations and sizes are written in quotes, \"%.*s\"",
                   (int)t->len, t->at, (int)t->len, t->at);
    else if (t->kind == SCAN_NAME && word_is(t, yes))
        say(p, t->line, "write true, without quotes, instead of yes or on");
    else if (t->kind == SCAN_NAME && word_is(t, no))
        say(p, t->line, "write false, without quotes, instead of no or off");
    else if (name)
        diag_error(p->diag, p->file, t->line,
                   "the value of '%.*s' stands without quotes: text is written %.*s = \"...\"",
                   (int)name->len, name->at, (int)name->len, name->at);
    else
        say(p, t->line, "a value stands without quotes: text is written \"...\"");
}
static void no_value(const struct syntax_place *p, const struct scan_token *t, const struct scan_token *name)
{
    if (name)
        diag_error(p->diag, p->file, name->line, "'%.*s' has no value: write %.*s = VALUE", (int)name->len,
                   name->at, (int)name->len, name->at);
    else if (t->kind == SCAN_MARK && (*t->at == ')' || *t->at == ']'))
        diag_error(p->diag, p->file, t->line,
                   "a comma stands before the %c: the last value of a list has none behind it", *t->at);
    else
        say(p, t->line, "a value is missing here");
}
static void hint_value(const struct syntax_place *p, const struct scan_token *t, const struct scan *after,
                       const struct scan_token *name)
{
    if (t->kind == SCAN_BAD && (*t->at == '\'' || *t->at == '`'))
        say(p, t->line, "text is written in double quotes, not in single ones");
    else if (t->kind == SCAN_NAME && !name && assigned(after))
        diag_error(p->diag, p->file, t->line,
                   "NAME = VALUE stands between the values of a list: put braces around it, %c { ... } %c",
                   '(', ')');
    else if (ends(t))
        no_value(p, t, name);
    else if (scan_is(t, '='))
        say(p, t->line, "one = or : is enough");
    else
        unquoted(p, t, name);
}

/* ---- a setting was expected ---- */

static void closes_wrong(const struct syntax_place *p, const struct scan_token *t)
{
    if (p->open)
        diag_error(p->diag, p->file, t->line, "%c stands here, but the %c of line %d is open", *t->at,
                   p->open, p->open_line);
    else
        diag_error(p->diag, p->file, t->line, "this %c closes nothing: there is one too many", *t->at);
}
static void hint_setting(const struct syntax_place *p, const struct scan_token *t, const struct scan *after)
{
    if (t->kind == SCAN_MARK && strchr("})]", *t->at))
        closes_wrong(p, t);
    else if (t->kind == SCAN_MARK && strchr(";,", *t->at))
        diag_error(p->diag, p->file, t->line, "this %c ends nothing: one behind each value is enough",
                   *t->at);
    else if (t->kind == SCAN_STRING && assigned(after))
        say(p, t->line, "a name stands in quotes: write NAME = VALUE, the name without quotes");
    else if (t->kind == SCAN_BAD && assigned(after))
        say(p, t->line, "this is no name: " NAMES);
    else if (p->open)
        say(p, t->line, "{ } holds NAME = VALUE: write [ ] around a list of values");
    else
        say(p, t->line, "NAME = VALUE is expected here");
}
static void hint_equals(const struct syntax_place *p, const struct scan_token *t,
                        const struct scan_token *name)
{
    if (t->kind == SCAN_BAD && *t->at == '.' && t->at == name->at + name->len)
        say(p, t->line, "a dot stands in a name: " NAMES);
    else if (p->name_fresh)
        diag_error(p->diag, p->file, name->line, "= is missing behind '%.*s'", (int)name->len, name->at);
    else
        say(p, name->line,
            "a word stands here that belongs to nothing: text is written in quotes, and = follows a name");
}
static void hint_comma(const struct syntax_place *p, const struct scan_token *t)
{
    if (t->kind == SCAN_MARK && strchr("})];", *t->at))
        closes_wrong(p, t);
    else if (scan_is(t, '='))
        diag_error(p->diag, p->file, t->line,
                   "= stands in a list: put braces around NAME = VALUE, ( { ... } )");
    else
        say(p, t->line, "a comma is missing between two values of a list");
}
void syntax_hint(const struct syntax_place *p, enum syntax_expected expected, const struct scan_token *t,
                 const struct scan *after, const struct scan_token *name)
{
    if (is_include(t)) {
        say(p, t->line, "@include is not taken: write include = [ \"...\" ]; at the top level");
    } else if (p->long_line && (t->line == p->long_end || (name && name->line == p->long_end))) {
        diag_error(p->diag, p->file, p->long_line,
                   "a text begins here and ends in line %d: its closing quote is missing", p->long_end);
    } else if (t->kind == SCAN_BAD && t->wrong) {
        say(p, t->line, t->wrong);
    } else if (t->kind == SCAN_END && p->open) {
        diag_error(p->diag, p->file, p->open_line, "the %c of this line is never closed", p->open);
    } else {
        switch (expected) {
        case SYNTAX_VALUE: hint_value(p, t, after, name); break;
        case SYNTAX_EQUALS: hint_equals(p, t, name); break;
        case SYNTAX_PLAIN:
            say(p, t->line, "[ ] holds plain values only: write ( ) around a list of groups or lists");
            break;
        case SYNTAX_COMMA: hint_comma(p, t); break;
        default: hint_setting(p, t, after); break;
        }
    }
}
