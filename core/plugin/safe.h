/* SPDX-License-Identifier: Apache-2.0 */
/* safe.h - opens the file of a plugin if nobody else can have put it there. */
#ifndef PLUGIN_SAFE_H
#define PLUGIN_SAFE_H

#include "base/outcome.h"
#include <stddef.h>

/* Writes DIR/KIND/NAME.so to path[size] and opens it for reading (close-on-exec). Looked at: DIR and DIR/KIND
 * (folders; a symbolic link to one is fine, what it leads to is looked at) and the file (no link, a regular file) belong
 * to root or to us, and nobody else may write them. The descriptor is what was looked at. FL_ECONF with one
 * sentence; a name that does not exist comes with the one that was probably meant. */
int safe_open(const char *dir, const char *kind, const char *name, char *path, size_t size, int *fd_out,
              struct outcome *o);

#endif
