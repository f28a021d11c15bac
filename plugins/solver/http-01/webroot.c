/* SPDX-License-Identifier: Apache-2.0 */
/* webroot.c - proofs as files below the folder of a web server. */
#include "http_01.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROOF_MAX = 1024 };
static const char *const folders[] = { ".well-known", "acme-challenge" };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define auto_fd __attribute__((cleanup(close_fd)))

/* What passes by itself, and what somebody has to mend. */
static int code_of(int error)
{
    static const int passing[] = { EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EINTR };

    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (error == passing[i])
            return FL_ETEMP;
    return FL_ECONF;
}
static int fail(struct fl_ctx *ctx, int code, const char *webroot, const char *path, const char *what)
{
    return fl_fail(ctx, code, "%s/%s cannot be %s: %s", webroot, path, what, strerror(errno));
}

/* ---- the folder ---- */

/* The part, in the folder `at`; made if it is missing. No link is followed: it may lead anywhere. */
static int enter(int at, const char *name, bool make)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(at, name, 0755) != 0 && errno != EEXIST)
        return -1;
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* The web server is somebody else, whatever our umask. */
    if (fd >= 0)
        (void)fchmod(fd, 0755);
    return fd;
}
/* FL_OK with -1: it is not there, and is not to be made. */
static int open_folder(struct fl_ctx *ctx, const char *webroot, bool make, int *fd_out)
{
    int fd = open(webroot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fl_fail(ctx, code_of(errno), "webroot %s cannot be opened: %s", webroot, strerror(errno));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int next = enter(fd, folders[i], make);
        close_fd(&fd);
        fd = next;
        if (fd < 0 && errno == ENOENT && !make)
            break;
        if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
            return fl_fail(ctx, FL_ECONF, "%s in webroot %s is a link or no folder: put a folder there",
                           folders[i], webroot);
        if (fd < 0)
            return fail(ctx, code_of(errno), webroot, folders[i], "made or opened");
    }
    *fd_out = fd;
    return FL_OK;
}

/* ---- one file ---- */

/* Is that proof what stands there? */
static bool stands(int folder, const char *token, const char *key_auth)
{
    char text[PROOF_MAX];
    struct stat st;
    auto_fd int fd = openat(folder, token, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, text, sizeof text) : -1;

    return n >= 0 && (size_t)n == strlen(key_auth) && !memcmp(text, key_auth, (size_t)n);
}
static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}
/* By the token, so that its next call finds what a process left that was killed before the rename. */
static const char *temp_of(const char *token, char name[NAME_MAX + 1])
{
    snprintf(name, NAME_MAX + 1, ".tmp-%s", token);
    return name;
}
static bool unlinked(int folder, const char *name)
{
    return unlinkat(folder, name, 0) == 0 || errno == ENOENT;
}
/* A reader finds the whole proof or nothing. */
static bool replace(int folder, const char *token, const char *key_auth)
{
    char name[NAME_MAX + 1];
    const char *temp = temp_of(token, name);
    auto_fd int fd = -1;
    int error;

    if (!unlinked(folder, temp))
        return false;
    fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    if (fchmod(fd, 0644) == 0 && write_all(fd, key_auth) && renameat(folder, temp, folder, token) == 0)
        return true;
    error = errno;
    (void)unlinkat(folder, temp, 0);
    errno = error;
    return false;
}
int webroot_put(struct fl_ctx *ctx, const char *webroot, const char *token, const char *key_auth)
{
    auto_fd int folder = -1;
    int code = open_folder(ctx, webroot, true, &folder);

    if (code != FL_OK || stands(folder, token, key_auth))
        return code;
    if (!replace(folder, token, key_auth))
        return fail(ctx, errno == EACCES || errno == EPERM || errno == EROFS ? FL_ECONF : FL_ETEMP, webroot,
                    fl_printf(ctx, "%s/%s/%s", folders[0], folders[1], token), "written");
    return FL_OK;
}
/* Only that proof goes. What cannot be read just now may be it. */
static bool removed(int folder, const char *token, const char *key_auth)
{
    errno = 0;
    return stands(folder, token, key_auth) ? unlinked(folder, token) : code_of(errno) != FL_ETEMP;
}
int webroot_remove(struct fl_ctx *ctx, const char *webroot, const char *token, const char *key_auth)
{
    char temp[NAME_MAX + 1];
    auto_fd int folder = -1;
    int code = open_folder(ctx, webroot, false, &folder);

    if (code != FL_OK || folder < 0)
        return code;
    if (!unlinked(folder, temp_of(token, temp)) || !removed(folder, token, key_auth))
        return fail(ctx, FL_ETEMP, webroot, fl_printf(ctx, "%s/%s/%s", folders[0], folders[1], token),
                    "removed");
    return FL_OK;
}
