/* SPDX-License-Identifier: Apache-2.0 */
/* hold.h - what is held up for a while: instances, authorities, registered domains. */
#ifndef ENGINE_HOLD_H
#define ENGINE_HOLD_H

#include <stdbool.h>
#include <stdint.h>

/* Keys: "dns:gcp", "sink:disk", "authority:letsencrypt", "authority:letsencrypt/order",
 * "authority:letsencrypt/order/example.org". Thread-safe; in memory only: a restart looks again.
 * Times are wall clock; when that is put back, what is held is held as long as it was meant to. */
enum { HOLD_KEY = 400, HOLD_WHY = 256 };
struct hold;
struct hold *hold_new(void);
void hold_free(struct hold *h);
/* Held until then (never shortened). Out of memory: not held, which costs one more refusal. */
void hold_set(struct hold *h, const char *key, int64_t until_ms, const char *why);
/* Something that all lean on failed once more: held for `least_ms`, twice as long each time, `most_ms` at most; how long.
 * hold_clear() when it works again; forgotten by itself `most_ms` after the hold was over. */
int64_t hold_strike(struct hold *h, const char *key, int64_t now_ms, int64_t least_ms, int64_t most_ms,
                    const char *why);
void hold_clear(struct hold *h, const char *key);
/* True: held beyond now; until when, and why. */
bool hold_check(struct hold *h, const char *key, int64_t now_ms, int64_t *until_ms_out,
                char why_out[HOLD_WHY]);
/* Notes that a newOrder for `domain` was refused by a rate limit; true when another domain of that authority
 * had it within ten minutes, so that it is the account's limit, not the domain's. */
bool hold_second_domain(struct hold *h, const char *authority, const char *domain, int64_t now_ms);

#endif
