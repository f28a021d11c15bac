/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - the document that a program gets. */
#ifndef EXEC_QUESTION_H
#define EXEC_QUESTION_H

#include <fl/sink.h>

/* docs/exec.md says what is in it. Allocated, and holds keys: question_free() wipes. NULL: no memory, or a text
 * that is not UTF-8. */
char *question_new(struct fl_ctx *ctx, const char *op, const struct fl_cert *certs, size_t n);
void question_free(char **text); /* for cleanup */

#endif
