/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - files that are whole or not there. */
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct place {
    char path[64];
    int dir;
};
static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    if (!p)
        return -1;
    snprintf(p->path, sizeof p->path, "/tmp/test_file.XXXXXX");
    if (!mkdtemp(p->path))
        return -1;
    p->dir = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = p;
    return p->dir < 0;
}
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}
static int tear_down(void **state)
{
    struct place *p = *state;
    close(p->dir);
    nftw(p->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}
static size_t entries(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}
static unsigned mode_of(int dir, const char *path)
{
    struct stat st;
    assert_int_equal(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode & 07777;
}
static void assert_holds(int dir, const char *path, const char *content)
{
    auto_free char *text = NULL;
    size_t len = 0;
    assert_int_equal(file_read(dir, path, 100, &text, &len), 0);
    assert_string_equal(text, content);
    assert_int_equal(len, strlen(content));
}
static void what_is_written_is_read_with_its_mode(void **state)
{
    struct place *p = *state;
    mode_t old = umask(077);
    assert_int_equal(file_write_durable(p->dir, "a", 0644, "one", 3), 0);
    umask(0);
    assert_int_equal(file_write_durable(p->dir, "b", 0600, "", 0), 0);
    umask(old);
    assert_holds(p->dir, "a", "one");
    assert_holds(p->dir, "b", "");
    assert_int_equal(mode_of(p->dir, "a"), 0644);
    assert_int_equal(mode_of(p->dir, "b"), 0600);
    assert_int_equal(file_write_durable(p->dir, "a", 0640, "two", 3), 0);
    assert_holds(p->dir, "a", "two");
    assert_int_equal(mode_of(p->dir, "a"), 0640);
    assert_int_equal(entries(p->path), 2);
}
static void absolute_and_nested_paths_work(void **state)
{
    struct place *p = *state;
    char path[128];
    assert_int_equal(mkdirat(p->dir, "sub", 0700), 0);
    assert_int_equal(file_write_durable(p->dir, "sub/x", 0600, "x", 1), 0);
    snprintf(path, sizeof path, "%s/sub/x", p->path);
    assert_holds(AT_FDCWD, path, "x");
    assert_int_equal(file_write_durable(AT_FDCWD, path, 0600, "y", 1), 0);
    assert_holds(p->dir, "sub/x", "y");
}
static void creating_does_not_overwrite(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_create_durable(p->dir, "a", 0600, "one", 3), 0);
    assert_int_equal(file_create_durable(p->dir, "a", 0600, "two", 3), -EEXIST);
    assert_holds(p->dir, "a", "one");
    assert_int_equal(entries(p->path), 1);
}
static void a_failed_rename_leaves_nothing_behind(void **state)
{
    struct place *p = *state;
    assert_int_equal(mkdirat(p->dir, "folder", 0700), 0);
    assert_int_equal(file_write_durable(p->dir, "folder", 0600, "x", 1), -EISDIR);
    assert_int_equal(file_write_durable(p->dir, "none/x", 0600, "x", 1), -ENOENT);
    assert_int_equal(file_write_durable(p->dir, "folder/", 0600, "x", 1), -EISDIR);
    assert_int_equal(file_write_durable(p->dir, "..", 0600, "x", 1), -EISDIR);
    assert_int_equal(entries(p->path), 1);
}
static void a_link_is_replaced_and_not_followed(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_write_durable(p->dir, "real", 0600, "old", 3), 0);
    assert_int_equal(symlinkat("real", p->dir, "link"), 0);
    assert_int_equal(file_write_durable(p->dir, "link", 0600, "new", 3), 0);
    assert_holds(p->dir, "real", "old");
    assert_holds(p->dir, "link", "new");
}
static void reading_has_a_limit(void **state)
{
    struct place *p = *state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(file_write_durable(p->dir, "a", 0600, "12345", 5), 0);
    assert_int_equal(file_read(p->dir, "a", 4, &text, &len), -EFBIG);
    assert_null(text);
    assert_int_equal(file_read(p->dir, "a", 5, &text, &len), 0);
    assert_int_equal(len, 5);
    free(text);
}
static void only_regular_files_are_read(void **state)
{
    struct place *p = *state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(mkfifoat(p->dir, "fifo", 0600), 0);
    assert_int_equal(file_read(p->dir, "fifo", 10, &text, &len), -EINVAL);
    assert_int_equal(file_read(AT_FDCWD, p->path, 10, &text, &len), -EISDIR);
    assert_int_equal(file_read(p->dir, "none", 10, &text, &len), -ENOENT);
    assert_int_equal(file_read(AT_FDCWD, "/dev/null", 10, &text, &len), -EINVAL);
    assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 65536, &text, &len), 0);
    assert_non_null(strstr(text, "Pid:"));
    free(text);
}
static void removing_what_is_gone_is_fine(void **state)
{
    struct place *p = *state;
    assert_int_equal(file_write_durable(p->dir, "a", 0600, "x", 1), 0);
    assert_int_equal(file_remove_durable(p->dir, "a"), 0);
    assert_int_equal(file_remove_durable(p->dir, "a"), 0);
    assert_int_equal(file_remove_durable(p->dir, "no/such/a"), 0);
    assert_int_equal(mkdirat(p->dir, "folder", 0700), 0);
    assert_int_equal(file_remove_durable(p->dir, "folder"), -EISDIR);
}
static void folders_are_made_with_their_mode(void **state)
{
    struct place *p = *state;
    char path[128];
    mode_t old = umask(077);
    assert_int_equal(file_mkdirs(p->dir, "a/b//c/./", 0750), 0);
    umask(old);
    assert_int_equal(mode_of(p->dir, "a"), 0750);
    assert_int_equal(mode_of(p->dir, "a/b/c"), 0750);
    assert_int_equal(file_mkdirs(p->dir, "a/b/c", 0700), 0);
    assert_int_equal(mode_of(p->dir, "a/b/c"), 0750);
    snprintf(path, sizeof path, "%s/d/e", p->path);
    assert_int_equal(file_mkdirs(AT_FDCWD, path, 0700), 0);
    assert_int_equal(mode_of(p->dir, "d/e"), 0700);
    assert_int_equal(file_write_durable(p->dir, "file", 0600, "x", 1), 0);
    assert_int_equal(file_mkdirs(p->dir, "file/x", 0700), -ENOTDIR);
    assert_int_equal(file_sync_dir(p->dir), 0);
    assert_int_equal(file_sync_dir(AT_FDCWD), 0);
    assert_int_equal(file_sync_dir(-1), -EBADF);
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(what_is_written_is_read_with_its_mode), IN_PLACE(absolute_and_nested_paths_work),
        IN_PLACE(creating_does_not_overwrite),           IN_PLACE(a_failed_rename_leaves_nothing_behind),
        IN_PLACE(a_link_is_replaced_and_not_followed),   IN_PLACE(reading_has_a_limit),
        IN_PLACE(only_regular_files_are_read),           IN_PLACE(removing_what_is_gone_is_fine),
        IN_PLACE(folders_are_made_with_their_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
