/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_describe.c - `fairlead describe`: the option tables, for people, the sample file and the manual. */
#include "base/mem.h"
#include "ctl/cli.h"
#include "conf/opt.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void table(const struct fl_option *options, int indent)
{
    for (const struct fl_option *o = options; o && o->name; o++) {
        char type[256];
        opt_describe(o, type, sizeof type);
        printf("%*s%-18s %s\n%*s%-18s (%s)\n", indent, "", o->name, o->help, indent, "", "", type);
        if (o->type == FL_T_GROUP)
            table(o->group, indent + 4);
    }
}

static void section(const struct model_section *s)
{
    printf("%s\n  %s\n", s->name[0] ? s->name : "(top level)", s->help);
    table(s->table, 4);
}

static int plugin(const struct cli *cli, const char *what)
{
    const char *slash = strchr(what, '/');
    struct plugin *p = NULL;
    struct outcome o = { 0 };

    for (int kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++) {
        const char *name = plugin_kind_names[kind];
        if (strlen(name) != (size_t)(slash - what) || strncmp(name, what, strlen(name)) != 0)
            continue;
        if (plugin_load(cli->plugins, (enum fl_kind)kind, slash + 1, &p, &o) != FL_OK)
            return cli_failed(&o);
        printf("%s %s - %s (plugin ABI %u.%u)\n", what, p->entry.version, p->entry.summary, p->entry.major,
               p->entry.minor);
        table(p->entry.options, 4);
        plugin_free(p);
        return EXIT_DONE;
    }
    return cli_usage("describe", "`%s`: the kinds are dns, solver and sink", what);
}

static void installed(const struct cli *cli, const char *kind)
{
    char dir[512];
    struct dirent **list = NULL;

    snprintf(dir, sizeof dir, "%.400s/%s", cli->plugins, kind);
    int n = scandir(dir, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(list[i]->d_name);
        if (len > 3 && strcmp(list[i]->d_name + len - 3, ".so") == 0)
            printf("  %s/%.*s\n", kind, (int)len - 3, list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

static int overview(const struct cli *cli)
{
    puts("Sections of the configuration:");
    for (const struct model_section *s = model_sections; s->name; s++)
        printf("  %-14s %s\n", s->name[0] ? s->name : "(top level)", s->help);
    printf("\nPlugins in %s:\n", cli->plugins);
    for (int kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++)
        installed(cli, plugin_kind_names[kind]);
    puts("\n`fairlead describe SECTION` and `fairlead describe KIND/PLUGIN` show the options.");
    return EXIT_DONE;
}

static int one(const struct cli *cli, const char *what)
{
    if (strchr(what, '/'))
        return plugin(cli, what);
    for (const struct model_section *s = model_sections; s->name; s++)
        if (s->name[0] && strcmp(s->name, what) == 0) {
            section(s);
            return EXIT_DONE;
        }
    return cli_usage("describe", "there is no section `%s`", what);
}

int cmd_describe(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "sample", no_argument, NULL, 's' },
                                           { "man", no_argument, NULL, 'm' },
                                           { NULL, 0, NULL, 0 } };
    int opt, form = 0;

    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == '?')
            return cli_bad_option("describe");
        form = opt;
    }
    if (argc - optind > 1 || (form && optind < argc))
        return cli_usage("describe", "takes one section or plugin");
    if (form)
        return (form == 's' ? model_sample(stdout) : model_man(stdout)) == 0 ? EXIT_DONE : EXIT_FAILED;
    return optind < argc ? one(cli, argv[optind]) : overview(cli);
}
