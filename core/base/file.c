/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - files that are whole or not there. */
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { TEMP_NAME = 32 };

/* ---- reading ---- */

/* One byte more than the file said is asked for, so that one that grows is noticed. */
static int read_all(int fd, char *data, size_t room, size_t *len_out)
{
    size_t n = 0;
    while (n < room) {
        ssize_t got = read(fd, data + n, room - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *len_out = n;
    return 0;
}
int file_read(int dir, const char *path, size_t max, char **out, size_t *len_out)
{
    struct stat st;
    size_t room, len = 0;
    int rc;
    auto_free char *data = NULL;
    /* O_NONBLOCK: opening a FIFO would wait for its writer. */
    auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    if (max > SIZE_MAX - 2 || (uintmax_t)st.st_size > max)
        return -EFBIG;
    /* Files of /proc and /sys say 0 or 4096 whatever they hold. */
    room = st.st_size == 0 ? (max < 65536 ? max : 65536) + 1 : (size_t)st.st_size + 1;
    data = malloc(room + 1);
    if (!data)
        return -ENOMEM;
    rc = read_all(fd, data, room, &len);
    if (rc == 0 && len == room)
        rc = -EFBIG;
    if (rc != 0) {
        mem_wipe(data, len);
        return rc;
    }
    data[len] = '\0';
    *out = take_ptr(data);
    *len_out = len;
    return 0;
}

/* ---- writing ---- */

int file_sync_dir(int dir)
{
    auto_close int here = -1;
    if (dir == AT_FDCWD) {
        here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (here < 0)
            return -errno;
        dir = here;
    }
    /* EINVAL: a file system whose folders need no fsync. */
    return fsync(dir) == 0 || errno == EINVAL ? 0 : -errno;
}
/* The folder that `path` stands in, opened, and the name in it. */
static int open_parent(int dir, const char *path, const char **name_out)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";
    int fd;

    if (slash) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        if (len >= sizeof parent)
            return -ENAMETOOLONG;
        memcpy(parent, path, len);
        parent[len] = '\0';
    }
    *name_out = slash ? slash + 1 : path;
    if (!**name_out || !strcmp(*name_out, ".") || !strcmp(*name_out, ".."))
        return -EISDIR;
    fd = openat(dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
static int open_temp(int parent, char name[TEMP_NAME])
{
    for (int tries = 0; tries < 16; tries++) {
        uint64_t salt;
        int fd;
        if (getrandom(&salt, sizeof salt, 0) != (ssize_t)sizeof salt)
            return -EIO;
        snprintf(name, TEMP_NAME, ".tmp-%016llx", (unsigned long long)salt);
        fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}
static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}
static int fill(int fd, mode_t mode, const void *data, size_t len)
{
    int rc = write_all(fd, data, len);
    if (rc == 0 && fchmod(fd, mode) != 0)
        rc = -errno;
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    /* Some file systems tell of a full disk only here. */
    if (close(fd) != 0 && rc == 0 && errno != EINTR)
        rc = -errno;
    return rc;
}
static int publish(int parent, const char *temp, const char *name, bool fresh)
{
    if (!fresh)
        return renameat(parent, temp, parent, name) == 0 ? 0 : -errno;
    if (linkat(parent, temp, parent, name, 0) != 0)
        return -errno;
    return unlinkat(parent, temp, 0) == 0 ? 0 : -errno;
}
static int write_file(int dir, const char *path, mode_t mode, const void *data, size_t len, bool fresh)
{
    const char *name;
    char temp[TEMP_NAME];
    int fd, rc;
    auto_close int parent = open_parent(dir, path, &name);

    if (parent < 0)
        return parent;
    fd = open_temp(parent, temp);
    if (fd < 0)
        return fd;
    rc = fill(fd, mode, data, len);
    if (rc == 0)
        rc = publish(parent, temp, name, fresh);
    if (rc != 0) {
        (void)unlinkat(parent, temp, 0);
        return rc;
    }
    return file_sync_dir(parent);
}
int file_write_durable(int dir, const char *path, mode_t mode, const void *data, size_t len)
{
    return write_file(dir, path, mode, data, len, false);
}
int file_create_durable(int dir, const char *path, mode_t mode, const void *data, size_t len)
{
    return write_file(dir, path, mode, data, len, true);
}
int file_remove_durable(int dir, const char *path)
{
    const char *name;
    auto_close int parent = open_parent(dir, path, &name);

    if (parent < 0)
        return parent == -ENOENT ? 0 : parent;
    if (unlinkat(parent, name, 0) != 0)
        return errno == ENOENT ? 0 : -errno;
    return file_sync_dir(parent);
}

/* ---- folders ---- */

/* mkdirat() obeys the umask, so the mode is set once more. */
static int finish_dir(int above, const char *name, mode_t mode)
{
    auto_close int made = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    auto_close int parent = openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc;

    if (made < 0 || parent < 0)
        return -errno;
    if (fchmod(made, mode) != 0)
        return -errno;
    rc = file_sync_dir(made);
    return rc == 0 ? file_sync_dir(parent) : rc;
}
/* Steps from *at into `name`, made if it is missing. O_PATH: passing through needs no right to read. */
static int enter(int *at, const char *name, mode_t mode)
{
    int next, rc = 0;

    if (mkdirat(*at, name, mode & 0700) == 0)
        rc = finish_dir(*at, name, mode);
    else if (errno != EEXIST)
        rc = -errno;
    if (rc != 0)
        return rc;
    next = openat(*at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0)
        return -errno;
    close(*at);
    *at = next;
    return 0;
}
int file_mkdirs(int dir, const char *path, mode_t mode)
{
    char part[NAME_MAX + 1];
    auto_close int at = openat(dir, *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (at < 0)
        return -errno;
    while (*path) {
        size_t len = strcspn(path, "/");
        int rc = 0;
        if (len >= sizeof part)
            return -ENAMETOOLONG;
        memcpy(part, path, len);
        part[len] = '\0';
        if (len > 0 && strcmp(part, ".") != 0)
            rc = enter(&at, part, mode);
        if (rc != 0)
            return rc;
        path += len + (path[len] == '/');
    }
    return 0;
}
