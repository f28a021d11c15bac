/* SPDX-License-Identifier: Apache-2.0 */
/* http_01.h - what the two ways of the http-01 solver share. */
#ifndef HTTP_01_H
#define HTTP_01_H

#include <fl/solver.h>

struct conf {
    const char *const *listen; /* NULL: the default address */
    const char *webroot;       /* NULL: listens */
};

/* Proofs in memory, for the listener. Used inside the instance's lane only. */
struct shelf;
struct shelf *shelf_new(void);
void shelf_free(struct shelf *s);
/* False: out of memory. The same token again takes the new text. */
bool shelf_put(struct shelf *s, const char *token, const char *key_auth);
const char *shelf_find(const struct shelf *s, const char *token, size_t len); /* NULL: not there */
void shelf_remove(struct shelf *s, const char *token);

/* Proofs as files WEBROOT/.well-known/acme-challenge/TOKEN. */
int webroot_put(struct fl_ctx *ctx, const char *webroot, const char *token, const char *key_auth);
/* Removes the file if it is that proof; FL_OK also when there is none. */
int webroot_remove(struct fl_ctx *ctx, const char *webroot, const char *token, const char *key_auth);

#endif
