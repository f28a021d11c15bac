/* SPDX-License-Identifier: Apache-2.0 */
/* tls_alpn_01.h - what the parts of the tls-alpn-01 solver share. */
#ifndef TLS_ALPN_01_H
#define TLS_ALPN_01_H

#include <fl/listen.h>
#include <fl/solver.h>

/* Whose proof is shown for which server name. Used inside the instance's lane only. */
struct shelf;
enum shelf_place {
    SHELF_FREE,  /* nothing for that name, or the same challenge before the account's key was changed */
    SHELF_OURS,  /* the proof of that very token and digest */
    SHELF_TAKEN, /* by another order's, which must not be disturbed */
};
struct shelf *shelf_new(void);
void shelf_free(struct shelf *s);
enum shelf_place shelf_look(const struct shelf *s, const char *name, const struct fl_challenge *ch);
/* Notes it for a name that is not taken; false: out of memory, unchanged. */
bool shelf_put(struct shelf *s, const char *name, const struct fl_challenge *ch, const char *cert_pem);
const char *shelf_find(const struct shelf *s, const char *name); /* the certificate; NULL: none */
/* True: it was that token's, and is gone. */
bool shelf_remove(struct shelf *s, const char *name, const struct fl_challenge *ch);

#endif
