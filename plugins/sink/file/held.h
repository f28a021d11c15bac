/* SPDX-License-Identifier: Apache-2.0 */
/* held.h - the chain that stands in a version, for those who ask what is in use. */
#ifndef FILE_HELD_H
#define FILE_HELD_H

#include <fl/sink.h>

/* The chain of that key type out of the files in `dir`: fullchain, else the part of combined behind the key, else cert and chain.
 * The files with the type in their names are looked at first; the plain ones belong to the first lineage, which may be of another
 * type: whoever asked looks at it. NULL: none of them is there. */
int held_chain(struct fl_ctx *ctx, int dir, const char *key_type, const char **out);

#endif
