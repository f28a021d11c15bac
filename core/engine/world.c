/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - loads what the configuration names and checks how it fits together. */
#include "engine/world.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* `crowd` of an instance: half of the workers may wait for it. */
static unsigned crowd_of(const struct model *m) { return m->workers > 3 ? (unsigned)m->workers / 2 : 1; }

/* The one that is in use: two builds of a plugin in one process is nothing that its libraries are made for. */
static struct plugin *loaded(struct world *w, const struct world *running, const struct model_instance *mi)
{
    for (size_t i = 0; running && i < running->nplugins; i++) {
        struct plugin *p = running->plugins[i];
        if (p->entry.kind != mi->kind || strcmp(p->entry.name, mi->plugin) != 0)
            continue;
        const char *aged = plugin_aged(p);
        if (aged)
            diag_warning(w->diag, mi->file, mi->line,
                         "%s %s: %s %s: restart needed; until then the one that is loaded is used",
                         plugin_kind_names[mi->kind], mi->name, p->path, aged);
        return plugin_share(p);
    }
    return NULL;
}

static struct plugin *load_plugin(struct world *w, const struct world_conf *conf, const struct world *running,
                                  const struct model_instance *mi)
{
    struct outcome o = { 0 };
    struct plugin *p = loaded(w, running, mi);

    if (!p && plugin_load(conf->plugin_dir, mi->kind, mi->plugin, &p, &o) != FL_OK) {
        diag_error(w->diag, mi->file, mi->line, "%s %s: %s", plugin_kind_names[mi->kind], mi->name, o.msg);
        return NULL;
    }
    w->plugins[w->nplugins++] = p;
    return p;
}

static struct instance *load_instance(struct world *w, const struct world_conf *conf,
                                      const struct world *running, const struct model_instance *mi)
{
    struct plugin *p = load_plugin(w, conf, running, mi);
    const struct instance_conf ic = {
        .name = mi->name,
        .node = mi->node,
        .reserved = mi->kind == FL_KIND_DNS ? model_dns_reserved : model_other_reserved,
        .per_minute = mi->dns.rate,
        .parallel = mi->dns.parallel,
        .timeout_ms = mi->dns.timeout,
        .ca_file = mi->dns.ca_file,
        .proxy = mi->dns.proxy,
        .crowd = crowd_of(w->model),
    };
    return p ? instance_new(p, &ic, &w->model->opts, w->host) : NULL;
}

static bool load_all(struct world *w, const struct world_conf *conf, const struct world *running,
                     const struct model_instance *mi, size_t n, struct instance ***out)
{
    struct instance **v = mem_array(n + 1, sizeof *v);

    *out = v;
    for (size_t i = 0; v && i < n; i++)
        v[i] = load_instance(w, conf, running, &mi[i]);
    return v != NULL;
}

static size_t index_of(const struct model_instance *list, size_t n, const struct model_instance *mi)
{
    size_t i = 0;
    while (i < n && &list[i] != mi)
        i++;
    return i;
}

/* For model_check_solvers(): can that solver prove that name, by what its plugin says of itself? */
static int solves(void *arg, const struct model_instance *solver, const char *name)
{
    const struct world *w = arg;
    size_t at = index_of(w->model->solvers, w->model->nsolvers, solver);
    const struct instance *i = at < w->model->nsolvers ? w->solvers[at] : NULL;
    char ip[46];
    bool v6;

    if (!i)
        return 1; /* that it could not be loaded is reported already */
    if (text_ip(name, ip, &v6))
        return (i->plugin->ops.solver.flags & FL_SOLVES_IP) != 0;
    return !text_starts(name, "*.") || (i->plugin->ops.solver.flags & FL_SOLVES_WILDCARD);
}

struct world *world_load(const struct world_conf *conf) { return world_load_beside(conf, NULL); }

struct world *world_load_beside(const struct world_conf *conf, const struct world *running)
{
    struct world *w = calloc(1, sizeof *w);

    if (w && running) {
        w->host = running->host;
        w->guest = true;
    } else if (w) {
        w->host = calloc(1, sizeof *w->host);
    }
    if (w && w->host && (w->diag = diag_new()))
        w->model = model_load(conf->conf_file, w->diag);
    if (!w || !w->model) {
        world_free(w);
        return NULL;
    }
    const struct model *m = w->model;
    w->plugins = mem_array(m->ndns + m->nsolvers + m->nsinks + 1, sizeof(struct plugin *));
    if (!w->plugins || !load_all(w, conf, running, m->dns, m->ndns, &w->dns) ||
        !load_all(w, conf, running, m->solvers, m->nsolvers, &w->solvers) ||
        !load_all(w, conf, running, m->sinks, m->nsinks, &w->sinks)) {
        world_free(w);
        return NULL;
    }
    model_check_refs(w->model, w->diag);
    model_check_solvers(w->model, w->diag, solves, w);
    return w;
}

static void free_instances(struct instance **v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        instance_free(v[i]);
    free(v);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    world_close(w);
    if (w->model) {
        free_instances(w->dns, w->model->ndns);
        free_instances(w->solvers, w->model->nsolvers);
        free_instances(w->sinks, w->model->nsinks);
    }
    for (size_t i = 0; w->plugins && i < w->nplugins; i++)
        plugin_free(w->plugins[i]);
    free(w->plugins);
    model_free(w->model);
    diag_free(w->diag);
    if (!w->guest)
        free(w->host);
    free(w);
}

struct instance *world_find(const struct world *w, enum fl_kind kind, const char *name)
{
    struct instance **lists[] = {
        [FL_KIND_DNS] = w->dns, [FL_KIND_SOLVER] = w->solvers, [FL_KIND_SINK] = w->sinks
    };
    size_t counts[] = { [FL_KIND_DNS] = w->model->ndns,
                        [FL_KIND_SOLVER] = w->model->nsolvers,
                        [FL_KIND_SINK] = w->model->nsinks };

    for (size_t i = 0; i < counts[kind]; i++)
        if (lists[kind][i] && strcmp(lists[kind][i]->name, name) == 0)
            return lists[kind][i];
    return NULL;
}

const struct world_authority *world_authority(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->model->nauthorities; i++)
        if (strcmp(w->model->authorities[i].name, name) == 0)
            return &w->authorities[i];
    return NULL;
}
