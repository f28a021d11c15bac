/* SPDX-License-Identifier: Apache-2.0 */
/* engine_rig.h - the engine around a test's own authority, solver, sink and disk, one turn at a time. */
#ifndef HOST_ENGINE_RIG_H
#define HOST_ENGINE_RIG_H

#include "acme_rig.h"
#include "engine/turn.h"
#include "plugin_rig.h"

/*
 * One authority `test`, one solver `try` (dns-01) and one sink `try`, both in memory, and the certificates that the
 * test writes into the model. There are no workers: engine_rig_run() takes tasks from the real queue as their time
 * comes, on the fake clock. The store is tests/host/fake_store.c; what is on it outlives engine_rig_restart(), which
 * forgets everything that a process that dies would forget.
 */
struct engine_rig {
    struct acme_rig ca;
    struct plugin_rig solver, sink;
    struct model_authority authority;
    struct model_instance solvers[1], sinks[1];
    struct model_certificate certificates[2];
    struct model model;
    struct world_authority authorities[1];
    struct instance *solver_list[2], *sink_list[2];
    struct world world;
    struct engine *e;
    /* what the observer was told last of a certificate */
    char seen[1024];
    unsigned turns;
    /* The run ends before the turn of that task at that step; NULL: not. */
    const char *stop_name, *stop_step;
    bool mortal; /* it ends with the turn in which a write failed */
    /* What is wrong with the chains that the authority gives; all zero: nothing. */
    struct engine_rig_chain {
        const char *const *names; /* instead of those asked for */
        int64_t from_s, to_s;     /* instead of the usual dates, seconds from now */
        bool bad_signature, other_key, upside_down, other_issuer;
        const char *text; /* instead of a chain */
    } chain;
};
/* What the plugins did and are to do; the rig's, all zero after opening. */
struct engine_rig_plugins {
    unsigned deploys, looks, withdraws, delivered, retired, verified;
    int standing;                 /* proofs in the memory of the solver */
    void (*withdrawn)(void *arg); /* called when they have just been taken away; NULL: nothing */
    void *arg;
    int ready_code; /* what ready() says; FL_OK: as it is */
    const char *ready_words;
    const char *
        only_for; /* deploy_code and ready_code are for calls with this identifier's proof ("*.": its wildcard's); NULL: all */
    int deploy_code;  /* of the solver */
    int sink_code;    /* of deploy() and retire() */
    char served[64];  /* serial at the sink; "" : none */
    char names[256];  /* of the last delivery, with blanks between */
    const char *held; /* chain that stands at the sink, borrowed; NULL: none */
};
extern struct engine_rig_plugins engine_rig_plugins;

/* One certificate, `names`, ec256, nothing running yet: change the model, then engine_rig_start(). */
void engine_rig_open(struct engine_rig *r, const char *const *names);
void engine_rig_start(struct engine_rig *r);
void engine_rig_restart(struct engine_rig *r);
void engine_rig_close(struct engine_rig *r);
/* Until nothing is due within `for_ms` from now, or it is to stop. Fails the test after 2,000 turns. */
void engine_rig_run(struct engine_rig *r, int64_t for_ms);
/* From now on its chains are right. What was scripted before goes first. */
void engine_rig_honest(struct engine_rig *r);
/* The record of "certificate:...": the caller's; NULL: none. Authorities: "authority:NAME". */
json_t *engine_rig_record(struct engine_rig *r, const char *task);
/* Puts a record there in place of what is on disk. */
void engine_rig_put(struct engine_rig *r, const char *task, const char *json);
/* A member of it, "" : none. `path` "live.serial". */
const char *engine_rig_field(struct engine_rig *r, const char *task, const char *path, char out[256]);
/* Keys in the keeper's folder that the engine made. */
int engine_rig_keys(struct engine_rig *r);

/* ---- for tests of the certificate `engine_rig_names` ---- */

extern const char *const engine_rig_names[]; /* a.example.org, *.a.example.org */
/* cmocka's: a rig with it, opened and not started, as *state. */
int engine_rig_set_up(void **state);
int engine_rig_tear_down(void **state);
/* Requests that begin so; "=" in front: that are so. */
unsigned engine_rig_asked(struct engine_rig *r, const char *at);
void engine_rig_assert_field(struct engine_rig *r, const char *task, const char *path, const char *value);
bool engine_rig_any_cleanup(struct engine_rig *r);
/* At rest, with what is live at the sink, and nothing left over. */
void engine_rig_assert_done(struct engine_rig *r);
/* Until that task is to take that step. */
void engine_rig_run_to(struct engine_rig *r, const char *task, const char *step);

#endif
