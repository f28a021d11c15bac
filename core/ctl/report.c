/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - puts a certificate's records together. */
#include "ctl/report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *problem, *todo;
} todos[] = {
    { "dns", "see that the zone is delegated to servers that can be reached from outside" },
    { "connection", "let the authority reach the name's address: port 80 for http-01, 443 for tls-alpn-01" },
    { "unauthorized", "find out who else answers for this name: what the authority saw was not our proof" },
    { "incorrectResponse",
      "find out who else answers for this name: what the authority saw was not our proof" },
    { "tls", "see that port 443 of the name's address reaches this machine" },
    { "caa", "allow this authority in the name's CAA records, or use another" },
    { "rejectedIdentifier", "use another authority for this name, or take it out" },
    { "unsupportedIdentifier", "use another authority for this name, or take it out" },
    { "externalAccountRequired", "add `eab = { kid; hmac; }` of the authority to the configuration" },
    { "userActionRequired",
      "open the address in the message and do what it says, then `fairlead renew` the certificate" },
    { "account",
      "look at `fairlead account`: it was deactivated or has another key; restore the state that has its key, or "
      "make a new account with `fairlead account AUTHORITY register`" },
    { "clock", "set this machine's clock" },
    { "delegation",
      "do at the zone above, or at its registrar, what the message says; it goes on by itself" },
    { "left-out",
      "correct what the message says, or take the name out; it is tried again daily, and by `fairlead renew`" },
    { "accountDoesNotExist",
      "restore the account's key, or remove the account from the state to make a new one" },
    { "invalidContact", "correct `contact` of the authority" },
    { "unsupportedContact", "correct `contact` of the authority" },
};

const char *report_todo(int code, const char *problem)
{
    for (size_t i = 0; i < sizeof todos / sizeof *todos; i++)
        if (strcmp(todos[i].problem, problem) == 0)
            return todos[i].todo;
    if (code == FL_ECONF)
        return "correct what the message says, and reload or start again";
    if (code == FL_EAUTH)
        return "correct the credentials";
    return code == FL_EREJECT ? "correct what the message says" : "";
}

static int code_of(const json_t *rec) { return outcome_code_parse(json_str(rec, "code", "ok")); }

static bool is_failure(int code)
{
    return code == FL_EAUTH || code == FL_EREJECT || code == FL_ECONF || code == FL_EPROTO;
}

/* Nothing gets on without a person, though the step only waits. */
static bool needs_person(const json_t *rec)
{
    const char *problem = json_str(rec, "problem", "");

    return code_of(rec) != FL_OK &&
           (strcmp(problem, "clock") == 0 || strcmp(problem, "userActionRequired") == 0);
}

/* A person or a registrar is at work: no failure, but somebody should know. */
static bool waits_for_zone(const json_t *rec)
{
    return code_of(rec) == FL_EAGAIN && strcmp(json_str(rec, "problem", ""), "delegation") == 0;
}

static void add_steps(json_t *to, const json_t *times, int kind)
{
    json_t *list = times ? json_array() : NULL;

    for (uint8_t i = 0; list && i < task_kinds[kind].n; i++) {
        const char *step = task_kinds[kind].steps[i].name;
        json_t *item = json_int(times, step, 0) ? json_object() : NULL;
        if (!item)
            continue;
        json_put_str(item, "step", step);
        json_put_int(item, "at", json_int(times, step, 0));
        json_array_append_new(list, item);
    }
    json_put(to, "steps", list);
}

void report_common(json_t *to, const json_t *rec, int kind)
{
    int64_t tries = json_int(rec, "tries", 0) + json_int(rec, "rejects", 0), due_ms = json_int(rec, "due", 0);
    int code = code_of(rec);
    const char *problem = json_str(rec, "problem", ""), *todo = report_todo(code, problem);
    const char *step = json_str(rec, "step", task_kinds[kind].steps[0].name);
    bool person = is_failure(code) || needs_person(rec) || waits_for_zone(rec);

    json_put_str(to, "step", step);
    for (uint8_t i = 0; i < task_kinds[kind].n; i++)
        if (strcmp(task_kinds[kind].steps[i].name, step) == 0)
            json_put_str(to, "help", task_kinds[kind].steps[i].help);
    json_put_str(to, "code", json_str(rec, "code", "ok"));
    json_put_str(to, "problem", json_str(rec, "problem", NULL));
    json_put_str(to, "msg", json_str(rec, "msg", NULL));
    json_put_str(to, "todo", person && todo[0] ? todo : NULL);
    if (tries)
        json_put_int(to, "tries", tries);
    else
        json_object_del(to, "tries");
    if (json_int(rec, "since", 0))
        json_put_int(to, "since", json_int(rec, "since", 0) / 1000);
    /* Looks at what rests are not written down: of a time that is over nobody knows what came of it. */
    if (due_ms && (code != FL_OK || due_ms > clock_wall_ms()))
        json_put_int(to, "next_at", due_ms / 1000);
    else
        json_object_del(to, "next_at");
}

