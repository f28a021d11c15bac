/* SPDX-License-Identifier: Apache-2.0 */
/* opt_text.c - option tables for people: one line, a manual, a sample. */
#include "conf/opt.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static const char *const type_words[] = {
    [FL_T_STRING] = "text",     [FL_T_SECRET] = "secret", [FL_T_URL] = "URL",    [FL_T_PATH] = "path",
    [FL_T_ADDRESS] = "address", [FL_T_DOMAIN] = "name",   [FL_T_INT] = "number", [FL_T_DURATION] = "duration",
    [FL_T_SIZE] = "size",       [FL_T_BOOL] = "bool",     [FL_T_ENUM] = "",      [FL_T_REF] = "",
    [FL_T_GROUP] = "group",
};

static void add_range(struct buf *b, const struct fl_option *o)
{
    char low[32], high[32];

    if (o->min == 0 && o->max == 0)
        return;
    if (o->type == FL_T_DURATION) {
        opt_duration_text(o->min, low);
        opt_duration_text(o->max, high);
    } else if (o->type == FL_T_SIZE) {
        opt_size_text(o->min, low);
        opt_size_text(o->max, high);
    } else if (o->type == FL_T_INT) {
        snprintf(low, sizeof low, "%" PRId64, o->min);
        snprintf(high, sizeof high, "%" PRId64, o->max);
    } else {
        return;
    }
    buf_addf(b, ", %s to %s", low, high);
}
static void add_type(struct buf *b, const struct fl_option *o)
{
    if (o->flags & FL_LIST)
        buf_adds(b, "list of ");
    if (o->type == FL_T_REF)
        buf_addf(b, "%s of %s", o->flags & FL_LIST ? "names" : "name", o->section);
    buf_adds(b, type_words[o->type]);
    if (o->flags & FL_LIST && *type_words[o->type] && o->type != FL_T_ADDRESS && o->type != FL_T_STRING)
        buf_adds(b, "s");
    if (o->type == FL_T_ADDRESS && o->flags & FL_LIST)
        buf_adds(b, "es");
    for (int i = 0; o->type == FL_T_ENUM && o->choices[i]; i++)
        buf_addf(b, "%s%s", i ? " | " : "", o->choices[i]);
    if (o->type == FL_T_ADDRESS && o->max > 0)
        buf_addf(b, ", port %" PRId64 " if none", o->max);
}
void opt_describe(const struct fl_option *o, char *out, size_t size)
{
    cleanup_(buf_done) struct buf b = BUF(4096);

    add_type(&b, o);
    add_range(&b, o);
    if (o->flags & FL_REQUIRED)
        buf_adds(&b, ", required");
    else if (o->dflt)
        buf_addf(&b, ", default %s", *o->dflt ? o->dflt : "\"\"");
    if (o->flags & FL_DEPRECATED)
        buf_adds(&b, ", deprecated");
    text_copy(out, size, buf_text(&b));
}

/* ---- the manual ---- */

/* Text of a manual: a dot or apostrophe at the beginning of a line, and backslashes, mean something to roff. */
static void roff(FILE *f, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", f);
    for (; *text; text++)
        fputs(*text == '\\' ? "\\e" : (char[2]){ *text }, f);
}
static void sentence(FILE *f, const char *text)
{
    if (islower((unsigned char)*text))
        fputc(toupper((unsigned char)*text++), f);
    roff(f, text);
    fputs(".\n", f);
}
void opt_man(FILE *f, const struct fl_option *table, int depth)
{
    char line[512];

    if (!table->name)
        return;
    fputs(depth ? ".Bl -tag -width Ds -compact\n" : ".Bl -tag -width Ds\n", f);
    for (const struct fl_option *o = table; o->name; o++) {
        opt_describe(o, line, sizeof line);
        fprintf(f, ".It Cm %s No \\(em ", o->name);
        roff(f, line);
        fputc('\n', f);
        sentence(f, o->help);
        if (o->type == FL_T_GROUP)
            opt_man(f, o->group, depth + 1);
    }
    fputs(".El\n", f);
}

/* ---- the sample ---- */

/* What the sample calls an entry of each section. */
static const char *entry(const char *section)
{
    static const char *const names[] = { "authorities", "\"letsencrypt\"", "dns",   "\"self\"",
                                         "solvers",     "\"txt\"",         "sinks", "\"disk\"",
                                         "clusters",    "\"prod\"",        NULL };
    for (const char *const *p = names; *p; p += 2)
        if (!strcmp(p[0], section))
            return p[1];
    return "\"NAME\"";
}
static void one_example(FILE *f, const struct fl_option *o)
{
    static const char *const words[] = {
        [FL_T_STRING] = "\"\"",
        [FL_T_SECRET] = "\"secret\"",
        [FL_T_URL] = "\"https://example.org/\"",
        [FL_T_PATH] = "\"/etc/fairlead/file\"",
        [FL_T_ADDRESS] = "\"192.0.2.1:53\"",
        [FL_T_DOMAIN] = "\"example.org\"",
        [FL_T_INT] = "0",
        [FL_T_DURATION] = "\"1m\"",
        [FL_T_SIZE] = "\"64k\"",
        [FL_T_BOOL] = "false",
    };
    if (o->type == FL_T_ENUM)
        fprintf(f, "\"%s\"", o->choices[0]);
    else
        fputs(o->type == FL_T_REF ? entry(o->section) : words[o->type], f);
}
static void default_words(FILE *f, const struct fl_option *o)
{
    const char *quote = o->type != FL_T_INT && o->type != FL_T_BOOL ? "\"" : "";
    const char *p = o->dflt;

    do {
        size_t len = o->flags & FL_LIST ? strcspn(p, ",") : strlen(p);
        fprintf(f, "%s%s%.*s%s", p == o->dflt ? "" : ", ", quote, (int)len, p, quote);
        p += len;
        p += strspn(p, ", ");
    } while (*p);
}
static void sample_value(FILE *f, const struct fl_option *o, const char *const *examples)
{
    for (; examples && *examples; examples += 2)
        if (!strcmp(examples[0], o->name)) {
            fprintf(f, "%s;\n", examples[1]);
            return;
        }
    fputs(o->flags & FL_LIST ? "[ " : "", f);
    if (o->dflt)
        default_words(f, o);
    else
        one_example(f, o);
    fputs(o->flags & FL_LIST ? " ];\n" : ";\n", f);
}
void opt_sample(FILE *f, const struct fl_option *table, int indent, const char *const *examples)
{
    char line[512];

    for (const struct fl_option *o = table; o->name; o++) {
        opt_describe(o, line, sizeof line);
        fprintf(f, "#%*s# %s (%s)\n#%*s%s = ", indent, "", o->help, line, indent, "", o->name);
        if (o->type == FL_T_GROUP) {
            fputs("{\n", f);
            opt_sample(f, o->group, indent + 2, examples);
            fprintf(f, "#%*s};\n", indent, "");
        } else {
            sample_value(f, o, examples);
        }
    }
}
