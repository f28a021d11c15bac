/* SPDX-License-Identifier: Apache-2.0 */
/* folder.c - opening folders without going through anybody else's symbolic links. */
#include "folder.h"
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0755, PART_MAX = 256 };

static bool trusted(uid_t owner) { return owner == 0 || owner == geteuid(); }
/* For reading, so that it can be fsynced, out of a descriptor that only names it. */
static int readable(int fd)
{
    int out = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return out < 0 ? -errno : out;
}
static int make_part(int dir, const char *name)
{
    auto_fd parent = -1;

    if (mkdirat(dir, name, FOLDER_MODE) != 0)
        return errno == EEXIST ? 0 : -errno;
    if (fchmodat(dir, name, FOLDER_MODE, 0) != 0) /* whatever the umask says */
        return -errno;
    parent = readable(dir);
    if (parent < 0)
        return parent;
    return fsync(parent) == 0 ? 0 : -errno;
}
/* One step down; only names the folder (O_PATH), for it need not be readable to go through it. */
static int step(int dir, const char *name, bool make)
{
    auto_fd fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    int out;

    if (fd < 0 && errno == ENOENT && make) {
        int rc = make_part(dir, name);
        if (rc != 0)
            return rc;
        fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0 || fstat(fd, &st) != 0)
        return -errno;
    if (S_ISLNK(st.st_mode)) {
        if (!trusted(st.st_uid))
            return -EPERM;
        out = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return out < 0 ? -errno : out;
    }
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    out = fd;
    fd = -1;
    return out;
}
int folder_open(const char *path, bool make)
{
    auto_fd at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    while (at >= 0 && *path) {
        char part[PART_MAX];
        size_t len;
        int next;
        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len == 0)
            break;
        if (len >= sizeof part)
            return -ENAMETOOLONG;
        memcpy(part, path, len);
        part[len] = '\0';
        path += len;
        next = step(at, part, make);
        if (next < 0)
            return next;
        close(at);
        at = next;
    }
    return at < 0 ? -errno : readable(at);
}
int folder_below(int dir, const char *name, bool make)
{
    struct stat st;
    int fd, rc = make ? make_part(dir, name) : 0;

    if (rc != 0)
        return rc;
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
    if (fstat(fd, &st) == 0 && trusted(st.st_uid))
        return fd;
    close(fd);
    return -EPERM;
}
DIR *folder_list(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

    if (!list && fd >= 0)
        close(fd);
    return list;
}
