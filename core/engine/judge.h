/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - what becomes of a task after a step: pure, no clock, no state, one table. */
#ifndef ENGINE_JUDGE_H
#define ENGINE_JUDGE_H

#include "base/outcome.h"
#include "engine/step.h"
#include <stdbool.h>

/* How often something happened in a row; kept in the task's record. */
struct judge_counts {
    unsigned tries;   /* FL_ETEMP and FL_EPROTO in this step */
    unsigned looks;   /* FL_EAGAIN in this step */
    unsigned stale;   /* FL_ESTALE in this step */
    unsigned rejects; /* FL_EREJECT since the task last came through */
    unsigned rests;   /* given up and rested since then */
};
/* Whom a failure is put down to; decides what else it holds up. */
enum judge_blame {
    BLAME_NOBODY,
    BLAME_USER,      /* configuration, delegation, reachability: another authority would say the same */
    BLAME_AUTHORITY, /* the authority's own fault: the next of the list may do better */
    BLAME_INSTANCE   /* a plugin's instance: credentials or its service */
};
/* What a rate limit or a refusal of credentials holds up beside the task itself. */
enum judge_scope {
    SCOPE_TASK,      /* nothing else */
    SCOPE_DOMAIN,    /* newOrder for this registered domain at this authority */
    SCOPE_AUTHORITY, /* every request to the authority */
    SCOPE_INSTANCE   /* every call of the plugin's instance, once its test() failed too */
};
struct judge_case {
    const struct task_kind *kind;
    uint8_t step;
    int code;
    const char *problem;      /* ACME error type without prefix; "" */
    int http;                 /* status behind the code; 0 */
    int64_t retry_after_ms;   /* 0: not told */
    int64_t now_ms, since_ms; /* since: when the step was entered; wall clock */
    struct judge_counts counts;
    double jitter; /* -1 .. 1 */
};
struct verdict {
    uint8_t step;  /* where the task goes on */
    int64_t at_ms; /* when; JUDGE_NEVER: at the next reload or when it is woken */
    struct judge_counts counts;
    int code; /* the case's, or FL_ETEMP when a wait outlived its deadline, or stale came six times */
    enum judge_blame blame;
    enum judge_scope scope;
    bool failed;  /* to be logged as a failure */
    bool alarm;   /* a person should hear of it */
    bool gave_up; /* the step's tries are used up: undone, resting */
};
#define JUDGE_NEVER INT64_MAX
void judge(const struct judge_case *c, struct verdict *out);

#endif
