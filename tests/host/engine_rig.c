/* SPDX-License-Identifier: Apache-2.0 */
/* engine_rig.c - the engine around a test's own authority, solver, sink and disk, one turn at a time. */
#include "engine_rig.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"
#include "fake_clock.h"
#include "fake_store.h"
#include "test_ca.h"
#include "tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct engine_rig_plugins engine_rig_plugins;
static struct engine_rig_plugins *const p = &engine_rig_plugins;
static char chain_pem[16384]; /* what the authority gives for the last CSR */

/* ---- plugins -------------------------------------------------------------------------- */

static bool concerns(const struct fl_challenge *ch, size_t n)
{
    bool any = !p->only_for;

    for (size_t i = 0; !any && i < n; i++)
        any = strcmp(p->only_for, "*.") == 0 ? ch[i].wildcard
                                             : !ch[i].wildcard && strcmp(p->only_for, ch[i].identifier) == 0;
    return any;
}

static int put_proofs(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    assert_string_equal(ch[0].type, "dns-01");
    assert_true(n > 0 && ch[0].digest[0] && ch[0].token[0] && ch[0].account_url[0]);
    p->deploys++;
    if (p->deploy_code != FL_OK && concerns(ch, n))
        return fl_fail(ctx, p->deploy_code, "the solver says no");
    p->standing = (int)n;
    return FL_OK;
}

static int proofs_ready(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    int code = concerns(ch, n) ? p->ready_code : FL_OK;

    p->looks++;
    if (code == FL_EAGAIN)
        return fl_again(ctx, 0, "%s", p->ready_words ? p->ready_words : "nobody sees the proof");
    if (code != FL_OK)
        return fl_fail(ctx, code, "nobody will see the proof");
    return p->standing >= (int)n ? FL_OK : fl_again(ctx, 0, "the proofs do not stand");
}

static int take_proofs(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    (void)ctx, (void)ch, (void)n;
    p->withdraws++;
    p->standing = 0;
    if (p->withdrawn)
        p->withdrawn(p->arg);
    return FL_OK;
}

static const struct fl_solver_ops solver_ops = { .size = sizeof solver_ops,
                                                 .type = "dns-01",
                                                 .flags = FL_SOLVES_WILDCARD,
                                                 .deploy = put_proofs,
                                                 .ready = proofs_ready,
                                                 .withdraw = take_proofs };

static int deliver(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    size_t len = 0;

    assert_true(n > 0 && text_starts(certs[0].key_pem, "-----BEGIN PRIVATE KEY"));
    if (p->sink_code != FL_OK)
        return fl_fail(ctx, p->sink_code, "the sink says no");
    p->delivered++;
    text_copy(p->served, sizeof p->served, certs[n - 1].serial);
    for (const char *const *name = certs[0].identifiers; *name; name++)
        len += (size_t)snprintf(p->names + len, sizeof p->names - len, "%s%s", len ? " " : "", *name);
    return FL_OK;
}

static int served(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    p->verified++;
    return strcmp(p->served, certs[n - 1].serial) == 0 ? FL_OK : fl_again(ctx, 0, "another is served");
}

static int retire(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    (void)certs, (void)n;
    if (p->sink_code != FL_OK)
        return fl_fail(ctx, p->sink_code, "the sink says no");
    p->retired++;
    p->served[0] = '\0';
    return FL_OK;
}

static int held(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out)
{
    (void)ctx, (void)cert;
    *chain_pem_out = p->held;
    return FL_OK;
}

static const struct fl_sink_ops sink_ops = {
    .size = sizeof sink_ops, .deploy = deliver, .verify = served, .retire = retire, .held = held
};

static struct fl_plugin entry_of(uint32_t kind)
{
    struct fl_plugin entry = plugin_rig_entry;

    entry.kind = kind;
    if (kind == FL_KIND_SOLVER)
        entry.ops.solver = &solver_ops;
    else
        entry.ops.sink = &sink_ops;
    return entry;
}

/* ---- opening and closing ---------------------------------------------------------------- */

