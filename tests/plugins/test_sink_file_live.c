/* SPDX-License-Identifier: Apache-2.0 */
/* test_sink_file_live.c - the plugin `file` as others see it: the reload program, and readers during switches. */
#include "base/mem.h"
#include "sink_rig.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

static const char *const with_reload[] = { "reload=systemctl,reload,nginx", "reload_timeout=5s", NULL };
static const char command[] = "systemctl reload nginx";

/* ---- reload ---- */

struct program {
    int runs, status, code;
    char env[256];
    int64_t timeout_ms;
};
static void run(struct fake *f, const struct fl_run *what, struct fake_answer *out)
{
    struct program *p = f->arg;

    p->runs++;
    p->timeout_ms = what->timeout_ms;
    snprintf(p->env, sizeof p->env, "%s %s", what->env[0], what->env[1]);
    out->status = p->status;
    out->code = p->code;
    out->data = "line one\nnginx is not well\n";
    out->len = strlen(out->data);
}
static void open_with(struct sink_rig *r, struct program *p)
{
    sink_rig_reopen(r, with_reload);
    r->f->arg = p;
    r->f->run = run;
}
static int set_up(void **state)
{
    struct sink_rig *r = calloc(1, sizeof *r);

    sink_rig_open(r, with_reload);
    *state = r;
    return 0;
}
static int tear_down(void **state)
{
    sink_rig_close(*state);
    free(*state);
    return 0;
}
static void the_program_runs_once_for_each_new_certificate(void **state)
{
    struct sink_rig *r = *state;
    struct program p = { 0 };
    char folder[256];

    open_with(r, &p);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(p.runs, 1);
    assert_true(fake_saw(r->f, command));
    assert_int_equal(p.timeout_ms, 5000);
    snprintf(folder, sizeof folder, "FAIRLEAD_NAME=example.test FAIRLEAD_FOLDER=%s/example.test", r->live);
    assert_string_equal(p.env, folder);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(p.runs, 1);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    assert_int_equal(p.runs, 2);
    assert_int_equal(sink_rig_verify(r, "example.test", 2), FL_OK);
}
static void a_program_that_fails_is_run_until_it_succeeds_also_after_a_restart(void **state)
{
    struct sink_rig *r = *state;
    struct program p = { .status = 3 };
    auto_free char *text = NULL;

    open_with(r, &p);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    assert_non_null(strstr(fake_outcome(r->f)->msg, "systemctl ended with 3: nginx is not well"));
    text = sink_rig_read(r, "example.test/privkey.pem");
    assert_string_equal(text, "key 1 ec256\n");
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_EAGAIN);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    assert_int_equal(p.runs, 2);
    open_with(r, &p);
    p.code = FL_ETEMP;
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    p.code = FL_ECONF;
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    assert_non_null(strstr(fake_outcome(r->f)->msg, "cannot be started"));
    p.code = FL_ECANCEL;
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ECANCEL);
    p = (struct program){ 0 };
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(p.runs, 1);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(p.runs, 1);
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_OK);
}
static void a_newer_certificate_needs_one_run_and_not_two(void **state)
{
    struct sink_rig *r = *state;
    struct program p = { .status = 1 };

    open_with(r, &p);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    p.status = 0;
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    assert_int_equal(p.runs, 2);
    assert_int_equal(sink_rig_deploy(r, "example.test", 2), FL_OK);
    assert_int_equal(p.runs, 2);
}
static void a_program_that_is_no_longer_configured_is_not_waited_for(void **state)
{
    struct sink_rig *r = *state;
    struct program p = { .status = 1 };

    open_with(r, &p);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_ETEMP);
    sink_rig_reopen(r, NULL);
    assert_int_equal(sink_rig_verify(r, "example.test", 1), FL_OK);
    assert_int_equal(sink_rig_deploy(r, "example.test", 1), FL_OK);
    assert_int_equal(sink_rig_retire(r, "example.test"), FL_OK);
}

/* ---- a reader during 1,000 switches ---- */

enum { SWITCHES = 1000 };
struct seen {
    unsigned looks, misfits, gone, changes;
};
/* The number that a text of the rig carries; 0: cannot be read, errno says why. */
static unsigned number_in(int dir, const char *name, const char *word)
{
    char text[512];
    const char *at;
    auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    if (len < 0)
        return 0;
    text[len] = '\0';
    errno = EILSEQ;
    at = strstr(text, word);
    return at ? (unsigned)strtoul(at + strlen(word), NULL, 10) : 0;
}
/* Looks through the link as a server does that loads its files: the folder once, then each file in it. */
static void look(const char *path, struct seen *seen, unsigned *last)
{
    static const struct {
        const char *name, *word;
    } files[] = { { "privkey.pem", "key " },  { "cert.pem", "leaf " },     { "fullchain.pem", "chain " },
                  { "combined.pem", "key " }, { "combined.pem", "leaf " }, { "chain.pem", "chain " } };
    auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unsigned first = 0;

    seen->looks++;
    if (dir < 0) {
        seen->misfits++;
        return;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unsigned n = number_in(dir, files[i].name, files[i].word);
        if (n == 0 && errno == ENOENT) {
            seen->gone++; /* held open for longer than the grace */
            return;
        }
        if (n == 0 || (first && n != first))
            seen->misfits++;
        first = first ? first : n;
    }
    seen->changes += first != *last;
    *last = first;
}
static void read_on(const char *path, int from, int to)
{
    struct seen seen = { 0 };
    unsigned last = 0;
    char end;

    fcntl(from, F_SETFL, O_NONBLOCK);
    while (read(from, &end, 1) != 0)
        look(path, &seen, &last);
    _exit(write(to, &seen, sizeof seen) == sizeof seen ? 0 : 1);
}
static void no_reader_ever_sees_a_pair_that_does_not_fit(void **state)
{
    struct sink_rig *r = *state;
    int end[2], result[2], status;
    struct seen seen;
    char path[256];
    pid_t reader;

    sink_rig_reopen(r, NULL);
    r->f->now_ms = 1800000000000;
    assert_int_equal(sink_rig_deploy(r, "example.test", SWITCHES), FL_OK);
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    assert_int_equal(pipe2(result, O_CLOEXEC), 0);
    sink_rig_path(r, "example.test", path);
    reader = fork();
    if (reader == 0) {
        close(end[1]);
        read_on(path, end[0], result[1]);
    }
    for (unsigned i = 1; i <= SWITCHES; i++) {
        r->f->now_ms += 60000; /* ten are kept */
        assert_int_equal(sink_rig_deploy(r, "example.test", i), FL_OK);
    }
    close(end[1]);
    close(end[0]);
    assert_int_equal(read(result[0], &seen, sizeof seen), sizeof seen);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    close(result[0]);
    close(result[1]);
    printf("%u looks, %u different certificates, %u held for longer than the grace\n", seen.looks,
           seen.changes, seen.gone);
    assert_int_equal(seen.misfits, 0);
    assert_true(seen.changes > 20);
    assert_true(seen.gone < seen.looks / 10 + 1);
    auto_free char *versions = sink_rig_list(r, ".example.test.d");
    assert_true(strlen(versions) < 16 * sizeof "00ab0001-1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_program_runs_once_for_each_new_certificate),
        TEST(a_program_that_fails_is_run_until_it_succeeds_also_after_a_restart),
        TEST(a_newer_certificate_needs_one_run_and_not_two),
        TEST(a_program_that_is_no_longer_configured_is_not_waited_for),
        TEST(no_reader_ever_sees_a_pair_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
