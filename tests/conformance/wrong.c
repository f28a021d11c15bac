/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrong.c - a DNS provider that holds its zone in memory and is wrong on purpose, in the one way that its option `wrong`
 * names: the name of the check of the conformance suite that has to find it. Without the option it is right.
 */
#include <fl/dns.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RECORDS = 4000, PAGE = 100, FEW = 20, SHORT = 200, LARGE = 100000 };
struct conf {
    const char *zone, *key, *wrong;
};
static const struct fl_option options[] = {
    FL_STRING(struct conf, zone, FL_REQUIRED, NULL, "the zone that it holds"),
    FL_SECRET(struct conf, key, FL_REQUIRED, "anything but \"right\" is refused"),
    FL_STRING(struct conf, wrong, 0, "", "in which way it is wrong: the name of a check"),
    FL_END,
};
/* What the service holds: it outlives the instance. Calls come one at a time. */
struct record {
    char *name, *text;
    uint32_t type, ttl;
};
static struct record store[RECORDS];
static size_t nstore;
static _Thread_local bool opener;

static bool wrong(struct fl_ctx *ctx, const char *check)
{
    const struct conf *c = fl_conf(ctx);
    return strcmp(c->wrong, check) == 0;
}

static int allowed(struct fl_ctx *ctx)
{
    const struct conf *c = fl_conf(ctx);
    return strcmp(c->key, "right") == 0
               ? FL_OK
               : fl_fail(ctx, wrong(ctx, "credentials") ? FL_ECONF : FL_EAUTH, "the key is refused");
}

/* ---- the store ---- */

static struct record *find(const char *name, uint32_t type, const char *text)
{
    for (size_t i = 0; i < nstore; i++)
        if (store[i].type == type && strcmp(store[i].name, name) == 0 &&
            (!text || strcmp(store[i].text, text) == 0))
            return &store[i];
    return NULL;
}

static size_t count(const char *name, uint32_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < nstore; i++)
        n += store[i].type == type && strcmp(store[i].name, name) == 0;
    return n;
}

static void drop(struct record *r)
{
    free(r->name);
    free(r->text);
    *r = store[--nstore];
}

static void drop_all(const char *name, uint32_t type)
{
    for (struct record *r; (r = find(name, type, NULL));)
        drop(r);
}

static void put(struct fl_ctx *ctx, const char *name, uint32_t type, uint32_t ttl, const char *text)
{
    char *kept = strdup(text), *owner = strdup(name);
    size_t n = 0;
    bool full = wrong(ctx, "many-values") && count(name, type) >= FEW;
    if (!kept || !owner || full || nstore == RECORDS || find(name, type, text)) {
        free(kept);
        free(owner);
        return;
    }
    for (size_t i = 0; text[i]; i++)
        if (!wrong(ctx, "texts") || text[i] != '\\')
            kept[n++] = (char)(wrong(ctx, "add") && text[i] == '_' ? '-' : text[i]);
    kept[n] = '\0';
    store[nstore++] = (struct record){ .name = owner, .text = kept, .type = type, .ttl = ttl };
}

static int open_self(struct fl_ctx *ctx, void **self_out)
{
    opener = true;
    *self_out = malloc(1);
    if (*self_out)
        *(char *)*self_out = (char)wrong(ctx, "reopen");
    return *self_out ? FL_OK : FL_ENOMEM;
}

static void close_self(void *self)
{
    while (*(char *)self && nstore > 0)
        drop(&store[0]);
    free(self);
}

/* ---- what it says of itself ---- */

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    *out = (struct fl_dns_caps){ .flags = FL_CAP_VALUES | FL_CAP_ATOMIC | FL_CAP_LIST_ALL | FL_CAP_CREATE |
                                          (wrong(ctx, "caps") ? FL_CAP_SETTLED : 0u) };
    return FL_OK;
}

static int test(struct fl_ctx *ctx)
{
    int code = allowed(ctx);
    return code == FL_OK && wrong(ctx, "test") ? fl_fail(ctx, FL_ETEMP, "test has failed") : code;
}

static int zones(struct fl_ctx *ctx)
{
    const struct conf *c = fl_conf(ctx);
    int code = allowed(ctx);
    return code != FL_OK || wrong(ctx, "zones") ? code
                                                : fl_emit_zone(ctx, &(struct fl_zone){ .apex = c->zone });
}

