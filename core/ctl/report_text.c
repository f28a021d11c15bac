/* SPDX-License-Identifier: Apache-2.0 */
/* report_text.c - the list for people: a line a certificate, those that need somebody first. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_when(int64_t at, char out[64])
{
    char text[32], span[16];
    int64_t left_ms = at * 1000 - clock_wall_ms();

    clock_format(at, text);
    clock_span(left_ms < 0 ? -left_ms : left_ms, span);
    snprintf(out, 64, left_ms < 0 ? "%.20s, %s ago" : "%.20s, in %s", text, span);
}

int64_t report_until(const json_t *cert)
{
    const json_t *l;
    int64_t until = json_int(cert, "until", 0);
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
static void next_try(FILE *f, const json_t *part)
{
    char text[64];
    int64_t at = json_int(part, "next_at", 0);

    if (at * 1000 <= clock_wall_ms())
        return;
    report_when(at, text);
    fprintf(f, " (next try %s)", text);
}

static void state_words(FILE *f, const json_t *cert, bool behind)
{
    const char *state = json_str(cert, "state", ""), *who = json_str(cert, "who", NULL);

    if (strcmp(state, "delivered") == 0 || strcmp(state, "orphan") == 0)
        return;
    if (strcmp(state, "revoked") == 0) {
        fputs("; revoked, and not replaced until `fairlead renew`", f);
        return;
    }
    fprintf(f, "%s %s%s%s: %s", behind ? ";" : "", who ? who : "", who ? " " : "", json_str(cert, "step", ""),
            json_str(cert, "msg", json_str(cert, "help", "")));
    next_try(f, cert);
}

void report_line(FILE *f, const json_t *cert)
{
    char text[64] = "";
    int64_t until = report_until(cert);

    fprintf(f, "%-32s %-9s", json_str(cert, "name", ""), json_str(cert, "state", ""));
    if (until) {
        report_when(until, text);
        fprintf(f, " valid until %s", text);
    }
    state_words(f, cert, until != 0);
    fputc('\n', f);
    if (json_str(cert, "todo", NULL))
        fprintf(f, "%-32s to do: %s\n", "", json_str(cert, "todo", ""));
}

/* ---- the list ---------------------------------------------------------------------------- */

static const char *const order[] = { "failed", "waiting", "planned", "revoked", "delivered", NULL };

static size_t count(const json_t *certs, const char *state)
{
    const json_t *c;
    size_t i, n = 0;

    json_array_foreach(certs, i, c) n += strcmp(json_str(c, "state", ""), state) == 0;
    return n;
}

static void counts(FILE *f, const json_t *certs, size_t orphans)
{
    size_t n = json_array_size(certs);
    const char *before = ": ";

    fprintf(f, "%zu certificate%s", n, n == 1 ? "" : "s");
    for (const char *const *state = order; *state; state++) {
        size_t of = count(certs, *state);
        if (!of)
            continue;
        fprintf(f, "%s%zu %s", before, of, *state);
        before = ", ";
    }
    if (orphans)
        fprintf(f, "%s%zu orphan%s", before, orphans, orphans == 1 ? "" : "s");
    fputc('\n', f);
}

static int by_end(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int64_t at = report_until(x), than = report_until(y);

    return at < than ? -1 : at > than ? 1 : strcmp(json_str(x, "name", ""), json_str(y, "name", ""));
}

/* Those of one state; of those that have one, the soonest end first. */
static void some(FILE *f, const json_t *certs, const char *state)
{
    size_t n = 0, all = json_array_size(certs);
    auto_free json_t **v = mem_array(all + 1, sizeof *v);

    for (size_t i = 0; v && i < all; i++)
        if (strcmp(json_str(json_array_get(certs, i), "state", ""), state) == 0)
            v[n++] = json_array_get(certs, i);
    if (v)
        qsort(v, n, sizeof *v, by_end);
    for (size_t i = 0; i < n; i++)
        report_line(f, v[i]);
}

void report_table(FILE *f, const json_t *certs, const json_t *orphans, const json_t *revocations)
{
    const json_t *item;
    size_t i;

    if (json_array_size(certs) > 1 || json_array_size(orphans))
        counts(f, certs, json_array_size(orphans));
    for (const char *const *state = order; *state; state++)
        some(f, certs, *state);
    json_array_foreach(orphans, i, item) fprintf(
        f, "%-32s orphan    not in the configuration any more: not renewed, kept until `fairlead forget`\n",
        json_string_value(item));
    json_array_foreach(revocations, i, item)
    {
        const char *owner = strchr(json_str(item, "owner", ":"), ':') + 1;
        fprintf(f, "%-32s to be revoked (%s): %s: %s\n", owner, json_str(item, "reason", ""),
                json_str(item, "step", ""), json_str(item, "msg", "under way"));
    }
}

void report_daemon(FILE *f, const json_t *daemon)
{
    const json_t *reload = json_obj(daemon, "reload");
    char text[64];

    if (!daemon) {
        fputs("no service holds the state: this is how it was left\n", f);
        return;
    }
    report_when(json_int(daemon, "since", 0), text);
    fprintf(f, "fairlead %s runs as process %lld since %s\n", json_str(daemon, "version", "?"),
            (long long)json_int(daemon, "pid", 0), text);
    if (!reload)
        return;
    report_when(json_int(reload, "at", 0), text);
    fprintf(f, "reload %s: %s\n",
            json_flag(reload, "ok", false) ? "done" : "REFUSED, the former configuration is in use", text);
    const char *msg = json_str(reload, "msg", "");
    if (msg[0] && !json_flag(reload, "ok", false))
        fprintf(f, "%s%s", msg, text_ends(msg, "\n") ? "" : "\n");
}
