/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.c - DNS provider `self`: fairlead answers for zones that are delegated to it.
 *
 * An authoritative responder inside the daemon, for zones of its own such as acme.example.org,
 * which other zones reach by a CNAME at _acme-challenge or which hold the names themselves. What it
 * serves is what the core has asked for, held in memory; at start the core writes again
 * what is still wanted (FL_CAP_INSTANT). Served are A, AAAA, CNAME and TXT records that the core writes,
 * SOA, NS and the name servers' own addresses. No DNSSEC, no transfers, no wildcards.
 */
#include "self.h"
#include <stdlib.h>
#include <strings.h>

enum { MAX_VALUES = 2000 };

static const struct fl_option options[] = {
    FL_LISTOF(struct conf, serve, FL_T_DOMAIN, FL_REQUIRED, NULL,
              "zones to answer for, as they are delegated"),
    FL_ADDRESSES(struct conf, listen, 0, "[::]:53", 53, "addresses to answer on, by UDP and TCP"),
    FL_LISTOF(struct conf, name_servers, FL_T_DOMAIN, 0, NULL,
              "host names of this responder, as the delegation gives them; by default ns.ZONE"),
    FL_ADDRESSES(
        struct conf, addresses, 0, NULL, 53,
        "public addresses of this responder, told for name servers that lie in its own zones; by default "
        "those of `listen`, or this machine's"),
    FL_STRING(struct conf, hostmaster, 0, NULL,
              "mail address of whoever cares for the zones; by default hostmaster@ZONE"),
    FL_DURATION(struct conf, negative_ttl, 0, "10s", 1000, 3600000,
                "how long resolvers may remember that a name or record is not there"),
    FL_INT(
        struct conf, answers, 0, "200", 0, 1000000,
        "full answers by UDP a second to one client network (/24, /56), beyond that they are sent to TCP; 0 is no "
        "limit"),
    FL_END,
};

struct zone *self_zone(const struct self *s, const struct wire_name *name)
{
    struct zone *best = NULL;
    for (size_t i = 0; i < s->nzones; i++)
        if (wire_below(name, &s->zones[i].name) && (!best || s->zones[i].name.len > best->name.len))
            best = &s->zones[i];
    return best;
}

static void close_self(void *p)
{
    struct self *s = p;
    for (size_t i = 0; s && s->zones && i < s->nzones; i++)
        zone_done(&s->zones[i]);
    if (s)
        free(s->zones);
    free(s);
}

static int open_self(struct fl_ctx *ctx, void **self_out)
{
    struct self *s = calloc(1, sizeof *s);
    if (!s)
        return FL_ENOMEM;
    int rc = setup_zones(ctx, s);
    if (rc == FL_OK)
        rc = ear_open(ctx);
    if (rc != FL_OK)
        close_self(s);
    else
        *self_out = s;
    return rc;
}

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    (void)ctx;
    *out = (struct fl_dns_caps){ .flags = FL_CAP_ATOMIC | FL_CAP_INSTANT | FL_CAP_LIST_ALL,
                                 .max_values = MAX_VALUES };
    return FL_OK;
}

static struct zone *by_apex(struct fl_ctx *ctx, const char *apex)
{
    struct self *s = fl_self(ctx);
    for (size_t i = 0; i < s->nzones; i++)
        if (strcasecmp(s->zones[i].apex, apex) == 0)
            return &s->zones[i];
    fl_fail(ctx, FL_EREJECT,
            "zone %s is not served here: put it into `serve` and delegate it to this machine", apex);
    return NULL;
}

static struct fl_zone describe(const struct zone *z)
{
    return (struct fl_zone){ .apex = z->apex, .name_servers = z->name_servers };
}

static int zones(struct fl_ctx *ctx)
{
    const struct self *s = fl_self(ctx);
    int rc = FL_OK;
    for (size_t i = 0; i < s->nzones && rc == FL_OK; i++) {
        struct fl_zone z = describe(&s->zones[i]);
        rc = fl_emit_zone(ctx, &z);
    }
    return rc;
}

static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    const struct zone *z = by_apex(ctx, apex);
    if (!z)
        return FL_EREJECT;
    *out = describe(z);
    return FL_OK;
}

