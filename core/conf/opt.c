/* SPDX-License-Identifier: Apache-2.0 */
/* opt.c - goes through a group by its table and says all that is wrong. */
#include "conf/opt.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/opt_value.h"

#include <string.h>

const char *const opt_any[] = { NULL };

/* One option of one group. */
struct slot {
    struct opt_ctx *c;
    const char *who; /* "dns gcp: ttl" */
    const struct fl_option *o;
    void *conf;
};

static const char *join(struct opt_ctx *c, const char *who, const char *name)
{
    return *who ? arena_printf(c->arena, "%s: %s", who, name) : arena_strdup(c->arena, name);
}
static bool textual(const struct fl_option *o)
{
    return o->type != FL_T_INT && o->type != FL_T_BOOL && o->type != FL_T_GROUP;
}

/* ---- words for a wrong type ---- */

static const char *wanted(const struct slot *s)
{
    static const char *const words[] = {
        [FL_T_STRING] = "text in quotes",
        [FL_T_SECRET] = "text in quotes",
        [FL_T_URL] = "a URL in quotes",
        [FL_T_PATH] = "a path in quotes",
        [FL_T_ADDRESS] = "an address in quotes",
        [FL_T_DOMAIN] = "a name in quotes",
        [FL_T_INT] = "a whole number without quotes",
        [FL_T_DURATION] = "a duration in quotes, such as \"90s\", \"12h\" or \"30d\"",
        [FL_T_SIZE] = "a size in quotes, such as \"512\", \"64k\" or \"1M\"",
        [FL_T_BOOL] = "true or false without quotes",
        [FL_T_GROUP] = "a group { }",
    };
    if (s->o->type == FL_T_ENUM)
        return arena_printf(s->c->arena, "one of %s in quotes",
                            opt_words(s->c->arena, s->o->choices, " or "));
    if (s->o->type == FL_T_STRING && !(s->o->flags & FL_LIST) && s->o->dflt && *s->o->dflt)
        return arena_printf(s->c->arena, "text in quotes, such as \"%s\"", s->o->dflt);
    if (s->o->type == FL_T_REF)
        return arena_printf(s->c->arena, "a name from the section %s in quotes", s->o->section);
    return words[s->o->type];
}
static void wrong_type(const struct slot *s, const struct conf_node *n)
{
    struct diag *d = s->c->diag;

    if (s->o->type == FL_T_DURATION && n->kind == CONF_INT)
        diag_error(d, n->file, n->line,
                   "%s: %s has no unit: write \"%ss\", \"%sm\", \"%sh\" or \"%sd\", in quotes", s->who,
                   n->text, n->text, n->text, n->text, n->text);
    else if (n->kind == CONF_LIST)
        diag_error(d, n->file, n->line, "%s: wants one value, %s, not a list", s->who, wanted(s));
    else
        diag_error(d, n->file, n->line, "%s: wants %s, not %s", s->who, wanted(s), conf_kind_words(n->kind));
}
/* With the value, unless that is a URL with what may be a password. */
static void wrong_value(const struct slot *s, const struct conf_node *n, const char *why)
{
    struct diag *d = s->c->diag;

    if (s->o->type == FL_T_URL && strchr(n->text, '@'))
        diag_error(d, n->file, n->line, "%s: the URL %s", s->who, why);
    else
        diag_error(d, n->file, n->line, n->kind == CONF_STRING ? "%s: \"%s\" %s" : "%s: %s %s", s->who,
                   n->text, why);
}

/* ---- values ---- */

