/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - which command is meant, and how the configuration is found. */
#include "ctl/cli.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONF SYSCONFDIR "/fairlead/fairlead.conf"

const struct command cli_commands[] = {
    { "check", "[--online] [--unit[=FILE]]",
      "reads the configuration and says everything that is wrong with it", cmd_check },
    { "once", "[--wait 10m] [--dry-run] [--staging]",
      "works until every certificate is delivered or has to wait", cmd_once },
    { "run", "", "the service: gets, delivers and renews until it is told to end", cmd_run },
    { "status", "[NAME] [--json]", "what each certificate has, does and waits for", cmd_status },
    { "renew", "NAME... | --all [--wait 10m]", "renews certificates now, whatever they pause or wait for",
      cmd_renew },
    { "revoke", "NAME [--reason REASON] [--serial HEX] [--now] [--by-certificate-key] [--wait 10m]",
      "revokes a certificate, after its replacement is delivered where the reason asks for one", cmd_revoke },
    { "reload", "", "makes the service read its configuration again", cmd_reload },
    { "account", "AUTHORITY [show | rollover | deactivate | register] [--wait 10m]",
      "the account at an authority: shows it, gives it a new key, puts it out of use", cmd_account },
    { "forget", "NAME", "removes the state of a certificate that is not in the configuration any more",
      cmd_forget },
    { "describe", "[SECTION | KIND/PLUGIN] [--sample | --man]", "options of the configuration and of plugins",
      cmd_describe },
    { "pipeline", "[--dot]", "the steps that tasks go through", cmd_pipeline },
    { "dns", "INSTANCE zones | zone | create | list | add | remove ...", "works a DNS provider by hand",
      cmd_dns },
    { "version", "", "the version and that of the plugin ABI", cmd_version },
    { NULL, NULL, NULL, NULL },
};

static void help(void)
{
    puts("usage: fairlead [OPTIONS] COMMAND [ARGUMENTS]\n\n"
         "Gets TLS certificates and keeps them alive where they are used.\n\nCommands:");
    for (const struct command *c = cli_commands; c->name; c++)
        printf("  %-9s %s\n            %s\n", c->name, c->args, c->help);
    puts("\nOptions:\n"
         "  -c, --conf FILE    the configuration (" DEFAULT_CONF ")\n"
         "      --plugins DIR  where plugins are (FAIRLEAD_PLUGINS, else " PLUGINDIR ")\n"
         "      --record DIR   writes every HTTP exchange there, without secrets\n"
         "      --replay DIR   answers HTTP requests from there; nothing goes out\n"
         "  -v, --verbose      the debug log on stderr\n"
         "  -h, --help         this page\n"
         "      --version      the version\n\n"
         "Exit status: 0 done, 1 failed, 2 usage, 75 waiting or temporary.\n"
         "See fairlead(8) and fairlead.conf(5).");
}

static const struct command *find(const char *name)
{
    const struct command *c = cli_commands;

    while (c->name && strcmp(c->name, name) != 0)
        c++;
    return c->name ? c : NULL;
}

static void usage_of(const struct command *c, FILE *f)
{
    fprintf(f, "usage: fairlead %s%s%s\n", c->name, c->args[0] ? " " : "", c->args);
}

int cli_bad_option(const char *command)
{
    const struct command *c = find(command);

    if (c)
        usage_of(c, stderr);
    fputs("`fairlead --help` shows all commands and options.\n", stderr);
    return EXIT_USAGE;
}

int cli_usage(const char *command, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "fairlead%s%s: ", command[0] ? " " : "", command);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return cli_bad_option(command);
}

static int unknown(const char *word)
{
    const char *names[24];
    size_t n = 0;

    for (const struct command *c = cli_commands; c->name && n + 1 < sizeof names / sizeof *names; c++)
        names[n++] = c->name;
    names[n] = NULL;
    const char *near = text_nearest(word, names);
    if (near)
        return cli_usage("", "there is no command `%s`: did you mean `%s`?", word, near);
    return cli_usage("", "there is no command `%s`", word);
}

