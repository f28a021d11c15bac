/* SPDX-License-Identifier: Apache-2.0 */
/* test_control.c - the control socket: its thread, its clients, and engines that come and go. */
#include "base/mem.h"
#include "base/text.h"
#include "ctl/control.h"
#include "ctl/control_conn.h"
#include "ctl/control_socket.h"
#include "engine_rig.h"
#include "fake_clock.h"
#include "tmpdir.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

struct fixture {
    struct engine_rig rig;
    char dir[64], path[96];
    struct control *control;
    atomic_int reloads, bad, good;
    atomic_bool over;
};

static void count_reload(void *arg)
{
    struct fixture *f = arg;
    f->reloads++;
}
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const struct control_conf conf = { .reload = count_reload, .arg = f, .conf_file = "test.conf" };
    struct outcome o = { 0 };

    assert_non_null(f);
    engine_rig_open(&f->rig, engine_rig_names);
    engine_rig_start(&f->rig);
    tmpdir_make(f->dir);
    snprintf(f->path, sizeof f->path, "%s/control", f->dir);
    f->rig.model.state = f->dir;
    assert_int_equal(control_new(&conf, &f->rig.model, &f->control, &o), FL_OK);
    assert_non_null(f->control);
    *state = f;
    return 0;
}
static int tear_down(void **state)
{
    struct fixture *f = *state;

    control_free(f->control);
    assert_int_equal(access(f->path, F_OK), -1);
    engine_rig_close(&f->rig);
    tmpdir_remove(f->dir);
    free(f);
    return 0;
}

/* The last line of the answer within `ms`; NULL: there was none. */
static json_t *ask(const char *path, const char *text, int ms)
{
    auto_close int fd = control_connect(path);
    cleanup_(buf_done) struct buf in = BUF(1 << 20);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char part[4096], why[128];

    if (fd < 0 || send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return NULL;
    while (poll(&wait, 1, ms) > 0) {
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n <= 0)
            break;
        buf_add(&in, part, (size_t)n);
    }
    if (!in.len || in.data[in.len - 1] != '\n')
        return NULL;
    in.data[in.len - 1] = '\0';
    const char *last = strrchr(in.data, '\n');
    last = last ? last + 1 : in.data;
    return json_parse(last, strlen(last), why);
}
static int exit_of(const char *path, const char *text)
{
    cleanup_(json_freep) json_t *reply = ask(path, text, 5000);
    return (int)json_int(reply, "exit", -1);
}

static void the_socket_has_its_mode_and_answers(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    control_attach(f->control, f->rig.e);
    assert_int_equal(exit_of(f->path, "{\"op\":\"status\"}\n"), 0);
    assert_int_equal(exit_of(f->path, "{\"op\":\"nonsense\"}\n"), 2);
    assert_int_equal(exit_of(f->path, "nonsense\n"), 2);
    assert_int_equal(exit_of(f->path, "{\"op\":\"renew\",\"names\":[\"b.example.org\"]}\n"), 1);
    assert_int_equal(exit_of(f->path, "{\"op\":\"renew\",\"names\":[\"a.example.org\"]}\n"), 0);
}
static void a_request_waits_for_an_engine(void **state)
{
    struct fixture *f = *state;

    assert_null(ask(f->path, "{\"op\":\"status\"}\n", 200));
    control_attach(f->control, f->rig.e);
    assert_int_equal(exit_of(f->path, "{\"op\":\"status\"}\n"), 0);
    control_detach(f->control);
    assert_null(ask(f->path, "{\"op\":\"status\"}\n", 200));
}
static void a_reload_is_answered_by_one_that_began_after_it_was_asked_for(void **state)
{
    struct fixture *f = *state;
    char text[64];

    control_attach(f->control, f->rig.e);
    control_reloading(f->control); /* before anybody asked */
    cleanup_(json_freep) json_t *asked = ask(f->path, "{\"op\":\"reload\"}\n", 5000);
    int64_t ticket = json_int(asked, "ticket", 0);
    assert_true(ticket > 0);
    assert_int_equal(f->reloads, 1);
    control_reloaded(f->control, true, "too early");
    snprintf(text, sizeof text, "{\"op\":\"reloaded\",\"ticket\":%d}\n", (int)ticket);
    cleanup_(json_freep) json_t *early = ask(f->path, text, 5000);
    assert_false(json_flag(early, "done", true));
    control_reloading(f->control);
    control_reloaded(f->control, false, "test.conf:1: error: no");
    cleanup_(json_freep) json_t *then = ask(f->path, text, 5000);
    assert_true(json_flag(then, "done", false));
    assert_false(json_flag(then, "ok", true));
    assert_string_equal(json_str(then, "msg", ""), "test.conf:1: error: no");
}
static void what_is_too_long_is_refused_with_words(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(CONN_REQUEST + 100);

    assert_non_null(text);
    memset(text, 'x', CONN_REQUEST + 99);
    text[CONN_REQUEST + 99] = '\0';
    control_attach(f->control, f->rig.e);
    assert_int_equal(exit_of(f->path, text), 2);
    free(text);
    assert_int_equal(exit_of(f->path, "{\"op\":\"status\"}\n"), 0);
}

