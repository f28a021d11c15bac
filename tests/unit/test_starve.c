/* SPDX-License-Identifier: Apache-2.0 */
/* test_starve.c - every allocation of a call fails once: it always ends in FL_ENOMEM, with nothing lost. */
#include "plugin/deliver.h"
#include "plugin_rig.h"
#include <fl/json.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- memory that runs out: linked with --wrap for each of these ---- */

static struct {
    bool armed, for_good; /* for_good: nothing works from then on */
    unsigned count, at;   /* the how-manieth fails; 0: none */
} ration;

static bool denied(void)
{
    if (!ration.armed)
        return false;
    ration.count++;
    return ration.at && (ration.for_good ? ration.count >= ration.at : ration.count == ration.at);
}
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
int __real_vasprintf(char **out, const char *fmt, va_list ap);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **out, const char *fmt, va_list ap) FL_PRINTF(2, 0);

void *__wrap_malloc(size_t size) { return denied() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t n, size_t size) { return denied() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t size) { return denied() ? NULL : __real_realloc(p, size); }
char *__wrap_strdup(const char *s) { return denied() ? NULL : __real_strdup(s); }
int __wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
    return denied() ? -1 : __real_vasprintf(out, fmt, ap);
}
static void *json_memory(size_t size) { return __wrap_malloc(size); }
static void json_release(void *p) { free(p); }

/* Starves `body` at every allocation in turn, once and for good. It says FL_OK or FL_ENOMEM. */
static void torture(int (*body)(void *arg), void *arg)
{
    for (int for_good = 0; for_good < 2; for_good++) {
        unsigned at = 1;
        int code;
        do {
            ration.count = 0;
            ration.at = at++;
            ration.for_good = for_good;
            ration.armed = true;
            code = body(arg);
            ration.armed = false;
            if (code != FL_OK && code != FL_ENOMEM)
                fail_msg("allocation %u: %d", at - 1, code);
            if (code == FL_OK && ration.count >= ration.at)
                fail_msg("allocation %u failed and nobody said so", at - 1);
        } while (code == FL_ENOMEM && at < 500);
        assert_int_equal(code, FL_OK);
        assert_true(at > 3);
    }
}

/* ---- a call that uses everything ---- */

static int uses_all(struct fl_ctx *ctx)
{
    static const char *const servers[] = { "ns1.example.net", NULL };
    const char *const argv[] = { "/bin/echo", "one", "two", NULL }, *const env[] = { "A=b", NULL };
    const struct fl_run run = { .argv = argv, .env = env, .input = "in", .input_len = 2 };
    const struct fl_value values[] = { { .text = "v", .id = "1" }, { .text = "w" } };
    const struct fl_zone zone = { .apex = "example.org", .id = "z", .name_servers = servers };
    const struct fl_rrset set = { .name = "a", .type = FL_RR_TXT, .values = values, .n = 2, .etag = "e" };
    const struct fl_http req = { .url = "http://127.0.0.1/" };
    const uint8_t *bytes;
    json_t *answer = NULL, *body;
    struct fl_ran ran;
    size_t len;

    (void)fl_alloc(ctx, 100);
    assert_non_null(fl_printf(ctx, "%s %d", "text", 7));
    assert_non_null(fl_base64(ctx, "data", 4, true));
    (void)fl_unbase64(ctx, "ZGF0YQ", &bytes, &len);
    body = fl_json_pack(ctx, "{s:s,s:[i,i,i],s:{s:b}}", "name", "value", "list", 1, 2, 3, "inner", "flag", 1);
    assert_true(json_is_object(body));
    (void)fl_http_json(ctx, &req, body, &answer); /* no service here: it ends before anything is sent */
    assert_true(json_is_object(answer));
    (void)fl_emit_zone(ctx, &zone);
    (void)fl_emit_rrset(ctx, &set);
    (void)fl_run(ctx, &run, &ran);
    assert_non_null(ran.output);
    fl_debug(ctx, "%s", ran.output);
    return FL_OK;
}
static int call_body(void *arg)
{
    struct outcome o = { .code = FL_OK };
    int code = plugin_rig_call(arg, uses_all, &o);
    assert_int_equal(code, o.code);
    if (code == FL_ENOMEM)
        assert_non_null(strstr(o.msg, "out of memory"));
    return code;
}
static void every_allocation_of_a_call_may_fail(void **state)
{
    struct plugin_rig r;
    (void)state;
    plugin_rig_init(&r, &plugin_rig_entry);
    plugin_rig_open(&r);
    torture(call_body, &r);
    plugin_rig_done(&r);
}

