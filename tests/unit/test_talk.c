/* SPDX-License-Identifier: Apache-2.0 */
/* test_talk.c - one message to a service on a stream socket, and all that it answers. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/talk.h"
#include "tmpdir.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a service that reads up to a full stop, answers and closes ---- */

struct service {
    int fd;
    char address[128];
    const char *answer;
    size_t times; /* how often it says that */
    bool silent;  /* waits for the other side to go */
    size_t heard; /* bytes */
    pthread_t thread;
};
static void *serve(void *arg)
{
    struct service *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    char piece[4096];
    ssize_t n;
    if (fd < 0)
        return NULL;
    while ((n = recv(fd, piece, sizeof piece, 0)) > 0) {
        s->heard += (size_t)n;
        if (piece[n - 1] == '.' && !s->silent)
            break;
    }
    for (size_t i = 0; i < s->times && n > 0; i++)
        if (send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL) < 0)
            break;
    close(fd);
    return NULL;
}
static void start(struct service *s, const char *folder)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof in;
    if (folder) {
        snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", folder);
        unlink(un.sun_path);
        snprintf(s->address, sizeof s->address, "%s/socket", folder);
        s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s->fd, (struct sockaddr *)&un, sizeof un), 0);
    } else {
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s->fd, (struct sockaddr *)&in, sizeof in), 0);
        assert_int_equal(getsockname(s->fd, (struct sockaddr *)&in, &len), 0);
        snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(in.sin_port));
    }
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}
static void stop(struct service *s)
{
    shutdown(s->fd, SHUT_RDWR);
    close(s->fd);
    pthread_join(s->thread, NULL);
}
static int set_up(void **state)
{
    char *folder = calloc(1, 64);
    tmpdir_make(folder);
    *state = folder;
    return 0;
}
static int tear_down(void **state)
{
    tmpdir_remove(*state);
    free(*state);
    return 0;
}
static int talk(const char *address, const char *text, int64_t ms, struct buf *out, struct outcome *o)
{
    *o = (struct outcome){ .code = FL_OK };
    return talk_once(address, text, strlen(text), clock_mono_ms() + ms, out, o);
}

static void an_answer_comes_back_whole(void **state)
{
    (void)state;
    for (int unix_socket = 0; unix_socket < 2; unix_socket++) {
        struct service s = { .answer = "0123456789", .times = 5000 };
        cleanup_(buf_done) struct buf out = BUF(50000);
        struct outcome o;
        char *much = malloc(200001);
        memset(much, 'x', 200000);
        memcpy(much + 199999, ".", 2);
        start(&s, unix_socket ? *state : NULL);
        assert_int_equal(talk(s.address, much, 5000, &out, &o), FL_OK);
        stop(&s);
        assert_int_equal(out.len, 50000);
        assert_int_equal(s.heard, 200000);
        assert_memory_equal(out.data + 49990, "0123456789", 10);
        free(much);
    }
}
static void an_answer_over_the_maximum_is_none(void **state)
{
    struct service s = { .answer = "0123456789", .times = 100000 };
    cleanup_(buf_done) struct buf out = BUF(50000);
    struct outcome o;
    char expected[256];
    start(&s, *state);
    assert_int_equal(talk(s.address, "x.", 5000, &out, &o), FL_EPROTO);
    stop(&s);
    snprintf(expected, sizeof expected, "%s: answers more than 50000 bytes", s.address);
    assert_string_equal(o.msg, expected);
}
static void silence_ends_with_the_deadline(void **state)
{
    struct service s = { .silent = true };
    cleanup_(buf_done) struct buf out = BUF(100);
    struct outcome o;
    char expected[256];
    int64_t before = clock_mono_ms();
    start(&s, *state);
    assert_int_equal(talk(s.address, "x.", 200, &out, &o), FL_ETEMP);
    stop(&s);
    assert_in_range(clock_mono_ms() - before, 190, 2000);
    snprintf(expected, sizeof expected, "%s: was not done in time", s.address);
    assert_string_equal(o.msg, expected);
}
static void nobody_there_is_told_with_the_reason(void **state)
{
    struct service s = { .silent = true };
    cleanup_(buf_done) struct buf out = BUF(100);
    struct outcome o;
    char expected[256];
    for (int unix_socket = 0; unix_socket < 2; unix_socket++) {
        start(&s, unix_socket ? *state : NULL);
        stop(&s);
        assert_int_equal(talk(s.address, "x.", 2000, &out, &o), FL_ETEMP);
        snprintf(expected, sizeof expected, "%s: cannot connect: Connection refused", s.address);
        assert_string_equal(o.msg, expected);
    }
    unlink(s.address);
    assert_int_equal(talk(s.address, "x.", 2000, &out, &o), FL_ETEMP);
    snprintf(expected, sizeof expected, "%s: cannot connect: there is no such socket", s.address);
    assert_string_equal(o.msg, expected);
}
static void a_socket_of_others_is_for_a_person(void **state)
{
    struct service s = { .answer = "x", .times = 1 };
    cleanup_(buf_done) struct buf out = BUF(100);
    struct outcome o;
    start(&s, *state);
    assert_int_equal(chmod(s.address, 0), 0);
    if (getuid() == 0) /* who may do everything */
        assert_int_equal(seteuid(65534), 0);
    assert_int_equal(talk(s.address, "x.", 2000, &out, &o), FL_ECONF);
    assert_int_equal(seteuid(getuid()), 0);
    assert_non_null(strstr(o.msg, "let fairlead's user write to that socket"));
    stop(&s);
}
static void what_is_no_address_is_told(void **state)
{
    static const char *const wrong[] = { "", "socket", "127.0.0.1", "127.0.0.1:0", "localhost:80" };
    char longest[300];
    cleanup_(buf_done) struct buf out = BUF(100);
    struct outcome o;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(talk(wrong[i], "x.", 2000, &out, &o), FL_ECONF);
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(talk(longest, "x.", 2000, &out, &o), FL_ECONF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_back_whole),
        cmocka_unit_test(an_answer_over_the_maximum_is_none),
        cmocka_unit_test(silence_ends_with_the_deadline),
        cmocka_unit_test(nobody_there_is_told_with_the_reason),
        cmocka_unit_test(a_socket_of_others_is_for_a_person),
        cmocka_unit_test(what_is_no_address_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
