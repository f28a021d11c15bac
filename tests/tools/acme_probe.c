/* SPDX-License-Identifier: Apache-2.0 */
/* acme_probe.c - gets certificates from an authority that validates everything, for tests.
 *
 *     acme_probe -d DIRECTORY -a CA_FILE -k FOLDER [-t ACCOUNT_KEY_TYPE] [-e KID:MAC] [-p PROFILE] [-c COUNT]
 *                [-j THREADS] [-w MS] [-o FILE] [-s BITS] [-x] NAME...
 *
 * FOLDER keeps keys and the account between runs. Each of THREADS threads gets COUNT certificates one
 * after the other, each with a number of its own where a NAME has an `@`; nothing is published, so the
 * authority must accept every challenge. The first look at an order is MS (200) after what it waits for,
 * further ones after the same time. FILE receives the last chain.
 *
 * BITS: 256, 384 or 512, of the MAC that binds the account. -x: afterwards everything else that an account can do is done
 * (acme_walk.c), a line each on stdout, and the account is deactivated.
 *
 * Prints a line of words and numbers:
 *     certificates N looks N polls N new-account N authorizations N requests N connections N alternates N
 * looks: at orders before finalize; polls: after it; new-account: 1 when one was made or looked for. Exit
 * status 1 and `CODE PROBLEM HTTP RETRY_MS MESSAGE` on stderr at the first failure. */
#include "acme_walk.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "crypto/chain.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 64, LOOKS = 50, NAMES = 100 };
struct probe {
    struct acme_conf conf;
    const char *ca_file, *folder, *profile, *out, *key_type;
    const char *const *names;
    int count, threads;
    int64_t wait_ms;
    struct http *http;
    struct http_lane *lane;
    struct keeper *keeper;
    struct acme *acme;
    int new_account;
    bool walk;
    char kid[KEEPER_URL], account_key[KEEPER_SEALED];
};
struct worker {
    struct probe *p;
    pthread_t thread;
    char texts[NAMES][256];
    const char *names[NAMES + 1];
    int number; /* of its first certificate */
    int rc, certificates, looks, polls, authorizations, alternates;
    char *pem;
    char key[KEEPER_SEALED]; /* of the last certificate */
    struct outcome o;
};

