/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_open.c - the lock, the format, crashes, and disks that refuse. */
#include "base/file.h"
#include "base/mem.h"
#include "store/store_impl.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

struct rig {
    char base[64], dir[96];
    struct outcome o;
};
static int rig_new(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    tmpdir_make(r->base);
    snprintf(r->dir, sizeof r->dir, "%s/deep/state", r->base);
    *state = r;
    return 0;
}
static int rig_free(void **state)
{
    struct rig *r = *state;

    tmpdir_remove(r->base);
    free(r);
    return 0;
}
static const char *path_of(const struct rig *r, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", r->dir, name);
    return out;
}
static void plant(const struct rig *r, const char *name, const char *text)
{
    char path[256];
    assert_int_equal(file_write_durable(AT_FDCWD, path_of(r, name, path), 0600, text, strlen(text)), 0);
}
static struct store *opened(struct rig *r)
{
    struct store *s = NULL;

    if (store_open(r->dir, &s, &r->o) != FL_OK)
        fail_msg("%s", r->o.msg);
    return s;
}
static int refused(struct rig *r, const char *says)
{
    struct store *s = NULL;
    int rc = store_open(r->dir, &s, &r->o);

    assert_null(s);
    if (!strstr(r->o.msg, says))
        fail_msg("\"%s\" does not say \"%s\"", r->o.msg, says);
    return rc;
}

/* ---- folders and lock ---- */

