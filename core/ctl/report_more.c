/* SPDX-License-Identifier: Apache-2.0 */
/* report_more.c - what stands beside a certificate's own records: accounts, asks, what is left of former ones. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/report.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/revoke.h"
#include "engine/steps.h"
#include "zone/domain.h"

#include <stdio.h>
#include <string.h>

static const char *const no_names[] = { NULL };

/* What was asked and not yet done, in words. */
static void say(json_t *list, const json_t *ask, bool merged)
{
    const char *op = json_str(ask, "op", "");
    json_t *item;

    if (strcmp(op, "note") == 0 || !(item = json_object()))
        return;
    json_put_str(item, "op", op);
    json_put_int(item, "at", json_int(ask, "at", 0));
    if (json_flag(ask, "new_key", false))
        json_put_flag(item, "new_key", true);
    json_put_flag(item, "begun", merged);
    json_array_append_new(list, item);
}

void report_asks(struct store *s, const char *task, const json_t *rec, json_t *out)
{
    cleanup_(json_freep) json_t *waiting = ask_waiting(s, task);
    const json_t *ask;
    size_t i;

    if (json_obj(rec, "ask"))
        say(out, json_obj(rec, "ask"), true);
    json_array_foreach(waiting, i, ask) say(out, ask, false);
}

static void list_of(json_t *to, const char *key, const json_t *from, const char *name, const char *since)
{
    json_t *list = json_array(), *one;
    const char *what;

    json_object_foreach((json_t *)(uintptr_t)from, what, one)
    {
        json_t *item = json_int(one, since, 0) ? json_object() : NULL;
        if (!item)
            continue;
        json_put_str(item, name, what);
        json_put_int(item, "since", json_int(one, since, 0));
        json_put_str(item, "why", json_str(one, "why", NULL));
        json_array_append_new(list, item);
    }
    if (json_array_size(list))
        json_put(to, key, list);
    else
        json_decref(list);
}

void report_choice(json_t *to, const json_t *rec)
{
    json_put_str(to, "authority", json_str(rec, "authority", NULL));
    list_of(to, "aside", json_obj(rec, "aside"), "authority", "aside_at");
    list_of(to, "left_out", json_obj(rec, "bad"), "name", "dropped_at");
}

static bool concerns(const char *what, const char *of, const char *const *names)
{
    char domain[REGISTERED_DOMAIN], set[BUDGET_SET];

    if (strcmp(what, "orders") == 0)
        return true;
    if (strcmp(what, "same") == 0)
        return budget_set(names, set) && strcmp(set, of) == 0;
    for (; *names; names++) {
        const char *name = text_starts(*names, "*.") ? *names + 2 : *names;
        registered_domain(name, domain);
        if (strcmp(strcmp(what, "domain") == 0 ? domain : name, of) == 0)
            return true;
    }
    return false;
}

/* An authority's budgets may be those of ten thousand names. */
static json_t *budget_of(struct store *s, const struct model_authority *ma, const char *const *names)
{
    cleanup_(json_freep) json_t *all = ma ? budget_report(s, ma, ma->directory, clock_wall_ms()) : NULL;
    json_t *out = json_array(), *one;
    size_t i;

    json_array_foreach(all, i, one) if (concerns(json_str(one, "what", ""), json_str(one, "of", ""), names))
        json_array_append(out, one);
    return out;
}

json_t *report_account(struct store *s, const struct model *m, const char *authority,
                       const char *const *names)
{
    cleanup_(json_freep) json_t *rec = record_peek(s, KIND_AUTHORITY, authority);
    json_t *out = json_object(), *asks = json_array();
    char task[400];

    json_put_str(out, "authority", authority);
    report_common(out, rec, KIND_AUTHORITY);
    json_put_str(out, "url", json_str(rec, "url", NULL));
    if (task_name(KIND_AUTHORITY, authority, task))
        report_asks(s, task, rec, asks);
    json_put(out, "asks", asks);
    json_put(out, "budget", budget_of(s, model_authority(m, authority), names));
    return out;
}

json_t *report_full(struct store *s, const struct model *m, const struct model_certificate *mc)
{
    json_t *cert = report_certificate(s, mc), *accounts = json_array();

    for (const char *const *authority = mc->authorities; *authority; authority++)
        json_array_append_new(accounts, report_account(s, m, *authority, mc->names));
    json_put(cert, "accounts", accounts);
    json_put(cert, "revocations", revoke_list(s, mc->name));
    return cert;
}

/* What one line of a list needs. */
json_t *report_brief(const json_t *cert)
{
    static const char *const kept[] = { "name", "state",   "who",  "step", "help",
                                        "msg",  "next_at", "todo", "asks", NULL };
    json_t *out = json_object();

    for (const char *const *key = kept; *key; key++)
        if (json_object_get(cert, *key))
            json_put(out, *key, json_incref(json_object_get(cert, *key)));
    if (report_until(cert))
        json_put_int(out, "until", report_until(cert));
    return out;
}

/* As a certificate that nobody wants: what its record says of itself. NULL: there is no such record. */
json_t *report_orphan(struct store *s, const struct model *m, const char *name)
{
    cleanup_(json_freep) json_t *rec = record_peek(s, KIND_CERTIFICATE, name);
    const json_t *live = json_obj(rec, "live");
    auto_free const char **names = json_strv(json_list(live, "names"));
    const char *keys[] = { json_str(live, "key_type", "?"), NULL };
    const struct model_certificate mc = { .name = name,
                                          .names = names ? (const char *const *)names : no_names,
                                          .keys = keys,
                                          .authorities = no_names,
                                          .solvers = no_names,
                                          .sinks = no_names };
    json_t *cert = rec ? report_full(s, m, &mc) : NULL;

    json_put_str(cert, "state", "orphan");
    json_put_str(cert, "todo", NULL);
    return cert;
}

static bool known(const struct model *m, const char *lineage_key)
{
    char name[400];

    for (size_t i = 0; i < m->ncertificates; i++)
        for (const char *const *key = m->certificates[i].keys; *key; key++)
            if (lineage_name(&m->certificates[i], *key, name) && strcmp(name, lineage_key) == 0)
                return true;
    return false;
}

json_t *report_orphans(struct store *s, const struct model *m)
{
    json_t *out = json_array();
    char **keys = NULL;
    struct outcome o = { 0 };

    if (store_list(s, STORE_CERTS, &keys, &o) == FL_OK)
        for (char **k = keys; *k; k++)
            if (text_starts(*k, "certificate:") && !known(m, strchr(*k, ':') + 1))
                json_array_append_new(out, json_string(strchr(*k, ':') + 1));
    store_keys_free(keys);
    return out;
}
