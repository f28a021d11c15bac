/* SPDX-License-Identifier: Apache-2.0 */
/* store_open.c - the state folder: made, locked, of a format we know, without a crash's left-overs. */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From one format to the next; none yet: format 1 is the first. */
static const struct {
    int from;
    int (*run)(struct store *s, struct outcome *o);
} migrations[] = { { 0, NULL } };

static void closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

bool store_walk(struct store *s, const char *path, bool (*f)(void *arg, struct store *s, const char *path),
                void *arg)
{
    int fd = openat(s->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    cleanup_(closedirp) DIR *d = fd < 0 ? NULL : fdopendir(fd);
    bool ok = true;

    if (!d) {
        if (fd >= 0)
            close(fd);
        return fd < 0 && errno == ENOENT;
    }
    for (const struct dirent *e; ok && (e = readdir(d));) {
        char below[STORE_PATH_MAX];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= (int)sizeof below)
            continue;
        ok = e->d_type == DT_DIR ? store_walk(s, below, f, arg) : e->d_type != DT_REG || f(arg, s, below);
    }
    return ok;
}

static bool sweep(void *arg, struct store *s, const char *path)
{
    const char *name = strrchr(path, '/') + 1;

    (void)arg;
    if (text_starts(name, ".tmp-"))
        unlinkat(s->root, path, 0);
    return true;
}

static int take_lock(struct store *s, struct outcome *o)
{
    struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char pid[32];

    s->lock_fd = openat(s->root, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return store_errno(s, "cannot open", "lock", -errno, o);
    if (fcntl(s->lock_fd, F_OFD_SETLK, &want) != 0) {
        ssize_t n = pread(s->lock_fd, pid, sizeof pid - 1, 0);
        pid[n > 0 ? n : 0] = '\0';
        return outcome_fail(o, FL_ETEMP,
                            "the state %s is in use by process %s: end it, or use another `state`", s->dir,
                            pid[0] ? pid : "(unknown)");
    }
    int n = snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
        return store_errno(s, "cannot write", "lock", errno ? -errno : -EIO, o);
    return FL_OK;
}

static int migrate(struct store *s, int64_t found, struct outcome *o)
{
    while (found < STORE_FORMAT) {
        size_t i = 0, n = sizeof migrations / sizeof *migrations;
        while (i < n && (migrations[i].from != found || !migrations[i].run))
            i++;
        if (i == n)
            return outcome_fail(o, FL_ECONF,
                                "the state %s is of format %d, which this version cannot bring up to %d",
                                s->dir, (int)found, STORE_FORMAT);
        int code = migrations[i].run(s, o);
        if (code != FL_OK)
            return code;
        found++;
    }
    return FL_OK;
}

static int check_format(struct store *s, struct outcome *o)
{
    static const char ours[] = "1\n";
    auto_free char *text = NULL;
    size_t len;
    int64_t found = 0;
    int err = file_read(s->root, "format", 64, &text, &len);

    if (err == -ENOENT) {
        err = s->read_only ? 0 : file_write_durable(s->root, "format", 0600, ours, sizeof ours - 1);
        return err ? store_errno(s, "cannot write", "format", err, o) : FL_OK;
    }
    if (err)
        return store_errno(s, "cannot read", "format", err, o);
    text[strcspn(text, "\n")] = '\0';
    if (!text_int(text, 1, 1000000, &found))
        return outcome_fail(o, FL_ECONF, "%s/format does not hold a number: this is no state of fairlead",
                            s->dir);
    if (found > STORE_FORMAT)
        return outcome_fail(o, FL_ECONF,
                            "the state %s is of format %d, written by a newer fairlead; this one knows %d",
                            s->dir, (int)found, STORE_FORMAT);
    return s->read_only ? FL_OK : migrate(s, found, o);
}

static int make_folders(struct store *s, struct outcome *o)
{
    for (int g = 0; g < STORE_GROUPS; g++) {
        int err = file_mkdirs(s->root, store_groups[g].name, store_groups[g].dir_mode);
        if (err)
            return store_errno(s, "cannot make", store_groups[g].name, err, o);
        store_walk(s, store_groups[g].name, sweep, NULL);
    }
    return FL_OK;
}

static int open_as(const char *dir, bool read_only, struct store **out, struct outcome *o)
{
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        return outcome_nomem(o);
    s->read_only = read_only;
    s->root = s->lock_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    int err = text_copy(s->dir, sizeof s->dir, dir) ? 0 : -ENAMETOOLONG;
    if (!err && !read_only)
        err = file_mkdirs(AT_FDCWD, dir, 0700);
    if (!err && (s->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        err = -errno;
    int code = err ? store_errno(s, "cannot open the state", "", err, o) : FL_OK;
    if (code == FL_OK && !read_only)
        code = take_lock(s, o);
    if (code == FL_OK)
        code = check_format(s, o);
    if (code == FL_OK && !read_only)
        code = make_folders(s, o);
    if (code == FL_OK)
        *out = s;
    else
        store_close(s);
    return code;
}

int store_open(const char *dir, struct store **out, struct outcome *o) { return open_as(dir, false, out, o); }

int store_open_to_read(const char *dir, struct store **out, struct outcome *o)
{
    return open_as(dir, true, out, o);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    if (s->root >= 0)
        close(s->root);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void store_dir(const struct store *s, const char *sub, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", s->dir, sub);
}
