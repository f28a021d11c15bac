/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - a DNS provider to begin with; its service does not exist, but has an API as many have it. */
#include <fl/dns.h>
#include <fl/json.h>

struct conf {
    const char *token, *api;
};
static const struct fl_option options[] = {
    FL_SECRET(struct conf, token, FL_REQUIRED, "API token that may read and write zones"),
    FL_URL(struct conf, api, 0, "https://api.dns.example/v1", "base URL of the API"),
    FL_END,
};

/* One request. What the service says of a failure replaces the words of HTTP; the code stays. */
static int call(struct fl_ctx *ctx, const char *method, const char *path, json_t *body, json_t **out)
{
    const struct conf *conf = fl_conf(ctx);
    const char *const headers[] = { fl_printf(ctx, "Authorization: Bearer %s", conf->token), NULL };
    const char *url = fl_printf(ctx, "%s%s", conf->api, path);
    int code =
        fl_http_json(ctx, &(struct fl_http){ .method = method, .url = url, .headers = headers }, body, out);
    const char *why = json_string_value(json_object_get(*out, "error"));

    return code != FL_OK && why ? fl_fail(ctx, code, "%s %s: %s", method, path, why) : code;
}
static const char *rrset_path(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type)
{
    return fl_printf(ctx, "/zones/%s/rrsets/%s/%u", zone->id, *name ? name : "@", type);
}
static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    (void)ctx;
    *out = (struct fl_dns_caps){ .per_minute = 120 };
    return FL_OK;
}
static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    json_t *answer;
    int code = call(ctx, "GET", fl_printf(ctx, "/zones/%s", apex), NULL, &answer);

    if (code != FL_OK)
        return code; /* 404 has become FL_EREJECT: the account does not hold it */
    *out = (struct fl_zone){ .apex = apex, .id = json_string_value(json_object_get(answer, "id")) };
    return out->id ? FL_OK : fl_fail(ctx, FL_EPROTO, "zone %s came without an id", apex);
}
static int list(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type)
{
    json_t *answer, *values;
    int code = call(ctx, "GET", rrset_path(ctx, zone, name, type), NULL, &answer);
    struct fl_rrset set = { .name = name, .type = type };

    values = json_object_get(answer, "values");
    set.ttl = (uint32_t)json_integer_value(json_object_get(answer, "ttl"));
    set.n = json_array_size(values);
    struct fl_value *v = fl_alloc(ctx, set.n * sizeof *v);
    for (size_t i = 0; v && i < set.n; i++)
        v[i].text = json_string_value(json_array_get(values, i));
    set.values = v;
    return code == FL_OK && set.n > 0 ? fl_emit_rrset(ctx, &set) : code;
}
/* The service replaces whole RRsets, so what is to be there afterwards is all that it has to know. */
static int apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    int code = FL_OK;

    (void)receipt_out;
    for (const struct fl_change *c = changes; c < changes + n && code == FL_OK; c++) {
        json_t *values = fl_json_pack(ctx, "[]"), *answer;
        for (size_t i = 0; i < c->nafter; i++)
            if (json_array_append(values, fl_json_pack(ctx, "s", c->after[i].text)) != 0)
                return FL_ENOMEM;
        code = call(ctx, "PUT", rrset_path(ctx, zone, c->name, c->type),
                    fl_json_pack(ctx, "{s:i,s:O}", "ttl", (int)c->ttl, "values", values), &answer);
    }
    return code;
}

static const struct fl_dns_ops ops = {
    .size = sizeof ops, .caps = caps, .zone = zone, .list = list, .apply = apply
};
FL_DNS_PLUGIN(&ops, .name = "template", .version = "1", .summary = "a DNS service that does not exist",
              .options = options, .conf_size = sizeof(struct conf));
