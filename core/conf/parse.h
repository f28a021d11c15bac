/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - one text into nodes: all that is left to libconfig. */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf/tree.h"

/* The file's top level, owned by `a`; NULL: one error is in `d`. `file` is copied once for all nodes. */
struct conf_node *parse_text(struct arena *a, const char *file, const char *text, struct diag *d);
/* Appends a child. */
void parse_append(struct conf_node *parent, struct conf_node *child);

#endif
