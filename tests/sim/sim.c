/* SPDX-License-Identifier: Apache-2.0 */
/* sim.c - the world that the engine finds, what goes wrong in it, and the passing of time. */
#include "sim.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/turn.h"
#include "fake_clock.h"
#include "plugin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { HOUR_S = 3600, DAY_S = 86400, HOUR_MS = 3600000, NAME = 64 };
static const int64_t START_MS = 1893456000000; /* 2030-01-01: no build is younger */

const struct sim_class_conf sim_classes[SIM_CLASSES] = {
    [SIM_90D] = { "90 d", 90 * DAY_S, 10 },
    [SIM_64D] = { "64 d", 64 * DAY_S, 6 },
    [SIM_45D] = { "45 d", 45 * DAY_S, 3 },
    [SIM_160H] = { "160 h", 160 * HOUR_S, 1 },
};
const char *const sim_outage_names[SIM_OUTAGES] = {
    "none",           "authority silent",    "authority broken", "authority busy",
    "authority slow", "DNS not writable",    "DNS not seen",     "DNS wrong outside",
    "sink fails",     "sink serves another", "disk full",
};
struct sim sim;

/* ---- time, and what goes wrong ------------------------------------------------------------- */

int64_t sim_true_ms(void) { return sim.true_start_ms + clock_mono_ms() - sim.mono_start_ms; }
int64_t sim_true_at(void) { return sim_true_ms() / 1000; }

/* One outage in so many days, each kind in turn, each for an hour, three, eight, a day, three days in turn. */
enum sim_outage sim_outage(void)
{
    static const int64_t hours[] = { 1, 3, 8, 24, 72 };
    bool brief = sim.conf.days < 365;
    int64_t period_ms = (brief ? 3 : 11) * (int64_t)DAY_S * 1000, at_ms = sim_true_ms() - sim.true_start_ms;
    int64_t k = at_ms / period_ms - 1, since_ms = at_ms % period_ms - k % 24 * HOUR_MS;
    enum sim_outage kind = k < 0 ? SIM_FINE : (enum sim_outage)(1 + k % (SIM_OUTAGES - 1));
    int64_t h = k < 0 ? 0 : hours[(k / (SIM_OUTAGES - 1) + (brief ? k : 0)) % 5];

    if (kind == SIM_DISK && (h > 3 || !sim.stores))
        h = sim.stores ? 3 : 0;
    if (brief && h > 24)
        h = 24;
    return since_ms >= 0 && since_ms < h * HOUR_MS ? kind : SIM_FINE;
}

/* Where the daemon's clock stands wrong, and for how long; one of them every 37 days (5 of a short run). */
static int64_t clock_off_ms(void)
{
    static const struct {
        int64_t off_s, for_s;
    } jumps[] = { { 20 * 60, HOUR_S },         { -2 * HOUR_S, 5 * HOUR_S }, { 3 * DAY_S, 6 * HOUR_S },
                  { -2 * DAY_S, 12 * HOUR_S }, { 40 * DAY_S, 2 * HOUR_S },  { -400 * DAY_S, HOUR_S } };
    int64_t period_ms = (sim.conf.days < 365 ? 5 : 37) * (int64_t)DAY_S * 1000;
    int64_t at_ms = sim_true_ms() - sim.true_start_ms, k = at_ms / period_ms - 1;

    if (k < 0 || at_ms % period_ms >= jumps[k % 6].for_s * 1000)
        return 0;
    return jumps[k % 6].off_s * 1000;
}

/* Puts the wall clock where it stands now, right or wrong. */
static void set_wall(void)
{
    int64_t off_ms = clock_wall_ms() - sim_true_ms(), now_off_ms = clock_off_ms();

    if (off_ms == now_off_ms)
        return;
    fake_clock_set(sim_true_ms() + now_off_ms);
    sim.jumps++;
}

