/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - `fairlead run`: the service in the foreground. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/control.h"
#include "engine/reload.h"
#include "proc/notify.h"
#include "proc/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SECRETS_MS = 30000, SECRETS_MOST_MS = 3600000, START_MS = 120000, STOP_MS = 25000 };

struct service {
    const struct cli *cli;
    struct world_conf wc;
    struct world *world;
    struct engine *engine;
    struct control *control;
    int signals;
    int ending; /* the signal that said so; 0 */
    bool again; /* SIGHUP came while a reload was under way */
    /* Files with secrets: when they are looked at next, and how long after that. */
    int64_t secrets_ms, pause_ms;
};

/* ---- reload ------------------------------------------------------------------------------- */

/* In the control's thread. */
static void ask_reload(void *arg)
{
    (void)arg;
    kill(getpid(), SIGHUP);
}

static void before_change(void *arg)
{
    struct service *s = arg;
    control_detach(s->control);
}

static void after_change(void *arg)
{
    struct service *s = arg;
    control_attach(s->control, s->engine);
}

static void take_signal(struct service *s, int sig)
{
    if (sig == SIGTERM || sig == SIGINT)
        s->ending = sig;
    else if (sig == SIGHUP)
        s->again = true;
}

static bool still_alive(void *arg)
{
    struct service *s = arg;

    take_signal(s, signals_next(s->signals, 0));
    notify_patience(START_MS);
    notify_alive();
    return !s->ending && engine_healthy(s->engine);
}

/* The words of a reload, a line of the log each. */
static void log_words(const char *words, bool ok)
{
    for (const char *line = words; *line;) {
        size_t len = strcspn(line, "\n");
        auto_free char *one = strndup(line, len);
        bool warns = one && (strstr(one, ": warning: ") || strncmp(one, "warning: ", 9) == 0);
        if (one && len)
            log_event(!ok && !warns ? LOG_LEVEL_ERROR
                      : warns       ? LOG_LEVEL_WARN
                                    : LOG_LEVEL_INFO,
                      ok ? "reloaded" : "reload-refused", "msg", one, NULL);
        line += len + (line[len] == '\n');
    }
}

static void say_status(const struct service *s, const char *more)
{
    char text[512], now[32];
    size_t n = s->world->model->ncertificates;

    clock_format(clock_wall_ms() / 1000, now);
    snprintf(text, sizeof text, "%zu certificate%s%s%s%s%.300s", n, n == 1 ? "" : "s", more ? "; " : "",
             more ? now : "", more ? " " : "", more ? more : "");
    notify_status(text);
}

static void tell_reload(struct service *s, enum reload_end end, const char *words)
{
    char text[400];

    log_words(words, end == RELOAD_DONE);
    control_reloaded(s->control, end == RELOAD_DONE, words);
    if (end == RELOAD_DONE && !s->cli->verbose)
        log_setup((enum log_level)s->world->model->log.level, (enum log_format)s->world->model->log.format,
                  2);
    if (end == RELOAD_REFUSED)
        log_event(LOG_LEVEL_ERROR, "reload-refused", "msg",
                  "the configuration is not taken up; the one before stays in use", NULL);
    snprintf(text, sizeof text, "%s%s%.*s", end == RELOAD_DONE ? "reloaded" : "reload refused",
             words[0] ? ": " : "", (int)strcspn(words, "\n"), words);
    say_status(s, text);
}

/* False: the engine is lost. */
static bool reload(struct service *s, bool secrets_only)
{
    const struct reload_conf rc = { .world = &s->wc,
                                    .secrets_only = secrets_only,
                                    .before = before_change,
                                    .after = after_change,
                                    .alive = still_alive,
                                    .arg = s };
    auto_free char *words = NULL;

    notify_reloading();
    if (!secrets_only) {
        s->again = false;
        control_reloading(s->control);
    }
    enum reload_end end = engine_reload(s->engine, &s->world, &rc, &words);
    tell_reload(s, end, words ? words : "");
    notify_ready();
    if (end == RELOAD_DONE)
        s->pause_ms = SECRETS_MS;
    return end != RELOAD_LOST;
}

