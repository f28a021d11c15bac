/* SPDX-License-Identifier: Apache-2.0 */
/* test_host_listen.c - fl_listen(): callbacks run in the instance's lane, after open() and before close(). */
#include "plugin_rig.h"
#include <fl/http.h>
#include <fl/listen.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dial.h"

/* What the plugin keeps; no lock: the lane is one. */
struct self {
    unsigned asked, called;
};
static uint16_t ports[3];
static pthread_t early; /* asks while open() is still at it */
static bool asks_early;
static int ends_badly; /* what open() returns after it has begun to listen */

static void nap(long ms)
{
    struct timespec t = { .tv_nsec = ms * 1000000 };
    nanosleep(&t, NULL);
}
static int on_datagram(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                       struct fl_bytes *out)
{
    struct self *self = fl_self(ctx);
    struct fl_reply reply;
    struct fl_ran ran;
    const char *text;

    self->asked++;
    assert_string_equal(from->address, "127.0.0.1");
    assert_int_equal(fl_http(ctx, &(struct fl_http){ .url = "http://127.0.0.1/" }, &reply), FL_ECONF);
    assert_int_equal(fl_run(ctx, &(struct fl_run){ .argv = NULL }, &ran), FL_ECONF);
    assert_int_equal(fl_listen(ctx, &(struct fl_listen){ .address = "127.0.0.1:0" }, NULL), FL_ECONF);
    if (len == 4 && !memcmp(data, "fail", 4))
        return fl_fail(ctx, FL_EREJECT, "was told to");
    text = fl_printf(ctx, "%u:%.*s", self->asked, (int)len, (const char *)data);
    *out = (struct fl_bytes){ .data = text, .len = len ? strlen(text) : 0 };
    return FL_OK;
}
/* Lines; "bye" ends the connection. */
static int on_stream(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                     size_t *used_out, struct fl_bytes *out)
{
    const char *end = memchr(data, '\n', len), *text;
    (void)from;
    if (!end)
        return FL_OK;
    if (!strncmp(data, "bye", 3))
        return FL_EREJECT;
    *used_out = (size_t)(end - (const char *)data) + 1;
    text = fl_printf(ctx, "<%.*s>", (int)*used_out - 1, (const char *)data);
    *out = (struct fl_bytes){ .data = text, .len = strlen(text) };
    return FL_OK;
}
static int on_http(struct fl_ctx *ctx, const struct fl_from *from, const struct fl_http_request *req,
                   struct fl_http_answer *out)
{
    const char *text = fl_printf(ctx, "%s %s %s", req->method, req->path, req->host);
    (void)from;
    if (!strcmp(req->path, "/fail"))
        return FL_EREJECT;
    if (!strcmp(req->path, "/page"))
        *out = (struct fl_http_answer){ .status = 200, .type = "text/x", .body = { text, strlen(text) } };
    return FL_OK;
}
static void *ask_often(void *arg)
{
    int fd = dial_at("127.0.0.1", ports[0], SOCK_DGRAM);
    char text[32];
    (void)arg;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(send(fd, "x", 1, 0), 1);
        assert_true(recv(fd, text, sizeof text, 0) > 2);
    }
    close(fd);
    return NULL;
}
static int open_it(struct fl_ctx *ctx, void **self_out)
{
    const struct fl_listen specs[] = {
        { .address = "127.0.0.1:0", .on_datagram = on_datagram },
        { .address = "127.0.0.1:0", .on_stream = on_stream },
        { .address = "127.0.0.1:0", .on_http = on_http },
    };
    for (size_t i = 0; i < 3; i++) {
        int code = fl_listen(ctx, &specs[i], &ports[i]);
        if (code != FL_OK)
            return code;
    }
    if (asks_early) {
        assert_int_equal(pthread_create(&early, NULL, ask_often, NULL), 0);
        nap(50);
    }
    if (ends_badly)
        return fl_fail(ctx, ends_badly, "was told to");
    *self_out = calloc(1, sizeof(struct self));
    return *self_out ? FL_OK : FL_ENOMEM;
}
static void close_it(void *self) { free(self); }

struct rig {
    struct plugin_rig p;
    struct listen *listen;
};
static void make(struct rig *r, unsigned flags)
{
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    struct outcome o;
    ops.open = open_it;
    ops.close = close_it;
    entry.ops.dns = &ops;
    entry.flags = (uint16_t)flags;
    ends_badly = FL_OK;
    assert_int_equal(listen_new(&r->listen, &o), FL_OK);
    plugin_rig_init(&r->p, &entry);
    r->p.host.listen = r->listen;
}
static void end(struct rig *r)
{
    plugin_rig_done(&r->p);
    listen_free(r->listen);
}
static void ask(int fd, const char *question, const char *wanted)
{
    assert_int_equal(send(fd, question, strlen(question), MSG_NOSIGNAL), (ssize_t)strlen(question));
    expect(fd, wanted);
}

