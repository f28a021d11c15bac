/* SPDX-License-Identifier: Apache-2.0 */
/* test_handover.c - one instance takes over from another: its socket, its connections, and nobody who asks is refused. */
#include "base/log.h"
#include "plugin_rig.h"
#include <fl/listen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dial.h"

struct conf {
    const char *word, *token;
    const char *const *more;
    int64_t number;
    bool flag;
};
static const struct fl_option options[] = {
    FL_STRING(struct conf, word, 0, "first", "what it answers"),
    FL_SECRET(struct conf, token, 0, "a token"),
    FL_LISTOF(struct conf, more, FL_T_STRING, 0, NULL, "more words"),
    FL_INT(struct conf, number, 0, "1", 0, 100, "a number"),
    FL_BOOL(struct conf, flag, "false", "a flag"),
    FL_END,
};
static char datagrams[32], streams[32], pages[32]; /* where to listen */
static int opened, closed, ends_badly;

static int on_datagram(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                       struct fl_bytes *out)
{
    const struct conf *c = fl_conf(ctx);
    (void)from, (void)data, (void)len;
    *out = (struct fl_bytes){ .data = c->word, .len = strlen(c->word) };
    return FL_OK;
}
static int on_stream(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                     size_t *used_out, struct fl_bytes *out)
{
    const struct conf *c = fl_conf(ctx);
    (void)from;
    if (!memchr(data, '\n', len))
        return FL_OK;
    *used_out = len;
    *out = (struct fl_bytes){ .data = c->word, .len = strlen(c->word) };
    return FL_OK;
}
static int on_http(struct fl_ctx *ctx, const struct fl_from *from, const struct fl_http_request *req,
                   struct fl_http_answer *out)
{
    const struct conf *c = fl_conf(ctx);
    (void)from, (void)req;
    *out = (struct fl_http_answer){ .status = 200, .body = { c->word, strlen(c->word) } };
    return FL_OK;
}
static int listen_at(struct fl_ctx *ctx, struct fl_listen spec, char address[32])
{
    uint16_t port = 0;
    spec.address = address;
    int code = fl_listen(ctx, &spec, &port);
    if (code == FL_OK)
        snprintf(address, 32, "127.0.0.1:%u", port);
    return code;
}
static int open_it(struct fl_ctx *ctx, void **self_out)
{
    int code = listen_at(ctx, (struct fl_listen){ .on_datagram = on_datagram }, datagrams);
    if (code == FL_OK)
        code = listen_at(ctx, (struct fl_listen){ .on_stream = on_stream }, streams);
    if (code == FL_OK)
        code = listen_at(ctx, (struct fl_listen){ .on_http = on_http }, pages);
    opened += code == FL_OK;
    *self_out = NULL;
    return code == FL_OK && ends_badly ? fl_fail(ctx, ends_badly, "was told to") : code;
}
static void close_it(void *self)
{
    (void)self;
    closed++;
}

/* ---- two of them over one service ---- */

struct pair {
    struct listen *listen;
    struct plugin_rig old, new;
};
static void rig(struct plugin_rig *r, struct listen *listen, const char *word)
{
    static struct conf_node all = { .name = "try", .file = "a.conf", .line = 2, .kind = CONF_GROUP };
    static struct conf_node text = { .name = "word", .file = "a.conf", .line = 3, .kind = CONF_STRING };
    static struct fl_dns_ops ops;
    static struct fl_plugin entry;
    char passing[32];
    ops = plugin_rig_dns_ops;
    ops.open = open_it;
    ops.close = close_it;
    entry = plugin_rig_entry;
    entry.options = options;
    entry.conf_size = sizeof(struct conf);
    entry.ops.dns = &ops;
    plugin_rig_init(r, &entry);
    instance_free(r->instance);
    /* What the file said is gone when the instance is used. */
    snprintf(passing, sizeof passing, "%s", word);
    text.text = passing;
    all.first = &text;
    r->setting.node = &all;
    r->host.listen = listen;
    r->instance = instance_new(&r->plugin, &r->setting, &r->opts, &r->host);
    assert_non_null(r->instance);
    memset(passing, 'x', sizeof passing);
    arena_done(&r->arena);
}
static int set_up(void **state)
{
    static struct pair p;
    struct outcome o;
    opened = closed = ends_badly = 0;
    snprintf(datagrams, sizeof datagrams, "127.0.0.1:0");
    snprintf(streams, sizeof streams, "127.0.0.1:0");
    snprintf(pages, sizeof pages, "127.0.0.1:0");
    assert_int_equal(listen_new(&p.listen, &o), FL_OK);
    rig(&p.old, p.listen, "first");
    plugin_rig_open(&p.old);
    rig(&p.new, p.listen, "second");
    *state = &p;
    return 0;
}
static int tear_down(void **state)
{
    struct pair *p = *state;
    plugin_rig_done(&p->new);
    plugin_rig_done(&p->old);
    listen_free(p->listen);
    return 0;
}
static int dial_text(const char *address, int type)
{
    return dial_at("127.0.0.1", (uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10), type);
}
static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void the_second_answers_at_the_moment_of_the_switch_also_where_the_first_was_asked(void **state)
{
    struct pair *p = *state;
    int udp = dial_text(datagrams, SOCK_DGRAM), tcp = dial_text(streams, SOCK_STREAM);
    int http = dial_text(pages, SOCK_STREAM);
    say(udp, "?");
    expect(udp, "first");
    say(tcp, "half of a");
    say(http, "GET / HTTP/1.1\r\n");
    instance_offer(p->old.instance, true);
    plugin_rig_open(&p->new);
    say(udp, "?");
    expect(udp, "first");
    instance_switch(p->new.instance);
    instance_close(p->old.instance);
    assert_int_equal(closed, 1);
    say(udp, "?");
    expect(udp, "second");
    say(tcp, " question\n");
    expect(tcp, "second");
    say(http, "Host: x\r\nConnection: close\r\n\r\n");
    expect(http, "HTTP/1.1 200 OK");
    close(udp);
    close(tcp);
    close(http);
    udp = dial_text(datagrams, SOCK_DGRAM);
    say(udp, "?");
    expect(udp, "second");
    close(udp);
}