static void note_ref(const struct slot *s, const struct conf_node *n)
{
    struct opt_ref *r = arena_alloc(s->c->arena, sizeof *r);

    if (!r)
        return;
    *r = (struct opt_ref){ .section = s->o->section,
                           .name = n->text,
                           .who = s->who,
                           .file = n->file,
                           .line = n->line,
                           .next = s->c->refs };
    s->c->refs = r;
}
/* False: reported. */
static bool get_text(const struct slot *s, const struct conf_node *n, union opt_value *out)
{
    const char *why;

    if (n->kind != CONF_STRING) {
        wrong_type(s, n);
        return false;
    }
    if (s->o->type == FL_T_SECRET) {
        out->text = opt_secret(s->c, s->who, n, n->text);
        return out->text != NULL;
    }
    why = opt_value(s->c->arena, s->o, n->text, out);
    if (why)
        wrong_value(s, n, why);
    else if (s->o->type == FL_T_REF)
        note_ref(s, n);
    return !why;
}
static bool get_plain(const struct slot *s, const struct conf_node *n, union opt_value *out)
{
    const char *why = NULL;

    if (n->kind != (s->o->type == FL_T_INT ? CONF_INT : CONF_BOOL)) {
        wrong_type(s, n);
        return false;
    }
    if (s->o->type == FL_T_BOOL)
        out->flag = n->flag;
    else
        out->number = n->number;
    if (n->overflow)
        why = "is beyond the whole numbers that are taken: they go to 2147483647";
    else if (s->o->type == FL_T_INT)
        why = opt_range(s->c->arena, s->o, n->number);
    if (why)
        wrong_value(s, n, why);
    return !why;
}
static size_t count(const struct conf_node *list)
{
    size_t n = 0;
    for (const struct conf_node *e = list->first; e; e = e->next)
        n++;
    return n;
}
static void set_list(const struct slot *s, const struct conf_node *n)
{
    const struct conf_node *e = n->kind == CONF_LIST ? n->first : n;
    const char **v = arena_alloc(s->c->arena, ((n->kind == CONF_LIST ? count(n) : 1) + 1) * sizeof *v);
    union opt_value value;
    size_t have = 0;

    if (!v)
        return;
    for (; e; e = n->kind == CONF_LIST ? e->next : NULL)
        if (get_text(s, e, &value))
            v[have++] = value.text;
    if (n->kind == CONF_LIST && !n->first && s->o->flags & FL_REQUIRED)
        diag_error(s->c->diag, n->file, n->line, "%s: the list is empty: %s", s->who, s->o->help);
    memcpy((char *)s->conf + s->o->offset, &v, sizeof v);
}
static void set(const struct slot *s, const struct conf_node *n)
{
    union opt_value value;

    if (s->o->flags & FL_DEPRECATED)
        diag_warning(s->c->diag, n->file, n->line, "%s: this option will go away: %s", s->who, s->o->help);
    if (s->o->flags & FL_LIST)
        set_list(s, n);
    else if (s->o->type == FL_T_GROUP && n->kind == CONF_GROUP)
        opt_fill(s->c, s->who, n, s->o->group, NULL, (char *)s->conf + s->o->offset);
    else if (s->o->type == FL_T_GROUP)
        wrong_type(s, n);
    else if (textual(s->o) ? get_text(s, n, &value) : get_plain(s, n, &value))
        opt_store(s->o, &value, s->conf);
}

/* ---- defaults ---- */

/* A default that its own table refuses is the mistake of whoever wrote the table; it is shown all the same. */
static bool from_default(const struct slot *s, const char *text, union opt_value *out)
{
    const char *why = opt_value(s->c->arena, s->o, text, out);
    if (why)
        diag_error(s->c->diag, "", 0, "%s: the default \"%s\" %s", s->who, text, why);
    return !why;
}
static void default_list(const struct slot *s)
{
    const char **v = arena_alloc(s->c->arena, (strlen(s->o->dflt) + 2) * sizeof *v);
    size_t have = 0;
    union opt_value value;

    if (!v)
        return;
    for (const char *p = s->o->dflt; *p; p += strspn(p, ", ")) {
        size_t len = strcspn(p, ",");
        if (from_default(s, arena_strndup(s->c->arena, p, len), &value))
            v[have++] = value.text;
        p += len;
    }
    memcpy((char *)s->conf + s->o->offset, &v, sizeof v);
}
static void apply_default(const struct slot *s)
{
    union opt_value value;

    if (s->o->type == FL_T_GROUP)
        opt_fill(s->c, s->who, NULL, s->o->group, NULL, (char *)s->conf + s->o->offset);
    else if (s->o->dflt && s->o->flags & FL_LIST)
        default_list(s);
    else if (s->o->dflt && from_default(s, s->o->dflt, &value))
        opt_store(s->o, &value, s->conf);
}

