/* SPDX-License-Identifier: Apache-2.0 */
/* test_listen_socket.c - sockets to listen on: from systemd, and what is in the way of others. */
#include "base/mem.h"
#include "net/listen.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
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

static bool echo(void *arg, const struct listen_peer *from, const void *data, size_t len, size_t *used_out,
                 struct listen_bytes *out)
{
    (void)arg, (void)from;
    out->data = malloc(len);
    memcpy(out->data, data, len);
    *used_out = out->len = len;
    return true;
}

static void swallow(void *arg, const struct listen_peer *from, const void *data, size_t len,
                    struct listen_bytes *out)
{
    (void)arg, (void)from, (void)data, (void)len, (void)out;
}

static void serve_nothing(void *arg, const struct listen_peer *from, const struct listen_http *req,
                          struct listen_http_answer *out)
{
    (void)arg, (void)from, (void)req, (void)out;
}

/* A process that listens on a port of its own until its end of the pipe is closed. */
static pid_t elsewhere(uint16_t *port_out, int *until_out)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pair[2];
    char c;

    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(pipe(pair), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[1]);
        _exit(read(pair[0], &c, 1) == 0 ? 0 : 1);
    }
    close(fd);
    close(pair[0]);
    *port_out = ntohs(at.sin_port);
    *until_out = pair[1];
    return pid;
}

static void the_message_says_who_holds_the_port(void **state)
{
    struct fixture *f = *state;
    struct outcome o = { 0 };
    struct listener *two;
    char address[32], me[64], pid[32];
    uint16_t port;
    int until, status;
    pid_t child = elsewhere(&port, &until);

    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    int rc = listen_add(f->l, &(struct listen_spec){ .address = address, .stream = echo }, &two, NULL, &o);
    assert_int_equal(rc, FL_ECONF);
    assert_non_null(strstr(o.msg, address));
    auto_close int comm = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(comm, me, sizeof me - 1);
    assert_true(n > 1);
    me[n - 1] = '\0';
    snprintf(pid, sizeof pid, "(pid %d)", (int)child);
    assert_non_null(strstr(o.msg, me));
    assert_non_null(strstr(o.msg, pid));
    close(until);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void and_when_it_is_this_process(void **state)
{
    struct fixture *f = *state;
    struct outcome o = { 0 };
    char address[32];
    struct listener *two;

    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .stream = echo });
    snprintf(address, sizeof address, "127.0.0.1:%u", f->port);
    int rc = listen_add(f->l, &(struct listen_spec){ .address = address, .stream = echo }, &two, NULL, &o);
    assert_int_equal(rc, FL_ECONF);
    assert_non_null(strstr(o.msg, address));
    assert_non_null(strstr(o.msg, "this process itself"));
    add(f, &(struct listen_spec){ .address = "127.0.0.1:0", .datagram = swallow });
    snprintf(address, sizeof address, "127.0.0.1:%u", f->port);
    rc = listen_add(f->l, &(struct listen_spec){ .address = address, .datagram = swallow }, &two, NULL, &o);
    assert_int_equal(rc, FL_ECONF);
    assert_non_null(strstr(o.msg, "UDP"));
}

static void an_address_of_another_machine_is_refused(void **state)
{
    struct fixture *f = *state;
    struct outcome o = { 0 };
    struct listener *two;
    struct listen_spec spec = { .address = "192.0.2.1:0", .http = serve_nothing };
    assert_int_equal(listen_add(f->l, &spec, &two, NULL, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "no interface"));
    spec.address = "192.0.2.1";
    assert_int_equal(listen_add(f->l, &spec, &two, NULL, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "port"));
}

/* What needs a process of its own is done by this program, started again with a word. */
static int again(const char *word)
{
    char self[4096];
    int status;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, word, (char *)NULL);
        _exit(9);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int as_nobody(void)
{
    struct listen *l;
    struct listener *two;
    struct outcome o = { 0 };
    struct listen_spec spec = { .address = "127.0.0.1:7", .http = serve_nothing };
    if (getuid() == 0 && setuid(65534) != 0)
        return 77;
    if (listen_new(&l, &o) != FL_OK)
        return 2;
    int rc = listen_add(l, &spec, &two, NULL, &o);
    listen_free(l);
    /* Where unprivileged ports start lower there is nothing to see. */
    return rc == FL_OK ? 77 : rc == FL_ECONF && strstr(o.msg, "AmbientCapabilities") ? 0 : 1;
}

static void low_ports_need_a_right_that_the_message_names(void **state)
{
    (void)state;
    int status = again("as-nobody");
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

static int use_passed_socket(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[32];
    struct fixture f = { 0 };
    struct outcome o = { 0 };
    if (bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 5) != 0 || dup2(fd, 3) != 3)
        return 10;
    getsockname(3, (struct sockaddr *)&at, &len);
    snprintf(text, sizeof text, "%d", (int)getpid());
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(at.sin_port));
    struct listen_spec spec = { .address = text, .stream = echo };
    if (listen_new(&f.l, &o) != FL_OK || !(fcntl(3, F_GETFD) & FD_CLOEXEC))
        return 11;
    /* Twice: what systemd gave survives a reload. */
    for (int i = 0; i < 2; i++) {
        if (listen_add(f.l, &spec, &f.one, &f.port, &o) != FL_OK)
            return 12;
        auto_close int to = dial_at("127.0.0.1", f.port, SOCK_STREAM);
        if (send(to, "hi\n", 3, 0) != 3)
            return 13;
        expect(to, "hi\n");
        listen_remove(f.l, f.one);
    }
    listen_free(f.l);
    return 0;
}

static void a_socket_from_systemd_is_taken_by_its_address(void **state)
{
    (void)state;
    assert_int_equal(again("passed-socket"), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(the_message_says_who_holds_the_port),
        TEST(and_when_it_is_this_process),
        TEST(an_address_of_another_machine_is_refused),
        TEST(low_ports_need_a_right_that_the_message_names),
        TEST(a_socket_from_systemd_is_taken_by_its_address),
    };
    if (argc == 2)
        return strcmp(argv[1], "as-nobody") == 0 ? as_nobody() : use_passed_socket();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