static void datagrams_are_answered_from_the_plugins_own_state(void **state)
{
    struct rig r;
    (void)state;
    make(&r, 0);
    plugin_rig_open(&r.p);
    int fd = dial_at("127.0.0.1", ports[0], SOCK_DGRAM);
    ask(fd, "a", "1:a");
    ask(fd, "b", "2:b");
    /* A callback that fails, and one that says nothing, send nothing. */
    assert_int_equal(send(fd, "fail", 4, 0), 4);
    assert_int_equal(send(fd, "", 0, 0), 0);
    ask(fd, "c", "5:c");
    close(fd);
    end(&r);
}
static void streams_are_cut_into_messages(void **state)
{
    struct rig r;
    (void)state;
    make(&r, 0);
    plugin_rig_open(&r.p);
    int fd = dial_at("127.0.0.1", ports[1], SOCK_STREAM);
    assert_int_equal(send(fd, "o", 1, 0), 1);
    ask(fd, "ne\ntwo\nthr", "<one><two>");
    ask(fd, "ee\n", "<three>");
    assert_int_equal(send(fd, "bye\n", 4, 0), 4);
    expect_end(fd);
    close(fd);
    end(&r);
}
static void http_is_answered_and_failures_are_500(void **state)
{
    static const char *const asked[] = { "/page", "/none", "/fail" };
    static const char *const first[] = { "HTTP/1.1 200 ", "HTTP/1.1 404 ", "HTTP/1.1 500 " };
    struct rig r;
    (void)state;
    make(&r, 0);
    plugin_rig_open(&r.p);
    for (size_t i = 0; i < 3; i++) {
        char text[128];
        int fd = dial_at("127.0.0.1", ports[2], SOCK_STREAM);
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n", asked[i]);
        ask(fd, text, first[i]);
        close(fd);
    }
    end(&r);
}
static int adds(struct fl_ctx *ctx)
{
    struct self *self = fl_self(ctx);
    self->asked++;
    self->called++;
    return FL_OK;
}
static void callbacks_and_calls_take_turns(void **state)
{
    struct rig r;
    struct outcome o;
    pthread_t thread;
    int fd;
    (void)state;
    make(&r, 0);
    plugin_rig_open(&r.p);
    assert_int_equal(pthread_create(&thread, NULL, ask_often, NULL), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(plugin_rig_call(&r.p, adds, &o), FL_OK);
    pthread_join(thread, NULL);
    fd = dial_at("127.0.0.1", ports[0], SOCK_DGRAM);
    ask(fd, "n", "401:n");
    close(fd);
    end(&r);
}
/* With state that open() has not given yet on_datagram() would crash. */
static void nothing_is_called_before_open_has_returned(void **state)
{
    for (unsigned flags = 0; flags <= FL_PARALLEL; flags++) {
        struct rig r;
        (void)state;
        make(&r, flags);
        asks_early = true;
        plugin_rig_open(&r.p);
        asks_early = false;
        pthread_join(early, NULL);
        instance_close(r.p.instance);
        plugin_rig_open(&r.p);
        end(&r);
    }
}
static void an_open_that_fails_stops_listening(void **state)
{
    struct rig r;
    struct outcome o;
    struct sockaddr_in at = { .sin_family = AF_INET };
    (void)state;
    make(&r, 0);
    ends_badly = FL_ECONF;
    assert_int_equal(instance_open(r.p.instance, &o), FL_ECONF);
    assert_string_equal(o.msg, "dns try: was told to");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_port = htons(ports[1]);
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), -1);
    close(fd);
    end(&r);
}
static void a_command_that_does_not_serve_binds_nothing(void **state)
{
    struct rig r;
    (void)state;
    make(&r, 0);
    r.p.host.listen = NULL;
    plugin_rig_open(&r.p);
    assert_int_equal(ports[0], 0);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_answered_from_the_plugins_own_state),
        cmocka_unit_test(streams_are_cut_into_messages),
        cmocka_unit_test(http_is_answered_and_failures_are_500),
        cmocka_unit_test(callbacks_and_calls_take_turns),
        cmocka_unit_test(nothing_is_called_before_open_has_returned),
        cmocka_unit_test(an_open_that_fails_stops_listening),
        cmocka_unit_test(a_command_that_does_not_serve_binds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
