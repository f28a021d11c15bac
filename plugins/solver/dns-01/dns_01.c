/* SPDX-License-Identifier: Apache-2.0 */
/* dns_01.c - proves control by TXT records (RFC 8555 section 8.4). */
#include <fl/solver.h>

struct conf {
    const char *const *providers;
    int64_t ttl;
};
static const struct fl_option options[] = {
    FL_REFS(
        struct conf, providers, 0, "dns",
        "which dns instances may be used; without it, all of them: for each name the one that holds the longest "
        "zone"),
    FL_INT(struct conf, ttl, 0, "0", 0, 86400, "TTL of the records, seconds; 0 for the provider's own"),
    FL_END,
};

/* One record for each challenge. A name and its wildcard give two values at the same name. */
static struct fl_record *records(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    struct fl_record *v = fl_alloc(ctx, n * sizeof *v);

    for (size_t i = 0; v && i < n; i++)
        v[i] = (struct fl_record){
            .name = fl_printf(ctx, "_acme-challenge.%s", ch[i].identifier),
            .type = FL_RR_TXT,
            .ttl = (uint32_t)conf->ttl,
            .value = ch[i].digest,
        };
    return v;
}
static int deploy(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    const struct fl_record *v = records(ctx, ch, n);
    return v ? fl_records(ctx, v, n, conf->providers, true) : FL_ENOMEM;
}
static int ready(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    const struct fl_record *v = records(ctx, ch, n);
    return v ? fl_published(ctx, v, n, conf->providers) : FL_ENOMEM;
}
static int withdraw(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    const struct fl_record *v = records(ctx, ch, n);
    return v ? fl_records(ctx, v, n, conf->providers, false) : FL_ENOMEM;
}

static const struct fl_solver_ops ops = {
    .size = sizeof ops,
    .flags = FL_SOLVES_WILDCARD | FL_NEEDS_ZONE,
    .type = "dns-01",
    .deploy = deploy,
    .ready = ready,
    .withdraw = withdraw,
};
/* Keeps nothing, so that many certificates can be in it at once. */
FL_SOLVER_PLUGIN(&ops, .flags = FL_PARALLEL, .name = "dns-01", .version = "1",
                 .summary = "proves control of names and wildcards by TXT records", .options = options,
                 .conf_size = sizeof(struct conf));