static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    static const char *const right[] = { "ns1.example.net", NULL }, *const dotted[] = { "ns1.example.net.",
                                                                                        NULL };
    const struct conf *c = fl_conf(ctx);
    size_t n = strlen(c->zone), m = strlen(apex);
    bool held =
        wrong(ctx, "zone-unknown") && m > n ? strcmp(apex + m - n, c->zone) == 0 : strcmp(apex, c->zone) == 0;
    int code = allowed(ctx);
    if (code != FL_OK || !held)
        return code != FL_OK ? code : fl_fail(ctx, FL_EREJECT, "there is no zone %s", apex);
    *out = (struct fl_zone){ .apex = apex, .name_servers = wrong(ctx, "zone") ? dotted : right };
    return FL_OK;
}

static int create(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    return wrong(ctx, "create") ? fl_fail(ctx, FL_EREJECT, "%s is there already", apex)
                                : zone(ctx, apex, out);
}

/* ---- list ---- */

static bool chosen(struct fl_ctx *ctx, const struct record *r, const char *name, uint32_t type)
{
    size_t n = name ? strlen(name) : 0, m = strlen(r->name);
    if (!name || ((type == 0 || type == r->type) && strcmp(name, r->name) == 0))
        return true;
    return wrong(ctx, "list-one") && n > 0 && m > n && strcmp(r->name + m - n, name) == 0 &&
           r->name[m - n - 1] == '.';
}

static int emit(struct fl_ctx *ctx, const struct record *first)
{
    struct fl_value *v = fl_alloc(ctx, (nstore + 1) * sizeof *v);
    struct fl_rrset r = { .name = first->name, .type = first->type, .ttl = first->ttl, .values = v };
    for (size_t i = 0; v && i < nstore; i++)
        if (store[i].type == first->type && strcmp(store[i].name, first->name) == 0)
            v[r.n++].text = wrong(ctx, "types") && first->type == FL_RR_CNAME
                                ? fl_printf(ctx, "%s.", store[i].text)
                                : store[i].text;
    return v ? fl_emit_rrset(ctx, &r) : FL_ENOMEM;
}

static int list(struct fl_ctx *ctx, const struct fl_zone *z, const char *name, uint32_t type)
{
    size_t most = wrong(ctx, "paging") && !name ? PAGE : RECORDS, n = 0;
    int code = allowed(ctx);
    (void)z;
    if ((wrong(ctx, "parallel") && !opener) || (wrong(ctx, "apex") && name && !*name))
        return code;
    if (wrong(ctx, "nothing-there") && name && type && !find(name, type, NULL))
        return fl_emit_rrset(ctx, &(struct fl_rrset){ .name = name, .type = type });
    for (size_t i = 0; i < nstore && n < most && code == FL_OK; i++) {
        bool first = find(store[i].name, store[i].type, NULL) == &store[i];
        if (first && chosen(ctx, &store[i], name, type)) {
            code = emit(ctx, &store[i]);
            n++;
        }
    }
    return code;
}

/* ---- apply ---- */

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}

/* Is what stands there what `before` says, where that matters: of aliases there is one. */
static int look_alias(struct fl_ctx *ctx, const struct fl_change *c)
{
    const struct record *r = find(c->name, FL_RR_CNAME, NULL);
    bool before = r ? holds(c->before, c->nbefore, r->text) : c->nbefore == 0;
    bool after = r ? holds(c->after, c->nafter, r->text) : c->nafter == 0;
    if (wrong(ctx, "stale") || before || (after && !wrong(ctx, "stale-done")))
        return FL_OK;
    return fl_fail(ctx, FL_ESTALE, "another alias stands at %s", c->name);
}

static int look_address(struct fl_ctx *ctx, const struct fl_change *c)
{
    struct in_addr ip;
    for (size_t i = 0; i < c->nafter; i++)
        if (inet_pton(AF_INET, c->after[i].text, &ip) != 1)
            return fl_fail(ctx, wrong(ctx, "bad-value") ? FL_ETEMP : FL_EREJECT, "%s is no address",
                           c->after[i].text);
    return FL_OK;
}

/* Single changes that are wrong in their own way. */
static int look_single(struct fl_ctx *ctx, const struct fl_change *c)
{
    if (wrong(ctx, "again") && c->nbefore == 0 && c->nafter == 1 && find(c->name, c->type, c->after[0].text))
        return fl_fail(ctx, FL_EREJECT, "it is there already");
    if (wrong(ctx, "remove-again") && c->nafter == 0 && !find(c->name, c->type, NULL))
        return fl_fail(ctx, FL_EREJECT, "it is not there");
    return FL_OK;
}

