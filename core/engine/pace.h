/* SPDX-License-Identifier: Apache-2.0 */
/* pace.h - how long an authority takes to validate: learned, so that one look at the order is enough. */
#ifndef ENGINE_PACE_H
#define ENGINE_PACE_H

#include "store/store.h"

#include <stdint.h>

struct pace;
struct pace *pace_new(void);
void pace_free(struct pace *p);
/* When to look first after the answer, ms; 250 while nothing is known. Key: "AUTHORITY/dns-01". */
int64_t pace_first_look_ms(struct pace *p, const char *key);
/* The order was ready `took_ms` after the answer, seen at look number `looks` (1 is the first). */
void pace_learn(struct pace *p, const char *key, int64_t took_ms, unsigned looks);
/* What was learned outlives the process, for `once` starts anew each time: group `budget`, "AUTHORITY pace" { format, ms { KEY: ms } } for each
 * authority. Read at the engine's start; written at its end where something was learned, and what cannot be written is learned again. */
void pace_load(struct pace *p, struct store *s, const char *authority);
void pace_save(struct pace *p, struct store *s);

#endif
