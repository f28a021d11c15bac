/* SPDX-License-Identifier: Apache-2.0 */
/* test_instance.c - a plugin's life: options, check, open, close, and that its secrets stay its own. */
#include "base/log.h"
#include "plugin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct conf {
    const char *token;
    const char *const *spare;
    int64_t timeout;
    int64_t size;
};
static const struct fl_option options[] = {
    FL_SECRET(struct conf, token, FL_REQUIRED, "a token"),
    FL_LISTOF(struct conf, spare, FL_T_SECRET, 0, NULL, "more of them"),
    FL_INT(struct conf, size, 0, "7", 0, 100, "a size"),
    FL_END,
};
static const struct fl_option reserved_options[] = {
    FL_INT(struct conf, timeout, 0, "7", 0, 100, "not ours"),
    FL_END,
};

/* ---- options ---- */

static const struct conf_node spare_items[] = {
    { .file = "a.conf", .line = 4, .kind = CONF_STRING, .text = "spare-secret-1", .next = NULL },
};
static struct conf_node nodes[] = {
    { .name = "token", .file = "a.conf", .line = 3, .kind = CONF_STRING, .text = "hush-hush-hush" },
    { .name = "spare", .file = "a.conf", .line = 4, .kind = CONF_LIST },
};
static const struct conf_node *group(void)
{
    static struct conf_node all = { .name = "try", .file = "a.conf", .line = 2, .kind = CONF_GROUP };
    nodes[0].next = &nodes[1];
    nodes[1].first = (struct conf_node *)(uintptr_t)spare_items;
    all.first = nodes;
    return &all;
}
/* What `fairlead check` would print. */
static void assert_printed(struct diag *d, const char *text)
{
    char found[1024] = "";
    FILE *f = fmemopen(found, sizeof found, "w");
    assert_non_null(f);
    diag_print(d, f);
    fclose(f);
    assert_string_equal(found, text);
}
/* A rig whose instance is made again with options. */
static void rig_with(struct plugin_rig *r, const struct fl_plugin *entry, const struct conf_node *node,
                     const char *const *reserved)
{
    plugin_rig_init(r, &plugin_rig_entry);
    instance_free(r->instance);
    r->plugin.entry = *entry;
    r->setting.node = node;
    r->setting.reserved = reserved;
    r->instance = instance_new(&r->plugin, &r->setting, &r->opts, &r->host);
    assert_non_null(r->instance);
}
static struct fl_plugin with_options(const struct fl_option *table,
                                     int (*check)(struct fl_ctx *ctx, const void *conf))
{
    struct fl_plugin e = plugin_rig_entry;
    e.options = table;
    e.conf_size = sizeof(struct conf);
    e.check = check;
    return e;
}
static int check_size(struct fl_ctx *ctx, const void *conf_in)
{
    const struct conf *conf = conf_in;
    struct fl_ran ran;
    const char *const argv[] = { "/bin/true", NULL };
    const struct fl_run run = { .argv = argv };
    assert_null(fl_self(ctx));
    assert_int_equal(fl_run(ctx, &run, &ran), FL_ECONF);
    return conf->size == 7 ? fl_fail(ctx, FL_ECONF, "size %d and token exclude each other", 7) : FL_OK;
}
static void what_check_says_is_shown_with_file_and_line(void **state)
{
    const struct fl_plugin entry = with_options(options, check_size);
    struct plugin_rig r;
    (void)state;
    rig_with(&r, &entry, group(), NULL);
    assert_printed(r.opts.diag, "a.conf:2: error: dns try: size 7 and token exclude each other\n");
    plugin_rig_done(&r);
    log_forget_secrets();
}
static int never_called(struct fl_ctx *ctx, const void *conf)
{
    (void)ctx, (void)conf;
    fail();
    return FL_OK;
}
static void check_does_not_run_over_options_that_are_wrong(void **state)
{
    static const struct conf_node empty = { .name = "try", .file = "a.conf", .line = 2, .kind = CONF_GROUP };
    const struct fl_plugin entry = with_options(options, never_called);
    struct plugin_rig r;
    (void)state;
    rig_with(&r, &entry, &empty, NULL);
    assert_int_equal(diag_errors(r.opts.diag), 1);
    plugin_rig_done(&r);
}
static void the_names_of_the_core_are_not_for_plugins(void **state)
{
    static const char *const reserved[] = { "plugin", "timeout", "token", "spare", NULL };
    const struct fl_plugin entry = with_options(reserved_options, NULL);
    struct plugin_rig r;
    (void)state;
    rig_with(&r, &entry, group(), reserved);
    assert_printed(r.opts.diag,
                   "a.conf:2: error: dns try:  declares the option timeout, which is the core's: "
                   "the plugin must call it something else\n");
    plugin_rig_done(&r);
}

