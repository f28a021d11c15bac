/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - `fairlead run`: the service in the foreground. */
#include "base/log.h"
#include "base/mem.h"
#include "ctl/cli.h"
#include "engine/engine.h"
#include "proc/notify.h"
#include "proc/signals.h"

#include <signal.h>
#include <stdio.h>

/* True: told to end. False: stuck beyond repair. */
static bool serve(struct engine *e, int signals)
{
    for (;;) {
        int64_t pace_ms = notify_interval_ms();
        int sig = signals_next(signals, pace_ms && pace_ms < 1000 ? (int)pace_ms : 1000);
        if (sig == SIGTERM || sig == SIGINT)
            return true;
        if (sig == SIGHUP)
            log_event(LOG_LEVEL_WARN, "reload", "msg", "a changed configuration is read at the next start",
                      NULL);
        if (!engine_healthy(e))
            return false;
        notify_alive();
    }
}

static int run_engine(struct world *w, int signals)
{
    const struct engine_conf ec = { .world = w };
    struct outcome o = { 0 };
    struct engine *e = NULL;
    bool ended = false;
    int code = engine_new(&ec, &e, &o);

    if (code == FL_OK)
        code = engine_start(e, &o);
    if (code == FL_OK) {
        notify_ready();
        log_event(LOG_LEVEL_INFO, "started", "version", PACKAGE_VERSION, NULL);
        ended = serve(e, signals);
        notify_stopping();
    }
    if (e && !engine_stop(e)) {
        log_event(LOG_LEVEL_ERROR, "stuck", "msg", "a plugin does not come back; what is on disk stands",
                  NULL);
        _exit(EXIT_FAILED);
    }
    engine_free(e);
    if (code != FL_OK)
        return cli_failed(&o);
    log_event(LOG_LEVEL_INFO, "stopped", NULL);
    return ended ? EXIT_DONE : EXIT_FAILED;
}

int cmd_run(const struct cli *cli, int argc, char **argv)
{
    const struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    auto_close int signals = -1;
    struct outcome o = { 0 };

    (void)argv;
    if (argc > 1)
        return cli_usage("run", "takes no arguments");
    w = cli_load(&wc);
    if (!w)
        return EXIT_FAILED;
    if (!cli->verbose)
        log_setup((enum log_level)w->model->log.level, (enum log_format)w->model->log.format, 2);
    signals = signals_open();
    if (signals < 0) {
        perror("error: signals");
        return EXIT_FAILED;
    }
    if (world_open(w, &wc, true, &o) != FL_OK)
        return cli_failed(&o);
    return run_engine(w, signals);
}
