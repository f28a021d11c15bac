/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_dns.c - `fairlead dns`: works a provider by hand, without state. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/opt.h"
#include "ctl/cli.h"
#include "zone/delegation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct work {
    struct instance *i;
    const struct fl_dns_ops *ops;
    int argc;
    char **argv; /* behind the verb */
    char names[2][256];
    int64_t ttl;
    const char *const *roots;
    bool nothing; /* it was so already */
};

static const struct {
    const char *name;
    uint32_t type;
} types[] = { { "A", FL_RR_A },     { "NS", FL_RR_NS },     { "CNAME", FL_RR_CNAME }, { "SOA", FL_RR_SOA },
              { "TXT", FL_RR_TXT }, { "AAAA", FL_RR_AAAA }, { "ALIAS", FL_RR_ALIAS } };

static uint32_t type_of(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i].name, name) == 0)
            return types[i].type;
    return 0;
}

static const char *type_name(uint32_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].name;
    return "?";
}

static void show_zone(const struct fl_zone *z)
{
    printf("%s%s%s\n", z->apex, z->id ? " " : "", z->id ? z->id : "");
    for (const char *const *ns = z->name_servers; ns && *ns; ns++)
        printf("  name server %s\n", *ns);
}

static void show_rrset(const struct fl_rrset *r, const char *apex)
{
    for (size_t i = 0; i < r->n; i++)
        printf("%s%s%s %u %s %s\n", r->name, r->name[0] ? "." : "", apex, r->ttl, type_name(r->type),
               r->values[i].text);
}

static int zones(struct work *w, struct outcome *o)
{
    struct emitted e;
    struct call c;

    if (!w->ops->zones)
        return outcome_fail(o, FL_ECONF, "%s cannot list its zones: ask for one by `zone APEX`", w->i->who);
    int code = call_begin(&c, w->i, "dns", 0, o);
    if (code != FL_OK)
        return code;
    code = w->ops->zones(c.ctx);
    call_emitted(&c, &e);
    for (size_t i = 0; i < e.nzones && code == FL_OK; i++)
        show_zone(&e.zones[i]);
    return call_end(&c, code, o);
}

/* What the zone above says of it; that it cannot be asked is no failure of the provider's. */
static int delegation(const struct work *w, const struct fl_zone *z, struct outcome *o)
{
    const struct dns_roots roots = { .addresses = w->roots };
    struct delegation d;
    int code = delegation_look(&roots, z->apex, z->name_servers, &d, NULL, o);

    if (code == FL_OK)
        printf("  delegation %s: %s\n", delegation_name(d.state), d.words);
    return code;
}

static int zone(struct work *w, struct outcome *o)
{
    struct fl_zone z = { 0 };
    struct call c;
    bool create = strcmp(w->argv[-1], "create") == 0;

    if (create && !w->ops->create)
        return outcome_fail(o, FL_ECONF, "%s cannot create zones", w->i->who);
    int code = call_begin(&c, w->i, "dns", 0, o);
    if (code != FL_OK)
        return code;
    code = create ? w->ops->create(c.ctx, w->argv[0], &z) : w->ops->zone(c.ctx, w->argv[0], &z);
    if (code == FL_OK)
        show_zone(&z);
    if (code == FL_OK)
        code = delegation(w, &z, o);
    return call_end(&c, code, o);
}

/* The longest zone of the account above the name; `apex` is left pointing into it. */
static int find_apex(struct work *w, const char *name, const char **apex, struct outcome *o)
{
    for (*apex = name; *apex; *apex = strchr(*apex, '.') ? strchr(*apex, '.') + 1 : NULL) {
        struct fl_zone z = { 0 };
        struct call c;
        int code = call_begin(&c, w->i, "dns", 0, o);
        if (code == FL_OK)
            code = call_end(&c, w->ops->zone(c.ctx, *apex, &z), o);
        if (code != FL_EREJECT)
            return code;
    }
    return outcome_fail(o, FL_EREJECT, "%s holds no zone for %s", w->i->who, name);
}