static void nap(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}
static int keep(struct probe *p, const char *sealed, const char *url)
{
    snprintf(p->kid, sizeof p->kid, "%s", url);
    snprintf(p->account_key, sizeof p->account_key, "%s", sealed);
    return acme_use(p->acme, sealed, url);
}
/* The stored account, or a new one that is stored. */
static int account(struct probe *p, struct outcome *o)
{
    auto_free char *path = NULL, *text = NULL, *url = NULL;
    cleanup_(json_freep) json_t *doc = NULL;
    char sealed[KEEPER_SEALED], why[128];
    size_t len = 0;
    int type = 0, rc;

    if (asprintf(&path, "%s/account.json", p->folder) < 0)
        return outcome_nomem(o);
    if (file_read(AT_FDCWD, path, 4096, &text, &len) == 0 && (doc = json_parse(text, len, why)))
        return keep(p, json_str(doc, "key", ""), json_str(doc, "url", ""));
    while (key_type_names[type] && strcmp(key_type_names[type], p->key_type))
        type++;
    p->new_account = 1;
    rc = keeper_make(p->keeper, (enum key_type)type, sealed, o);
    if (rc == FL_OK)
        rc = acme_account(p->acme, sealed, false, &url, o);
    if (rc != FL_OK)
        return rc;
    doc = json_object();
    if (!json_put_str(doc, "key", sealed) || !json_put_str(doc, "url", url) || !(text = json_text(doc)))
        return outcome_nomem(o);
    if (file_write_durable(AT_FDCWD, path, 0600, text, strlen(text)) != 0)
        return outcome_fail(o, FL_ECONF, "cannot write %s", path);
    return keep(p, sealed, url);
}
static int answer(struct worker *w, const char *url)
{
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    auto_free char *key_auth = NULL, *digest = NULL;
    int rc = acme_authz(w->p->acme, url, &z, &w->o);

    if (rc != FL_OK || z.status == ACME_VALID)
        return rc;
    w->authorizations++;
    for (size_t i = 0; i < z.nchallenges; i++) {
        const struct acme_challenge *c = &z.challenges[i];
        if (strcmp(c->type, z.ip ? "http-01" : "dns-01"))
            continue;
        rc = acme_key_auth(w->p->acme, c->token, &key_auth, &digest, &w->o);
        return rc == FL_OK ? acme_answer(w->p->acme, c->url, &w->o) : rc;
    }
    return outcome_fail(&w->o, FL_EPROTO, "no dns-01 for %s", z.identifier);
}
/* Until the order is no longer in that state. */
static int look(struct worker *w, const char *url, enum acme_status from, struct acme_order *order,
                int *count)
{
    int rc = FL_OK;

    for (int i = 0; i < LOOKS && rc == FL_OK && order->status == from; i++) {
        acme_order_done(order);
        nap(w->p->wait_ms);
        rc = acme_order(w->p->acme, url, order, &w->o);
        (*count)++;
    }
    return rc;
}
/* Another chain of the same leaf, that ends elsewhere. */
static int fetch_other(struct worker *w, const char *url, const struct chain *first)
{
    cleanup_(chain_done) struct chain chain = { 0 };
    auto_free char *pem = NULL;
    char **none = NULL;
    int rc = acme_certificate(w->p->acme, url, &pem, &none, &w->o);

    for (size_t i = 0; none && none[i]; i++)
        free(none[i]);
    free(none);
    if (rc == FL_OK)
        rc = chain_parse(pem, strlen(pem), &chain, &w->o);
    if (rc == FL_OK)
        rc = chain_check(&chain, w->names, clock_wall_ms() / 1000, &w->o);
    if (rc == FL_OK && (strcmp(chain.leaf_pem, first->leaf_pem) || chain_ends_in(&chain, first->issuer)))
        rc = outcome_fail(&w->o, FL_EPROTO, "the other chain is not one");
    w->alternates++;
    return rc;
}
static int fetch(struct worker *w, const char *key, const struct acme_order *order)
{
    cleanup_(chain_done) struct chain chain = { 0 };
    auto_free char *pem = NULL;
    char **alternates = NULL;
    int rc = acme_certificate(w->p->acme, order->certificate, &pem, &alternates, &w->o);

    if (rc == FL_OK)
        rc = chain_parse(pem, strlen(pem), &chain, &w->o);
    for (size_t i = 0; alternates && alternates[i]; i++) {
        if (rc == FL_OK)
            rc = fetch_other(w, alternates[i], &chain);
        free(alternates[i]);
    }
    free(alternates);
    if (rc == FL_OK)
        rc = chain_check(&chain, w->names, clock_wall_ms() / 1000, &w->o);
    if (rc == FL_OK)
        rc = keeper_fits(w->p->keeper, key, chain.leaf_pem, &w->o);
    free(w->pem);
    w->pem = take_ptr(pem);
    return rc;
}
static int finish(struct worker *w, struct acme_order *order)
{
    cleanup_(acme_order_done) struct acme_order done = { 0 };
    auto_free char *csr = NULL;
    char *key = w->key;
    int rc = keeper_make(w->p->keeper, KEY_EC256, key, &w->o);

    if (rc == FL_OK)
        rc = keeper_csr(w->p->keeper, key, w->names, &csr, &w->o);
    if (rc == FL_OK)
        rc = acme_finalize(w->p->acme, order->url, order->finalize, csr, &done, &w->o);
    if (rc == FL_OK)
        rc = look(w, order->url, ACME_PROCESSING, &done, &w->polls);
    if (rc == FL_OK && done.status != ACME_VALID)
        rc = outcome_fail(&w->o, FL_EREJECT, "the order is %s", acme_status_names[done.status]);
    return rc == FL_OK ? fetch(w, key, &done) : rc;
}
static int issue(struct worker *w)
{
    cleanup_(acme_order_done) struct acme_order order = { 0 };
    auto_free char *url = NULL;
    int rc = acme_new_order(w->p->acme, w->names, w->p->profile, NULL, &order, &w->o);

    if (rc == FL_OK && !(url = strdup(order.url)))
        rc = outcome_nomem(&w->o);
    if (rc == FL_OK && order.status == ACME_PENDING)
        for (size_t i = 0; rc == FL_OK && order.authorizations[i]; i++)
            rc = answer(w, order.authorizations[i]);
    if (rc == FL_OK)
        rc = look(w, url, ACME_PENDING, &order, &w->looks);
    if (rc == FL_OK && order.status != ACME_READY)
        rc = outcome_fail(&w->o, FL_EREJECT, "the order is %s: %s", acme_status_names[order.status],
                          order.error.msg);
    return rc == FL_OK ? finish(w, &order) : rc;
}
static void number_names(struct worker *w, int number)
{
    for (int i = 0; w->p->names[i]; i++) {
        const char *name = w->p->names[i], *at = strchr(name, '@');
        if (at)
            snprintf(w->texts[i], sizeof w->texts[i], "%.*s%d%s", (int)(at - name), name, number, at + 1);
        else
            snprintf(w->texts[i], sizeof w->texts[i], "%s", name);
        w->names[i] = w->texts[i];
    }
}
static void *work(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < w->p->count && w->rc == FL_OK; i++) {
        number_names(w, w->number + i);
        w->rc = issue(w);
        w->certificates += w->rc == FL_OK;
    }
    return NULL;
}
static int setup(struct probe *p, struct outcome *o)
{
    const struct http_conf http = { .user_agent = "fairlead-probe" };
    const struct http_lane_conf lane = { .name = "acme/probe", .ca_file = p->ca_file, .timeout_ms = 20000 };
    auto_free char *keys = NULL;
    int rc = http_new(&http, &p->http);

    if (rc != FL_OK || asprintf(&keys, "%s/keys", p->folder) < 0 ||
        file_mkdirs(AT_FDCWD, p->folder, 0700) != 0)
        return outcome_fail(o, FL_ECONF, "cannot begin in %s", p->folder);
    rc = keeper_new(keys, &p->keeper, o);
    p->lane = http_lane_new(p->http, &lane);
    if (rc == FL_OK && p->lane)
        rc = acme_new(&p->conf, p->lane, p->keeper, &p->acme);
    return rc == FL_OK ? account(p, o) : rc;
}
static int run(struct probe *p, struct outcome *o)
{
    auto_free struct worker *w = calloc(THREADS, sizeof *w);
    struct worker sum = { 0 };
    struct http_counts counts;

    if (!w)
        return outcome_nomem(o);

    for (int i = 0; i < p->threads; i++) {
        w[i].p = p;
        w[i].number = i * p->count;
        if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
            abort();
    }
    for (int i = 0; i < p->threads; i++) {
        pthread_join(w[i].thread, NULL);
        sum.certificates += w[i].certificates;
        sum.looks += w[i].looks;
        sum.polls += w[i].polls;
        sum.authorizations += w[i].authorizations;
        sum.alternates += w[i].alternates;
        if (w[i].rc != FL_OK && sum.rc == FL_OK) {
            sum.rc = w[i].rc;
            *o = w[i].o;
        }
        if (p->out && w[i].pem && i == 0 &&
            file_write_durable(AT_FDCWD, p->out, 0644, w[i].pem, strlen(w[i].pem)) != 0)
            sum.rc = outcome_fail(o, FL_ECONF, "cannot write %s", p->out);
        if (i > 0)
            free(w[i].pem);
    }
    if (sum.rc == FL_OK && p->walk) {
        const struct acme_walk walk = { .acme = p->acme,
                                        .keeper = p->keeper,
                                        .kid = p->kid,
                                        .account_key = p->account_key,
                                        .cert_key = w[0].key,
                                        .pem = w[0].pem,
                                        .names = p->names };
        sum.rc = acme_walk(&walk, o);
    }
    free(w[0].pem);
    http_counts(p->http, &counts);
    printf("certificates %d looks %d polls %d new-account %d authorizations %d requests %lu connections %lu "
           "alternates %d\n",
           sum.certificates, sum.looks, sum.polls, p->new_account, sum.authorizations, counts.requests,
           counts.connections, sum.alternates);
    return sum.rc;
}
static void usage(void)
{
    fprintf(stderr, "usage: acme_probe -d DIRECTORY -a CA_FILE -k FOLDER [-t TYPE] [-e KID:MAC] [-p PROFILE] "
                    "[-c COUNT] [-j THREADS] [-w MS] [-o FILE] [-s BITS] [-x] NAME...\n");
    exit(2);
}
static void binding(struct probe *p, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon)
        usage();
    *colon = '\0';
    p->conf.eab_kid = text;
    p->conf.eab_hmac = colon + 1;
}
static void options(struct probe *p, int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "d:a:k:t:e:p:c:j:w:o:s:x")) != -1;)
        switch (c) {
        case 'd': p->conf.directory = optarg; break;
        case 'a': p->ca_file = optarg; break;
        case 'k': p->folder = optarg; break;
        case 't': p->key_type = optarg; break;
        case 'p': p->profile = optarg; break;
        case 'c': p->count = (int)strtol(optarg, NULL, 10); break;
        case 'j': p->threads = (int)strtol(optarg, NULL, 10); break;
        case 'w': p->wait_ms = strtol(optarg, NULL, 10); break;
        case 'o': p->out = optarg; break;
        case 's': p->conf.eab_bits = (int)strtol(optarg, NULL, 10); break;
        case 'x': p->walk = true; break;
        case 'e': binding(p, optarg); break;
        default: usage();
        }
    p->names = (const char *const *)argv + optind;
    if (!p->conf.directory || !p->folder || !p->names[0] || p->threads < 1 || p->threads > THREADS ||
        argc - optind > NAMES)
        usage();
}
int main(int argc, char **argv)
{
    struct probe p = { .conf = { .name = "probe", .accept_terms = true },
                       .key_type = "ec256",
                       .count = 1,
                       .threads = 1,
                       .wait_ms = 200 };
    struct outcome o = { 0 };
    int rc;

    options(&p, argc, argv);
    rc = setup(&p, &o);
    if (rc == FL_OK)
        rc = run(&p, &o);
    if (rc != FL_OK)
        fprintf(stderr, "%s %s %d %lld %s\n", outcome_code_name(rc), *o.problem ? o.problem : "-", o.http,
                (long long)o.retry_after_ms, o.msg);
    acme_free(p.acme);
    http_lane_free(p.lane);
    http_free(p.http);
    keeper_free(p.keeper);
    return rc == FL_OK ? 0 : 1;
}
