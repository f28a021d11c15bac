/* SPDX-License-Identifier: Apache-2.0 */
/* door.c - send() and recv() until all is through. */
#include "base/door.h"

#include <errno.h>
#include <sys/socket.h>

bool door_send(int fd, const void *data, size_t len)
{
    for (const char *p = data; len > 0;) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

enum arrival door_receive(int fd, void *data, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = recv(fd, (char *)data + got, len - got, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FAILED;
        if (n == 0)
            return got == 0 ? CLOSED : SHORT;
        got += (size_t)n;
    }
    return ARRIVED;
}

enum arrival door_receive_part(int fd, void *data, size_t len)
{
    enum arrival how = door_receive(fd, data, len);
    return how == CLOSED ? SHORT : how;
}

bool door_outcome_ok(const struct outcome *o)
{
    return DOOR_ENDS(o->problem) && DOOR_ENDS(o->msg) && o->code <= FL_OK && o->code >= FL_ECANCEL;
}

int door_ended(enum arrival how) { return how == CLOSED ? FL_OK : how == SHORT ? FL_EPROTO : FL_ETEMP; }
