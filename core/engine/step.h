/* SPDX-License-Identifier: Apache-2.0 */
/* step.h - tasks as data: six kinds, each a const table of steps. */
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include <stdbool.h>
#include <stdint.h>

struct turn;

/* A step runs in one worker, never sleeps, can be repeated at any time, and says by
 * its code what is to become of the task. */
struct step {
    const char *name;
    int (*run)(struct turn *t); /* enum fl_code; words in t->out */
    uint8_t next;               /* after FL_OK, unless the step says t->go */
    uint8_t undo;               /* where it starts over after FL_EREJECT or when tries are used up */
    uint16_t tries;             /* FL_ETEMP in a row before it is undone; 0: never */
    int32_t deadline_s;         /* how long it may say FL_EAGAIN; 0: for ever */
    const char *holds;          /* what exists in the world while the task is here; "" : nothing */
    const char *needs;          /* what it may be parked for; "" : nothing */
    const char *help;           /* one line for people */
    /* Where a task rests and is looked at now and then: true when all is as it was, and t->at_ms is when to look again. Such a
     * look changes nothing; the record, if it wants it, is turn_view()'s; false: the step is run. NULL: it always is. */
    bool (*still)(struct turn *t);
};
struct task_kind {
    const char *name, *help;
    const struct step *steps;
    uint8_t n;
};
enum { KIND_AUTHORITY, KIND_ZONE, KIND_HOST, KIND_CERTIFICATE, KIND_DELIVERY, KIND_CLEANUP, KINDS };
extern const struct task_kind task_kinds[KINDS];

/* Steps by number where others refer to them. */
enum {
    AUTHORITY_DIRECTORY,
    AUTHORITY_ACCOUNT,
    AUTHORITY_CONTACT,
    AUTHORITY_NEW_KEY,
    AUTHORITY_ROLLOVER,
    AUTHORITY_DEACTIVATE,
    AUTHORITY_IDLE
};
enum {
    ZONE_FIND,
    ZONE_CREATE,
    ZONE_WRITE,
    ZONE_SETTLE,
    ZONE_LOOK,
    ZONE_DELEGATION,
    ZONE_REGISTRAR,
    ZONE_IDLE
};
enum { HOST_OWNER, HOST_PUBLISH, HOST_VISIBLE, HOST_LEAVE, HOST_IDLE };
enum {
    CERT_PLAN,
    CERT_KEY,
    CERT_ORDER,
    CERT_AUTHORIZE,
    CERT_DEPLOY,
    CERT_VISIBLE,
    CERT_ANSWER,
    CERT_VALID,
    CERT_FINALIZE,
    CERT_FETCH,
    CERT_REST
};
enum { DELIVERY_DEPLOY, DELIVERY_VERIFY, DELIVERY_IDLE, DELIVERY_RETIRE };
enum { CLEANUP_WITHDRAW, CLEANUP_RELEASE, CLEANUP_TELL, CLEANUP_REPLACED, CLEANUP_REVOKE };

#endif
