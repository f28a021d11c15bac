/* SPDX-License-Identifier: Apache-2.0 */
/* test_listen.c - listeners: datagrams, connections, HTTP. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/listen.h"
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "dial.h"

struct fixture {
    struct listen *l;
    struct listener *one;
    uint16_t port;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct outcome o = { 0 };
    assert_int_equal(listen_new(&f->l, &o), FL_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    listen_free(f->l);
    free(f);
    return 0;
}

static void add(struct fixture *f, const struct listen_spec *spec)
{
    struct outcome o = { 0 };
    int rc = listen_add(f->l, spec, &f->one, &f->port, &o);
    if (rc != FL_OK)
        print_message("%s\n", o.msg);
    assert_int_equal(rc, FL_OK);
    assert_true(f->port > 0);
}

static int dial(struct fixture *f, int type) { return dial_at("127.0.0.1", f->port, type); }

static void say(struct listen_bytes *out, const char *text, size_t len)
{
    out->data = malloc(len);
    memcpy(out->data, text, len);
    out->len = len;
}

/* ---- datagrams ---------------------------------------------------------------------- */

static void echo_datagram(void *arg, const struct listen_peer *from, const void *data, size_t len,
                          struct listen_bytes *out)
{
    struct listen_peer *seen = arg;
    if (seen)
        *seen = *from;
    if (len > 0 && memcmp(data, "quiet", 5) != 0)
        say(out, data, len);
}

static void a_datagram_is_answered_to_its_sender(void **state)
{
    struct fixture *f = *state;
    struct listen_peer seen = { 0 };
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .datagram = echo_datagram, .arg = &seen });
    auto_close int fd = dial(f, SOCK_DGRAM);
    assert_int_equal(send(fd, "quiet", 5, 0), 5);
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    expect(fd, "hello");
    listen_remove(f->l, f->one);
    assert_string_equal(seen.address, "127.0.0.1");
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &len);
    assert_int_equal(seen.port, ntohs(own.sin_port));
}

/* A connected socket takes answers only from where it sent to. */
static void answers_leave_from_the_address_that_was_asked(void **state)
{
    struct fixture *f = *state;
    static const char *const wildcards[] = { "0.0.0.0:0", "[::]:0" };
    for (size_t i = 0; i < 2; i++) {
        struct listen_peer seen = { 0 };
        add(f, &(struct listen_spec){ .address = wildcards[i], .datagram = echo_datagram, .arg = &seen });
        auto_close int fd = dial_at("127.81.7.9", f->port, SOCK_DGRAM);
        assert_int_equal(send(fd, "hello", 5, 0), 5);
        expect(fd, "hello");
        listen_remove(f->l, f->one);
        assert_string_equal(seen.address, "127.0.0.1");
    }
}

/* ---- streams ------------------------------------------------------------------------ */

struct lines {
    int calls;
    size_t pad; /* so many bytes before each answer */
};

/* A message is a line; its answer the line. "bye" closes. */
static bool echo_lines(void *arg, const struct listen_peer *from, const void *data, size_t len,
                       size_t *used_out, struct listen_bytes *out)
{
    struct lines *l = arg;
    const char *end = memchr(data, '\n', len);
    (void)from;
    __atomic_add_fetch(&l->calls, 1, __ATOMIC_RELAXED);
    if (!end)
        return true;
    size_t n = (size_t)(end - (const char *)data) + 1;
    if (n == 4 && memcmp(data, "bye", 3) == 0)
        return false;
    out->data = calloc(1, l->pad + n);
    memset(out->data, '.', l->pad);
    memcpy(out->data + l->pad, data, n);
    out->len = l->pad + n;
    *used_out = n;
    return true;
}

static void messages_may_come_in_pieces_and_in_heaps(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines });
    auto_close int fd = dial(f, SOCK_STREAM);
    assert_int_equal(send(fd, "one\ntwo\nthr", 11, 0), 11);
    expect(fd, "one\ntwo\n");
    assert_int_equal(send(fd, "ee\n", 3, 0), 3);
    expect(fd, "three\n");
    assert_int_equal(send(fd, "x\nbye\nnever\n", 12, 0), 12);
    expect(fd, "x\n");
    expect_end(fd);
}