static json_t *lineage(const json_t *rec, const char *key)
{
    json_t *to = json_object(), *out = json_object();
    const json_t *live = json_obj(rec, "live");

    json_put_str(to, "key_type", key);
    report_common(to, rec, KIND_CERTIFICATE);
    add_steps(to, json_obj(rec, "times"), KIND_CERTIFICATE);
    report_choice(to, rec);
    if (!live) {
        json_decref(out);
        return to;
    }
    json_put_str(out, "serial", json_str(live, "serial", ""));
    json_put_str(out, "issuer", json_str(live, "issuer", NULL));
    json_put_str(out, "authority", json_str(live, "authority", NULL));
    json_put_str(out, "profile", json_str(live, "asked_profile", NULL));
    json_put_int(out, "issued", json_int(live, "issued", 0));
    json_put_int(out, "not_before", json_int(live, "not_before", 0));
    json_put_int(out, "not_after", json_int(live, "not_after", 0));
    if (ask_stays_revoked(rec))
        json_put(out, "revoked", json_incref(json_object_get(rec, "revoked")));
    else if (json_int(rec, "renew_at", 0))
        json_put_int(out, "renew_at", json_int(rec, "renew_at", 0));
    json_put(to, "live", out);
    return to;
}

/* A record that cannot be read is a failure like any other. */
static json_t *look(struct store *s, int kind, const char *name)
{
    json_t *rec = NULL;
    struct outcome o = { 0 };
    int code = record_look(s, kind, name, &rec, &o);

    if (code == FL_OK)
        return rec;
    rec = json_object();
    json_put_str(rec, "code", outcome_code_name(code));
    json_put_str(rec, "msg", o.msg);
    return rec;
}

static size_t rank(const char *state)
{
    static const char *const states[] = { "delivered", "revoked", "planned", "waiting", "failed" };
    size_t i = 0;

    while (i + 1 < sizeof states / sizeof *states && strcmp(states[i], state) != 0)
        i++;
    return i;
}

/* The worst of its parts is the state of the whole, and says where it stands. `who`: what part; NULL: the certificate. */
static void worse(json_t *cert, const char *state, const json_t *rec, int kind, const char *who)
{
    const char *now = json_str(cert, "state", "delivered");

    if (rank(state) <= rank(now))
        return;
    report_common(cert, rec, kind);
    json_put_str(cert, "state", state);
    json_put_str(cert, "who", who);
}

/* One that waits for an account which only a person can help to is failed, with the authority's words. */
static bool authority_failed(struct store *s, const struct model_certificate *mc, const json_t *rec,
                             json_t *cert)
{
    const char *name = json_str(rec, "authority", mc->authorities[0] ? mc->authorities[0] : "");
    cleanup_(json_freep) json_t *account = look(s, KIND_AUTHORITY, name);
    char who[100];

    if (code_of(rec) != FL_EAGAIN || !is_failure(code_of(account)) || json_str(account, "url", NULL))
        return false;
    snprintf(who, sizeof who, "authority %.80s", name);
    worse(cert, "failed", account, KIND_AUTHORITY, who);
    return true;
}

static void add_history(json_t *cert, const json_t *rec)
{
    const json_t *list = json_list(rec, "history");

    if (list)
        json_array_extend(json_object_get(cert, "history"), (json_t *)(uintptr_t)list);
}

/* Everything else may be well: what is served lacks a name that is wanted. */
static void left_out(json_t *cert, const struct model_certificate *mc, const json_t *rec)
{
    const struct subject subject = { .cert = mc };
    cleanup_(json_freep) json_t *as = json_object();
    char msg[OUTCOME_MSG];

    for (const char *const *name = mc->names; *name; name++) {
        if (!drop_is(rec, &subject, *name))
            continue;
        snprintf(msg, sizeof msg, "%s is left out: %s", *name,
                 json_str(json_obj(json_obj(rec, "bad"), *name), "why", ""));
        json_put_str(as, "step", json_str(rec, "step", NULL));
        json_put_str(as, "code", "reject");
        json_put_str(as, "problem", "left-out");
        json_put_str(as, "msg", msg);
        json_put_int(as, "due", drop_try_at(rec, &subject) * 1000);
        worse(cert, "failed", as, KIND_CERTIFICATE, NULL);
    }
}

