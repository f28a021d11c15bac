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

/* Not every file system says in the folder what an entry is. */
static unsigned char type_of(const struct store *s, const struct dirent *e, const char *path)
{
    struct stat st;

    if (e->d_type != DT_UNKNOWN)
        return e->d_type;
    if (fstatat(s->root, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
}

static bool walk(DIR *d, struct store *s, const char *path,
                 bool (*f)(void *arg, struct store *s, const char *path), void *arg)
{
    for (;;) {
        char below[STORE_PATH_MAX];
        errno = 0;
        const struct dirent *e = readdir(d);
        if (!e)
            return errno == 0;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= (int)sizeof below)
            continue;
        unsigned char type = type_of(s, e, below);
        if ((type == DT_DIR && !store_walk(s, below, f, arg)) || (type == DT_REG && !f(arg, s, below)))
            return false;
    }
}

bool store_walk(struct store *s, const char *path, bool (*f)(void *arg, struct store *s, const char *path),
                void *arg)
{
    int fd = openat(s->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    int error = errno;

    if (!d) {
        if (fd >= 0)
            close(fd);
        errno = error;
        return fd < 0 && error == ENOENT;
    }
    bool ok = walk(d, s, path, f, arg);
    error = errno;
    closedir(d);
    errno = error;
    return ok;
}

/* What a crash between writing and renaming left. */
static bool sweep(void *arg, struct store *s, const char *path)
{
    (void)arg;
    if (text_starts(strrchr(path, '/') + 1, ".tmp-"))
        (void)unlinkat(s->root, path, 0);
    return true;
}

static void sweep_root(struct store *s)
{
    int fd = openat(s->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(d));)
        if (text_starts(e->d_name, ".tmp-"))
            (void)unlinkat(s->root, e->d_name, 0);
    closedir(d);
}

static int in_use(const struct store *s, struct outcome *o)
{
    char pid[32];
    ssize_t n = pread(s->lock_fd, pid, sizeof pid - 1, 0);

    pid[n > 0 ? n : 0] = '\0';
    return outcome_fail(o, FL_ETEMP, "the state %s is in use by process %s: end it, or use another `state`",
                        s->dir, pid[0] ? pid : "(unknown)");
}

/* Of the open file description: it ends with the process, however that ends, and holds against our own threads. */
static int take_lock(struct store *s, struct outcome *o)
{
    struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char pid[32];

    s->lock_fd = openat(s->root, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return store_errno(s, "cannot open", "lock", -errno, o);
    if (fcntl(s->lock_fd, F_OFD_SETLK, &want) != 0)
        return errno == EAGAIN || errno == EACCES ? in_use(s, o)
                                                  : store_errno(s, "cannot lock", "lock", -errno, o);
    int n = snprintf(pid, sizeof pid, "%d", (int)getpid());
    errno = EIO;
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
        return store_errno(s, "cannot write", "lock", -errno, o);
    return FL_OK;
}

static int make_folders(struct store *s, struct outcome *o)
{
    for (int g = 0; g < STORE_GROUPS; g++) {
        int err = file_mkdirs(s->root, store_groups[g].name, store_groups[g].dir_mode);
        if (err)
            return store_errno(s, "cannot make", store_groups[g].name, err, o);
        if (!store_walk(s, store_groups[g].name, sweep, NULL))
            return store_errno(s, "cannot list", store_groups[g].name, -errno, o);
    }
    sweep_root(s);
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
    int code = FL_OK;
    if (err == -ENOENT && read_only)
        code = outcome_fail(o, FL_ECONF, "there is no state in %s yet: fairlead has not run", dir);
    else if (err)
        code = store_errno(s, "cannot open the state", "", err, o);
    if (code == FL_OK && !read_only)
        code = take_lock(s, o);
    if (code == FL_OK)
        code = store_format_open(s, o);
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
