/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_tell.c - `fairlead reload` and `forget`. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/client.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>

enum { LOOK_MS = 100 };

static json_t *request(const char *op)
{
    json_t *req = json_object();

    json_put_str(req, "op", op);
    return req;
}

/* No options of its own. */
static int no_options(const char *command, int argc, char **argv)
{
    static const struct option none[] = { { NULL, 0, NULL, 0 } };

    return getopt_long(argc, argv, "", none, NULL) == -1 ? EXIT_DONE : cli_bad_option(command);
}

static int ended(const json_t *reply)
{
    const char *msg = json_str(reply, "msg", ""), *end = text_ends(msg, "\n") || !msg[0] ? "" : "\n";

    if (json_flag(reply, "ok", false)) {
        printf("reloaded\n%s%s", msg, end);
        return EXIT_DONE;
    }
    fprintf(stderr, "%s%serror: the new configuration was refused: the former one is in use\n", msg, end);
    return EXIT_FAILED;
}

static int reload(struct client *c)
{
    static const int64_t patience_ms = 10 * 60 * 1000;
    cleanup_(json_freep) json_t *reply = client_ask(c, request("reload"));
    int64_t ticket = json_int(reply, "ticket", 0), end_ms = clock_mono_ms() + patience_ms;

    if (json_int(reply, "exit", EXIT_FAILED) != EXIT_DONE)
        return client_said(json_incref(reply));
    while (clock_mono_ms() < end_ms) {
        json_t *req = request("reloaded");
        json_put_int(req, "ticket", ticket);
        cleanup_(json_freep) json_t *is = client_ask(c, req);
        if (json_flag(is, "done", false))
            return ended(is);
        if (json_int(is, "exit", EXIT_FAILED) != EXIT_DONE && json_int(is, "exit", 0) != EXIT_WAITING)
            return client_said(json_incref(is));
        poll(NULL, 0, LOOK_MS);
    }
    fputs("error: the service has not come to it: `fairlead status` will tell\n", stderr);
    return EXIT_WAITING;
}

int cmd_reload(const struct cli *cli, int argc, char **argv)
{
    cleanup_(client_end) struct client c = { .signals = -1 };
    int status = no_options("reload", argc, argv);

    if (status == EXIT_DONE && optind < argc)
        return cli_usage("reload", "takes no arguments");
    if (status == EXIT_DONE)
        status = client_find(&c, cli);
    if (status != EXIT_DONE)
        return status;
    if (c.daemon)
        return reload(&c);
    if (c.model->tree->broken) { /* where the service would answer cannot be known */
        diag_print(c.diag, stderr);
        return EXIT_FAILED;
    }
    fprintf(stderr, "error: no service answers%s%s: there is nothing that could reload\n",
            c.path[0] ? " at " : "", c.path);
    return EXIT_FAILED;
}

int cmd_forget(const struct cli *cli, int argc, char **argv)
{
    cleanup_(client_end) struct client c = { .signals = -1 };
    int status = no_options("forget", argc, argv);

    if (status == EXIT_DONE && argc - optind != 1)
        return cli_usage("forget",
                         "wants the name of a certificate that is not in the configuration any more");
    if (status == EXIT_DONE)
        status = client_begin(&c, cli, CLIENT_WRITE);
    if (status != EXIT_DONE)
        return status;
    json_t *req = request("forget");
    json_put_str(req, "name", argv[optind]);
    return client_said(client_ask(&c, req));
}
