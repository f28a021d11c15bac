/* SPDX-License-Identifier: Apache-2.0 */
/* host_dns.c - DNS for plugins: messages, what providers tell, records for solvers (fl/dns.h, fl/solver.h). */
#include "base/mem.h"
#include "net/dns/dns.h"
#include "plugin/ctx.h"

#include <string.h>

enum { EMIT_MAX = 100000 };

int fl_exchange(struct fl_ctx *ctx, const struct fl_exchange *what, const uint8_t **answer_out,
                size_t *len_out)
{
    struct outcome o = { 0 };
    uint8_t *answer = NULL;
    size_t len = 0;
    int64_t timeout_ms = what->timeout_ms > 0 && what->timeout_ms < 600000 ? what->timeout_ms : 0;
    int code = ctx_gate(ctx, "fl_exchange", true);

    if (code != FL_OK)
        return code;
    code = dns_exchange(what->server, what->query, what->len, what->tcp, (unsigned)timeout_ms,
                        ctx->deadline_ms, &answer, &len, &o);
    if (code != FL_OK) {
        o.code = code;
        return ctx_take(ctx, &o);
    }
    if (!ctx_own(ctx, answer))
        return ctx_nomem(ctx);
    *answer_out = answer;
    *len_out = len;
    return FL_OK;
}

struct transfer {
    struct fl_ctx *ctx;
    int (*each)(struct fl_ctx *ctx, void *arg, const uint8_t *message, size_t len, bool *more_out);
    void *arg;
    bool said; /* the plugin ended it, and has found its own words */
};
static int hand_on(void *arg, const uint8_t *message, size_t len, bool *more_out)
{
    struct transfer *t = arg;
    int code = t->each(t->ctx, t->arg, message, len, more_out);

    t->said = code != FL_OK;
    return code;
}
int fl_transfer(struct fl_ctx *ctx, const struct fl_exchange *what,
                int (*each)(struct fl_ctx *ctx, void *arg, const uint8_t *message, size_t len,
                            bool *more_out),
                void *arg)
{
    struct transfer t = { .ctx = ctx, .each = each, .arg = arg };
    struct outcome o = { 0 };
    int64_t timeout_ms = what->timeout_ms > 0 && what->timeout_ms < 600000 ? what->timeout_ms : 0;
    int code = ctx_gate(ctx, "fl_transfer", true);

    if (code != FL_OK)
        return code;
    code = dns_transfer(what->server, what->query, what->len, (unsigned)timeout_ms, ctx->deadline_ms, hand_on,
                        &t, &o);
    if (code == FL_OK || t.said)
        return code;
    o.code = code;
    return ctx_take(ctx, &o);
}

/* ---- what a provider tells ---- */

/* As fl/dns.h wants names: services write them with capitals and a dot at the end. */
static const char *canonical(struct fl_ctx *ctx, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    char *copy = arena_alloc(&ctx->arena, n + 1);

    for (size_t i = 0; copy && i < n; i++)
        copy[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    if (copy && n > 1 && copy[n - 1] == '.')
        copy[n - 1] = '\0';
    return copy ? copy : "";
}
static const char *text(struct fl_ctx *ctx, const char *s) { return s ? arena_strdup(&ctx->arena, s) : NULL; }
static bool room(struct fl_ctx *ctx, void *array, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return true;
    if (!mem_grow(array, cap, n + 1, size))
        ctx->arena.starved = true;
    return !ctx->arena.starved;
}
static const char *const *servers(struct fl_ctx *ctx, const char *const *from)
{
    const char **to;
    size_t n = 0;

    if (!from)
        return NULL;
    while (from[n])
        n++;
    to = arena_alloc(&ctx->arena, (n + 1) * sizeof *to);
    for (size_t i = 0; to && i < n; i++)
        to[i] = canonical(ctx, from[i]);
    return to;
}
int fl_emit_zone(struct fl_ctx *ctx, const struct fl_zone *zone)
{
    struct fl_zone copy;
    int code = ctx_gate(ctx, "fl_emit_zone", false);

    if (code != FL_OK)
        return code;
    if (!zone->apex || ctx->nzones >= EMIT_MAX)
        return fl_fail(ctx, FL_EPROTO, zone->apex ? "more than %d zones" : "a zone without a name",
                       (int)EMIT_MAX);
    copy = (struct fl_zone){
        .apex = canonical(ctx, zone->apex),
        .id = text(ctx, zone->id),
        .name_servers = servers(ctx, zone->name_servers),
    };
    if (!room(ctx, &ctx->zones, &ctx->zones_cap, ctx->nzones, sizeof copy) || ctx->arena.starved)
        return ctx_nomem(ctx);
    ctx->zones[ctx->nzones++] = copy;
    return FL_OK;
}
int fl_emit_rrset(struct fl_ctx *ctx, const struct fl_rrset *rrset)
{
    struct fl_rrset copy = *rrset;
    struct fl_value *values;
    int code = ctx_gate(ctx, "fl_emit_rrset", false);

    if (code != FL_OK)
        return code;
    if (rrset->n > EMIT_MAX || ctx->nrrsets >= EMIT_MAX)
        return fl_fail(ctx, FL_EPROTO, "more than %d records", (int)EMIT_MAX);
    values = arena_alloc(&ctx->arena, (rrset->n + 1) * sizeof *values);
    for (size_t i = 0; values && i < rrset->n; i++)
        values[i] = (struct fl_value){ .text = arena_strdup(&ctx->arena, rrset->values[i].text),
                                       .id = text(ctx, rrset->values[i].id) };
    copy.name = canonical(ctx, rrset->name);
    copy.values = values;
    copy.etag = text(ctx, rrset->etag);
    if (!room(ctx, &ctx->rrsets, &ctx->rrsets_cap, ctx->nrrsets, sizeof copy) || ctx->arena.starved)
        return ctx_nomem(ctx);
    ctx->rrsets[ctx->nrrsets++] = copy;
    return FL_OK;
}

/* ---- records for solvers ---- */

static int record_gate(struct fl_ctx *ctx, const char *what, bool there, const struct fl_record *records,
                       size_t n)
{
    int code = ctx_gate(ctx, what, true);

    if (code != FL_OK)
        return code;
    if (ctx->instance->plugin->entry.kind == FL_KIND_DNS)
        return fl_fail(ctx, FL_ECONF, "%s() is not for dns plugins: a mistake in the plugin", what);
    if (!there)
        return fl_fail(ctx, FL_ECONF, "this command writes no DNS records");
    for (size_t i = 0; i < n; i++)
        if (!records[i].name || !records[i].value)
            return fl_fail(ctx, FL_EPROTO, "a record without a name or a value: a mistake in the plugin");
    return FL_OK;
}
int fl_records(struct fl_ctx *ctx, const struct fl_record *records, size_t n, const char *const *providers,
               bool add)
{
    const struct host *h = ctx->instance->host;
    struct outcome o = { 0 };
    int code = record_gate(ctx, "fl_records", h->records != NULL, records, n);

    if (code != FL_OK)
        return code;
    o.code = h->records(h->arg, ctx->subject, records, n, providers, add, &o);
    return ctx_take(ctx, &o);
}
int fl_published(struct fl_ctx *ctx, const struct fl_record *records, size_t n, const char *const *providers)
{
    const struct host *h = ctx->instance->host;
    struct outcome o = { 0 };
    int code = record_gate(ctx, "fl_published", h->published != NULL, records, n);

    if (code != FL_OK)
        return code;
    o.code = h->published(h->arg, ctx->subject, records, n, providers, &o);
    return ctx_take(ctx, &o);
}
