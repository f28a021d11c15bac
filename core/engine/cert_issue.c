/* SPDX-License-Identifier: Apache-2.0 */
/* cert_issue.c - finalize and fetch: from a ready order to a checked chain in the record. */
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/chain.h"
#include "engine/pace.h"
#include "engine/record.h"
#include "engine/renew.h"
#include "engine/revoke.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

static json_t *order_of(const struct turn *t) { return json_object_get(t->rec, "order"); }

static int note_certificate(struct turn *t, const struct acme_order *got)
{
    return json_put_str(order_of(t), "certificate", got->certificate) ? FL_OK : outcome_nomem(&t->out);
}

static void pace_key(const struct turn *t, char out[96])
{
    snprintf(out, 96, "%.60s/finalize", json_str(t->rec, "authority", ""));
}

/* An order that turned out dead: nothing of it is of use any more. */
static int dead(struct turn *t, const struct acme_order *order)
{
    outcome_fail(&t->out, FL_EREJECT, "the order became %s: %s", acme_status_names[order->status],
                 order->error.msg[0] ? order->error.msg : "the authority gives no reason");
    drop_refused(t, order->refused, &order->error);
    if (order->error.problem[0])
        memcpy(t->out.problem, order->error.problem, sizeof t->out.problem);
    int code = order_over(t, false);
    return code == FL_OK ? FL_EREJECT : code;
}

/* Sent before a crash, or not ready after all: the order itself knows (RFC 8555 7.4). */
static int look_instead(struct turn *t, struct acme *acme, struct acme_order *out)
{
    acme_order_done(out);
    *out = (struct acme_order){ 0 };
    int code = acme_order(acme, json_str(order_of(t), "url", ""), out, &t->out);
    if (code == FL_OK && out->status == ACME_PENDING)
        t->go = CERT_AUTHORIZE;
    if (code == FL_OK && out->status == ACME_READY)
        return outcome_again(&t->out, 1000, "the authority was not ready for the CSR");
    return code;
}

/* For the names of the order: those of the configuration may be others by now. An order whose key is gone is of no
 * use to anybody; cert_key() makes another. */
static int make_csr(struct turn *t, char **out)
{
    auto_free const char **names = json_strv(json_list(order_of(t), "names"));
    int code = names ? keeper_csr(t->w->keeper, json_str(order_of(t), "key", ""), (const char *const *)names,
                                  out, &t->out)
                     : outcome_nomem(&t->out);

    if (code != FL_ESTALE)
        return code;
    turn_event(t, "key-lost", "%s", t->out.msg);
    t->go = CERT_PLAN;
    return order_over(t, false);
}

int cert_finalize(struct turn *t)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    auto_free char *csr = NULL;
    char key[96];
    struct acme *acme;
    int code = use_authority(t, json_str(t->rec, "authority", ""), &acme);

    if (code == FL_OK)
        code = make_csr(t, &csr);
    if (code != FL_OK || t->go != GO_NEXT)
        return code;
    code = acme_finalize(acme, json_str(order_of(t), "url", ""), json_str(order_of(t), "finalize", ""), csr,
                         &order, &t->out);
    if (code != FL_OK && strcmp(t->out.problem, "orderNotReady") == 0)
        code = look_instead(t, acme, &order);
    if (code == FL_EREJECT)
        drop_refused(t, order.refused, &t->out);
    if (code == FL_EREJECT || (code == FL_OK && order.status > ACME_VALID))
        return code == FL_OK ? dead(t, &order) : (order_over(t, false), code);
    if (code != FL_OK || t->go != GO_NEXT)
        return code;
    pace_key(t, key);
    if (order.status != ACME_VALID)
        t->at_ms = clock_wall_ms() +
                   (order.retry_after_ms ? order.retry_after_ms : pace_first_look_ms(t->e->pace, key));
    json_put_int(t->rec, "answered", clock_wall_ms());
    return note_certificate(t, &order);
}

/* ---- fetch ------------------------------------------------------------------------------- */

