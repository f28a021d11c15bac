/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the only place that asks what time it is; tests put fake_clock.c in its place. */
#include "base/clock.h"

#include <time.h>

static int64_t now_ms(clockid_t clock)
{
    struct timespec t = { 0 };
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
int64_t clock_wall_ms(void) { return now_ms(CLOCK_REALTIME); }
int64_t clock_mono_ms(void) { return now_ms(CLOCK_MONOTONIC); }
