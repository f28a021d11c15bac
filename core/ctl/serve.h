/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - what a person can ask for: one request, one reply. The same beside a daemon, through its socket, and without one. */
#ifndef CTL_SERVE_H
#define CTL_SERVE_H

#include "base/json.h"
#include "engine/engine.h"

/*
 * A request is an object with "op"; the reply always has "exit" (status of the command, ctl/cli.h) and where there is
 * something to say "msg".
 *
 *   renew    names[] or all: true              -> tasks[]: what to wait for with quiet
 *   revoke   name, reason, by_key, now, serial (absent: what is live) -> tasks[], words[]
 *   account  authority, action (show, rollover, deactivate, register) -> account{} or tasks[]
 *   forget   name                              -> words[]
 *   once                                       -> every task looks where it stands
 *   quiet    tasks[] (absent: all), within_ms  -> quiet: bool
 *   reload                                     -> ticket       (a daemon only)
 *   reloaded ticket                            -> done: bool, then ok and msg
 *   status   name (absent: all), brief         -> many lines, see serve_next()
 *
 * Thread: one at a time; reads and writes the state, pokes tasks, waits for nobody.
 */
struct serve {
    const struct model *model;
    struct store *store;
    struct keeper *keeper;
    struct engine *engine; /* NULL: nobody runs the tasks just now */
    char who[64];          /* for the log: "uid=0 pid=17" */
};
/* The caller's; NULL: out of memory. Reload and status are answered by those who know (control.c, below). */
json_t *serve(const struct serve *s, const json_t *req);
/* {"exit": status, "msg": words}. */
json_t *serve_reply(int status, const char *fmt, ...) FL_PRINTF(2, 3);
json_t *serve_failed(const struct outcome *o);
void serve_log(const struct serve *s, const char *op, const char *name);

/* Names in the configuration, with words for one that is not there: "... did you mean `x`?". */
const struct model_certificate *serve_find(const struct serve *s, const char *name, json_t **no_out);

json_t *serve_revoke(const struct serve *s, const json_t *req);
json_t *serve_account(const struct serve *s, const json_t *req);
json_t *serve_forget(const struct serve *s, const json_t *req);

/* The lines of a status, one after the other: {"certificate": {...}}, {"orphan": NAME}, {"revocation": {...}}, at last the
 * reply. `at` counts from 0. NULL: out of memory. */
json_t *serve_next(const struct serve *s, const json_t *req, size_t *at);

#endif
