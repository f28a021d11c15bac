/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc2136.c - DNS provider `rfc2136`: dynamic updates (RFC 2136) signed with TSIG (RFC 8945).
 *
 * For BIND, Knot, PowerDNS and others that take updates. All changes of a batch go out in one message,
 * over TCP, and are applied by the server as a whole. Zones are found by asking the server for their SOA,
 * with the same key, so that views that are chosen by key give the right answer. Names are listed by questions, the whole
 * zone by a transfer, where the server allows one.
 */
#include "rfc2136.h"
#include <stdlib.h>
#include <string.h>

/* A message has 64 KiB; an owner name up to 255 bytes beside each value. More than fits is refused
 * and halved by the core. */
enum { MAX_VALUES = 600, MAX_BYTES = 36000 };

static const struct fl_option options[] = {
    FL_ADDRESSES(
        struct conf, server, FL_REQUIRED, NULL, 53,
        "address of the zones' primary server; of several the next is asked when one does not answer"),
    FL_SECRET(
        struct conf, key, FL_REQUIRED,
        "TSIG key, as \"file:PATH\" of a file that tsig-keygen or keymgr -t wrote, or NAME:ALGORITHM:SECRET"),
    FL_STRING(struct conf, key_name, 0, NULL, "which key of the file; by default the first"),
    FL_BOOL(struct conf, transfer, "false",
            "the server lets the key transfer zones (AXFR): they are listed as a whole, else name by name"),
    FL_END,
};

static int check(struct fl_ctx *ctx, const void *conf)
{
    const struct conf *c = conf;
    struct key key;
    int code = key_parse(ctx, c->key, c->key_name, &key);
    explicit_bzero(&key, sizeof key);
    return code;
}

static void close_self(void *p)
{
    if (p)
        explicit_bzero(p, sizeof(struct self));
    free(p);
}

static int open_self(struct fl_ctx *ctx, void **self_out)
{
    const struct conf *c = fl_conf(ctx);
    struct self *s = calloc(1, sizeof *s);
    if (!s)
        return FL_ENOMEM;
    int code = key_parse(ctx, c->key, c->key_name, &s->key);
    if (code == FL_OK)
        *self_out = s;
    else
        close_self(s);
    return code;
}

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    const struct conf *c = fl_conf(ctx);
    *out =
        (struct fl_dns_caps){ .flags = FL_CAP_VALUES | FL_CAP_ATOMIC | (c->transfer ? FL_CAP_LIST_ALL : 0u),
                              .max_values = MAX_VALUES,
                              .max_bytes = MAX_BYTES };
    return FL_OK;
}

/* Any answer that is signed with our key shows that the server knows it. Knot looks at keys for zones that it has:
 * a refusal for another one shows nothing, and is no failure of the key. */
static int test(struct fl_ctx *ctx)
{
    struct self *s = fl_self(ctx);
    struct reply r;
    return talk_ask(ctx, s->apex, FL_RR_SOA, &r);
}

static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    struct self *s = fl_self(ctx);
    struct reply r;
    struct records soa, ns;
    int code = talk_ask(ctx, apex, FL_RR_SOA, &r);
    /* Who looks at the key knows the zone: the question to try the key with from here on. */
    if ((code == FL_OK ? !r.refused : code == FL_EAUTH) && !s->apex[0] && strlen(apex) < sizeof s->apex)
        memcpy(s->apex, apex, strlen(apex) + 1);
    if (code != FL_OK)
        return code;
    if (r.rcode == 2)
        return fl_fail(ctx, FL_ETEMP, "%s failed at the SOA of %s (SERVFAIL): see its log", talk_server(ctx),
                       apex);
    code = message_records(ctx, &r, apex, FL_RR_SOA, &soa);
    if (code != FL_OK)
        return code;
    if (r.rcode != 0 || soa.n == 0 || !soa.authoritative)
        return fl_fail(ctx, FL_EREJECT, "%s has no zone %s", talk_server(ctx), apex);
    if (strlen(apex) < sizeof s->apex)
        memcpy(s->apex, apex, strlen(apex) + 1);
    *out = (struct fl_zone){ .apex = apex };
    if (talk_ask(ctx, apex, FL_RR_NS, &r) == FL_OK &&
        message_records(ctx, &r, apex, FL_RR_NS, &ns) == FL_OK && ns.n > 0)
        out->name_servers = ns.texts;
    return FL_OK;
}

static int list_one(struct fl_ctx *ctx, const char *apex, const char *name, uint32_t type)
{
    const char *full = *name ? fl_printf(ctx, "%s.%s", name, apex) : apex;
    struct reply r;
    struct records found;
    int code = talk_ask(ctx, full, type, &r);
    if (code != FL_OK)
        return code;
    if (r.rcode != 0 && r.rcode != 3)
        return fl_fail(ctx, r.rcode == 2 ? FL_ETEMP : FL_EREJECT,
                       "%s does not tell what stands at %s (rcode %d)", talk_server(ctx), full, r.rcode);
    code = message_records(ctx, &r, full, type, &found);
    if (code != FL_OK || found.n == 0)
        return code;
    struct fl_value *values = fl_alloc(ctx, found.n * sizeof *values);
    if (!values)
        return FL_ENOMEM;
    for (size_t i = 0; i < found.n; i++)
        values[i].text = found.texts[i];
    return fl_emit_rrset(
        ctx,
        &(struct fl_rrset){ .name = name, .type = type, .ttl = found.ttl, .values = values, .n = found.n });
}

static int list(struct fl_ctx *ctx, const struct fl_zone *z, const char *name, uint32_t type)
{
    static const uint32_t types[] = { FL_RR_A, FL_RR_AAAA, FL_RR_CNAME, FL_RR_NS, FL_RR_TXT };
    int code = FL_OK;
    if (!name)
        return transfer_list(ctx, z->apex, type);
    if (type != 0)
        return list_one(ctx, z->apex, name, type);
    for (size_t i = 0; i < sizeof types / sizeof *types && code == FL_OK; i++)
        code = list_one(ctx, z->apex, name, types[i]);
    return code;
}

static const struct fl_dns_ops ops = {
    .size = sizeof ops,
    .open = open_self,
    .close = close_self,
    .test = test,
    .caps = caps,
    .zone = zone,
    .list = list,
    .apply = apply_changes,
};

/* clang-format off */
FL_DNS_PLUGIN(&ops,
    .name = "rfc2136",
    .version = "0.1",
    .summary = "dynamic updates signed with TSIG, for BIND, Knot, PowerDNS and the like",
    .options = options,
    .conf_size = sizeof(struct conf),
    .check = check);
/* clang-format on */
