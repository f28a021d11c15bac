/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c - the program that is told of new files, until it has succeeded. */
#include "reload.h"
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int reload_mark(int dir)
{
    auto_fd fd = openat(dir, PARTS_MARK, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

    return fd < 0 || fsync(fd) != 0 || fsync(dir) != 0 ? errno : 0;
}
bool reload_due(int dir) { return faccessat(dir, PARTS_MARK, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }
/* What the program said last, at most 200 bytes of it. */
static const char *last_words(struct fl_ctx *ctx, const struct fl_ran *ran)
{
    const char *text = ran->output ? ran->output : "";
    size_t len = strlen(text), from;

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    for (from = len; from > 0 && text[from - 1] != '\n' && len - from < 200;)
        from--;
    return len > from ? fl_printf(ctx, ": %.*s", (int)(len - from), text + from) : "";
}
int reload_run(struct fl_ctx *ctx, const char *const *argv, int64_t timeout_ms, const struct layout *l,
               int dir)
{
    const char *const env[] = { fl_printf(ctx, "FAIRLEAD_NAME=%s", l->name),
                                fl_printf(ctx, "FAIRLEAD_FOLDER=%s/%s", l->directory, l->name), NULL };
    const struct fl_run run = { .argv = argv, .env = env, .timeout_ms = timeout_ms };
    struct fl_ran ran = { .output = "" };
    int rc;

    if (!reload_due(dir))
        return FL_OK;
    rc = argv && argv[0] ? fl_run(ctx, &run, &ran) : FL_OK;
    if (rc == FL_ECANCEL || rc == FL_ENOMEM)
        return rc;
    if (rc == FL_ECONF)
        return fl_fail(ctx, FL_ETEMP, "%s/%s is new, but the reload program %s cannot be started",
                       l->directory, l->name, argv[0]);
    if (rc == FL_ETEMP)
        return fl_fail(ctx, FL_ETEMP, "%s/%s is new, but the reload program %s was not done in time%s",
                       l->directory, l->name, argv[0], last_words(ctx, &ran));
    if (rc != FL_OK)
        return fl_fail(ctx, FL_ETEMP, "%s/%s is new, but the reload program %s ended with %d%s", l->directory,
                       l->name, argv[0], ran.status, last_words(ctx, &ran));
    if ((unlinkat(dir, PARTS_MARK, 0) != 0 && errno != ENOENT) || fsync(dir) != 0)
        return layout_fail(ctx, errno, "write", l, l->name);
    return FL_OK;
}
