/* SPDX-License-Identifier: Apache-2.0 */
/* control_socket.c - a unix socket at a path of any length, with its owner and mode from birth. */
#include "ctl/control_socket.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BACKLOG = 64, GROUP_TEXT = 16384 };

bool control_path(const struct model *m, char out[CONTROL_PATH])
{
    const char *name = m->control ? m->control : "control";
    int len = name[0] == '/' ? snprintf(out, CONTROL_PATH, "%s", name)
                             : snprintf(out, CONTROL_PATH, "%s/%s", m->state, name);

    return name[0] && len > 0 && len < CONTROL_PATH;
}

/* A path that the address has no room for is reached by its folder: *dir_out is to stay open meanwhile. */
static bool address(const char *path, struct sockaddr_un *out, int *dir_out)
{
    const char *slash = strrchr(path, '/');
    char folder[CONTROL_PATH];

    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (text_copy(out->sun_path, sizeof out->sun_path, path))
        return true;
    if (!slash || slash - path >= CONTROL_PATH) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    *dir_out = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int len = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d%s", *dir_out, slash);
    if (len >= (int)sizeof out->sun_path)
        errno = ENAMETOOLONG;
    return *dir_out >= 0 && len < (int)sizeof out->sun_path;
}

int control_connect(const char *path)
{
    auto_close int dir = -1;
    struct sockaddr_un at;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && address(path, &at, &dir) && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* What a dead process left; anything else is somebody's. */
static int make_room(const char *path, struct outcome *o)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? FL_OK : outcome_fail(o, FL_ECONF, "control: %s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return outcome_fail(
            o, FL_ECONF, "control: %s is there and is no socket: take it away, or choose another path", path);
    auto_close int fd = control_connect(path);
    if (fd >= 0)
        return outcome_fail(o, FL_ECONF,
                            "control: another service answers at %s: give each a `control` path of its own",
                            path);
    if (unlink(path) == 0 || errno == ENOENT)
        return FL_OK;
    return outcome_fail(o, FL_ECONF, "control: cannot take %s away, which a dead process left: %s", path,
                        strerror(errno));
}

static int group_of(const char *name, gid_t *out, struct outcome *o)
{
    auto_free char *text = malloc(GROUP_TEXT);
    struct group entry, *found = NULL;

    if (!text)
        return outcome_nomem(o);
    if (getgrnam_r(name, &entry, text, GROUP_TEXT, &found) != 0 || !found)
        return outcome_fail(o, FL_ECONF, "control_group: there is no group %s on this machine", name);
    *out = found->gr_gid;
    return FL_OK;
}

/* Nobody else can connect before it is theirs to: the process's umask gives others no right to write. */
static int bind_to(int fd, const char *path, struct outcome *o)
{
    auto_close int dir = -1;
    struct sockaddr_un at;

    if (!address(path, &at, &dir))
        return outcome_fail(o, FL_ECONF, "control: %s: %s", path, strerror(errno));
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        return outcome_fail(o, FL_ECONF, "control: cannot make %s: %s", path, strerror(errno));
    return FL_OK;
}

static int open_to(int fd, const char *path, const char *group, gid_t gid, struct outcome *o)
{
    int code = FL_OK;

    if (group[0] && lchown(path, (uid_t)-1, gid) != 0)
        code = outcome_fail(
            o, FL_ECONF, "control_group: cannot give %s to group %s: %s: the service must be a member of it",
            path, group, strerror(errno));
    else if (chmod(path, 0660) != 0 || listen(fd, BACKLOG) != 0)
        code = outcome_fail(o, FL_ECONF, "control: %s: %s", path, strerror(errno));
    if (code != FL_OK)
        unlink(path);
    return code;
}

int control_listen(const char *path, const char *group, int *fd_out, struct outcome *o)
{
    gid_t gid = 0;
    int code = path[0] == '/'
                   ? FL_OK
                   : outcome_fail(o, FL_ECONF, "control: %s: write a path that begins with /", path);

    if (code == FL_OK && group && group[0])
        code = group_of(group, &gid, o);
    if (code == FL_OK)
        code = make_room(path, o);
    if (code != FL_OK)
        return code;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return outcome_fail(o, FL_ETEMP, "control: no socket: %s", strerror(errno));
    code = bind_to(fd, path, o);
    if (code == FL_OK)
        code = open_to(fd, path, group ? group : "", gid, o);
    if (code == FL_OK)
        *fd_out = fd;
    else
        close(fd);
    return code;
}

void control_unlink(const char *path) { unlink(path); }
