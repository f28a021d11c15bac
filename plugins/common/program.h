/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - what plugins share that work through a program of the user's own. Compiled into each of them. */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

#include <fl/json.h>

enum { PROGRAM_ANSWER_MAX = 256 * 1024 };

/* For check(): `program` names one, and each of `environment` (NULL: none) is of the form NAME=value. */
int program_check(struct fl_ctx *ctx, const char *const *program, const char *const *environment);
/* `own` and then `environment` (NULL: none), NULL-terminated; NULL without memory. */
const char *const *program_env(struct fl_ctx *ctx, const char *const *own, const char *const *environment);

/* A program that ran and ended, and how its words come into messages. */
struct program_end {
    const char *program; /* names it in messages */
    const struct fl_ran *ran;
    /* Is that text not to be shown? NULL: all may be. */
    bool (*secret)(const char *text, const void *arg);
    const void *arg;
    size_t most; /* what fl_run() was told to keep */
};
/* The code that its JSON object or else its exit status (the numbers of sysexits.h) stands for, the message set. On
 * FL_OK *doc_out is what it answered, an empty object if that was no JSON; it belongs to the call. */
int program_judge(struct fl_ctx *ctx, const struct program_end *end, json_t **doc_out);
/* For messages: the last lines of a text, "" or ": ..." */
const char *program_words(struct fl_ctx *ctx, const struct program_end *end, const char *text);

#endif
