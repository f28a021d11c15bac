/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - how a call ended: code, words, and when to come again. */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <fl/code.h>
#include <stdarg.h>
#include <stdint.h>

enum { OUTCOME_MSG = 512, OUTCOME_PROBLEM = 48 };
/* Plain data without pointers: it goes through doors and into state files. */
struct outcome {
    int code;                      /* enum fl_code */
    int http;                      /* status of the answer behind it; 0: none */
    int64_t retry_after_ms;        /* what the other side asked for; 0: nothing */
    char problem[OUTCOME_PROBLEM]; /* ACME error type without its URN prefix ("rateLimited"); "": none */
    char msg[OUTCOME_MSG];         /* for people; valid UTF-8, one line */
};
/* Both start afresh (http, retry_after_ms and problem are empty until set again), keep the message and
 * return the code. Control characters and what is not UTF-8 become '?'. Arguments may stand in `o` itself. */
int outcome_fail(struct outcome *o, int code, const char *fmt, ...) FL_PRINTF(3, 4);
int outcome_vfail(struct outcome *o, int code, const char *fmt, va_list ap) FL_PRINTF(3, 0);
/* FL_EAGAIN, to be asked again after `after_ms` (0: the engine's pace). */
int outcome_again(struct outcome *o, int64_t after_ms, const char *fmt, ...) FL_PRINTF(3, 4);
int outcome_ok(struct outcome *o);    /* clears it, returns FL_OK */
int outcome_nomem(struct outcome *o); /* FL_ENOMEM with its usual words */
/* Puts "WHAT: " before the message; returns the code. */
int outcome_context(struct outcome *o, const char *fmt, ...) FL_PRINTF(2, 3);
/* "ok", "again", "temp", "rate", "auth", "reject", "stale", "conf", "proto", "nomem", "cancel" */
const char *outcome_code_name(int code);
int outcome_code_parse(const char *name); /* the reverse; FL_EPROTO when unknown */

#endif
