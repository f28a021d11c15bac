/* SPDX-License-Identifier: Apache-2.0 */
/* cert_plan.c - plan, key and rest: whether an order is due, and what must be on disk before it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/hold.h"
#include "engine/renew.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

static const int64_t FAR_AT = 253402300799; /* 9999-12-31: later than any certificate */
static const int64_t MINUTE_MS = 60000;

bool lineage_name(const struct model_certificate *mc, const char *key, char out[400])
{
    bool plain = !mc->keys || !mc->keys[0] || strcmp(mc->keys[0], key) == 0;
    return text_join(out, 400, mc->name, plain ? "" : "+", plain ? "" : key);
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

/* The names are a set: their order is the user's business. One that was dropped may be missing. */
static bool same_names(const json_t *rec, const struct subject *s)
{
    const json_t *list = json_list(json_obj(rec, "live"), "names");
    size_t found = 0;

    for (const char *const *name = s->cert->names; *name; name++)
        if (holds(list, *name))
            found++;
        else if (!drop_is(rec, s, *name))
            return false;
    return found == json_array_size(list);
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
    if (!same_names(rec, s))
        return "its names have changed";
    if (!same_text(json_str(live, "key_type", NULL), s->key))
        return "its key type has changed";
    if (!same_text(json_str(live, "asked_profile", NULL), s->cert->profile))
        return "its profile has changed";
    if (!renew_dates(from_at, to_at))
        return "its dates are damaged";
    if (ask_stays_revoked(rec)) {
        *renew_at_out = FAR_AT;
        return NULL;
    }
    *renew_at_out = ari_renew_at(rec, s, NULL);
    return now_at >= *renew_at_out ? "it is time to renew it" : NULL;
}

bool key_lost(struct turn *t, const char *sealed)
{
    struct outcome o = { 0 };
    char thumbprint[64];
    int code = keeper_thumbprint(t->w->keeper, sealed, thumbprint, &o);

    return code == FL_ESTALE || code == FL_ECONF || code == FL_EPROTO;
}

static const char *live_key(const struct turn *t) { return json_str(json_obj(t->rec, "live"), "key", ""); }

int64_t rest_look_ms(const struct turn *t, int64_t renew_at, int64_t look_at)
{
    int64_t at_ms = (look_at && look_at < renew_at ? look_at : renew_at) * 1000;

    return at_ms <= t->now_ms ? t->now_ms + MINUTE_MS : at_ms;
}

static int rest_until(struct turn *t, int64_t renew_at, int64_t look_at)
{
    int code = order_over(t, false); /* what is live fits again: the configuration was changed back */

    t->go = CERT_REST;
    t->at_ms = rest_look_ms(t, renew_at, look_at);
    json_put_int(t->rec, "renew_at", renew_at);
    return code;
}

/* The intent: on disk before newOrder. */
static int intend(struct turn *t, const char *authority)
{
    const struct subject *s = t->task->subject;
    auto_free const char **names = wanted_names(t);
    json_t *order = json_object();

    if (!order || !names || !json_put(order, "names", strv_json((const char *const *)names)) ||
        !json_put_str(order, "authority", authority) || !json_put_str(order, "profile", s->cert->profile) ||
        !json_put_int(order, "at", t->now_ms)) {
        json_decref(order);
        return outcome_nomem(&t->out);
    }
    return json_put(t->rec, "order", order) ? FL_OK : outcome_nomem(&t->out);
}

/* The first way to it that is not held up just now. */
static int reach(struct turn *t, struct acme **out)
{
    const char *authority = choose_authority(t);
    char key[HOLD_KEY], why[HOLD_WHY];
    int64_t until_ms;

    if (!json_put_str(t->rec, "authority", authority))
        return outcome_nomem(&t->out);
    text_join(key, sizeof key, "authority:", authority, "");
    if (hold_check(t->e->holds, key, t->now_ms, &until_ms, why))
        return outcome_again(&t->out, until_ms - t->now_ms, "%s is held up: %s", authority, why);
    int code = use_authority(t, authority, out);
    return code == FL_OK ? clock_trusted(t, *out) : code;
}

static int begin(struct turn *t, const char *why, bool try)
{
    struct acme *acme;
    int code = zones_in_order(t); /* before anybody is asked for anything */

    if (code == FL_OK)
        code = reach(t, &acme);
    if (code == FL_OK)
        code = order_over(t, false); /* one that was given up half way */
    if (code == FL_OK)
        code = intend(t, json_str(t->rec, "authority", ""));
    if (code == FL_OK && try && (!drop_tried(t) || !json_put_flag(t->rec, "trying", true)))
        code = outcome_nomem(&t->out);
    if (code == FL_OK)
        turn_event(t, "plan", "%s", why);
    return code;
}

/* A state that was restored from an old copy may know less than its sinks. */
static bool is_served(struct turn *t, int64_t *until_at, int *code)
{
    bool newer = false;

    *code = ask_is(t->rec, "renew") ? FL_OK : held_newer(t, &newer, until_at);
    return *code == FL_OK && newer;
}

int cert_plan(struct turn *t)
{
    const struct subject *s = t->task->subject;
    int64_t renew = 0, look = 0, again, until = 0;
    int code = ari_look(t);

    if (code != FL_OK)
        return code;
    forget_waste(t);
    json_object_del(t->rec, "trying");
    json_object_del(t->rec, "suspects");
    const char *why = live_lacks(t->rec, s, t->now_ms / 1000, &renew);
    bool lost = !why && key_lost(t, live_key(t)), try = json_obj(t->rec, "live") && drop_due(t);
    if (lost)
        why = "its key is lost";
    else if (why && !try && is_served(t, &until, &code))
        return rest_until(t, until, 0);
    if (!why && try)
        why = "a name that was left out is tried again";
    if (code != FL_OK || why)
        return code != FL_OK ? code : begin(t, why, try);
    ari_renew_at(t->rec, s, &look);
    again = drop_try_at(t->rec, s);
    return rest_until(t, renew, again && (!look || again < look) ? again : look);
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
    t->quiet = true;
    return FL_OK;
}
