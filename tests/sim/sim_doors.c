/* SPDX-License-Identifier: Apache-2.0 */
/* sim_doors.c - private keys, chains and sinks that are functions: stands in for core/crypto and plugin/deliver. */
#include "base/mem.h"
#include "crypto/chain.h"
#include "crypto/keeper.h"
#include "plugin/deliver.h"
#include "sim.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
void sim_lock(void) { pthread_mutex_lock(&lock); }
void sim_unlock(void) { pthread_mutex_unlock(&lock); }

/* ---- keys --------------------------------------------------------------------------------- */

/* One byte a key that was ever made: does it exist? */
static struct {
    unsigned char *alive;
    size_t n, cap;
} keys;

static bool exists(const char *sealed)
{
    size_t at = strncmp(sealed, "file:", 5) == 0 ? strtoul(sealed + 5, NULL, 10) : 0;
    return at > 0 && at <= keys.n && keys.alive[at - 1];
}
static int known(const char *sealed, struct outcome *o)
{
    sim_lock();
    bool there = exists(sealed);
    sim_unlock();
    return there ? outcome_ok(o) : outcome_fail(o, FL_ESTALE, "the key %s is gone", sealed);
}
int keeper_make(struct keeper *k, enum key_type type, char sealed_out[KEEPER_SEALED], struct outcome *o)
{
    (void)k, (void)type;
    sim_lock();
    bool ok = mem_grow(&keys.alive, &keys.cap, keys.n + 1, 1);
    if (ok) {
        keys.alive[keys.n++] = 1;
        sim.keys++;
        snprintf(sealed_out, KEEPER_SEALED, "file:%zu", keys.n);
    }
    sim_unlock();
    return ok ? outcome_ok(o) : outcome_nomem(o);
}
int keeper_forget(struct keeper *k, const char *sealed, struct outcome *o)
{
    (void)k;
    sim_lock();
    if (exists(sealed)) {
        keys.alive[strtoul(sealed + 5, NULL, 10) - 1] = 0;
        sim.keys--;
    }
    sim_unlock();
    return outcome_ok(o);
}
int keeper_new(const char *dir, struct keeper **out, struct outcome *o)
{
    (void)dir;
    *out = (struct keeper *)&keys;
    return outcome_ok(o);
}
void keeper_free(struct keeper *k)
{
    (void)k;
    free(take_ptr(keys.alive));
    keys.n = keys.cap = 0;
}
int keeper_thumbprint(struct keeper *k, const char *sealed, char out[64], struct outcome *o)
{
    (void)k;
    snprintf(out, 64, "of-%.50s", sealed);
    return known(sealed, o);
}
int keeper_jwk(struct keeper *k, const char *sealed, char **out, struct outcome *o)
{
    (void)k;
    *out = strdup("{}");
    return known(sealed, o);
}
int keeper_csr(struct keeper *k, const char *sealed, const char *const *names, char **out, struct outcome *o)
{
    (void)k, (void)names;
    *out = strdup("csr");
    return known(sealed, o);
}
int keeper_export(struct keeper *k, const char *sealed, char **pem_out, struct outcome *o)
{
    (void)k;
    int code = known(sealed, o);
    if (code == FL_OK)
        *pem_out = strdup("key");
    return code;
}
int keeper_fits(struct keeper *k, const char *sealed, const char *leaf_pem, struct outcome *o)
{
    (void)k, (void)leaf_pem;
    return known(sealed, o);
}

/* ---- chains ------------------------------------------------------------------------------- */

int chain_parse(const char *pem, size_t len, struct chain *out, struct outcome *o)
{
    char name[300];
    unsigned order;
    long long from_at, until_at;

    if (sscanf(pem, "%299s %u %lld %lld", name, &order, &from_at, &until_at) != 4)
        return outcome_fail(o, FL_EPROTO, "not a chain: %.*s", (int)len, pem);
    *out = (struct chain){
        .leaf_pem = strdup(name), .chain_pem = strdup(""), .issuer = strdup("The CA"), .length = 2
    };
    out->names = mem_array(2, sizeof *out->names);
    out->names[0] = strdup(name);
    out->not_before_at = from_at;
    out->not_after_at = until_at;
    snprintf(out->serial, sizeof out->serial, "%08x", order);
    snprintf(out->cert_id, sizeof out->cert_id, "/%.100s/%lld", name, until_at);
    return outcome_ok(o);
}
void chain_done(struct chain *c)
{
    free(c->leaf_pem);
    free(c->chain_pem);
    free(c->issuer);
    if (c->names)
        free(c->names[0]);
    free(c->names);
}
int chain_check(const struct chain *c, const char *const *names, int64_t now_at, struct outcome *o)
{
    if (strcmp(c->names[0], names[0]) != 0)
        return outcome_fail(o, FL_EPROTO, "for another name");
    if (now_at + 300 < c->not_before_at || now_at > c->not_after_at)
        return outcome_fail(o, FL_EPROTO, "not valid now");
    return outcome_ok(o);
}

