/* SPDX-License-Identifier: Apache-2.0 */
/* nonce.h - the pool of anti-replay nonces (RFC 8555 6.5). */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include "base/outcome.h"
#include "net/http.h"
#include <stdbool.h>

/*
 * Each answer brings a nonce, each POST uses one up, so a pool that was filled once stays filled. The newest
 * goes out first: servers forget the oldest, and what lies at the bottom of the pool is only there for
 * moments when several threads post at once. One that is older than NONCE_AGE_MS is thrown away: asking for a
 * new one costs a request, but so would the answer that it was bad.
 */
enum { NONCE_MAX = 256, NONCE_POOL = 32, NONCE_AGE_MS = 10 * 60 * 1000 };
struct nonces {
    struct nonce {
        char text[NONCE_MAX];
        int64_t at_ms; /* clock_mono_ms() */
    } pool[NONCE_POOL];
    size_t n;
};
struct acme;
struct directory;
/* Out of the pool, or by HEAD newNonce (7.2) when it is empty: 1 request. */
int nonce_take(struct acme *a, const struct directory *d, char out[NONCE_MAX], struct outcome *o);
/* The answer's Replay-Nonce. False: it has none, or none that is base64url (6.5.1 asks to ignore such). */
bool nonce_of(const struct http_answer *answer, char out[NONCE_MAX]);
void nonce_put(struct acme *a, const char *nonce);

#endif
