/* SPDX-License-Identifier: Apache-2.0 */
/* report_text.c - the report for people. */
#include "base/clock.h"
#include "ctl/report.h"

#include <stdio.h>
#include <string.h>

static void when(int64_t at, char out[64])
{
    char text[32], span[16];
    int64_t left_ms = at * 1000 - clock_wall_ms();

    clock_format(at, text);
    clock_span(left_ms < 0 ? -left_ms : left_ms, span);
    snprintf(out, 64, left_ms < 0 ? "%.20s, %s ago" : "%.20s, in %s", text, span);
}

/* The earliest end of what is live; 0: nothing is. */
static int64_t until_of(const json_t *cert)
{
    const json_t *l;
    int64_t until = 0;
    size_t i;

    json_array_foreach(json_list(cert, "lineages"), i, l)
    {
        int64_t at = json_int(json_obj(l, "live"), "not_after", 0);
        if (at && (!until || at < until))
            until = at;
    }
    return until;
}

/* When it goes on, unless that is now. */
static void next_try(FILE *f, const json_t *part, const char *before, const char *behind)
{
    char text[64];
    int64_t at = json_int(part, "next_at", 0);

    if (at * 1000 <= clock_wall_ms())
        return;
    when(at, text);
    fprintf(f, "%s%s%s", before, text, behind);
}

void report_line(FILE *f, const json_t *cert)
{
    char text[64] = "";
    const char *state = json_str(cert, "state", ""), *who = json_str(cert, "who", NULL);
    int64_t until = until_of(cert);

    fprintf(f, "%-32s %-9s", json_str(cert, "name", ""), state);
    if (until) {
        when(until, text);
        fprintf(f, " valid until %s", text);
    }
    if (strcmp(state, "delivered") != 0) {
        fprintf(f, "%s %s%s%s: %s", until ? ";" : "", who ? who : "", who ? " " : "",
                json_str(cert, "step", ""), json_str(cert, "msg", json_str(cert, "help", "")));
        next_try(f, cert, " (next try ", ")");
    }
    fputc('\n', f);
    if (json_str(cert, "todo", NULL))
        fprintf(f, "%-32s to do: %s\n", "", json_str(cert, "todo", ""));
}

static void page_part(FILE *f, const json_t *part)
{
    char text[64];
    const json_t *live = json_obj(part, "live");

    fprintf(f, "  step       %s: %s\n", json_str(part, "step", ""), json_str(part, "help", ""));
    if (live) {
        when(json_int(live, "not_after", 0), text);
        fprintf(f, "  serial     %s\n  chain      up to %s, from %s\n  valid      until %s\n",
                json_str(live, "serial", ""), json_str(live, "issuer", "?"), json_str(live, "authority", "?"),
                text);
        when(json_int(live, "renew_at", 0), text);
        if (json_int(live, "renew_at", 0))
            fprintf(f, "  renewal    %s\n", text);
    }
    if (json_str(part, "msg", NULL))
        fprintf(f, "  last       %s: %s\n", json_str(part, "code", ""), json_str(part, "msg", ""));
    next_try(f, part, "  next       ", "\n");
}

void report_page(FILE *f, const json_t *cert)
{
    const json_t *p;
    size_t i;

    report_line(f, cert);
    json_array_foreach(json_list(cert, "lineages"), i, p)
    {
        fprintf(f, "\nkey %s\n", json_str(p, "key_type", ""));
        page_part(f, p);
    }
    json_array_foreach(json_list(cert, "targets"), i, p)
    {
        fprintf(f, "\nsink %s\n", json_str(p, "sink", ""));
        page_part(f, p);
    }
    fputs("\nhistory\n", f);
    json_array_foreach(json_list(cert, "history"), i, p)
    {
        char at[32];
        clock_format(json_int(p, "at", 0), at);
        fprintf(f, "  %s  %-10s %s\n", at, json_str(p, "event", ""), json_str(p, "msg", ""));
    }
}
