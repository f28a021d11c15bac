/* SPDX-License-Identifier: Apache-2.0 */
/* fake_clock.h - the time of tests: it stands still until it is told to move. */
#ifndef TEST_FAKE_CLOCK_H
#define TEST_FAKE_CLOCK_H

#include "base/clock.h"

/* Linked ahead of the core, fake_clock.c takes the place of core/base/clock.c. It starts at
 * 2026-11-22T12:00:00Z with 1,000,000 ms on the monotonic clock. Any thread may call. */
void fake_clock_set(int64_t wall_ms); /* the wall clock jumps; the monotonic one does not */
void fake_clock_advance(int64_t ms);  /* both go on */

#endif