/* How much of the name stands before the zone's. */
static int before(const char *name, const char *apex)
{
    size_t len = strlen(name) - strlen(apex);
    return len ? (int)len - 1 : 0;
}

static int list(struct work *w, struct outcome *o)
{
    const char *apex = w->argv[0], *name = w->argc > 1 ? w->argv[1] : NULL;
    uint32_t type = w->argc > 2 ? type_of(w->argv[2]) : 0;
    struct fl_zone z = { 0 };
    struct emitted e = { 0 };
    struct call c;
    int code = call_begin(&c, w->i, "dns", 0, o);

    if (code != FL_OK)
        return code;
    name = name && text_below(name, apex) ? fl_printf(c.ctx, "%.*s", before(name, apex), name) : name;
    code = w->ops->zone(c.ctx, apex, &z);
    if (code == FL_OK)
        code = w->ops->list(c.ctx, &z, name, type);
    call_emitted(&c, &e);
    for (size_t i = 0; i < e.nrrsets && code == FL_OK; i++)
        show_rrset(&e.rrsets[i], apex);
    return call_end(&c, code, o);
}

/* What the RRset is to be: what stands there, with the value added or without it (value NULL: without all). */
static size_t merged(const struct fl_rrset *now, const char *value, bool add, struct fl_value *out)
{
    size_t n = 0;

    for (size_t i = 0; now && i < now->n; i++)
        if (value && strcmp(now->values[i].text, value) != 0)
            out[n++] = now->values[i];
    if (add)
        out[n++] = (struct fl_value){ .text = value };
    return n;
}

static const struct fl_rrset *standing(const struct emitted *e, const char *name, uint32_t type)
{
    for (size_t i = 0; i < e->nrrsets; i++)
        if (e->rrsets[i].type == type && strcmp(e->rrsets[i].name, name) == 0)
            return &e->rrsets[i];
    return NULL;
}

static int change(struct work *w, struct call *c, const char *apex, const char *name, bool add)
{
    const char *value = w->argc > 2 ? w->argv[2] : NULL, *receipt = NULL;
    uint32_t type = type_of(w->argv[1]);
    struct fl_zone z = { 0 };
    struct emitted e = { 0 };
    int code = w->ops->zone(c->ctx, apex, &z);

    if (code == FL_OK)
        code = w->ops->list(c->ctx, &z, name, type);
    if (code != FL_OK)
        return code;
    call_emitted(c, &e);
    const struct fl_rrset *now = standing(&e, name, type);
    size_t n = now ? now->n : 0;
    struct fl_value *after = fl_alloc(c->ctx, (n + 1) * sizeof *after);
    if (!after)
        return FL_ENOMEM;
    const struct fl_change ch = { .name = name,
                                  .type = type,
                                  .ttl_before = now ? now->ttl : 0,
                                  .ttl = (uint32_t)w->ttl,
                                  .before = now ? now->values : NULL,
                                  .nbefore = n,
                                  .after = after,
                                  .nafter = merged(now, value, add, after),
                                  .etag = now ? now->etag : NULL };
    w->nothing = !add && ch.nafter == n;
    return w->nothing ? FL_OK : w->ops->apply(c->ctx, &z, &ch, 1, &receipt);
}

static int add_or_remove(struct work *w, struct outcome *o)
{
    bool add = strcmp(w->argv[-1], "add") == 0;
    const char *apex = NULL;
    struct call c;
    int code = find_apex(w, w->argv[0], &apex, o);

    if (code == FL_OK)
        code = call_begin(&c, w->i, "dns", 0, o);
    if (code != FL_OK)
        return code;
    const char *name = fl_printf(c.ctx, "%.*s", before(w->argv[0], apex), w->argv[0]);
    code = call_end(&c, change(w, &c, apex, name, add), o);
    if (code == FL_OK && w->nothing)
        printf("%s %s: there is nothing to remove\n", w->argv[0], w->argv[1]);
    return code;
}

