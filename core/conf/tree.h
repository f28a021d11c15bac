/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - configuration files as one merged tree; the one door to libconfig. */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "base/arena.h"
#include "conf/diag.h"
#include <stdint.h>

enum conf_kind { CONF_GROUP, CONF_LIST, CONF_STRING, CONF_INT, CONF_FLOAT, CONF_BOOL };
struct conf_node {
    const char *name; /* NULL in lists */
    const char *file; /* as the user wrote it, or found by include */
    int line;         /* of the name, in lists of the value's first word; 0: the root */
    enum conf_kind kind;
    const char
        *text; /* CONF_STRING: the value; numbers: the literal as it stands in the source, for messages */
    int64_t number;
    bool
        overflow; /* CONF_INT: the literal does not fit int32 (libconfig 1.5 would wrap it silently); number is 0 */
    bool flag;
    struct conf_node *first, *next; /* children, in order */
    struct conf_node *last;         /* of the children; for appending */
};
struct conf_tree {
    struct arena arena;
    struct conf_node *root; /* CONF_GROUP */
    /* Some file could not be read or is wrong in form: what is missing in the tree may stand there. */
    bool broken;
};
/* Reads `path` and everything it includes (globs in name order, relative to the including file, depth 5),
 * and merges: named sections by name (a name twice: an error naming both places), lists appended, scalars
 * twice: an error. A syntax error is one message for that file; the others are still read. `@include` is refused with a
 * sentence that shows `include = [...]`. Files are regular, UTF-8 and at most 1 MiB, none is read twice. The
 * setting `include` of the top level is not in the tree. Returns NULL only without memory; look at diag_errors().
 *
 * All texts of the tree are wiped when it ends, for any may be a secret; so is what was read from the files, and
 * libconfig's copies of the values. What its scanner keeps is not ours to wipe. */
struct conf_tree *conf_tree_load(const char *path, struct diag *d);
/* The same from memory; `name` stands for the file, and an include in it is an error. */
struct conf_tree *conf_tree_text(const char *name, const char *text, struct diag *d);
void conf_tree_free(struct conf_tree *t);
const struct conf_node *conf_get(const struct conf_node *group, const char *name); /* NULL: absent */
/* "text in quotes", "a whole number", "a list" ...: what that is, for messages. */
const char *conf_kind_words(enum conf_kind kind);

#endif
