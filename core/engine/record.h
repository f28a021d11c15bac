/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - a task's record: one JSON object in the store. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/json.h"
#include "engine/judge.h"
#include "engine/queue.h"
#include "store/store.h"

/*
 * Common members: format, asked (what of the configuration it was about: resume.c), step, since and due (ms, wall clock), code, problem, msg (of the last step that ended), tries, looks,
 * stale, rejects, rests, history [{at, event, msg}, ... 20]. Each kind adds its own. Authorities stand in the store's group
 * `accounts` by name, all others in `certs` by the task's full name.
 */
enum { RECORD_FORMAT = 1 };
/* A new object when there is none. Sets the task's step (first load) and version. */
int record_load(struct store *s, struct task *t, json_t **out, struct outcome *o);
int record_save(struct store *s, struct task *t, const json_t *rec, struct outcome *o);
int record_remove(struct store *s, struct task *t, struct outcome *o);
void record_counts(const json_t *rec, struct judge_counts *out);
void record_set_counts(json_t *rec, const struct judge_counts *counts);
/* Notes how the turn ended. `was`: the step that ran; the task's step is where it goes on. */
void record_after(json_t *rec, const struct task *t, uint8_t was, const struct verdict *v,
                  const struct outcome *o, int64_t now_ms);
void record_event(json_t *rec, int64_t at, const char *event, const char *msg);
/* To look at only, like store_view_json(): *out NULL: there is none. FL_EPROTO: it is damaged or of another format, and the
 * message names it. */
int record_view(struct store *s, const struct task *t, json_t **out, struct outcome *o);
/* The same by name, for the record of another task; FL_ECONF: no record can have that name. */
int record_look(struct store *s, int kind, const char *name, json_t **out, struct outcome *o);
/* The same where none and unreadable are the same. */
json_t *record_peek(struct store *s, int kind, const char *name);

#endif