/* A token that was rotated is taken up by itself; what goes wrong is tried again, ever more seldom. */
static bool look_at_secrets(struct service *s)
{
    const char *path = engine_secret_changed(s->world);

    s->secrets_ms = clock_mono_ms() + s->pause_ms;
    if (!path)
        return true;
    log_event(LOG_LEVEL_INFO, "secret-changed", "file", path, NULL);
    s->pause_ms = s->pause_ms * 2 < SECRETS_MOST_MS ? s->pause_ms * 2 : SECRETS_MOST_MS;
    bool ok = reload(s, true);
    s->secrets_ms = clock_mono_ms() + s->pause_ms;
    return ok;
}

/* ---- the service ----------------------------------------------------------------------------- */

/* True: told to end. False: stuck beyond repair. */
static bool serve(struct service *s)
{
    while (!s->ending) {
        int64_t pace_ms = notify_interval_ms();
        take_signal(s, signals_next(s->signals, pace_ms && pace_ms < 1000 ? (int)pace_ms : 1000));
        if (s->again && !s->ending && !reload(s, false))
            return false;
        if (clock_mono_ms() >= s->secrets_ms && !s->ending && !look_at_secrets(s))
            return false;
        if (!engine_healthy(s->engine))
            return false;
        notify_alive();
    }
    return true;
}

static int start(struct service *s, struct outcome *o)
{
    const struct engine_conf ec = { .world = s->world };
    const struct control_conf cc = { .reload = ask_reload, .conf_file = s->wc.conf_file };
    int code = engine_new(&ec, &s->engine, o);

    if (code == FL_OK)
        code = control_new(&cc, s->world->model, &s->control, o);
    if (code == FL_OK)
        code = engine_start(s->engine, o);
    if (code == FL_OK)
        control_attach(s->control, s->engine);
    return code;
}

static int run_engine(struct service *s)
{
    struct outcome o = { 0 };
    bool ended = false;
    int code = start(s, &o);

    if (code == FL_OK) {
        say_status(s, NULL);
        notify_ready();
        log_event(LOG_LEVEL_INFO, "started", "version", PACKAGE_VERSION, NULL);
        ended = serve(s);
        notify_stopping();
        notify_patience(STOP_MS);
    }
    control_free(s->control);
    if (s->engine && !engine_stop(s->engine)) {
        log_event(LOG_LEVEL_ERROR, "stuck", "msg", "a plugin does not come back; what is on disk stands",
                  NULL);
        _exit(EXIT_FAILED);
    }
    engine_free(s->engine);
    if (code != FL_OK)
        return cli_failed(&o);
    log_event(LOG_LEVEL_INFO, "stopped", NULL);
    return ended ? EXIT_DONE : EXIT_FAILED;
}

int cmd_run(const struct cli *cli, int argc, char **argv)
{
    struct service s = { .cli = cli, .wc = cli_world(cli), .signals = -1, .pause_ms = SECRETS_MS };
    struct outcome o = { 0 };
    int status;

    (void)argv;
    if (argc > 1)
        return cli_usage("run", "takes no arguments");
    s.world = cli_load(&s.wc);
    if (!s.world)
        return EXIT_FAILED;
    if (!cli->verbose)
        log_setup((enum log_level)s.world->model->log.level, (enum log_format)s.world->model->log.format, 2);
    log_journal(JOURNAL_SOCKET); /* used when log.format says so, also after a reload */
    s.secrets_ms = clock_mono_ms() + SECRETS_MS;
    s.signals = signals_open();
    notify_patience(START_MS);
    if (s.signals < 0) {
        perror("error: signals");
        status = EXIT_FAILED;
    } else if (world_open(s.world, &s.wc, true, &o) != FL_OK) {
        status = cli_failed(&o);
    } else {
        status = run_engine(&s);
    }
    mem_closep(&s.signals);
    world_free(s.world);
    return status;
}
