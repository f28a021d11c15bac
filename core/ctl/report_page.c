/* SPDX-License-Identifier: Apache-2.0 */
/* report_page.c - all about one certificate, and about one account. */
#include "base/clock.h"
#include "ctl/report.h"

#include <fl/dns.h>
#include <stdio.h>
#include <string.h>

static void texts(FILE *f, const char *label, const json_t *list)
{
    const json_t *item;
    size_t i;

    if (!json_array_size(list))
        return;
    fprintf(f, "  %-10s", label);
    json_array_foreach(list, i, item) fprintf(f, " %s", json_string_value(item));
    fputc('\n', f);
}

static void moment(FILE *f, const char *label, int64_t at, const char *words)
{
    char text[64];

    if (!at)
        return;
    report_when(at, text);
    fprintf(f, "  %-10s %s%s\n", label, words, text);
}

static void page_live(FILE *f, const json_t *live)
{
    const json_t *revoked = json_obj(live, "revoked");

    if (!live)
        return;
    fprintf(f, "  serial     %s\n  chain      up to %s, from %s%s%s\n", json_str(live, "serial", ""),
            json_str(live, "issuer", "?"), json_str(live, "authority", "?"),
            json_str(live, "profile", NULL) ? ", profile " : "", json_str(live, "profile", ""));
    moment(f, "valid", json_int(live, "not_before", 0), "from ");
    moment(f, "", json_int(live, "not_after", 0), "until ");
    moment(f, "renewal", json_int(live, "renew_at", 0), "");
    if (revoked) {
        fprintf(f, "  revoked    %s: not replaced until `fairlead renew`\n", json_str(revoked, "reason", ""));
        moment(f, "", json_int(revoked, "at", 0), "asked ");
    }
}

static void page_list(FILE *f, const char *label, const json_t *list, const char *key)
{
    const json_t *item;
    size_t i;
    char text[64];

    json_array_foreach(list, i, item)
    {
        report_when(json_int(item, "since", 0), text);
        fprintf(f, "  %-10s %s, %s: %s\n", label, json_str(item, key, ""), text, json_str(item, "why", ""));
    }
}

static void page_budget(FILE *f, const json_t *list)
{
    const json_t *b;
    size_t i;
    char span[16], full[64];

    json_array_foreach(list, i, b)
    {
        const char *of = json_str(b, "of", ""), *what = json_str(b, "what", "");
        if (strcmp(what, "same") == 0)
            of = "names"; /* a digest of them is nothing to look at */
        clock_span(json_int(b, "per_s", 0) * 1000, span);
        report_when(json_int(b, "full_at", 0), full);
        fprintf(f, "  budget     %s%s%s: %lld left of %lld in %s, all of them %s\n", what, of[0] ? " " : "",
                of, (long long)json_int(b, "left", 0), (long long)json_int(b, "most", 0), span, full);
    }
}

/* The way that it came: each step with the time of its end, and how long that was after the one before. */
static void page_steps(FILE *f, const json_t *steps)
{
    const json_t *item;
    int64_t before = 0;
    size_t i;
    char at[32], span[16];

    json_array_foreach(steps, i, item)
    {
        int64_t now = json_int(item, "at", 0);
        clock_format(now, at);
        clock_span((now - before) * 1000, span);
        fprintf(f, "  %-10s %s  %s", i ? "" : "done", at, json_str(item, "step", ""));
        if (i && now > before)
            fprintf(f, ", after %s", span);
        fputc('\n', f);
        before = now;
    }
}

static void page_last(FILE *f, const json_t *part)
{
    const char *msg = json_str(part, "msg", NULL), *problem = json_str(part, "problem", NULL);
    const char *code = json_str(part, "code", "");
    int64_t tries = json_int(part, "tries", 0);

    if (msg && strcmp(code, "again") == 0) {
        fprintf(f, "  waits      %s\n", msg);
    } else if (msg) {
        fprintf(f, "  failed     %s%s%s", code, problem ? " " : "", problem ? problem : "");
        if (tries > 1)
            fprintf(f, ", %lld times", (long long)tries);
        fprintf(f, ": %s\n", msg);
    }
    if (json_str(part, "todo", NULL))
        fprintf(f, "  to do      %s\n", json_str(part, "todo", ""));
}

static void page_part(FILE *f, const json_t *part)
{
    int64_t next_at = json_int(part, "next_at", 0);

    page_steps(f, json_list(part, "steps"));
    fprintf(f, "  step       %s: %s\n", json_str(part, "step", ""), json_str(part, "help", ""));
    moment(f, "since", json_int(part, "since", 0), "");
    page_live(f, json_obj(part, "live"));
    page_list(f, "set aside", json_list(part, "aside"), "authority");
    page_list(f, "left out", json_list(part, "left_out"), "name");
    page_last(f, part);
    if (next_at * 1000 > clock_wall_ms())
        moment(f, "next", next_at, "");
}

static void page_asks(FILE *f, const json_t *asks)
{
    const json_t *ask;
    size_t i;
    char text[64];

    json_array_foreach(asks, i, ask)
    {
        report_when(json_int(ask, "at", 0), text);
        fprintf(f, "  asked      %s%s, %s: %s\n", json_str(ask, "op", ""),
                json_flag(ask, "new_key", false) ? " with a new key" : "", text,
                json_flag(ask, "begun", false) ? "under way" : "accepted");
    }
}