static void more_messages_than_a_turn_are_all_answered(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    char heap[3000], got[3000];
    size_t n = 0;
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines });
    auto_close int fd = dial(f, SOCK_STREAM);
    for (size_t i = 0; i < sizeof heap; i++)
        heap[i] = i % 3 == 2 ? '\n' : 'a';
    assert_int_equal(send(fd, heap, sizeof heap, 0), sizeof heap);
    shutdown(fd, SHUT_WR);
    for (ssize_t k = 1; k > 0 && n < sizeof got; n += (size_t)k)
        if ((k = recv(fd, got + n, sizeof got - n, 0)) <= 0)
            fail_msg("ended after %zu bytes", n);
    assert_memory_equal(got, heap, sizeof heap);
    expect_end(fd);
}

/* Somebody who asks and asks and does not read gets no more than the buffers hold; others
 * are served meanwhile; when it reads at last, all answers are there. */
static void a_slow_reader_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { .pad = 60000 };
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines });
    auto_close int slow = dial(f, SOCK_STREAM);
    auto_close int quick = dial(f, SOCK_STREAM);
    enum { ASKED = 1000 };
    for (int i = 0; i < ASKED; i++)
        assert_int_equal(send(slow, "x\n", 2, 0), 2);
    struct pollfd p = { slow, POLLIN, 0 };
    assert_int_equal(poll(&p, 1, 10000), 1);
    for (int before = -1, now = 0; before != now; usleep(100000)) {
        before = now;
        now = __atomic_load_n(&lines.calls, __ATOMIC_RELAXED);
    }
    assert_in_range(__atomic_load_n(&lines.calls, __ATOMIC_RELAXED), 1, ASKED - 1);
    assert_int_equal(send(quick, "q\n", 2, 0), 2);
    auto_free char *room = malloc(70000);
    size_t got = 0;
    while (got < 60002) {
        ssize_t n = recv(quick, room, 70000, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    for (got = 0; got < (size_t)ASKED * 60002;) {
        ssize_t n = recv(slow, room, 70000, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(got, (size_t)ASKED * 60002);
}

static void a_message_beyond_the_buffer_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines });
    auto_close int fd = dial(f, SOCK_STREAM);
    auto_free char *big = malloc(LISTEN_INPUT_MAX + 1);
    memset(big, 'a', LISTEN_INPUT_MAX + 1);
    for (size_t n = 0; n < LISTEN_INPUT_MAX;) {
        ssize_t k = send(fd, big, LISTEN_INPUT_MAX - n, MSG_NOSIGNAL);
        assert_true(k > 0);
        n += (size_t)k;
    }
    expect_end(fd);
}

static void an_idle_connection_is_closed_even_when_it_trickles(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    add(f, &(struct listen_spec){
               .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines, .idle_ms = 300 });
    auto_close int silent = dial(f, SOCK_STREAM);
    auto_close int trickle = dial(f, SOCK_STREAM);
    auto_close int busy = dial(f, SOCK_STREAM);
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 12; i++) {
        (void)!send(trickle, "a", 1, MSG_NOSIGNAL);
        assert_int_equal(send(busy, "a\n", 2, 0), 2);
        expect(busy, "a\n");
        usleep(50000);
    }
    expect_end(silent);
    expect_end(trickle);
    assert_in_range(clock_mono_ms() - from, 300, 5000);
}

static void the_longest_idle_makes_room(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    add(f, &(struct listen_spec){
               .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines, .max_connections = 2 });
    auto_close int first = dial(f, SOCK_STREAM);
    assert_int_equal(send(first, "1\n", 2, 0), 2);
    expect(first, "1\n");
    auto_close int second = dial(f, SOCK_STREAM);
    assert_int_equal(send(second, "2\n", 2, 0), 2);
    expect(second, "2\n");
    usleep(20000);
    assert_int_equal(send(first, "1\n", 2, 0), 2);
    expect(first, "1\n");
    auto_close int third = dial(f, SOCK_STREAM);
    assert_int_equal(send(third, "3\n", 2, 0), 2);
    expect(third, "3\n");
    expect_end(second);
    assert_int_equal(send(first, "1\n", 2, 0), 2);
    expect(first, "1\n");
}

/* ---- HTTP --------------------------------------------------------------------------- */

static void serve_token(void *arg, const struct listen_peer *from, const struct listen_http *req,
                        struct listen_http_answer *out)
{
    char text[200];
    (void)arg;
    if (strcmp(req->path, "/nothing") == 0)
        return;
    int n = snprintf(text, sizeof text, "%s %s %s %s", req->method, req->path, req->host, from->address);
    out->status = 200;
    snprintf(out->type, sizeof out->type, "application/octet-stream");
    say(&out->body, text, (size_t)n);
}

