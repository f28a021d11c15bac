/* SPDX-License-Identifier: Apache-2.0 */
/* cert_prove.c - authorize to valid: from an order to having proved control of its names. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/pace.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct subject *subject(const struct turn *t) { return t->task->subject; }

static int acme_of(struct turn *t, struct acme **out)
{
    return use_authority(t, json_str(t->rec, "authority", ""), out);
}

/* ---- authorize --------------------------------------------------------------------- */

static bool can_solve(const struct instance *i, const struct acme_authz *z, const struct acme_challenge *ch)
{
    const struct fl_solver_ops *ops = &i->plugin->ops.solver;

    return strcmp(ops->type, ch->type) == 0 && (!z->wildcard || (ops->flags & FL_SOLVES_WILDCARD)) &&
           (!z->ip || (ops->flags & FL_SOLVES_IP));
}

/* By records only where some instance holds the zone; asked when there is another way. */
static int has_zone(struct turn *t, const struct instance *i, const char *identifier)
{
    char key[320], proof[300];

    if (!(i->plugin->ops.solver.flags & FL_NEEDS_ZONE))
        return FL_OK;
    snprintf(proof, sizeof proof, "_acme-challenge.%.253s", identifier);
    int code = zones_find(t->e->zones, proof, NULL, key, &t->out);
    return code == FL_OK ? zones_ready(t->e->zones, proof, NULL, &t->out) : code;
}

static const struct acme_challenge *offered(const struct instance *i, const struct acme_authz *z)
{
    for (size_t c = 0; i && c < z->nchallenges; c++)
        if (can_solve(i, z, &z->challenges[c]))
            return &z->challenges[c];
    return NULL;
}

/* Each identifier takes the first solver that can prove it; after a failed validation the next one is asked
 * first. A solver whose zone cannot be looked for just now is passed over if another will do, else it is waited for. */
static int pick(struct turn *t, const struct acme_authz *z, const struct acme_challenge **out,
                const char **solver_out)
{
    const char *const *solvers = subject(t)->cert->solvers;
    uint64_t n = 0, first = (uint64_t)json_int(t->rec, "solver_at", 0);
    struct outcome later = { 0 };

    while (solvers && solvers[n])
        n++;
    for (uint64_t k = 0; k < n; k++) {
        const char *name = solvers[(first + k) % n];
        const struct instance *i = world_find(t->w, FL_KIND_SOLVER, name);
        const struct acme_challenge *ch = offered(i, z);
        int code = ch && n > 1 ? has_zone(t, i, z->identifier) : FL_OK;
        if (ch && code == FL_OK) {
            *out = ch;
            *solver_out = name;
            return FL_OK;
        }
        if (code != FL_OK && code != FL_ECONF)
            later = t->out;
    }
    if (later.code != FL_OK) {
        t->out = later;
        return later.code;
    }
    return outcome_fail(&t->out, FL_ECONF,
                        "no solver of this certificate can prove %s%s: add one to `solver`",
                        z->wildcard ? "*." : "", z->identifier);
}

static int add_proof(struct turn *t, struct acme *acme, const char *authz, const struct acme_authz *z,
                     json_t *proofs)
{
    auto_free char *key_auth = NULL, *digest = NULL;
    cleanup_(json_freep) json_t *p = json_object();
    const char *solver = NULL;
    const struct acme_challenge *ch = NULL;
    int code = pick(t, z, &ch, &solver);

    if (code == FL_OK && ch->token)
        code = acme_key_auth(acme, ch->token, &key_auth, &digest, &t->out);
    if (code != FL_OK)
        return code;
    bool ok = p && json_array_append(proofs, p) == 0 && json_put_str(p, "identifier", z->identifier) &&
              json_put_flag(p, "ip", z->ip) && json_put_flag(p, "wildcard", z->wildcard) &&
              json_put_str(p, "solver", solver) && json_put_str(p, "type", ch->type) &&
              json_put_str(p, "url", ch->url) && json_put_str(p, "token", ch->token) &&
              json_put_str(p, "authorization", authz) && json_put_str(p, "key_auth", key_auth) &&
              json_put_str(p, "digest", digest) && json_put_str(p, "json", ch->json);
    return ok ? FL_OK : outcome_nomem(&t->out);
}

