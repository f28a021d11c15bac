/* SPDX-License-Identifier: Apache-2.0 */
/* pem.c - one file with key and chain for each lineage. */
#include "pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024 };
const char *const pem_forms[PEM_FORMS] = { "", ".ecdsa", ".rsa" };
static const char begin[] = "-----BEGIN CERTIFICATE-----";

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define auto_fd __attribute__((cleanup(close_fd))) int

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
}
#define auto_secret __attribute__((cleanup(wipe))) char *

void pem_done(struct pem *p)
{
    wipe(&p->text);
    p->text = NULL;
}
static int fail(struct fl_ctx *ctx, int error, const char *verb, const char *path)
{
    bool person = error == EACCES || error == EPERM || error == EROFS || error == ENOTDIR || error == ELOOP;

    return fl_fail(ctx,
                   person            ? FL_ECONF
                   : error == ENOMEM ? FL_ENOMEM
                                     : FL_ETEMP,
                   "cannot %s %s: %s%s", verb, path, strerror(error),
                   person ? ": let fairlead write there, or choose another directory" : "");
}

/* ---- what belongs there ---- */

const char *pem_path(struct fl_ctx *ctx, const char *directory, const char *name, const char *form)
{
    return fl_printf(ctx, "%s/%s.pem%s", directory, name, form);
}
static const char *form_of(const char *key_type)
{
    if (!strncmp(key_type, "rsa", 3))
        return pem_forms[2];
    return !strcmp(key_type, "ec256") || !strcmp(key_type, "ec384") ? pem_forms[1] : NULL;
}
static int pick_form(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n, size_t at, const char **out)
{
    *out = "";
    if (n == 1)
        return FL_OK;
    *out = form_of(certs[at].key_type);
    if (!*out)
        return fl_fail(
            ctx, FL_ECONF,
            "HAProxy takes one EC and one RSA key of a certificate side by side, and no %s: change `key`",
            certs[at].key_type);
    for (size_t i = 0; i < n; i++)
        if (i != at && form_of(certs[i].key_type) == *out)
            return fl_fail(
                ctx, FL_ECONF,
                "HAProxy takes one EC and one RSA key of a certificate side by side, not %s and %s: "
                "change `key`",
                certs[at].key_type, certs[i].key_type);
    return FL_OK;
}
/* An empty line would end it for HAProxy's runtime API. */
static char *add(char *to, const char *text)
{
    for (bool line_begins = true; *text; text++) {
        if (*text == '\r' || (*text == '\n' && line_begins))
            continue;
        *to++ = *text;
        line_begins = *text == '\n';
    }
    return to;
}
int pem_make(struct fl_ctx *ctx, const char *directory, const struct fl_cert *certs, size_t n, size_t at,
             struct pem *out)
{
    const struct fl_cert *c = &certs[at];
    const char *form;
    int rc = pick_form(ctx, certs, n, at, &form);
    char *to;

    if (rc != FL_OK)
        return rc;
    out->path = pem_path(ctx, directory, c->file_name, form);
    if (out->path[strcspn(out->path, " \t\r\n;\\<\"'*")])
        return fl_fail(ctx, FL_ECONF, "%s cannot be said to HAProxy: choose names without blanks and quotes",
                       out->path);
    out->text = to = calloc(1, strlen(c->key_pem) + strlen(c->leaf_pem) + strlen(c->chain_pem) + 1);
    if (!to)
        return FL_ENOMEM;
    add(add(add(to, c->key_pem), c->leaf_pem), c->chain_pem);
    return FL_OK;
}

/* ---- files ---- */

/* Allocated; NULL: errno. */
static char *read_all(const char *path)
{
    auto_fd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    char *text;
    size_t len = 0;
    ssize_t n = 1;

    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    errno = EFBIG;
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        return NULL;
    text = calloc(1, (size_t)st.st_size + 1);
    while (text && n > 0 && len < (size_t)st.st_size) {
        n = read(fd, text + len, (size_t)st.st_size - len);
        if (n > 0)
            len += (size_t)n;
    }
    return text;
}
bool pem_same(const struct pem *p, bool with_key)
{
    auto_secret stands = read_all(p->path);
    const char *from = stands && !with_key ? strstr(stands, begin) : stands;

    return from && !strcmp(from, p->text);
}
bool pem_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}
static int open_folder(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    return mkdir(directory, 0700) == 0 || errno == EEXIST
               ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
               : -1;
}
static int write_new(int dir, const char *name, const char *text)
{
    auto_fd fd = -1;
    size_t left = strlen(text);

    unlinkat(dir, name, 0); /* of a crash */
    fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return fsync(fd) == 0 ? 0 : errno;
}
int pem_write(struct fl_ctx *ctx, const char *directory, const struct pem *p)
{
    const char *name = strrchr(p->path, '/') + 1, *fresh = fl_printf(ctx, ".%s.new", name);
    auto_fd dir = -1;
    int error;

    if (!*fresh)
        return FL_ENOMEM;
    if (pem_same(p, true))
        return FL_OK;
    dir = open_folder(directory);
    if (dir < 0)
        return fail(ctx, errno, "open", directory);
    error = write_new(dir, fresh, p->text);
    if (error == 0 && renameat(dir, fresh, dir, name) != 0)
        error = errno;
    if (error == 0 && fsync(dir) != 0)
        error = errno;
    if (error != 0)
        unlinkat(dir, fresh, 0);
    return error == 0 ? FL_OK : fail(ctx, error, "write", p->path);
}
int pem_remove(struct fl_ctx *ctx, const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? FL_OK : fail(ctx, errno, "remove", path);
}
bool pem_listed(const char *list, const char *path)
{
    auto_secret text = read_all(list);
    const char *name = strrchr(path, '/') + 1;
    size_t len = strlen(name);

    /* A list may name files below the `crt-base` of the configuration, options behind them. */
    for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t word = strcspn(p, " \t\r\n[");
        if (word >= len && !strncmp(p + word - len, name, len) && (word == len || p[word - len - 1] == '/'))
            return true;
    }
    return !text;
}
int pem_chain(struct fl_ctx *ctx, const char *path, const char **out)
{
    auto_secret stands = read_all(path);
    const char *from = stands ? strstr(stands, begin) : NULL;

    *out = NULL;
    if (!stands && errno != ENOENT && errno != EFBIG && errno != ELOOP && errno != ENOTDIR)
        return fail(ctx, errno, "read", path);
    if (from)
        *out = fl_printf(ctx, "%s", from);
    return FL_OK;
}
