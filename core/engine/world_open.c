/* SPDX-License-Identifier: Apache-2.0 */
/* world_open.c - services, doors and instances: from loaded to working, and back. */
#include "engine/world.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_AGENT "fairlead/" PACKAGE_VERSION

int world_open_http(struct world *w, const struct world_conf *conf, struct outcome *o)
{
    const struct http_conf hc = { .user_agent = USER_AGENT,
                                  .record_dir = conf->record_dir,
                                  .replay_dir = conf->replay_dir };
    int code = http_new(&hc, &w->http);

    w->host->http = w->http;
    if (code == FL_ECONF)
        return outcome_fail(o, code, "%s %s: the folder cannot be used: %s",
                            conf->replay_dir ? "--replay" : "--record",
                            conf->replay_dir ? conf->replay_dir : conf->record_dir, strerror(errno));
    return code == FL_OK ? FL_OK : outcome_fail(o, code, "the HTTP service cannot start");
}

int world_open_authority(struct world *w, const struct world_conf *conf, size_t at, struct outcome *o)
{
    const struct model_authority *ma = &w->model->authorities[at];
    struct world_authority *wa = &w->authorities[at];
    const char *directory = conf->staging ? ma->staging : ma->directory;
    char who[96];

    wa->model = ma;
    wa->directory = directory;
    wa->ca = stamp_of(ma->ca_file);
    if (!directory && !ma->used)
        return FL_OK;
    if (!directory)
        return outcome_fail(
            o, FL_ECONF, "authority %s has no `staging` directory: add one or leave out --staging", ma->name);
    snprintf(who, sizeof who, "authority %s", ma->name);
    const struct http_lane_conf lc = { .name = who,
                                       .ca_file = ma->ca_file,
                                       .proxy = ma->proxy,
                                       .per_minute = (unsigned)ma->rate,
                                       .parallel = (unsigned)ma->parallel,
                                       .timeout_ms = ma->timeout };
    const struct acme_conf ac = { .name = ma->name,
                                  .directory = directory,
                                  .accept_terms = ma->accept_terms,
                                  .contact = ma->contact,
                                  .eab_kid = ma->eab.kid,
                                  .eab_hmac = ma->eab.hmac,
                                  .eab_bits = 256 + 128 * ma->eab.alg };
    wa->lane = http_lane_new(w->http, &lc);
    if (!wa->lane)
        return outcome_nomem(o);
    return acme_new(&ac, wa->lane, w->keeper, &wa->acme) == FL_OK ? FL_OK : outcome_nomem(o);
}

static int open_authorities(struct world *w, const struct world_conf *conf, struct outcome *o)
{
    int code = FL_OK;

    w->authorities = mem_array(w->model->nauthorities + 1, sizeof *w->authorities);
    if (!w->authorities)
        return outcome_nomem(o);
    for (size_t i = 0; i < w->model->nauthorities && code == FL_OK; i++)
        code = world_open_authority(w, conf, i, o);
    return code;
}

bool world_needs(const struct model_instance *mi) { return mi->used || mi->kind == FL_KIND_DNS; }

static int open_used(struct instance *const *v, const struct model_instance *mi, size_t n, struct outcome *o)
{
    int code = FL_OK;

    for (size_t i = 0; i < n && code == FL_OK; i++)
        if (v[i] && world_needs(&mi[i]))
            code = instance_open(v[i], o);
    return code;
}

int world_open_provider(struct world *w, size_t at, struct outcome *o)
{
    const struct model_dns *dns = &w->model->dns[at].dns;
    struct zones_provider *p = &w->providers[at];
    struct call c;

    *p = (struct zones_provider){ .instance = w->dns[at],
                                  .only = dns->zones,
                                  .query_servers = dns->query_servers,
                                  .ttl = dns->ttl,
                                  .visible_wait_ms = dns->visible,
                                  .create = dns->create_zones,
                                  .delegation = dns->delegation,
                                  .registrar = dns->registrar,
                                  .replace = dns->delegation_replace };
    int code = call_begin(&c, p->instance, "", 0, o);
    return code == FL_OK ? call_end(&c, p->instance->plugin->ops.dns.caps(c.ctx, &p->caps), o) : code;
}

static int open_providers(struct world *w, struct outcome *o)
{
    int code = FL_OK;

    w->providers = mem_array(w->model->ndns + 1, sizeof *w->providers);
    if (!w->providers)
        return outcome_nomem(o);
    for (size_t i = 0; i < w->model->ndns && code == FL_OK; i++)
        code = world_open_provider(w, i, o);
    return code;
}

static int open_state(struct world *w, const struct world_conf *conf, struct outcome *o)
{
    char keys[512], dir[480];
    /* A rehearsal has accounts and certificates of its own: those that are live are never in its reach. */
    int len = snprintf(dir, sizeof dir, "%s%s", w->model->state, conf->staging ? "/staging" : "");
    if (len < 0 || len >= (int)sizeof dir)
        return outcome_fail(o, FL_ECONF, "state: the path has more than %zu bytes: choose a shorter one",
                            sizeof dir - sizeof "/staging");
    int code = store_open(dir, &w->store, o);

    if (code != FL_OK)
        return code;
    store_dir(w->store, "keys", keys, sizeof keys);
    code = keeper_new(keys, &w->keeper, o);
    w->host->keeper = w->keeper;
    return code;
}

int world_open(struct world *w, const struct world_conf *conf, bool serve, struct outcome *o)
{
    const struct model *m = w->model;
    int code = open_state(w, conf, o);

    if (code == FL_OK)
        code = world_open_http(w, conf, o);
    if (code == FL_OK && serve) {
        code = listen_new(&w->listen, o);
        w->host->listen = w->listen;
    }
    if (code == FL_OK)
        code = open_used(w->dns, m->dns, m->ndns, o);
    if (code == FL_OK)
        code = open_used(w->solvers, m->solvers, m->nsolvers, o);
    if (code == FL_OK)
        code = open_used(w->sinks, m->sinks, m->nsinks, o);
    if (code == FL_OK)
        code = open_providers(w, o);
    if (code == FL_OK && deliver_new(w->sinks, m->nsinks, &w->deliver) != FL_OK)
        code = outcome_nomem(o);
    if (code == FL_OK)
        code = open_authorities(w, conf, o);
    return code;
}

static void close_all(struct instance *const *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        if (v[i])
            instance_close(v[i]);
}

void world_close(struct world *w)
{
    if (w->http && !w->guest)
        http_cancel(w->http);
    if (w->model) {
        close_all(w->sinks, w->model->nsinks);
        close_all(w->solvers, w->model->nsolvers);
        close_all(w->dns, w->model->ndns);
    }
    for (size_t i = 0; w->authorities && i < w->model->nauthorities; i++) {
        acme_free(w->authorities[i].acme);
        http_lane_free(w->authorities[i].lane);
    }
    free(take_ptr(w->authorities));
    deliver_free(take_ptr(w->deliver));
    free(take_ptr(w->providers));
    if (w->guest)
        return;
    listen_free(take_ptr(w->listen));
    http_free(take_ptr(w->http));
    keeper_free(take_ptr(w->keeper));
    store_close(take_ptr(w->store));
}