static void one_that_was_not_switched_leaves_the_first_where_it_is(void **state)
{
    struct pair *p = *state;
    struct outcome o = { 0 };
    int udp = dial_text(datagrams, SOCK_DGRAM);
    ends_badly = FL_ECONF;
    instance_offer(p->old.instance, true);
    assert_int_equal(instance_open(p->new.instance, &o), FL_ECONF);
    instance_offer(p->old.instance, false);
    say(udp, "?");
    expect(udp, "first");
    /* And once more, as if somebody tried again. */
    ends_badly = FL_OK;
    instance_offer(p->old.instance, true);
    plugin_rig_open(&p->new);
    instance_close(p->new.instance);
    instance_offer(p->old.instance, false);
    say(udp, "?");
    expect(udp, "first");
    assert_true(instance_listens(p->old.instance));
    close(udp);
}

static void what_is_not_offered_is_not_had(void **state)
{
    struct pair *p = *state;
    struct outcome o = { 0 };
    assert_int_equal(instance_open(p->new.instance, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "cannot listen on 127.0.0.1:"));
    assert_false(p->new.instance->open);
}

/* ---- what is the same ---- */

static void instances_with_the_same_options_are_the_same(void **state)
{
    struct pair *p = *state;
    struct plugin_rig again;
    assert_false(instance_same(p->old.instance, p->new.instance, true));
    rig(&again, p->listen, "first");
    assert_true(instance_same(p->old.instance, again.instance, true));
    again.instance->setting.per_minute = 7;
    assert_false(instance_same(p->old.instance, again.instance, true));
    plugin_rig_done(&again);
}

static void every_option_counts_and_secrets_only_if_they_are_meant(void **state)
{
    static const char *const one[] = { "a", "b", NULL }, *const other[] = { "a", "b", "c", NULL };
    static const char *const none[] = { NULL };
    const struct conf a = { .word = "w", .token = "hush", .more = one, .number = 3, .flag = true };
    struct conf b = a;
    (void)state;
    assert_true(opt_same(options, &a, &b, true));
    b.token = "other";
    assert_false(opt_same(options, &a, &b, true));
    assert_true(opt_same(options, &a, &b, false));
    b = a;
    b.more = other;
    assert_false(opt_same(options, &a, &b, true));
    b.more = none;
    assert_false(opt_same(options, &a, &b, true));
    b.more = NULL;
    assert_false(opt_same(options, &a, &b, true));
    b = a;
    b.number = 4;
    assert_false(opt_same(options, &a, &b, true));
    b = a;
    b.flag = false;
    assert_false(opt_same(options, &a, &b, true));
    b = a;
    b.word = NULL;
    assert_false(opt_same(options, &a, &b, true));
}

static void a_file_that_is_another_is_seen(void **state)
{
    char path[] = "/tmp/fairlead-stamp.XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    struct opt_file f = { .path = path, .stamp = stamp_of(path) };
    assert_null(opt_file_changed(&f));
    assert_int_equal(write(fd, "x", 1), 1);
    assert_string_equal(opt_file_changed(&f), path);
    f.stamp = stamp_of(path);
    assert_null(opt_file_changed(&f));
    unlink(path);
    assert_string_equal(opt_file_changed(&f), path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_second_answers_at_the_moment_of_the_switch_also_where_the_first_was_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_not_switched_leaves_the_first_where_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_offered_is_not_had, set_up, tear_down),
        cmocka_unit_test_setup_teardown(instances_with_the_same_options_are_the_same, set_up, tear_down),
        cmocka_unit_test(every_option_counts_and_secrets_only_if_they_are_meant),
        cmocka_unit_test(a_file_that_is_another_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
