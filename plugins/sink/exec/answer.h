/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what becomes of a program's exit status and words. */
#ifndef EXEC_ANSWER_H
#define EXEC_ANSWER_H

#include <fl/sink.h>

enum { ANSWER_MAX = 256 * 1024 };

/* The code for a program that ran and ended; `program` names it in messages. `certs`: no line of their keys may come
 * into a message. On FL_OK *chain_out is the answer's chain, NULL when there is none; may be NULL itself. */
int answer_judge(struct fl_ctx *ctx, const char *program, const struct fl_ran *ran,
                 const struct fl_cert *certs, size_t n, const char **chain_out);
/* For messages: the last lines of what it said on stderr, "" or ": ..." */
const char *answer_words(struct fl_ctx *ctx, const char *text, const struct fl_cert *certs, size_t n);

#endif
