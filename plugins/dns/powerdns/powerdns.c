/* SPDX-License-Identifier: Apache-2.0 */
/*
 * powerdns.c - DNS provider `powerdns`: the HTTP API of PowerDNS Authoritative.
 *
 * Servers from 4.9.12 and 5.0.2 on add and take away single values (EXTEND, PRUNE). Others replace whole RRsets:
 * what stands there is read right before, so that values of others stay.
 */
#include "powerdns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = { "Native", "Master", NULL };

static const struct fl_option options[] = {
    FL_URL(struct conf, url, FL_REQUIRED, NULL, "where its web server listens: \"http://127.0.0.1:8081\""),
    FL_SECRET(struct conf, key, FL_REQUIRED, "the server's api-key"),
    FL_STRING(struct conf, server, 0, "localhost", "the server's id in the API"),
    FL_ENUM(struct conf, kind, 0, "Native", kinds,
            "of zones that are made; Master sends them to secondaries"),
    FL_LISTOF(struct conf, name_servers, FL_T_DOMAIN, 0, NULL,
              "of zones that are made, \"ns1.example.net\"; none can be made without"),
    FL_END,
};

int api_call(struct fl_ctx *ctx, const char *method, const char *path, json_t *body, json_t **out)
{
    const struct conf *c = fl_conf(ctx);
    size_t len = strlen(c->url);
    const char *const headers[] = { fl_printf(ctx, "X-API-Key: %s", c->key), NULL };
    const struct fl_http req = {
        .method = method,
        .url = fl_printf(ctx, "%.*s/api/v1/servers/%s%s", (int)(len - (len && c->url[len - 1] == '/')),
                         c->url, c->server, path),
        .headers = headers,
        .limit = (size_t)64 * 1024 * 1024, /* a zone as a whole */
    };
    struct fl_reply reply;
    int code = fl_http_json_reply(ctx, &req, body, &reply, out);
    const char *why = json_string_value(json_object_get(*out, "error"));

    if (reply.status == 404) /* older servers say so without JSON */
        return fl_fail(ctx, FL_EREJECT, "%s %s: %s has no such %s (any more): %s", method, path, c->url,
                       strncmp(path, "/zones/", 7) == 0 ? "zone" : "server; see the option `server`",
                       why ? why : "not found");
    return code != FL_OK && why ? fl_fail(ctx, code, "%s %s: %s", method, path, why) : code;
}

const char *api_name(struct fl_ctx *ctx, const char *name, const char *apex)
{
    return fl_printf(ctx, "%s%s%s.", name, *name ? "." : "", apex);
}

static int open_self(struct fl_ctx *ctx, void **self_out)
{
    (void)ctx;
    *self_out = calloc(1, sizeof(struct self));
    return *self_out ? FL_OK : FL_ENOMEM;
}

/* "4.9.12", "5.0.2-rc1"; anything that cannot be read is old. */
static bool version_extends(const char *version)
{
    unsigned major = 0, minor = 0, patch = 0;

    if (!version || sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2)
        return false;
    if (major == 4)
        return minor == 9 && patch >= 12;
    return major > 5 || (major == 5 && (minor > 0 || patch >= 2));
}

static int know_server(struct fl_ctx *ctx)
{
    struct self *s = fl_self(ctx);
    json_t *about;
    int code = s->asked ? FL_OK : api_call(ctx, "GET", "", NULL, &about);

    if (code != FL_OK || s->asked)
        return code;
    s->extends = version_extends(json_string_value(json_object_get(about, "version")));
    s->asked = true;
    return FL_OK;
}

static int test(struct fl_ctx *ctx)
{
    struct self *s = fl_self(ctx);

    s->asked = false;
    return know_server(ctx);
}

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    const struct conf *c = fl_conf(ctx);

    *out = (struct fl_dns_caps){ .flags = FL_CAP_VALUES | FL_CAP_ATOMIC | FL_CAP_LIST_ALL | FL_CAP_ALIAS |
                                          (c->name_servers ? FL_CAP_CREATE : 0u) };
    return FL_OK;
}

static int emit(struct fl_ctx *ctx, const json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    const struct fl_zone z = { .apex = name, .id = json_string_value(json_object_get(item, "id")) };

    return name && z.id ? fl_emit_zone(ctx, &z) : fl_fail(ctx, FL_EPROTO, "a zone without name or id");
}

static int zones(struct fl_ctx *ctx)
{
    const json_t *item;
    json_t *list;
    size_t i;
    int code = api_call(ctx, "GET", "/zones?dnssec=false", NULL, &list);

    json_array_foreach(list, i, item)
    {
        if (code == FL_OK)
            code = emit(ctx, item);
    }
    return code;
}

static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    const struct conf *c = fl_conf(ctx);
    const char *full = api_name(ctx, "", apex);
    json_t *list;
    int code = api_call(ctx, "GET", fl_printf(ctx, "/zones?zone=%s&dnssec=false", full), NULL, &list);
    const json_t *item = json_array_get(list, 0);
    const char *name = json_string_value(json_object_get(item, "name"));

    if (code != FL_OK)
        return code;
    if (!name || strcasecmp(name, full) != 0)
        return fl_fail(ctx, FL_EREJECT, "%s has no zone %s", c->url, apex);
    *out = (struct fl_zone){ .apex = apex, .id = json_string_value(json_object_get(item, "id")) };
    if (!out->id)
        return fl_fail(ctx, FL_EPROTO, "zone %s came without an id", apex);
    out->name_servers = rrsets_name_servers(ctx, out->id, apex);
    return FL_OK;
}

/* One that is there already was made, by us or by somebody who was quicker. */
static int create(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    const struct conf *c = fl_conf(ctx);
    json_t *servers = fl_json_pack(ctx, "[]"), *made;
    int code = zone(ctx, apex, out);

    if (code != FL_EREJECT)
        return code;
    if (!c->name_servers)
        return fl_fail(ctx, FL_ECONF, "no zone can be made without name_servers");
    for (const char *const *ns = c->name_servers; *ns; ns++)
        if (json_array_append(servers, fl_json_pack(ctx, "s", fl_printf(ctx, "%s.", *ns))) != 0)
            return FL_ENOMEM;
    code = api_call(ctx, "POST", "/zones",
                    fl_json_pack(ctx, "{s:s,s:s,s:O}", "name", api_name(ctx, "", apex), "kind",
                                 kinds[c->kind], "nameservers", servers),
                    &made);
    return code == FL_OK || code == FL_ESTALE ? zone(ctx, apex, out) : code;
}

static int apply(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    int code = know_server(ctx);

    (void)receipt_out;
    return code == FL_OK ? rrsets_apply(ctx, z, changes, n) : code;
}

static const struct fl_dns_ops ops = { .size = sizeof ops,
                                       .open = open_self,
                                       .close = free,
                                       .test = test,
                                       .caps = caps,
                                       .zones = zones,
                                       .zone = zone,
                                       .create = create,
                                       .list = rrsets_list,
                                       .apply = apply };
FL_DNS_PLUGIN(&ops, .name = "powerdns", .version = "0.1",
              .summary = "PowerDNS Authoritative, by its HTTP API", .options = options,
              .conf_size = sizeof(struct conf));
