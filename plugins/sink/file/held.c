/* SPDX-License-Identifier: Apache-2.0 */
/* held.c - the chain that stands in a version. */
#include "held.h"
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HELD_MAX = 256 * 1024 };
static const char begin[] = "-----BEGIN CERTIFICATE-----";

/* NULL in *out: no such file, or none of a size and kind that we make. */
static int read_file(struct fl_ctx *ctx, int dir, const char *name, char **out)
{
    auto_fd fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    size_t len = 0;
    ssize_t n = 1;
    char *text;

    *out = NULL;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > HELD_MAX)
        return fd < 0 && errno != ENOENT ? fl_fail(ctx, FL_ETEMP, "cannot read %s: %s", name, strerror(errno))
                                         : FL_OK;
    text = fl_alloc(ctx, (size_t)st.st_size + 1);
    if (!text)
        return FL_ENOMEM;
    while (n > 0 && len < (size_t)st.st_size) {
        n = read(fd, text + len, (size_t)st.st_size - len);
        if (n > 0)
            len += (size_t)n;
    }
    if (n < 0)
        return fl_fail(ctx, FL_ETEMP, "cannot read %s: %s", name, strerror(errno));
    *out = text;
    return FL_OK;
}
/* `suffix` "" : the plain names. */
static int read_chain(struct fl_ctx *ctx, int dir, const char *suffix, const char **out)
{
    char *full, *leaf, *rest;
    int rc = read_file(ctx, dir, fl_printf(ctx, "fullchain%s.pem", suffix), &full);

    if (rc != FL_OK || full) {
        *out = full;
        return rc;
    }
    rc = read_file(ctx, dir, fl_printf(ctx, "combined%s.pem", suffix), &full);
    if (rc == FL_OK && full)
        *out = strstr(full, begin);
    if (rc != FL_OK || full)
        return rc;
    rc = read_file(ctx, dir, fl_printf(ctx, "cert%s.pem", suffix), &leaf);
    if (rc == FL_OK)
        rc = read_file(ctx, dir, fl_printf(ctx, "chain%s.pem", suffix), &rest);
    if (rc == FL_OK && leaf)
        *out = fl_printf(ctx, "%s%s", leaf, rest ? rest : "");
    return rc;
}
int held_chain(struct fl_ctx *ctx, int dir, const char *key_type, const char **out)
{
    const char *chain = NULL;
    int rc = read_chain(ctx, dir, fl_printf(ctx, "-%.32s", key_type), &chain);

    if (rc == FL_OK && !chain)
        rc = read_chain(ctx, dir, "", &chain);
    if (rc == FL_OK)
        *out = chain;
    return rc;
}