/* An authority may want proof for a domain above a name (RFC 8555 7.1.3, RFC 9444); nothing is put in place for what
 * the order is not about. */
static bool is_of_order(const struct turn *t, const struct acme_authz *z)
{
    const json_t *name;
    size_t i, len = strlen(z->identifier);

    json_array_foreach(json_list(json_obj(t->rec, "order"), "names"), i, name)
    {
        const char *n = json_string_value(name) ? json_string_value(name) : "";
        size_t more = strlen(n) >= len ? strlen(n) - len : 0;
        if (strcasecmp(n + more, z->identifier) == 0 && (more == 0 || (!z->ip && n[more - 1] == '.')))
            return true;
    }
    return false;
}

static int one_authz(struct turn *t, struct acme *acme, const char *url, json_t *proofs)
{
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    int code = acme_authz(acme, url, &z, &t->out);

    if (code != FL_OK || z.status == ACME_VALID)
        return code;
    if (!is_of_order(t, &z))
        return outcome_fail(&t->out, FL_EPROTO,
                            "the authority wants proof for %s, which has nothing to do with the order",
                            z.identifier);
    if (z.status != ACME_PENDING) {
        outcome_fail(&t->out, FL_EREJECT, "the authorization of %s is %s", z.identifier,
                     acme_status_names[z.status]);
        drop_identifier(t, z.identifier, z.wildcard, t->out.msg);
        return FL_EREJECT;
    }
    code = add_proof(t, acme, url, &z, proofs);
    if (code != FL_OK && code != FL_EAGAIN && code != FL_ENOMEM && code != FL_ECANCEL)
        drop_identifier(t, z.identifier, z.wildcard, t->out.msg);
    return code;
}

/* All of them are looked at, so that names which can be done without are known at once. A mistake in the configuration
 * that concerns the first name is told before anything else. */
static int all_authz(struct turn *t, struct acme *acme, const char *const *urls, json_t *proofs)
{
    struct outcome worst = { 0 };

    for (; *urls; urls++) {
        int code = one_authz(t, acme, *urls, proofs);
        if (code != FL_OK && (worst.code == FL_OK || (code == FL_ECONF && worst.code == FL_EREJECT)))
            worst = t->out;
        if (code != FL_OK && code != FL_EREJECT && code != FL_ECONF)
            break;
    }
    if (worst.code == FL_OK)
        return FL_OK;
    t->out = worst;
    return drop_instead(t, worst.code);
}

/* Methods that name the account in what they show want its URL. */
static bool name_account(struct turn *t, json_t *proofs)
{
    cleanup_(json_freep) json_t *account =
        record_peek(t->w->store, KIND_AUTHORITY, json_str(t->rec, "authority", ""));
    json_t *p;
    bool ok = true;
    size_t i;

    json_array_foreach(proofs, i, p) ok = ok && json_put_str(p, "account", json_str(account, "url", NULL));
    return ok;
}

int cert_authorize(struct turn *t)
{
    auto_free const char **urls = json_strv(json_list(json_obj(t->rec, "order"), "authorizations"));
    cleanup_(json_freep) json_t *proofs = json_array();
    struct acme *acme;
    int code = urls && proofs ? acme_of(t, &acme) : outcome_nomem(&t->out);

    if (code == FL_OK)
        code = all_authz(t, acme, urls, proofs);
    if (code == FL_EREJECT)
        order_over(t, false);
    if (code != FL_OK)
        return code;
    if (!name_account(t, proofs) || !json_put(t->rec, "proofs", json_incref(proofs)))
        return outcome_nomem(&t->out);
    if (json_array_size(proofs) == 0)
        t->go = CERT_VALID;
    return FL_OK;
}

int cert_deploy(struct turn *t)
{
    return drop_ask(t, proofs_call(t, json_list(t->rec, "proofs"), t->task->name, PROOF_DEPLOY));
}

