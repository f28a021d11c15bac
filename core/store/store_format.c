/* SPDX-License-Identifier: Apache-2.0 */
/* store_format.c - which format the state has, and the way from one to the next. */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Format 1 is the first. A row takes the state from its format to the next one. */
static const struct store_migration migrations[] = { { 0, NULL } };

/* "1", and a line that says who wrote it: for the day on which an older program finds it. */
static int write_format(struct store *s, int format, struct outcome *o)
{
    char text[96];
    int len = snprintf(text, sizeof text, "%d\nfairlead %s\n", format, PACKAGE_VERSION);
    int err = file_write_durable(s->root, "format", 0600, text, (size_t)len);

    return err ? store_errno(s, "cannot write", "format", err, o) : FL_OK;
}

/* Values without a format are no beginning: somebody lost the file, or this folder is not ours. */
static int begin_format(struct store *s, int ours, struct outcome *o)
{
    for (int g = 0; g < STORE_GROUPS; g++)
        if (faccessat(s->root, store_groups[g].name, F_OK, 0) == 0)
            return outcome_fail(o, FL_ECONF,
                                "%s/format is missing beside %s/%s: restore the state from a backup, or use "
                                "another folder as `state`",
                                s->dir, s->dir, store_groups[g].name);
    return s->read_only ? FL_OK : write_format(s, ours, o);
}

static int migrate(struct store *s, int found, int ours, const struct store_migration *table,
                   struct outcome *o)
{
    if (s->read_only)
        return outcome_fail(o, FL_ECONF,
                            "the state %s is of format %d, this fairlead works with %d: start it once to "
                            "bring it up",
                            s->dir, found, ours);
    for (; found < ours; found++) {
        const struct store_migration *m = table;
        while (m->run && m->from != found)
            m++;
        if (!m->run)
            return outcome_fail(o, FL_ECONF,
                                "the state %s is of format %d, which fairlead %s cannot bring up to %d: an "
                                "older fairlead must do that first",
                                s->dir, found, PACKAGE_VERSION, ours);
        int code = m->run(s, o);
        if (code == FL_OK) /* after each step: a crash goes on where it was */
            code = write_format(s, found + 1, o);
        if (code != FL_OK)
            return code;
    }
    return FL_OK;
}

int store_format_check(struct store *s, int ours, const struct store_migration *table, struct outcome *o)
{
    auto_free char *text = NULL;
    size_t len;
    int64_t found;
    int err = file_read(s->root, "format", 256, &text, &len);

    if (err == -ENOENT)
        return begin_format(s, ours, o);
    if (err)
        return store_errno(s, "cannot read", "format", err, o);

    char *writer = text + strcspn(text, "\n");
    if (*writer)
        *writer++ = '\0';
    writer[strcspn(writer, "\n")] = '\0';
    if (!text_int(text, 0, 1000000, &found))
        return outcome_fail(o, FL_ECONF,
                            "%s/format does not begin with a number: restore it from a backup, or use "
                            "another folder as `state`",
                            s->dir);
    if (found > ours)
        return outcome_fail(o, FL_ECONF,
                            "the state %s is of format %d, written by %s; this is fairlead %s, which knows "
                            "formats up to %d: install the newer one",
                            s->dir, (int)found, *writer ? writer : "a newer fairlead", PACKAGE_VERSION, ours);
    return found == ours ? FL_OK : migrate(s, (int)found, ours, table, o);
}

int store_format_open(struct store *s, struct outcome *o)
{
    return store_format_check(s, STORE_FORMAT, migrations, o);
}
