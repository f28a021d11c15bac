/* SPDX-License-Identifier: Apache-2.0 */
/* cert_order.c - the step order: one order for one intent, whatever became of the answer. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/hold.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

static const int64_t BEHIND_MS = 600000;

static const struct subject *subject(const struct turn *t) { return t->task->subject; }
static json_t *order_of(const struct turn *t) { return json_object_get(t->rec, "order"); }

static int note_order(struct turn *t, const struct acme_order *got)
{
    json_t *order = order_of(t);

    json_object_del(t->rec, "unsettled");
    if (!json_put_str(order, "url", got->url) || !json_put_str(order, "finalize", got->finalize) ||
        !json_put_str(order, "certificate", got->certificate) ||
        !json_put_str(order, "replaces", got->replaces) ||
        !json_put_flag(order, "proved", got->status >= ACME_READY && got->status <= ACME_VALID) ||
        !json_put(order, "authorizations", strv_json((const char *const *)got->authorizations)))
        return outcome_nomem(&t->out);
    int code = turn_save(t);
    t->task->sent = code != FL_OK;
    return code;
}

/* ---- what may keep it waiting ------------------------------------------------------------- */

/* A rate limit met by another certificate of that domain, or of the account, holds new orders up. */
static int orders_held(struct turn *t)
{
    const char *authority = json_str(t->rec, "authority", "");
    char keys[2][HOLD_KEY], why[HOLD_WHY];
    int64_t until_ms = t->now_ms;

    registered_domain(subject(t)->cert->names[0], t->domain);
    snprintf(keys[0], HOLD_KEY, "authority:%.100s/order", authority);
    snprintf(keys[1], HOLD_KEY, "authority:%.100s/order/%s", authority, t->domain);
    for (int i = 0; i < 2; i++) {
        bool held = hold_check(t->e->holds, keys[i], t->now_ms, &until_ms, why);
        if (!held && !order_line_before(t, keys[i]))
            continue;
        text_copy(t->limited, sizeof t->limited, keys[i]);
        return held ? outcome_again(&t->out, until_ms - t->now_ms, "new orders wait: %s", why)
                    : outcome_again(&t->out, BEHIND_MS, "new orders wait: others are before it");
    }
    return FL_OK;
}

/* Under way, and not pausing after a failure, in the last hour. */
static bool under_way(const struct turn *t, const char *lineage)
{
    cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_CERTIFICATE, lineage);
    int code = outcome_code_parse(json_str(rec, "code", "ok"));

    return json_obj(rec, "order") && (code == FL_OK || code == FL_EAGAIN) &&
           t->now_ms - json_int(rec, "since", 0) < 3600000;
}

/* Key types of one certificate one after the other: the first proves the names for all, and an authority that gives
 * the same order for the same names while one is open gives it to one of them. */
static bool lineage_before(const struct turn *t, char out[400])
{
    const struct model_certificate *mc = subject(t)->cert;

    for (const char *const *key = mc->keys; *key && strcmp(*key, subject(t)->key) != 0; key++)
        if (lineage_name(mc, *key, out) && under_way(t, out))
            return true;
    return false;
}

static int may_order(struct turn *t)
{
    char other[400];
    int code = orders_held(t);

    if (code == FL_OK && lineage_before(t, other))
        return outcome_again(&t->out, 0, "waits for %.200s, whose proofs will do for this one too", other);
    return code;
}

/* ---- newOrder ------------------------------------------------------------------------------ */

/* An authority that does not offer the profile is not asked for it (draft-ietf-acme-profiles). */
static int profile_for(struct turn *t, struct acme *acme, const char **out)
{
    const char *profile = subject(t)->cert->profile;

    *out = profile && acme_has_profile(acme, profile) ? profile : NULL;
    if (profile && !*out && subject(t)->cert->profile_required)
        return outcome_fail(&t->out, FL_ECONF,
                            "%s offers no profile `%s`: choose another or drop profile_required",
                            json_str(t->rec, "authority", ""), profile);
    return FL_OK;
}

static bool same_or_unknown(const char *a, const char *b) { return !a || !b || strcmp(a, b) == 0; }

/* RFC 9773 5: what the order takes the place of is named to the authority and account that issued it, once. */
static const char *predecessor(const struct turn *t, struct acme *acme, const char *const *names)
{
    const json_t *live = json_obj(t->rec, "live");
    const char *authority = json_str(t->rec, "authority", ""), *id = json_str(live, "cert_id", "");
    const struct world_authority *a = world_authority(t->w, authority);
    cleanup_(json_freep) json_t *account = record_peek(t->w->store, KIND_AUTHORITY, authority);
    auto_free const char **before = json_strv(json_list(live, "names"));
    bool shared = false;

    if (!before || !id[0] || json_flag(live, "replaced", false) || !acme_has_renewal_info(acme) ||
        strcmp(json_str(live, "authority", ""), authority) != 0 ||
        !same_or_unknown(json_str(live, "directory", NULL), a ? a->directory : NULL) ||
        !same_or_unknown(json_str(live, "account", NULL), json_str(account, "url", NULL)))
        return NULL;
    for (const char *const *name = names; *name && !shared; name++)
        shared = text_in(*name, before);
    return shared ? id : NULL;
}

