/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_impl.h - what keeper.c and keeper_wire.c share; nobody else includes this. */
#ifndef CRYPTO_KEEPER_IMPL_H
#define CRYPTO_KEEPER_IMPL_H

#include "crypto/keeper.h"

#include <openssl/types.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

enum { KEEPER_KNOWN = 16 };
/* One key that was used lately, and the file that it was read from. */
struct keeper_known {
    char sealed[48];
    EVP_PKEY *key; /* NULL: a free place */
    uint64_t used; /* the lowest goes first */
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime, ctime;
};
/* Either a folder of keys, const after keeper_new(), or a connection to the one that has it. */
struct keeper {
    char *path; /* of the folder, for messages; NULL: remote */
    int dir;    /* the folder; -1: remote */
    int fd;     /* the connection; -1: local */
    /* remote: one frame out, one frame in; guards fd and broken. Local: guards known and uses */
    pthread_mutex_t lock;
    bool broken;
    struct keeper_known known[KEEPER_KNOWN];
    uint64_t uses;
};
/* keeper_check.c. FL_OK, or FL_ECONF that says what is wrong; looks at nothing but the request. */
int keeper_check(const struct keeper_request *req, struct outcome *o);
/* keeper_known.c. The key that this file was found to hold, for keeper_known_release(); NULL: it was not used lately, or the
 * file is another by now. Several threads may have one key: it is only read. */
EVP_PKEY *keeper_known_find(struct keeper *k, const char *sealed, const struct stat *st);
/* `st` is of the file before it was read. Keeps a reference of its own. */
void keeper_known_add(struct keeper *k, const char *sealed, const struct stat *st, EVP_PKEY *key);
void keeper_known_release(struct keeper *k, EVP_PKEY *key);     /* one that may be known */
void keeper_known_forget(struct keeper *k, const char *sealed); /* NULL: all */
/* keeper_wire.c. A checked request through the socket; fills `reply`, always. */
void keeper_forward(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply);

#endif
