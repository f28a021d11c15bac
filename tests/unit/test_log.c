/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - lines of the log, and what they do not show. */
#include "base/log.h"
#include "base/json.h"
#include "base/mem.h"
#include "fake_clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static int ends[2];
static char seen[65536];

static int set_up(void **state)
{
    (void)state;
    fake_clock_set(INT64_C(1795348800000));
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}
static int tear_down(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, STDERR_FILENO);
    log_forget_secrets();
    close(ends[0]);
    close(ends[1]);
    return 0;
}
static const char *lines(void)
{
    ssize_t n = read(ends[0], seen, sizeof seen - 1);
    seen[n > 0 ? n : 0] = '\0';
    return seen;
}
static void a_line_has_time_level_event_and_fields(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, ends[1]);
    log_event(LOG_LEVEL_WARN, "step-failed", "cert", "example.org", "code", "rate", "left", NULL, "msg",
              "wait a bit", NULL);
    assert_string_equal(
        lines(), "2026-11-22T12:00:00Z warn step-failed cert=example.org code=rate msg=\"wait a bit\"\n");
}
static void levels_below_are_silent(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_WARN, LOG_TEXT, ends[1]);
    assert_false(log_wants(LOG_LEVEL_INFO));
    assert_true(log_wants(LOG_LEVEL_WARN));
    log_event(LOG_LEVEL_INFO, "x", NULL);
    log_debug("http", "hidden %d", 1);
    assert_string_equal(lines(), "");
    log_setup(LOG_LEVEL_DEBUG, LOG_TEXT, ends[1]);
    log_debug("http", "shown %d", 1);
    assert_string_equal(lines(), "2026-11-22T12:00:00Z debug detail who=http msg=\"shown 1\"\n");
}
static void a_stranger_cannot_forge_a_line(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, ends[1]);
    log_event(LOG_LEVEL_INFO, "x", "msg", "a\n2026 error b=\"c\" \\ \033[2J \xff \xc3\xa9", "empty", "",
              NULL);
    assert_string_equal(
        lines(),
        "2026-11-22T12:00:00Z info x msg=\"a\\n2026 error b=\\\"c\\\" \\\\ \\x1b[2J \\xff \xc3\xa9\" empty=\"\"\n");
}
static void json_lines_are_json(void **state)
{
    cleanup_(json_freep) json_t *v = NULL;
    char why[128];
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_JSON, ends[1]);
    log_event(LOG_LEVEL_ERROR, "x", "msg", "a\n\"b\" \033 \xff", NULL);
    lines();
    v = json_parse(seen, strlen(seen), why);
    assert_non_null(v);
    assert_string_equal(json_str(v, "time", ""), "2026-11-22T12:00:00Z");
    assert_string_equal(json_str(v, "level", ""), "error");
    assert_string_equal(json_str(v, "event", ""), "x");
    assert_string_equal(json_str(v, "msg", ""), "a\n\"b\" \033 \xef\xbf\xbd");
}
/* journald's end: a socket of the test's own. */
static void the_journal_gets_fields(void **state)
{
    const struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "test_log.journal" };
    int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char got[4096];

    (void)state;
    unlink(at.sun_path);
    assert_int_equal(bind(journal, (const struct sockaddr *)&at, sizeof at), 0);
    log_setup(LOG_LEVEL_INFO, LOG_JOURNAL, ends[1]);
    assert_true(log_journal(at.sun_path));
    assert_true(log_secret("hunter2hunter2"));
    log_event(LOG_LEVEL_WARN, "step-failed", "certificate", "example.org", "step", "order", "msg",
              "two\nlines", "next-try", "5 s", "token", "hunter2hunter2", NULL);
    ssize_t n = recv(journal, got, sizeof got - 1, 0);
    assert_true(n > 0);
    static const char wanted[] = "FAIRLEAD_CERT=example.org\nFAIRLEAD_STEP=order\n"
                                 "FAIRLEAD_MSG\n\x09\0\0\0\0\0\0\0two\nlines\n"
                                 "FAIRLEAD_NEXT_TRY=5 s\nFAIRLEAD_TOKEN=***\n"
                                 "MESSAGE=step-failed certificate=example.org step=order msg=\"two\\nlines\" "
                                 "next-try=\"5 s\" token=***\nPRIORITY=4\nSYSLOG_IDENTIFIER=fairlead\n"
                                 "FAIRLEAD_EVENT=step-failed\n";
    assert_int_equal(n, sizeof wanted - 1);
    assert_memory_equal(got, wanted, sizeof wanted - 1);
    assert_string_equal(lines(), "");
    /* journald is gone for a moment: nothing is lost */
    close(journal);
    unlink(at.sun_path);
    log_event(LOG_LEVEL_ERROR, "x", NULL);
    assert_string_equal(lines(), "<3>x\n");
    assert_true(log_journal(NULL));
    log_event(LOG_LEVEL_ERROR, "y", NULL);
    assert_string_equal(lines(), "<3>y\n");
}
static void the_journal_gets_priorities(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_JOURNAL, ends[1]);
    log_event(LOG_LEVEL_ERROR, "x", "cert", "a", NULL);
    log_event(LOG_LEVEL_INFO, "y", NULL);
    assert_string_equal(lines(), "<3>x cert=a\n<6>y\n");
}
static void secrets_are_replaced_wherever_they_stand(void **state)
{
    char text[] = "supersecretlonger and supersecret, supersecre";
    (void)state;
    assert_true(log_secret("supersecret"));
    assert_true(log_secret("supersecretlonger"));
    assert_true(log_secret("supersecret"));
    assert_true(log_secret("short"));
    log_redact(text);
    assert_string_equal(text, "*** and ***, supersecre");
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, ends[1]);
    assert_true(log_secret("with \"quotes\"\n"));
    log_event(LOG_LEVEL_INFO, "x", "msg", "a with \"quotes\"\n; xsupersecretx short", NULL);
    assert_string_equal(lines(), "2026-11-22T12:00:00Z info x msg=\"a ***; x***x short\"\n");
    log_forget_secrets();
    log_event(LOG_LEVEL_INFO, "x", "msg", "supersecret", NULL);
    assert_string_equal(lines(), "2026-11-22T12:00:00Z info x msg=supersecret\n");
}
static void a_line_never_outgrows_a_pipe(void **state)
{
    char huge[9000];
    cleanup_(json_freep) json_t *v = NULL;
    char why[128];
    (void)state;
    memset(huge, 'x', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    log_setup(LOG_LEVEL_INFO, LOG_JSON, ends[1]);
    log_event(LOG_LEVEL_INFO, "x", "a", huge, "b", huge, "c", huge, "d", "small", NULL);
    lines();
    assert_true(strlen(seen) <= 4096);
    v = json_parse(seen, strlen(seen), why);
    assert_non_null(v);
    assert_int_equal(strlen(json_str(v, "a", "")), 2003);
    assert_string_equal(json_str(v, "d", ""), "small");
}
static void *chatter(void *arg)
{
    for (int i = 0; i < 50; i++) {
        char secret[32];
        snprintf(secret, sizeof secret, "secret-%s-%d", (const char *)arg, i);
        log_secret(secret);
        log_event(LOG_LEVEL_INFO, "x", "who", (const char *)arg, "msg", secret, NULL);
    }
    return NULL;
}
static void threads_do_not_mix_their_lines(void **state)
{
    static char names[4][2] = { "a", "b", "c", "d" };
    pthread_t threads[4];
    int count = 0;
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_JOURNAL, ends[1]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    lines();
    for (char *save = NULL, *line = strtok_r(seen, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_int_equal(strncmp(line, "<6>x who=", 9), 0);
        assert_string_equal(line + 10, " msg=***");
        count++;
    }
    assert_int_equal(count, 200);
}

int main(void)
{
#define WITH_PIPE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_PIPE(a_line_has_time_level_event_and_fields),
        WITH_PIPE(levels_below_are_silent),
        WITH_PIPE(a_stranger_cannot_forge_a_line),
        WITH_PIPE(json_lines_are_json),
        WITH_PIPE(the_journal_gets_priorities),
        WITH_PIPE(the_journal_gets_fields),
        WITH_PIPE(secrets_are_replaced_wherever_they_stand),
        WITH_PIPE(a_line_never_outgrows_a_pipe),
        WITH_PIPE(threads_do_not_mix_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