/* Not only alreadyReplaced: servers differ in what they say of a predecessor that they do not like. */
static bool minds_predecessor(int code, const struct outcome *o)
{
    static const char *const problems[] = { "malformed", "unauthorized", "conflict", "alreadyRevoked", NULL };

    return code == FL_ESTALE || (code == FL_EREJECT && text_in(o->problem, problems)) ||
           (code == FL_ETEMP && o->http == 500 && strstr(o->msg, "certificate"));
}

static int new_order(struct turn *t, struct acme *acme, const char *const *names, struct acme_order *out)
{
    const char *profile = NULL, *replaces;
    int code = profile_for(t, acme, &profile);

    if (code != FL_OK)
        return code;
    replaces = predecessor(t, acme, names);
    code = budget_take(t, names, replaces != NULL);
    if (code != FL_OK)
        return code;
    code = acme_new_order(acme, names, profile, replaces, out, &t->out);
    if (!replaces || !minds_predecessor(code, &t->out))
        return code;
    struct outcome first = t->out;
    acme_order_done(out);
    *out = (struct acme_order){ 0 };
    code = acme_new_order(acme, names, profile, NULL, out, &t->out);
    if (code == FL_OK || first.code == FL_ESTALE) {
        turn_event(t, "not-a-replacement", "%s", first.msg);
        json_put_flag(json_object_get(t->rec, "live"), "replaced", true);
    }
    return code;
}

/* The answer that did not come, or not whole, may have been that there is an order. */
static bool ambiguous(int code) { return code == FL_ETEMP || code == FL_EPROTO || code == FL_ENOMEM; }

static int place_order(struct turn *t, struct acme *acme, struct acme_order *out)
{
    auto_free const char **names = json_strv(json_list(order_of(t), "names"));
    int code = names ? acme_directory(acme, false, &t->out) : outcome_nomem(&t->out);

    if (code == FL_OK)
        code = may_order(t);
    if (code != FL_OK)
        return code;
    t->task->sent = true;
    code = new_order(t, acme, (const char *const *)names, out);
    if (ambiguous(code))
        json_put_flag(t->rec, "unsettled", true);
    else if (code != FL_OK)
        t->task->sent = false;
    if (code != FL_OK)
        return code;
    if (order_is_elsewhere(t, out->url))
        return outcome_again(&t->out, 0, "the authority gave the order of another key type again");
    turn_event(t, "order", "%s", out->url);
    return FL_OK;
}

/* Where an order goes on from, by its status (RFC 8555 7.1.6). */
int order_by_status(struct turn *t, const struct acme_order *order)
{
    switch (order->status) {
    case ACME_PENDING: return FL_OK;
    case ACME_READY: t->go = CERT_FINALIZE; return FL_OK;
    case ACME_PROCESSING:
    case ACME_VALID: t->go = CERT_FETCH; return FL_OK;
    default:
        return outcome_fail(&t->out, FL_EREJECT, "the order is %s: %s", acme_status_names[order->status],
                            order->error.msg[0] ? order->error.msg : "the authority gives no reason");
    }
}

/* The process that wrote the intent is not this one, or an answer of this one's was lost. */
static bool may_have_arrived(const struct turn *t)
{
    return !t->task->loaded || t->task->sent || json_flag(t->rec, "unsettled", false);
}

int cert_order(struct turn *t)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    struct acme *acme;
    bool open = !json_str(order_of(t), "url", NULL);
    int code = use_authority(t, json_str(t->rec, "authority", ""), &acme);

    if (code == FL_OK && open && may_have_arrived(t)) {
        json_put_flag(t->rec, "unsettled", true);
        code = settle_intent(t, acme);
        if (code == FL_OK)
            json_object_del(t->rec, "unsettled");
    }
    const char *url = json_str(order_of(t), "url", NULL);
    if (code == FL_OK)
        code = url ? acme_order(acme, url, &order, &t->out) : place_order(t, acme, &order);
    if (code == FL_OK)
        code = note_order(t, &order);
    if (code == FL_OK)
        code = order_by_status(t, &order);
    if (code == FL_EREJECT) {
        drop_refused(t, order.refused, &t->out);
        order_over(t, false);
    }
    return code;
}
