/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_check.c - `fairlead check`: everything that is wrong, at once. */
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/unit.h"

#include <getopt.h>
#include <stdio.h>

/* Can it be opened, and does it answer with these credentials? One line each. */
static bool try_one(struct instance *i, enum fl_kind kind)
{
    struct outcome o = { 0 };
    struct call c;
    int code = instance_open(i, &o);

    if (code == FL_OK && kind == FL_KIND_DNS && i->plugin->ops.dns.test) {
        code = call_begin(&c, i, "check", 0, &o);
        if (code == FL_OK)
            code = call_end(&c, i->plugin->ops.dns.test(c.ctx), &o);
    }
    if (code == FL_OK)
        printf("%s: ok\n", i->who);
    else
        printf("%s: error: %s\n", i->who, o.msg);
    return code == FL_OK;
}

/* The authority's directory, without an account. */
static bool try_authority(struct world *w, const struct model_authority *ma)
{
    const struct http_lane_conf lc = {
        .name = ma->name, .ca_file = ma->ca_file, .proxy = ma->proxy, .timeout_ms = ma->timeout
    };
    struct http_lane *lane = http_lane_new(w->http, &lc);
    const struct http_request req = { .method = "GET", .url = ma->directory };
    struct http_answer answer = { 0 };
    struct outcome o = { 0 };
    int code = lane ? http_do(lane, &req, &answer, &o) : outcome_nomem(&o);

    if (code == FL_OK)
        code = http_classify(&answer, &req, &o);
    if (code == FL_OK)
        printf("authority %s: ok\n", ma->name);
    else
        printf("authority %s: error: %s\n", ma->name, o.msg);
    http_answer_done(&answer);
    http_lane_free(lane);
    return code == FL_OK;
}

static int online(struct world *w, const struct world_conf *wc)
{
    struct outcome o = { 0 };
    bool ok = true;

    if (world_open_http(w, wc, &o) != FL_OK)
        return cli_failed(&o);
    for (size_t i = 0; i < w->model->ndns; i++)
        ok = try_one(w->dns[i], FL_KIND_DNS) && ok;
    for (size_t i = 0; i < w->model->nsolvers; i++)
        ok = (!w->model->solvers[i].used || try_one(w->solvers[i], FL_KIND_SOLVER)) && ok;
    for (size_t i = 0; i < w->model->nsinks; i++)
        ok = (!w->model->sinks[i].used || try_one(w->sinks[i], FL_KIND_SINK)) && ok;
    for (size_t i = 0; i < w->model->nauthorities; i++)
        if (w->model->authorities[i].used)
            ok = try_authority(w, &w->model->authorities[i]) && ok;
    return ok ? EXIT_DONE : EXIT_FAILED;
}

/* Nothing that the service needs is missing in its unit? */
static int for_unit(const struct world *w, const char *path)
{
    cleanup_(unit_done) struct unit u = { .service = NULL };

    if (!unit_read(path, &u, stdout))
        return EXIT_FAILED;
    if (unit_check(&u, w, stdout))
        return EXIT_FAILED;
    printf("%s: ok\n", u.path);
    return EXIT_DONE;
}

int cmd_check(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "online", no_argument, NULL, 'o' },
                                           { "unit", optional_argument, NULL, 'u' },
                                           { NULL, 0, NULL, 0 } };
    const struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    bool ask = false, unit = false;
    const char *unit_path = NULL;
    int opt, status = EXIT_DONE;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt != 'o' && opt != 'u')
            return cli_bad_option("check");
        ask = ask || opt == 'o';
        unit = unit || opt == 'u';
        unit_path = opt == 'u' ? optarg : unit_path;
    }
    if (optind < argc)
        return cli_usage("check", "takes no arguments; the file is given by --conf before the command");
    w = world_load(&wc);
    if (!w) {
        fputs("error: out of memory\n", stderr);
        return EXIT_WAITING;
    }
    if (!model_report(w->model, w->diag, stdout)) {
        cli_hint(&wc);
        return EXIT_FAILED;
    }
    if (ask)
        status = online(w, &wc);
    if (unit && for_unit(w, unit_path) != EXIT_DONE)
        status = EXIT_FAILED;
    return status;
}
