/* SPDX-License-Identifier: Apache-2.0 */
/* standin_registrar.c - a registrar for tests: `run` is given a domain and the name servers that it is to have. */
#include <fl/dns.h>

struct conf {
    const char *run;
};
static const struct fl_option options[] = {
    FL_PATH(struct conf, run, FL_REQUIRED, NULL, "program that sets the name servers"),
    FL_END,
};

enum { SERVERS = 16 };

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    (void)ctx;
    *out = (struct fl_dns_caps){ .flags = FL_CAP_DELEGATE };
    return FL_OK;
}

/* It holds no zones. */
static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    (void)out;
    return fl_fail(ctx, FL_EREJECT, "no zone %s here", apex);
}

static int list(struct fl_ctx *ctx, const struct fl_zone *z, const char *name, uint32_t type)
{
    (void)z, (void)name, (void)type;
    return fl_fail(ctx, FL_EREJECT, "no zones here");
}

static int apply(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    (void)z, (void)changes, (void)n, (void)receipt_out;
    return fl_fail(ctx, FL_EREJECT, "no zones here");
}

static int delegate(struct fl_ctx *ctx, const char *apex, const char *const *name_servers)
{
    const struct conf *c = fl_conf(ctx);
    const char *argv[SERVERS + 3] = { c->run, apex };
    struct fl_ran ran;

    for (size_t i = 0; i < SERVERS && name_servers[i]; i++)
        argv[i + 2] = name_servers[i];
    return fl_run(ctx, &(struct fl_run){ .argv = argv }, &ran);
}

static const struct fl_dns_ops ops = {
    .size = sizeof ops, .caps = caps, .zone = zone, .list = list, .apply = apply, .delegate = delegate
};
FL_DNS_PLUGIN(&ops, .name = "registrar", .version = "1", .summary = "a registrar for tests",
              .options = options, .conf_size = sizeof(struct conf));
