/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate.c - is this entry one that we can work with? */
#include "plugin/negotiate.h"

#include <string.h>

enum { NAME_LONGEST = 63, TEXT_MAX = 200, CONF_MAX = 1 << 20 };

/* Callbacks that must be there, and the size of our ops, by kind. */
struct need {
    size_t offset;
    const char *name;
};
#define NEED(ops, member)                                                                                    \
    {                                                                                                        \
        offsetof(struct ops, member), #member                                                                \
    }
static const struct need dns_needs[] = { NEED(fl_dns_ops, caps), NEED(fl_dns_ops, zone),
                                         NEED(fl_dns_ops, list), NEED(fl_dns_ops, apply) };
static const struct need solver_needs[] = { NEED(fl_solver_ops, type), NEED(fl_solver_ops, deploy),
                                            NEED(fl_solver_ops, ready), NEED(fl_solver_ops, withdraw) };
static const struct need sink_needs[] = { NEED(fl_sink_ops, deploy) };

static const struct {
    const struct need *needs;
    size_t n, size;
} kinds[] = {
    [FL_KIND_DNS] = { dns_needs, sizeof dns_needs / sizeof *dns_needs, sizeof(struct fl_dns_ops) },
    [FL_KIND_SOLVER] = { solver_needs, sizeof solver_needs / sizeof *solver_needs,
                         sizeof(struct fl_solver_ops) },
    [FL_KIND_SINK] = { sink_needs, sizeof sink_needs / sizeof *sink_needs, sizeof(struct fl_sink_ops) },
};
const char *const plugin_kind_names[] = {
    "", [FL_KIND_DNS] = "dns", [FL_KIND_SOLVER] = "solver", [FL_KIND_SINK] = "sink"
};

