/* SPDX-License-Identifier: Apache-2.0 */
/* listen_socket.c - bound sockets: from systemd or our own, and why one cannot be had. */
#include "base/mem.h"
#include "base/text.h"
#include "net/listen_parts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sd_listen_fds(3): the descriptors from 3 on, when they are meant for this process. */
enum { FIRST_PASSED = 3, BACKLOG = 512 };

static int passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int64_t number;
    if (!pid || !fds || !text_int(pid, 1, INT32_MAX, &number) || number != getpid() ||
        !text_int(fds, 0, 1024, &number))
        return 0;
    return (int)number;
}

void listen_adopt(void)
{
    for (int i = 0, n = passed(); i < n; i++) {
        int flags = fcntl(FIRST_PASSED + i, F_GETFD);
        if (flags >= 0)
            (void)fcntl(FIRST_PASSED + i, F_SETFD, flags | FD_CLOEXEC);
    }
}

/* The same family, address and port? */
bool listen_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *x = (const struct sockaddr_in *)a, *y = (const struct sockaddr_in *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a, *y = (const struct sockaddr_in6 *)b;
    return x->sin6_port == y->sin6_port && memcmp(&x->sin6_addr, &y->sin6_addr, 16) == 0;
}

/* A descriptor of our own for what systemd has bound there, or -1. Its own stays open for the
 * next reload. */
static int from_systemd(const struct sockaddr_storage *at, int type)
{
    for (int i = 0, n = passed(); i < n; i++) {
        struct sockaddr_storage bound = { 0 };
        socklen_t len = sizeof bound, type_len = sizeof(int);
        int fd = FIRST_PASSED + i, its_type = 0;
        if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0 || !listen_same_address(&bound, at) ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &its_type, &type_len) != 0 || its_type != type)
            continue;
        int own = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PASSED);
        if (own >= 0)
            (void)fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK);
        return own;
    }
    return -1;
}

bool listen_address(const char *address, struct sockaddr_storage *at, bool *wildcard_out)
{
    char ip[46];
    uint16_t port;
    struct sockaddr_in *v4 = (struct sockaddr_in *)at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)at;
    memset(at, 0, sizeof *at);
    if (!text_address(address, -1, ip, &port))
        return false;
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *wildcard_out = v4->sin_addr.s_addr == htonl(INADDR_ANY);
        return true;
    }
    if (inet_pton(AF_INET6, ip, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *wildcard_out = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    return true;
}

static uint16_t port_of(const struct sockaddr_storage *at)
{
    return ntohs(at->ss_family == AF_INET ? ((const struct sockaddr_in *)at)->sin_port
                                          : ((const struct sockaddr_in6 *)at)->sin6_port);
}

static int in_use(const char *address, const struct sockaddr_storage *at, int type, struct outcome *o)
{
    const char *kind = type == SOCK_DGRAM ? "UDP" : "TCP";
    char who[64], me[32];
    snprintf(me, sizeof me, "(pid %ld)", (long)getpid());
    if (!listen_holder(type, at, port_of(at), who))
        return outcome_fail(
            o, FL_ECONF,
            "cannot listen on %s (%s): another program listens there; stop it or choose another address",
            address, kind);
    if (strstr(who, me))
        return outcome_fail(o, FL_ECONF,
                            "cannot listen on %s (%s): this process itself listens there, or on an address "
                            "that includes it; choose another address, or restart if it is the old one",
                            address, kind);
    return outcome_fail(o, FL_ECONF,
                        "cannot listen on %s (%s): %s listens there; stop it or choose another address",
                        address, kind, who);
}

static int explain(const char *address, const struct sockaddr_storage *at, int type, int error,
                   struct outcome *o)
{
    const char *kind = type == SOCK_DGRAM ? "UDP" : "TCP";
    switch (error) {
    case EADDRINUSE: return in_use(address, at, type, o);
    case EACCES:
        return outcome_fail(
            o, FL_ECONF,
            "cannot listen on %s (%s): ports below 1024 need the right CAP_NET_BIND_SERVICE; start as "
            "root, or put AmbientCapabilities=CAP_NET_BIND_SERVICE into the systemd unit",
            address, kind);
    case EADDRNOTAVAIL:
        return outcome_fail(o, FL_ECONF,
                            "cannot listen on %s (%s): no interface of this machine has that address",
                            address, kind);
    case EAFNOSUPPORT:
        return outcome_fail(o, FL_ECONF, "cannot listen on %s (%s): this machine has no IPv6", address, kind);
    case ENOMEM: return outcome_nomem(o);
    default:
        return outcome_fail(o, error == EMFILE || error == ENFILE || error == ENOBUFS ? FL_ETEMP : FL_ECONF,
                            "cannot listen on %s (%s): %s", address, kind, strerror(error));
    }
}

/* A socket at that address, or a negative errno. */
static int open_socket(const struct sockaddr_storage *at, int type)
{
    int off = 0, on = 1;
    auto_close int fd = socket(at->ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* Where net.ipv6.bindv6only is set, "[::]" would leave IPv4 out. */
    if (at->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    /* Only for streams: datagram sockets would share the port with whoever asks for it. */
    if (type == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t len = at->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (bind(fd, (const struct sockaddr *)at, len) != 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) != 0))
        return -errno;
    int own = fd;
    fd = -1;
    return own;
}

int listen_socket(const char *address, int type, int *fd_out, uint16_t *port_out, bool *wildcard_out,
                  struct outcome *o)
{
    struct sockaddr_storage at;
    bool wildcard;
    if (!listen_address(address, &at, &wildcard))
        return outcome_fail(o, FL_ECONF, "%s is not an address with a port to listen on", address);
    int fd = from_systemd(&at, type);
    if (fd < 0)
        fd = open_socket(&at, type);
    if (fd == -EAFNOSUPPORT && at.ss_family == AF_INET6 && wildcard) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port_of(&at)) };
        memset(&at, 0, sizeof at);
        memcpy(&at, &v4, sizeof v4);
        fd = open_socket(&at, type);
    }
    if (fd < 0)
        return explain(address, &at, type, -fd, o);
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        *port_out = port_of(&at);
    *fd_out = fd;
    *wildcard_out = wildcard;
    return FL_OK;
}