static const struct {
    const char *name;
    int least, most;
    int (*run)(struct work *w, struct outcome *o);
    const char *args;
} verbs[] = {
    { "zones", 0, 0, zones, "" },
    { "zone", 1, 1, zone, "APEX" },
    { "create", 1, 1, zone, "APEX" },
    { "list", 1, 3, list, "APEX [NAME [TYPE]]" },
    { "add", 3, 4, add_or_remove, "NAME TYPE VALUE [TTL]" },
    { "remove", 2, 3, add_or_remove, "NAME TYPE [VALUE]" },
};

/* Names as people write them, with a final dot or umlauts, become what zones have. */
static int tidy_name(struct work *w, int at)
{
    const char *why;

    if (at >= w->argc || !w->argv[at][0])
        return EXIT_DONE;
    why = opt_name(w->argv[at], OPT_WILDCARD | OPT_UNDERSCORE, w->names[at]);
    if (why)
        return cli_usage("dns", "\"%s\" %s", w->argv[at], why);
    w->argv[at] = w->names[at];
    return EXIT_DONE;
}

static int tidy_type(const struct work *w, int at)
{
    return at >= w->argc || type_of(w->argv[at])
               ? EXIT_DONE
               : cli_usage("dns", "type %s: must be A, AAAA, CNAME, NS, SOA or TXT", w->argv[at]);
}

static int tidy(struct work *w, size_t verb)
{
    bool lists = verbs[verb].run == list, changes = verbs[verb].run == add_or_remove;
    int status = tidy_name(w, 0);

    if (status == EXIT_DONE && lists)
        status = tidy_name(w, 1);
    if (status == EXIT_DONE && (lists || changes))
        status = tidy_type(w, lists ? 2 : 1);
    if (status == EXIT_DONE && w->argc > 3 && !text_int(w->argv[3], 1, 604800, &w->ttl))
        status = cli_usage("dns", "TTL %s: must be 1 to 604800 seconds", w->argv[3]);
    return status;
}

static int no_instance(const struct world *w, const char *name)
{
    fprintf(stderr, "error: there is no dns instance `%s` in the configuration; there is", name);
    for (size_t i = 0; i < w->model->ndns; i++)
        fprintf(stderr, "%s %s", i ? "," : "", w->model->dns[i].name);
    fputs(w->model->ndns ? "\n" : " none\n", stderr);
    return EXIT_FAILED;
}

static int run_verb(struct world *w, const struct world_conf *wc, size_t verb, const char *instance,
                    struct work *work)
{
    struct outcome o = { 0 };

    work->i = world_find(w, FL_KIND_DNS, instance);
    if (!work->i)
        return no_instance(w, instance);
    work->ops = &work->i->plugin->ops.dns;
    work->roots = w->model->roots;
    int code = world_open_http(w, wc, &o);
    if (code == FL_OK)
        code = instance_open(work->i, &o);
    if (code == FL_OK)
        code = verbs[verb].run(work, &o);
    return code == FL_OK ? EXIT_DONE : cli_failed(&o);
}

int cmd_dns(const struct cli *cli, int argc, char **argv)
{
    const struct world_conf wc = cli_world(cli);
    cleanup_(cli_worldp) struct world *w = NULL;
    struct work work = { .argc = argc - 3, .argv = argv + 3, .ttl = 60 };
    size_t v = 0, n = sizeof verbs / sizeof *verbs;

    if (argc < 3)
        return cli_usage("dns", "an instance of the configuration and a verb are needed");
    while (v < n && strcmp(verbs[v].name, argv[2]) != 0)
        v++;
    if (v == n)
        return cli_usage("dns", "there is no verb `%s`", argv[2]);
    if (argc - 3 < verbs[v].least || argc - 3 > verbs[v].most)
        return cli_usage("dns", "usage is: dns %s %s %s", argv[1], verbs[v].name, verbs[v].args);
    int status = tidy(&work, v);
    if (status != EXIT_DONE)
        return status;
    w = cli_load(&wc);
    return w ? run_verb(w, &wc, v, argv[1], &work) : EXIT_FAILED;
}
