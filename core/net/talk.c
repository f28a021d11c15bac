/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - one message to a service on a stream socket, and all that it answers. */
#include "net/talk.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union place {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
struct talk {
    const char *address;
    int fd;
    int64_t deadline_ms;
};

/* Errno is ETIMEDOUT when the deadline is over. */
static bool ready(const struct talk *t, short events)
{
    struct pollfd fd = { .fd = t->fd, .events = events };

    for (;;) {
        int64_t left = t->deadline_ms - clock_mono_ms();
        int n;
        errno = ETIMEDOUT;
        if (left <= 0)
            return false;
        n = poll(&fd, 1, (int)(left > 60000 ? 60000 : left));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}
static socklen_t place_of(const char *address, union place *out)
{
    char ip[46];
    uint16_t port;

    *out = (union place){ .v6 = { .sin6_family = AF_UNSPEC } };
    if (*address == '/') {
        *out = (union place){ .un = { .sun_family = AF_UNIX } };
        return text_copy(out->un.sun_path, sizeof out->un.sun_path, address) ? sizeof out->un : 0;
    }
    if (!text_address(address, -1, ip, &port) || port == 0)
        return 0;
    if (inet_pton(AF_INET, ip, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return sizeof out->v4;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    return inet_pton(AF_INET6, ip, &out->v6.sin6_addr) == 1 ? sizeof out->v6 : 0;
}
static int no_connection(const struct talk *t, int error, struct outcome *o)
{
    if (error == EACCES || error == EPERM)
        return outcome_fail(o, FL_ECONF, "%s: cannot connect: %s: let fairlead's user write to that socket",
                            t->address, strerror(error));
    return outcome_fail(o, FL_ETEMP, "%s: cannot connect: %s", t->address,
                        error == ETIMEDOUT ? "no answer in time"
                        : error == ENOENT  ? "there is no such socket"
                                           : strerror(error));
}
static int dial(struct talk *t, struct outcome *o)
{
    union place to;
    socklen_t len = place_of(t->address, &to), size = sizeof(int);
    int error = 0;

    if (len == 0)
        return outcome_fail(o, FL_ECONF,
                            "\"%s\" is neither the path of a socket nor an address with a port, as in "
                            "127.0.0.1:9999",
                            t->address);
    t->fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (t->fd < 0)
        return no_connection(t, errno, o);
    if (connect(t->fd, &to.any, len) == 0)
        return FL_OK;
    /* A Unix socket whose queue is full says EAGAIN: somebody is there and does not take calls. */
    if (errno != EINPROGRESS)
        return no_connection(t, errno == EAGAIN ? ETIMEDOUT : errno, o);
    if (!ready(t, POLLOUT))
        return no_connection(t, errno, o);
    if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 ? FL_OK : no_connection(t, error, o);
}
static int broken(const struct talk *t, struct outcome *o)
{
    return outcome_fail(o, FL_ETEMP, "%s: %s", t->address,
                        errno == ETIMEDOUT ? "was not done in time" : strerror(errno));
}
static int send_all(const struct talk *t, const char *data, size_t len, struct outcome *o)
{
    while (len > 0) {
        ssize_t n = send(t->fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!ready(t, POLLOUT))
                return broken(t, o);
        } else if (n < 0)
            return broken(t, o);
        else {
            data += n;
            len -= (size_t)n;
        }
    }
    return FL_OK;
}
static int receive_all(const struct talk *t, struct buf *out, struct outcome *o)
{
    char piece[8192];

    for (;;) {
        ssize_t n;
        if (!ready(t, POLLIN))
            return broken(t, o);
        n = recv(t->fd, piece, sizeof piece, 0);
        if (n == 0)
            return FL_OK;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return broken(t, o);
        if (n > 0 && (size_t)n > out->max - out->len)
            return outcome_fail(o, FL_EPROTO, "%s: answers more than %zu bytes", t->address, out->max);
        if (n > 0 && !buf_add(out, piece, (size_t)n))
            return outcome_nomem(o);
    }
}
int talk_once(const char *address, const char *data, size_t len, int64_t deadline_ms, struct buf *out,
              struct outcome *o)
{
    struct talk t = { .address = address, .fd = -1, .deadline_ms = deadline_ms };
    int code = dial(&t, o);

    if (code == FL_OK)
        code = send_all(&t, data, len, o);
    if (code == FL_OK)
        code = receive_all(&t, out, o);
    mem_closep(&t.fd);
    return code;
}
