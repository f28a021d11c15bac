/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec.c - DNS provider `exec`: a program of the user's own writes the records.
 *
 * By its own convention it gets one JSON document a call and says at first what it can do, so that a script can offer
 * all that a provider in C offers. By lego's it adds and takes away single texts, and no more is known of it.
 */
#include "exec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 1024 * 1024, LEGO_VALUES = 10 };

static const char *const conventions[] = { "json", "lego", NULL };
static const struct fl_option options[] = {
    FL_LISTOF(struct conf, program, FL_T_STRING, FL_REQUIRED, NULL,
              "program with its arguments, never through a shell"),
    FL_ENUM(struct conf, convention, 0, "json", conventions,
            "how it is called: a JSON document on stdin, or as lego does, `present FQDN VALUE`"),
    FL_LISTOF(struct conf, holds, FL_T_DOMAIN, 0, NULL,
              "zones that it can write to; with convention \"lego\", which cannot ask for them"),
    FL_LISTOF(struct conf, environment, FL_T_STRING, 0, NULL,
              "environment of the program beside PATH and LANG, each as \"NAME=value\""),
    FL_SECRET(struct conf, secret, 0, "comes to the program as FAIRLEAD_SECRET in its environment"),
    FL_END,
};

static int check(struct fl_ctx *ctx, const void *conf)
{
    const struct conf *c = conf;
    int code = program_check(ctx, c->program, c->environment);

    if (code == FL_OK && c->convention == BY_LEGO && (!c->holds || !*c->holds))
        return fl_fail(ctx, FL_ECONF,
                       "by lego's convention the program cannot be asked for zones: list them in `holds`");
    if (code == FL_OK && c->convention == BY_JSON && c->holds)
        return fl_fail(ctx, FL_ECONF, "`holds` is for convention \"lego\": others are asked; see `zones`");
    return code;
}

/* ---- the program ---- */

static void tell_errors(struct fl_ctx *ctx, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        if (len > 0)
            fl_debug(ctx, "%.*s", len > 400 ? 400 : (int)len, text);
        text += len + (text[len] != '\0');
    }
}
static const char *const *arguments(struct fl_ctx *ctx, const char *const *more)
{
    const struct conf *c = fl_conf(ctx);

    return more ? program_env(ctx, c->program, more) : c->program;
}
int exec_run(struct fl_ctx *ctx, const char *op, const char *const *more, const char *input,
             json_t **answer_out)
{
    const struct conf *c = fl_conf(ctx);
    const char *own[] = { fl_printf(ctx, "FAIRLEAD_OP=%s", op),
                          fl_printf(ctx, "FAIRLEAD_DNS=%s", fl_name(ctx)),
                          c->secret ? fl_printf(ctx, "FAIRLEAD_SECRET=%s", c->secret) : NULL, NULL };
    struct fl_run run = { .argv = arguments(ctx, more),
                          .env = program_env(ctx, own, c->environment),
                          .input = input,
                          .input_len = input ? strlen(input) : 0,
                          .apart = true,
                          .most = ANSWER_MAX };
    struct fl_ran ran = { .output = "", .errors = "" };
    const struct program_end end = { .program = c->program[0], .ran = &ran, .most = ANSWER_MAX };
    int code;

    *answer_out = fl_json_pack(ctx, "{}");
    if (!run.argv || !run.env)
        return FL_ENOMEM;
    code = fl_run(ctx, &run, &ran);
    tell_errors(ctx, ran.errors);
    if (code == FL_OK || code == FL_EREJECT)
        return program_judge(ctx, &end, answer_out);
    if (code == FL_ETEMP && ran.status > 0)
        return fl_fail(ctx, code, "%s was not done in time and was ended: raise this instance's `timeout`%s",
                       c->program[0], program_words(ctx, &end, ran.errors));
    return code;
}
int exec_ask(struct fl_ctx *ctx, const char *op, json_t *question, json_t **answer_out)
{
    json_t *all = fl_json_pack(ctx, "{s:i, s:s, s:s}", "format", 1, "op", op, "dns", fl_name(ctx));
    char *text = json_object_update(all, question) == 0 ? json_dumps(all, JSON_COMPACT) : NULL;
    int code = text ? exec_run(ctx, op, NULL, text, answer_out) : FL_ENOMEM;

    free(text);
    return code;
}

/* ---- what it can do ---- */

static bool lists(const json_t *operations, const char *op)
{
    const json_t *one;
    size_t i;

    json_array_foreach(operations, i,
                       one) if (json_is_string(one) && !strcmp(json_string_value(one), op)) return true;
    return false;
}
static uint32_t number(const json_t *answer, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(answer, name));

    return n > 0 && n <= INT32_MAX ? (uint32_t)n : 0;
}
static int read_caps(struct fl_ctx *ctx, const json_t *answer, struct self *s)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } flags[] = { { "list_all", FL_CAP_LIST_ALL }, { "alias", FL_CAP_ALIAS },
                  { "atomic", FL_CAP_ATOMIC },     { "values", FL_CAP_VALUES },
                  { "instant", FL_CAP_INSTANT },   { "precondition", FL_CAP_PRECONDITION } };
    const json_t *operations = json_object_get(answer, "operations");
    static const char *const needed[] = { "zone", "list", "apply" };

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!lists(operations, needed[i]))
            return fl_fail(ctx, FL_EPROTO, "the program's answer to `capabilities` lacks %s in `operations`",
                           needed[i]);
    s->create = lists(operations, "create");
    s->delegate = lists(operations, "delegate");
    s->settled = lists(operations, "settled");
    s->test = lists(operations, "test");
    s->caps = (struct fl_dns_caps){ .flags = (s->create ? FL_CAP_CREATE : 0u) |
                                             (s->delegate ? FL_CAP_DELEGATE : 0u) |
                                             (s->settled ? FL_CAP_SETTLED : 0u),
                                    .max_values = number(answer, "max_values"),
                                    .max_bytes = number(answer, "max_bytes"),
                                    .update_cost = number(answer, "update_cost"),
                                    .per_minute = number(answer, "per_minute") };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (json_is_true(json_object_get(answer, flags[i].name)))
            s->caps.flags |= flags[i].flag;
    s->asked = true;
    return FL_OK;
}
static int know(struct fl_ctx *ctx)
{
    const struct conf *c = fl_conf(ctx);
    struct self *s = fl_self(ctx);
    json_t *answer;
    int code;

    if (c->convention == BY_LEGO)
        s->caps = (struct fl_dns_caps){ .flags = FL_CAP_VALUES, .max_values = LEGO_VALUES };
    if (c->convention == BY_LEGO || s->asked)
        return FL_OK;
    code = exec_ask(ctx, "capabilities", fl_json_pack(ctx, "{}"), &answer);
    return code == FL_OK ? read_caps(ctx, answer, s) : code;
}
static int open_self(struct fl_ctx *ctx, void **self_out)
{
    (void)ctx;
    *self_out = calloc(1, sizeof(struct self));
    return *self_out ? FL_OK : FL_ENOMEM;
}

