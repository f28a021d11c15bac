/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.c - what a running HAProxy is told through its runtime API. */
#include "runtime.h"

#include <ctype.h>
#include <fl/talk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1024 * 1024, LINE = 200 };

/* ---- one command ---- */

static const char *first_line(struct fl_ctx *ctx, const char *answer)
{
    answer += strspn(answer, " \r\n");
    return fl_printf(ctx, "%.*s", (int)(strcspn(answer, "\r\n") > LINE ? LINE : strcspn(answer, "\r\n")),
                     answer);
}
static int tell(struct fl_ctx *ctx, const struct runtime *r, const char *command, size_t len,
                const char **answer_out)
{
    const struct fl_talk what = { .address = r->socket, .data = command, .len = len, .most = ANSWER_MAX };
    size_t got;
    int rc = fl_talk(ctx, &what, answer_out, &got);

    if (rc != FL_OK)
        return rc;
    /* Without rights to look HAProxy says that it has no memory. */
    if (strstr(*answer_out, "Permission denied") || !strncmp(*answer_out, "Can't allocate memory", 21))
        return fl_fail(ctx, FL_ECONF,
                       "%s: HAProxy lets nobody change certificates there: give its `stats socket` line "
                       "`level admin`",
                       r->socket);
    if (!strncmp(*answer_out, "Unknown command", 15))
        return fl_fail(ctx, FL_EPROTO,
                       "%s: what answers there does not know `ssl cert`: HAProxy from 2.2 on, with TLS, does",
                       r->socket);
    return FL_OK;
}
static int say(struct fl_ctx *ctx, const struct runtime *r, const char *command, const char **answer_out)
{
    return tell(ctx, r, command, strlen(command), answer_out);
}

/* ---- looking ---- */

/* The value behind "FIELD: " at the beginning of a line; "" when there is none. */
static const char *field(struct fl_ctx *ctx, const char *answer, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = answer; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (!strncmp(p, name, len) && p[len] == ':')
            return first_line(ctx, p + len + 1);
    return "";
}
bool runtime_same_serial(const struct known *k, const char *serial)
{
    return k->known && !strcmp(k->serial, serial + strspn(serial, "0"));
}
int runtime_look(struct fl_ctx *ctx, const struct runtime *r, const char *path, struct known *out)
{
    const char *answer, *serial;
    size_t n = 0;
    int rc = say(ctx, r, fl_printf(ctx, "show ssl cert %s\n", path), &answer);

    *out = (struct known){ .known = false };
    if (rc != FL_OK)
        return rc;
    if (strstr(answer, "Not found"))
        return FL_OK;
    if (!*field(ctx, answer, "Status"))
        return fl_fail(ctx, FL_EPROTO, "%s: HAProxy does not tell of %s: %s", r->socket, path,
                       first_line(ctx, answer));
    out->known = true;
    out->used = !strcmp(field(ctx, answer, "Status"), "Used");
    serial = field(ctx, answer, "Serial"); /* an empty one has none */
    serial += strspn(serial, "0");
    for (; *serial && n + 1 < sizeof out->serial; serial++)
        out->serial[n++] = (char)tolower((unsigned char)*serial);
    return FL_OK;
}

/* ---- changing ---- */

static int refuse(struct fl_ctx *ctx, const struct runtime *r, const char *path, const char *answer)
{
    return fl_fail(ctx, FL_EREJECT,
                   "%s: HAProxy refuses %s and goes on with what it had; the transaction was aborted: %s",
                   r->socket, path, first_line(ctx, answer));
}
/* There is one transaction in all of HAProxy, and a new text for another file would go into it unseen. One about
 * our file was left by a crash. */
