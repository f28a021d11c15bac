/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - the workers, and what is done about one that does not come back. */
#ifndef ENGINE_POOL_H
#define ENGINE_POOL_H

#include "engine/engine.h"
#include <stdbool.h>

struct pool;
/* `n` threads that run turns until the queue is stopped. */
int pool_new(struct engine *e, unsigned n, struct pool **out, struct outcome *o);
int pool_start(struct pool *p, struct outcome *o);
/* Calls that are beyond twice their deadline: each is reported once and a worker is added in place of the stuck
 * one. False: four are stuck. Called about once a second. */
bool pool_watch(struct pool *p);
/* Waits for the workers; those that are stuck in a plugin are left behind after 10 s: false. */
bool pool_join(struct pool *p);
void pool_free(struct pool *p);
/* Tells the observer, one call at a time. */
void pool_tell(struct pool *p, const struct engine_conf *conf, const struct progress *progress);

#endif
