/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - the engine inside a command. */
#include "ctl/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/watch.h"
#include "engine/ask.h"
#include "proc/signals.h"

#include <stdio.h>

/* Until quiet, or all is done but for authorities that nobody needs, out of time by either clock, interrupted or stuck. */
static void work(struct engine *e, const struct work *k)
{
    int64_t until_ms = clock_wall_ms() + k->wait_ms, end_ms = clock_mono_ms() + k->wait_ms;

    while (!engine_quiet(e, until_ms, 500))
        if ((k->once && hurry_over(e, until_ms)) || signals_next(k->signals, 0) || !engine_healthy(e) ||
            clock_mono_ms() > end_ms)
            return;
}

int work_run(const struct work *k)
{
    cleanup_(watch_done) struct watch watch = { 0 };
    struct outcome o = { 0 };
    struct engine *e = NULL;
    const struct engine_conf ec = { .world = k->world,
                                    .once = true,
                                    .no_delivery = k->staging,
                                    .only = k->only,
                                    .progress = watch_progress,
                                    .arg = &watch };

    watch_init(&watch, k->world->model, stdout);
    if (isatty(STDERR_FILENO) && log_wants(LOG_LEVEL_DEBUG))
        watch.terminal = false; /* the log would be written over */
    if (watch.terminal && isatty(STDERR_FILENO))
        log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1); /* the lines that are rewritten say it all */
    int code = engine_new(&ec, &e, &o);
    if (code == FL_OK)
        code = engine_start(e, &o);
    if (code == FL_OK)
        work(e, k);
    if (e && !engine_stop(e)) {
        fputs("error: a plugin does not come back; what is on disk stands\n", stderr);
        _exit(EXIT_FAILED);
    }
    engine_free(e);
    watch_done(&watch);
    return code == FL_OK ? EXIT_DONE : cli_failed(&o);
}
