/* SPDX-License-Identifier: Apache-2.0 */
/* sim_acme.c - an authority that is a function: stands in for core/acme. */
#include "acme/acme.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VALIDATION_MS = 2000, ISSUING_MS = 1500, HOUR_MS = 3600000 };

struct acme;
const char *const acme_status_names[] = { "pending",     "ready",   "processing", "valid",   "invalid",
                                          "deactivated", "expired", "revoked",    "unknown", NULL };

/* Every request passes here: it is counted, and fails while the authority does. */
static int asked(struct outcome *o)
{
    sim_lock();
    sim.requests++;
    sim_unlock();
    switch (sim_outage()) {
    case SIM_CA_SILENT: return outcome_fail(o, FL_ETEMP, "ca: nobody answers");
    case SIM_CA_BROKEN:
        outcome_fail(o, FL_ETEMP, "ca: something went wrong");
        memcpy(o->problem, "serverInternal", sizeof "serverInternal");
        o->http = 500;
        return o->code;
    case SIM_CA_BUSY:
        outcome_fail(o, FL_ERATE, "ca: come back later");
        o->http = 503;
        o->retry_after_ms = HOUR_MS;
        return o->code;
    default: return outcome_ok(o);
    }
}

static char *FL_PRINTF(1, 2) texted(const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return strdup(text);
}

static char **list_of(const char *text)
{
    char **v = mem_array(2, sizeof *v);
    if (v)
        v[0] = strdup(text);
    return v;
}

/* "https://ca.test/WHAT/NAME/ORDER" -> certificate, and whether it is about its last order. */
static struct sim_cert *named(const char *url, bool *last_out, char name_out[300])
{
    const char *slash = strrchr(url, '/');
    const char *at = slash;

    while (at && at > url && at[-1] != '/')
        at--;
    if (!at || slash - at >= 300)
        return NULL;
    memcpy(name_out, at, (size_t)(slash - at));
    name_out[slash - at] = '\0';
    struct sim_cert *c = sim_cert_named(name_out);
    if (c)
        *last_out = strtoul(slash + 1, NULL, 10) == c->orders;
    return c;
}

/* ---- directory and account --------------------------------------------------------------- */

int acme_new(const struct acme_conf *conf, struct http_lane *lane, struct keeper *keeper, struct acme **out)
{
    (void)conf, (void)lane, (void)keeper;
    *out = (struct acme *)&sim;
    return FL_OK;
}
void acme_free(struct acme *a) { (void)a; }
int acme_directory(struct acme *a, bool refresh, struct outcome *o)
{
    (void)a;
    return refresh || !sim.started ? asked(o) : outcome_ok(o);
}
const char *acme_terms(struct acme *a) { return (void)a, NULL; }
bool acme_has_profile(struct acme *a, const char *profile) { return (void)a, (void)profile, true; }
bool acme_needs_eab(struct acme *a) { return (void)a, false; }
int acme_account(struct acme *a, const char *sealed, bool only_existing, char **url_out, struct outcome *o)
{
    (void)a, (void)sealed, (void)only_existing;
    int code = asked(o);
    if (code == FL_OK)
        *url_out = strdup("https://ca.test/account/1");
    return code;
}
int acme_use(struct acme *a, const char *sealed, const char *kid)
{
    (void)a;
    return *sealed && *kid ? FL_OK : FL_ECONF;
}
int acme_key_auth(struct acme *a, const char *token, char **key_auth_out, char **digest_out,
                  struct outcome *o)
{
    (void)a;
    *key_auth_out = texted("%s.thumbprint", token);
    *digest_out = texted("digest-%s", token);
    return outcome_ok(o);
}

/* ---- what is for other tests -------------------------------------------------------------- */

int acme_contact(struct acme *a, struct outcome *o) { return (void)a, asked(o); }
int acme_rollover(struct acme *a, const char *new_sealed, struct outcome *o)
{
    (void)a, (void)new_sealed;
    return asked(o);
}
int acme_deactivate(struct acme *a, struct outcome *o) { return (void)a, asked(o); }
int acme_orders(struct acme *a, char ***out, struct outcome *o)
{
    (void)a;
    *out = NULL;
    return asked(o);
}
int acme_authz_deactivate(struct acme *a, const char *url, struct outcome *o)
{
    (void)a, (void)url;
    return asked(o);
}
int acme_revoke(struct acme *a, const char *leaf_pem, int reason, const char *cert_sealed, struct outcome *o)
{
    (void)a, (void)leaf_pem, (void)reason, (void)cert_sealed;
    return asked(o);
}

/* ---- its clock, and when it wants to be asked again --------------------------------------- */

