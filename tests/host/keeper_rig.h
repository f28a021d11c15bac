/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_rig.h - a keeper for a test, called directly or through a socket. */
#ifndef HOST_KEEPER_RIG_H
#define HOST_KEEPER_RIG_H

#include "base/json.h"
#include "crypto/keeper.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

struct rig {
    char base[64], dir[96];   /* the test's folder and the keys in it */
    struct keeper *local, *k; /* k: what the test talks to */
    int far;                  /* the keeper's end of the socket */
    pthread_t server;
    bool wired;
    struct outcome o;
};
/* Setup and teardown of cmocka; teardown also checks that the serving thread ended in order. */
int rig_local(void **state);
int rig_wired(void **state);
int rig_done(void **state);
/* Thread: keeper_serve(local, far); its result is the thread's. */
void *rig_serve(void *rig);
/* The protected header of a flattened JWS. */
json_t *rig_header(const char *jws);

#define DIRECT(f) cmocka_unit_test_setup_teardown(f, rig_local, rig_done)
#define WIRED(f)                                                                                             \
    {                                                                                                        \
#f " (wired)", f, rig_wired, rig_done, NULL                                                          \
    }
#define BOTH(f) DIRECT(f), WIRED(f)

#endif
