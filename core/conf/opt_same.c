/* SPDX-License-Identifier: Apache-2.0 */
/* opt_same.c - filled structs: whether two say the same, and values that outlive the file they came from. */
#include "conf/opt.h"

#include "base/text.h"

#include <string.h>

static const void *at(const void *conf, const struct fl_option *o) { return (const char *)conf + o->offset; }

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

bool opt_same_list(const char *const *a, const char *const *b)
{
    if (!a || !b)
        return a == b;
    for (; *a && *b && strcmp(*a, *b) == 0; a++, b++)
        ;
    return *a == *b; /* both at their end */
}

static bool same_one(const struct fl_option *o, const void *a, const void *b)
{
    const char *x, *y;
    const char *const *v, *const *w;

    if (o->flags & FL_LIST) {
        memcpy(&v, a, sizeof v);
        memcpy(&w, b, sizeof w);
        return opt_same_list(v, w);
    }
    switch (o->type) {
    case FL_T_BOOL: return memcmp(a, b, sizeof(bool)) == 0;
    case FL_T_ENUM: return memcmp(a, b, sizeof(int)) == 0;
    case FL_T_INT:
    case FL_T_DURATION:
    case FL_T_SIZE: return memcmp(a, b, sizeof(int64_t)) == 0;
    default: break;
    }
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return same_text(x, y);
}

bool opt_same(const struct fl_option *table, const void *a, const void *b, bool secrets)
{
    for (; table && table->name; table++) {
        if (table->type == FL_T_GROUP) {
            if (!opt_same(table->group, at(a, table), at(b, table), secrets))
                return false;
        } else if ((secrets || table->type != FL_T_SECRET) && !same_one(table, at(a, table), at(b, table))) {
            return false;
        }
    }
    return true;
}

/* ---- copies ---- */

static const char *own_text(struct arena *a, const struct fl_option *o, const char *text)
{
    return o->type == FL_T_SECRET ? arena_secret(a, text) : arena_strdup(a, text);
}

static void own_list(struct arena *a, const struct fl_option *o, const char *const **list)
{
    size_t n = 0;

    while ((*list)[n])
        n++;
    const char **copy = arena_alloc(a, (n + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        copy[i] = own_text(a, o, (*list)[i]);
    *list = copy;
}

static void own_one(struct arena *a, const struct fl_option *o, void *member)
{
    const char *const *list;
    const char *text;

    if (o->flags & FL_LIST) {
        memcpy(&list, member, sizeof list);
        if (!list)
            return;
        own_list(a, o, &list);
        memcpy(member, &list, sizeof list);
        return;
    }
    memcpy(&text, member, sizeof text);
    if (!text)
        return;
    text = own_text(a, o, text);
    memcpy(member, &text, sizeof text);
}

void opt_own(struct arena *a, const struct fl_option *table, void *conf)
{
    for (; table && table->name; table++) {
        void *member = (char *)conf + table->offset;
        switch (table->type) {
        case FL_T_GROUP: opt_own(a, table->group, member); break;
        case FL_T_BOOL:
        case FL_T_INT:
        case FL_T_DURATION:
        case FL_T_SIZE: break;
        case FL_T_ENUM:
            if (table->flags & FL_LIST)
                own_one(a, table, member);
            break;
        default: own_one(a, table, member); break;
        }
    }
}
