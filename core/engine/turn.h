/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - what a step sees: the world, its task, its record. Internal to engine/. */
#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include "base/json.h"
#include "engine/engine.h"
#include "engine/hold.h"
#include "engine/judge.h"
#include "engine/queue.h"

struct hold;
struct line;
struct engine {
    struct engine_conf conf;
    struct world *world;
    struct queue *queue;
    struct zones *zones;
    struct hold *holds;
    struct line *line;
    struct pool *pool;
    struct pace *pace;
    struct subject *subjects; /* made by setup.c, freed with the engine */
};
enum { GO_NEXT = -1 };
struct turn {
    struct engine *e;
    struct world *w;
    struct task *task;
    json_t *rec; /* the task's record, an object; written back after the step */
    struct outcome out;
    int64_t now_ms; /* wall clock at the start of the turn */
    int go;         /* step after FL_OK instead of the table's; GO_NEXT */
    int64_t at_ms;  /* when, after FL_OK; 0: at once */
    bool gone;      /* after FL_OK: the task and its record have done their work */
    bool quiet;     /* after FL_OK: nothing happened that is worth a write; the next step is run at once */
    bool stands;    /* the record is as it is on disk */
    bool anew;      /* others have written the record: nothing of this turn counts, nor what was known */
    bool wakes;     /* after FL_OK: certificates may be waiting for what this record now says */
    struct ari_answer *heard; /* what still() asked, and the step need not ask again */
    json_t *looked;           /* records of others that this turn has read, by task name */
    bool
        news; /* of a zone: its record says what it did not say before: certificates and hosts may be waiting for it */
    bool dropped; /* after FL_EREJECT: the order is to be placed anew at once, without a name; see drop.c */
    /* What failed, as a hold key, where it is not what the task leans on as a whole; "": that. */
    char held[128];
    char domain[256]; /* registered domain that a newOrder was for */
    char limited
        [HOLD_KEY]; /* a newOrder has to wait for what others wait for too: the hold's key; "": not for such */
};
/* Writes the record now, in the middle of a step: what comes next may not happen before this is on disk. */
int turn_save(struct turn *t);
/* For still(): the record, only to look at; false: none, or not one to be quick with (it failed, or what it leans on is held up). */
bool turn_view(struct turn *t);
bool turn_held(struct turn *t); /* what it leans on is held up */
/* Adds to the record's history (last 20). */
void turn_event(struct turn *t, const char *event, const char *fmt, ...) FL_PRINTF(3, 4);
const char *task_subject(const struct task *t); /* the name after the kind */
/* Between -1 and 1, the same for the same name and salt: spreads tasks, not runs. */
double turn_jitter(const char *name, unsigned salt);
/* "KIND:NAME" into out[400]; false: too long. */
bool task_name(int kind, const char *name, char out[400]);

struct turned {
    int64_t due_ms;
    enum wake wake; /* who may bring it back before */
    bool gone;      /* is not to come back */
};
/* One turn of a task: load, run, judge, save. */
struct turned turn_run(struct engine *e, struct task *task);

#endif
