/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c - makes the tasks and lets the workers run them. */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/hold.h"
#include "engine/line.h"
#include "engine/pace.h"
#include "engine/pool.h"
#include "engine/setup.h"
#include "engine/turn.h"

#include <string.h>

/* The DNS core asks for a zone's task; it is made the first time. */
static void zone_due(void *arg, const char *key, int64_t when_ms)
{
    struct engine *e = arg;
    char name[400];
    int64_t at_ms = when_ms ? when_ms : clock_wall_ms();

    /* Two may find it missing at the same moment, and only one makes it. */
    if (task_name(KIND_ZONE, key, name) && !queue_poke(e->queue, name, at_ms, false) &&
        queue_add(e->queue, &task_kinds[KIND_ZONE], name, NULL, at_ms))
        queue_poke(e->queue, name, at_ms, false);
}

static void owner_due(void *arg, const char *owner)
{
    struct engine *e = arg;
    queue_poke(e->queue, owner, clock_wall_ms(), false);
}

static int on_records(void *arg, const char *subject, const struct fl_record *records, size_t n,
                      const char *const *providers, bool add, struct outcome *o)
{
    struct engine *e = arg;
    return zones_want(e->zones, subject, records, n, providers, add, o);
}

static int on_published(void *arg, const char *subject, const struct fl_record *records, size_t n,
                        const char *const *providers, struct outcome *o)
{
    struct engine *e = arg;
    return zones_published(e->zones, subject, records, n, providers, o);
}

static void host_serves(struct world *w, struct engine *e)
{
    if (!w->host)
        return;
    w->host->arg = e;
    w->host->records = e ? on_records : NULL;
    w->host->published = e ? on_published : NULL;
}

int setup_zones(struct engine *e, struct outcome *o)
{
    const struct model *m = e->world->model;
    const struct zones_conf zc = { .providers = e->world->providers,
                                   .nproviders = m->ndns,
                                   .roots = { .addresses = m->roots },
                                   .store = e->world->store,
                                   .zone_due = zone_due,
                                   .owner_due = owner_due,
                                   .arg = e };
    int code = zones_new(&zc, &e->zones, o);

    if (code != FL_OK)
        return code;
    if (e->conf.once)
        zones_hurry(e->zones);
    host_serves(e->world, e);
    return FL_OK;
}

int engine_new(const struct engine_conf *conf, struct engine **out, struct outcome *o)
{
    struct engine *e = calloc(1, sizeof *e);
    int code = FL_ENOMEM;

    if (!e)
        return outcome_nomem(o);
    e->conf = *conf;
    e->world = conf->world;
    e->queue = queue_new();
    e->holds = hold_new();
    e->line = line_new();
    e->pace = pace_new();
    if (e->queue && e->holds && e->line && e->pace)
        code = setup_zones(e, o);
    else
        outcome_nomem(o);
    if (code == FL_OK)
        code = pool_new(e, (unsigned)e->world->model->workers, &e->pool, o);
    if (code == FL_OK)
        code = setup_tasks(e, NULL, o);
    for (size_t i = 0; code == FL_OK && i < e->world->model->nauthorities; i++)
        pace_load(e->pace, e->world->store, e->world->model->authorities[i].name);
    if (code == FL_OK)
        *out = e;
    else
        engine_free(e);
    return code;
}

struct world *engine_world(struct engine *e) { return e->world; }

int engine_start(struct engine *e, struct outcome *o) { return pool_start(e->pool, o); }

bool engine_quiet(struct engine *e, int64_t until_ms, int64_t most_ms)
{
    return queue_quiet(e->queue, until_ms, most_ms);
}

bool engine_healthy(struct engine *e) { return pool_watch(e->pool); }

bool engine_stop(struct engine *e)
{
    queue_stop(e->queue);
    http_cancel(e->world->http);
    return pool_join(e->pool);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    pool_free(e->pool);
    if (e->pace)
        pace_save(e->pace, e->world->store);
    setup_free(e);
    /* Instances are still open, and close() may take records away. */
    host_serves(e->world, NULL);
    zones_free(e->zones);
    pace_free(e->pace);
    line_free(e->line);
    hold_free(e->holds);
    queue_free(e->queue);
    free(e);
}
