/* SPDX-License-Identifier: Apache-2.0 */
/* instance.c - a plugin with its options: made, opened, closed. */
#include "plugin/instance.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/ctx.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 30000 };

/* ---- options ---- */

static bool list_secrets(const char *const *v)
{
    for (; v && *v; v++)
        if (!log_secret(*v))
            return false;
    return true;
}
static bool register_secrets(const struct fl_option *table, const char *conf)
{
    for (; table && table->name; table++) {
        const char *const *member = (const char *const *)(const void *)(conf + table->offset);
        if (table->type == FL_T_GROUP && !register_secrets(table->group, conf + table->offset))
            return false;
        if (table->type != FL_T_SECRET)
            continue;
        if (table->flags & FL_LIST ? !list_secrets((const char *const *)(const void *)*member)
                                   : !log_secret(*member))
            return false;
    }
    return true;
}
static void refuse_reserved(const struct instance *i, struct diag *d)
{
    const struct conf_node *node = i->setting.node;
    const struct fl_option *op = i->plugin->entry.options;

    for (; op && op->name && i->setting.reserved; op++)
        if (text_in(op->name, i->setting.reserved))
            diag_error(
                d, node ? node->file : "", node ? node->line : 0,
                "%s: %s declares the option %s, which is the core's: the plugin must call it something else",
                i->who, i->plugin->path, op->name);
}
static bool run_check(struct instance *i, struct diag *d)
{
    const struct conf_node *node = i->setting.node;
    struct outcome o = { 0 };
    struct fl_ctx *ctx;

    if (!i->plugin->entry.check)
        return true;
    ctx = ctx_new(i, CTX_CHECK, "", i->timeout_ms);
    if (!ctx)
        return false;
    if (ctx_finish(ctx, i->plugin->entry.check(ctx, i->conf), &o) != FL_OK)
        diag_error(d, node ? node->file : "", node ? node->line : 0, "%s", o.msg);
    ctx_free(ctx);
    return true;
}
static bool fill(struct instance *i, struct opt_ctx *opts)
{
    static const struct fl_option none[] = { FL_END };
    const struct fl_plugin *e = &i->plugin->entry;
    unsigned before = diag_errors(opts->diag);

    refuse_reserved(i, opts->diag);
    opt_fill(opts, i->who, i->setting.node, e->options ? e->options : none, i->setting.reserved, i->conf);
    return register_secrets(e->options, i->conf) &&
           (diag_errors(opts->diag) != before || run_check(i, opts->diag));
}
static const char *own(struct instance *i, const char *text)
{
    return text ? arena_strdup(&i->arena, text) : NULL;
}
struct instance *instance_new(const struct plugin *plugin, const struct instance_conf *conf,
                              struct opt_ctx *opts, const struct host *host)
{
    struct instance *i = calloc(1, sizeof *i);
    const char *kind = plugin_kind_names[plugin->entry.kind];

    if (!i)
        return NULL;
    i->setting = *conf;
    i->setting.ca_file = own(i, conf->ca_file);
    i->setting.proxy = own(i, conf->proxy);
    i->name = i->setting.name = arena_strdup(&i->arena, conf->name);
    i->ca = stamp_of(conf->ca_file);
    i->plugin = plugin;
    i->host = host;
    i->timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : TIMEOUT_MS;
    snprintf(i->who, sizeof i->who, "%s %s", kind, conf->name);
    snprintf(i->service, sizeof i->service, "%s/%s", kind, conf->name);
    i->lane = lane_new(i->who, plugin->entry.flags & FL_PARALLEL, conf->crowd);
    i->conf = calloc(1, plugin->entry.conf_size ? plugin->entry.conf_size : 1);
    if (i->lane && i->conf && fill(i, opts)) {
        opt_own(&i->arena, plugin->entry.options, i->conf);
        i->setting.node = NULL;
        if (!i->arena.starved)
            return i;
    }
    instance_free(i);
    return NULL;
}
static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }
bool instance_same(const struct instance *a, const struct instance *b, bool secrets)
{
    const struct instance_conf *x = &a->setting, *y = &b->setting;

    return a->plugin->entry.kind == b->plugin->entry.kind && a->plugin->handle == b->plugin->handle &&
           strcmp(a->plugin->entry.name, b->plugin->entry.name) == 0 && strcmp(a->name, b->name) == 0 &&
           x->per_minute == y->per_minute && x->parallel == y->parallel && a->timeout_ms == b->timeout_ms &&
           x->crowd == y->crowd && same_text(x->ca_file, y->ca_file) && same_text(x->proxy, y->proxy) &&
           stamp_same(&a->ca, &b->ca) && opt_same(a->plugin->entry.options, a->conf, b->conf, secrets);
}
void instance_free(struct instance *i)
{
    if (!i)
        return;
    instance_close(i);
    lane_free(i->lane);
    free(i->conf);
    arena_done(&i->arena);
    free(i);
}

