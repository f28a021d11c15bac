/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - what a person asked of a task: on disk before it is accepted, in the task's record at its next turn. */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include "base/json.h"
#include "base/outcome.h"
#include "store/store.h"

/*
 * A task's record is written by its own turn alone, so an ask waits beside it, in the store's group `certs` under
 * "ask:KIND:NAME" (any thread may put one), until the task's next turn merges it: ask_merge(), called before the step.
 * Merged means rec.ask = { "op": ..., "at": s, ... } and the task starts over without pauses and counts. The step that
 * fulfils it removes rec.ask; its record and that are one write. Merging twice (a crash between) is the same as once.
 *
 *   certificate  { op: "renew", new_key: bool }     fulfilled by fetch, when what was ordered is live
 *                { op: "revoked", serial, reason }  not kept in rec.ask: becomes rec.revoked; one that is live and stays
 *                                                   revoked is not renewed until "renew"
 *                { op: "note", event, msg }         an event of its history, nothing else
 *   authority    { op: "rollover" }, { op: "deactivate" }, { op: "contact" }
 *                                                   the task goes on at its first step; account or idle fulfils
 *   cleanup      { op: "now" }                      a revocation that does not wait for its replacement any more
 */
struct engine;
struct turn;
enum { ASKS = 32 }; /* of one task, not yet merged */

/* Puts it down for the task "KIND:NAME"; takes the reference. On disk when FL_OK; nobody is woken. */
int ask_put(struct store *s, const char *task, json_t *ask, struct outcome *o);
/* Those that wait for the task and were not merged; NULL: none (or unreadable). */
json_t *ask_waiting(struct store *s, const char *task);
/* Forgets what was not merged. */
int ask_forget(struct store *s, const char *task, struct outcome *o);
/* The same, and the task's turn comes at once, whatever it pauses or waits for. False in *known_out: there is no such task; nothing
 * was written. */
int ask_task(struct engine *e, const char *task, json_t *ask, bool *known_out, struct outcome *o);

/* Before a step: takes what waits into t->rec, writes it, and forgets it beside. FL_OK also when there is nothing. *came_out:
 * something was asked, pauses and holds are over. */
int ask_merge(struct turn *t, bool *came_out);
/* Does the record hold an ask of that op? */
bool ask_is(const json_t *rec, const char *op);
bool ask_new_key(const json_t *rec);
/* After engine setup: tasks that are asked something have their turn, whether it was merged before a crash or not. */
int ask_wake(struct engine *e, struct outcome *o);

#endif
