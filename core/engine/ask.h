/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - what a person asked of a task: on disk before it is accepted, in the task's record at its next turn. */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include "base/json.h"
#include "base/outcome.h"
#include "model/model.h"
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
/* What is live was revoked for good: nothing takes its place until somebody asks for it. */
bool ask_stays_revoked(const json_t *rec);
/* At the engine's start, for what stands beside the record of "KIND:NAME": its turn comes at once. What is asked of a task that is
 * not there any more is forgotten. */
int ask_left(struct engine *e, const char *task, struct outcome *o);
/* The same for authorities that are asked something in their records already: they would sleep. */
void ask_wake(struct engine *e);

/* ---- hurry.c: what a renewal that a person asked for leans on ---------------------------- */

/* Pauses and holds of all that the certificate needs are over: its deliveries, host, authorities, zones. */
void hurry_certificate(struct engine *e, const struct model_certificate *mc);
/* Certificates, hosts and deliveries look where they stand, as they do at a start; pauses after failures stay. */
void hurry_all(struct engine *e);
/* Nothing about any of these ("KIND:NAME", lineages and deliveries of a certificate included; NULL: about anything but zones, which
 * take their time to remove what nobody waits for) is busy or due before `until_ms`. */
bool hurry_quiet(struct engine *e, const char *const *tasks, int64_t until_ms);
/* The same about everything, and when every certificate is at rest and every delivery done: then an authority that is not to be had
 * just now is not waited for (nor is it by hurry_quiet() without tasks). */
bool hurry_over(struct engine *e, int64_t until_ms);

#endif
