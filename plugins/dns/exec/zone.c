/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c - zones and records in the documents that the program reads and writes. */
#include "exec.h"

#include <string.h>
#include <strings.h>

static const struct {
    uint32_t type;
    const char *name;
} types[] = { { FL_RR_A, "A" },   { FL_RR_AAAA, "AAAA" }, { FL_RR_CNAME, "CNAME" },
              { FL_RR_NS, "NS" }, { FL_RR_SOA, "SOA" },   { FL_RR_TXT, "TXT" } };

const char *zone_type(struct fl_ctx *ctx, uint32_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].name;
    return fl_printf(ctx, "TYPE%u", (unsigned)type); /* RFC 3597 section 5 */
}
static uint32_t type_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i].name, name) == 0)
            return types[i].type;
    return 0;
}

/* ---- what it reads ---- */

json_t *zone_write(struct fl_ctx *ctx, const struct fl_zone *zone)
{
    return fl_json_pack(ctx, "{s:s, s:s*}", "apex", zone->apex, "id", zone->id);
}
static json_t *texts(struct fl_ctx *ctx, const struct fl_value *v, size_t n)
{
    json_t *list = fl_json_pack(ctx, "[]");

    for (size_t i = 0; i < n; i++)
        if (json_array_append(list, fl_json_pack(ctx, "s", v[i].text)) != 0)
            return NULL;
    return list;
}
json_t *zone_changes(struct fl_ctx *ctx, const struct fl_change *changes, size_t n)
{
    json_t *list = fl_json_pack(ctx, "[]");

    for (size_t i = 0; i < n; i++) {
        const struct fl_change *c = &changes[i];
        json_t *one = fl_json_pack(ctx, "{s:s, s:s, s:I, s:I, s:O, s:O, s:s*}", "name", c->name, "type",
                                   zone_type(ctx, c->type), "ttl_before", (json_int_t)c->ttl_before, "ttl",
                                   (json_int_t)c->ttl, "before", texts(ctx, c->before, c->nbefore), "after",
                                   texts(ctx, c->after, c->nafter), "etag", c->etag);
        if (json_array_append(list, one) != 0)
            return NULL;
    }
    return list;
}

/* ---- what it writes ---- */

/* Texts of a list; NULL where it is none, or holds something else. */
static const char *const *strings(struct fl_ctx *ctx, const json_t *list)
{
    size_t n = json_array_size(list);
    const char **all = fl_alloc(ctx, (n + 1) * sizeof *all);

    for (size_t i = 0; all && i < n; i++) {
        all[i] = json_string_value(json_array_get(list, i));
        if (!all[i])
            return NULL;
    }
    return all;
}
int zone_read(struct fl_ctx *ctx, const json_t *answer, const char *apex, struct fl_zone *out)
{
    const json_t *zone = json_object_get(answer, "zone"), *servers = json_object_get(zone, "name_servers");
    const char *const *names = json_array_size(servers) ? strings(ctx, servers) : NULL;

    if (!json_is_object(zone))
        return fl_fail(
            ctx, FL_EPROTO,
            "the program is content and does not answer with `zone`; for a zone that it does not hold "
            "it answers with the code \"reject\" or ends with status 65");
    if (json_array_size(servers) && !names)
        return fl_fail(ctx, FL_EPROTO, "name_servers of zone %s is not a list of names", apex);
    *out = (struct fl_zone){ .apex = apex,
                             .id = json_string_value(json_object_get(zone, "id")),
                             .name_servers = names };
    return FL_OK;
}
static int emit_one(struct fl_ctx *ctx, const json_t *set)
{
    const char *name = json_string_value(json_object_get(set, "name"));
    const char *type = json_string_value(json_object_get(set, "type"));
    const json_t *list = json_object_get(set, "values");
    json_int_t ttl = json_integer_value(json_object_get(set, "ttl"));
    const char *const *all = json_is_array(list) ? strings(ctx, list) : NULL;
    size_t n = json_array_size(list);
    struct fl_value *v = fl_alloc(ctx, (n + 1) * sizeof *v);

    if (!name || !type || !all || !v || ttl < 0 || ttl > INT32_MAX)
        return fl_fail(ctx, FL_EPROTO,
                       "of rrsets each has a name, a type, a ttl and values, all texts: %s lacks some",
                       name ? name : "one without name");
    for (size_t i = 0; i < n; i++)
        v[i].text = all[i];
    if (n == 0 || !type_of(type))
        return FL_OK;
    return fl_emit_rrset(ctx, &(struct fl_rrset){ .name = name,
                                                  .type = type_of(type),
                                                  .ttl = (uint32_t)ttl,
                                                  .values = v,
                                                  .n = n,
                                                  .etag = json_string_value(json_object_get(set, "etag")) });
}
int zone_emit(struct fl_ctx *ctx, const json_t *rrsets)
{
    const json_t *set;
    size_t i;
    int code = FL_OK;

    if (!json_is_array(rrsets))
        return fl_fail(ctx, FL_EPROTO,
                       "the program does not answer `list` with `rrsets`, a list that may be empty");
    json_array_foreach(rrsets, i, set)
    {
        if (code == FL_OK)
            code = emit_one(ctx, set);
    }
    return code;
}