static int wait_for_url(struct turn *t, struct acme *acme)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    unsigned looks = (unsigned)json_int(t->rec, "looks", 0);
    char key[96];
    int code = acme_order(acme, json_str(order_of(t), "url", ""), &order, &t->out);

    if (code != FL_OK)
        return code;
    if (order.status == ACME_PROCESSING)
        return outcome_again(&t->out,
                             order.retry_after_ms ? order.retry_after_ms : 250LL << (looks < 8 ? looks : 8),
                             "waits for the authority to issue");
    if (order.status == ACME_READY) { /* the finalize never arrived */
        t->go = CERT_FINALIZE;
        return FL_OK;
    }
    if (order.status != ACME_VALID)
        return dead(t, &order);
    pace_key(t, key);
    pace_learn(t->e->pace, key, clock_wall_ms() - json_int(t->rec, "answered", t->now_ms), looks + 1);
    return note_certificate(t, &order);
}

/* How often in a row the authority wanted one replaced long before its time; see ari.c. */
static int64_t hasty(const struct turn *t)
{
    const struct subject *s = t->task->subject;
    const json_t *live = json_obj(t->rec, "live");
    int64_t from = json_int(live, "not_before", 0), to = json_int(live, "not_after", 0);
    int64_t moment = json_int(json_obj(live, "ari"), "moment_at", 0), now = t->now_ms / 1000;

    if (!renew_dates(from, to))
        return 0;
    int64_t rule = renew_at(s->cert->name, from, to, s->cert->renew_num, s->cert->renew_den);
    return moment > 0 && moment <= now && now - from < (rule - from) / 5 * 4 ? json_int(live, "hasty", 0) + 1
                                                                             : 0;
}

/* Whose it is: only they are asked about it, and told what takes its place. */
static bool name_issuer(const struct turn *t, json_t *live)
{
    const char *authority = json_str(t->rec, "authority", "");
    const struct world_authority *a = world_authority(t->w, authority);
    cleanup_(json_freep) json_t *account = record_peek(t->w->store, KIND_AUTHORITY, authority);

    return json_put_str(live, "authority", authority) &&
           json_put_str(live, "directory", a ? a->directory : NULL) &&
           json_put_str(live, "account", json_str(account, "url", NULL));
}

static json_t *live_of(struct turn *t, const struct chain *c)
{
    const struct subject *s = t->task->subject;
    json_t *live = json_object(), *ari = json_object();

    bool ok = live && json_put_int(ari, "look_at", t->now_ms / 1000) && name_issuer(t, live) &&
              json_put(live, "names", json_incref(json_object_get(order_of(t), "names"))) &&
              json_put_str(live, "key", json_str(order_of(t), "key", "")) &&
              json_put_str(live, "key_type", s->key) &&
              json_put_str(live, "asked_profile", json_str(order_of(t), "profile", NULL)) &&
              json_put_str(live, "leaf", c->leaf_pem) && json_put_str(live, "chain", c->chain_pem) &&
              json_put_str(live, "serial", c->serial) && json_put_str(live, "cert_id", c->cert_id) &&
              json_put_str(live, "issuer", c->issuer) && json_put_int(live, "not_before", c->not_before_at) &&
              json_put_int(live, "not_after", c->not_after_at) &&
              json_put_int(live, "issued", t->now_ms / 1000) && json_put_int(live, "hasty", hasty(t)) &&
              json_put_int(live, "spread", ari_spread(t)) && json_put(live, "ari", json_incref(ari));
    json_decref(ari);
    if (ok)
        return live;
    json_decref(live);
    return NULL;
}