struct sim_cert *sim_cert_named(const char *name)
{
    size_t i = name[0] == 'c' ? strtoul(name + 1, NULL, 10) : sim.conf.certificates;
    return i < sim.conf.certificates ? &sim.certs[i] : NULL;
}

/* ---- the solver ---------------------------------------------------------------------------- */

static int put_proofs(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    if (sim_outage() == SIM_DNS_WRITE)
        return fl_fail(ctx, FL_ETEMP, "the provider does not answer");
    for (size_t i = 0; i < n; i++)
        sim_cert_named(ch[i].identifier)->proof = true;
    return FL_OK;
}
static int proofs_ready(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    if (sim_outage() == SIM_DNS_UNSEEN)
        return fl_again(ctx, 0, "nobody sees the proof");
    for (size_t i = 0; i < n; i++)
        if (!sim_cert_named(ch[i].identifier)->proof)
            return fl_again(ctx, 0, "it does not stand there");
    return FL_OK;
}
static int take_proofs(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    if (sim_outage() == SIM_DNS_WRITE)
        return fl_fail(ctx, FL_ETEMP, "the provider does not answer");
    for (size_t i = 0; i < n; i++)
        sim_cert_named(ch[i].identifier)->proof = false;
    return FL_OK;
}
static const struct fl_solver_ops solver_ops = { .size = sizeof solver_ops,
                                                 .type = "dns-01",
                                                 .flags = FL_SOLVES_WILDCARD,
                                                 .deploy = put_proofs,
                                                 .ready = proofs_ready,
                                                 .withdraw = take_proofs };

/* ---- the world ------------------------------------------------------------------------------ */

struct house {
    struct plugin_rig solver;
    struct model_authority authority;
    struct model_instance solvers[1], sinks[1];
    struct model model;
    struct world_authority authorities[1];
    struct instance *solver_list[2], *sink_list[2];
    struct world world;
    struct engine *engine;
    char (*names)[NAME];
    const char **lists;
};

static void make_certificates(struct house *h)
{
    static const char *const authorities[] = { "ca", NULL }, *const keys[] = { "ec256", NULL };
    static const char *const try[] = { "try", NULL };
    size_t n = sim.conf.certificates;

    h->names = mem_array(n, sizeof *h->names);
    h->lists = mem_array(n * 2, sizeof *h->lists);
    h->model.certificates = mem_array(n, sizeof *h->model.certificates);
    sim.certs = mem_array(n, sizeof *sim.certs);
    for (size_t i = 0; i < n; i++) {
        unsigned at = (unsigned)(i * 7 % 20), class = 0;
        while (at >= sim_classes[class].share)
            at -= sim_classes[class ++].share;
        sim.certs[i].class = (enum sim_class) class;
        snprintf(h->names[i], NAME, "c%05zu.d%zu.test", i, i / 20);
        h->lists[i * 2] = h->names[i];
        h->model.certificates[i] = (struct model_certificate){ .name = h->names[i],
                                                               .file_name = h->names[i],
                                                               .names = &h->lists[i * 2],
                                                               .authorities = authorities,
                                                               .solvers = try,
                                                               .sinks = try,
                                                               .keys = keys };
    }
    h->model.ncertificates = n;
}

static void make_world(struct house *h, const char *dir)
{
    struct outcome o = { 0 };
    struct fl_plugin entry = plugin_rig_entry;

    entry.kind = FL_KIND_SOLVER;
    entry.ops.solver = &solver_ops;
    plugin_rig_init(&h->solver, &entry);
    plugin_rig_open(&h->solver);
    h->authority = (struct model_authority){
        .name = "ca", .directory = "https://ca.test/", .accept_terms = true, .used = true
    };
    h->solvers[0] = (struct model_instance){ .name = "try", .kind = FL_KIND_SOLVER, .used = true };
    h->sinks[0] = (struct model_instance){ .name = "try", .kind = FL_KIND_SINK, .used = true };
    h->model.authorities = &h->authority;
    h->model.solvers = h->solvers;
    h->model.sinks = h->sinks;
    h->model.nauthorities = h->model.nsolvers = h->model.nsinks = 1;
    h->model.workers = 4;
    h->authorities[0] =
        (struct world_authority){ .model = &h->authority, .directory = h->authority.directory };
    h->solver_list[0] = h->solver.instance;
    h->world = (struct world){
        .model = &h->model, .solvers = h->solver_list, .sinks = h->sink_list, .authorities = h->authorities
    };
    assert_int_equal(keeper_new(dir, &h->world.keeper, &o), FL_OK);
    assert_int_equal(acme_new(NULL, NULL, NULL, &h->authorities[0].acme), FL_OK);
    assert_int_equal(deliver_new(h->sink_list, 1, &h->world.deliver), FL_OK);
    assert_int_equal(store_open(dir, &h->world.store, &o), FL_OK);
}

