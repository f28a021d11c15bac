/* SPDX-License-Identifier: Apache-2.0 */
/* checks_limits.c - many, long and odd: batches, pages, names and texts at their limits. */
#include "suite.h"
#include <stdio.h>
#include <string.h>

enum { BATCH = 120, MANY_VALUES = 30, LABEL = 63, NAME = 253 };

static unsigned batch_of(const struct suite *s)
{
    unsigned most = s->caps.max_values ? s->caps.max_values : BATCH;
    return most < BATCH ? most : BATCH;
}

static struct fl_change *many(struct suite *s, const char *label, unsigned n)
{
    struct fl_change *c = arena_alloc(&s->memory, (n + 1) * sizeof *c);
    for (unsigned i = 0; c && i < n; i++)
        c[i] = suite_change(s, suite_name(s, arena_printf(&s->memory, "%s%u", label, i)), FL_RR_TXT, NOTHING,
                            TEXTS(arena_printf(&s->memory, "value-%u", i)), NULL);
    return c;
}

static void value_there(struct suite *s, const struct fl_change *c)
{
    suite_stands(s, c->name, FL_RR_TXT, TEXTS(c->after[0].text));
}

static bool write_many(struct suite *s, struct fl_change *c, unsigned n)
{
    struct outcome o = { 0 };
    unsigned each = batch_of(s);
    for (unsigned at = 0; at < n; at += each) {
        unsigned k = n - at < each ? n - at : each;
        int code = suite_apply(s, c + at, k, &o);
        if (!suite_code(s, arena_printf(&s->memory, "a batch of %u changes", k), code, FL_OK, &o))
            return false;
    }
    return true;
}

static void batch(struct suite *s)
{
    struct outcome o = { 0 };
    unsigned n = batch_of(s);
    struct fl_change *c = many(s, "batch", n);
    int code = suite_apply(s, c, 0, &o);
    if (!suite_code(s, "a batch of nothing", code, FL_OK, &o) || !write_many(s, c, n))
        return;
    value_there(s, &c[0]);
    value_there(s, &c[n / 2]);
    value_there(s, &c[n - 1]);
    if (!s->failed && suite_code(s, "the batch again", suite_apply(s, c, n, &o), FL_OK, &o))
        value_there(s, &c[n - 1]);
}

/* More than a service gives in one answer. */
static void paging(struct suite *s)
{
    struct outcome o = { 0 };
    struct shelf shelf;
    if (!suite_can(s, FL_CAP_LIST_ALL)) {
        s->not_applicable = "claims no FL_CAP_LIST_ALL";
        return;
    }
    struct fl_change *c = many(s, "page", s->records);
    if (!write_many(s, c, s->records) ||
        !suite_code(s, "list of the whole zone", suite_list(s, NULL, 0, &shelf, &o), FL_OK, &o))
        return;
    unsigned found = 0;
    for (unsigned i = 0; i < s->records; i++)
        found += shelf_find(&shelf, c[i].name, FL_RR_TXT) != NULL;
    if (found != s->records)
        suite_complain(s, "%u RRsets were written and %u of them are in the list of the whole zone",
                       s->records, found);
    for (size_t i = 0; i < shelf.n; i++)
        for (size_t k = 0; k < i && s->records <= 1000; k++)
            if (shelf.at[i].type == shelf.at[k].type && strcmp(shelf.at[i].name, shelf.at[k].name) == 0) {
                suite_complain(s, "%s is listed twice", shelf.at[i].name);
                return;
            }
}

static void many_values(struct suite *s)
{
    const char *name = suite_name(s, "many"),
               **texts = arena_alloc(&s->memory, (MANY_VALUES + 1) * sizeof *texts);
    for (int i = 0; texts && i < MANY_VALUES; i++)
        texts[i] = arena_printf(&s->memory, "%043d", i);
    if (texts && suite_put(s, name, FL_RR_TXT, texts) && suite_stands(s, name, FL_RR_TXT, texts) &&
        suite_put(s, name, FL_RR_TXT, texts + 1))
        suite_stands(s, name, FL_RR_TXT, texts + 1);
}

/* What others have at the apex stays. */
static void apex(struct suite *s)
{
    struct outcome o = { 0 };
    struct shelf shelf;
    const char *ours = arena_printf(&s->memory, "ours-%s", s->prefix);
    if (!suite_code(s, "list of the apex", suite_list(s, "", FL_RR_TXT, &shelf, &o), FL_OK, &o))
        return;
    const struct fl_rrset *r = shelf_find(&shelf, "", FL_RR_TXT);
    size_t n = r ? r->n : 0;
    const char **with = arena_alloc(&s->memory, (n + 2) * sizeof *with);
    for (size_t i = 0; with && i < n; i++)
        with[i + 1] = r->values[i].text;
    if (!with)
        return;
    with[0] = ours;
    if (suite_put(s, "", FL_RR_TXT, with))
        suite_stands(s, "", FL_RR_TXT, with);
    if (suite_put(s, "", FL_RR_TXT, with + 1))
        suite_stands(s, "", FL_RR_TXT, with + 1);
}

