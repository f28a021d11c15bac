/* SPDX-License-Identifier: Apache-2.0 */
/* prefill.c - what takes over a socket knows the answers before it is asked. */
#include "engine/prefill.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <string.h>

enum { ROUNDS = 64, BREATH = 64 };

/* ---- records ------------------------------------------------------------------------------- */

struct keys {
    const char *instance;
    char **at;
    size_t n, cap;
};

/* "zone:INSTANCE/APEX" of that instance; under the queue's lock. */
static void pick(void *arg, const struct task *t)
{
    struct keys *k = arg;
    const char *name = task_subject(t);
    size_t len = strlen(k->instance);

    if (t->kind != &task_kinds[KIND_ZONE] || t->stale || strncmp(name, k->instance, len) != 0 ||
        name[len] != '/' || !mem_grow(&k->at, &k->cap, k->n + 1, sizeof *k->at))
        return;
    k->at[k->n] = strdup(name);
    if (k->at[k->n])
        k->n++;
}

static void fill_zone(struct engine *e, const char *key)
{
    struct outcome o = { 0 };
    int64_t next_ms = 0;
    int code = zone_find_step(e->zones, key, &o);

    for (int i = 0; i < ROUNDS && code == FL_OK; i++) {
        code = zone_write_step(e->zones, key, &o);
        if (zone_idle(e->zones, key, &next_ms))
            break;
    }
}

static void fill_zones(struct engine *e, const struct handover *h)
{
    const struct world *w = h->to;

    for (size_t i = 0; i < w->model->ndns; i++) {
        struct keys k = { .instance = w->model->dns[i].name };
        if (!handover_new(h, FL_KIND_DNS, i) || !(w->providers[i].caps.flags & FL_CAP_INSTANT))
            continue;
        queue_each(e->queue, pick, &k);
        for (size_t z = 0; z < k.n; z++) {
            fill_zone(e, k.at[z]);
            free(k.at[z]);
        }
        free(k.at);
    }
}

/* ---- proofs -------------------------------------------------------------------------------- */

/* Those of the order that these solvers show. NULL: no memory, or none. */
static json_t *proofs_for(const json_t *list, const char *const *solvers)
{
    json_t *out = json_array();
    const json_t *p;
    size_t i;

    json_array_foreach(list, i, p) if (text_in(json_str(p, "solver", ""), solvers))
        json_array_append(out, (json_t *)(uintptr_t)p);
    if (json_array_size(out))
        return out;
    json_decref(out);
    return NULL;
}

static void show_proofs(struct engine *e, const char *lineage, const char *const *solvers)
{
    cleanup_(json_freep) json_t *rec = record_peek(e->world->store, KIND_CERTIFICATE, lineage);
    cleanup_(json_freep) json_t *list = proofs_for(json_list(rec, "proofs"), solvers);
    char owner[400];
    struct turn t = { .e = e, .w = e->world };

    if (list && task_name(KIND_CERTIFICATE, lineage, owner))
        proofs_call(&t, list, owner, PROOF_DEPLOY);
}

static void fill_solvers(struct engine *e, const struct handover *h)
{
    const struct model *m = h->to->model;
    auto_free const char **solvers = mem_array(m->nsolvers + 1, sizeof *solvers);
    size_t n = 0;

    for (size_t i = 0; solvers && i < m->nsolvers; i++)
        if (handover_new(h, FL_KIND_SOLVER, i) && h->to->solvers[i] && instance_listens(h->to->solvers[i]))
            solvers[n++] = m->solvers[i].name;
    for (size_t i = 0; n && i < m->ncertificates; i++) {
        char name[400];
        for (const char *const *key = m->certificates[i].keys; *key; key++)
            if (lineage_name(&m->certificates[i], *key, name))
                show_proofs(e, name, solvers);
        if (i % BREATH == 0 && h->alive)
            h->alive(h->arg);
    }
}

void prefill(struct engine *e, const struct handover *h)
{
    fill_zones(e, h);
    fill_solvers(e, h);
}
