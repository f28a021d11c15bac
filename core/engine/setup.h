/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - the tasks that a configuration and the state's left-overs ask for. */
#ifndef ENGINE_SETUP_H
#define ENGINE_SETUP_H

#include "base/outcome.h"

struct engine;
int setup_tasks(struct engine *e, struct outcome *o);
void setup_free(struct engine *e);

#endif