int cmd_version(const struct cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argv;
    if (argc > 1)
        return cli_usage("version", "takes no arguments");
    printf("fairlead %s, plugin ABI %u.%u\n", PACKAGE_VERSION, FL_ABI_MAJOR, FL_ABI_MINOR);
    return EXIT_DONE;
}

struct world_conf cli_world(const struct cli *cli)
{
    return (struct world_conf){ .conf_file = cli->conf,
                                .plugin_dir = cli->plugins,
                                .record_dir = cli->record,
                                .replay_dir = cli->replay };
}

void cli_hint(const struct world_conf *wc)
{
    fflush(stdout); /* what is wrong comes first */
    if (wc->conf_file && access(wc->conf_file, F_OK) != 0 && errno == ENOENT)
        fputs(
            "Another file is named by `--conf FILE` before the command; `fairlead describe --sample` prints one to "
            "begin with.\n",
            stderr);
}

struct world *cli_load(const struct world_conf *wc)
{
    struct world *w = world_load(wc);

    if (!w)
        fputs("error: out of memory\n", stderr);
    else if (diag_errors(w->diag) || diag_warnings(w->diag))
        diag_print(w->diag, stderr);
    if (!w || !diag_errors(w->diag))
        return w;
    cli_hint(wc);
    world_free(w);
    return NULL;
}

void cli_worldp(struct world **w) { world_free(*w); }

int cli_failed(const struct outcome *o)
{
    fprintf(stderr, "error: %s\n", o->msg);
    return o->code == FL_EAGAIN || o->code == FL_ETEMP || o->code == FL_ERATE || o->code == FL_ENOMEM
               ? EXIT_WAITING
               : EXIT_FAILED;
}

enum { OPT_PLUGINS = 256, OPT_RECORD, OPT_REPLAY, OPT_VERSION };

/* Options before the command; the rest is the command's. Negative: go on. */
static int globals(struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "conf", required_argument, NULL, 'c' },
                                           { "plugins", required_argument, NULL, OPT_PLUGINS },
                                           { "record", required_argument, NULL, OPT_RECORD },
                                           { "replay", required_argument, NULL, OPT_REPLAY },
                                           { "verbose", no_argument, NULL, 'v' },
                                           { "help", no_argument, NULL, 'h' },
                                           { "version", no_argument, NULL, OPT_VERSION },
                                           { NULL, 0, NULL, 0 } };
    int opt;

    while ((opt = getopt_long(argc, argv, "+c:vh", longs, NULL)) != -1)
        switch (opt) {
        case 'c': cli->conf = optarg; break;
        case OPT_PLUGINS: cli->plugins = optarg; break;
        case OPT_RECORD: cli->record = optarg; break;
        case OPT_REPLAY: cli->replay = optarg; break;
        case 'v': cli->verbose = true; break;
        case 'h': help(); return EXIT_DONE;
        case OPT_VERSION: return cmd_version(cli, 1, argv);
        default: return cli_bad_option("");
        }
    return -1;
}

/* `fairlead COMMAND --help`, wherever it stands. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const struct cli *cli, const struct command *c, int argc, char **argv)
{
    char who[64];

    if (wants_help(argc, argv)) {
        usage_of(c, stdout);
        printf("%s\nSee fairlead(8).\n", c->help);
        return EXIT_DONE;
    }
    char *name = argv[0];
    snprintf(who, sizeof who, "fairlead %s", c->name);
    argv[0] = who; /* getopt's messages begin with it */
    optind = 0;    /* glibc: scan afresh, the command has options of its own */
    int status = c->run(cli, argc, argv);
    argv[0] = name;
    return status;
}

int cli_main(int argc, char **argv)
{
    struct cli cli = { .conf = DEFAULT_CONF, .plugins = getenv("FAIRLEAD_PLUGINS") };
    int status = globals(&cli, argc, argv);

    if (status >= 0)
        return status;
    if (!cli.plugins || !cli.plugins[0])
        cli.plugins = PLUGINDIR;
    log_setup(cli.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, LOG_TEXT, STDERR_FILENO);
    if (optind >= argc) {
        help();
        return EXIT_USAGE;
    }
    const struct command *c = find(argv[optind]);
    return c ? run(&cli, c, argc - optind, argv + optind) : unknown(argv[optind]);
}
