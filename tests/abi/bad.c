/* SPDX-License-Identifier: Apache-2.0 */
/* bad.c - one dns plugin in many states of disrepair: abi.sh compiles it once for each, with -DNAME and one macro. */
#include <fl/dns.h>

#ifndef NAME
#define NAME "good"
#endif

struct conf {
    const char *colour;
    int64_t count;
};
#if defined ENDLESS_OPTIONS
static const struct {
    struct fl_option table[1];
    char noise[sizeof(struct fl_option)];
} endless = { { FL_STRING(struct conf, colour, 0, NULL, "a colour") },
              "what follows a table without an end can be anything" };
#define TABLE endless.table
#elif defined OPTION_OUTSIDE
struct bigger {
    char room[400];
    const char *colour;
};
static const struct fl_option options[] = { FL_STRING(struct bigger, colour, 0, NULL, "a colour"), FL_END };
#elif defined OPTION_TWICE
static const struct fl_option options[] = { FL_STRING(struct conf, colour, 0, NULL, "a colour"),
                                            FL_STRING(struct conf, colour, 0, NULL, "a colour"), FL_END };
#elif defined OPTION_DEFAULT
static const struct fl_option options[] = { FL_INT(struct conf, count, 0, "many", 0, 9, "a number"), FL_END };
#elif defined OPTION_RESERVED
struct taken {
    int64_t ttl;
};
static const struct fl_option options[] = { FL_INT(struct taken, ttl, 0, "60", 0, 99, "a time"), FL_END };
#elif defined SHAPE
struct shaped {
    const char *shape;
};
static const struct fl_option options[] = { FL_STRING(struct shaped, shape, FL_REQUIRED, NULL, "a shape"),
                                            FL_END };
#else
static const struct fl_option options[] = { FL_STRING(struct conf, colour, 0, "red", "a colour"), FL_END };
#endif

#ifndef TABLE
#define TABLE options
#endif

#ifdef MISSING_FUNCTION
int fl_from_the_future(struct fl_ctx *ctx);
#define EXTRA fl_from_the_future(ctx)
#elif defined MISSING_SYMBOL
int nobody_has_this(void);
#define EXTRA nobody_has_this()
#elif defined MISSING_LIBRARY || defined FOREIGN_ENTRY
int from_the_library(void);
#define EXTRA from_the_library()
#else
#define EXTRA FL_OK
#endif

static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    (void)ctx;
    *out = (struct fl_dns_caps){ .flags = 0 };
    return EXTRA;
}
static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    (void)out;
    return fl_fail(ctx, FL_EREJECT, "no zone %s", apex);
}
static int list(struct fl_ctx *ctx, const struct fl_zone *in, const char *name, uint32_t type)
{
    (void)ctx, (void)in, (void)name, (void)type;
    return FL_OK;
}
static int apply(struct fl_ctx *ctx, const struct fl_zone *in, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    (void)ctx, (void)in, (void)changes, (void)n, (void)receipt_out;
    return FL_OK;
}
static int check(struct fl_ctx *ctx, const void *conf)
{
    (void)conf;
#ifdef CHECK_REFUSES
    return fl_fail(ctx, FL_ECONF, "colour and count exclude each other");
#else
    (void)ctx;
    return FL_OK;
#endif
}

static const struct fl_dns_ops ops = {
#ifdef OLD_OPS
    .size = offsetof(struct fl_dns_ops, apply),
#else
    .size = sizeof ops,
#endif
    .caps = caps,
    .zone = zone,
    .list = list,
#ifndef MISSING_OP
    .apply = apply,
#endif
};

#if defined NO_ENTRY || defined FOREIGN_ENTRY
FL_EXPORT extern const struct fl_dns_ops *const another_symbol;
const struct fl_dns_ops *const another_symbol = &ops;
FL_EXPORT extern const struct fl_option *const another_table;
const struct fl_option *const another_table = options;
FL_EXPORT extern int (*const another_function)(struct fl_ctx *ctx, const void *conf);
int (*const another_function)(struct fl_ctx *ctx, const void *conf) = check;
#elif defined FUNCTION_ENTRY
FL_EXPORT const void *fl_plugin_entry(void);
const void *fl_plugin_entry(void)
{
    static const void *const all[] = { &ops, options };
    (void)check;
    return all;
}
#elif defined SHORT_SYMBOL
FL_EXPORT extern const uint32_t fl_plugin_entry[4];
const uint32_t fl_plugin_entry[4] = { FL_ABI_MAGIC, sizeof(struct fl_plugin), 0, 0 };
FL_EXPORT extern const void *const another_symbol[];
const void *const another_symbol[] = { &ops, options, (const void *)(uintptr_t)check };
#else
#ifndef MAGIC
#define MAGIC FL_ABI_MAGIC
#endif
#ifndef SIZE
#define SIZE sizeof(struct fl_plugin)
#endif
#ifndef MAJOR
#define MAJOR FL_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR FL_ABI_MINOR
#endif
#ifndef KIND
#define KIND FL_KIND_DNS
#endif
#ifndef SUMMARY
#define SUMMARY "a plugin of tests"
#endif
#ifndef OPS
#define OPS &ops
#endif
/* By hand what FL_DNS_PLUGIN() writes, as it is to be wrong. */
FL_EXPORT extern const struct fl_plugin fl_plugin_entry;
const struct fl_plugin fl_plugin_entry = {
    .magic = MAGIC,
    .size = SIZE,
    .major = MAJOR,
    .minor = MINOR,
    .kind = KIND,
    .name = NAME,
    .version = "1",
    .summary = SUMMARY,
    .options = TABLE,
    .conf_size = sizeof(struct conf),
    .check = check,
    .ops.dns = OPS,
};
#endif
