/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - programs that plugins start: what they get, what comes back, and when they end. */
#include "base/clock.h"
#include "plugin_rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the call of the moment is to run, and what it got. */
static struct fl_run what;
static struct {
    int status;
    size_t len;
    bool cut;
    char output[70000], errors[10000];
} got;
static int runs(struct fl_ctx *ctx)
{
    struct fl_ran ran;
    int code = fl_run(ctx, &what, &ran);
    got.status = ran.status;
    got.len = ran.len;
    assert_true(ran.len < sizeof got.output);
    memcpy(got.output, ran.output, ran.len + 1);
    got.cut = ran.cut;
    assert_true(strlen(ran.errors) < sizeof got.errors);
    memcpy(got.errors, ran.errors, strlen(ran.errors) + 1);
    return code;
}
static int run(struct fl_run r, struct outcome *o)
{
    struct plugin_rig rig;
    int code;
    plugin_rig_init(&rig, &plugin_rig_entry);
    plugin_rig_open(&rig);
    what = r;
    code = plugin_rig_call(&rig, runs, o);
    plugin_rig_done(&rig);
    return code;
}
static int sh(const char *script, struct outcome *o)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    return run((struct fl_run){ .argv = argv }, o);
}

static int sh_apart(const char *script, size_t most, struct outcome *o)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    return run((struct fl_run){ .argv = argv, .apart = true, .most = most }, o);
}
static void answers_and_errors_can_be_kept_apart(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(sh_apart("echo out; echo err >&2; echo more", 0, &o), FL_OK);
    assert_string_equal(got.output, "out\nmore\n");
    assert_string_equal(got.errors, "err\n");
    assert_false(got.cut);
    assert_int_equal(sh_apart("echo out; echo first >&2; echo last >&2; exit 3", 0, &o), FL_EREJECT);
    assert_non_null(strstr(o.msg, "ended with status 3: last"));
    assert_int_equal(sh_apart("echo out; exit 4", 0, &o), FL_EREJECT);
    assert_non_null(strstr(o.msg, "ended with status 4: out"));
}
static void of_much_output_the_beginning_is_kept_and_of_errors_the_end(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(
        sh_apart("i=0; while [ $i -lt 3000 ]; do echo line $i; echo error $i >&2; i=$((i+1)); done", 100, &o),
        FL_OK);
    assert_int_equal(got.len, 100);
    assert_true(got.cut);
    assert_memory_equal(got.output, "line 0\nline 1\n", 14);
    assert_int_equal(strlen(got.errors), 8192);
    assert_string_equal(got.errors + 8192 - 22, "error 2998\nerror 2999\n");
}
static void output_of_both_kinds_comes_back(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(sh("echo out; echo err >&2; echo more", &o), FL_OK);
    assert_string_equal(got.output, "out\nerr\nmore\n");
    assert_int_equal(got.len, 13);
    assert_int_equal(got.status, 0);
    assert_int_equal(sh("true", &o), FL_OK);
    assert_string_equal(got.output, "");
}
static void arguments_are_not_looked_at_by_a_shell(void **state)
{
    const char *const argv[] = { "printf", "%s|", "$HOME; ls *", "`id`", "", "a b", NULL };
    struct outcome o;
    (void)state;
    assert_int_equal(run((struct fl_run){ .argv = argv }, &o), FL_OK);
    assert_string_equal(got.output, "$HOME; ls *|`id`||a b|");
}
static void a_status_is_a_refusal_and_its_last_line_the_reason(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(sh("echo first; echo nginx: bad directive; echo; exit 3", &o), FL_EREJECT);
    assert_int_equal(got.status, 3);
    assert_non_null(strstr(o.msg, "/sh ended with status 3: nginx: bad directive"));
    assert_int_equal(sh("kill -9 $$", &o), FL_EREJECT);
    assert_int_equal(got.status, 137);
    assert_non_null(strstr(o.msg, "/sh was ended by signal 9"));
}
static void what_cannot_be_started_is_a_mistake_of_the_configuration(void **state)
{
    const char *const missing[] = { "no-such-program-here", NULL }, *const relative[] = { "./x", NULL };
    const char *const absolute[] = { "/no/such/program", NULL }, *const folder[] = { "/etc", NULL };
    const char *const none[] = { NULL };
    struct outcome o = { .code = FL_OK };
    (void)state;
    assert_int_equal(run((struct fl_run){ .argv = missing }, &o), FL_ECONF);
    assert_string_equal(o.msg,
                        "dns try: there is no program no-such-program-here: give its absolute path, or "
                        "one that stands in PATH");
    assert_int_equal(run((struct fl_run){ .argv = relative }, &o), FL_ECONF);
    assert_int_equal(run((struct fl_run){ .argv = absolute }, &o), FL_ECONF);
    assert_string_equal(o.msg, "dns try: /no/such/program cannot be run: No such file or directory");
    assert_int_equal(run((struct fl_run){ .argv = folder }, &o), FL_ECONF);
    assert_int_equal(run((struct fl_run){ .argv = none }, &o), FL_ECONF);
    assert_string_equal(got.output, "");
}
static void the_environment_is_exactly_what_is_documented(void **state)
{
    const char *const argv[] = { "/usr/bin/env", NULL };
    const char *const env[] = { "SECRET=x y", "LANG=de_DE", NULL };
    char wanted[8192];
    struct outcome o;
    (void)state;
    setenv("FAIRLEAD_TEST_LEAK", "1", 1);
    assert_int_equal(run((struct fl_run){ .argv = argv }, &o), FL_OK);
    snprintf(wanted, sizeof wanted, "PATH=%s\nLANG=C\n", getenv("PATH"));
    assert_string_equal(got.output, wanted);
    assert_int_equal(run((struct fl_run){ .argv = argv, .env = env }, &o), FL_OK);
    snprintf(wanted, sizeof wanted, "PATH=%s\nSECRET=x y\nLANG=de_DE\n", getenv("PATH"));
    assert_string_equal(got.output, wanted);
}
static void input_arrives_whole_and_ends(void **state)
{
    const char *const cat[] = { "cat", NULL }, *const count[] = { "wc", "-c", NULL };
    char *big = calloc(1, 1000001);
    struct outcome o;
    (void)state;
    assert_non_null(big);
    memset(big, 'i', 1000000);
    assert_int_equal(run((struct fl_run){ .argv = cat, .input = "some\ninput", .input_len = 10 }, &o), FL_OK);
    assert_string_equal(got.output, "some\ninput");
    assert_int_equal(run((struct fl_run){ .argv = count, .input = big, .input_len = 1000000 }, &o), FL_OK);
    assert_int_equal(strtol(got.output, NULL, 10), 1000000);
    /* Who does not read it is not waited for. */
    assert_int_equal(run((struct fl_run){ .argv = (const char *const[]){ "true", NULL },
                                          .input = big,
                                          .input_len = 1000000 },
                         &o),
                     FL_OK);
    assert_int_equal(run((struct fl_run){ .argv = cat }, &o), FL_OK);
    assert_string_equal(got.output, "");
    free(big);
}
static void output_is_kept_up_to_64_kib_and_read_to_its_end(void **state)
{
    struct outcome o;
    (void)state;
    assert_int_equal(sh("yes 0123456789abcde | head -n 20000; echo done >&2; exit 0", &o), FL_OK);
    assert_int_equal(got.len, 65536);
    assert_memory_equal(got.output, "0123456789abcde\n", 16);
}
static void no_descriptor_but_the_three_is_inherited(void **state)
{
    int leaks[3];
    struct outcome o;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        leaks[i] = open("/dev/null", O_RDONLY); /* no O_CLOEXEC: a library's, perhaps */
    assert_int_equal(fcntl(leaks[0], F_DUPFD, 500), 500);
    assert_int_equal(sh("ls /proc/self/fd", &o), FL_OK);
    /* ls has one of its own for the folder it reads */
    assert_string_equal(got.output, "0\n1\n2\n3\n");
    close(500);
    for (size_t i = 0; i < 3; i++)
        close(leaks[i]);
}
static void signals_are_as_a_program_expects_them(void **state)
{
    unsigned long long blocked, ignored;
    char *end;
    sigset_t all, before;
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    struct outcome o;
    (void)state;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(sh("sed -n 's/^Sig[BI][lg][kn]://p' /proc/self/status", &o), FL_OK);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, pipe_before);
    /* Numbers 32 and 33 are the C library's own. */
    blocked = strtoull(got.output, &end, 16);
    ignored = strtoull(end, NULL, 16);
    assert_int_equal(blocked & 0x7fffffff, 0);
    assert_int_equal(ignored & 0x7fffffff, 0);
}
static void who_takes_too_long_is_asked_to_end(void **state)
{
    const char *const argv[] = { "sh", "-c", "trap 'echo going; exit 0' TERM; echo here; sleep 60 & wait",
                                 NULL };
    int64_t began = clock_mono_ms();
    struct outcome o;
    (void)state;
    assert_int_equal(run((struct fl_run){ .argv = argv, .timeout_ms = 300 }, &o), FL_ETEMP);
    assert_true(clock_mono_ms() - began < 20000);
    assert_string_equal(got.output, "here\ngoing\n");
    assert_non_null(strstr(o.msg, "/sh was not done after 300 ms and was ended: going"));
}
static void who_does_not_go_is_killed_with_its_children(void **state)
{
    const char *const argv[] = { "sh", "-c", "trap '' TERM; sleep 61 & echo $!; while :; do sleep 62; done",
                                 NULL };
    int64_t began = clock_mono_ms();
    char path[64];
    struct outcome o;
    (void)state;
    assert_int_equal(run((struct fl_run){ .argv = argv, .timeout_ms = 200 }, &o), FL_ETEMP);
    assert_in_range(clock_mono_ms() - began, 2000, 30000);
    assert_int_equal(got.status, 128 + SIGKILL);
    snprintf(path, sizeof path, "/proc/%ld/cmdline", strtol(got.output, NULL, 10));
    /* The child was killed too: gone, or a zombie without a command line until init collects it. */
    for (int i = 0; i < 1000; i++) {
        char text[64];
        FILE *f = fopen(path, "r");
        size_t n = f ? fread(text, 1, sizeof text, f) : 0;
        if (f)
            fclose(f);
        if (n == 0)
            return;
        usleep(10000);
    }
    fail_msg("%s is still there", path);
}
static void what_is_left_in_the_background_is_not_waited_for(void **state)
{
    int64_t began = clock_mono_ms();
    struct outcome o;
    (void)state;
    assert_int_equal(sh("echo started; sleep 20 & exit 0", &o), FL_OK);
    assert_true(clock_mono_ms() - began < 10000);
    assert_string_equal(got.output, "started\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_errors_can_be_kept_apart),
        cmocka_unit_test(of_much_output_the_beginning_is_kept_and_of_errors_the_end),
        cmocka_unit_test(output_of_both_kinds_comes_back),
        cmocka_unit_test(arguments_are_not_looked_at_by_a_shell),
        cmocka_unit_test(a_status_is_a_refusal_and_its_last_line_the_reason),
        cmocka_unit_test(what_cannot_be_started_is_a_mistake_of_the_configuration),
        cmocka_unit_test(the_environment_is_exactly_what_is_documented),
        cmocka_unit_test(input_arrives_whole_and_ends),
        cmocka_unit_test(output_is_kept_up_to_64_kib_and_read_to_its_end),
        cmocka_unit_test(no_descriptor_but_the_three_is_inherited),
        cmocka_unit_test(signals_are_as_a_program_expects_them),
        cmocka_unit_test(who_takes_too_long_is_asked_to_end),
        cmocka_unit_test(who_does_not_go_is_killed_with_its_children),
        cmocka_unit_test(what_is_left_in_the_background_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