/* ---- open and close ---- */

static int plugin_open(const struct plugin *p, struct fl_ctx *ctx, void **self_out)
{
    int (*open)(struct fl_ctx * ctx, void **self_out) = NULL;

    switch ((enum fl_kind)p->entry.kind) {
    case FL_KIND_DNS: open = p->ops.dns.open; break;
    case FL_KIND_SOLVER: open = p->ops.solver.open; break;
    case FL_KIND_SINK: open = p->ops.sink.open; break;
    }
    return open ? open(ctx, self_out) : FL_OK;
}
static void plugin_close(const struct plugin *p, void *self)
{
    void (*close)(void *self) = NULL;

    switch ((enum fl_kind)p->entry.kind) {
    case FL_KIND_DNS: close = p->ops.dns.close; break;
    case FL_KIND_SOLVER: close = p->ops.solver.close; break;
    case FL_KIND_SINK: close = p->ops.sink.close; break;
    }
    if (close)
        close(self);
}
static unsigned clamp(int64_t n) { return n <= 0 ? 0 : n > 1000000 ? 1000000 : (unsigned)n; }
static bool connect_http(struct instance *i)
{
    const struct http_lane_conf conf = {
        .name = i->service,
        .ca_file = i->setting.ca_file,
        .proxy = i->setting.proxy,
        .per_minute = clamp(i->setting.per_minute),
        .parallel = clamp(i->setting.parallel),
        .timeout_ms = i->timeout_ms,
    };
    if (i->host->http && !i->http)
        i->http = http_lane_new(i->host->http, &conf);
    return i->http || !i->host->http;
}
/* Inside the lane: callbacks of what it listens on wait outside until it is open. */
static int open_inside(struct instance *i, struct outcome *o)
{
    struct fl_ctx *ctx = ctx_new(i, CTX_OPEN, "", i->timeout_ms);
    void *self = NULL;
    int said, code;

    if (!ctx)
        return outcome_nomem(o);
    said = plugin_open(i->plugin, ctx, &self);
    code = ctx_finish(ctx, said, o);
    if (code == FL_OK) {
        i->self = self;
        i->open = true;
    } else if (said == FL_OK)
        plugin_close(i->plugin, self);
    ctx_free(ctx);
    return code;
}
int instance_open(struct instance *i, struct outcome *o)
{
    struct lane_seat seat;
    int code;

    if (i->open)
        return outcome_ok(o);
    if (!connect_http(i))
        return outcome_nomem(o);
    code = lane_enter(i->lane, &seat, i->timeout_ms, o);
    if (code == FL_OK) {
        code = open_inside(i, o);
        lane_leave(i->lane, &seat);
    }
    if (code == FL_OK)
        lane_widen(i->lane);
    else
        ears_done(i);
    return code;
}
void instance_close(struct instance *i)
{
    struct lane_seat seat;
    bool inside;

    if (!i)
        return;
    ears_done(i);
    inside = i->lane && lane_enter_listener(i->lane, &seat);
    if (i->open)
        plugin_close(i->plugin, i->self);
    i->open = false;
    i->self = NULL;
    if (inside)
        lane_leave(i->lane, &seat);
    http_lane_free(i->http);
    i->http = NULL;
}
