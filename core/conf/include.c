/* SPDX-License-Identifier: Apache-2.0 */
/* include.c - globs, reading, and knowing a file again. */
#include "conf/include.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_glob(const char *pattern) { return strpbrk(pattern, "*?[") != NULL; }
/* The folder that `path` stands in, with its final slash; "" for the current one. */
static const char *folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : "";
}
static const char *escaped(struct arena *a, const char *text)
{
    cleanup_(buf_done) struct buf b = BUF(8192);
    for (; *text; text++) {
        if (strchr("*?[\\", *text))
            buf_adds(&b, "\\");
        buf_add(&b, text, 1);
    }
    a->starved = a->starved || b.failed;
    return arena_strdup(a, buf_text(&b));
}
static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static void warn_of_folder(struct arena *a, const char *path, const struct conf_node *at, struct diag *d)
{
    const char *folder = folder_of(a, path);
    if (*folder && !is_glob(folder) && access(folder, X_OK) != 0)
        diag_warning(d, at->file, at->line,
                     "include: nothing is found, for the folder %s cannot be entered: %s", folder,
                     strerror(errno));
}
const char *const *include_expand(struct arena *a, const char *from, const char *pattern,
                                  const struct conf_node *at, struct diag *d)
{
    const char *folder = *pattern == '/' ? "" : folder_of(a, from);
    const char *path = arena_printf(a, "%s%s", folder, pattern);
    const char *const *found;
    glob_t g = { 0 };
    int rc;

    if (!is_glob(pattern))
        return arena_strv(a, &path, 1);
    rc = glob(arena_printf(a, "%s%s", escaped(a, folder), pattern), GLOB_NOSORT, NULL, &g);
    if (rc == GLOB_NOSPACE)
        return NULL;
    if (g.gl_pathc)
        qsort(g.gl_pathv, g.gl_pathc, sizeof *g.gl_pathv, by_name);
    else
        warn_of_folder(a, path, at, d);
    found = arena_strv(a, (const char *const *)g.gl_pathv, g.gl_pathc);
    globfree(&g);
    return found;
}
static void complain(const char *path, const struct conf_node *at, struct diag *d, const char *why)
{
    if (at)
        diag_error(d, at->file, at->line, "include: %s %s", path, why);
    else
        diag_error(d, path, 0, "the file %s", why);
}
static const char *reason(int rc)
{
    switch (rc) {
    case -ENOENT: return "does not exist";
    case -EISDIR: return "is a folder: name a file, or write \"FOLDER/*.conf\"";
    case -EINVAL: return "is not a regular file";
    case -EFBIG: return "is larger than 1 MiB: spread it over several files by `include`";
    case -EACCES: return "cannot be read: Permission denied";
    default: return NULL;
    }
}
/* The first line whose bytes are no text; 0: none. */
static int odd_line(const char *text, size_t len)
{
    int line = 1;
    for (size_t i = 0; i < len;) {
        size_t n = text_utf8_next(text + i, len - i);
        if (n == 0 || !text[i])
            return line;
        line += text[i] == '\n';
        i += n;
    }
    return 0;
}
char *include_read(const char *path, const struct conf_node *at, struct diag *d)
{
    char *text = NULL;
    size_t len = 0;
    struct stat st;
    int line, rc = file_read(AT_FDCWD, path, INCLUDE_SIZE, &text, &len);

    if (rc != 0) {
        const char *why = reason(rc);
        complain(path, at, d, why ? why : strerror(-rc));
        return NULL;
    }
    line = odd_line(text, len);
    if (line) {
        diag_error(d, path, line, "this line is no text: configuration files are UTF-8");
        mem_wipe(text, len);
        free(text);
        return NULL;
    }
    if (stat(path, &st) == 0 && st.st_mode & S_IWOTH)
        diag_warning(d, path, 0, "others may write this file, and it says which commands run: chmod o-w %s",
                     path);
    if (text_starts(text, "\xef\xbb\xbf"))
        memset(text, ' ', 3);
    return text;
}

/* ---- the files read so far ---- */

static size_t slot_of(const struct include_seen *s, unsigned long long dev, unsigned long long ino)
{
    size_t i = (size_t)((ino * 0x9e3779b97f4a7c15ull) >> 20 ^ dev) & (s->cap - 1);
    while (s->slots[i].path && (s->slots[i].ino != ino || s->slots[i].dev != dev))
        i = (i + 1) & (s->cap - 1);
    return i;
}
static bool grow(struct include_seen *s)
{
    struct include_seen bigger = { .n = s->n, .cap = s->cap ? s->cap * 2 : 64, .starved = s->starved };

    bigger.slots = mem_array(bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->slots[i].path)
            bigger.slots[slot_of(&bigger, s->slots[i].dev, s->slots[i].ino)] = s->slots[i];
    free(s->slots);
    *s = bigger;
    return true;
}
const struct include_file *include_note(struct include_seen *s, const char *path, const struct conf_node *at)
{
    struct stat st;
    size_t i;

    if (stat(path, &st) != 0)
        return NULL;
    if (s->n * 2 >= s->cap && !grow(s)) {
        s->starved = true;
        return NULL;
    }
    i = slot_of(s, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    if (s->slots[i].path)
        return &s->slots[i];
    s->slots[i] =
        (struct include_file){ (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, path, at };
    s->n++;
    return NULL;
}