static void make_model(struct engine_rig *r, const char *const *names)
{
    static const char *const only_test[] = { "test", NULL }, *const only_try[] = { "try", NULL };
    static const char *const keys[] = { "ec256", NULL };

    r->authority = (struct model_authority){
        .name = "test", .directory = stub_acme_url(r->ca.ca), .accept_terms = true, .used = true
    };
    r->solvers[0] = (struct model_instance){ .name = "try", .kind = FL_KIND_SOLVER, .used = true };
    r->sinks[0] = (struct model_instance){ .name = "try", .kind = FL_KIND_SINK, .used = true };
    r->certificates[0] = (struct model_certificate){ .name = names[0],
                                                     .file_name = "file",
                                                     .names = names,
                                                     .authorities = only_test,
                                                     .solvers = only_try,
                                                     .sinks = only_try,
                                                     .keys = keys };
    r->model = (struct model){ .authorities = &r->authority,
                               .solvers = r->solvers,
                               .sinks = r->sinks,
                               .certificates = r->certificates,
                               .nauthorities = 1,
                               .nsolvers = 1,
                               .nsinks = 1,
                               .ncertificates = 1,
                               .workers = 1 };
}

static void make_world(struct engine_rig *r)
{
    r->authorities[0] = (struct world_authority){
        .model = &r->authority, .directory = r->authority.directory, .acme = r->ca.acme, .lane = r->ca.lane
    };
    r->solver_list[0] = r->solver.instance;
    r->sink_list[0] = r->sink.instance;
    r->world = (struct world){ .model = &r->model,
                               .solvers = r->solver_list,
                               .sinks = r->sink_list,
                               .http = r->ca.http,
                               .keeper = r->ca.keeper,
                               .store = fake_store_new(),
                               .authorities = r->authorities };
    assert_non_null(r->world.store);
    assert_int_equal(deliver_new(r->sink_list, 1, &r->world.deliver), FL_OK);
}

void engine_rig_honest(struct engine_rig *r)
{
    const struct stub_answer chain = {
        .at = "POST /cert", .times = 1000, .type = "application/pem-certificate-chain", .body = chain_pem
    };

    r->chain = (struct engine_rig_chain){ 0 };
    stub_acme_script(r->ca.ca, &chain);
}

void engine_rig_open(struct engine_rig *r, const char *const *names)
{
    const struct fl_plugin solver = entry_of(FL_KIND_SOLVER), sink = entry_of(FL_KIND_SINK);
    const struct stub_acme_conf conf = { .retry_after = 0 };

    *p = (struct engine_rig_plugins){ 0 };
    *r = (struct engine_rig){ 0 };
    fake_clock_set((int64_t)time(NULL) * 1000);
    acme_rig_open(&r->ca, &conf, NULL);
    engine_rig_honest(r);
    plugin_rig_init(&r->solver, &solver);
    plugin_rig_open(&r->solver);
    plugin_rig_init(&r->sink, &sink);
    plugin_rig_open(&r->sink);
    make_model(r, names);
    make_world(r);
}

/* From a worker, one at a time; here there is none. */
static void seen(void *arg, const struct progress *progress)
{
    struct engine_rig *r = arg;

    if (strcmp(progress->kind, "certificate") == 0)
        snprintf(r->seen, sizeof r->seen, "%s: %s: %s", progress->step, outcome_code_name(progress->code),
                 progress->msg);
}

void engine_rig_start(struct engine_rig *r)
{
    const struct engine_conf conf = { .world = &r->world, .progress = seen, .arg = r };
    struct outcome o = { 0 };

    r->world.authorities[0].directory = r->authority.directory;
    assert_int_equal(engine_new(&conf, &r->e, &o), FL_OK);
}

void engine_rig_restart(struct engine_rig *r)
{
    engine_free(r->e);
    r->e = NULL;
    p->standing = 0;
    fake_store_break(r->world.store, 0);
    engine_rig_start(r);
}

void engine_rig_close(struct engine_rig *r)
{
    engine_free(r->e);
    deliver_free(r->world.deliver);
    fake_store_free(r->world.store);
    plugin_rig_done(&r->solver);
    plugin_rig_done(&r->sink);
    acme_rig_close(&r->ca);
}

