/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_impl.h - what keeper.c and keeper_wire.c share; nobody else includes this. */
#ifndef CRYPTO_KEEPER_IMPL_H
#define CRYPTO_KEEPER_IMPL_H

#include "crypto/keeper.h"

#include <pthread.h>

/* Either a folder of keys, const after keeper_new(), or a connection to the one that has it. */
struct keeper {
    char *path;           /* of the folder, for messages; NULL: remote */
    int dir;              /* the folder; -1: remote */
    int fd;               /* the connection; -1: local */
    pthread_mutex_t lock; /* remote: one frame out, one frame in; guards fd and broken */
    bool broken;
};
/* keeper_check.c. FL_OK, or FL_ECONF that says what is wrong; looks at nothing but the request. */
int keeper_check(const struct keeper_request *req, struct outcome *o);
/* keeper_wire.c. A checked request through the socket; fills `reply`, always. */
void keeper_forward(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply);

#endif
