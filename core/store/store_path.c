/* SPDX-License-Identifier: Apache-2.0 */
/* store_path.c - keys as file names, and back. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_PART = 200 };

const struct store_group_info store_groups[STORE_GROUPS] = {
    [STORE_ACCOUNTS] = { "accounts", 0700, 0600, false }, [STORE_CERTS] = { "certs", 0700, 0600, true },
    [STORE_ARCHIVE] = { "archive", 0700, 0600, true },    [STORE_JOURNAL] = { "journal", 0700, 0600, false },
    [STORE_BUDGET] = { "budget", 0700, 0600, false },     [STORE_PLUGINS] = { "plugins", 0700, 0600, false },
};

static bool is_plain(char c, size_t at)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_-+:@", c) ||
           (c == '.' && at > 0);
}

static bool add_escaped(struct buf *b, const char *key)
{
    size_t part = 0;

    for (size_t i = 0; key[i]; i++) {
        if (part + 3 > NAME_PART) {
            buf_adds(b, "~/");
            part = 0;
        }
        bool plain = is_plain(key[i], part);
        part += plain ? 1 : 3;
        if (plain)
            buf_add(b, &key[i], 1);
        else
            buf_addf(b, "%%%02X", (unsigned char)key[i]);
    }
    return !b->failed;
}

int store_path(enum store_group g, const char *key, char out[STORE_PATH_MAX], struct outcome *o)
{
    cleanup_(buf_done) struct buf b = BUF(STORE_PATH_MAX - 1);
    uint8_t digest[64];

    if (!key[0] || strlen(key) > STORE_KEY_MAX)
        return outcome_fail(o, FL_ECONF, "`%.60s` cannot be kept: names have 1 to %d bytes", key,
                            STORE_KEY_MAX);
    for (const char *c = key; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return outcome_fail(o, FL_ECONF, "`%.60s` cannot be kept: it holds a control character", key);
    buf_addf(&b, "%s/", store_groups[g].name);
    if (store_groups[g].spread) {
        if (!digest_sha2(256, key, strlen(key), digest))
            return outcome_nomem(o);
        buf_addf(&b, "%02x/", digest[0]);
    }
    if (!add_escaped(&b, key))
        return outcome_nomem(o);
    (void)text_copy(out, STORE_PATH_MAX, buf_text(&b));
    return FL_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool store_unpath(const char *path, char key_out[STORE_KEY_MAX + 1])
{
    size_t n = 0;

    for (const char *c = path; *c; c++) {
        char byte = *c;
        if (c[0] == '~' && c[1] == '/') {
            c++;
            continue;
        }
        if (*c == '%') {
            int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
            if (low < 0)
                return false;
            byte = (char)(high * 16 + low);
            c += 2;
        } else if (*c == '/' || *c == '~' || (*c == '.' && c == path)) {
            return false;
        }
        if (n == STORE_KEY_MAX)
            return false;
        key_out[n++] = byte;
    }
    key_out[n] = '\0';
    return n > 0;
}

int store_errno(const struct store *s, const char *what, const char *path, int negative_errno,
                struct outcome *o)
{
    static const struct {
        int number;
        int code;
        const char *todo;
    } known[] = {
        { ENOSPC, FL_ETEMP, ": make room on that file system" },
        { EDQUOT, FL_ETEMP, ": raise the quota or make room" },
        { EROFS, FL_ETEMP, ": mount it for writing" },
        { EACCES, FL_ECONF, ": give the folder to the user that fairlead runs as" },
        { EPERM, FL_ECONF, ": give the folder to the user that fairlead runs as" },
        { EMFILE, FL_ETEMP, ": raise the limit of open files" },
        { ENFILE, FL_ETEMP, ": raise the system's limit of open files" },
        { EIO, FL_ETEMP, ": look at the disk" },
        { EFBIG, FL_ETEMP, ": it is larger than fairlead writes or the limit allows" },
        { EISDIR, FL_ECONF, ": that is a folder; move it away" },
        { ENOTDIR, FL_ECONF, ": that should be a folder; move it away" },
        { EINVAL, FL_ECONF, ": that should be a plain file; move it away" },
        { ELOOP, FL_ECONF, ": that is a symbolic link; move it away" },
    };
    const char *todo = "";
    int code = FL_ETEMP;

    if (negative_errno == -ENOMEM)
        return outcome_nomem(o);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == -negative_errno) {
            code = known[i].code;
            todo = known[i].todo;
        }
    return outcome_fail(o, code, "%s %s%s%s: %s%s", what, s->dir, path[0] ? "/" : "", path,
                        strerror(-negative_errno), todo);
}
