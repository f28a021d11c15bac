/* SPDX-License-Identifier: Apache-2.0 */
/* authority.h - what struct acme holds; for the files of this folder. */
#ifndef ACME_AUTHORITY_H
#define ACME_AUTHORITY_H

#include "acme/acme.h"
#include "acme/nonce.h"
#include "acme/url.h"
#include <pthread.h>

struct directory;
struct acme {
    /* const after acme_new() */
    char *name, *url;
    bool accept_terms;
    char **contact; /* NULL-terminated */
    char *eab_kid, *eab_hmac;
    int eab_bits;
    struct http_lane *lane;
    struct keeper *keeper;

    pthread_mutex_t lock;          /* guards what follows; held neither across a request nor a signature */
    struct directory *directories; /* newest first; older ones stay for those who borrowed from them */
    struct nonces nonces;
    char sealed[KEEPER_SEALED], kid[KEEPER_URL];
    unsigned told_time; /* so often it has sent a Date, and its clock was so far ahead of our monotonic one */
    int64_t ahead_ms;
};
/* http_do() through the authority's lane, noting what time it is there: the one way out of this folder. */
int acme_ask(struct acme *a, const struct http_request *req, struct http_answer *out, struct outcome *o);
/* The account in use; FL_ECONF: acme_use() has not been called. */
struct account {
    char sealed[KEEPER_SEALED], kid[KEEPER_URL];
};
int acme_in_use(struct acme *a, struct account *out, struct outcome *o);

#endif
