/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate_options.c - is this a table that options can be read by? */
#include "base/text.h"
#include "conf/opt.h"
#include "plugin/negotiate.h"

#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 256, DEPTH_MAX = 4, NAME_LEN = 40, TEXT_LEN = 400 };

/* What each type fills, and whether it can be a list. */
static const struct {
    size_t size;
    bool list;
} types[] = {
    [FL_T_END] = { 0, false },
    [FL_T_STRING] = { sizeof(char *), true },
    [FL_T_SECRET] = { sizeof(char *), true },
    [FL_T_URL] = { sizeof(char *), true },
    [FL_T_PATH] = { sizeof(char *), true },
    [FL_T_ADDRESS] = { sizeof(char *), true },
    [FL_T_DOMAIN] = { sizeof(char *), true },
    [FL_T_INT] = { sizeof(int64_t), false },
    [FL_T_DURATION] = { sizeof(int64_t), false },
    [FL_T_SIZE] = { sizeof(int64_t), false },
    [FL_T_BOOL] = { sizeof(bool), false },
    [FL_T_ENUM] = { sizeof(int), true },
    [FL_T_REF] = { sizeof(char *), true },
    [FL_T_GROUP] = { 1, false },
};
static const char *const sections[] = { "authorities", "dns", "solvers", "sinks", "clusters", NULL };

static bool well_named(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && !name[n] && name[0] >= 'a' && name[0] <= 'z';
}
static bool listed_choices(const struct object *ob, const char *const *choices)
{
    for (size_t i = 0; choices && i < OPTIONS_MAX && object_holds(ob, choices + i, sizeof *choices); i++) {
        if (!choices[i])
            return i > 0;
        if (!object_text(ob, choices[i], NAME_LEN))
            return false;
    }
    return false;
}
/* NULL, or what is wrong with the default. Those of lists, names, addresses and paths are read by opt_fill(). */
static const char *default_wrong(const struct fl_option *op)
{
    int64_t value = 0;
    const char *wrong = NULL;

    if (!op->dflt || (op->flags & FL_LIST))
        return NULL;
    switch (op->type) {
    case FL_T_INT:
        return text_int(op->dflt, INT64_MIN, INT64_MAX, &value) &&
                       ((op->min == 0 && op->max == 0) || (value >= op->min && value <= op->max))
                   ? NULL
                   : "has a default that is no number within its range";
    case FL_T_DURATION: wrong = opt_duration(op->dflt, &value); break;
    case FL_T_SIZE: wrong = opt_size(op->dflt, &value); break;
    case FL_T_BOOL:
        return !strcmp(op->dflt, "true") || !strcmp(op->dflt, "false")
                   ? NULL
                   : "has a default that is neither \"true\" nor \"false\"";
    case FL_T_ENUM:
        return text_in(op->dflt, op->choices) ? NULL : "has a default that is not among its choices";
    default: return NULL;
    }
    if (wrong)
        return "has a default that is not of its type";
    return op->max > 0 && (value < op->min || value > op->max) ? "has a default outside its range" : NULL;
}
/* NULL, or what is wrong with this one alone. */
static const char *option_wrong(const struct object *ob, const struct fl_option *op, size_t size)
{
    size_t need = (op->flags & FL_LIST) ? sizeof(char **) : types[op->type].size;

    if ((op->flags & FL_LIST) && !types[op->type].list)
        return "is a list of a type that cannot be one";
    if (op->offset > size || need > size - op->offset)
        return "lies outside the struct: set .conf_size to that struct's size";
    if (op->min > op->max)
        return "has a range that is empty";
    if (!object_text(ob, op->help, TEXT_LEN))
        return "has no help text";
    if (op->dflt && !object_text(ob, op->dflt, TEXT_LEN))
        return "has a default that cannot be read";
    if (op->type == FL_T_ENUM && !listed_choices(ob, op->choices))
        return "has no choices, or their list has no NULL at its end";
    if (op->type == FL_T_REF && (!object_text(ob, op->section, NAME_LEN) || !text_in(op->section, sections)))
        return "refers to a section that does not exist";
    if (op->type == FL_T_GROUP && !op->group)
        return "is a group without a table";
    return default_wrong(op);
}
static bool twice(const struct fl_option *table, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!strcmp(table[i].name, table[at].name))
            return true;
    return false;
}
static bool sound(const struct object *ob, const struct fl_option *table, size_t size, unsigned depth,
                  char *why)
{
    for (size_t i = 0; i < OPTIONS_MAX && object_holds(ob, table + i, sizeof *table); i++) {
        const struct fl_option *op = &table[i];
        const char *wrong;

        if (op->type == FL_T_END && !op->name)
            return true;
        /* Behind a table without its end stands anything. */
        if (op->type == FL_T_END || op->type > FL_T_GROUP || !object_text(ob, op->name, NAME_LEN) ||
            !well_named(op->name)) {
            snprintf(why, 256, "what follows its first %zu options is no option: end it with FL_END", i);
            return false;
        }
        wrong = twice(table, i) ? "is there twice" : option_wrong(ob, op, size);
        if (!wrong && op->type == FL_T_GROUP && depth >= DEPTH_MAX)
            wrong = "is a group too deep inside others";
        if (wrong) {
            snprintf(why, 256, "%s %s", op->name, wrong);
            return false;
        }
        if (op->type == FL_T_GROUP && !sound(ob, op->group, size - op->offset, depth + 1, why))
            return false;
    }
    if (!*why)
        snprintf(why, 256, "it has no end: end it with FL_END");
    return false;
}
bool options_sound(const struct object *ob, const struct fl_option *table, size_t size, char *why)
{
    *why = '\0';
    return sound(ob, table, size, 0, why);
}