static void page_accounts(FILE *f, const json_t *accounts)
{
    const json_t *a;
    size_t i;

    json_array_foreach(accounts, i, a)
    {
        fprintf(f, "\nauthority %s\n", json_str(a, "authority", ""));
        if (json_str(a, "url", NULL))
            fprintf(f, "  account    %s\n", json_str(a, "url", ""));
        page_part(f, a);
        page_budget(f, json_list(a, "budget"));
        page_asks(f, json_list(a, "asks"));
    }
}

static void page_revocations(FILE *f, const json_t *list)
{
    const json_t *r;
    size_t i;

    json_array_foreach(list, i, r)
    {
        fprintf(f, "\nto be revoked: serial %s, %s\n  step       %s\n", json_str(r, "serial", ""),
                json_str(r, "reason", ""), json_str(r, "step", ""));
        moment(f, "asked", json_int(r, "at", 0), "");
        if (json_str(r, "msg", NULL))
            fprintf(f, "  last       %s: %s\n", json_str(r, "code", ""), json_str(r, "msg", ""));
        if (json_int(r, "next_at", 0) * 1000 > clock_wall_ms())
            moment(f, "next", json_int(r, "next_at", 0), "");
    }
}

static void page_history(FILE *f, const json_t *history)
{
    const json_t *item;
    size_t i;

    fputs("\nhistory\n", f);
    json_array_foreach(history, i, item)
    {
        char at[32];
        clock_format(json_int(item, "at", 0), at);
        fprintf(f, "  %s  %-10s %s\n", at, json_str(item, "event", ""), json_str(item, "msg", ""));
    }
}

/* Addresses that are somebody else's, and those of names that are not wanted any more. */
static void page_hosts(FILE *f, const json_t *host)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_list(host, "others"), i, one)
    {
        const char *owner = json_str(one, "owner", NULL), *resource = json_str(one, "resource", NULL);
        fprintf(f, "  left alone: %s has %s, %s%s%s%s%s\n", json_str(one, "name", ""),
                json_str(one, "value", ""), owner ? "marked for " : "not marked as ours", owner ? owner : "",
                resource ? " (" : "", resource ? resource : "", resource ? ")" : "");
    }
    json_array_foreach(json_list(host, "leaving"), i, one)
    {
        if (json_int(one, "type", 0) != FL_RR_TXT)
            fprintf(f, "  leaving: %s %s\n", json_str(one, "name", ""), json_str(one, "value", ""));
    }
}

void report_page(FILE *f, const json_t *cert)
{
    const json_t *p, *host = json_obj(cert, "host");
    size_t i;

    report_line(f, cert);
    texts(f, "names", json_list(cert, "names"));
    page_asks(f, json_list(cert, "asks"));
    json_array_foreach(json_list(cert, "lineages"), i, p)
    {
        fprintf(f, "\nkey %s\n", json_str(p, "key_type", ""));
        page_part(f, p);
    }
    json_array_foreach(json_list(cert, "targets"), i, p)
    {
        fprintf(f, "\nsink %s\n", json_str(p, "sink", ""));
        texts(f, "has", json_list(p, "serials"));
        page_part(f, p);
    }
    if (host) {
        fputs("\naddresses\n", f);
        texts(f, "wanted", json_list(host, "addresses"));
        page_hosts(f, host);
        page_part(f, host);
    }
    page_accounts(f, json_list(cert, "accounts"));
    page_revocations(f, json_list(cert, "revocations"));
    page_history(f, json_list(cert, "history"));
}

void report_account_page(FILE *f, const json_t *account)
{
    static const struct {
        const char *key, *label;
    } lines[] = { { "directory", "directory" },
                  { "url", "account" },
                  { "status", "status" },
                  { "thumbprint", "thumbprint" },
                  { "key", "key" } };
    const json_t *ask = json_obj(account, "ask");

    fprintf(f, "authority %s\n", json_str(account, "authority", ""));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (json_str(account, lines[i].key, NULL))
            fprintf(f, "  %-10s %s\n", lines[i].label, json_str(account, lines[i].key, ""));
    if (json_obj(account, "deactivated"))
        moment(f, "account", json_int(json_obj(account, "deactivated"), "at", 0), "deactivated ");
    else if (!json_str(account, "url", NULL))
        fputs("  account    none yet: it is made with the first certificate\n", f);
    if (json_str(account, "wanted_key", NULL))
        fprintf(f, "  key kind   %s; the configuration says %s: `fairlead account %s rollover`\n",
                json_str(account, "key_type", "?"), json_str(account, "wanted_key", ""),
                json_str(account, "authority", ""));
    texts(f, "contact", json_list(account, "contact"));
    if (json_str(account, "msg", NULL))
        fprintf(f, "  last       %s: %s\n", json_str(account, "code", ""), json_str(account, "msg", ""));
    if (ask)
        fprintf(f, "  asked      %s: under way\n", json_str(ask, "op", ""));
    if (json_obj(account, "refused"))
        fprintf(f, "  refused    %s: %s\n", json_str(json_obj(account, "refused"), "op", ""),
                json_str(json_obj(account, "refused"), "msg", ""));
    page_budget(f, json_list(account, "budget"));
    page_history(f, json_list(account, "history"));
}
