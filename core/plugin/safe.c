/* SPDX-License-Identifier: Apache-2.0 */
/* safe.c - opens the file of a plugin if nobody else can have put it there. */
#include "plugin/safe.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OFFERED = 64 }; /* names looked through for "did you mean" */

static const char *kind_of_file(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a FIFO";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}
/* Root may do as it likes; so may who we are: it could change us anyway. */
static int look_at(int fd, const char *path, struct outcome *o)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return outcome_fail(o, FL_ECONF, "%s cannot be looked at: %s", path, strerror(errno));
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return outcome_fail(o, FL_ECONF,
                            "%s belongs to user %u, who is neither root nor the user that fairlead runs as: "
                            "see who put it there, then chown root it",
                            path, (unsigned)st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return outcome_fail(o, FL_ECONF,
                            "%s may be written by others than its owner (mode %04o): see that it is what it "
                            "should be, then chmod go-w it",
                            path, (unsigned)st.st_mode & 07777);
    return FL_OK;
}
static int open_folder(int at, const char *name, const char *path, int *fd_out, struct outcome *o)
{
    auto_close int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code;

    if (fd < 0 && errno == ENOENT)
        return outcome_fail(o, FL_ECONF,
                            "the plugin folder %s does not exist: install fairlead's plugins, or say where "
                            "they are with --plugins",
                            path);
    if (fd < 0)
        return outcome_fail(o, FL_ECONF, "the plugin folder %s cannot be opened: %s", path, strerror(errno));
    code = look_at(fd, path, o);
    if (code == FL_OK) {
        *fd_out = fd;
        fd = -1;
    }
    return code;
}
/* The file name of a plugin without ".so", in place; false: it is none. */
static bool plugin_name(char *name)
{
    size_t len = strlen(name);
    if (len <= 3 || name[0] == '.' || !text_ends(name, ".so"))
        return false;
    name[len - 3] = '\0';
    return true;
}
static int missing(int folder, const char *path, const char *kind, const char *name, struct outcome *o)
{
    char found[OFFERED][64];
    const char *words[OFFERED + 1] = { NULL }, *near;
    size_t n = 0;
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;

    if (!dir && copy >= 0)
        close(copy);
    for (const struct dirent *d; dir && n < OFFERED && (d = readdir(dir));)
        if (text_copy(found[n], sizeof found[n], d->d_name) && plugin_name(found[n])) {
            words[n] = found[n];
            n++;
        }
    if (dir)
        closedir(dir);
    near = text_nearest(name, words);
    if (near)
        return outcome_fail(o, FL_ECONF, "%s does not exist: did you mean the plugin \"%s\"?", path, near);
    return outcome_fail(o, FL_ECONF, "%s does not exist: no %s plugin of that name is installed", path, kind);
}
static int open_file(int folder, const char *path, const char *kind, const char *name, int *fd_out,
                     struct outcome *o)
{
    struct stat st;
    int code;
    /* O_NONBLOCK: opening a FIFO would wait for its writer. */
    auto_close int fd =
        openat(folder, strrchr(path, '/') + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ELOOP)
        return outcome_fail(o, FL_ECONF, "%s is a symbolic link: put the file itself there", path);
    if (fd < 0 && errno == ENOENT)
        return missing(folder, path, kind, name, o);
    /* ENXIO is what open() says of a socket. */
    if (fd < 0)
        return outcome_fail(o, FL_ECONF, "%s cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        return outcome_fail(o, FL_ECONF, "%s is no regular file but %s: put the plugin's file there", path,
                            kind_of_file(st.st_mode));
    code = look_at(fd, path, o);
    if (code == FL_OK) {
        *fd_out = fd;
        fd = -1;
    }
    return code;
}
static bool plain_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n < 64 && !name[n] && name[0] != '-';
}
int safe_open(const char *dir, const char *kind, const char *name, char *path, size_t size, int *fd_out,
              struct outcome *o)
{
    auto_close int top = -1;
    auto_close int folder = -1;
    int code, n = snprintf(path, size, "%s/%s", dir, kind);

    if (!plain_name(name))
        return outcome_fail(o, FL_ECONF,
                            "\"%s\" is no name of a plugin: it has lower-case letters, digits and '-', and "
                            "stands for the file NAME.so in %s",
                            name, path);
    if (n < 0 || (size_t)n + strlen(name) + sizeof "/.so" > size)
        return outcome_fail(o, FL_ECONF,
                            "the path of the plugin folder %.300s is too long: at most %zu bytes", dir,
                            size - 80);
    code = open_folder(AT_FDCWD, dir, dir, &top, o);
    if (code == FL_OK)
        code = open_folder(top, kind, path, &folder, o);
    if (code != FL_OK)
        return code;
    snprintf(path + n, size - (size_t)n, "/%s.so", name);
    return open_file(folder, path, kind, name, fd_out, o);
}