/* ---- secrets ---- */

static int spills(struct fl_ctx *ctx)
{
    const struct conf *conf = fl_conf(ctx);
    char long_text[4000];
    fl_debug(ctx, "sending %s and %s", conf->token, conf->spare[0]);
    /* One that stands where a line is cut. */
    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text + 1790, "hush-hush-hush", 14);
    long_text[3999] = '\0';
    fl_debug(ctx, "%s", long_text);
    return fl_fail(ctx, FL_EAUTH, "token %s is bad", conf->token);
}
static void secrets_are_blanked_in_what_a_plugin_says(void **state)
{
    const struct fl_plugin entry = with_options(options, NULL);
    struct plugin_rig r;
    struct outcome o = { .code = FL_OK };
    char log[8192] = "";
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    log_setup(LOG_LEVEL_DEBUG, LOG_TEXT, fileno(file));
    rig_with(&r, &entry, group(), NULL);
    plugin_rig_open(&r);
    assert_int_equal(plugin_rig_call(&r, spills, &o), FL_EAUTH);
    assert_string_equal(o.msg, "dns try: token *** is bad");
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, STDERR_FILENO);
    assert_true(pread(fileno(file), log, sizeof log - 1, 0) > 0);
    assert_non_null(strstr(log, "sending *** and ***"));
    assert_null(strstr(log, "hush"));
    assert_null(strstr(log, "spare-secret"));
    fclose(file);
    plugin_rig_done(&r);
    log_forget_secrets();
}

/* ---- open and close ---- */

static int opened, closed;
static void *given;
static int open_well(struct fl_ctx *ctx, void **self_out)
{
    (void)ctx;
    opened++;
    *self_out = given = malloc(8);
    return FL_OK;
}
static int open_badly(struct fl_ctx *ctx, void **self_out)
{
    *self_out = NULL;
    return fl_fail(ctx, FL_ECONF, "no such server");
}
static int open_starved(struct fl_ctx *ctx, void **self_out)
{
    volatile size_t impossible = SIZE_MAX - 8;
    *self_out = malloc(8);
    (void)fl_alloc(ctx, impossible);
    return FL_OK;
}
static void close_it(void *self)
{
    closed++;
    free(self);
}
static void rig_opening(struct plugin_rig *r, int (*open)(struct fl_ctx *ctx, void **self_out))
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    ops.open = open;
    ops.close = close_it;
    entry.ops.dns = &ops;
    opened = closed = 0;
    plugin_rig_init(r, &entry);
}
static int sees_itself(struct fl_ctx *ctx)
{
    assert_ptr_equal(fl_self(ctx), given);
    return FL_OK;
}
static void what_open_gave_is_there_until_close(void **state)
{
    struct plugin_rig r;
    struct outcome o;
    (void)state;
    rig_opening(&r, open_well);
    plugin_rig_open(&r);
    plugin_rig_open(&r);
    assert_int_equal(opened, 1);
    assert_int_equal(plugin_rig_call(&r, sees_itself, &o), FL_OK);
    instance_close(r.instance);
    assert_int_equal(closed, 1);
    instance_close(r.instance);
    assert_int_equal(closed, 1);
    assert_int_equal(plugin_rig_call(&r, sees_itself, &o), FL_ECONF);
    plugin_rig_open(&r);
    assert_int_equal(opened, 2);
    plugin_rig_done(&r);
    assert_int_equal(closed, 2);
}
static void an_instance_that_did_not_open_is_not_closed(void **state)
{
    struct plugin_rig r;
    struct outcome o = { .code = FL_OK };
    (void)state;
    rig_opening(&r, open_badly);
    assert_int_equal(instance_open(r.instance, &o), FL_ECONF);
    assert_string_equal(o.msg, "dns try: no such server");
    plugin_rig_done(&r);
    assert_int_equal(closed, 0);
}
static void an_instance_that_opened_without_memory_is_closed_again(void **state)
{
    struct plugin_rig r;
    struct outcome o;
    (void)state;
    rig_opening(&r, open_starved);
    assert_int_equal(instance_open(r.instance, &o), FL_ENOMEM);
    assert_int_equal(closed, 1);
    plugin_rig_done(&r);
    assert_int_equal(closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_check_says_is_shown_with_file_and_line),
        cmocka_unit_test(check_does_not_run_over_options_that_are_wrong),
        cmocka_unit_test(the_names_of_the_core_are_not_for_plugins),
        cmocka_unit_test(secrets_are_blanked_in_what_a_plugin_says),
        cmocka_unit_test(what_open_gave_is_there_until_close),
        cmocka_unit_test(an_instance_that_did_not_open_is_not_closed),
        cmocka_unit_test(an_instance_that_opened_without_memory_is_closed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
