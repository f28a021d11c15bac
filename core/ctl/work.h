/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - a command that runs the engine itself, until every task rests or has to wait. */
#ifndef CTL_WORK_H
#define CTL_WORK_H

#include "engine/engine.h"

struct work {
    struct world *world;     /* open */
    const char *const *only; /* names of certificates; NULL: all */
    int64_t wait_ms;         /* what is due later is not waited for */
    bool staging;            /* nothing is delivered */
    bool once;               /* over when all is delivered, whatever an authority still pauses for */
    int signals;             /* signals_open(): one of them ends it */
};
/* Progress goes to stdout. EXIT_DONE also when something failed: the records say what. Anything else: it could not work, and the
 * words are out. */
int work_run(const struct work *k);

#endif
