/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate.h - is this entry one that we can work with? Pure: memory in, sentence out. */
#ifndef PLUGIN_NEGOTIATE_H
#define PLUGIN_NEGOTIATE_H

#include "plugin/load.h"
#include "plugin/object.h"

/* Looks at ob->entry and what it leads to, reading nothing outside of the object, and fills out->entry and out->ops
 * (by the smaller of its size and ours; zero beyond). FL_ECONF with one sentence that begins with out->path. In this
 * order: size, magic, ABI, kind, name, texts, callbacks, options. */
int negotiate(const struct object *ob, enum fl_kind kind, const char *name, struct plugin *out,
              struct outcome *o);

/* The option table alone: ends with FL_END, names, types, offsets within `size` bytes of struct, defaults that can be
 * read. True, or false with what is wrong in why[256] ("option ttl ..."). */
bool options_sound(const struct object *ob, const struct fl_option *table, size_t size, char *why);

#endif