/* Up to `ops` the entry has looked the same since 0.1, so that older and newer ones can be told apart. */
static int take_entry(const struct object *ob, struct plugin *out, struct outcome *o)
{
    const size_t least = offsetof(struct fl_plugin, ops) + sizeof out->entry.ops;
    uint32_t head[2] = { 0, 0 }; /* magic, size */

    if (ob->room < sizeof head || !object_holds(ob, ob->entry, ob->room))
        return outcome_fail(o, FL_ECONF,
                            "%s has an fl_plugin_entry of %zu bytes, which is no entry of a plugin: build it "
                            "again",
                            out->path, ob->room);
    memcpy(head, ob->entry, sizeof head);
    if (head[0] != FL_ABI_MAGIC)
        return outcome_fail(
            o, FL_ECONF,
            "%s has a damaged fl_plugin_entry (it begins with %08x instead of %08x): build it "
            "again",
            out->path, head[0], FL_ABI_MAGIC);
    if (head[1] > ob->room || head[1] < least)
        return outcome_fail(o, FL_ECONF,
                            "%s has an fl_plugin_entry of %zu bytes that says it has %u, where at least %zu "
                            "belong: build it again",
                            out->path, ob->room, head[1], least);
    memcpy(&out->entry, ob->entry, head[1] < sizeof out->entry ? head[1] : sizeof out->entry);
    return FL_OK;
}
static int judge_version(const struct plugin *p, struct outcome *o)
{
    const struct fl_plugin *e = &p->entry;
    bool newer = e->major > FL_ABI_MAJOR || (e->major == FL_ABI_MAJOR && e->minor > FL_ABI_MINOR);

    /* While the major number is 0 every minor one stands for itself. */
    if (e->major == FL_ABI_MAJOR && (FL_ABI_MAJOR > 0 || e->minor == FL_ABI_MINOR))
        return FL_OK;
    return outcome_fail(
        o, FL_ECONF,
        "%s was built for plugin ABI %u.%u, this fairlead offers %u.%u: %s the plugin against "
        "this version's headers",
        p->path, e->major, e->minor, FL_ABI_MAJOR, FL_ABI_MINOR,
        newer ? "upgrade fairlead, or rebuild" : "rebuild");
}
static int judge_identity(const struct object *ob, enum fl_kind kind, const char *name,
                          const struct plugin *p, struct outcome *o)
{
    const struct fl_plugin *e = &p->entry;

    if (e->kind < FL_KIND_DNS || e->kind > FL_KIND_SINK)
        return outcome_fail(o, FL_ECONF, "%s is of the kind %u, which this fairlead does not know", p->path,
                            e->kind);
    if (e->kind != kind)
        return outcome_fail(o, FL_ECONF,
                            "%s is a %s plugin in the folder of %s plugins: move it to the folder %s beside "
                            "this one and name it in the section for %s",
                            p->path, plugin_kind_names[e->kind], plugin_kind_names[kind],
                            plugin_kind_names[e->kind],
                            e->kind == FL_KIND_DNS    ? "dns"
                            : e->kind == FL_KIND_SINK ? "sinks"
                                                      : "solvers");
    if (!object_text(ob, e->name, NAME_LONGEST))
        return outcome_fail(o, FL_ECONF, "%s does not say its name: set .name in its entry", p->path);
    if (strcmp(e->name, name) != 0)
        return outcome_fail(o, FL_ECONF,
                            "%s calls itself \"%s\": name the file %s.so, and write plugin = \"%s\"", p->path,
                            e->name, e->name, e->name);
    if (!object_text(ob, e->version, NAME_LONGEST) || !object_text(ob, e->summary, TEXT_MAX))
        return outcome_fail(o, FL_ECONF,
                            "%s does not say its version or what it is for: set .version and .summary in its "
                            "entry",
                            p->path);
    return FL_OK;
}
static int take_ops(const struct object *ob, struct plugin *out, struct outcome *o)
{
    const void *ops = out->entry.ops.dns;
    uint32_t size = 0;

    if (object_holds(ob, ops, sizeof size))
        memcpy(&size, ops, sizeof size);
    if (size < sizeof size || !object_holds(ob, ops, size))
        return outcome_fail(o, FL_ECONF,
                            "%s has no table of callbacks, or one whose first member is not its size: set "
                            ".size = sizeof ops",
                            out->path);
    memcpy(&out->ops, ops, size < kinds[out->entry.kind].size ? size : kinds[out->entry.kind].size);
    for (size_t i = 0; i < kinds[out->entry.kind].n; i++) {
        const struct need *need = &kinds[out->entry.kind].needs[i];
        void *member; /* all of them are pointers */
        memcpy(&member, (const char *)&out->ops + need->offset, sizeof member);
        if (!member)
            return outcome_fail(o, FL_ECONF,
                                "%s lacks %s, which every %s plugin has: set .%s in its table of "
                                "callbacks",
                                out->path, need->name, plugin_kind_names[out->entry.kind], need->name);
    }
    if (out->entry.kind == FL_KIND_SOLVER && !object_text(ob, out->ops.solver.type, NAME_LONGEST))
        return outcome_fail(
            o, FL_ECONF, "%s has no readable challenge type: set .type in its table of callbacks", out->path);
    return FL_OK;
}
static int judge_options(const struct object *ob, const struct plugin *p, struct outcome *o)
{
    char why[256] = "";
    const struct fl_plugin *e = &p->entry;

    if (e->conf_size > CONF_MAX)
        return outcome_fail(o, FL_ECONF,
                            "%s wants %zu bytes for its options: set .conf_size to the size of their struct",
                            p->path, e->conf_size);
    if (e->options && !options_sound(ob, e->options, e->conf_size, why))
        return outcome_fail(o, FL_ECONF, "%s has an option table that cannot be used: %s", p->path, why);
    return FL_OK;
}
int negotiate(const struct object *ob, enum fl_kind kind, const char *name, struct plugin *out,
              struct outcome *o)
{
    int code = take_entry(ob, out, o);

    if (code == FL_OK)
        code = judge_version(out, o);
    if (code == FL_OK)
        code = judge_identity(ob, kind, name, out, o);
    if (code == FL_OK)
        code = take_ops(ob, out, o);
    return code == FL_OK ? judge_options(ob, out, o) : code;
}
