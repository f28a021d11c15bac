/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_probe.c - works one dns plugin from the command line, through the loader, for tests.
 *
 *     dns_probe PLUGDIR PLUGIN CONF test
 *     dns_probe PLUGDIR PLUGIN CONF zones
 *     dns_probe PLUGDIR PLUGIN CONF zone|create APEX
 *     dns_probe PLUGDIR PLUGIN CONF list APEX NAME TYPE
 *     dns_probe PLUGDIR PLUGIN CONF apply APEX <changes
 *
 * CONF holds the plugin's options at its top level. TYPE is a number, NAME is relative, "@" the apex, "*" all of the zone. Changes, one RRset
 * a line, all in one call: NAME TYPE TTL_BEFORE TTL BEFORE AFTER, the values separated by `|`, "-" for none. With
 * DNS_PROBE_CLOCK=N the wall clock is N seconds off. DNS_PROBE_TWICE=1 makes the call twice. DNS_PROBE_FIND=1 asks for the zone first, as providers want
 * it that give zones names of their own.
 * On failure `CODE MESSAGE` on stderr; the exit status is minus the code.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conf/opt.h"
#include "net/http.h"
#include "plugin/instance.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHANGES = 4096, VALUES = 64 };
static struct fl_change changes[CHANGES];
static struct fl_value values[CHANGES][2][VALUES];
static char *lines[CHANGES];

/* In the place of base/clock.c. */
static int64_t now_ms(clockid_t which)
{
    struct timespec t = { 0 };
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
int64_t clock_wall_ms(void)
{
    const char *off = getenv("DNS_PROBE_CLOCK");
    return now_ms(CLOCK_REALTIME) + (off ? 1000 * strtoll(off, NULL, 10) : 0);
}
int64_t clock_mono_ms(void) { return now_ms(CLOCK_MONOTONIC); }

static char *next(char **at, const char *end)
{
    char *word = *at, *stop = word ? word + strcspn(word, end) : NULL;
    if (!word)
        return NULL;
    *at = *stop ? stop + 1 : NULL;
    *stop = '\0';
    return word;
}

static size_t split(char *text, struct fl_value *out)
{
    size_t n = 0;
    if (!text || strcmp(text, "-") == 0)
        return 0;
    for (char *one; n < VALUES && (one = next(&text, "|"));)
        out[n++].text = one;
    return n;
}

static size_t read_changes(void)
{
    size_t n = 0, room = 0;
    char *line = NULL;
    for (ssize_t len; n < CHANGES && (len = getline(&line, &room, stdin)) > 0; n++) {
        struct fl_change *c = &changes[n];
        line[len - (line[len - 1] == '\n')] = '\0';
        char *at = lines[n] = line; /* its words are in use until the end */
        line = NULL;
        c->name = next(&at, " ");
        c->name = strcmp(c->name, "@") == 0 ? "" : c->name;
        char *numbers[3] = { next(&at, " "), next(&at, " "), next(&at, " ") };
        if (!numbers[2])
            break;
        c->type = (uint32_t)strtoul(numbers[0], NULL, 10);
        c->ttl_before = (uint32_t)strtoul(numbers[1], NULL, 10);
        c->ttl = (uint32_t)strtoul(numbers[2], NULL, 10);
        c->before = values[n][0];
        c->after = values[n][1];
        c->nbefore = split(next(&at, " "), values[n][0]);
        c->nafter = split(at, values[n][1]);
    }
    free(line);
    return n;
}

static int run(const struct fl_dns_ops *ops, struct call *call, char **argv, size_t n)
{
    struct fl_ctx *ctx = call->ctx;
    struct fl_zone zone = { .apex = argv[1] };
    struct emitted e = { 0 };
    const char *receipt = NULL;
    int code;
    if (strcmp(argv[0], "test") == 0)
        return ops->test(ctx);
    if (strcmp(argv[0], "zones") == 0) {
        code = ops->zones(ctx);
        call_emitted(call, &e);
        for (size_t i = 0; code == FL_OK && i < e.nzones; i++)
            printf("%s\n", e.zones[i].apex);
        return code;
    }
    if (strcmp(argv[0], "zone") == 0 || strcmp(argv[0], "create") == 0) {
        code = argv[0][0] == 'z' ? ops->zone(ctx, argv[1], &zone) : ops->create(ctx, argv[1], &zone);
        for (size_t i = 0; code == FL_OK && zone.name_servers && zone.name_servers[i]; i++)
            printf("%s\n", zone.name_servers[i]);
        return code;
    }
    code = getenv("DNS_PROBE_FIND") ? ops->zone(ctx, argv[1], &zone) : FL_OK;
    if (code != FL_OK)
        return code;
    if (strcmp(argv[0], "apply") == 0)
        return ops->apply(ctx, &zone, changes, n, &receipt);
    const char *name = strcmp(argv[2], "*") == 0 ? NULL : strcmp(argv[2], "@") ? argv[2] : "";
    code = ops->list(ctx, &zone, name, (uint32_t)strtoul(argv[3], NULL, 10));
    call_emitted(call, &e);
    for (size_t i = 0; code == FL_OK && i < e.nrrsets; i++)
        for (size_t k = 0; k < e.rrsets[i].n; k++)
            printf("%s %u %s\n", e.rrsets[i].name, e.rrsets[i].ttl, e.rrsets[i].values[k].text);
    return code;
}

static int work(struct instance *i, char **argv, struct outcome *o)
{
    struct call call;
    size_t n = strcmp(argv[0], "apply") == 0 ? read_changes() : 0;
    int times = getenv("DNS_PROBE_TWICE") ? 2 : 1, code = instance_open(i, o);
    for (int t = 0; t < times && code == FL_OK; t++) {
        code = call_begin(&call, i, "probe", 0, o);
        if (code == FL_OK)
            code = call_end(&call, run(&i->plugin->ops.dns, &call, argv, n), o);
    }
    return code;
}

int main(int argc, char **argv)
{
    struct diag *d = diag_new();
    struct outcome o = { 0 };
    struct plugin *plugin = NULL;
    struct host host = { 0 };
    struct conf_tree *tree = argc >= 5 ? conf_tree_load(argv[3], d) : NULL;
    if (!tree)
        return 64;
    struct opt_ctx opts = { .diag = d, .arena = &tree->arena };
    struct instance_conf conf = { .name = "probe", .node = tree->root, .crowd = 1, .timeout_ms = 20000 };
    if (http_prepare() != FL_OK ||
        http_new(&(struct http_conf){ .user_agent = "probe" }, &host.http) != FL_OK)
        return 70;
    int code = plugin_load(argv[1], FL_KIND_DNS, argv[2], &plugin, &o);
    struct instance *i = code == FL_OK ? instance_new(plugin, &conf, &opts, &host) : NULL;
    diag_print(d, stderr);
    if (i && diag_errors(d) == 0)
        code = work(i, argv + 4, &o);
    else if (code == FL_OK)
        code = FL_ECONF;
    if (code != FL_OK)
        fprintf(stderr, "%s %s\n", outcome_code_name(code), o.msg);
    for (size_t n = 0; n < CHANGES; n++)
        free(lines[n]);
    instance_free(i);
    plugin_free(plugin);
    http_free(host.http);
    conf_tree_free(tree);
    diag_free(d);
    return -code;
}
