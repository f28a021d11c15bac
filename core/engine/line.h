/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - those who wait for the same: who is first, and how soon the next one tries. */
#ifndef ENGINE_LINE_H
#define ENGINE_LINE_H

#include "engine/hold.h"

#include <stddef.h>

/* Keys are those of hold.h ("authority:letsencrypt/order"), names those of tasks. Thread-safe; in memory only: a restart lets them all come
 * and stand in line anew. Times are wall clock. */
struct line;
enum { LINE_NAME = 400 };
struct line *line_new(void);
void line_free(struct line *l);
/* `name` stands in the line for `key` from now on, and in no other (left_out: which one it left for it; "": none); where it stands
 * there already it keeps its place among those that are as urgent. The smaller `urgent`, the sooner. From `free_ms` on
 * line_before() does not stop it. False: no memory, it stands in none. */
bool line_join(struct line *l, const char *key, const char *name, int64_t urgent, int64_t free_ms,
               char left_out[HOLD_KEY]);
/* Which line it stood in, into key_out; "": none. */
void line_leave(struct line *l, const char *name, char key_out[HOLD_KEY]);
bool line_first(struct line *l, const char *key, char name_out[LINE_NAME]); /* false: nobody */
size_t line_length(struct line *l, const char *key);
/* Somebody else, who is more urgent, waits there. */
bool line_before(struct line *l, const char *key, const char *name, int64_t urgent, int64_t now_ms);
/* The first one was told to come back after that time. */
void line_refused(struct line *l, const char *key, int64_t pause_ms);
/* One came through; how long the next one waits before it tries: not at all, or where those who did not wait were told to, one after the
 * other, as long as those. Now and then one tries at once all the same. */
int64_t line_passed(struct line *l, const char *key);

#endif