/* A proof by connection is seen at the name's address: that must be out first. */
static int address_out(struct turn *t)
{
    const struct model_certificate *mc = subject(t)->cert;
    const json_t *list = json_list(t->rec, "proofs"), *p;
    bool connects = false;
    size_t i;

    json_array_foreach(list, i, p)
    {
        const struct instance *solver = world_find(t->w, FL_KIND_SOLVER, json_str(p, "solver", ""));
        connects = connects || (solver && !(solver->plugin->ops.solver.flags & FL_NEEDS_ZONE));
    }
    if (!connects || !mc->addresses)
        return FL_OK;
    cleanup_(json_freep) json_t *host = record_peek(t->w->store, KIND_HOST, mc->name);
    const json_t *other = json_array_get(json_list(host, "others"), 0);
    /* Where somebody else's address stands the proof would go there: that is tried for no first certificate, and stops no renewal. */
    if (host_is_out(host, mc) && (!other || json_obj(t->rec, "live")))
        return FL_OK;
    if (other)
        return outcome_again(
            &t->out, 60000, "waits until the address of %s is out: it has %s, which fairlead did not set%s%s",
            json_str(other, "name", ""), json_str(other, "value", "another"),
            json_str(other, "owner", NULL) ? ": it is marked for " : "", json_str(other, "owner", ""));
    return outcome_again(&t->out, 60000, "waits until the address of %s is out: %s", mc->names[0],
                         json_str(host, "msg", "not published yet"));
}

int cert_visible(struct turn *t)
{
    int code = address_out(t);
    return code != FL_OK
               ? code
               : drop_ask(t, proofs_call(t, json_list(t->rec, "proofs"), t->task->name, PROOF_READY));
}

/* ---- answer and valid ---------------------------------------------------------------- */

static void pace_key(const struct turn *t, char out[96])
{
    const json_t *first = json_array_get(json_list(t->rec, "proofs"), 0);
    snprintf(out, 96, "%.60s/%.30s", json_str(t->rec, "authority", ""), json_str(first, "type", "-"));
}

/* For a while nobody showed the proofs of this order, some of which the authority may have been asked to look at. */
static int note_gap(struct turn *t)
{
    return json_put_flag(json_object_get(t->rec, "order"), "gap", true) ? FL_OK : outcome_nomem(&t->out);
}

int cert_answer(struct turn *t)
{
    const json_t *proofs = json_list(t->rec, "proofs"), *p;
    char key[96];
    struct acme *acme;
    size_t i;

    /* What a solver held in memory ended with the process that put it there. */
    if (!t->task->loaded) {
        t->go = CERT_DEPLOY;
        return note_gap(t);
    }
    int code = acme_of(t, &acme);

    json_array_foreach(proofs, i, p)
    {
        if (code == FL_OK)
            code = acme_answer(acme, json_str(p, "url", ""), &t->out);
        /* Answered before a crash, and validated since: the order tells how it went. */
        if (code == FL_EREJECT)
            code = outcome_ok(&t->out);
    }
    if (code != FL_OK)
        return code;
    pace_key(t, key);
    t->at_ms = clock_wall_ms() + pace_first_look_ms(t->e->pace, key);
    return json_put_int(t->rec, "answered", clock_wall_ms()) ? FL_OK : outcome_nomem(&t->out);
}

/* The authority may have looked while no process was there to show the proofs: the verdict tells nothing. Only once
 * until one is issued, so that a process which ends again and again does not use up the authority's patience. */
static bool lost(const struct turn *t)
{
    return json_flag(json_obj(t->rec, "order"), "gap", false) && !json_flag(t->rec, "lost", false);
}

static bool why_failed(const struct acme_authz *z, struct outcome *out)
{
    for (size_t c = 0; c < z->nchallenges; c++)
        if (z->challenges[c].error.code != FL_OK) {
            *out = z->challenges[c].error;
            out->code = FL_EREJECT;
            outcome_context(out, "%s%s by %s", z->wildcard ? "*." : "", z->identifier, z->challenges[c].type);
            return true;
        }
    return false;
}

