/* SPDX-License-Identifier: Apache-2.0 */
/* lane.h - who may be inside an instance, and for how long. */
#ifndef PLUGIN_LANE_H
#define PLUGIN_LANE_H

#include "base/outcome.h"
#include <stdbool.h>

/* Serial instances let one call in at a time; FL_PARALLEL ones let in as many as `crowd`, once the lane was
 * widened. At most `crowd` callers (inside and waiting) are taken; the next gets FL_EAGAIN at once, so that no
 * instance occupies more than half of the workers. Callbacks of listeners enter without counting. Who waits is let
 * in in the order of coming. Thread-safe. */
#define LANE_CROWDED "crowded" /* the `problem` of that FL_EAGAIN: nobody was called */
struct lane;
/* `name` begins messages ("dns gcp"), is borrowed and outlives the lane. Starts narrow: one at a time, whatever
 * `parallel`, until lane_widen(). */
struct lane *lane_new(const char *name, bool parallel, unsigned crowd);
void lane_free(struct lane *l); /* nobody inside or waiting */
void lane_widen(struct lane *l);

/* One visit; embedded in the caller's frame or call, not moved from entering to leaving. */
struct lane_seat {
    struct lane_seat *prev, *next;
    int64_t since_ms, allowed_ms; /* clock_mono_ms(); allowed 0: does not say */
};
/* FL_OK: inside, for `allowed_ms` from now on; call lane_leave(). FL_EAGAIN: crowded. FL_ETEMP: waited
 * `allowed_ms` in vain; FL_ENOMEM. */
int lane_enter(struct lane *l, struct lane_seat *seat, int64_t allowed_ms, struct outcome *o);
/* What lane_enter() would say now, for those who have much to prepare: FL_OK, or the FL_EAGAIN of a crowd. */
int lane_room(struct lane *l, struct outcome *o);
/* Waits as long as it takes. False: out of memory, not inside. */
bool lane_enter_listener(struct lane *l, struct lane_seat *seat);
void lane_leave(struct lane *l, struct lane_seat *seat);
/* Of the calls inside that are longest beyond what they were allowed: age and allowance, ms; false: nobody
 * is inside. For the watchdog. */
bool lane_longest(struct lane *l, int64_t *age_ms_out, int64_t *allowed_ms_out);

#endif
