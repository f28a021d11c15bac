/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - reads files one by one and merges them into one tree. */
#include "conf/tree.h"

#include "base/mem.h"
#include "conf/include.h"
#include "conf/parse.h"

#include <stdlib.h>
#include <string.h>

struct loader {
    struct conf_tree *tree;
    struct diag *diag;
    struct include_seen seen;
    const char *stack[INCLUDE_DEPTH + 1]; /* the files that include the one that is read, outermost first */
};

static void load(struct loader *l, const char *path, const struct conf_node *at, int depth);

const struct conf_node *conf_get(const struct conf_node *group, const char *name)
{
    for (const struct conf_node *n = group ? group->first : NULL; n; n = n->next)
        if (n->name && !strcmp(n->name, name))
            return n;
    return NULL;
}
const char *conf_kind_words(enum conf_kind kind)
{
    static const char *const words[] = {
        [CONF_GROUP] = "a group { }",
        [CONF_LIST] = "a list",
        [CONF_STRING] = "text in quotes",
        [CONF_INT] = "a whole number",
        [CONF_FLOAT] = "a number with a fraction",
        [CONF_BOOL] = "true or false",
    };
    return words[kind];
}

/* ---- merging ---- */

static void merge_group(struct loader *l, struct conf_node *into, struct conf_node *from)
{
    struct conf_node *next;

    for (struct conf_node *n = from->first; n; n = next) {
        const struct conf_node *old = conf_get(into, n->name);
        next = n->next;
        if (old)
            diag_error(l->diag, n->file, n->line, "%s: '%s' stands twice, first at %s:%d", into->name,
                       n->name, old->file, old->line);
        else
            parse_append(into, n);
    }
}
static void merge_list(struct conf_node *into, struct conf_node *from)
{
    struct conf_node *next;
    for (struct conf_node *n = from->first; n; n = next) {
        next = n->next;
        parse_append(into, n);
    }
}
static void merge(struct loader *l, struct conf_node *n)
{
    struct conf_node *old = (struct conf_node *)conf_get(l->tree->root, n->name);

    if (!old)
        parse_append(l->tree->root, n);
    else if (old->kind == CONF_GROUP && n->kind == CONF_GROUP)
        merge_group(l, old, n);
    else if (old->kind == CONF_LIST && n->kind == CONF_LIST)
        merge_list(old, n);
    else if (old->kind == n->kind)
        diag_error(l->diag, n->file, n->line,
                   "'%s' stands twice, first at %s:%d: only groups and lists are merged", n->name, old->file,
                   old->line);
    else
        diag_error(l->diag, n->file, n->line, "'%s' is %s here and %s at %s:%d: write both in the same way",
                   n->name, conf_kind_words(n->kind), conf_kind_words(old->kind), old->file, old->line);
}

/* ---- including ---- */

static void include_one(struct loader *l, const struct conf_node *pattern, int depth)
{
    const char *const *files;

    if (pattern->kind != CONF_STRING || !*pattern->text) {
        diag_error(l->diag, pattern->file, pattern->line,
                   "include: wants names of files in quotes, such as [ \"certs.d/*.conf\" ]");
        return;
    }
    if (depth == INCLUDE_DEPTH) {
        diag_error(l->diag, pattern->file, pattern->line,
                   "include: files include each other more than %d deep", INCLUDE_DEPTH);
        l->tree->broken = true;
        return;
    }
    files = include_expand(&l->tree->arena, pattern->file, pattern->text, pattern, l->diag);
    for (; files && *files; files++)
        load(l, *files, pattern, depth + 1);
}
static void include_all(struct loader *l, const struct conf_node *include, int depth)
{
    if (include->kind != CONF_LIST)
        include_one(l, include, depth);
    else
        for (const struct conf_node *n = include->first; n; n = n->next)
            include_one(l, n, depth);
}

/* ---- reading ---- */

static bool is_new(struct loader *l, const char *path, const struct conf_node *at, int depth)
{
    const struct include_file *before = include_note(&l->seen, path, at);

    if (!before)
        return true;
    for (int i = 0; i < depth; i++)
        if (!strcmp(l->stack[i], before->path)) {
            diag_error(l->diag, at->file, at->line,
                       "include: %s includes itself this way: take one of the includes out", before->path);
            return false;
        }
    diag_error(l->diag, at->file, at->line, "include: %s is included twice, first at %s:%d", path,
               before->at->file, before->at->line);
    return false;
}
/* Merges what one file says; its own settings come before those of what it includes. */
static void merge_file(struct loader *l, struct conf_node *top, int depth)
{
    const struct conf_node *include = NULL;
    struct conf_node *next;

    for (struct conf_node *n = top->first; n; n = next) {
        next = n->next;
        if (!strcmp(n->name, "include"))
            include = n;
        else
            merge(l, n);
    }
    if (include)
        include_all(l, include, depth);
}
static void load(struct loader *l, const char *path, const struct conf_node *at, int depth)
{
    struct conf_node *top = NULL;
    char *text;

    if (!is_new(l, path, at, depth))
        return;
    text = include_read(path, at, l->diag);
    if (text)
        top = parse_text(&l->tree->arena, path, text, l->diag);
    mem_wipe_free(text);
    l->stack[depth] = path;
    if (top)
        merge_file(l, top, depth);
    else
        l->tree->broken = true;
}
static struct conf_tree *tree_new(const char *path)
{
    struct conf_tree *t = calloc(1, sizeof *t);
    struct conf_node *root = t ? arena_alloc(&t->arena, sizeof *root) : NULL;

    if (!root) {
        free(t);
        return NULL;
    }
    root->kind = CONF_GROUP;
    root->file = arena_strdup(&t->arena, path);
    t->root = root;
    return t;
}
static struct conf_tree *whole(struct conf_tree *t)
{
    if (!t->arena.starved)
        return t;
    conf_tree_free(t);
    return NULL;
}
struct conf_tree *conf_tree_load(const char *path, struct diag *d)
{
    struct loader l = { .tree = tree_new(path), .diag = d };

    if (!l.tree)
        return NULL;
    diag_main(d, path);
    load(&l, l.tree->root->file, NULL, 0);
    free(l.seen.slots);
    l.tree->arena.starved = l.tree->arena.starved || l.seen.starved;
    return whole(l.tree);
}
struct conf_tree *conf_tree_text(const char *name, const char *text, struct diag *d)
{
    struct conf_tree *t = tree_new(name);
    struct conf_node *top = t ? parse_text(&t->arena, name, text, d) : NULL;
    const struct conf_node *include = conf_get(top, "include");

    if (!t)
        return NULL;
    if (top)
        t->root = top;
    t->broken = !top;
    if (include)
        diag_error(d, name, include->line, "include: only files include others");
    return whole(t);
}
void conf_tree_free(struct conf_tree *t)
{
    if (!t)
        return;
    arena_done(&t->arena);
    free(t);
}