static void ask(int fd, const char *request, char *got, size_t size)
{
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    size_t n = 0;
    for (;;) {
        ssize_t k = recv(fd, got + n, size - 1 - n, 0);
        n += k > 0 ? (size_t)k : 0;
        got[n] = '\0';
        const char *head = strstr(got, "\r\n\r\n"), *len = strcasestr(got, "Content-Length: ");
        if (k <= 0 || (head && len && strlen(head + 4) >= strtoul(len + 16, NULL, 10)))
            return;
    }
}

static void http_requests_are_answered(void **state)
{
    struct fixture *f = *state;
    char got[4096];
    add(f, &(struct listen_spec){ .address = "[::]:0", .http = serve_token });
    auto_close int fd = dial(f, SOCK_STREAM);
    ask(fd, "GET /.well-known/acme-challenge/a%2Fb?x=1 HTTP/1.1\r\nHost: example.test\r\n\r\n", got,
        sizeof got);
    assert_non_null(strstr(got, "200"));
    assert_non_null(strstr(got, "application/octet-stream"));
    assert_non_null(strstr(got, "GET /.well-known/acme-challenge/a%2Fb example.test 127.0.0.1"));
    ask(fd, "GET /nothing HTTP/1.1\r\nHost: example.test\r\n\r\n", got, sizeof got);
    assert_non_null(strstr(got, " 404 "));
    ask(fd, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", got, sizeof got);
    assert_non_null(strstr(got, "POST /p h 127.0.0.1"));
    listen_remove(f->l, f->one);
    expect_end(fd);
}

static void an_idle_http_guest_is_sent_away_and_makes_room(void **state)
{
    struct fixture *f = *state;
    char got[4096];
    add(f, &(struct listen_spec){
               .address = "127.0.0.1:0", .http = serve_token, .idle_ms = 400, .max_connections = 2 });
    auto_close int first = dial(f, SOCK_STREAM);
    ask(first, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", got, sizeof got);
    auto_close int second = dial(f, SOCK_STREAM);
    ask(second, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", got, sizeof got);
    auto_close int third = dial(f, SOCK_STREAM);
    ask(third, "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n", got, sizeof got);
    assert_non_null(strstr(got, "GET /3"));
    expect_end(first);
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 10; i++) {
        (void)!send(second, "G", 1, MSG_NOSIGNAL);
        usleep(50000);
    }
    expect_end(second);
    expect_end(third);
    assert_in_range(clock_mono_ms() - from, 300, 5000);
}

/* ---- ending ------------------------------------------------------------------------- */

static void *hammer(void *arg)
{
    struct fixture *f = arg;
    for (int i = 0; i < 200; i++) {
        auto_close int fd = dial_at("127.0.0.1", f->port, SOCK_DGRAM);
        (void)!send(fd, "quiet", 5, MSG_NOSIGNAL);
    }
    return NULL;
}

static void removed_listeners_call_nobody(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        struct listen_peer *seen = calloc(1, sizeof *seen);
        add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .datagram = echo_datagram, .arg = seen });
        assert_int_equal(pthread_create(&thread, NULL, hammer, f), 0);
        usleep(1000);
        listen_remove(f->l, f->one);
        free(seen);
        pthread_join(thread, NULL);
    }
}

static void ending_the_service_ends_connections(void **state)
{
    struct fixture *f = *state;
    struct lines lines = { 0 };
    struct outcome o = { 0 };
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo_lines, .arg = &lines });
    auto_close int fd = dial(f, SOCK_STREAM);
    assert_int_equal(send(fd, "part", 4, 0), 4);
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .http = serve_token });
    auto_close int web = dial(f, SOCK_STREAM);
    listen_free(f->l);
    expect_end(fd);
    expect_end(web);
    assert_int_equal(listen_new(&f->l, &o), FL_OK);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_is_answered_to_its_sender),
        TEST(answers_leave_from_the_address_that_was_asked),
        TEST(messages_may_come_in_pieces_and_in_heaps),
        TEST(more_messages_than_a_turn_are_all_answered),
        TEST(a_slow_reader_is_not_waited_for),
        TEST(a_message_beyond_the_buffer_ends_the_connection),
        TEST(an_idle_connection_is_closed_even_when_it_trickles),
        TEST(the_longest_idle_makes_room),
        TEST(http_requests_are_answered),
        TEST(an_idle_http_guest_is_sent_away_and_makes_room),
        TEST(removed_listeners_call_nobody),
        TEST(ending_the_service_ends_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
