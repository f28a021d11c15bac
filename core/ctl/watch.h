/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - progress for people: on a terminal one line a certificate, rewritten in place; elsewhere a line a step. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include "engine/engine.h"
#include <stdio.h>

struct watch_line;
struct watch {
    FILE *f;
    bool terminal;
    struct watch_line *lines; /* in the model's order */
    size_t n, drawn;
};
void watch_init(struct watch *w, const struct model *m, FILE *f);
void watch_progress(void *arg, const struct progress *p); /* for engine_conf */
void watch_done(struct watch *w);                         /* twice is fine */

#endif