static int emit(struct fl_ctx *ctx, const struct zone_node *node, const struct zone_set *set)
{
    struct fl_value *values = fl_alloc(ctx, set->n * sizeof *values);
    if (!values)
        return FL_ENOMEM;
    for (size_t i = 0; i < set->n; i++)
        values[i].text = set->values[i].text;
    return fl_emit_rrset(
        ctx, &(struct fl_rrset){
                 .name = node->relative, .type = set->type, .ttl = set->ttl, .values = values, .n = set->n });
}

static int list_all(struct fl_ctx *ctx, const struct zone *z)
{
    for (size_t i = 0; i < z->nbuckets; i++)
        for (const struct zone_node *n = z->buckets[i]; n; n = n->next)
            for (const struct zone_set *s = n->sets; s; s = s->next) {
                int rc = emit(ctx, n, s);
                if (rc != FL_OK)
                    return rc;
            }
    return FL_OK;
}

/* The absolute name of a relative one. */
static bool absolute(struct fl_ctx *ctx, const struct zone *z, const char *name, struct wire_name *out)
{
    return wire_from_text(*name ? fl_printf(ctx, "%s.%s", name, z->apex) : z->apex, out);
}

static int list(struct fl_ctx *ctx, const struct fl_zone *of, const char *name, uint32_t type)
{
    const struct zone *z = by_apex(ctx, of->apex);
    struct wire_name at;
    if (!z)
        return FL_EREJECT;
    if (!name)
        return list_all(ctx, z);
    const struct zone_node *node = absolute(ctx, z, name, &at) ? zone_find(z, &at) : NULL;
    const struct zone_set *set = type <= UINT16_MAX ? zone_set(node, (uint16_t)type) : NULL;
    return set ? emit(ctx, node, set) : FL_OK;
}

/* Everything that can go wrong goes wrong here, before the zone changes. */
static int prepare(struct fl_ctx *ctx, const struct zone *z, const struct fl_change *c,
                   struct zone_plan *plan)
{
    char why[160] = "";
    const char *shown = *c->name ? c->name : "@";
    if (!absolute(ctx, z, c->name, &plan->name))
        return fl_fail(ctx, FL_EREJECT, "%s in zone %s: not a domain name", shown, z->apex);
    if (self_zone(fl_self(ctx), &plan->name) != z)
        return fl_fail(ctx, FL_EREJECT, "%s in zone %s: a longer zone of this responder holds that name",
                       shown, z->apex);
    if (c->type > UINT16_MAX)
        return fl_fail(ctx, FL_EREJECT, "%s in zone %s: there is no type %u", shown, z->apex,
                       (unsigned)c->type);
    plan->type = (uint16_t)c->type;
    if (c->nafter == 0)
        return FL_OK;
    int rc = zone_set_new(c->type, c->ttl, c->after, c->nafter, &plan->set, why);
    if (rc == FL_EREJECT)
        return fl_fail(ctx, rc, "%s in zone %s: %s", shown, z->apex, why);
    return rc;
}

static int apply(struct fl_ctx *ctx, const struct fl_zone *to, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    struct zone *z = by_apex(ctx, to->apex);
    struct zone_plan *plans = fl_alloc(ctx, (n ? n : 1) * sizeof *plans);
    char why[160] = "";
    int rc = !z ? FL_EREJECT : !plans ? FL_ENOMEM : FL_OK;
    (void)receipt_out;
    for (size_t i = 0; i < n && rc == FL_OK; i++)
        rc = prepare(ctx, z, &changes[i], &plans[i]);
    if (rc == FL_OK) {
        rc = zone_put(z, plans, n, why);
        if (rc == FL_EREJECT)
            fl_fail(ctx, rc, "zone %s: %s", z->apex, why);
        else if (rc == FL_OK)
            z->serial++;
    }
    for (size_t i = 0; plans && i < n; i++)
        zone_set_free(plans[i].set);
    return rc;
}

static const struct fl_dns_ops ops = {
    .size = sizeof ops,
    .open = open_self,
    .close = close_self,
    .caps = caps,
    .zones = zones,
    .zone = zone,
    .list = list,
    .apply = apply,
};

FL_DNS_PLUGIN(&ops, .name = "self", .version = "1.0",
              .summary = "answers for zones that are delegated to fairlead itself", .options = options,
              .conf_size = sizeof(struct conf), .check = setup_check);