/* Every answer tells it. */
unsigned acme_clock_told(struct acme *a)
{
    static unsigned times;

    (void)a;
    return ++times;
}
bool acme_clock_ahead_ms(struct acme *a, int64_t *out)
{
    (void)a;
    *out = sim_true_ms() - clock_wall_ms();
    return true;
}
bool acme_has_renewal_info(struct acme *a) { return (void)a, true; }
/* A third of the lifetime before its end, half of one under ten days, give or take a fiftieth. */
int acme_renewal_info(struct acme *a, const char *cert_id, struct acme_renewal *out, struct outcome *o)
{
    char name[300];
    bool last = false;
    (void)a;
    int code = asked(o);
    const struct sim_cert *c = named(cert_id, &last, name);

    if (code != FL_OK || !c)
        return code != FL_OK ? code : outcome_fail(o, FL_EREJECT, "ca: no such certificate");
    int64_t life = sim_classes[c->class].life_s, left = life < 10 * 86400 ? life / 2 : life / 3;
    int64_t until_at = strtoll(strrchr(cert_id, '/') + 1, NULL, 10);
    *out = (struct acme_renewal){ .start_at = until_at - left - life / 50,
                                  .end_at = until_at - left + life / 50,
                                  .retry_after_ms = 24 * (int64_t)HOUR_MS };
    sim_lock();
    sim.looks++;
    sim_unlock();
    return FL_OK;
}
void acme_renewal_done(struct acme_renewal *r) { free(r->explanation); }

/* ---- orders ------------------------------------------------------------------------------- */

static void advance(struct sim_cert *c)
{
    int64_t now_ms = sim_true_ms();

    if (c->status == ACME_PENDING && c->ready_ms && now_ms >= c->ready_ms)
        c->status = ACME_READY;
    if (c->status == ACME_PROCESSING && now_ms >= c->valid_ms && sim_outage() != SIM_CA_SLOW)
        c->status = ACME_VALID;
}

static int fill(const char *name, struct sim_cert *c, struct acme_order *out, struct outcome *o)
{
    char url[400];

    sim_lock();
    advance(c);
    sim_unlock();
    *out = (struct acme_order){ .status = (enum acme_status)c->status,
                                .url = texted("https://ca.test/order/%s/%u", name, c->orders),
                                .finalize = texted("https://ca.test/finalize/%s/%u", name, c->orders),
                                .identifiers = list_of(name),
                                .expires_at = sim_true_at() + 7 * 86400 };
    snprintf(url, sizeof url, "https://ca.test/authz/%s/%u", name, c->orders);
    out->authorizations = list_of(url);
    if (c->status == ACME_VALID)
        out->certificate = texted("https://ca.test/cert/%s/%u", name, c->orders);
    if (c->status == ACME_INVALID)
        outcome_fail(&out->error, FL_EREJECT, "a validation failed");
    return outcome_ok(o);
}

/* A bucket that holds three hours' worth. */
static bool take_token(int64_t *wait_ms_out)
{
    int64_t now_ms = sim_true_ms();
    double most = 3.0 * sim.conf.per_hour;

    sim.tokens += (double)(now_ms - sim.tokens_ms) / HOUR_MS * sim.conf.per_hour;
    sim.tokens = sim.tokens > most ? most : sim.tokens;
    sim.tokens_ms = now_ms;
    if (sim.tokens < 1) {
        *wait_ms_out = (int64_t)((1 - sim.tokens) / sim.conf.per_hour * HOUR_MS) + 1;
        return false;
    }
    sim.tokens -= 1;
    return true;
}

static void count_order(struct sim_cert *c)
{
    size_t hour = (size_t)((sim_true_ms() - sim.true_start_ms) / HOUR_MS);

    if (hour < sim.nhours)
        sim.hours[hour]++;
    sim.orders++;
    /* One that was not used up is left behind: that is what a lost answer or an undone step costs. */
    if (c->orders && c->status < ACME_VALID)
        sim.ordered_twice++;
    c->orders++;
    c->status = ACME_PENDING;
    c->ready_ms = c->valid_ms = 0;
}

int acme_new_order(struct acme *a, const char *const *names, const char *profile, const char *replaces,
                   struct acme_order *out, struct outcome *o)
{
    struct sim_cert *c = sim_cert_named(names[0]);
    int64_t wait_ms = 0;
    int code = asked(o);

    (void)a, (void)profile, (void)replaces;
    if (code != FL_OK || !c)
        return code != FL_OK ? code : outcome_fail(o, FL_EREJECT, "ca: no such name");
    sim_lock();
    bool taken = take_token(&wait_ms);
    if (taken)
        count_order(c);
    else
        sim.refused++;
    sim_unlock();
    if (taken)
        return fill(names[0], c, out, o);
    outcome_fail(o, FL_ERATE, "ca: too many new orders");
    memcpy(o->problem, "rateLimited", sizeof "rateLimited");
    o->http = 429;
    o->retry_after_ms = wait_ms;
    return o->code;
}

static struct sim_cert *looked_up(const char *url, char name[300], struct outcome *o)
{
    bool last = false;
    struct sim_cert *c = named(url, &last, name);

