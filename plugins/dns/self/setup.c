/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - from options to zones that can be asked. */
#include "address.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OWN_TTL = 3600, SERVERS = 16 };

/* hostmaster@example.org as a name: dots before the @ are escaped (RFC 1035 section 8). */
static bool mailbox(struct fl_ctx *ctx, const char *mail, const char *zone, struct wire_name *out)
{
    const char *at = mail ? strchr(mail, '@') : NULL, *text = "";
    if (!mail)
        return wire_from_text(fl_printf(ctx, "hostmaster.%s", zone), out);
    if (!at)
        return *mail && wire_from_text(mail, out);
    for (const char *c = mail; c < at; c++)
        text = fl_printf(ctx, "%s%s%c", text, *c == '.' || *c == '\\' ? "\\" : "", *c);
    return at > mail && at[1] && wire_from_text(fl_printf(ctx, "%s.%s", text, at + 1), out);
}

static int check_zone(struct fl_ctx *ctx, const struct conf *conf, const char *const *zone)
{
    struct wire_name n;
    if (!wire_from_text(*zone, &n))
        return fl_fail(ctx, FL_ECONF, "`serve`: %s is not the name of a zone", *zone);
    for (const char *const *other = conf->serve; other < zone; other++)
        if (strcasecmp(*other, *zone) == 0)
            return fl_fail(ctx, FL_ECONF, "`serve` names %s twice", *zone);
    if (!mailbox(ctx, conf->hostmaster, *zone, &n))
        return fl_fail(ctx, FL_ECONF, "`hostmaster`: %s is not a mail address", conf->hostmaster);
    return FL_OK;
}

int setup_check(struct fl_ctx *ctx, const void *c)
{
    const struct conf *conf = c;
    if (!*conf->serve)
        return fl_fail(ctx, FL_ECONF, "`serve` names no zone");
    for (const char *const *z = conf->serve; *z; z++) {
        int rc = check_zone(ctx, conf, z);
        if (rc != FL_OK)
            return rc;
    }
    return FL_OK;
}

static int put_own(struct fl_ctx *ctx, struct zone *z, const struct wire_name *name, uint32_t type,
                   const struct fl_value *values, size_t n)
{
    struct zone_set *set = NULL;
    char why[160] = "";
    if (n == 0)
        return FL_OK;
    int rc = zone_set_new(type, OWN_TTL, values, n, &set, why);
    if (rc != FL_OK)
        return fl_fail(ctx, rc == FL_ENOMEM ? rc : FL_ECONF, "zone %s: %s", z->apex, why);
    if (zone_put_own(z, name, set))
        return FL_OK;
    zone_set_free(set);
    return FL_ENOMEM;
}

/* A name server in a zone of ours: nobody else can say where it is. */
static int put_addresses(struct fl_ctx *ctx, struct zone *z, const struct wire_name *name)
{
    struct fl_value v4[SERVERS], v6[SERVERS];
    size_t n4 = address_own(ctx, false, v4, SERVERS), n6 = address_own(ctx, true, v6, SERVERS);
    if (n4 + n6 == 0)
        return fl_fail(
            ctx, FL_ECONF,
            "zone %s: its name server lies in a zone that is served here, and no interface of this machine "
            "has an address that could be told: give `addresses`, or `name_servers` elsewhere",
            z->apex);
    int rc = put_own(ctx, z, name, FL_RR_A, v4, n4);
    return rc == FL_OK ? put_own(ctx, z, name, FL_RR_AAAA, v6, n6) : rc;
}

static int put_servers(struct fl_ctx *ctx, struct self *s, struct zone *z)
{
    struct fl_value ns[SERVERS] = { { NULL, NULL } };
    size_t n = 0;
    int rc = FL_OK;
    for (; z->name_servers[n] && n < SERVERS; n++)
        ns[n] = (struct fl_value){ .text = z->name_servers[n] };
    rc = put_own(ctx, z, &z->name, FL_RR_NS, ns, n);
    /* A zone within another of ours: the outer one has to know that there is something. */
    struct wire_name up;
    wire_parent(&z->name, &up);
    struct zone *outer = self_zone(s, &up);
    if (rc == FL_OK && outer && outer != z)
        rc = put_own(ctx, outer, &z->name, FL_RR_NS, ns, n);
    for (size_t i = 0; i < n && rc == FL_OK; i++) {
        struct wire_name name;
        if (!wire_from_text(ns[i].text, &name))
            return fl_fail(ctx, FL_ECONF, "`name_servers`: %s is not a host name", ns[i].text);
        struct zone *of = self_zone(s, &name);
        if (of)
            rc = put_addresses(ctx, of, &name);
    }
    return rc;
}

static int start_zone(struct fl_ctx *ctx, struct zone *z, const char *apex)
{
    const struct conf *conf = fl_conf(ctx);
    size_t n = 0;
    if (!zone_init(z, apex))
        return FL_ENOMEM;
    while (conf->name_servers && conf->name_servers[n])
        n++;
    z->name_servers = calloc(n + 2, sizeof *z->name_servers);
    z->made = n == 0 ? strdup(fl_printf(ctx, "ns.%s", apex)) : NULL;
    if (!z->name_servers || (n == 0 && !z->made))
        return FL_ENOMEM;
    for (size_t i = 0; i < n; i++)
        z->name_servers[i] = conf->name_servers[i];
    if (z->made)
        z->name_servers[0] = z->made;
    z->serial = (uint32_t)(fl_now_ms(ctx) / 1000);
    z->negative_ttl = (uint32_t)(conf->negative_ttl / 1000);
    if (!wire_from_text(z->name_servers[0], &z->primary) ||
        !mailbox(ctx, conf->hostmaster, apex, &z->mailbox))
        return fl_fail(ctx, FL_ECONF, "zone %s: its name server or hostmaster is no name", apex);
    return FL_OK;
}

int setup_zones(struct fl_ctx *ctx, struct self *s)
{
    const struct conf *conf = fl_conf(ctx);
    size_t n = 0;
    int rc = fl_random(ctx, s->limit.key, sizeof s->limit.key);
    while (conf->serve[n])
        n++;
    s->limit.per_second = conf->answers;
    s->zones = calloc(n ? n : 1, sizeof *s->zones);
    if (!s->zones)
        return FL_ENOMEM;
    for (size_t i = 0; i < n && rc == FL_OK; i++) {
        s->nzones = i + 1;
        rc = start_zone(ctx, &s->zones[i], conf->serve[i]);
    }
    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = put_servers(ctx, s, &s->zones[i]);
    return rc;
}
