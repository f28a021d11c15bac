/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ask.c - `fairlead renew`, `revoke` and `account`: asks, then waits for what becomes of it. */
#include "base/mem.h"
#include "ctl/client.h"
#include "ctl/report.h"
#include "engine/revoke.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPT_WAIT = 256, OPT_ALL, OPT_REASON, OPT_KEY, OPT_NOW, OPT_SERIAL };
static const int64_t WAIT_MS = 10 * 60 * 1000;

static json_t *request(const char *op)
{
    json_t *req = json_object();

    json_put_str(req, "op", op);
    return req;
}

static json_t *copy_of(const json_t *value) { return json_incref((json_t *)(uintptr_t)value); }

/* NULL: fine. */
static const char *wait_of(const char *text, int64_t *out) { return opt_duration(text, out); }

static void print_texts(const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item) puts(json_string_value(item));
    fflush(stdout);
}

/* ---- renew ----------------------------------------------------------------------------------- */

static int take_certificate(void *arg, const json_t *line)
{
    json_t **cert = arg;

    if (json_object_get(line, "certificate") && !*cert)
        *cert = json_incref(json_object_get(line, "certificate"));
    return 0;
}

static void take_line(void *arg, const json_t *line) { take_certificate(arg, line); }

/* The whole of it; NULL: the words are out. */
static json_t *look_at(struct client *c, const char *name)
{
    json_t *req = request("status"), *cert = NULL;

    json_put_str(req, "name", name);
    client_said(client_lines(c, req, take_line, &cert));
    return cert;
}

/* A line for each; the worst is the command's status. */
static int show_renewed(struct client *c, const char *const *names)
{
    bool failed = false, waiting = false;

    for (; *names; names++) {
        cleanup_(json_freep) json_t *cert = look_at(c, *names);
        const char *state = json_str(cert, "state", "failed");
        if (cert)
            report_line(stdout, cert);
        failed = failed || strcmp(state, "failed") == 0;
        waiting = waiting || strcmp(state, "delivered") != 0 || json_array_size(json_list(cert, "asks"));
    }
    return failed ? EXIT_FAILED : waiting ? EXIT_WAITING : EXIT_DONE;
}

/* "certificate:NAME" of a reply's tasks, as names. free() the list; borrowed from `tasks`. */
static const char **names_of(const json_t *tasks)
{
    size_t n = json_array_size(tasks);
    const char **names = mem_array(n + 1, sizeof *names);

    for (size_t i = 0; names && i < n; i++)
        names[i] = strchr(json_string_value(json_array_get(tasks, i)), ':') + 1;
    return names;
}

static int accepted(size_t n)
{
    printf("%zu certificate%s will be renewed: `fairlead status` shows how far that is\n", n,
           n == 1 ? "" : "s");
    return EXIT_DONE;
}

static int do_renew(struct client *c, json_t *req, int64_t wait_ms)
{
    cleanup_(json_freep) json_t *reply = client_ask(c, req);
    const json_t *tasks = json_list(reply, "tasks");
    auto_free const char **names = names_of(tasks);

    if (json_int(reply, "exit", EXIT_FAILED) != EXIT_DONE)
        return client_said(json_incref(reply));
    if (!names)
        return EXIT_WAITING;
    if (wait_ms == 0 && c->daemon)
        return accepted(json_array_size(tasks));
    if (!client_wait(c, tasks, names, wait_ms))
        return EXIT_WAITING;
    return show_renewed(c, names);
}

int cmd_renew(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "wait", required_argument, NULL, OPT_WAIT },
                                           { "all", no_argument, NULL, OPT_ALL },
                                           { NULL, 0, NULL, 0 } };
    cleanup_(client_end) struct client c = { .signals = -1 };
    int64_t wait_ms = WAIT_MS;
    bool all = false;
    int opt;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        const char *why = opt == OPT_WAIT ? wait_of(optarg, &wait_ms) : NULL;
        if (opt == '?')
            return cli_bad_option("renew");
        if (why)
            return cli_usage("renew", "--wait %s: %s", optarg, why);
        all = all || opt == OPT_ALL;
    }
    if (all ? optind < argc : optind == argc)
        return cli_usage("renew", "wants the names of certificates, or --all");
    int status = client_begin(&c, cli, CLIENT_WORK);
    if (status != EXIT_DONE)
        return status;
    json_t *req = request("renew"), *names = json_array();
    for (; optind < argc; optind++)
        json_array_append_new(names, json_string(argv[optind]));
    json_put(req, "names", names);
    json_put_flag(req, "all", all);
    return do_renew(&c, req, wait_ms);
}

/* ---- revoke ---------------------------------------------------------------------------------- */

static void take_revocations(void *arg, const json_t *line)
{
    if (json_list(line, "revocations"))
        json_array_extend(arg, json_object_get(line, "revocations"));
}

static bool names_task(const json_t *tasks, const char *task)
{
    const json_t *item;
    size_t i;

    json_array_foreach(tasks, i, item) if (strcmp(json_string_value(item), task) == 0) return true;
    return false;
}

/* What of these is still under way. */
static int show_revoked(struct client *c, const json_t *tasks)
{
    cleanup_(json_freep) json_t *list = json_array();
    json_t *req = request("status");
    const json_t *item;
    bool waiting = false;
    size_t i;

    json_put_flag(req, "brief", true);
    int status = client_said(client_lines(c, req, take_revocations, list));
    json_array_foreach(list, i, item)
    {
        if (!names_task(tasks, json_str(item, "task", "")))
            continue;
        waiting = true;
        printf("serial %s: %s: %s\n", json_str(item, "serial", ""), json_str(item, "step", ""),
               json_str(item, "msg", "under way"));
    }
    if (status == EXIT_DONE && !waiting)
        puts("revoked");
    return status != EXIT_DONE ? status : waiting ? EXIT_WAITING : EXIT_DONE;
}

