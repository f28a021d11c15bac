/* SPDX-License-Identifier: Apache-2.0 */
/* log_journal.c - entries for journald in its own protocol. */
#include "base/log_journal.h"

#include "base/text.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static char upper(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

void journal_name(const char *key, char out[64])
{
    static const char prefix[] = "FAIRLEAD_";
    size_t n = sizeof prefix - 1;

    memcpy(out, prefix, n);
    if (strcmp(key, "certificate") == 0)
        key = "cert";
    for (; *key && n < 63; key++)
        out[n++] = upper(*key);
    out[n] = '\0';
}

bool journal_add(struct buf *entry, const char *name, const char *value)
{
    size_t len = strlen(value);
    const uint64_t wire = htole64(len);

    if (!strchr(value, '\n'))
        return buf_addf(entry, "%s=", name) && buf_add(entry, value, len) && buf_adds(entry, "\n");
    return buf_addf(entry, "%s\n", name) && buf_add(entry, &wire, sizeof wire) &&
           buf_add(entry, value, len) && buf_adds(entry, "\n");
}

int journal_open(void) { return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

/* Not connected: journald may be started anew at any time. */
bool journal_send(int fd, const char *path, const struct buf *entry)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    return !entry->failed && text_copy(at.sun_path, sizeof at.sun_path, path) &&
           sendto(fd, entry->data, entry->len, MSG_NOSIGNAL, (const struct sockaddr *)&at, sizeof at) ==
               (ssize_t)entry->len;
}
