/* SPDX-License-Identifier: Apache-2.0 */
/* object.h - a shared object, loaded from its descriptor, and what of the memory is its own. */
#ifndef PLUGIN_OBJECT_H
#define PLUGIN_OBJECT_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBJECT_SPANS = 16 };
struct object {
    void *handle;
    const void *entry; /* the symbol fl_plugin_entry */
    size_t room;       /* its size, as the object's symbol table says */
    struct object_span {
        uintptr_t from, to;
    } spans[OBJECT_SPANS]; /* what was mapped of the file */
    size_t nspans;
};
/* Loads the file behind `fd` (which may be closed afterwards) with all its symbols bound and none of them seen by others,
 * and finds the entry. Refused before it is mapped: what is no shared object of this machine or was cut short. FL_ECONF
 * with a sentence that begins with `path`; nothing stays loaded then. */
int object_load(int fd, const char *path, struct object *out, struct outcome *o);
void object_unload(struct object *ob);
/* Do these bytes, or this text with its NUL and at most `max` bytes, lie within the object? */
bool object_holds(const struct object *ob, const void *p, size_t len);
bool object_text(const struct object *ob, const char *s, size_t max);

#endif
