/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_once.c - `fairlead once`: works until every task rests or has to wait, then says how things stand. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/report.h"
#include "ctl/watch.h"
#include "engine/engine.h"
#include "engine/record.h"
#include "engine/steps.h"
#include "proc/signals.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct once {
    int64_t wait_ms;
    bool dry_run, staging;
};

static int parse(struct once *once, int argc, char **argv)
{
    static const struct option longs[] = { { "wait", required_argument, NULL, 'w' },
                                           { "dry-run", no_argument, NULL, 'd' },
                                           { "staging", no_argument, NULL, 's' },
                                           { NULL, 0, NULL, 0 } };
    int opt;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        const char *why = opt == 'w' ? opt_duration(optarg, &once->wait_ms) : NULL;
        if (opt == '?')
            return cli_bad_option("once");
        if (why)
            return cli_usage("once", "--wait %s: %s", optarg, why);
        once->dry_run = once->dry_run || opt == 'd';
        once->staging = once->staging || opt == 's';
    }
    return optind < argc ? cli_usage("once", "takes no arguments") : EXIT_DONE;
}

/* Until quiet, out of time by either clock, interrupted or stuck. */
static void work(struct engine *e, int64_t wait_ms, int signals)
{
    int64_t until_ms = clock_wall_ms() + wait_ms, end_ms = clock_mono_ms() + wait_ms;

    while (!engine_quiet(e, until_ms, 500))
        if (signals_next(signals, 0) || !engine_healthy(e) || clock_mono_ms() > end_ms)
            return;
}

static int summary(const struct world *w, bool staging)
{
    bool failed = false, waiting = false;

    for (size_t i = 0; i < w->model->ncertificates; i++) {
        struct model_certificate mc = w->model->certificates[i];
        static const char *const none[] = { NULL };
        mc.sinks = staging ? none : mc.sinks;
        cleanup_(json_freep) json_t *cert = report_certificate(w->store, &mc);
        const char *state = json_str(cert, "state", "");
        report_line(stdout, cert);
        failed = failed || strcmp(state, "failed") == 0;
        waiting = waiting || strcmp(state, "delivered") != 0;
    }
    return failed ? EXIT_FAILED : waiting ? EXIT_WAITING : EXIT_DONE;
}

static int would(struct store *s, const struct subject *subject)
{
    cleanup_(json_freep) json_t *rec = NULL;
    struct outcome o = { 0 };
    int64_t renew = 0;
    char name[400], at[32];
    const char *who = subject->cert->name;

    if (s && lineage_name(subject->cert, subject->key, name) &&
        record_look(s, KIND_CERTIFICATE, name, &rec, &o) != FL_OK) {
        printf("%s (%s): error: %s\n", who, subject->key, o.msg);
        return EXIT_FAILED;
    }
    const char *why = live_lacks(rec, subject, clock_wall_ms() / 1000, &renew);
    clock_format(renew, at);
    if (why)
        printf("%s (%s): would order from %s: %s\n", who, subject->key, subject->cert->authorities[0], why);
    else
        printf("%s (%s): nothing to do before %s\n", who, subject->key, at);
    return EXIT_DONE;
}

/* --dry-run: the state is only looked at, and nobody is asked anything. */
static int dry_run(const struct world *w, bool staging)
{
    struct store *s = NULL;
    struct outcome o = { 0 };
    char dir[512];
    int status = EXIT_DONE;

    snprintf(dir, sizeof dir, "%.480s%s", w->model->state, staging ? "/staging" : "");
    if (access(dir, F_OK) == 0 && store_open_to_read(dir, &s, &o) != FL_OK)
        return cli_failed(&o);
    for (size_t i = 0; i < w->model->ncertificates; i++)
        for (const char *const *key = w->model->certificates[i].keys; *key; key++) {
            const struct subject subject = { .cert = &w->model->certificates[i], .key = *key };
            if (would(s, &subject) != EXIT_DONE)
                status = EXIT_FAILED;
        }
    store_close(s);
    return status;
}

static int run_engine(struct world *w, const struct once *once, int signals)
{
    cleanup_(watch_done) struct watch watch = { 0 };
    struct outcome o = { 0 };
    struct engine *e = NULL;
    const struct engine_conf ec = {
        .world = w, .once = true, .no_delivery = once->staging, .progress = watch_progress, .arg = &watch
    };

    watch_init(&watch, w->model, stdout);
    if (isatty(STDERR_FILENO) && log_wants(LOG_LEVEL_DEBUG))
        watch.terminal = false; /* the log would be written over */
    if (watch.terminal && isatty(STDERR_FILENO))
        log_setup(LOG_LEVEL_ERROR, LOG_TEXT, -1); /* the lines that are rewritten say it all */
    int code = engine_new(&ec, &e, &o);
    if (code == FL_OK)
        code = engine_start(e, &o);
    if (code == FL_OK)
        work(e, once->wait_ms, signals);
    if (e && !engine_stop(e)) {
        fputs("error: a plugin does not come back; what is on disk stands\n", stderr);
        _exit(EXIT_FAILED);
    }
    engine_free(e);
    watch_done(&watch);
    if (code != FL_OK)
        return cli_failed(&o);
    return summary(w, once->staging);
}

int cmd_once(const struct cli *cli, int argc, char **argv)
{
    struct once once = { .wait_ms = 10 * 60 * 1000 };
    struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    auto_close int signals = -1;
    struct outcome o = { 0 };
    int status = parse(&once, argc, argv);

    if (status != EXIT_DONE)
        return status;
    wc.staging = once.staging;
    w = cli_load(&wc);
    if (!w)
        return EXIT_FAILED;
    if (once.dry_run)
        return dry_run(w, once.staging);
    signals = signals_open();
    if (signals < 0) {
        perror("error: signals");
        return EXIT_FAILED;
    }
    if (world_open(w, &wc, true, &o) != FL_OK)
        return cli_failed(&o);
    status = run_engine(w, &once, signals);
    if (once.staging)
        puts("This was a rehearsal: the certificates are test certificates, nothing was delivered.");
    return status;
}