static int clear_way(struct fl_ctx *ctx, const struct runtime *r, const char *path)
{
    const char *answer, *open;
    int rc = say(ctx, r, "show ssl cert\n", &answer);

    if (rc == FL_EPROTO) /* too many to list */
        return FL_OK;
    if (rc != FL_OK)
        return rc;
    open = strstr(answer, "\n*");
    if (!open && *answer != '*')
        return FL_OK;
    open = first_line(ctx, open ? open + 2 : answer + 1);
    if (!strcmp(open, path))
        return say(ctx, r, fl_printf(ctx, "abort ssl cert %s\n", path), &answer);
    return fl_fail(
        ctx, FL_ETEMP,
        "%s: somebody else is changing %s: `commit ssl cert` or `abort ssl cert` ends that, then %s "
        "can be changed",
        r->socket, open, path);
}
static int set(struct fl_ctx *ctx, const struct runtime *r, const char *path, const char *pem,
               const char **answer_out)
{
    size_t size = strlen(path) + strlen(pem) + 32;
    char *command = calloc(1, size);
    int rc, len;

    if (!command)
        return FL_ENOMEM;
    len = snprintf(command, size, "set ssl cert %s <<\n%s\n", path, pem);
    rc = tell(ctx, r, command, (size_t)len, answer_out);
    explicit_bzero(command, size);
    free(command);
    return rc;
}
/* Of what a transaction has become of which HAProxy's answer is not as it should be. */
static int undo(struct fl_ctx *ctx, const struct runtime *r, const char *path, int rc)
{
    const char *answer;
    int undone = say(ctx, r, fl_printf(ctx, "abort ssl cert %s\n", path), &answer);

    return undone == FL_OK || undone == FL_ETEMP ? rc : undone;
}
static int replace(struct fl_ctx *ctx, const struct runtime *r, const char *path, const char *pem)
{
    const char *answer, *about = fl_printf(ctx, "for certificate %s!", path);
    int rc = clear_way(ctx, r, path);

    if (rc == FL_OK)
        rc = set(ctx, r, path, pem, &answer);
    if (rc != FL_OK)
        return rc;
    if (!strstr(answer, about))
        return undo(ctx, r, path, FL_OK) == FL_OK ? refuse(ctx, r, path, answer) : FL_ETEMP;
    rc = say(ctx, r, fl_printf(ctx, "commit ssl cert %s\n", path), &answer);
    if (rc != FL_OK)
        return rc;
    if (!strstr(answer, "Success!"))
        return undo(ctx, r, path, FL_OK) == FL_OK ? refuse(ctx, r, path, answer) : FL_ETEMP;
    return FL_OK;
}
static int enlist(struct fl_ctx *ctx, const struct runtime *r, const char *path)
{
    const char *answer;
    int rc = say(ctx, r, fl_printf(ctx, "add ssl crt-list %s %s\n", r->list, path), &answer);

    if (rc != FL_OK || strstr(answer, "Success!") || strstr(answer, "already exists"))
        return rc;
    return fl_fail(ctx, FL_EREJECT, "%s: HAProxy does not put %s on its list %s: %s", r->socket, path,
                   r->list, first_line(ctx, answer));
}
static int make(struct fl_ctx *ctx, const struct runtime *r, const char *path)
{
    const char *answer;
    int rc;

    if (!r->list)
        return fl_fail(
            ctx, FL_ETEMP,
            "%s is written, but HAProxy does not use it: name it (or its folder) in a `bind ... ssl "
            "crt` line and reload HAProxy once, or say `crt_list` here",
            path);
    rc = say(ctx, r, fl_printf(ctx, "new ssl cert %s\n", path), &answer);
    if (rc != FL_OK || strstr(answer, "New empty certificate store") || strstr(answer, "already exists"))
        return rc;
    return fl_fail(ctx, FL_EREJECT, "%s: HAProxy does not make %s: %s", r->socket, path,
                   first_line(ctx, answer));
}
int runtime_bring(struct fl_ctx *ctx, const struct runtime *r, const char *path, const char *pem,
                  const struct known *known)
{
    const char *answer;
    int rc = known->known ? FL_OK : make(ctx, r, path);

    if (rc != FL_OK)
        return rc;
    rc = replace(ctx, r, path, pem);
    if (rc == FL_OK && r->list && !known->used)
        rc = enlist(ctx, r, path);
    if (rc != FL_OK && rc != FL_ETEMP && !known->known)
        (void)say(ctx, r, fl_printf(ctx, "del ssl cert %s\n", path), &answer);
    return rc;
}
int runtime_drop(struct fl_ctx *ctx, const struct runtime *r, const char *path)
{
    struct known known;
    const char *answer;
    int rc = runtime_look(ctx, r, path, &known);

    if (rc != FL_OK || !known.known)
        return rc;
    if (r->list)
        rc = say(ctx, r, fl_printf(ctx, "del ssl crt-list %s %s\n", r->list, path), &answer);
    if (rc == FL_OK)
        rc = say(ctx, r, fl_printf(ctx, "del ssl cert %s\n", path), &answer);
    if (rc != FL_OK || strstr(answer, "' deleted!") || strstr(answer, "doesn't exist"))
        return rc;
    return fl_fail(ctx, FL_ETEMP,
                   "%s: HAProxy still uses %s, so the file stays: take it out of the `bind` lines and reload "
                   "HAProxy (%s)",
                   r->socket, path, first_line(ctx, answer));
}
