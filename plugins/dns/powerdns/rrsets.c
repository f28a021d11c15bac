/* SPDX-License-Identifier: Apache-2.0 */
/* rrsets.c - RRsets out of a zone's document, and the document that changes them. */
#include "powerdns.h"

#include <string.h>
#include <strings.h>

/* More than that many names are cheaper to read by reading the zone. */
enum { SINGLE_LOOKS = 4 };

/* ---- reading -------------------------------------------------------------------------- */

static const char *relative(struct fl_ctx *ctx, const char *full, const char *apex)
{
    const char *dotted = fl_printf(ctx, "%s.", apex);
    size_t len = strlen(full), tail = strlen(dotted);

    if (strcmp(full, dotted) == 0)
        return "";
    if (len <= tail + 1 || strcmp(full + len - tail, dotted) != 0 || full[len - tail - 1] != '.')
        return NULL;
    return fl_printf(ctx, "%.*s", (int)(len - tail - 1), full);
}

static bool is(const json_t *set, const char *full, uint32_t type)
{
    const char *name = json_string_value(json_object_get(set, "name"));
    uint32_t its = content_type_parse(json_string_value(json_object_get(set, "type")));

    return name && its && (!full || strcasecmp(name, full) == 0) && (!type || its == type);
}

/* Records that are switched off are nobody's answer. */
static void values_of(struct fl_ctx *ctx, const json_t *set, struct fl_rrset *out)
{
    const json_t *records = json_object_get(set, "records"), *r;
    struct fl_value *v = fl_alloc(ctx, (json_array_size(records) + 1) * sizeof *v);
    size_t i;

    out->type = content_type_parse(json_string_value(json_object_get(set, "type")));
    out->ttl = (uint32_t)json_integer_value(json_object_get(set, "ttl"));
    out->values = v;
    out->n = 0;
    json_array_foreach(records, i, r)
    {
        const char *content = json_string_value(json_object_get(r, "content"));
        if (v && content && !json_is_true(json_object_get(r, "disabled")))
            v[out->n++].text = content_read(ctx, out->type, content);
    }
}

/* The zone's document; `full` NULL: all of it. Servers that cannot choose give all of it anyway. */
static int fetch(struct fl_ctx *ctx, const char *id, const char *full, uint32_t type, json_t **out)
{
    const char *only = full ? fl_printf(ctx, "?rrset_name=%s%s%s", full, type ? "&rrset_type=" : "",
                                        type ? content_type(type) : "")
                            : "";

    return api_call(ctx, "GET", fl_printf(ctx, "/zones/%s%s", id, only), NULL, out);
}

int rrsets_list(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type)
{
    const char *full = name ? api_name(ctx, name, zone->apex) : NULL;
    const json_t *set;
    json_t *doc;
    size_t i;
    int code = fetch(ctx, zone->id, full, type, &doc);

    json_array_foreach(json_object_get(doc, "rrsets"), i, set)
    {
        struct fl_rrset rrset = { 0 };
        if (code != FL_OK || !is(set, full, type))
            continue;
        values_of(ctx, set, &rrset);
        rrset.name = relative(ctx, json_string_value(json_object_get(set, "name")), zone->apex);
        if (rrset.name && rrset.n > 0)
            code = fl_emit_rrset(ctx, &rrset);
    }
    return code;
}

const char *const *rrsets_name_servers(struct fl_ctx *ctx, const char *id, const char *apex)
{
    const char *full = api_name(ctx, "", apex), **names = NULL;
    const json_t *set;
    json_t *doc;
    size_t i;

    if (fetch(ctx, id, full, FL_RR_NS, &doc) != FL_OK)
        return NULL;
    json_array_foreach(json_object_get(doc, "rrsets"), i, set)
    {
        struct fl_rrset ns = { 0 };
        if (!is(set, full, FL_RR_NS))
            continue;
        values_of(ctx, set, &ns);
        names = fl_alloc(ctx, (ns.n + 1) * sizeof *names);
        for (size_t k = 0; names && k < ns.n; k++)
            names[k] = ns.values[k].text;
    }
    return names && names[0] ? names : NULL;
}

/* ---- writing -------------------------------------------------------------------------- */

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}

/* Targets of aliases: without case and final dot. */
static bool same_name(const char *name, const struct fl_value *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(v[i].text);
        len -= len > 1 && v[i].text[len - 1] == '.';
        if (strlen(name) == len && strncasecmp(name, v[i].text, len) == 0)
            return true;
    }
    return false;
}

static bool add(struct fl_ctx *ctx, json_t *records, uint32_t type, const char *text)
{
    return json_array_append(records, fl_json_pack(ctx, "{s:s,s:b}", "content",
                                                   content_write(ctx, type, text), "disabled", 0)) == 0;
}

static bool add_set(struct fl_ctx *ctx, json_t *sets, const struct fl_change *c, const char *full,
                    const char *how, json_t *records)
{
    json_t *set = fl_json_pack(ctx, "{s:s,s:s,s:s,s:O}", "name", full, "type", content_type(c->type),
                               "changetype", how, "records", records);

    if (strcmp(how, "DELETE") != 0 && strcmp(how, "PRUNE") != 0 &&
        json_object_set_new(set, "ttl", json_integer(c->ttl)) != 0)
        return false;
    return json_array_append(sets, set) == 0;
}

