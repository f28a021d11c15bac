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
    int line;
    enum conf_kind kind;
    const char *text; /* CONF_STRING: the value; numbers: the literal as it stands in the source, for messages */
    int64_t number;
    bool overflow;    /* CONF_INT: the literal does not fit int32 (libconfig 1.5 would wrap it silently) */
    bool flag;
    struct conf_node *first, *next; /* children, in order */
};
struct conf_tree {
    struct arena arena;
    struct conf_node *root; /* CONF_GROUP */
};
/* Reads `path` and everything it includes (globs in name order, relative to the including file, depth 5),
 * and merges: named sections by name (a name twice: an error naming both places), lists appended, scalars
 * twice: an error. A syntax error is one message for that file; the others are still read. `@include` is refused with a
 * sentence that shows `include = [...]`. Returns NULL only without memory; look at diag_errors(). */
struct conf_tree *conf_tree_load(const char *path, struct diag *d);
void conf_tree_free(struct conf_tree *t);
const struct conf_node *conf_get(const struct conf_node *group, const char *name); /* NULL: absent */

#endif
