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
/* line 0: about the file as a whole. Out of memory is remembered and makes diag_errors() positive. */
void diag_error(struct diag *d, const char *file, int line, const char *fmt, ...) FL_PRINTF(4, 5);
void diag_warning(struct diag *d, const char *file, int line, const char *fmt, ...) FL_PRINTF(4, 5);
unsigned diag_errors(const struct diag *d);
unsigned diag_warnings(const struct diag *d);
/* `FILE:LINE: error: ...` in the order: main file first, then files by name, then line, then order of finding. */
void diag_print(struct diag *d, FILE *f);

#endif
