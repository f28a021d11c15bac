/* SPDX-License-Identifier: Apache-2.0 */
/* reload.h - the program that is told of new files, until it has succeeded. */
#ifndef FILE_RELOAD_H
#define FILE_RELOAD_H

#include "layout.h"

/* A version with the mark PARTS_MARK is in use, but the program has not been run successfully since. The
 * mark is set and durable before the switch, so that a crash between the two is followed by a run. Errno,
 * 0: done. */
int reload_mark(int dir);
bool reload_due(int dir);
/* FL_OK when it is not due, or has just succeeded (argv NULL or empty: there is nothing to run). FL_ETEMP
 * otherwise, so that the files are delivered again, which changes nothing but runs it again. It gets
 * FAIRLEAD_NAME and FAIRLEAD_FOLDER (DIRECTORY/NAME) in its environment. */
int reload_run(struct fl_ctx *ctx, const char *const *argv, int64_t timeout_ms, const struct layout *l,
               int dir);

#endif
