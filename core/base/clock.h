/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the only place that asks what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tests link tests/host/fake_clock.c, which defines the same functions and
 * fake_clock_set()/fake_clock_advance(), ahead of this one. */
int64_t clock_wall_ms(void); /* ms since 1970; may jump */
int64_t clock_mono_ms(void); /* never jumps; for deadlines */
/* RFC 3339 UTC text of seconds since 1970, "2026-11-22T23:10:00Z". */
void clock_format(int64_t at, char out[32]);
/* Parses RFC 3339 (fraction and offset allowed), or an HTTP date (RFC 9110 5.6.7). False: neither. */
bool clock_parse(const char *text, int64_t *at_out);
bool clock_parse_http(const char *text, int64_t *at_out);
/* "3 s", "12 min", "5 h", "30 d": for people, rounded. */
void clock_span(int64_t ms, char out[16]);

#endif