/* The one before is kept, with its key; of those before that as much as is needed to revoke them. */
static int archive(struct turn *t, const char *serial)
{
    json_t *live = json_object_get(t->rec, "live");
    cleanup_(json_freep) json_t *old = NULL;
    uint64_t version = 0;

    /* The same again, after a failure behind this one, would push out what it took the place of. */
    if (!live || strcmp(json_str(live, "serial", ""), serial) == 0)
        return FL_OK;
    /* What is damaged must not stop a renewal. */
    int code = store_salvage_json(t->w->store, STORE_ARCHIVE, t->task->name, &old, &version, &t->out);
    if (code == FL_OK && old && !revoke_keep(live, old))
        code = outcome_nomem(&t->out);
    if (code == FL_OK)
        code = store_put_json(t->w->store, STORE_ARCHIVE, t->task->name, live, version, &version, &t->out);
    const char *key = json_str(old, "key", NULL);
    if (code == FL_OK && key && strcmp(key, json_str(live, "key", "")) != 0 &&
        strcmp(key, json_str(order_of(t), "key", "")) != 0)
        keeper_forget(t->w->keeper, key, &t->out);
    return code;
}

/* The sinks, also those that failed, for good or for a while: it may have been about the one before. And other key
 * types of the certificate, which wait for this one. */
static void wake_others(struct turn *t)
{
    const struct subject *s = t->task->subject;

    for (const char *const *key = s->cert->keys; *key; key++) {
        char lineage[400], name[400];
        if (strcmp(*key, s->key) != 0 && lineage_name(s->cert, *key, lineage) &&
            task_name(KIND_CERTIFICATE, lineage, name))
            queue_poke(t->e->queue, name, clock_wall_ms(), false);
    }
    for (const char *const *sink = s->cert->sinks; sink && *sink; sink++) {
        char subject[384], name[400];
        snprintf(subject, sizeof subject, "%.250s>%.100s", s->cert->name, *sink);
        if (task_name(KIND_DELIVERY, subject, name))
            queue_poke(t->e->queue, name, clock_wall_ms(), true);
    }
}

/* When the authority would like to see it again is asked at once; without an answer the lifetime tells. */
static int until_renewal(struct turn *t)
{
    int64_t renew = 0, look = 0;

    if (ari_look(t) == FL_ENOMEM || live_lacks(t->rec, t->task->subject, t->now_ms / 1000, &renew))
        return outcome_ok(&t->out); /* `plan` will see to it */
    renew = ari_renew_at(t->rec, t->task->subject, &look);
    if (json_put_int(t->rec, "renew_at", renew))
        t->at_ms = (look && look < renew ? look : renew) * 1000;
    return outcome_ok(&t->out);
}

static int make_live(struct turn *t, const struct chain *c)
{
    char until[32];
    json_t *live = live_of(t, c);

    if (!live)
        return outcome_nomem(&t->out);
    int code = archive(t, c->serial);
    if (code != FL_OK || !json_put(t->rec, "live", live))
        return code != FL_OK ? (json_decref(live), code) : outcome_nomem(&t->out);
    clock_format(c->not_after_at, until);
    turn_event(t, "issued", "serial %s, valid until %s", c->serial, until);
    code = order_over(t, true);
    json_object_del(t->rec, "rejects");
    json_object_del(t->rec, "rests");
    json_object_del(t->rec, "solver_at");
    json_object_del(t->rec, "lost");
    json_object_del(t->rec, "ask");
    json_object_del(t->rec, "revoked");
    drop_forget(t);
    if (code == FL_OK)
        code = turn_save(t); /* on disk before a delivery reads it */
    if (code != FL_OK)
        return code;
    wake_others(t);
    return until_renewal(t);
}

int cert_fetch(struct turn *t)
{
    cleanup_(chain_done) struct chain c = { 0 };
    struct acme *acme;
    int code = FL_OK;

    if (!order_of(t)) /* made live just before a crash */
        return FL_OK;
    code = use_authority(t, json_str(t->rec, "authority", ""), &acme);
    if (code == FL_OK && !json_str(order_of(t), "certificate", NULL))
        code = wait_for_url(t, acme);
    if (code != FL_OK || t->go != GO_NEXT)
        return code;
    code = cert_take_chain(t, acme, &c);
    return code == FL_OK ? make_live(t, &c) : code;
}
