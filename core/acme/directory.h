/* SPDX-License-Identifier: Apache-2.0 */
/* directory.h - the authority's directory (RFC 8555 7.1.1) as it was last read. */
#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H

#include "acme/url.h"
#include "base/outcome.h"

enum { DIRECTORY_ORIGINS = 8, DIRECTORY_PROFILES = 32 };

/* Never changes once it is read; lives until acme_free(). */
struct directory {
    char *new_nonce, *new_account, *new_order;     /* never NULL */
    char *revoke_cert, *key_change, *renewal_info; /* NULL: not offered */
    char *terms;                                   /* meta.termsOfService; NULL: none */
    bool needs_eab;                                /* meta.externalAccountRequired */
    char *profiles[DIRECTORY_PROFILES + 1];        /* names in meta.profiles, NULL-terminated */
    char origins[DIRECTORY_ORIGINS][URL_ORIGIN];   /* "" after the last */
    struct directory *next;
};
struct acme;
/* 0 requests when it is known and not to be read again, else 1. */
int directory_get(struct acme *a, bool refresh, const struct directory **out, struct outcome *o);
/*
 * Is that URL this authority's? Whatever the account key signs, and every request, goes to the origin of the
 * directory or to one that the directory itself names, over TLS if the directory came over TLS. An order or
 * a header field that points elsewhere could have us send signed messages to another authority or knock at
 * services that only this machine reaches.
 */
bool directory_owns(const struct directory *d, const char *url);
void directory_free(struct directory *d); /* this one alone; NULL is fine */

#endif