/* The order says only "invalid"; the reason stands in the challenge (RFC 8555 7.1.6, 8). Several may have failed. */
static void why_invalid(struct turn *t, struct acme *acme, const struct acme_order *order)
{
    struct outcome first = { 0 };

    for (char **url = order->authorizations; url && *url; url++) {
        cleanup_(acme_authz_done) struct acme_authz z = { 0 };
        struct outcome o = { 0 };
        if (acme_authz(acme, *url, &z, &o) != FL_OK || z.status == ACME_VALID || z.status == ACME_PENDING)
            continue;
        if (why_failed(&z, &o) && !lost(t))
            drop_identifier(t, z.identifier, z.wildcard, o.msg);
        if (first.code == FL_OK)
            first = o;
    }
    if (first.code != FL_OK) {
        t->out = first;
        return;
    }
    drop_refused(t, order->refused, &order->error);
    outcome_fail(&t->out, FL_EREJECT, "the order is %s: %s", acme_status_names[order->status],
                 order->error.msg[0] ? order->error.msg : "the authority gives no reason");
}

static int order_anew(struct turn *t, const char *why)
{
    turn_event(t, "lost", "nobody showed the proofs: %s", why);
    t->go = CERT_PLAN;
    if (!json_put_flag(t->rec, "lost", true))
        return outcome_nomem(&t->out);
    return order_over(t, false) == FL_OK ? outcome_ok(&t->out) : t->out.code;
}

static int invalid(struct turn *t, struct acme *acme, const struct acme_order *order)
{
    struct outcome o;

    why_invalid(t, acme, order);
    o = t->out;
    if (lost(t))
        return order_anew(t, o.msg);
    json_put_int(t->rec, "solver_at", json_int(t->rec, "solver_at", 0) + 1);
    if (order_over(t, false) != FL_OK)
        return t->out.code;
    t->out = o;
    return FL_EREJECT;
}

static int look_again(struct turn *t, const struct acme_order *order)
{
    unsigned looks = (unsigned)json_int(t->rec, "looks", 0);
    int64_t wait_ms = order->retry_after_ms ? order->retry_after_ms : 250LL << (looks < 8 ? looks : 8);

    return outcome_again(&t->out, wait_ms, "waits for the authority to validate");
}

/* The authority may still be about to look at what ended with the process that put it there. On disk at once: a
 * look that finds nothing new is not written. */
static int show_again(struct turn *t)
{
    int code = note_gap(t);

    if (code == FL_OK)
        code = turn_save(t);
    if (code != FL_OK)
        return code;
    proofs_call(t, json_list(t->rec, "proofs"), t->task->name, PROOF_DEPLOY);
    t->held[0] = '\0';
    return outcome_ok(&t->out);
}

int cert_valid(struct turn *t)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    unsigned looks = (unsigned)json_int(t->rec, "looks", 0) + 1;
    int64_t answered_ms = json_int(t->rec, "answered", 0);
    char key[96];
    struct acme *acme;
    int code = acme_of(t, &acme);

    if (code == FL_OK && !t->task->loaded)
        code = show_again(t);
    if (code == FL_OK)
        code = acme_order(acme, json_str(json_obj(t->rec, "order"), "url", ""), &order, &t->out);
    if (code == FL_OK && order.status == ACME_PENDING)
        return look_again(t, &order);
    if (code == FL_OK && order.status > ACME_VALID)
        return invalid(t, acme, &order);
    if (code == FL_EREJECT)
        order_over(t, false);
    if (code != FL_OK)
        return code;
    pace_key(t, key);
    if (answered_ms)
        pace_learn(t->e->pace, key, clock_wall_ms() - answered_ms, looks);
    if (!json_put_flag(json_object_get(t->rec, "order"), "proved", true))
        return outcome_nomem(&t->out);
    code = order_by_status(t, &order);
    return code == FL_OK ? proofs_over(t) : code;
}
