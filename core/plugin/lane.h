/* SPDX-License-Identifier: Apache-2.0 */
/* lane.h - who may be inside an instance, and for how long. */
#ifndef PLUGIN_LANE_H
#define PLUGIN_LANE_H

#include "base/outcome.h"
#include <stdbool.h>

/* Serial instances let one call in at a time; FL_PARALLEL ones let in as many as `crowd`. At most `crowd`
 * callers (inside and waiting) are taken; the next gets FL_EAGAIN at once, so that no instance occupies more
 * than half of the workers. Listener callbacks enter without counting. */
struct lane;
struct lane *lane_new(const char *name, bool parallel, unsigned crowd);
void lane_free(struct lane *l);
/* FL_OK: inside; call lane_leave(). FL_EAGAIN: crowded. FL_ETEMP: the deadline (clock_mono_ms) passed while waiting. */
int lane_enter(struct lane *l, int64_t deadline_ms, struct outcome *o);
void lane_enter_listener(struct lane *l);
void lane_leave(struct lane *l);
/* Longest call inside now: its age and what its deadline allowed, ms; false: nobody inside. For the watchdog. */
bool lane_longest(struct lane *l, int64_t *age_ms_out, int64_t *allowed_ms_out);

#endif