static void *talk(void *arg)
{
    static const char *const texts[] = { "{\"op\":\"status\"}\n",
                                         "{\"op\":\"quiet\"}\n",
                                         "{\"op\":\"status\",\"name\":\"a.example.org\"}\n",
                                         "{\"op\":\"renew\",\"all\":true}\n",
                                         "{\"op\":\"once\"}\n",
                                         "{\"op\":\"sta" };
    struct fixture *f = arg;

    for (unsigned i = 0; !f->over; i++) {
        cleanup_(json_freep) json_t *reply = ask(f->path, texts[i % 6], i % 6 == 5 ? 1 : 2000);
        int code = (int)json_int(reply, "exit", -1);
        if (code == 0 || code == 75)
            f->good++;
        else if (i % 6 != 5)
            f->bad++;
    }
    return NULL;
}
/* Requests and the engine's coming and going meet at every moment; ThreadSanitizer looks on. */
static void engines_come_and_go_under_requests(void **state)
{
    enum { TALKERS = 4, CHANGES = 300 };
    struct fixture *f = *state;
    pthread_t talkers[TALKERS];

    control_attach(f->control, f->rig.e);
    for (int i = 0; i < TALKERS; i++)
        assert_int_equal(pthread_create(&talkers[i], NULL, talk, f), 0);
    for (int i = 0; i < CHANGES; i++) {
        control_detach(f->control);
        control_attach(f->control, f->rig.e);
        poll(NULL, 0, 1);
    }
    f->over = true;
    for (int i = 0; i < TALKERS; i++)
        pthread_join(talkers[i], NULL);
    assert_true(f->good > 10);
    assert_int_equal(f->bad, 0);
}
static void hundreds_of_silent_clients_keep_nobody_out(void **state)
{
    enum { MANY = 400 };
    struct fixture *f = *state;
    int fds[MANY];

    control_attach(f->control, f->rig.e);
    for (int i = 0; i < MANY; i++) {
        fds[i] = control_connect(f->path);
        assert_true(fds[i] >= 0);
        if (i % 2)
            assert_int_equal(send(fds[i], "{", 1, MSG_NOSIGNAL), 1);
        if (i % 100 == 99)
            assert_int_equal(exit_of(f->path, "{\"op\":\"status\"}\n"), 0);
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    assert_int_equal(exit_of(f->path, "{\"op\":\"status\"}\n"), 0);
}

/* ---- the socket ---------------------------------------------------------------------------- */

static void what_a_dead_process_left_is_replaced_and_nothing_else(void **state)
{
    struct outcome o = { 0 };
    char dir[64], path[96];
    int fd = -1, second = -1;

    (void)state;
    tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/s", dir);
    assert_int_equal(control_listen(path, NULL, &fd, &o), FL_OK);
    assert_int_equal(control_listen(path, NULL, &second, &o), FL_ECONF); /* somebody answers */
    assert_non_null(strstr(o.msg, "another service answers"));
    close(fd); /* died: the file stays */
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(control_connect(path), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(control_listen(path, NULL, &fd, &o), FL_OK);
    close(fd);
    control_unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(control_listen(path, NULL, &fd, &o), FL_ECONF);
    assert_non_null(strstr(o.msg, "is no socket"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(control_listen("relative", NULL, &fd, &o), FL_ECONF);
    assert_int_equal(control_listen("/nowhere/at/all", NULL, &fd, &o), FL_ECONF);
    tmpdir_remove(dir);
}
static void a_path_longer_than_an_address_is_reached(void **state)
{
    struct outcome o = { 0 };
    char dir[64], path[400];
    int fd = -1;

    (void)state;
    tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/%0150d", dir, 0);
    assert_int_equal(mkdir(path, 0700), 0);
    strncat(path, "/control", sizeof path - strlen(path) - 1);
    assert_int_equal(control_listen(path, NULL, &fd, &o), FL_OK);
    int client = control_connect(path);
    assert_true(client >= 0);
    close(client);
    close(fd);
    tmpdir_remove(dir);
}
static void no_socket_is_wanted(void **state)
{
    const struct model m = { .state = "/nowhere", .control = "" };
    const struct control_conf conf = { .reload = NULL };
    struct control *c = (struct control *)(uintptr_t)1;
    struct outcome o = { 0 };

    (void)state;
    assert_int_equal(control_new(&conf, &m, &c, &o), FL_OK);
    assert_null(c);
    control_attach(c, NULL);
    control_reloading(c);
    control_reloaded(c, true, "");
    control_detach(c);
    control_free(c);
}

#define WITH_SERVICE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(the_socket_has_its_mode_and_answers),
        WITH_SERVICE(a_request_waits_for_an_engine),
        WITH_SERVICE(a_reload_is_answered_by_one_that_began_after_it_was_asked_for),
        WITH_SERVICE(what_is_too_long_is_refused_with_words),
        WITH_SERVICE(engines_come_and_go_under_requests),
        WITH_SERVICE(hundreds_of_silent_clients_keep_nobody_out),
        cmocka_unit_test(what_a_dead_process_left_is_replaced_and_nothing_else),
        cmocka_unit_test(a_path_longer_than_an_address_is_reached),
        cmocka_unit_test(no_socket_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