/* ---- the calls ---- */

static int test(struct fl_ctx *ctx)
{
    struct self *s = fl_self(ctx);
    json_t *answer;
    int code;

    s->asked = false; /* it may have become another program */
    code = know(ctx);
    return code == FL_OK && s->test ? exec_ask(ctx, "test", fl_json_pack(ctx, "{}"), &answer) : code;
}
static int caps(struct fl_ctx *ctx, struct fl_dns_caps *out)
{
    const struct self *s = fl_self(ctx);
    int code = know(ctx);

    if (code == FL_OK)
        *out = s->caps;
    return code;
}
static int ask_zone(struct fl_ctx *ctx, const char *op, const char *apex, struct fl_zone *out)
{
    json_t *answer, *zone = fl_json_pack(ctx, "{s:{s:s}}", "zone", "apex", apex);
    int code = exec_ask(ctx, op, zone, &answer);

    return code == FL_OK ? zone_read(ctx, answer, apex, out) : code;
}
static int zone(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    const struct conf *c = fl_conf(ctx);

    if (c->convention == BY_JSON)
        return ask_zone(ctx, "zone", apex, out);
    for (const char *const *z = c->holds; *z; z++)
        if (strcasecmp(*z, apex) == 0) {
            *out = (struct fl_zone){ .apex = apex };
            return FL_OK;
        }
    return fl_fail(ctx, FL_EREJECT, "`holds` does not name %s", apex);
}
static int create(struct fl_ctx *ctx, const char *apex, struct fl_zone *out)
{
    const struct self *s = fl_self(ctx);
    int code = know(ctx);

    if (code == FL_OK && !s->create)
        return fl_fail(ctx, FL_EREJECT, "the program makes no zones");
    return code == FL_OK ? ask_zone(ctx, "create", apex, out) : code;
}
static int list(struct fl_ctx *ctx, const struct fl_zone *z, const char *name, uint32_t type)
{
    const struct conf *c = fl_conf(ctx);
    json_t *answer;
    int code;

    if (c->convention == BY_LEGO)
        return FL_OK;
    code = exec_ask(ctx, "list",
                    fl_json_pack(ctx, "{s:O, s:s*, s:s*}", "zone", zone_write(ctx, z), "name", name, "type",
                                 type ? zone_type(ctx, type) : NULL),
                    &answer);
    return code == FL_OK ? zone_emit(ctx, json_object_get(answer, "rrsets")) : code;
}
static int apply(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                 const char **receipt_out)
{
    const struct conf *c = fl_conf(ctx);
    json_t *answer;
    int code;

    if (c->convention == BY_LEGO)
        return lego_apply(ctx, z, changes, n);
    code = exec_ask(
        ctx, "apply",
        fl_json_pack(ctx, "{s:O, s:O}", "zone", zone_write(ctx, z), "changes", zone_changes(ctx, changes, n)),
        &answer);
    if (code == FL_OK)
        *receipt_out = json_string_value(json_object_get(answer, "receipt"));
    return code;
}
static int settled(struct fl_ctx *ctx, const struct fl_zone *z, const char *receipt)
{
    json_t *answer,
        *question = fl_json_pack(ctx, "{s:O, s:s*}", "zone", zone_write(ctx, z), "receipt", receipt);

    return exec_ask(ctx, "settled", question, &answer);
}
static int delegate(struct fl_ctx *ctx, const char *apex, const char *const *name_servers)
{
    json_t *answer, *servers = fl_json_pack(ctx, "[]");

    for (const char *const *s = name_servers; s && *s; s++)
        if (json_array_append(servers, fl_json_pack(ctx, "s", *s)) != 0)
            return FL_ENOMEM;
    return exec_ask(ctx, "delegate",
                    fl_json_pack(ctx, "{s:{s:s, s:O}}", "zone", "apex", apex, "name_servers", servers),
                    &answer);
}

static const struct fl_dns_ops ops = { .size = sizeof ops,
                                       .open = open_self,
                                       .close = free,
                                       .test = test,
                                       .caps = caps,
                                       .zone = zone,
                                       .create = create,
                                       .list = list,
                                       .apply = apply,
                                       .settled = settled,
                                       .delegate = delegate };
FL_DNS_PLUGIN(&ops, .name = "exec", .version = "0.1",
              .summary = "a program of your own, called with JSON or as lego calls it", .options = options,
              .conf_size = sizeof(struct conf), .check = check);