static void a_fresh_state_is_for_its_user_alone(void **state)
{
    static const char *const folders[] = { "accounts", "certs", "archive", "journal", "budget", "plugins" };
    struct rig *r = *state;
    struct store *s = opened(r);
    struct stat st;
    uint64_t version;
    char path[256];

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        assert_int_equal(stat(path_of(r, folders[i], path), &st), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0700);
    }
    assert_int_equal(store_put(s, STORE_ACCOUNTS, "x", "1", 1, 0, &version, &r->o), FL_OK);
    assert_int_equal(stat(path_of(r, "accounts/x", path), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    store_dir(s, "keys", path, sizeof path);
    assert_true(strlen(path) == strlen(r->dir) + 5 && strstr(path, "/deep/state/keys"));
    store_close(s);
    store_close(NULL);
}
/* Opens the store, says so, and waits to be killed. */
static pid_t holder(struct rig *r)
{
    int tell[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        struct store *s;
        uint64_t version;
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when an assertion ends us */
        close(tell[0]);
        if (store_open(r->dir, &s, &r->o) != FL_OK ||
            store_put(s, STORE_CERTS, "x", "theirs", 6, 0, &version, &r->o) != FL_OK ||
            write(tell[1], "!", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(tell[1]);
    assert_int_equal(read(tell[0], &byte, 1), 1);
    close(tell[0]);
    return pid;
}
static void one_process_has_the_state_until_it_ends(void **state)
{
    struct rig *r = *state;
    pid_t pid = holder(r);
    char says[64];
    auto_free char *data = NULL;
    uint64_t version, after;
    size_t len;
    struct store *s = NULL;

    snprintf(says, sizeof says, "in use by process %d", (int)pid);
    assert_int_equal(refused(r, says), FL_ETEMP);
    /* who only looks may */
    assert_int_equal(store_open_to_read(r->dir, &s, &r->o), FL_OK);
    assert_int_equal(store_get(s, STORE_CERTS, "x", &data, &len, &version, &r->o), FL_OK);
    assert_string_equal(data, "theirs");
    assert_int_equal(store_put(s, STORE_CERTS, "x", "mine", 4, version, &after, &r->o), FL_ECONF);
    assert_int_equal(store_delete(s, STORE_CERTS, "x", version, &r->o), FL_ECONF);
    store_close(s);
    /* a version is good in every process; the lock ends with its holder */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    s = opened(r);
    assert_int_equal(store_put(s, STORE_CERTS, "x", "mine", 4, version + 1, &after, &r->o), FL_ESTALE);
    assert_int_equal(store_put(s, STORE_CERTS, "x", "mine", 4, version, &after, &r->o), FL_OK);
    snprintf(says, sizeof says, "in use by process %d", (int)getpid());
    assert_int_equal(refused(r, says), FL_ETEMP); /* not twice by ourselves either */
    store_close(s);
    store_close(opened(r));
}
static void looking_makes_nothing(void **state)
{
    struct rig *r = *state;
    struct store *s = NULL;
    char **keys;

    assert_int_equal(store_open_to_read(r->dir, &s, &r->o), FL_ECONF);
    assert_non_null(strstr(r->o.msg, "has not run"));
    assert_int_equal(tmpdir_count(r->base), 0);
    assert_int_equal(file_mkdirs(AT_FDCWD, r->dir, 0700), 0);
    assert_int_equal(store_open_to_read(r->dir, &s, &r->o), FL_OK);
    assert_int_equal(store_list(s, STORE_CERTS, &keys, &r->o), FL_OK);
    assert_null(keys[0]);
    store_keys_free(keys);
    store_close(s);
    assert_int_equal(tmpdir_count(r->dir), 0);
}

/* ---- format ---- */

static void formats_that_we_do_not_know_are_refused_in_words(void **state)
{
    struct rig *r = *state;
    char path[256];
    struct store *s = NULL;

    store_close(opened(r));
    plant(r, "format", "2\nfairlead 9.9\n");
    assert_int_equal(refused(r, "of format 2, written by fairlead 9.9;"), FL_ECONF);
    plant(r, "format", "2");
    assert_int_equal(refused(r, "written by a newer fairlead;"), FL_ECONF);
    plant(r, "format", "0\nfairlead 0.0\n");
    assert_int_equal(refused(r, "cannot bring up to 1"), FL_ECONF);
    assert_int_equal(store_open_to_read(r->dir, &s, &r->o), FL_ECONF);
    plant(r, "format", "");
    assert_int_equal(refused(r, "does not begin with a number"), FL_ECONF);
    plant(r, "format", "{}\n\xff");
    assert_int_equal(refused(r, "does not begin with a number"), FL_ECONF);
    plant(r, "format", "-1\n");
    assert_int_equal(refused(r, "does not begin with a number"), FL_ECONF);
    assert_int_equal(unlink(path_of(r, "format", path)), 0);
    assert_int_equal(refused(r, "format is missing"), FL_ECONF);
    plant(r, "format", "1\n");
    store_close(opened(r));
}
/* Each row leaves a file, and the second one breaks once. */
static int first_row(struct store *s, struct outcome *o)
{
    int err = file_create_durable(s->root, "first", 0600, "", 0); /* not twice */
    return err ? store_errno(s, "cannot write", "first", err, o) : FL_OK;
}
static int second_row(struct store *s, struct outcome *o)
{
    if (faccessat(s->root, "ready", F_OK, 0) != 0)
        return outcome_fail(o, FL_ETEMP, "not ready");
    int err = file_create_durable(s->root, "second", 0600, "", 0);
    return err ? store_errno(s, "cannot write", "second", err, o) : FL_OK;
}
static void an_older_state_is_brought_up_row_by_row_and_goes_on_after_a_failure(void **state)
{
    static const struct store_migration table[] = { { 1, first_row }, { 2, second_row }, { 0, NULL } };
    static const struct store_migration gap[] = { { 2, second_row }, { 0, NULL } };
    struct rig *r = *state;
    struct store *s = opened(r);
    char path[256], *text;
    size_t len;

    assert_int_equal(store_format_check(s, 3, gap, &r->o), FL_ECONF);
    assert_int_equal(store_format_check(s, 3, table, &r->o), FL_ETEMP);
    assert_int_equal(file_read(s->root, "format", 256, &text, &len), 0);
    assert_memory_equal(text, "2\nfairlead ", 11);
    free(text);
    plant(r, "ready", "");
    assert_int_equal(store_format_check(s, 3, table, &r->o), FL_OK);
    assert_int_equal(store_format_check(s, 3, table, &r->o), FL_OK);
    assert_int_equal(access(path_of(r, "first", path), F_OK), 0);
    assert_int_equal(access(path_of(r, "second", path), F_OK), 0);
    store_close(s);
    assert_int_equal(refused(r, "of format 3"), FL_ECONF);
}

/* ---- crashes ---- */

static void leftovers_of_a_crash_are_removed_and_nothing_else(void **state)
{
    struct rig *r = *state;
    struct store *s = opened(r);
    uint64_t version;
    char path[256], **keys;

    assert_int_equal(store_put(s, STORE_CERTS, "x", "1", 1, 0, &version, &r->o), FL_OK);
    plant(r, "certs/2d/.tmp-0123456789abcdef", "half"); /* SHA-256 of "x" begins with 2d */
    plant(r, "accounts/.tmp-0000000000000000", "half");
    plant(r, ".tmp-1111111111111111", "half");
    plant(r, "mine", "stays");
    store_close(s);
    int before = tmpdir_count(r->dir);
    s = opened(r);
    assert_int_equal(tmpdir_count(r->dir), before - 1);
    assert_int_equal(tmpdir_count(path_of(r, "accounts", path)), 0);
    assert_int_equal(tmpdir_count(path_of(r, "certs/2d", path)), 1);
    assert_int_equal(store_list(s, STORE_CERTS, &keys, &r->o), FL_OK);
    assert_string_equal(keys[0], "x");
    assert_null(keys[1]);
    store_keys_free(keys);
    store_close(s);
}
/* Writes one value after the other, each of one letter, until it is killed. */
static void write_for_ever(struct rig *r)
{
    struct store *s;
    char *value = malloc(100000), *old = NULL;
    uint64_t version;
    size_t len;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!value || store_open(r->dir, &s, &r->o) != FL_OK ||
        store_get(s, STORE_CERTS, "x", &old, &len, &version, &r->o) != FL_OK)
        _exit(1);
    for (char c = 'a';; c = c == 'z' ? 'a' : (char)(c + 1)) {
        memset(value, c, 100000);
        if (store_put(s, STORE_CERTS, "x", value, 100000, version, &version, &r->o) != FL_OK)
            _exit(1);
    }
}
static void a_killed_writer_leaves_a_whole_value(void **state)
{
    struct rig *r = *state;

    for (int i = 0; i < 15; i++) {
        pid_t pid = fork();
        int status;
        if (pid == 0)
            write_for_ever(r);
        usleep(20000 + (useconds_t)i * 1700);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));

        struct store *s = opened(r);
        auto_free char *data = NULL;
        size_t len;
        uint64_t version;
        assert_int_equal(store_get(s, STORE_CERTS, "x", &data, &len, &version, &r->o), FL_OK);
        assert_true(!data || len == 100000);
        for (size_t at = 1; data && at < len; at++)
            assert_int_equal(data[at], data[0]);
        store_close(s);
        char path[256];
        assert_true(tmpdir_count(path_of(r, "certs/2d", path)) <= 1); /* no leftover */
    }
}

/* ---- disks ---- */

static void a_value_that_does_not_fit_leaves_the_old_one(void **state)
{
    struct rig *r = *state;
    struct store *s = opened(r);
    struct rlimit before, small;
    auto_free char *large = calloc(1, 100000), *data = NULL;
    uint64_t version, after = 5;
    size_t len;
    int rc;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(store_put(s, STORE_JOURNAL, "z", "old", 3, 0, &version, &r->o), FL_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = store_put(s, STORE_JOURNAL, "z", large, 100000, version, &after, &r->o);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, FL_ETEMP);
    assert_non_null(strstr(r->o.msg, "/journal/z"));
    assert_true(after == 5);
    assert_int_equal(store_get(s, STORE_JOURNAL, "z", &data, &len, &after, &r->o), FL_OK);
    assert_string_equal(data, "old");
    assert_true(after == version);
    store_close(s);
}
/* In a child that has mounts of its own: 0 right, 1 wrong, 2 not allowed to mount. */
static int on_a_tiny_disk(struct rig *r)
{
    static char large[60000];
    struct store *s;
    uint64_t version;
    int rc = FL_OK;

    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) != 0 ||
        file_mkdirs(AT_FDCWD, r->dir, 0700) != 0 || mount("tmpfs", r->dir, "tmpfs", 0, "size=256k") != 0)
        return 2;
    if (store_open(r->dir, &s, &r->o) != FL_OK)
        return 1;
    for (int i = 0; rc == FL_OK && i < 20; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        rc = store_put(s, STORE_JOURNAL, key, large, sizeof large, 0, &version, &r->o);
    }
    store_close(s);
    if (rc != FL_ETEMP || !strstr(r->o.msg, "No space left") || !strstr(r->o.msg, "make room"))
        return 1;
    if (mount("", r->dir, "", MS_REMOUNT | MS_RDONLY, "") != 0)
        return 1;
    rc = store_open(r->dir, &s, &r->o);
    if (rc != FL_ETEMP || !strstr(r->o.msg, "mount it for writing"))
        return 1;
    return 0;
}
static void a_full_and_a_read_only_disk_are_named_with_what_to_do(void **state)
{
    struct rig *r = *state;
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(on_a_tiny_disk(r));
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
    /* What needs no right to mount: the words. */
    struct store s = { .dir = "/state" };
    static const struct {
        int error, code;
        const char *says;
    } cases[] = {
        { -ENOSPC, FL_ETEMP, "cannot write /state/x: No space left on device: make room" },
        { -EROFS, FL_ETEMP, "mount it for writing" },
        { -EIO, FL_ETEMP, "look at the disk" },
        { -EACCES, FL_ECONF, "the user that fairlead runs as" },
        { -ENOMEM, FL_ENOMEM, "memory" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(store_errno(&s, "cannot write", "x", cases[i].error, &r->o), cases[i].code);
        assert_non_null(strstr(r->o.msg, cases[i].says));
    }
}
static void a_folder_that_cannot_be_made_is_named(void **state)
{
    struct rig *r = *state;
    char path[256];

    store_close(opened(r));
    assert_int_equal(rmdir(path_of(r, "budget", path)), 0);
    plant(r, "budget", "a file");
    assert_int_equal(refused(r, "/state/budget"), FL_ECONF);
    snprintf(r->dir, sizeof r->dir, "/dev/null/state");
    assert_int_equal(refused(r, "/dev/null/state"), FL_ECONF);
}
#define RIG(f) cmocka_unit_test_setup_teardown(f, rig_new, rig_free)
int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_fresh_state_is_for_its_user_alone),
        RIG(one_process_has_the_state_until_it_ends),
        RIG(looking_makes_nothing),
        RIG(formats_that_we_do_not_know_are_refused_in_words),
        RIG(an_older_state_is_brought_up_row_by_row_and_goes_on_after_a_failure),
        RIG(leftovers_of_a_crash_are_removed_and_nothing_else),
        RIG(a_killed_writer_leaves_a_whole_value),
        RIG(a_value_that_does_not_fit_leaves_the_old_one),
        RIG(a_full_and_a_read_only_disk_are_named_with_what_to_do),
        RIG(a_folder_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
