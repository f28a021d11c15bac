/* SPDX-License-Identifier: Apache-2.0 */
/* fake_clock.c - the time of tests: it stands still until it is told to move. */
#include "fake_clock.h"

#include <stdatomic.h>

static _Atomic int64_t wall = INT64_C(1795348800000);
static _Atomic int64_t mono = 1000000;

int64_t clock_wall_ms(void) { return atomic_load(&wall); }
int64_t clock_mono_ms(void) { return atomic_load(&mono); }
void fake_clock_set(int64_t wall_ms) { atomic_store(&wall, wall_ms); }
void fake_clock_advance(int64_t ms)
{
    atomic_fetch_add(&wall, ms);
    atomic_fetch_add(&mono, ms);
}
