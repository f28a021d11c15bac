/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - every task on one heap by time; those whose time has come in one line; workers take from it. */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include "engine/step.h"
#include <stdbool.h>
#include <stddef.h>

enum wake {
    WAKE_NOT,     /* pausing after a failure */
    WAKE_BY_NAME, /* resting: only who means it in particular */
    WAKE_BY_KIND  /* waiting for something that may come at any time */
};
/* One task is in one worker at a time and needs no lock of its own: what stands
 * below the line belongs to that worker, what stands above to the queue. */
struct task {
    char *name;                   /* "certificate:example.org" ; unique, const */
    const struct task_kind *kind; /* const */
    const void *subject;          /* the model's object; NULL: none. const */
    /* the queue's, under its lock */
    int64_t due_ms; /* wall clock; QUEUE_NEVER: parked */
    size_t heap_at; /* 1-based place on the heap; 0: not on it */
    struct task *ready_next;
    struct task *waker_next,
        **waker_at; /* in the list of those whom queue_poke_kind() looks at; waker_at NULL: not in it */
    bool busy, ready;
    bool nudged;      /* its kind was woken while it was busy */
    enum wake wake;   /* who may bring it back before due_ms */
    int64_t poked_ms; /* poked while busy: due then at the latest; QUEUE_NEVER: not */
    bool forced;      /* one of those pokes does not mind what the task waits for */
    bool called;      /* poked by force since it was taken last */
    bool stale;       /* queue_renew() was called and nobody asked for it since */
    /* ---- the worker's ---- */
    uint8_t step;
    bool loaded;
    bool renewed; /* loaded, and meets another configuration in its next turn */
    bool asked; /* it was poked by force since its last turn: something may stand beside its record (ask.h) */
    struct calm *calm; /* NULL: to be read from its record */
    int64_t look_at;   /* resting: when still() is to ask for the renewal window, s; 0: its record says */
    unsigned looks;    /* FL_EAGAIN in this step, those that were not worth a write included */
    int64_t since_ms;  /* when it came to this step in this process; 0: its record says */
    unsigned unsaved;  /* turns in a row that could not be written down */
    uint64_t version;  /* of the record in the store */
    struct json_t
        *rec;   /* the same, as it stands there, where the next turn is near; NULL: it is to be read */
    bool lined; /* it stands in a line for new orders (order_line.c) */
    bool sent;  /* a newOrder may have arrived whose answer is not on disk */
};
#define QUEUE_NEVER INT64_MAX

struct queue;
struct queue *queue_new(void);
void queue_free(struct queue *q); /* frees the tasks too; no worker may be inside */
/* Times are wall clock. When that is put back, what is planned comes so much earlier: a pause lasts as long as it was
 * meant to, and who waits for a date is woken before it and has to look. */

/* Makes the task known, due at `due_ms`. The one that was there under that name is returned instead, untouched.
 * NULL: out of memory. `subject` is only used for a new one. */
struct task *queue_add(struct queue *q, const struct task_kind *kind, const char *name, const void *subject,
                       int64_t due_ms);
/* Waits for a task whose time has come; it is the caller's until queue_put(). NULL: stopped. */
struct task *queue_take(struct queue *q);
/* Who puts one back takes again: one that is due already is left for that. */
void queue_put(struct queue *q, struct task *t, int64_t due_ms, enum wake wake);
/* Instead of queue_put(): it is over, and freed. Poked by name while it was busy it is not: somebody made its work
 * anew meanwhile, and it comes back. */
void queue_drop(struct queue *q, struct task *t);
/* Due at `at_ms` if that is earlier and it may be woken (or `force`). Unknown names are ignored: false. */
bool queue_poke(struct queue *q, const char *name, int64_t at_ms, bool force);
bool queue_has(struct queue *q, const char *name);
/* Wakes every waiting task (WAKE_BY_KIND) of that kind, now. */
void queue_poke_kind(struct queue *q, const struct task_kind *kind);
/* Takers get nothing until it is resumed. And: waits until no task is busy, at most `most_ms`: true. */
void queue_pause(struct queue *q, bool paused);
bool queue_drained(struct queue *q, int64_t most_ms);
/* While it is paused and drained: another set of tasks takes the place of this one. After queue_renew() no task is planned; one that
 * is added under the name of one that was there is that task, as far as its worker knows it, about another subject and marked
 * `renewed`; queue_renewed() frees those that nobody added. */
void queue_renew(struct queue *q);
void queue_renewed(struct queue *q);
void queue_stop(struct queue *q); /* takers return NULL from now on */
/* A taker says that it will not come back; who ends the queue waits until `n` of them did, at most `most_ms`: true. */
void queue_leave(struct queue *q);
bool queue_left(struct queue *q, unsigned n, int64_t most_ms);
/* Waits until no task is busy or due before `until_ms` (wall clock), the clock has passed `until_ms`, or the queue is stopped;
 * at most `most_ms`. True: quiet, passed or stopped. */
bool queue_quiet(struct queue *q, int64_t until_ms, int64_t most_ms);
/* When the next one is due (wall clock): now, if one is ready; QUEUE_NEVER: none is planned. */
int64_t queue_next_ms(struct queue *q);
/* Snapshot for reports: calls f for every task under the lock; f must be short. */
void queue_each(struct queue *q, void (*f)(void *arg, const struct task *t), void *arg);

#endif
