/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - progress for people: on a terminal that has room one line a certificate, rewritten in place; elsewhere a
 * line a step. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include "engine/engine.h"
#include <stdio.h>

struct watch_line;
struct watch {
    FILE *f;
    bool terminal;
    struct watch_line *lines; /* in the model's order; one more for authorities, zones and hosts that fail */
    size_t n, drawn;
};
void watch_init(struct watch *w, const struct model *m, FILE *f);
void watch_progress(void *arg,
                    const struct progress *p); /* for engine_conf; nobody else writes to `f` meanwhile */
/* What was rewritten in place is taken away, so that a summary can stand there. Twice is fine. */
void watch_done(struct watch *w);

#endif
