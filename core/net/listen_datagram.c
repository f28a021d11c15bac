/* SPDX-License-Identifier: Apache-2.0 */
/* listen_datagram.c - datagrams, answered from the address that they were sent to. */
#include "net/listen_parts.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* So many in one go, that other sockets get their turn. */
enum { TURN = 64 };

union control {
    char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr align;
};

/* The address that it came to becomes the one that the answer leaves from; the interface is
 * left to the routing table. False: there is nothing to say. */
static bool turn_round(struct msghdr *m)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        /* ipi_addr is where it was sent to, ipi_spec_dst what we are there. */
        info.ipi_ifindex = 0;
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return true;
    }
    if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            info.ipi6_ifindex = 0;
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return true;
    }
    return false;
}

/* False: there are no more. */
static bool one(struct listener *l, char *room)
{
    union control control = { .room = { 0 } };
    struct sockaddr_storage from;
    struct iovec part = { .iov_base = room, .iov_len = LISTEN_INPUT_MAX };
    struct msghdr m = { .msg_name = &from,
                        .msg_namelen = sizeof from,
                        .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.room,
                        .msg_controllen = sizeof control.room };
    struct listen_bytes out = { 0 };
    struct listen_peer peer;
    ssize_t n = recvmsg(l->source.fd, &m, 0);
    if (n < 0)
        return errno == EINTR;
    listen_peer(&from, &peer);
    if (peer.port != 0)
        l->spec.datagram(l->spec.arg, &peer, room, (size_t)n, &out);
    if (out.len > 0) {
        part = (struct iovec){ .iov_base = out.data, .iov_len = out.len };
        if (!turn_round(&m)) {
            m.msg_control = NULL;
            m.msg_controllen = 0;
        }
        /* A full queue loses it, as networks do; the peer asks again. */
        (void)!sendmsg(l->source.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    free(out.data);
    return true;
}

static void ready(struct listen_source *s, uint32_t events)
{
    struct listener *l = (struct listener *)s;
    char *room = malloc(LISTEN_INPUT_MAX);
    (void)events;
    for (int i = 0; room && i < TURN && one(l, room); i++)
        ;
    free(room);
}

static int64_t due(struct listener *l, int64_t now_ms)
{
    (void)l, (void)now_ms;
    return INT64_MAX;
}

static void stop(struct listener *l) { (void)l; }

bool listen_datagram_start(struct listener *l)
{
    int one_ = 1, family = 0;
    socklen_t len = sizeof family;
    l->source.ready = ready;
    l->due = due;
    l->stop = stop;
    if (l->wildcard && getsockopt(l->source.fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0) {
        if (family == AF_INET6)
            (void)setsockopt(l->source.fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one_, sizeof one_);
        else
            (void)setsockopt(l->source.fd, IPPROTO_IP, IP_PKTINFO, &one_, sizeof one_);
    }
    return listen_watch(l->service, &l->source, EPOLLIN);
}