static void house_done(struct house *h)
{
    engine_free(h->engine);
    store_close(h->world.store);
    plugin_rig_done(&h->solver);
    keeper_free(h->world.keeper);
    free(h->names);
    free(h->lists);
    free(h->model.certificates);
    free(take_ptr(sim.certs));
    free(take_ptr(sim.hours));
    free(take_ptr(sim.rough));
}

/* ---- time passes ---------------------------------------------------------------------------- */

static void one_turn(struct engine *e)
{
    struct task *t = queue_take(e->queue);
    struct turned end = turn_run(e, t);

    if (end.gone)
        queue_drop(e->queue, t);
    else
        queue_put(e->queue, t, end.due_ms, end.wake);
    sim.turns++;
}

/* What was due meanwhile comes afterwards, and some of it a second time. */
static void note_trouble(void)
{
    enum { AFTER_H = 72 };
    size_t hour = (size_t)((sim_true_ms() - sim.true_start_ms) / HOUR_MS);

    if (sim_outage() != SIM_FINE || clock_off_ms() != 0)
        for (size_t i = hour; i <= hour + AFTER_H && i < sim.nhours; i++)
            sim.rough[i] = true;
}

/* To the next task that is due, by steps in which the clock may jump. */
static void pass(struct engine *e)
{
    enum { STEP_MS = 300000 };
    int64_t wait_ms = queue_next_ms(e->queue) - clock_wall_ms();

    if (wait_ms > 0)
        fake_clock_advance(wait_ms < STEP_MS ? wait_ms : STEP_MS);
    set_wall();
    note_trouble();
}

static void live(struct engine *e)
{
    int64_t end_ms = sim.true_start_ms + sim.conf.days * (int64_t)DAY_S * 1000;

    while (sim_true_ms() < end_ms) {
        while (queue_next_ms(e->queue) <= clock_wall_ms())
            one_turn(e);
        pass(e);
    }
}

static double cpu_s(void)
{
    struct rusage ru;

    getrusage(RUSAGE_SELF, &ru);
    return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
           (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

int sim_run(const struct sim_conf *conf, const char *dir)
{
    struct house h = { 0 };
    struct outcome o = { 0 };
    double before_s = cpu_s();

    sim = (struct sim){ .conf = *conf, .true_start_ms = START_MS, .mono_start_ms = clock_mono_ms() };
    sim.nhours = (size_t)conf->days * 24;
    sim.hours = mem_array(sim.nhours, sizeof *sim.hours);
    sim.rough = mem_array(sim.nhours, sizeof *sim.rough);
    sim.tokens = 3.0 * conf->per_hour;
    sim.tokens_ms = START_MS;
    for (int i = 0; i < SIM_CLASSES; i++)
        sim.least_left[i] = 1;
    fake_clock_set(START_MS);
    make_certificates(&h);
    make_world(&h, dir);
    const struct engine_conf ec = { .world = &h.world };
    assert_int_equal(engine_new(&ec, &h.engine, &o), FL_OK);
    live(h.engine);
    int wrong = sim_report(cpu_s() - before_s);
    house_done(&h);
    return wrong;
}
