/* SPDX-License-Identifier: Apache-2.0 */
/* opt_secret.c - where secrets stand, and whether they are safe there. */
#include "conf/opt.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECRET_MAX = 64 * 1024, MODE_BAD = 027 };

struct place {
    struct opt_ctx *c;
    const char *who;
    const struct conf_node *at;
};

static void wrong(const struct place *p, const char *what, const char *why)
{
    diag_error(p->c->diag, p->at->file, p->at->line, "%s: %s %s", p->who, what, why);
}
/* What was read or given, without its final line ends; NULL when nothing is left. */
static const char *keep(const struct place *p, const char *what, char *text, size_t len)
{
    if (strlen(text) != len) {
        wrong(p, what, "holds a NUL byte: a secret is text");
        return NULL;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    if (len == 0) {
        wrong(p, what, "is empty");
        return NULL;
    }
    if (!log_secret(text))
        wrong(p, what, "could not be kept: out of memory");
    return arena_secret(p->c->arena, text);
}
static bool safe(const struct place *p, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || !(st.st_mode & MODE_BAD))
        return true;
    diag_error(p->c->diag, p->at->file, p->at->line,
               "%s: file %s can be %s by others than its owner and group (mode %04o): chmod g-w,o= %s",
               p->who, path, st.st_mode & 05 ? "read" : "written", (unsigned)st.st_mode & 07777, path);
    return false;
}
static void note_file(const struct place *p, const char *path)
{
    struct opt_file *f = arena_alloc(p->c->arena, sizeof *f);

    if (!f)
        return;
    *f = (struct opt_file){ .path = path, .stamp = stamp_of(path), .next = p->c->files };
    p->c->files = f;
}
const char *opt_file_changed(const struct opt_file *files)
{
    for (; files; files = files->next) {
        const struct stamp now = stamp_of(files->path);
        if (!stamp_same(&now, &files->stamp))
            return files->path;
    }
    return NULL;
}
static const char *from_file(const struct place *p, const char *path, const char *what, bool check)
{
    char *text = NULL;
    size_t len = 0;
    const char *kept;
    int rc;

    note_file(p, path); /* before it is read: a change in between is seen later */
    rc = file_read(AT_FDCWD, path, SECRET_MAX, &text, &len);
    if (rc != 0) {
        const char *why = rc == -EFBIG    ? "is larger than 64 KiB"
                          : rc == -EISDIR ? "is a folder"
                          : rc == -EINVAL ? "is not a regular file"
                          : rc == -ENOENT ? "does not exist"
                                          : "cannot be read";
        wrong(p, what, why);
        return NULL;
    }
    kept = keep(p, what, text, len);
    mem_wipe(text, len);
    free(text);
    return check && !safe(p, path) ? NULL : kept;
}
static const char *file(const struct place *p, const char *name)
{
    const char *slash = strrchr(p->at->file, '/');
    int folder = slash && *name != '/' ? (int)(slash - p->at->file) + 1 : 0;
    const char *path = arena_printf(p->c->arena, "%.*s%s", folder, p->at->file, name);

    return from_file(p, path, arena_printf(p->c->arena, "file %s", path), true);
}
static const char *credential(const struct place *p, const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *what = arena_printf(p->c->arena, "credential %s", name);

    if (strchr(name, '/') || *name == '.') {
        wrong(p, what, "is no name of a credential: it is a file name without /");
    } else if (!folder || !*folder) {
        wrong(
            p, what,
            "comes from systemd, which has not started this: set CREDENTIALS_DIRECTORY to a folder that holds it");
    } else {
        const char *path = arena_printf(p->c->arena, "%s/%s", folder, name);
        if (access(path, F_OK) == 0)
            return from_file(p, path, what, false);
        diag_error(p->c->diag, p->at->file, p->at->line,
                   "%s: %s is not in CREDENTIALS_DIRECTORY: add LoadCredential=%s:PATH to the unit", p->who,
                   what, name);
    }
    return NULL;
}
static const char *env(const struct place *p, const char *name)
{
    const char *what = arena_printf(p->c->arena, "variable %s", name);
    const char *value = getenv(name), *kept;
    char *copy;

    if (!value) {
        wrong(p, what, "is not in the environment");
        return NULL;
    }
    copy = strdup(value);
    if (!copy) {
        wrong(p, what, "could not be kept: out of memory");
        return NULL;
    }
    kept = keep(p, what, copy, strlen(copy));
    mem_wipe_free(copy);
    return kept;
}
static const char *inline_text(const struct place *p, const char *text)
{
    struct stat st;

    if (!*text) {
        wrong(p, "the secret", "is empty: write it, or \"file:PATH\", \"env:NAME\" or \"credential:NAME\"");
        return NULL;
    }
    if (stat(p->at->file, &st) == 0 && st.st_mode & 07)
        diag_warning(
            p->c->diag, p->at->file, p->at->line,
            "%s: a secret stands in a file that others may read: chmod o= %s, or write \"file:PATH\"", p->who,
            p->at->file);
    if (!log_secret(text))
        wrong(p, "the secret", "could not be kept: out of memory");
    return arena_secret(p->c->arena, text);
}
const char *opt_secret(struct opt_ctx *c, const char *who, const struct conf_node *at, const char *text)
{
    static const struct {
        const char *prefix;
        const char *(*get)(const struct place *p, const char *name);
    } forms[] = { { "file:", file }, { "credential:", credential }, { "env:", env } };
    const struct place p = { c, who, at };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t len = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, len) != 0)
            continue;
        if (text[len])
            return forms[i].get(&p, text + len);
        wrong(&p, forms[i].prefix, "names nothing");
        return NULL;
    }
    return inline_text(&p, text);
}
