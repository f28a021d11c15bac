/* SPDX-License-Identifier: Apache-2.0 */
/* cert_plan.c - plan, key and rest: whether an order is due, and what must be on disk before it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/renew.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* Later than any certificate: a damaged number must not overflow anything. */
static const int64_t FAR_AT = 253402300799; /* 9999-12-31 */

bool lineage_name(const struct model_certificate *mc, const char *key, char out[400])
{
    bool plain = !mc->keys || !mc->keys[0] || strcmp(mc->keys[0], key) == 0;
    return snprintf(out, 400, "%s%s%s", mc->name, plain ? "" : "+", plain ? "" : key) < 400;
}

const char **json_strv(const json_t *list)
{
    size_t n = json_array_size(list);
    const char **v = mem_array(n + 1, sizeof *v);

    for (size_t i = 0; v && i < n; i++) {
        const char *s = json_string_value(json_array_get(list, i));
        v[i] = s ? s : "";
    }
    return v;
}

json_t *strv_json(const char *const *v)
{
    json_t *list = json_array();

    for (; list && v && *v; v++)
        if (json_array_append_new(list, json_string(*v)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
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

/* The names are a set: their order is the user's business. */
static bool same_names(const json_t *list, const char *const *names)
{
    size_t n = 0;

    while (names[n] && holds(list, names[n]))
        n++;
    return !names[n] && n == json_array_size(list);
}

static bool same_text(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

const char *live_lacks(const json_t *rec, const struct subject *s, int64_t now_at, int64_t *renew_at_out)
{
    const json_t *live = json_obj(rec, "live");
    int64_t from_at = json_int(live, "not_before", 0), to_at = json_int(live, "not_after", 0);

    if (!live)
        return "there is none yet";
    if (ask_is(rec, "renew"))
        return "somebody asked for it";
    if (!same_names(json_list(live, "names"), s->cert->names))
        return "its names have changed";
    if (!same_text(json_str(live, "key_type", NULL), s->key))
        return "its key type has changed";
    if (!same_text(json_str(live, "asked_profile", NULL), s->cert->profile))
        return "its profile has changed";
    if (!text_in(json_str(live, "authority", ""), s->cert->authorities))
        return "it is from an authority that is not in its list any more";
    if (from_at < 0 || to_at <= from_at || to_at > FAR_AT)
        return "its dates are damaged";
    if (ask_stays_revoked(rec)) {
        *renew_at_out = FAR_AT;
        return NULL;
    }
    *renew_at_out = renew_at(s->cert->name, from_at, to_at, s->cert->renew_num, s->cert->renew_den);
    return now_at >= *renew_at_out ? "it is time to renew it" : NULL;
}

/* A key that is not in the keeper any more cannot be delivered again. */
static bool key_lost(struct turn *t, const char *sealed)
{
    struct outcome o = { 0 };
    char thumbprint[64];
    int code = keeper_thumbprint(t->w->keeper, sealed, thumbprint, &o);

    return code == FL_ESTALE || code == FL_ECONF || code == FL_EPROTO;
}

static const char *live_key(const struct turn *t) { return json_str(json_obj(t->rec, "live"), "key", ""); }

static int rest_until(struct turn *t, int64_t at)
{
    int code = order_over(t, false); /* what is live fits again: the configuration was changed back */

    t->go = CERT_REST;
    t->at_ms = at * 1000;
    json_put_int(t->rec, "renew_at", at);
    return code;
}

/* The intent: on disk before newOrder. */
static int intend(struct turn *t, const char *authority)
{
    const struct subject *s = t->task->subject;
    json_t *order = json_object();

    if (!order || !json_put(order, "names", strv_json(s->cert->names)) ||
        !json_put_str(order, "authority", authority) || !json_put_str(order, "profile", s->cert->profile) ||
        !json_put_int(order, "at", t->now_ms)) {
        json_decref(order);
        return outcome_nomem(&t->out);
    }
    return json_put(t->rec, "order", order) ? FL_OK : outcome_nomem(&t->out);
}

int cert_plan(struct turn *t)
{
    const struct subject *s = t->task->subject;
    const char *authority = s->cert->authorities[0];
    struct acme *acme;
    int64_t renew = 0;
    const char *why = live_lacks(t->rec, s, t->now_ms / 1000, &renew);

    forget_waste(t);
    if (!why && key_lost(t, live_key(t)))
        why = "its key is lost";
    if (!why)
        return rest_until(t, renew);
    if (!json_put_str(t->rec, "authority", authority))
        return outcome_nomem(&t->out);
    int code = use_authority(t, authority, &acme);
    if (code == FL_OK)
        code = order_over(t, false); /* one that was given up half way */
    if (code == FL_OK)
        code = intend(t, authority);
    if (code == FL_OK)
        turn_event(t, "plan", "%s", why);
    return code;
}

int cert_key(struct turn *t)
{
    const struct subject *s = t->task->subject;
    json_t *order = json_object_get(t->rec, "order");
    char sealed[KEEPER_SEALED];
    int type = 0;

    if (json_str(order, "key", NULL))
        return FL_OK;
    if (s->cert->reuse_key && !ask_new_key(t->rec) &&
        same_text(json_str(json_obj(t->rec, "live"), "key_type", NULL), s->key) && !key_lost(t, live_key(t)))
        return json_put_str(order, "key", live_key(t)) ? FL_OK : outcome_nomem(&t->out);
    while (key_type_names[type] && strcmp(key_type_names[type], s->key) != 0)
        type++;
    int code = keeper_make(t->w->keeper, (enum key_type)type, sealed, &t->out);
    if (code != FL_OK)
        return code;
    return json_put_str(order, "key", sealed) ? FL_OK : outcome_nomem(&t->out);
}

int cert_rest(struct turn *t)
{
    (void)t;
    return FL_OK;
}