    if (c && last)
        return c;
    outcome_fail(o, FL_EREJECT, "ca: no such order");
    return NULL;
}

int acme_order(struct acme *a, const char *url, struct acme_order *out, struct outcome *o)
{
    char name[300];
    int code = asked(o);
    (void)a;
    struct sim_cert *c = code == FL_OK ? looked_up(url, name, o) : NULL;

    return c ? fill(name, c, out, o) : o->code;
}

int acme_finalize(struct acme *a, const char *url, const char *finalize, const char *csr,
                  struct acme_order *out, struct outcome *o)
{
    char name[300];
    int code = asked(o);
    (void)a, (void)url, (void)csr;
    struct sim_cert *c = code == FL_OK ? looked_up(finalize, name, o) : NULL;

    if (!c)
        return o->code;
    sim_lock();
    advance(c);
    bool ready = c->status == ACME_READY;
    if (ready) {
        c->status = ACME_PROCESSING;
        c->valid_ms = sim_true_ms() + ISSUING_MS;
        c->from_at = sim_true_at() - 3600;
        c->until_at = c->from_at + sim_classes[c->class].life_s;
    }
    sim_unlock();
    if (ready)
        return fill(name, c, out, o);
    outcome_again(o, 0, "ca: the order is not ready");
    memcpy(o->problem, "orderNotReady", sizeof "orderNotReady");
    return o->code;
}

static void list_done(char **v)
{
    for (char **at = v; at && *at; at++)
        free(*at);
    free(v);
}
void acme_order_done(struct acme_order *order)
{
    free(order->url);
    free(order->finalize);
    free(order->certificate);
    list_done(order->authorizations);
    list_done(order->identifiers);
    list_done(order->refused);
    free(order->profile);
    free(order->replaces);
}

/* ---- authorizations ----------------------------------------------------------------------- */

int acme_authz(struct acme *a, const char *url, struct acme_authz *out, struct outcome *o)
{
    char name[300];
    int code = asked(o);
    (void)a;
    struct sim_cert *c = code == FL_OK ? looked_up(url, name, o) : NULL;

    if (!c)
        return o->code;
    sim_lock();
    advance(c);
    sim_unlock();
    struct acme_challenge *ch = mem_array(1, sizeof *ch);
    ch->type = strdup("dns-01");
    ch->url = texted("https://ca.test/answer/%s/%u", name, c->orders);
    ch->token = texted("token-%u", c->orders);
    ch->json = strdup("{}");
    ch->status =
        c->status == ACME_PENDING || c->status == ACME_INVALID ? (enum acme_status)c->status : ACME_VALID;
    if (c->status == ACME_INVALID) {
        outcome_fail(&ch->error, FL_EREJECT, "another record stands there");
        memcpy(ch->error.problem, "unauthorized", sizeof "unauthorized");
    }
    *out = (struct acme_authz){
        .identifier = strdup(name), .status = ch->status, .challenges = ch, .nchallenges = 1
    };
    return FL_OK;
}
void acme_authz_done(struct acme_authz *z)
{
    for (size_t i = 0; i < z->nchallenges; i++) {
        free(z->challenges[i].type);
        free(z->challenges[i].url);
        free(z->challenges[i].token);
        free(z->challenges[i].json);
    }
    free(z->challenges);
    free(z->identifier);
}
int acme_answer(struct acme *a, const char *challenge_url, struct outcome *o)
{
    char name[300];
    int code = asked(o);
    (void)a;
    struct sim_cert *c = code == FL_OK ? looked_up(challenge_url, name, o) : NULL;

    if (!c)
        return o->code;
    sim_lock();
    if (!c->proof)
        sim.unproved++;
    if (c->status == ACME_PENDING && c->proof && sim_outage() != SIM_DNS_REMOTE) {
        c->ready_ms = c->ready_ms ? c->ready_ms : sim_true_ms() + VALIDATION_MS;
    } else if (c->status == ACME_PENDING) {
        c->status = ACME_INVALID;
        sim.failed_validations++;
    }
    sim_unlock();
    return FL_OK;
}

/* "NAME ORDER FROM UNTIL" for chain_parse() of sim_doors.c. */
int acme_certificate(struct acme *a, const char *url, char **pem_out, char ***alternates_out,
                     struct outcome *o)
{
    char name[300], text[400];
    int code = asked(o);
    (void)a;
    const struct sim_cert *c = code == FL_OK ? looked_up(url, name, o) : NULL;

    if (!c)
        return o->code;
    snprintf(text, sizeof text, "%s %u %lld %lld", name, c->orders, (long long)c->from_at,
             (long long)c->until_at);
    *pem_out = strdup(text);
    *alternates_out = NULL;
    sim_lock();
    sim.issued++;
    sim.started = true;
    sim_unlock();
    return FL_OK;
}
