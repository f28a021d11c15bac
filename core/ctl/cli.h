/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - the command line: global options, a table of commands, exit statuses. */
#ifndef CTL_CLI_H
#define CTL_CLI_H

#include "engine/world.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_WAITING = 75
}; /* 75: EX_TEMPFAIL of sysexits.h */

struct cli {
    const char *conf, *plugins, *record, *replay;
    bool verbose;
};
struct command {
    const char *name, *args, *help;
    /* argv[0] is "fairlead NAME", for getopt. */
    int (*run)(const struct cli *cli, int argc, char **argv);
};
extern const struct command cli_commands[]; /* ends with name NULL */

int cli_main(int argc, char **argv);
/* "fairlead COMMAND: ..." and how to see the usage, on stderr; returns EXIT_USAGE. */
int cli_usage(const char *command, const char *fmt, ...) FL_PRINTF(2, 3);
/* The same without words: getopt has said them. */
int cli_bad_option(const char *command);
struct world_conf cli_world(const struct cli *cli);
/* Loads the configuration. Mistakes and warnings go to stderr; NULL when there are mistakes. */
struct world *cli_load(const struct world_conf *wc);
/* One line on stderr when the file is not there: where one comes from. */
void cli_hint(const struct world_conf *wc);
void cli_worldp(struct world **w); /* for cleanup_() */
/* "error: ..." for an outcome, on stderr; returns EXIT_WAITING for what may pass by itself, else EXIT_FAILED. */
int cli_failed(const struct outcome *o);

int cmd_check(const struct cli *cli, int argc, char **argv);
int cmd_once(const struct cli *cli, int argc, char **argv);
int cmd_run(const struct cli *cli, int argc, char **argv);
int cmd_status(const struct cli *cli, int argc, char **argv);
int cmd_describe(const struct cli *cli, int argc, char **argv);
int cmd_pipeline(const struct cli *cli, int argc, char **argv);
int cmd_dns(const struct cli *cli, int argc, char **argv);
int cmd_renew(const struct cli *cli, int argc, char **argv);
int cmd_revoke(const struct cli *cli, int argc, char **argv);
int cmd_reload(const struct cli *cli, int argc, char **argv);
int cmd_account(const struct cli *cli, int argc, char **argv);
int cmd_forget(const struct cli *cli, int argc, char **argv);
int cmd_version(const struct cli *cli, int argc, char **argv);

#endif
