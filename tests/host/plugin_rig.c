/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_rig.c - a plugin that is linked into the test, and an instance of it in the real host. */
#include "plugin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    (void)ctx;
    *out = (struct fl_dns_caps){ .flags = 0 };
    return FL_OK;
}
static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    (void)out;
    return fl_fail(ctx, FL_EREJECT, "no zone %s", apex);
}
static int list(struct fl_ctx *ctx, const struct fl_zone *in, const char *name, uint32_t type)
{
    (void)ctx, (void)in, (void)name, (void)type;
    return FL_OK;
}
static int apply(struct fl_ctx *ctx, const struct fl_zone *in, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    (void)ctx, (void)in, (void)changes, (void)n, (void)receipt_out;
    return FL_OK;
}
const struct fl_dns_ops plugin_rig_dns_ops = {
    .size = sizeof plugin_rig_dns_ops, .caps = caps, .zone = zone, .list = list, .apply = apply
};
const struct fl_plugin plugin_rig_entry = {
    .magic = FL_ABI_MAGIC,
    .size = sizeof plugin_rig_entry,
    .major = FL_ABI_MAJOR,
    .minor = FL_ABI_MINOR,
    .kind = FL_KIND_DNS,
    .name = "rig",
    .version = "1",
    .summary = "a plugin of tests",
    .ops.dns = &plugin_rig_dns_ops,
};

void plugin_rig_init(struct plugin_rig *r, const struct fl_plugin *entry)
{
    *r = (struct plugin_rig){ .setting = { .name = "try", .crowd = 4, .timeout_ms = 30000 } };
    r->plugin.entry = *entry;
    switch ((enum fl_kind)entry->kind) {
    case FL_KIND_DNS: r->plugin.ops.dns = *entry->ops.dns; break;
    case FL_KIND_SOLVER: r->plugin.ops.solver = *entry->ops.solver; break;
    case FL_KIND_SINK: r->plugin.ops.sink = *entry->ops.sink; break;
    }
    r->opts.arena = &r->arena;
    r->opts.diag = diag_new();
    assert_non_null(r->opts.diag);
    r->instance = instance_new(&r->plugin, &r->setting, &r->opts, &r->host);
    assert_non_null(r->instance);
}
void plugin_rig_open(struct plugin_rig *r)
{
    struct outcome o = { .code = FL_OK };
    int code = instance_open(r->instance, &o);
    assert_string_equal(o.msg, "");
    assert_int_equal(code, FL_OK);
}
void plugin_rig_done(struct plugin_rig *r)
{
    instance_free(r->instance);
    diag_free(r->opts.diag);
    arena_done(&r->arena);
}
int plugin_rig_call(struct plugin_rig *r, int (*body)(struct fl_ctx *ctx), struct outcome *o)
{
    struct call c;
    int code = call_begin(&c, r->instance, "example.org", 0, o);
    return code == FL_OK ? call_end(&c, body(c.ctx), o) : code;
}
