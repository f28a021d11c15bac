/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c - an instance of a configuration, through the daemon's own loader, with real services behind it. */
#include "provider.h"
#include "plugin/load.h"
#include <stdio.h>

enum { CROWD = 4 };

bool provider_init(struct provider *p, const struct provider_conf *conf)
{
    const struct http_conf hc = { .user_agent = "fairlead-conformance",
                                  .record_dir = conf->record_dir,
                                  .replay_dir = conf->replay_dir };
    struct outcome o = { 0 };
    p->diag = diag_new();
    p->model = p->diag ? model_load(conf->conf_file, p->diag) : NULL;
    if (!p->model) {
        if (p->diag)
            diag_print(p->diag, stderr);
        return false;
    }
    int code = http_new(&hc, &p->host.http);
    if (code == FL_OK && conf->listens)
        code = listen_new(&p->host.listen, &o);
    if (code != FL_OK)
        fprintf(stderr, "error: the services of the host cannot start%s%s\n", o.msg[0] ? ": " : "", o.msg);
    return code == FL_OK;
}

static struct instance *make(struct provider *p, const struct model_instance *mi, struct plugin *plugin)
{
    const struct instance_conf ic = { .name = mi->name,
                                      .node = mi->node,
                                      .reserved = model_dns_reserved,
                                      .per_minute = mi->dns.rate,
                                      .parallel = mi->dns.parallel,
                                      .timeout_ms = mi->dns.timeout,
                                      .ca_file = mi->dns.ca_file,
                                      .proxy = mi->dns.proxy,
                                      .crowd = CROWD };
    size_t before = diag_errors(p->diag);
    struct instance *i = instance_new(plugin, &ic, &p->model->opts, &p->host);
    if (diag_errors(p->diag) == before)
        return i;
    diag_print(p->diag, stderr);
    instance_free(i);
    return NULL;
}

struct instance *provider_instance(struct provider *p, const struct provider_conf *conf, const char *name)
{
    const struct model_instance *mi = model_find(p->model, FL_KIND_DNS, name);
    struct outcome o = { 0 };
    if (!mi) {
        diag_print(p->diag, stderr);
        fprintf(stderr, "error: there is no dns instance `%s` in %s\n", name, conf->conf_file);
        return NULL;
    }
    if (plugin_load(conf->plugin_dir, FL_KIND_DNS, mi->plugin, &p->plugins[p->n], &o) != FL_OK) {
        fprintf(stderr, "error: %s\n", o.msg);
        return NULL;
    }
    p->instances[p->n] = make(p, mi, p->plugins[p->n]);
    return p->instances[p->n++];
}

void provider_done(struct provider *p)
{
    for (size_t i = 0; i < PROVIDER_INSTANCES; i++)
        instance_free(p->instances[i]);
    for (size_t i = 0; i < PROVIDER_INSTANCES; i++)
        plugin_free(p->plugins[i]);
    http_free(p->host.http);
    listen_free(p->host.listen);
    model_free(p->model);
    diag_free(p->diag);
}