static int look(struct fl_ctx *ctx, const struct fl_change *c, size_t n)
{
    int code = n == 1 ? look_single(ctx, c) : FL_OK;
    if (wrong(ctx, "names") && strlen(c->name) > SHORT)
        return fl_fail(ctx, FL_EREJECT, "the name is too long");
    if (wrong(ctx, "wildcard") && c->name[0] == '*')
        return fl_fail(ctx, FL_ETEMP, "no wildcards today");
    if (c->type != FL_RR_CNAME && c->nafter > 0 && find(c->name, FL_RR_CNAME, NULL) &&
        !wrong(ctx, "beside-alias"))
        return fl_fail(ctx, FL_EREJECT, "an alias stands at %s", c->name);
    if (code == FL_OK && c->type == FL_RR_CNAME)
        code = look_alias(ctx, c);
    return code == FL_OK && c->type == FL_RR_A ? look_address(ctx, c) : code;
}

/* Values that go; `lost`: the others too. */
static void take(const struct fl_change *c, bool lost)
{
    for (size_t i = 0; i < c->nbefore; i++) {
        struct record *r = find(c->name, c->type, c->before[i].text);
        if (r && (lost || !holds(c->after, c->nafter, c->before[i].text)))
            drop(r);
    }
}

static void set_ttl(const struct fl_change *c)
{
    for (size_t i = 0; i < nstore; i++)
        if (store[i].type == c->type && strcmp(store[i].name, c->name) == 0)
            store[i].ttl = c->ttl;
}

static void change(struct fl_ctx *ctx, const struct fl_change *c)
{
    bool lost = wrong(ctx, "foreign-known") && c->nbefore == 1 && strncmp(c->name, "neighbour.", 10) == 0;
    bool three = wrong(ctx, "two-values") && count(c->name, c->type) == 3;
    if (c->type != FL_RR_CNAME && c->nafter > 0 && find(c->name, FL_RR_CNAME, NULL))
        return;
    if (c->type == FL_RR_CNAME || three || (wrong(ctx, "foreign") && c->type == FL_RR_TXT))
        drop_all(c->name, c->type);
    take(c, lost);
    for (size_t i = 0; i < c->nafter && !three; i++)
        if (!lost || !holds(c->before, c->nbefore, c->after[i].text))
            put(ctx, c->name, c->type, c->ttl, c->after[i].text);
    if (!wrong(ctx, "ttl"))
        set_ttl(c);
}

static int may(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    int code = allowed(ctx);
    if (code == FL_OK && strcmp(z->apex, conf->zone) != 0 && !wrong(ctx, "no-zone"))
        code = fl_fail(ctx, FL_EREJECT, "there is no zone %s", z->apex);
    if (code == FL_OK && n == 0 && wrong(ctx, "batch"))
        code = fl_fail(ctx, FL_EREJECT, "there is nothing to do");
    if (fl_alloc(ctx, LARGE))
        return code;
    if (n > 0 && wrong(ctx, "memory"))
        put(ctx, changes[0].name, changes[0].type, 1, "half of it");
    return FL_ENOMEM;
}

static int apply(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    int code = may(ctx, z, changes, n);
    (void)receipt_out;
    for (size_t i = 0; i < n && code == FL_OK; i++) {
        code = look(ctx, &changes[i], n);
        if (code == FL_OK && wrong(ctx, "atomic"))
            change(ctx, &changes[i]);
    }
    for (size_t i = 0; i < n && code == FL_OK; i++)
        if (!wrong(ctx, "remove") || changes[i].nafter > 0 || strncmp(changes[i].name, "gone.", 5) != 0)
            change(ctx, &changes[i]);
    return code;
}

static const struct fl_dns_ops ops = { .size = sizeof ops,
                                       .open = open_self,
                                       .close = close_self,
                                       .test = test,
                                       .caps = caps,
                                       .zones = zones,
                                       .zone = zone,
                                       .create = create,
                                       .list = list,
                                       .apply = apply };
FL_DNS_PLUGIN(&ops, .name = "wrong", .version = "0.1", .summary = "a provider that is wrong on purpose",
              .options = options, .conf_size = sizeof(struct conf));
