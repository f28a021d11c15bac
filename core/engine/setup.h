/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - the tasks that a configuration and the state's left-overs ask for. */
#ifndef ENGINE_SETUP_H
#define ENGINE_SETUP_H

#include "base/outcome.h"

struct engine;
struct model;
struct subject;
/* The DNS core over the engine's world; the world's host speaks to it from then on. */
int setup_zones(struct engine *e, struct outcome *o);
/* `before`: the model until now, NULL at a start. */
int setup_tasks(struct engine *e, const struct model *before, struct outcome *o);
void setup_free(struct engine *e);
void setup_free_list(struct subject *first);

#endif
