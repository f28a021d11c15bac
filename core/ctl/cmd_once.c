/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_once.c - `fairlead once`: works until every task rests or has to wait, then says how things stand. */
#include "base/clock.h"
#include "base/mem.h"
#include "ctl/client.h"
#include "ctl/report.h"
#include "ctl/work.h"
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

/* What the certificates have come to, as the command's status. */
struct result {
    bool failed, waiting;
};

static int status_of(const struct result *r)
{
    return r->failed ? EXIT_FAILED : r->waiting ? EXIT_WAITING : EXIT_DONE;
}

static void count(struct result *r, const json_t *cert)
{
    const char *state = json_str(cert, "state", "");

    report_line(stdout, cert);
    r->failed = r->failed || strcmp(state, "failed") == 0;
    r->waiting = r->waiting || (strcmp(state, "delivered") != 0 && strcmp(state, "revoked") != 0);
}

static int summary(const struct world *w, bool staging)
{
    struct result r = { 0 };

    for (size_t i = 0; i < w->model->ncertificates; i++) {
        struct model_certificate mc = w->model->certificates[i];
        static const char *const none[] = { NULL };
        mc.sinks = staging ? none : mc.sinks;
        cleanup_(json_freep) json_t *cert = report_certificate(w->store, &mc);
        count(&r, cert);
    }
    cleanup_(json_freep) json_t *zones = report_zones(w->store, w->model);
    report_zone_pages(stdout, zones, true);
    return status_of(&r);
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

/* ---- beside a daemon: it works, and is asked how far it is --------------------------------- */

static void count_line(void *arg, const json_t *line)
{
    if (json_obj(line, "certificate"))
        count(arg, json_obj(line, "certificate"));
}

static int by_daemon(struct client *c, int64_t wait_ms)
{
    json_t *req = json_object(), *look = json_object();
    struct result r = { 0 };

    json_put_str(req, "op", "once");
    json_put_str(look, "op", "status");
    json_put_flag(look, "brief", true);
    int status = client_said(client_ask(c, req));
    if (status == EXIT_DONE && !client_wait(c, NULL, NULL, wait_ms))
        status = EXIT_WAITING;
    if (status != EXIT_DONE) {
        json_decref(look);
        return status;
    }
    status = client_said(client_lines(c, look, count_line, &r));
    return status == EXIT_DONE ? status_of(&r) : status;
}

/* ---- alone ----------------------------------------------------------------------------------- */

static int alone(struct world *w, const struct world_conf *wc, const struct once *once)
{
    struct outcome o = { 0 };
    auto_close int signals = signals_open();
    const struct work work = {
        .world = w, .wait_ms = once->wait_ms, .staging = once->staging, .once = true, .signals = signals
    };

    if (signals < 0) {
        perror("error: signals");
        return EXIT_FAILED;
    }
    if (world_open(w, wc, true, &o) != FL_OK)
        return cli_failed(&o);
    int status = work_run(&work);
    if (status == EXIT_DONE)
        status = summary(w, once->staging);
    if (once->staging)
        puts("This was a rehearsal: the certificates are test certificates, nothing was delivered.");
    return status;
}

int cmd_once(const struct cli *cli, int argc, char **argv)
{
    struct once once = { .wait_ms = 10 * 60 * 1000 };
    struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    int status = parse(&once, argc, argv);

    if (status != EXIT_DONE)
        return status;
    if (!once.dry_run && !once.staging) {
        cleanup_(client_end) struct client c;
        status = client_find(&c, cli);
        if (status != EXIT_DONE || c.daemon)
            return status == EXIT_DONE ? by_daemon(&c, once.wait_ms) : status;
    }
    wc.staging = once.staging;
    w = cli_load(&wc);
    if (!w)
        return EXIT_FAILED;
    return once.dry_run ? dry_run(w, once.staging) : alone(w, &wc, &once);
}