/* ---- names ---- */

static const char *filled(struct suite *s, char c, size_t n)
{
    char *out = arena_alloc(&s->memory, n + 1);
    if (out)
        memset(out, c, n);
    return out ? out : "";
}

static void one_name(struct suite *s, const char *name, const char *what)
{
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("v")) || !suite_stands(s, name, FL_RR_TXT, TEXTS("v")))
        suite_complain(s, "(%s)", what);
}

/* 253 bytes with the zone, the last that a name can have. */
static const char *longest(struct suite *s)
{
    const char *name = suite_name(s, "l");
    while (strlen(name) + 1 + strlen(s->apex) < NAME) {
        size_t left = NAME - strlen(name) - 1 - strlen(s->apex);
        size_t n = left > LABEL + 1 ? LABEL - 1 : left - 1;
        if (left == 1)
            break;
        name = arena_printf(&s->memory, "%s.%s", filled(s, 'x', n), name);
    }
    return name;
}

static void names(struct suite *s)
{
    one_name(s, suite_name(s, filled(s, 'y', LABEL)), "a label of 63 bytes");
    one_name(s, longest(s), "a name of 253 bytes");
    one_name(s, suite_name(s, "_under_score.0.-"), "underscore, digits, a lone hyphen");
    one_name(s, suite_name(s, "a.b.c.d.e.f.g"), "many labels");
    one_name(s, suite_name(s, "xn--bcher-kva"), "an A-label");
}

static void wildcard(struct suite *s)
{
    struct outcome o = { 0 };
    const char *name = suite_name(s, "*.wild");
    struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS("w"), NULL);
    int code = suite_apply(s, &c, 1, &o);
    if (code == FL_EREJECT)
        s->not_applicable = arena_printf(&s->memory, "refused: %.200s", o.msg);
    else if (suite_code(s, "a wildcard", code, FL_OK, &o))
        suite_stands(s, name, FL_RR_TXT, TEXTS("w"));
}

/* ---- texts ---- */

/* As it was given, or refused; 255 bytes have to be taken. */
static void one_text(struct suite *s, const char *label, const char *text, bool required)
{
    struct outcome o = { 0 };
    const char *name = suite_name(s, arena_printf(&s->memory, "text-%s", label));
    struct fl_change c = suite_change(s, name, FL_RR_TXT, NOTHING, TEXTS(text), NULL);
    int code = suite_apply(s, &c, 1, &o);
    if (code == FL_EREJECT && !required)
        return;
    if (!suite_code(s, arena_printf(&s->memory, "the text `%s`", label), code, FL_OK, &o) ||
        !suite_stands(s, name, FL_RR_TXT, TEXTS(text)))
        return;
    suite_put(s, name, FL_RR_TXT, NOTHING);
    suite_stands(s, name, FL_RR_TXT, NOTHING);
}

static void texts(struct suite *s)
{
    static const struct {
        const char *label, *text;
    } odd[] = {
        { "quotes", "say \"yes\"" },      { "backslash", "back\\slash" }, { "semicolon", "v=x; p=y;" },
        { "spaces", "two  spaces" },      { "edges", " at both ends " },  { "single", "it's" },
        { "markup", "<a&b>{%s}$(x)`y`" }, { "bytes", "x\\200y\\000z" },   { "one", "x" },
        { "quoted", "\"inside\"" },       { "equals", "a=b,c:d/e?f#g" }
    };
    one_text(s, "255", filled(s, 'a', 255), true);
    one_text(s, "256", filled(s, 'b', 256), false);
    one_text(s, "600", filled(s, 'c', 600), false);
    for (size_t i = 0; i < sizeof odd / sizeof *odd && !s->failed; i++)
        one_text(s, odd[i].label, odd[i].text, false);
}

const struct check checks_limits[] = {
    { "batch", "a batch that caps() allows is one call, repeatable; one of nothing is FL_OK", batch },
    { "paging", "list() without a name gives the whole zone, whatever the service gives at once", paging },
    { "many-values", "an RRset may have many values", many_values },
    { "apex", "the apex is the name \"\"; what others have there stays", apex },
    { "names",
      "names of up to 253 bytes with labels of up to 63, with underscores and hyphens, are written as given",
      names },
    { "wildcard", "a name may begin with `*`, where the service has wildcards", wildcard },
    { "texts",
      "a TXT value is bare text: as it is given it is listed and served, whatever the service needs "
      "between; what it cannot hold is FL_EREJECT, never another text",
      texts },
    { NULL, NULL, NULL },
};