/* ---- running ----------------------------------------------------------------------------- */

/* For the request, or for a key of its own; spoiled as the test says. */
static struct test_cert *leaf_for(const struct engine_rig *r, const struct test_cert *issuer,
                                  const uint8_t *der, size_t len)
{
    const struct engine_rig_chain *c = &r->chain;
    const struct test_cert_spec leaf = { .names = c->names ? c->names
                                                           : (c->other_key ? r->certificates[0].names : NULL),
                                         .now_at = clock_wall_ms() / 1000,
                                         .from_s = c->from_s,
                                         .to_s = c->to_s,
                                         .bad_signature = c->bad_signature };

    return c->other_key ? test_cert_new(&leaf, issuer) : test_cert_from_csr(&leaf, issuer, der, len);
}

static void write_chain(const struct engine_rig *r, const uint8_t *der, size_t len)
{
    static const char *const ca_names[] = { "ca.test", NULL };
    const int64_t now_at = clock_wall_ms() / 1000;
    const struct test_cert_spec ca = { .cn = "A test CA", .names = ca_names, .ca = true, .now_at = now_at };
    struct test_cert *issuer = test_cert_new(&ca, NULL), *other = test_cert_new(&ca, NULL);
    struct test_cert *cert = leaf_for(r, issuer, der, len);
    const struct test_cert *both[] = { cert, r->chain.other_issuer ? other : issuer };
    const struct test_cert *turned[] = { both[1], cert };
    char *pem = test_cert_chain(r->chain.upside_down ? turned : both, 2);

    assert_true(text_copy(chain_pem, sizeof chain_pem, r->chain.text ? r->chain.text : pem));
    free(pem);
    test_cert_free(cert);
    test_cert_free(issuer);
    test_cert_free(other);
}

/* The chain for the last CSR, before it is fetched. */
static void issue(struct engine_rig *r, const char *order_url)
{
    const char *number = strrchr(order_url, '/') + 1;
    char path[64], why[128];

    snprintf(path, sizeof path, "/finalize/%s", number);
    auto_free char *text = stub_acme_payload(r->ca.ca, path);
    cleanup_(json_freep) json_t *payload = text ? json_parse(text, strlen(text), why) : NULL;
    uint8_t *der = NULL;
    size_t len = 0;
    if (!payload || !decode_base64(json_str(payload, "csr", ""), &der, &len))
        return;
    write_chain(r, der, len);
    free(der);
}

static bool one_turn(struct engine_rig *r)
{
    struct task *t = queue_take(r->e->queue);
    const char *step = t->kind->steps[t->step].name;
    char url[256];

    if (r->stop_name && strcmp(t->name, r->stop_name) == 0 && strcmp(step, r->stop_step) == 0) {
        queue_put(r->e->queue, t, clock_wall_ms(), WAKE_BY_NAME);
        return false;
    }
    if (strcmp(step, "fetch") == 0 && engine_rig_field(r, t->name, "order.url", url)[0])
        issue(r, url);
    struct turned end = turn_run(r->e, t);
    if (end.gone)
        queue_drop(r->e->queue, t);
    else
        queue_put(r->e->queue, t, end.due_ms, end.wake);
    r->turns++;
    return !r->mortal || !fake_store_broken(r->world.store);
}

static void earliest(void *arg, const struct task *t)
{
    int64_t *due_ms = arg;

    if (t->due_ms < *due_ms)
        *due_ms = t->due_ms;
}

void engine_rig_run(struct engine_rig *r, int64_t for_ms)
{
    int64_t end_ms = clock_wall_ms() + for_ms;
    unsigned most = r->turns + 2000;

    for (;;) {
        int64_t due_ms = INT64_MAX;
        if (!queue_quiet(r->e->queue, clock_wall_ms(), 0)) {
            if (!one_turn(r))
                return;
            assert_true(r->turns < most);
            continue;
        }
        queue_each(r->e->queue, earliest, &due_ms);
        if (due_ms > end_ms)
            return;
        fake_clock_advance(due_ms - clock_wall_ms());
    }
}
