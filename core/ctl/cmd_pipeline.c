/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pipeline.c - `fairlead pipeline`: the step tables, as text or as Graphviz. */
#include "ctl/cli.h"
#include "engine/step.h"

#include <getopt.h>
#include <stdio.h>

static void text(void)
{
    for (int k = 0; k < KINDS; k++) {
        const struct task_kind *kind = &task_kinds[k];
        printf("%s%s: %s\n", k ? "\n" : "", kind->name, kind->help);
        for (uint8_t i = 0; i < kind->n; i++) {
            const struct step *s = &kind->steps[i];
            printf("  %-10s -> %-10s %s\n", s->name, kind->steps[s->next].name, s->help);
            if (s->undo != i)
                printf("  %10s    undone to %s%s\n", "", kind->steps[s->undo].name,
                       s->tries ? " when tries are used up" : "");
            if (s->holds[0] || s->needs[0])
                printf("  %10s    %s%s%s%s%s\n", "", s->holds[0] ? "holds " : "", s->holds,
                       s->holds[0] && s->needs[0] ? "; " : "", s->needs[0] ? "may wait for " : "", s->needs);
        }
    }
}

static void dot(void)
{
    puts("digraph pipeline {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];");
    for (int k = 0; k < KINDS; k++) {
        const struct task_kind *kind = &task_kinds[k];
        printf("  subgraph cluster_%s {\n    label=\"%s: %s\";\n", kind->name, kind->name, kind->help);
        for (uint8_t i = 0; i < kind->n; i++)
            printf("    %s_%s [label=\"%s\", tooltip=\"%s\"];\n", kind->name, kind->steps[i].name,
                   kind->steps[i].name, kind->steps[i].help);
        for (uint8_t i = 0; i < kind->n; i++) {
            const struct step *s = &kind->steps[i];
            if (s->next != i)
                printf("    %s_%s -> %s_%s;\n", kind->name, s->name, kind->name, kind->steps[s->next].name);
            if (s->undo != i && s->undo != s->next)
                printf("    %s_%s -> %s_%s [style=dashed, constraint=false];\n", kind->name, s->name,
                       kind->name, kind->steps[s->undo].name);
        }
        puts("  }");
    }
    puts("}");
}

int cmd_pipeline(const struct cli *cli, int argc, char **argv)
{
    static const struct option longs[] = { { "dot", no_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
    bool graph = false;
    int opt;

    (void)cli;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt != 'd')
            return cli_bad_option("pipeline");
        graph = true;
    }
    if (optind < argc)
        return cli_usage("pipeline", "takes no arguments");
    if (graph)
        dot();
    else
        text();
    return EXIT_DONE;
}