/* Values of `from` that are not in `in`, as one EXTEND or PRUNE. */
static bool difference(struct fl_ctx *ctx, json_t *sets, const struct fl_change *c, const char *full,
                       bool extend)
{
    const struct fl_value *from = extend ? c->after : c->before, *in = extend ? c->before : c->after;
    size_t n = extend ? c->nafter : c->nbefore, m = extend ? c->nbefore : c->nafter;
    json_t *records = fl_json_pack(ctx, "[]");
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++)
        ok = holds(in, m, from[i].text) || add(ctx, records, c->type, from[i].text);
    if (!ok || json_array_size(records) == 0)
        return ok;
    return add_set(ctx, sets, c, full, extend ? "EXTEND" : "PRUNE", records);
}

/* What stands there now without what goes and with what comes: other people's values stay. */
static bool replace(struct fl_ctx *ctx, json_t *sets, const struct fl_change *c, const char *full,
                    const json_t *doc)
{
    struct fl_rrset now = { 0 };
    json_t *records = fl_json_pack(ctx, "[]");
    const json_t *set;
    bool ok = true;
    size_t i;

    json_array_foreach(json_object_get(doc, "rrsets"), i, set) if (is(set, full, c->type))
        values_of(ctx, set, &now);
    for (i = 0; ok && i < now.n; i++) {
        const char *text = now.values[i].text;
        bool goes = holds(c->before, c->nbefore, text) && !holds(c->after, c->nafter, text);
        ok = goes || holds(c->after, c->nafter, text) || add(ctx, records, c->type, text);
    }
    for (i = 0; ok && i < c->nafter; i++)
        ok = add(ctx, records, c->type, c->after[i].text);
    return ok && add_set(ctx, sets, c, full, json_array_size(records) ? "REPLACE" : "DELETE", records);
}

/* Of an alias there is one: to write it is to replace what stands there. */
static int look_alias(struct fl_ctx *ctx, const struct fl_change *c, const char *full, const json_t *doc,
                      bool *done_out)
{
    struct fl_rrset now = { 0 };
    const json_t *set;
    size_t i;

    json_array_foreach(json_object_get(doc, "rrsets"), i, set) if (is(set, full, c->type))
        values_of(ctx, set, &now);
    const char *target = now.n > 0 ? now.values[0].text : NULL;
    *done_out = target && same_name(target, c->after, c->nafter) && c->ttl == now.ttl;
    if (target ? same_name(target, c->before, c->nbefore) || same_name(target, c->after, c->nafter)
               : c->nbefore == 0 || c->nafter == 0)
        return FL_OK;
    return fl_fail(ctx, FL_ESTALE, "%s %s%s: not what was expected", full,
                   target ? "is an alias to " : "is no alias", target ? target : "");
}

/* Single values are added and taken away; a TTL is the whole RRset's. */
static bool by_value(const struct fl_change *c)
{
    bool same = c->nbefore == c->nafter;

    for (size_t i = 0; same && i < c->nafter; i++)
        same = holds(c->before, c->nbefore, c->after[i].text);
    return c->type != FL_RR_CNAME && (!same || c->ttl == c->ttl_before);
}

static int one(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *c, const json_t *all,
               json_t *sets)
{
    const struct self *s = fl_self(ctx);
    const char *full = api_name(ctx, c->name, zone->apex);
    bool alias = c->type == FL_RR_CNAME, done = false;
    json_t *doc = NULL;
    int code = FL_OK;

    if (!content_type(c->type))
        return fl_fail(ctx, FL_EREJECT, "records of type %u are not written", (unsigned)c->type);
    if (s->extends && by_value(c))
        return difference(ctx, sets, c, full, false) && difference(ctx, sets, c, full, true) ? FL_OK
                                                                                             : FL_ENOMEM;
    if (!all)
        code = fetch(ctx, zone->id, full, c->type, &doc);
    if (code == FL_OK && alias)
        code = look_alias(ctx, c, full, all ? all : doc, &done);
    if (code != FL_OK || done)
        return code;
    return replace(ctx, sets, c, full, all ? all : doc) ? FL_OK : FL_ENOMEM;
}

int rrsets_apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n)
{
    const struct self *s = fl_self(ctx);
    json_t *sets = fl_json_pack(ctx, "[]"), *all = NULL, *answer;
    int code = FL_OK;

    if (!s->extends && n > SINGLE_LOOKS)
        code = fetch(ctx, zone->id, NULL, 0, &all);
    for (size_t i = 0; code == FL_OK && i < n; i++)
        code = one(ctx, zone, &changes[i], all, sets);
    if (code != FL_OK || json_array_size(sets) == 0)
        return code;
    return api_call(ctx, "PATCH", fl_printf(ctx, "/zones/%s", zone->id),
                    fl_json_pack(ctx, "{s:O}", "rrsets", sets), &answer);
}
