/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c - the files of one version. */
#include "parts.h"
#include "folder.h"
#include "layout.h"
#include "store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *option, *file;
    bool secret;
} kinds[] = {
    { "leaf", "cert", false },  { "chain", "chain", false },      { "fullchain", "fullchain", false },
    { "key", "privkey", true }, { "combined", "combined", true },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- what belongs there ---- */

static void fill(struct part *p, size_t kind, const struct fl_cert *c)
{
    const char *const texts[KINDS][3] = { { c->leaf_pem },
                                          { c->chain_pem },
                                          { c->leaf_pem, c->chain_pem },
                                          { c->key_pem },
                                          { c->key_pem, c->leaf_pem, c->chain_pem } };

    p->secret = kinds[kind].secret;
    memcpy(p->text, texts[kind], sizeof p->text);
}
static bool wanted(const char *option, const char *const *files)
{
    for (; *files; files++)
        if (!strcmp(option, *files))
            return true;
    return false;
}
/* suffix "" : the plain names. */
static void add(struct parts *out, const struct fl_cert *c, const char *suffix, const char *const *files)
{
    for (size_t k = 0; k < KINDS && out->n < PARTS_MAX; k++) {
        struct part *p = &out->all[out->n];
        if (!wanted(kinds[k].option, files))
            continue;
        *p = (struct part){ .secret = false };
        snprintf(p->name, sizeof p->name, "%s%s%.32s.pem", kinds[k].file, *suffix ? "-" : "", suffix);
        fill(p, k, c);
        out->n++;
    }
    if (out->store.file && out->n < PARTS_MAX) {
        struct part *p = &out->all[out->n++];
        *p = (struct part){ .cert = c, .secret = true };
        store_name(&out->store, suffix, p->name);
    }
}
int parts_make(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n, const char *const *files,
               struct parts *out)
{
    out->n = 0;
    add(out, &certs[0], "", files);
    for (size_t i = 0; i < n; i++) {
        const char *type = certs[i].key_type;
        if (!*type || type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789")])
            return fl_fail(ctx, FL_ECONF, "\"%s\" is no type of key", type);
        if (n > 1)
            add(out, &certs[i], type, files);
    }
    return FL_OK;
}
bool parts_ours(const char *name)
{
    if (!strcmp(name, PARTS_MARK) || store_ours(name))
        return true;
    for (size_t k = 0; k < KINDS; k++) {
        const char *rest = name + strlen(kinds[k].file);
        if (strncmp(name, kinds[k].file, strlen(kinds[k].file)) != 0)
            continue;
        if (*rest == '-')
            rest += 1 + strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
        if (!strcmp(rest, ".pem"))
            return true;
    }
    return false;
}

/* ---- writing ---- */

static int write_text(int fd, const char *text, size_t left)
{
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return 0;
}
/* Group before mode, so that it is never the wrong group that may read; owner last, for then it is no
 * longer ours. */
static int dress(int fd, const struct parts *p, bool secret)
{
    if (p->gid != (gid_t)-1 && fchown(fd, (uid_t)-1, p->gid) != 0)
        return errno;
    if (fchmod(fd, secret ? p->mode : 0644) != 0)
        return errno;
    if (p->uid != (uid_t)-1 && fchown(fd, p->uid, (gid_t)-1) != 0)
        return errno;
    return 0;
}
static int write_part(int dir, const struct parts *p, const struct part *part)
{
    auto_fd fd = openat(dir, part->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = 0;

    if (fd < 0)
        return errno;
    for (size_t i = 0; i < 3 && part->text[i] && error == 0; i++)
        error = write_text(fd, part->text[i], strlen(part->text[i]));
    if (error == 0 && part->cert)
        error = write_text(fd, (const char *)part->data, part->len);
    if (error == 0)
        error = dress(fd, p, part->secret);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    return error;
}
int parts_write(int dir, const struct parts *p, const char **which_out)
{
    int error = 0;

    for (size_t i = 0; i < p->n && error == 0; i++) {
        error = write_part(dir, p, &p->all[i]);
        *which_out = p->all[i].name;
    }
    return error == 0 && fsync(dir) != 0 ? errno : error;
}

/* ---- looking ---- */

/* Does the file go on with that text? A key is not left in memory by the look. */
static bool goes_on(int fd, const char *text)
{
    char chunk[1024];
    size_t left = strlen(text);
    bool same = true;

    while (same && left > 0) {
        ssize_t n = read(fd, chunk, left < sizeof chunk ? left : sizeof chunk);
        same = n > 0 && memcmp(chunk, text, (size_t)n) == 0;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    explicit_bzero(chunk, sizeof chunk);
    return same;
}
static bool same_part(int dir, const struct part *part, bool content)
{
    auto_fd fd = openat(dir, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    char beyond;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    for (size_t i = 0; content && i < 3 && part->text[i]; i++)
        if (!goes_on(fd, part->text[i]))
            return false;
    return !content || read(fd, &beyond, 1) == 0;
}
/* How many files of ours are there, the mark not counted. */
static size_t count(int dir)
{
    DIR *d = folder_list(dir);
    const struct dirent *e;
    size_t n = 0;

    while (d && (e = readdir(d)))
        n += parts_ours(e->d_name) && strcmp(e->d_name, PARTS_MARK) != 0;
    if (d)
        closedir(d);
    return n;
}
int parts_same(struct fl_ctx *ctx, int dir, const struct parts *p, bool with_keys, bool *same_out)
{
    bool same = count(dir) == p->n;
    int rc = FL_OK;

    for (size_t i = 0; i < p->n && same && rc == FL_OK; i++) {
        const struct part *part = &p->all[i];
        same = same_part(dir, part, !part->cert && (with_keys || !part->secret));
        if (same && part->cert)
            rc = store_same(ctx, dir, p, part, &same);
    }
    *same_out = same;
    return rc;
}
int parts_repair(int dir, const struct parts *p, const char **which_out)
{
    for (size_t i = 0; i < p->n; i++) {
        auto_fd fd = openat(dir, p->all[i].name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        mode_t mode = p->all[i].secret ? p->mode : 0644;
        struct stat st;
        int error;
        *which_out = p->all[i].name;
        if (fd < 0 || fstat(fd, &st) != 0)
            return errno;
        if ((st.st_mode & 07777) == mode && (p->uid == (uid_t)-1 || st.st_uid == p->uid) &&
            (p->gid == (gid_t)-1 || st.st_gid == p->gid))
            continue;
        error = dress(fd, p, p->all[i].secret);
        if (error != 0)
            return error;
    }
    return 0;
}
