/* SPDX-License-Identifier: Apache-2.0 */
/* prefill.h - what takes over a socket knows the answers before it is asked. Internal to engine/. */
#ifndef ENGINE_PREFILL_H
#define ENGINE_PREFILL_H

#include "engine/engine.h"
#include "engine/handover.h"

/*
 * Between the old world's last step and the new one's first: instances that are new and listen get what they would get
 * in the first turns of their tasks. Providers that keep records in memory get all that is wanted of their zones; solvers
 * the proofs of every order that is under way. What fails here is repeated, and told, by the task that it belongs to.
 */
void prefill(struct engine *e, const struct handover *h);

#endif
