/* SPDX-License-Identifier: Apache-2.0 */
/* diag.h - everything that is wrong with a configuration, collected, sorted, printed once. */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include <fl/code.h>
#include <stdbool.h>
#include <stdio.h>

struct diag; /* messages with file and line; one thread */
struct diag *diag_new(void);
void diag_free(struct diag *d);
/* Messages about this file come before all others: conf_tree_load() says it of the file it is given. */
void diag_main(struct diag *d, const char *file);
/* line 0: about the file as a whole. Out of memory is remembered and makes diag_errors() positive. A message
 * is one line without a final stop: what is wrong, and behind ":" or ";" what to do. The same words about the
 * same line are kept once. */
void diag_error(struct diag *d, const char *file, int line, const char *fmt, ...) FL_PRINTF(4, 5);
void diag_warning(struct diag *d, const char *file, int line, const char *fmt, ...) FL_PRINTF(4, 5);
unsigned diag_errors(const struct diag *d);
unsigned diag_warnings(const struct diag *d);
/* `FILE:LINE: error: ...` in the order: main file first, then files by name, then line, then order of finding.
 * Control characters, which a file may hold between quotes, are shown as '?'. */
void diag_print(struct diag *d, FILE *f);
/* "2 errors, 1 warning" (no line end) into out; the form of both numbers is right. */
void diag_counts(const struct diag *d, char out[64]);

#endif