/* ---- the group ---- */

static const struct fl_option *lookup(const struct fl_option *table, const char *name)
{
    for (; table->name; table++)
        if (!strcmp(table->name, name))
            return table;
    return NULL;
}
/* The names of the table and the reserved ones, NULL-terminated. */
static const char *const *all_names(struct opt_ctx *c, const struct fl_option *table,
                                    const char *const *reserved)
{
    size_t n = 0, at = 0;
    const char **v;

    for (const struct fl_option *o = table; o->name; o++)
        n++;
    for (const char *const *r = reserved; r && *r; r++)
        n++;
    v = arena_alloc(c->arena, (n + 1) * sizeof *v);
    for (; v && table->name; table++)
        v[at++] = table->name;
    for (; v && reserved && *reserved; reserved++)
        v[at++] = *reserved;
    return v;
}
static void unknown(struct opt_ctx *c, const char *who, const struct conf_node *n, const char *const *names)
{
    const char *near = names ? text_nearest(n->name, names) : NULL;
    const char *sep = *who ? ": " : "";

    if (near)
        diag_error(c->diag, n->file, n->line, "%s%sunknown option '%s': did you mean '%s'?", who, sep,
                   n->name, near);
    else
        diag_error(c->diag, n->file, n->line, "%s%sunknown option '%s': there are %s", who, sep, n->name,
                   opt_words(c->arena, names, " and "));
}
static void check_names(struct opt_ctx *c, const char *who, const struct conf_node *group,
                        const struct fl_option *table, const char *const *reserved)
{
    const char *const *names = NULL;

    for (const struct conf_node *n = reserved == opt_any ? NULL : group->first; n; n = n->next) {
        if (lookup(table, n->name) || text_in(n->name, reserved))
            continue;
        if (!names)
            names = all_names(c, table, reserved);
        unknown(c, who, n, names);
    }
}
/* Is it there under a name that is nearly right? Then that is what is said. */
static bool misspelt(const struct conf_node *group, const struct fl_option *table, const char *name)
{
    const char *const one[] = { name, NULL };

    for (const struct conf_node *n = group->first; n; n = n->next)
        if (!lookup(table, n->name) && text_nearest(n->name, one))
            return true;
    return false;
}
void opt_fill(struct opt_ctx *c, const char *who, const struct conf_node *group,
              const struct fl_option *table, const char *const *reserved, void *conf)
{
    for (const struct fl_option *o = table; o->name; o++) {
        const struct slot s = { c, join(c, who, o->name), o, conf };
        const struct conf_node *n = conf_get(group, o->name);
        apply_default(&s);
        if (n)
            set(&s, n);
        else if (group && o->flags & FL_REQUIRED && (reserved == opt_any || !misspelt(group, table, o->name)))
            diag_error(c->diag, group->file, group->line, "%s is missing: %s", s.who, o->help);
    }
    if (group)
        check_names(c, who, group, table, reserved);
}
void opt_inherit(const struct conf_node *group, const struct fl_option *table, const void *from, void *conf)
{
    for (const struct fl_option *o = table; o->name; o++) {
        const struct conf_node *n = conf_get(group, o->name);
        size_t size = o->flags & FL_LIST     ? sizeof(void *)
                      : o->type == FL_T_BOOL ? sizeof(bool)
                      : o->type == FL_T_ENUM ? sizeof(int)
                      : o->type == FL_T_INT || o->type == FL_T_DURATION || o->type == FL_T_SIZE
                          ? sizeof(int64_t)
                          : sizeof(char *);
        if (o->type == FL_T_GROUP)
            opt_inherit(n, o->group, (const char *)from + o->offset, (char *)conf + o->offset);
        else if (!n)
            memcpy((char *)conf + o->offset, (const char *)from + o->offset, size);
    }
}
