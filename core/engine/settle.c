/* SPDX-License-Identifier: Apache-2.0 */
/* settle.c - an order that the authority may have made without our having seen its answer. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <string.h>
#include <strings.h>

enum { LOOKS = 40, SLACK_S = 60, PATIENCE = 3 };

static const struct subject *subject(const struct turn *t) { return t->task->subject; }

/* ---- whose it is ------------------------------------------------------------------------ */

static bool has_name(const char *const *names, const char *name)
{
    while (*names && strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Names are a set; the model, the intent and what acme_order() gives have none twice. */
static bool same_set(const char *const *a, const char *const *b)
{
    size_t na = 0, nb = 0;

    for (; a[na]; na++)
        if (!has_name(b, a[na]))
            return false;
    while (b[nb])
        nb++;
    return na == nb;
}

static bool has_order(const struct turn *t, const struct model_certificate *mc, const char *key,
                      const char *url)
{
    char name[400];

    if (!lineage_name(mc, key, name) || strcmp(name, task_subject(t->task)) == 0)
        return false;
    cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_CERTIFICATE, name);
    return strcmp(json_str(json_obj(rec, "order"), "url", ""), url) == 0;
}

bool order_is_elsewhere(const struct turn *t, const char *url)
{
    const struct model_certificate *mc = subject(t)->cert;
    bool found = false;

    for (const char *const *key = mc->keys; *key && !found; key++)
        found = has_order(t, mc, *key, url);
    return found;
}

/* The same with every other certificate for these names: too dear to be asked for each order. */
static bool is_anybodys(const struct turn *t, const char *url)
{
    const struct model *m = t->w->model;
    bool found = false;

    for (size_t i = 0; i < m->ncertificates && !found; i++)
        if (same_set(m->certificates[i].names, subject(t)->cert->names))
            for (const char *const *key = m->certificates[i].keys; *key && !found; key++)
                found = has_order(t, &m->certificates[i], *key, url);
    return found;
}

/* ---- looking ------------------------------------------------------------------------------ */

static bool fits(const struct turn *t, struct acme *acme, const char *const *names,
                 const struct acme_order *order)
{
    const char *profile = json_str(json_obj(t->rec, "order"), "profile", NULL);

    if (order->status != ACME_PENDING && order->status != ACME_READY)
        return false;
    if (order->expires_at && order->expires_at < t->now_ms / 1000 + SLACK_S)
        return false;
    /* Not asked for where it is not offered, and then the authority chooses. */
    if (profile && acme_has_profile(acme, profile) &&
        strcmp(order->profile ? order->profile : "", profile) != 0)
        return false;
    return order->identifiers && same_set(names, (const char *const *)order->identifiers);
}

static int look_at(struct turn *t, struct acme *acme, const char *const *names, const char *url, bool *found)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    struct outcome o = { 0 };
    int code = acme_order(acme, url, &order, &o);

    /* One that is gone is not ours. */
    if (code == FL_EREJECT || code == FL_EPROTO)
        return FL_OK;
    if (code != FL_OK) {
        t->out = o;
        return code;
    }
    if (!fits(t, acme, names, &order) || is_anybodys(t, url))
        return FL_OK;
    *found = true;
    turn_event(t, "adopted", "%s: its answer had been lost", url);
    return json_put_str(json_object_get(t->rec, "order"), "url", url) ? FL_OK : outcome_nomem(&t->out);
}

/* Nobody says at which end of the list the newest are: from both, the last first. */
static int look_through(struct turn *t, struct acme *acme, char **urls)
{
    auto_free const char **names = json_strv(json_list(json_obj(t->rec, "order"), "names"));
    size_t n = 0;
    bool found = false;
    int code = names ? FL_OK : outcome_nomem(&t->out);

    while (urls[n])
        n++;
    for (size_t i = 0; i < n && i < LOOKS && code == FL_OK && !found; i++)
        code = look_at(t, acme, (const char *const *)names, urls[i % 2 ? i / 2 : n - 1 - i / 2], &found);
    return code;
}

int settle_intent(struct turn *t, struct acme *acme)
{
    char **urls = NULL;
    int code = acme_directory(acme, false, &t->out);

    if (code == FL_OK)
        code = acme_orders(acme, &urls, &t->out);
    struct outcome read = t->out; /* words where the list is longer than what was read */
    if (code == FL_OK && urls)
        code = look_through(t, acme, urls);
    if (code == FL_OK && read.msg[0] && !json_str(json_object_get(t->rec, "order"), "url", NULL))
        turn_event(t, "not-settled", "no order like this one; %s", read.msg);
    for (char **u = urls; u && *u; u++)
        free(*u);
    free(urls);
    /* A list that cannot be had must not keep a certificate from being renewed. */
    if (code == FL_EREJECT || code == FL_EPROTO || code == FL_ECONF ||
        (code == FL_ETEMP && json_int(t->rec, "tries", 0) >= PATIENCE)) {
        turn_event(t, "not-settled", "%s", t->out.msg);
        return outcome_ok(&t->out);
    }
    return code;
}
