/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - runs the tasks: take one, run its step, judge, write it down, put it back. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/world.h"

/* What an observer sees of every turn that changed something. Borrowed for the call. */
struct progress {
    const char *kind, *name; /* "certificate", "example.org" */
    const char *step;        /* where it is now */
    const char *help;        /* what that step is, for people */
    int code;                /* of the step that ended */
    const char *msg;
    int64_t next_ms; /* wall clock; JUDGE_NEVER: nothing planned */
};
struct engine_conf {
    struct world *world;
    bool once;        /* removals are not put off, nothing is waited for at the end */
    bool no_delivery; /* a rehearsal: certificates are made, and go nowhere */
    /* Certificates that there are tasks for, besides what earlier runs left; NULL: all of the configuration. */
    const char *const *only;
    void (*progress)(void *arg, const struct progress *p); /* from workers, one at a time; NULL: none */
    void *arg;
};
struct engine;
/* Makes every task of the configuration and of the state's left-overs. */
int engine_new(const struct engine_conf *conf, struct engine **out, struct outcome *o);
struct world *engine_world(struct engine *e);
int engine_start(struct engine *e, struct outcome *o); /* the workers */
/* At most `most_ms`: true when no task is busy or due before `until_ms` (wall clock). */
bool engine_quiet(struct engine *e, int64_t until_ms, int64_t most_ms);
/* False: calls hang beyond twice their deadline and too many workers were replaced: the process should end (watchdog). */
bool engine_healthy(struct engine *e);
/* Cancels requests, waits for the workers; steps on the way are FL_ECANCEL. False: a worker hangs in a plugin; then
 * nothing may be freed, and the process should end by _exit(). */
bool engine_stop(struct engine *e);
void engine_free(struct engine *e); /* not the world */

#endif
