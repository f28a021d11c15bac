/* SPDX-License-Identifier: Apache-2.0 */
/* calm.h - what a look at a resting certificate or delivery has to know. Internal to engine/. */
#ifndef ENGINE_CALM_H
#define ENGINE_CALM_H

#include <stdbool.h>
#include <stdint.h>

struct acme;
struct turn;
/* Kept in memory so that such a look need not read the record: made by one that found all as it was, gone with the next turn that is more
 * than a look. Times are seconds of the wall clock. */
struct calm {
    struct acme *acme;
    int64_t until_at;                  /* it is renewed, or a name is tried again */
    int64_t look_at, start_at, end_at; /* the renewal window, and when to ask for it */
    char *authority, *cert_id, *key;   /* its own; the issuer, and the sealed key */
    char delivered[]; /* of a delivery, which has nothing else: the serials, with blanks between */
};
void calm_free(struct calm *c); /* NULL is fine */
/* In ari.c, the part about the window. False: not that calm. */
bool ari_calm(const struct turn *t, struct calm *out);
/* True: it is still that one, or need not be asked for yet. What it heard is in t->heard for ari_look(). */
bool ari_same(struct turn *t, struct calm *c);

#endif