bool chain_ends_in(const struct chain *c, const char *issuer_cn) { return strcmp(c->issuer, issuer_cn) == 0; }

/* ---- sinks: the one of sim.c takes everything but for outages ------------------------------- */

/* What the engine reads of a request, and one certificate. */
struct small {
    struct sim_cert *cert;
    const char *name;
    unsigned serial;
    int64_t until_at;
};
enum { HEAD = offsetof(struct deliver_request, text) };
int deliver_new(struct instance *const *sinks, size_t n, struct deliver **out)
{
    (void)sinks, (void)n;
    *out = (struct deliver *)&sim;
    return FL_OK;
}
void deliver_free(struct deliver *d) { (void)d; }
struct deliver_request *deliver_request_new(enum deliver_op op, const char *sink)
{
    char *room = calloc(1, HEAD + sizeof(struct small));
    const uint32_t word = (uint32_t)op;

    (void)sink;
    if (room)
        memcpy(room + offsetof(struct deliver_request, op), &word, sizeof word);
    return (struct deliver_request *)(void *)room;
}
static void *small_of(const struct deliver_request *req) { return (char *)(uintptr_t)req + HEAD; }
bool deliver_request_add(struct deliver_request *req, const struct fl_cert *cert)
{
    const struct small s = { .cert = sim_cert_named(cert->name),
                             .name = cert->name,
                             .serial = (unsigned)strtoul(cert->serial, NULL, 16),
                             .until_at = cert->not_after_at };

    memcpy(small_of(req), &s, sizeof s);
    req->ncerts++;
    return true;
}
void deliver_request_free(struct deliver_request *req) { free(req); }

static void serve(struct sim_cert *c, const struct small *s)
{
    double life = (double)sim_classes[c->class].life_s;
    double left = (double)(c->served_until_at - sim_true_at()) / life;

    if (c->served == s->serial)
        return;
    if (c->served && left < 0)
        sim.expired++;
    if (c->served && left < sim.least_left[c->class])
        sim.least_left[c->class] = left;
    c->served = s->serial;
    c->served_until_at = s->until_at;
    sim.delivered++;
}
int deliver_call(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply)
{
    enum sim_outage out = sim_outage();
    struct small s;

    (void)d;
    reply->outcome = (struct outcome){ .code = FL_OK };
    memcpy(&s, small_of(req), sizeof s);
    if (out == SIM_SINK)
        return outcome_fail(&reply->outcome, FL_ETEMP, "the sink does not answer");
    if (req->op == DELIVER_VERIFY && (out == SIM_SINK_STALE || s.cert->served != s.serial))
        return outcome_again(&reply->outcome, 0, "another is served");
    sim_lock();
    if (req->op == DELIVER_DEPLOY)
        serve(s.cert, &s);
    else
        sim.verified++;
    sim_unlock();
    return FL_OK;
}
/* What is served, as sim_acme.c writes it. */
int deliver_held(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                 char **chain_pem_out)
{
    struct small s;
    char text[400];

    (void)d;
    memcpy(&s, small_of(req), sizeof s);
    *chain_pem_out = NULL;
    reply->outcome = (struct outcome){ .code = FL_OK };
    if (sim_outage() == SIM_SINK)
        return outcome_fail(&reply->outcome, FL_ETEMP, "the sink does not answer");
    snprintf(text, sizeof text, "%s %u %lld %lld", s.name, s.cert->served,
             (long long)(s.cert->served_until_at - sim_classes[s.cert->class].life_s),
             (long long)s.cert->served_until_at);
    if (s.cert->served)
        *chain_pem_out = strdup(text);
    return FL_OK;
}
