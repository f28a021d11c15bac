/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status.c - `fairlead status`: by the service when one runs, else from the state on disk. */
#include "base/mem.h"
#include "ctl/client.h"
#include "ctl/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* What the lines bring together: "daemon", "certificates", "orphans", "revocations", "zones". */
static void collect(void *arg, const json_t *line)
{
    static const char *const whole[] = { "daemon", "orphans", "revocations", "zones", NULL };
    json_t *doc = arg, *cert = json_object_get(line, "certificate");

    if (cert)
        json_array_append(json_object_get(doc, "certificates"), cert);
    for (const char *const *key = whole; *key; key++)
        if (json_object_get(line, *key))
            json_object_set(doc, *key, json_object_get(line, *key));
}

static int print_json(const json_t *doc)
{
    auto_free char *text = json_text(doc);

    if (!text) {
        fputs("error: out of memory\n", stderr);
        return EXIT_WAITING;
    }
    puts(text);
    return EXIT_DONE;
}

static int show(const json_t *doc, const char *name, bool json)
{
    const json_t *certs = json_object_get(doc, "certificates");

    if (json)
        return print_json(name ? json_array_get(certs, 0) : doc);
    if (name) {
        report_page(stdout, json_array_get(certs, 0));
        return EXIT_DONE;
    }
    report_daemon(stdout, json_obj(doc, "daemon"));
    report_table(stdout, certs, json_list(doc, "orphans"), json_list(doc, "revocations"));
    report_zone_pages(stdout, json_list(doc, "zones"), false);
    return EXIT_DONE;
}

static int status_by(struct client *c, const char *name, bool json)
{
    cleanup_(json_freep) json_t *doc = json_object();
    json_t *req = json_object();

    json_put(doc, "certificates", json_array());
    json_put_str(req, "op", "status");
    json_put_str(req, "name", name);
    json_put_flag(req, "brief", !json);
    int status = client_said(client_lines(c, req, collect, doc));
    return status == EXIT_DONE ? show(doc, name, json) : status;
}

int cmd_status(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
    cleanup_(client_end) struct client c = { .signals = -1 };
    bool json = false;
    int opt;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt != 'j')
            return cli_bad_option("status");
        json = true;
    }
    if (argc - optind > 1)
        return cli_usage("status", "takes one name at most");
    int status = client_begin(&c, cli, CLIENT_READ);
    return status == EXIT_DONE ? status_by(&c, argv[optind], json) : status;
}
