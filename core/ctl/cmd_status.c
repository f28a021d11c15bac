/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status.c - `fairlead status`: from the state on disk, also beside a running daemon. */
#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

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

static int one(const struct world *w, struct store *s, const char *name, bool json)
{
    for (size_t i = 0; i < w->model->ncertificates; i++) {
        const struct model_certificate *mc = &w->model->certificates[i];
        if (strcmp(mc->name, name) != 0)
            continue;
        cleanup_(json_freep) json_t *cert = report_certificate(s, mc);
        if (json)
            return print_json(cert);
        report_page(stdout, cert);
        return EXIT_DONE;
    }
    fprintf(stderr,
            "error: there is no certificate `%s` in the configuration: `fairlead status` lists them\n", name);
    return EXIT_FAILED;
}

static int all(const struct world *w, struct store *s, bool json)
{
    cleanup_(json_freep) json_t *doc = json_object();
    json_t *list = json_array(), *orphans = report_orphans(s, w->model);
    const json_t *c;
    size_t i;

    for (i = 0; i < w->model->ncertificates; i++)
        json_array_append_new(list, report_certificate(s, &w->model->certificates[i]));
    bool ok = json_put(doc, "certificates", list);
    ok = json_put(doc, "orphans", orphans) && ok;
    if (!ok || json)
        return print_json(ok ? doc : NULL);
    json_array_foreach(list, i, c) report_line(stdout, c);
    json_array_foreach(orphans, i, c) printf(
        "%-32s orphan    not in the configuration any more: it is kept, not renewed\n", json_string_value(c));
    return EXIT_DONE;
}

static void store_closep(struct store **s) { store_close(*s); }

int cmd_status(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
    const struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    cleanup_(store_closep) struct store *s = NULL;
    struct outcome o = { 0 };
    bool json = false;
    int opt;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt != 'j')
            return cli_bad_option("status");
        json = true;
    }
    if (argc - optind > 1)
        return cli_usage("status", "takes one name at most");
    w = cli_load(&wc);
    if (!w)
        return EXIT_FAILED;
    if (store_open_to_read(w->model->state, &s, &o) != FL_OK)
        return cli_failed(&o);
    return optind < argc ? one(w, s, argv[optind], json) : all(w, s, json);
}
