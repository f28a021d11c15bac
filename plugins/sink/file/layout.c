/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c - where a certificate's files stand, and how one version takes the place of another. */
#include "layout.h"
#include "folder.h"
#include "parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 10000, TARGET = 512 };
#define NEXT "next" /* the link before its rename */

void layout_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
void layout_done(struct layout *l)
{
    layout_close(&l->store);
    layout_close(&l->base);
    l->store = l->base = -1;
}
int layout_fail(struct fl_ctx *ctx, int error, const char *verb, const struct layout *l, const char *what)
{
    const char *slash = *what ? "/" : "";

    if (error == EPERM || error == ELOOP || error == ENOTDIR)
        return fl_fail(
            ctx, FL_ECONF,
            "%s%s%s is not what fairlead makes there (or a symbolic link of another user leads to it): "
            "move it away, or choose another directory",
            l->directory, slash, what);
    if (error == EACCES || error == EROFS)
        return fl_fail(ctx, FL_ECONF,
                       "cannot %s %s%s%s: %s: let fairlead write there, or choose another directory", verb,
                       l->directory, slash, what, strerror(error));
    return fl_fail(ctx, error == ENOMEM ? FL_ENOMEM : FL_ETEMP, "cannot %s %s%s%s: %s", verb, l->directory,
                   slash, what, strerror(error));
}
static const char *store_name(struct fl_ctx *ctx, const struct layout *l)
{
    return fl_printf(ctx, ".%s.d", l->name);
}
/* "SERIAL-N": hex, a hyphen, digits. */
static bool is_version(const char *name)
{
    size_t hex = strspn(name, "0123456789abcdef"), digits;

    if (hex == 0 || name[hex] != '-')
        return false;
    digits = strspn(name + hex + 1, "0123456789");
    return digits > 0 && name[hex + 1 + digits] == '\0' && strlen(name) < LAYOUT_VERSION;
}
/* What NAME leads to. Anything but a link that we made is somebody else's. */
static int read_link(struct fl_ctx *ctx, struct layout *l)
{
    const char *prefix = fl_printf(ctx, ".%s.d/", l->name);
    char target[TARGET];
    ssize_t len = readlinkat(l->base, l->name, target, sizeof target - 1);

    if (len < 0 && errno == ENOENT)
        return FL_OK;
    if (len < 0)
        return layout_fail(ctx, errno == EINVAL ? EPERM : errno, "read", l, l->name);
    target[len] = '\0';
    if (strncmp(target, prefix, strlen(prefix)) != 0 || !is_version(target + strlen(prefix)))
        return layout_fail(ctx, EPERM, "read", l, l->name);
    snprintf(l->current, sizeof l->current, "%s", target + strlen(prefix));
    return FL_OK;
}
int layout_open(struct fl_ctx *ctx, const char *directory, const char *name, bool make, struct layout *out)
{
    int rc;

    *out = (struct layout){ .directory = directory, .name = name, .base = -1, .store = -1 };
    if (!*name || *name == '.' || strchr(name, '/'))
        return fl_fail(ctx, FL_ECONF, "\"%s\" is no file name for a certificate", name);
    out->base = folder_open(directory, make);
    if (out->base == -ENOENT)
        return FL_OK;
    if (out->base < 0)
        return layout_fail(ctx, -out->base, "open", out, "");
    rc = read_link(ctx, out);
    if (rc != FL_OK)
        return rc;
    out->store = folder_below(out->base, store_name(ctx, out), make);
    if (out->store < 0 && out->store != -ENOENT)
        return layout_fail(ctx, -out->store, "open", out, store_name(ctx, out));
    return FL_OK;
}
int layout_version(struct fl_ctx *ctx, const struct layout *l, const char *version, int *out)
{
    int fd = *version && l->store >= 0 ? folder_below(l->store, version, false) : -ENOENT;

    if (fd < 0 && fd != -ENOENT)
        return layout_fail(ctx, -fd, "open", l, fl_printf(ctx, ".%s.d/%s", l->name, version));
    *out = fd < 0 ? -1 : fd;
    return FL_OK;
}
int layout_begin(struct fl_ctx *ctx, const struct layout *l, const char *serial, char version[LAYOUT_VERSION],
                 int *fd_out)
{
    int error = EEXIST, fd;

    for (int n = 1; error == EEXIST && n < TRIES; n++) {
        snprintf(version, LAYOUT_VERSION, "%.80s-%d", serial, n);
        if (!is_version(version))
            return fl_fail(ctx, FL_ECONF, "\"%s\" is no serial number", serial);
        error = mkdirat(l->store, version, 0755) == 0 ? 0 : errno;
    }
    if (error == 0 && fchmodat(l->store, version, 0755, 0) != 0)
        error = errno;
    fd = error == 0 ? folder_below(l->store, version, false) : -error;
    if (fd < 0)
        return layout_fail(ctx, -fd, "make", l, fl_printf(ctx, ".%s.d/%s", l->name, version));
    *fd_out = fd;
    return FL_OK;
}
/* The time at which it went out of use is kept as the folder's own. */
static void stamp(struct fl_ctx *ctx, const struct layout *l, const char *version)
{
    int64_t now_ms = fl_now_ms(ctx);
    struct timespec at = { .tv_sec = now_ms / 1000, .tv_nsec = now_ms % 1000 * 1000000 };
    const struct timespec times[2] = { at, at };

    utimensat(l->store, version, times, AT_SYMLINK_NOFOLLOW);
}
int layout_switch(struct fl_ctx *ctx, struct layout *l, const char *version)
{
    const char *target = fl_printf(ctx, ".%s.d/%s", l->name, version);

    if (!*target)
        return FL_ENOMEM;
    if (*l->current)
        stamp(ctx, l, l->current);
    unlinkat(l->store, NEXT, 0); /* of a crash */
    if (symlinkat(target, l->store, NEXT) != 0 || fsync(l->store) != 0)
        return layout_fail(ctx, errno, "write", l, fl_printf(ctx, ".%s.d", l->name));
    if (renameat(l->store, NEXT, l->base, l->name) != 0) {
        int error = errno;
        unlinkat(l->store, NEXT, 0);
        return layout_fail(ctx, error == EISDIR || error == EEXIST ? EPERM : error, "replace", l, l->name);
    }
    snprintf(l->current, sizeof l->current, "%s", version);
    if (fsync(l->base) != 0)
        return layout_fail(ctx, errno, "write", l, "");
    return FL_OK;
}

