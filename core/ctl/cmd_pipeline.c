/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pipeline.c - `fairlead pipeline`: the step tables, as text or as Graphviz. */
#include "base/clock.h"
#include "ctl/cli.h"
#include "engine/step.h"

#include <getopt.h>
#include <stdio.h>

/* What else there is to say about a step, a line each. */
static void details(const struct task_kind *kind, uint8_t i)
{
    const struct step *s = &kind->steps[i];
    char span[16];

    if (s->undo != i && s->tries)
        printf("  %10s    refused, or failed %u times: back to %s\n", "", s->tries,
               kind->steps[s->undo].name);
    else if (s->undo != i && s->undo != s->next)
        printf("  %10s    refused: back to %s\n", "", kind->steps[s->undo].name);
    if (s->deadline_s) {
        clock_span(s->deadline_s * INT64_C(1000), span);
        printf("  %10s    a wait of more than %s is a failure\n", "", span);
    }
    if (s->holds[0])
        printf("  %10s    holds %s\n", "", s->holds);
    if (s->needs[0])
        printf("  %10s    may wait for %s\n", "", s->needs);
}

static void text(void)
{
    for (int k = 0; k < KINDS; k++) {
        const struct task_kind *kind = &task_kinds[k];
        printf("%s%s: %s\n", k ? "\n" : "", kind->name, kind->help);
        for (uint8_t i = 0; i < kind->n; i++) {
            const struct step *s = &kind->steps[i];
            printf("  %-10s -> %-10s %s\n", s->name, kind->steps[s->next].name, s->help);
            details(kind, i);
        }
    }
}

static void dot_kind(const struct task_kind *kind)
{
    printf("  subgraph cluster_%s {\n    label=\"%s: %s\";\n", kind->name, kind->name, kind->help);
    for (uint8_t i = 0; i < kind->n; i++)
        printf("    %s_%s [label=\"%s\", tooltip=\"%s\"];\n", kind->name, kind->steps[i].name,
               kind->steps[i].name, kind->steps[i].help);
    for (uint8_t i = 0; i < kind->n; i++) {
        const struct step *s = &kind->steps[i];
        if (s->next != i)
            printf("    %s_%s -> %s_%s;\n", kind->name, s->name, kind->name, kind->steps[s->next].name);
        if (s->undo != i && s->undo != s->next)
            printf("    %s_%s -> %s_%s [style=dashed, constraint=false];\n", kind->name, s->name, kind->name,
                   kind->steps[s->undo].name);
    }
    puts("  }");
}

/* The last first: Graphviz puts what it meets later above. */
static void dot(void)
{
    puts("digraph pipeline {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];");
    for (int k = KINDS; k-- > 0;)
        dot_kind(&task_kinds[k]);
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
