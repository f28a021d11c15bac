/* SPDX-License-Identifier: Apache-2.0 */
/* turn_rig.h - one turn of one task, made by hand: no authority, no disk, no workers. */
#ifndef HOST_TURN_RIG_H
#define HOST_TURN_RIG_H

#include "engine/hold.h"
#include "engine/record.h"
#include "engine/steps.h"

/* Three authorities `a`, `b` and `c` that nobody can reach, one certificate for a.example.org, b.example.org and
 * *.c.example.net that lists them all; its task stands at `plan`, on the fake clock. */
struct turn_rig {
    struct model_authority authorities[3];
    struct world_authority world_authorities[3];
    struct model_certificate cert;
    struct subject subject;
    struct model model;
    struct world world;
    struct engine engine;
    struct task task;
    struct turn t;
};
/* cmocka's. */
int turn_rig_set_up(void **state);
int turn_rig_tear_down(void **state);
/* As time goes on. */
void turn_rig_wait(struct turn_rig *r, int64_t seconds);
/* The record of an authority, as its own task would write it. */
void turn_rig_authority(struct turn_rig *r, const char *name, const char *json);
/* A certificate that is live, from the authority `a`, for all names, with that much left of its lifetime. */
void turn_rig_live(struct turn_rig *r, int64_t left_s, int64_t life_s);

#endif