static int do_revoke(struct client *c, json_t *req, const char *name, int64_t wait_ms)
{
    const char *const only[] = { name, NULL };
    cleanup_(json_freep) json_t *reply = client_ask(c, req);
    const json_t *tasks = json_list(reply, "tasks");

    if (json_int(reply, "exit", EXIT_FAILED) != EXIT_DONE)
        return client_said(json_incref(reply));
    print_texts(json_list(reply, "words"));
    if (wait_ms == 0 && c->daemon)
        return EXIT_DONE;
    return client_wait(c, tasks, only, wait_ms) ? show_revoked(c, tasks) : EXIT_WAITING;
}

int cmd_revoke(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "wait", required_argument, NULL, OPT_WAIT },
                                           { "reason", required_argument, NULL, OPT_REASON },
                                           { "by-certificate-key", no_argument, NULL, OPT_KEY },
                                           { "now", no_argument, NULL, OPT_NOW },
                                           { "serial", required_argument, NULL, OPT_SERIAL },
                                           { NULL, 0, NULL, 0 } };
    cleanup_(client_end) struct client c = { .signals = -1 };
    cleanup_(json_freep) json_t *req = request("revoke");
    const char *words, *why = NULL;
    int64_t wait_ms = WAIT_MS;

    for (int opt; (opt = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        switch (opt) {
        case OPT_WAIT: why = wait_of(optarg, &wait_ms); break;
        case OPT_REASON:
            if (revoke_reason(optarg, &words) < 0)
                return cli_usage("revoke", "--reason %s: use one of %s", optarg, words);
            json_put_str(req, "reason", optarg);
            break;
        case OPT_KEY: json_put_flag(req, "by_key", true); break;
        case OPT_NOW: json_put_flag(req, "now", true); break;
        case OPT_SERIAL:
            if (!*optarg || strlen(optarg) > 80 || optarg[strspn(optarg, "0123456789abcdefABCDEF:")])
                return cli_usage("revoke", "--serial %.80s: wants hexadecimal digits", optarg);
            json_put_str(req, "serial", optarg);
            break;
        default: return cli_bad_option("revoke");
        }
    if (why)
        return cli_usage("revoke", "--wait: %s", why);
    if (argc - optind != 1)
        return cli_usage("revoke", "wants the name of a certificate");
    json_put_str(req, "name", argv[optind]);
    int status = client_begin(&c, cli, CLIENT_WORK);
    return status == EXIT_DONE ? do_revoke(&c, copy_of(req), argv[optind], wait_ms) : status;
}

/* ---- account --------------------------------------------------------------------------------- */

static json_t *account_request(const char *authority, const char *action)
{
    json_t *req = request("account");

    json_put_str(req, "authority", authority);
    json_put_str(req, "action", action);
    return req;
}

/* Done when nothing is asked any more. */
static int show_account(struct client *c, const char *authority, bool asked)
{
    cleanup_(json_freep) json_t *reply = client_ask(c, account_request(authority, "show"));
    const json_t *account = json_obj(reply, "account");

    if (!account)
        return client_said(json_incref(reply));
    report_account_page(stdout, account);
    if (asked && json_obj(account, "refused"))
        return EXIT_FAILED;
    if (!asked || !json_obj(account, "ask"))
        return EXIT_DONE;
    return EXIT_WAITING;
}

static int change_account(struct client *c, const char *authority, const char *action, int64_t wait_ms)
{
    static const char *const none[] = { NULL };
    cleanup_(json_freep) json_t *reply = client_ask(c, account_request(authority, action));

    if (json_int(reply, "exit", EXIT_FAILED) != EXIT_DONE)
        return client_said(json_incref(reply));
    if (wait_ms == 0 && c->daemon) {
        printf("accepted: `fairlead account %s` shows what becomes of it\n", authority);
        return EXIT_DONE;
    }
    return client_wait(c, json_list(reply, "tasks"), none, wait_ms) ? show_account(c, authority, true)
                                                                    : EXIT_WAITING;
}

int cmd_account(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "wait", required_argument, NULL, OPT_WAIT },
                                           { NULL, 0, NULL, 0 } };
    static const char *const actions[] = { "show", "rollover", "deactivate", "register", NULL };
    cleanup_(client_end) struct client c = { .signals = -1 };
    int64_t wait_ms = WAIT_MS;
    int opt;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        const char *why = opt == OPT_WAIT ? wait_of(optarg, &wait_ms) : NULL;
        if (opt == '?')
            return cli_bad_option("account");
        if (why)
            return cli_usage("account", "--wait %s: %s", optarg, why);
    }
    if (argc - optind < 1 || argc - optind > 2)
        return cli_usage("account",
                         "wants the name of an authority, and show, rollover, deactivate or register");
    const char *authority = argv[optind], *action = argc - optind == 2 ? argv[optind + 1] : "show";
    bool show = strcmp(action, "show") == 0;
    for (const char *const *a = actions; strcmp(*a, action) != 0;)
        if (!*++a)
            return cli_usage("account", "`%s`: use show, rollover, deactivate or register", action);
    int status = client_begin(&c, cli, show ? CLIENT_READ : CLIENT_WORK);
    if (status != EXIT_DONE)
        return status;
    return show ? show_account(&c, authority, false) : change_account(&c, authority, action, wait_ms);
}