/* ---- open ---- */

static int opened_well(struct fl_ctx *ctx, void **self_out)
{
    (void)fl_alloc(ctx, 10);
    *self_out = malloc(10);
    return *self_out ? FL_OK : FL_ENOMEM;
}
static void close_it(void *self) { free(self); }
static int open_body(void *arg)
{
    struct plugin_rig *r = arg;
    struct outcome o = { .code = FL_OK };
    int code = instance_open(r->instance, &o);
    bool armed = ration.armed;
    ration.armed = false;
    instance_close(r->instance);
    ration.armed = armed;
    return code;
}
static void every_allocation_of_open_may_fail(void **state)
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    ops.open = opened_well;
    ops.close = close_it;
    entry.ops.dns = &ops;
    plugin_rig_init(&r, &entry);
    torture(open_body, &r);
    plugin_rig_done(&r);
}

/* ---- making an instance ---- */

struct conf {
    const char *token;
    const char *const *list;
    int64_t pause;
};
static const struct fl_option options[] = {
    FL_STRING(struct conf, token, 0, "some text", "a text"),
    FL_LISTOF(struct conf, list, FL_T_STRING, 0, "a, b, c", "a list"),
    FL_DURATION(struct conf, pause, 0, "10s", 1, 100000, "a pause"),
    FL_END,
};
static int check(struct fl_ctx *ctx, const void *conf)
{
    (void)conf;
    return *fl_printf(ctx, "%s", "x") ? FL_OK : FL_ENOMEM;
}
/* Wanting memory shows as NULL, as an error among the diagnostics, or in the arena. */
static int new_body(void *arg)
{
    struct plugin_rig *r = arg;
    struct arena arena = { .starved = false };
    struct opt_ctx opts = { .arena = &arena, .diag = diag_new() };
    struct instance *i = opts.diag ? instance_new(&r->plugin, &r->setting, &opts, &r->host) : NULL;
    int code = !i || arena.starved || diag_errors(opts.diag) ? FL_ENOMEM : FL_OK;
    instance_free(i);
    diag_free(opts.diag);
    arena_done(&arena);
    return code;
}
static void every_allocation_of_an_instance_may_fail(void **state)
{
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    entry.options = options;
    entry.conf_size = sizeof(struct conf);
    entry.check = check;
    plugin_rig_init(&r, &entry);
    torture(new_body, &r);
    plugin_rig_done(&r);
}

/* ---- the door to the sinks ---- */

static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    (void)certs, (void)n;
    (void)fl_alloc(ctx, 10);
    return FL_OK;
}
static const struct fl_sink_ops sink_ops = { .size = sizeof sink_ops, .deploy = deploy };
static int deliver_body(void *arg)
{
    static const char *const names[] = { "example.org", NULL };
    static const struct fl_cert cert = { .name = "example.org",
                                         .file_name = "example.org",
                                         .key_type = "ec256",
                                         .serial = "1",
                                         .identifiers = names,
                                         .leaf_pem = "L",
                                         .key_pem = "K" };
    struct plugin_rig *r = arg;
    struct deliver_request *req = deliver_request_new(DELIVER_DEPLOY, "try");
    struct deliver_reply reply = { .outcome = { .code = FL_ENOMEM } };
    struct deliver *d = NULL;

    if (req && deliver_new(&r->instance, 1, &d) == FL_OK && deliver_request_add(req, &cert))
        (void)deliver_call(d, req, &reply);
    deliver_free(d);
    deliver_request_free(req);
    return reply.outcome.code;
}
static void every_allocation_of_a_delivery_may_fail(void **state)
{
    struct fl_plugin entry = plugin_rig_entry;
    struct plugin_rig r;
    (void)state;
    entry.kind = FL_KIND_SINK;
    entry.ops.sink = &sink_ops;
    plugin_rig_init(&r, &entry);
    plugin_rig_open(&r);
    torture(deliver_body, &r);
    plugin_rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_call_may_fail),
        cmocka_unit_test(every_allocation_of_open_may_fail),
        cmocka_unit_test(every_allocation_of_an_instance_may_fail),
        cmocka_unit_test(every_allocation_of_a_delivery_may_fail),
    };
    json_set_alloc_funcs(json_memory, json_release);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