static void add_lineage(struct store *s, const struct model_certificate *mc, const char *key, json_t *cert)
{
    char name[400] = "", task[400];
    cleanup_(json_freep) json_t *rec = lineage_name(mc, key, name) ? look(s, KIND_CERTIFICATE, name) : NULL;

    json_array_append_new(json_object_get(cert, "lineages"), lineage(rec, key));
    snprintf(task, sizeof task, "certificate:%.380s", name);
    report_asks(s, task, rec, json_object_get(cert, "asks"));
    if (ask_stays_revoked(rec))
        worse(cert, "revoked", rec, KIND_CERTIFICATE, NULL);
    else if (is_failure(code_of(rec)) || needs_person(rec))
        worse(cert, "failed", rec, KIND_CERTIFICATE, NULL);
    else if (!rec)
        worse(cert, "planned", rec, KIND_CERTIFICATE, NULL);
    else if (!authority_failed(s, mc, rec, cert) &&
             (!json_obj(rec, "live") || strcmp(json_str(rec, "step", ""), "rest") != 0))
        worse(cert, "waiting", rec, KIND_CERTIFICATE, NULL);
    left_out(cert, mc, rec);
    add_history(cert, rec);
}

static bool holds(const json_t *list, const char *text)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *one = json_string_value(item);
        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

/* Delivered means: exactly the serials that are live. */
static bool up_to_date(const json_t *cert, const json_t *rec)
{
    const json_t *l;
    size_t i, live = 0;

    json_array_foreach(json_list(cert, "lineages"), i, l)
    {
        const char *serial = json_str(json_obj(l, "live"), "serial", NULL);
        if (serial && !holds(json_list(rec, "delivered"), serial))
            return false;
        live += serial != NULL;
    }
    return live > 0;
}

static void add_target(struct store *s, const struct model_certificate *mc, const char *sink, json_t *cert)
{
    char name[400];
    json_t *to = json_object();

    snprintf(name, sizeof name, "%.250s>%.100s", mc->name, sink);
    cleanup_(json_freep) json_t *rec = look(s, KIND_DELIVERY, name);
    int code = code_of(rec);
    json_put_str(to, "sink", sink);
    report_common(to, rec, KIND_DELIVERY);
    add_steps(to, json_obj(rec, "times"), KIND_DELIVERY);
    if (json_list(rec, "delivered"))
        json_put(to, "serials", json_incref(json_object_get(rec, "delivered")));
    json_array_append_new(json_object_get(cert, "targets"), to);
    if (is_failure(code))
        worse(cert, "failed", rec, KIND_DELIVERY, sink);
    else if (!up_to_date(cert, rec) || code != FL_OK)
        worse(cert, "waiting", rec, KIND_DELIVERY, sink);
    add_history(cert, rec);
}

static int by_time(const void *a, const void *b)
{
    int64_t at = json_int(*(json_t *const *)a, "at", 0), than = json_int(*(json_t *const *)b, "at", 0);

    return at < than ? -1 : at > than;
}

enum { HISTORY = 20 };

/* What the parts noted, as it happened; the last of it. */
static json_t *in_order(const json_t *history)
{
    size_t n = json_array_size(history);
    auto_free json_t **v = mem_array(n + 1, sizeof *v);
    json_t *out = json_array();

    for (size_t i = 0; v && i < n; i++)
        v[i] = json_array_get(history, i);
    if (v)
        qsort(v, n, sizeof *v, by_time);
    for (size_t i = n > HISTORY ? n - HISTORY : 0; v && i < n; i++)
        json_array_append(out, v[i]);
    return out;
}

json_t *report_certificate(struct store *s, const struct model_certificate *mc)
{
    json_t *cert = json_object();

    json_put_str(cert, "name", mc->name);
    json_put(cert, "names", strv_json(mc->names));
    json_put_str(cert, "state", "delivered");
    json_put(cert, "lineages", json_array());
    json_put(cert, "targets", json_array());
    json_put(cert, "history", json_array());
    json_put(cert, "asks", json_array());
    for (const char *const *key = mc->keys; *key; key++)
        add_lineage(s, mc, *key, cert);
    for (const char *const *sink = mc->sinks; sink && *sink; sink++)
        add_target(s, mc, *sink, cert);
    if (mc->addresses) {
        cleanup_(json_freep) json_t *rec = look(s, KIND_HOST, mc->name);
        json_t *to = json_object();
        json_put(to, "addresses", strv_json(mc->addresses));
        report_common(to, rec, KIND_HOST);
        json_put(to, "others", json_incref(json_object_get(rec, "others")));
        json_put(to, "leaving", json_incref(json_object_get(rec, "leaving")));
        json_put(cert, "host", to);
        if (is_failure(code_of(rec)))
            worse(cert, "failed", rec, KIND_HOST, "addresses");
        add_history(cert, rec);
    }
    json_put(cert, "history", in_order(json_object_get(cert, "history")));
    return cert;
}