/* ---- going ---- */

/* Only the files that we make; a folder with others in it stays. */
static void remove_version(int store, const char *version)
{
    auto_fd fd = folder_below(store, version, false);
    DIR *dir = fd >= 0 ? folder_list(fd) : NULL;
    const struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (parts_ours(e->d_name))
            unlinkat(fd, e->d_name, 0);
    if (dir)
        closedir(dir);
    unlinkat(store, version, AT_REMOVEDIR);
}
/* All but `keep`, those alone that were last touched before `before_s`. */
static void sweep(int store, const char *keep, int64_t before_s)
{
    DIR *dir = folder_list(store);
    const struct dirent *e;

    while (dir && (e = readdir(dir))) {
        struct stat st;
        if (is_version(e->d_name) && strcmp(e->d_name, keep) != 0 &&
            fstatat(store, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec < before_s)
            remove_version(store, e->d_name);
    }
    if (dir)
        closedir(dir);
}
void layout_drop(const struct layout *l, const char *version) { remove_version(l->store, version); }
void layout_sweep(struct fl_ctx *ctx, const struct layout *l)
{
    sweep(l->store, l->current, (fl_now_ms(ctx) - LAYOUT_GRACE_MS) / 1000);
}
int layout_remove(struct fl_ctx *ctx, struct layout *l)
{
    if (l->base < 0)
        return FL_OK;
    if (*l->current && unlinkat(l->base, l->name, 0) != 0 && errno != ENOENT)
        return layout_fail(ctx, errno, "remove", l, l->name);
    l->current[0] = '\0';
    if (l->store >= 0) {
        unlinkat(l->store, NEXT, 0);
        sweep(l->store, "", INT64_MAX);
        unlinkat(l->base, store_name(ctx, l), AT_REMOVEDIR);
    }
    if (fsync(l->base) != 0)
        return layout_fail(ctx, errno, "write", l, "");
    return FL_OK;
}
