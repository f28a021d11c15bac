/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones_probe.c - the DNS core with one real provider and real servers, for tests.
 *
 *     zones_probe PLUGDIR PLUGIN CONF ROOT STATE SECONDS WISH...
 *
 * CONF holds the plugin's options at its top level; ROOT is the address of a root server; STATE is the folder of the
 * journal. A WISH is +NAME=VALUE or -NAME=VALUE, a TXT record of the owner "probe", or "disown". Runs the
 * zones' tasks until all that was added is published and nothing else is to be done at once, SECONDS at most. Prints how
 * each wish ended, the warnings, and the servers that were left out; exit status 0, or 1 when some wish did not come true.
 * ZONES_PROBE_HURRY=1: removals do not linger.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conf/opt.h"
#include "net/http.h"
#include "zone/zones.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WISHES = 64 };
struct probe {
    struct zones *zones;
    struct fl_record records[WISHES];
    size_t n;
    char keys[WISHES][320];
    size_t nkeys;
};

/* One thread: the keys are only noted. */
static void zone_due(void *arg, const char *key, int64_t when_ms)
{
    struct probe *p = arg;
    (void)when_ms;
    for (size_t i = 0; i < p->nkeys; i++)
        if (strcmp(p->keys[i], key) == 0)
            return;
    if (p->nkeys < WISHES)
        snprintf(p->keys[p->nkeys++], sizeof p->keys[0], "%s", key);
}

static void step(struct probe *p, const char *key)
{
    static int (*const steps[])(struct zones *, const char *,
                                struct outcome *) = { zone_write_step, zone_settle_step, zone_look_step };
    for (size_t i = 0; i < 3; i++) {
        struct outcome o = { 0 };
        int code = steps[i](p->zones, key, &o);
        if (code == FL_OK && o.msg[0])
            printf("warning %s\n", o.msg);
        if (code != FL_OK && code != FL_EAGAIN)
            printf("%s: %s %s\n", key, outcome_code_name(code), o.msg);
    }
}

static bool busy(struct probe *p)
{
    struct outcome o;
    bool some = zones_published(p->zones, "probe", p->records, p->n, NULL, &o) == FL_EAGAIN;
    for (size_t i = 0; i < p->nkeys; i++) {
        int64_t next = 0;
        if (zone_idle(p->zones, p->keys[i], &next))
            continue;
        some = true;
        step(p, p->keys[i]);
    }
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return some;
}

static int wish(struct probe *p, char *text, struct outcome *o)
{
    if (strcmp(text, "disown") == 0)
        return zones_disown(p->zones, "probe", o);
    char *value = strchr(text, '=');
    if (!value || p->n == WISHES)
        return outcome_fail(o, FL_ECONF, "%s is no wish", text);
    *value = '\0';
    struct fl_record r = { .name = text + 1, .type = FL_RR_TXT, .value = value + 1 };
    if (*text == '+')
        p->records[p->n++] = r;
    return zones_want(p->zones, "probe", &r, 1, NULL, *text == '+', o);
}

static int report(struct probe *p)
{
    int rc = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct outcome o;
        int code = zones_published(p->zones, "probe", &p->records[i], 1, NULL, &o);
        printf("%s %s %s\n", outcome_code_name(code), p->records[i].name, p->records[i].value);
        if (code != FL_OK)
            printf("  %s\n", o.msg);
        rc = code == FL_OK ? rc : 1;
    }
    json_t *zones = zones_report(p->zones), *zone, *server;
    size_t z, s;
    json_array_foreach(zones, z, zone) json_array_foreach(json_object_get(zone, "servers"), s,
                                                          server) if (json_flag(server, "left_out", false))
        printf("left out %s %s\n", json_str(server, "address", ""), json_str(server, "state", ""));
    json_decref(zones);
    return rc;
}

static int run(struct probe *p, const struct zones_conf *conf, int64_t most_ms, char **wishes)
{
    struct outcome o = { 0 };
    int code = zones_new(conf, &p->zones, &o);
    if (code == FL_OK)
        code = zones_load(p->zones, &o);
    if (code == FL_OK && getenv("ZONES_PROBE_HURRY"))
        zones_hurry(p->zones);
    for (; code == FL_OK && *wishes; wishes++)
        code = wish(p, *wishes, &o);
    for (size_t i = 0; code == FL_OK && i < p->nkeys; i++)
        code = zone_find_step(p->zones, p->keys[i], &o);
    int64_t until = clock_mono_ms() + most_ms;
    while (code == FL_OK && busy(p) && clock_mono_ms() < until)
        ;
    if (code == FL_OK)
        return report(p);
    printf("%s %s\n", outcome_code_name(code), o.msg);
    return 1;
}

static struct instance *open_instance(char **argv, struct conf_tree *tree, struct opt_ctx *opts,
                                      struct host *host, struct plugin **plugin)
{
    static struct instance_conf conf = { .name = "loc", .crowd = 1, .timeout_ms = 20000 };
    struct outcome o = { 0 };
    conf.node = tree->root;
    int code = http_prepare();
    if (code == FL_OK)
        code = http_new(&(struct http_conf){ .user_agent = "probe" }, &host->http);
    if (code == FL_OK)
        code = plugin_load(argv[1], FL_KIND_DNS, argv[2], plugin, &o);
    struct instance *i = code == FL_OK ? instance_new(*plugin, &conf, opts, host) : NULL;
    if (i && instance_open(i, &o) == FL_OK)
        return i;
    diag_print(opts->diag, stderr);
    fprintf(stderr, "%s\n", o.msg);
    exit(70);
}

int main(int argc, char **argv)
{
    static struct probe p;
    struct diag *d = diag_new();
    struct outcome o = { 0 };
    struct host host = { 0 };
    struct plugin *plugin = NULL;
    struct call call;
    struct conf_tree *tree = argc > 7 ? conf_tree_load(argv[3], d) : NULL;
    if (!tree)
        return 64;
    struct opt_ctx opts = { .diag = d, .arena = &tree->arena };
    struct zones_provider provider = { .ttl = 60, .visible_wait_ms = 60000 };
    provider.instance = open_instance(argv, tree, &opts, &host, &plugin);
    const char *const roots[] = { argv[4], NULL };
    struct zones_conf conf = { .providers = &provider,
                               .nproviders = 1,
                               .zone_due = zone_due,
                               .arg = &p,
                               .roots = { .addresses = roots, .timeout_ms = 1000 } };
    int rc = 1;
    if (call_begin(&call, provider.instance, "", 0, &o) == FL_OK &&
        call_end(&call, plugin->ops.dns.caps(call.ctx, &provider.caps), &o) == FL_OK &&
        store_open(argv[5], &conf.store, &o) == FL_OK)
        rc = run(&p, &conf, 1000 * strtoll(argv[6], NULL, 10), argv + 7);
    else
        printf("%s\n", o.msg);
    zones_free(p.zones);
    store_close(conf.store);
    instance_free(provider.instance);
    plugin_free(plugin);
    http_free(host.http);
    conf_tree_free(tree);
    diag_free(d);
    return rc;
}
