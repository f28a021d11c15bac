/* SPDX-License-Identifier: Apache-2.0 */
/* fake_provider.c - a DNS provider of tests, linked in: an instance over a const table of ops. */
#include "fake_provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lane lets one call in at a time, so that nothing here needs a lock. */
static struct fake_provider *me(struct fl_ctx *ctx) { return fl_self(ctx); }

static struct fake_value *find(struct fake_provider *p, const char *zone, const char *name, uint32_t type,
                               const char *text)
{
    for (size_t i = 0; i < p->n; i++) {
        struct fake_value *v = &p->at[i];
        if (v->type == type && !strcmp(v->zone, zone) && !strcmp(v->name, name) &&
            (!text || !strcmp(v->text, text)))
            return v;
    }
    return NULL;
}

static void to_servers(struct fake_provider *p, const struct fake_value *v, bool add)
{
    char fqdn[300];
    snprintf(fqdn, sizeof fqdn, "%s%s%s", v->name, *v->name ? "." : "", v->zone);
    for (int i = 0; i < FAKE_SERVERS && p->servers[i]; i++) {
        fake_dns_remove(p->servers[i], fqdn, (uint16_t)v->type, v->text);
        if (add)
            fake_dns_add(p->servers[i], fqdn, (uint16_t)v->type, v->text);
    }
}

void fake_provider_put(struct fake_provider *p, const char *zone, const char *name, uint32_t type,
                       const char *text, uint32_t ttl)
{
    struct fake_value *v = find(p, zone, name, type, text);
    if (!v && p->n == FAKE_VALUES)
        abort();
    v = v ? v : &p->at[p->n++];
    snprintf(v->zone, sizeof v->zone, "%s", zone);
    snprintf(v->name, sizeof v->name, "%s", name);
    snprintf(v->text, sizeof v->text, "%s", text);
    v->type = type;
    v->ttl = ttl;
    to_servers(p, v, true);
}

static void take(struct fake_provider *p, const char *zone, const char *name, uint32_t type, const char *text)
{
    struct fake_value *v = find(p, zone, name, type, text);
    if (!v)
        return;
    to_servers(p, v, false);
    *v = p->at[--p->n];
}

bool fake_provider_has(const struct fake_provider *p, const char *zone, const char *name, const char *text)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->at[i].zone, zone) && !strcmp(p->at[i].name, name) && !strcmp(p->at[i].text, text))
            return true;
    return false;
}

static int on_caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    *out = (struct fl_dns_caps){ .flags = me(ctx)->flags };
    return FL_OK;
}

static int on_zones(struct fl_ctx *ctx)
{
    struct fake_provider *p = me(ctx);
    int code = FL_OK;
    p->zones_calls++;
    for (int i = 0; i < FAKE_ZONES && p->zones[i] && code == FL_OK; i++)
        code = fl_emit_zone(ctx, &(struct fl_zone){ .apex = p->zones[i] });
    return code;
}

static int on_zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    struct fake_provider *p = me(ctx);
    p->zone_calls++;
    for (int i = 0; i < FAKE_ZONES && p->zones[i]; i++) {
        if (strcmp(p->zones[i], apex) != 0)
            continue;
        *out = (struct fl_zone){ .apex = p->zones[i], .id = "Z1" };
        return FL_OK;
    }
    return fl_fail(ctx, FL_EREJECT, "no zone %s", apex);
}

static int on_list(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type)
{
    struct fake_provider *p = me(ctx);
    int code = FL_OK;
    p->lists++;
    for (size_t i = 0; i < p->n && code == FL_OK; i++) {
        const struct fake_value *v = &p->at[i];
        struct fl_value value = { .text = v->text, .id = "r1" };
        struct fl_rrset r = { .name = v->name, .type = v->type, .ttl = v->ttl, .values = &value, .n = 1 };
        if (!strcmp(v->zone, zone->apex) && (!name || (!strcmp(v->name, name) && v->type == type)))
            code = fl_emit_rrset(ctx, &r);
    }
    return code;
}

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(v[i].text, text))
            return true;
    return false;
}

