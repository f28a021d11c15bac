/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.h - buckets of tokens: how many an authority allows in a time, and how many are left. Internal to engine/. */
#ifndef ENGINE_BUCKET_H
#define ENGINE_BUCKET_H

#include "model/model.h"
#include "store/store.h"

/*
 * Each bucket is one number, the time at which it is full again: `most` tokens come in `per_ms`, one every per_ms/most. What is
 * taken moves that time by one such interval, and a token is there as long as it is less than per_ms - interval away.
 */
enum { BUCKET_KEY = 401 };
struct limit {
    const char *what;     /* as it stands in the key: "orders", "domain", "same", "failed" */
    const char *words;    /* "new orders" */
    int64_t most, per_ms; /* most 0: no limit */
};
struct budget {
    const char *authority;
    struct limit orders, domain, same, failed;
};
struct bucket {
    int64_t full_ms; /* not before now, nor later than per_ms from now, whatever a wrong clock wrote */
    uint64_t version;
};
/* The authority's limits, for its own directory alone: a rehearsal is counted elsewhere. False: it has none. */
bool bucket_limits(const struct model_authority *a, const char *directory, struct budget *out);
const struct limit *bucket_limit(const struct budget *b, const char *what);
/* Key in the store's group `budget`: "NAME WHAT" or "NAME WHAT OF". False: too long. */
bool bucket_key(const struct budget *b, const struct limit *l, const char *of, char out[BUCKET_KEY]);
/* One that cannot be read counts as full: the authority has the last word anyway. */
struct bucket bucket_look(struct store *s, const struct limit *l, const char *key, int64_t now_ms);
/* `tokens` are taken, or given back (negative). FL_ESTALE: others were always faster. */
int bucket_move(struct store *s, const struct limit *l, const char *key, int64_t now_ms, int tokens,
                struct outcome *o);
/* How long until a token is there beside `reserve` of them; 0 or less: it is. */
int64_t bucket_wait_ms(const struct bucket *b, const struct limit *l, double reserve, int64_t now_ms);

#endif