/* A value service does what differs; the others replace the RRset by `after`, whatever stood there. */
static void do_change(struct fake_provider *p, const char *zone, const struct fl_change *c)
{
    if (!(p->flags & FL_CAP_VALUES))
        for (struct fake_value *v; (v = find(p, zone, c->name, c->type, NULL));)
            take(p, zone, c->name, c->type, v->text);
    for (size_t i = 0; i < c->nbefore; i++)
        if (!holds(c->after, c->nafter, c->before[i].text))
            take(p, zone, c->name, c->type, c->before[i].text);
    for (size_t i = 0; i < c->nafter; i++)
        fake_provider_put(p, zone, c->name, c->type, c->after[i].text, c->ttl);
}

static int may(struct fl_ctx *ctx, struct fake_provider *p, const char *zone, const struct fl_change *c,
               size_t n)
{
    if (p->fail != FL_OK)
        return fl_fail(ctx, p->fail, "told to fail");
    if (p->stale > 0) {
        p->stale--;
        return fl_fail(ctx, FL_ESTALE, "told to be stale");
    }
    for (size_t i = 0; i < n; i++) {
        if (p->bad_name && !strcmp(c[i].name, p->bad_name))
            return fl_fail(ctx, FL_EREJECT, "%s is refused", c[i].name);
        size_t there = 0;
        for (size_t k = 0; k < p->n; k++)
            there += !strcmp(p->at[k].zone, zone) && !strcmp(p->at[k].name, c[i].name) &&
                     p->at[k].type == c[i].type;
        for (size_t k = 0; k < c[i].nbefore; k++)
            there -= find(p, zone, c[i].name, c[i].type, c[i].before[k].text) != NULL;
        if (p->flags & FL_CAP_PRECONDITION && there > 0)
            return fl_fail(ctx, FL_ESTALE, "%s has other values", c[i].name);
    }
    return FL_OK;
}

static int on_apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *c, size_t n,
                    const char **receipt_out)
{
    struct fake_provider *p = me(ctx);
    p->applies++;
    p->inside++;
    p->most_inside = p->inside > p->most_inside ? p->inside : p->most_inside;
    p->most_changes = n > p->most_changes ? n : p->most_changes;
    if (p->in_apply)
        p->in_apply(p->arg);
    int code = may(ctx, p, zone->apex, c, n);
    for (size_t i = 0; i < n && code == FL_OK; i++)
        do_change(p, zone->apex, &c[i]);
    if (code == FL_OK && p->fail_after != FL_OK)
        code = fl_fail(ctx, p->fail_after, "told to fail afterwards");
    if (code == FL_OK && p->receipt)
        *receipt_out = fl_printf(ctx, "%s", p->receipt);
    p->inside--;
    return code;
}

static int on_settled(struct fl_ctx *ctx, const struct fl_zone *zone, const char *receipt)
{
    struct fake_provider *p = me(ctx);
    (void)zone;
    if (!p->receipt || strcmp(receipt, p->receipt) != 0)
        return fl_fail(ctx, FL_EREJECT, "unknown receipt %s", receipt);
    return p->unsettled-- > 0 ? fl_again(ctx, 1000, "pending") : FL_OK;
}

void fake_provider_init(struct fake_provider *p, const char *name, uint32_t flags, const char *apex)
{
    memset(p, 0, sizeof *p);
    p->flags = flags;
    p->zones[0] = apex;
    p->plugin.entry = (struct fl_plugin){ .magic = FL_ABI_MAGIC, .kind = FL_KIND_DNS, .name = "fake" };
    p->plugin.ops.dns = (struct fl_dns_ops){ .size = sizeof(struct fl_dns_ops),
                                             .caps = on_caps,
                                             .zones = on_zones,
                                             .zone = on_zone,
                                             .list = on_list,
                                             .apply = on_apply,
                                             .settled = on_settled };
    p->instance.name = name;
    p->instance.plugin = &p->plugin;
    p->instance.lane = lane_new(name, false, 64);
    p->instance.timeout_ms = 30000;
    p->instance.self = p;
    p->instance.open = true;
    snprintf(p->instance.who, sizeof p->instance.who, "dns %s", name);
}

void fake_provider_done(struct fake_provider *p) { lane_free(p->instance.lane); }
