/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - messages to DNS servers and what comes back, many at once. */
#include "net/dns/ask.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/dns/message.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

enum { MESSAGE_MAX = 65535 };

/* What all asks of a round share. */
struct round {
    const struct ask_rule *rule;
    uint8_t *room; /* MESSAGE_MAX bytes for a datagram */
    int broken;    /* errno of a failure that is ours: memory, descriptors */
    bool over;     /* one answer was enough */
};

bool ask_to(struct ask *a, const char *address)
{
    char ip[46];
    uint16_t port = 0;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a->to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->to;
    memset(&a->to, 0, sizeof a->to);
    if (!text_address(address, 53, ip, &port) || port == 0)
        return false;
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        a->to_len = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, ip, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    a->to_len = sizeof *v6;
    return true;
}

static bool ours(int error)
{
    return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

static void hang_up(struct ask *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
    free(a->stream);
    a->stream = NULL;
}

static void end(struct round *r, struct ask *a, enum dns_state state, int error)
{
    hang_up(a);
    a->open = false;
    a->state = state;
    a->error = error;
    if (ours(error))
        r->broken = error;
    if (state == DNS_ANSWERED && r->rule->enough && r->rule->enough(r->rule->arg, a))
        r->over = true;
}

/* A socket towards the server. A refusal at this point comes from our own routing table or
 * firewall: nothing has left the machine. */
static bool dial(struct round *r, struct ask *a, int type)
{
    hang_up(a);
    a->fd = socket(a->to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd >= 0 &&
        (connect(a->fd, (const struct sockaddr *)&a->to, a->to_len) == 0 || errno == EINPROGRESS))
        return true;
    end(r, a, ours(errno) || errno == ECONNREFUSED ? DNS_SILENT : DNS_NO_ROUTE, errno);
    return false;
}

static void again_in(struct round *r, struct ask *a, unsigned ms)
{
    a->again_ms = clock_mono_ms() + ms;
    if (r->rule->deadline_ms && r->rule->deadline_ms < a->again_ms)
        a->again_ms = r->rule->deadline_ms;
}

static void send_datagram(struct round *r, struct ask *a)
{
    size_t len = a->plain ? a->len - ASK_OPT : a->len;
    uint8_t query[MESSAGE_UDP_MAX];
    const uint8_t *from = a->query;
    if (a->plain && len <= sizeof query) {
        memcpy(query, a->query, len);
        query[10] = query[11] = 0;
        from = query;
    }
    a->tries++;
    again_in(r, a, r->rule->try_ms);
    if (send(a->fd, from, len, MSG_NOSIGNAL) >= 0)
        return;
    if (errno == ENETUNREACH || errno == EACCES || errno == EPERM)
        end(r, a, DNS_NO_ROUTE, errno);
    else if (ours(errno))
        end(r, a, DNS_SILENT, errno);
    else
        a->error = errno;
}

static void start_stream(struct round *r, struct ask *a)
{
    if (!dial(r, a, SOCK_STREAM))
        return;
    int one = 1;
    (void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    a->writing = true;
    a->moved = 0;
    a->stream_len = 2 + a->len;
    a->stream = malloc(a->stream_len);
    if (!a->stream) {
        end(r, a, DNS_SILENT, ENOMEM);
        return;
    }
    a->stream[0] = (uint8_t)(a->len >> 8);
    a->stream[1] = (uint8_t)a->len;
    memcpy(a->stream + 2, a->query, a->len);
    again_in(r, a, r->rule->try_ms);
}

static void start(struct round *r, struct ask *a)
{
    a->fd = -1;
    a->open = true;
    if (a->tcp)
        start_stream(r, a);
    else if (dial(r, a, SOCK_DGRAM))
        send_datagram(r, a);
}

static void keep(struct round *r, struct ask *a, const uint8_t *data, size_t len)
{
    a->answer = malloc(len);
    if (!a->answer) {
        end(r, a, DNS_SILENT, ENOMEM);
        return;
    }
    memcpy(a->answer, data, len);
    a->answer_len = len;
    end(r, a, DNS_ANSWERED, 0);
}

static void take_datagram(struct round *r, struct ask *a)
{
    ssize_t n = recv(a->fd, r->room, MESSAGE_MAX, 0);
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return;
        a->error = errno;
        if (errno == ENETUNREACH)
            end(r, a, DNS_NO_ROUTE, ENETUNREACH);
        else /* most often a port that nobody listens on: it may be open at the next try */
            again_in(r, a, r->rule->try_ms / 4);
        return;
    }
    if (!message_answers(a->query, a->len, r->room, (size_t)n))
        return;
    int rcode = r->room[3] & 15;
    if (a->edns && !a->plain && (rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL)) {
        a->plain = true;
        send_datagram(r, a);
    } else if (r->room[2] & 2) {
        start_stream(r, a);
    } else {
        keep(r, a, r->room, (size_t)n);
    }
}

static void write_stream(struct round *r, struct ask *a)
{
    ssize_t n = send(a->fd, a->stream + a->moved, a->stream_len - a->moved, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        end(r, a, errno == ENETUNREACH ? DNS_NO_ROUTE : DNS_SILENT, errno);
        return;
    }
    a->moved += n > 0 ? (size_t)n : 0;
    if (a->moved < a->stream_len)
        return;
    free(a->stream);
    a->moved = 0;
    a->stream_len = 2;
    a->stream = malloc(2 + MESSAGE_MAX);
    if (!a->stream)
        end(r, a, DNS_SILENT, ENOMEM);
    a->writing = false;
}

static void read_stream(struct round *r, struct ask *a)
{
    ssize_t n = recv(a->fd, a->stream + a->moved, a->stream_len - a->moved, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        end(r, a, DNS_SILENT, n < 0 ? errno : ECONNRESET);
        return;
    }
    a->moved += (size_t)n;
    if (a->moved == 2 && a->stream_len == 2)
        a->stream_len = 2u + (size_t)(a->stream[0] << 8 | a->stream[1]);
    if (a->moved < a->stream_len || a->stream_len == 2)
        return;
    if (message_answers(a->query, a->len, a->stream + 2, a->stream_len - 2))
        keep(r, a, a->stream + 2, a->stream_len - 2);
    else
        end(r, a, DNS_SILENT, EBADMSG);
}

static void on_event(struct round *r, struct ask *a)
{
    if (!a->stream)
        take_datagram(r, a);
    else if (a->writing)
        write_stream(r, a);
    else
        read_stream(r, a);
}

static void on_time(struct round *r, struct ask *a, int64_t now)
{
    bool late = r->rule->deadline_ms && now >= r->rule->deadline_ms;
    if (now < a->again_ms && !late)
        return;
    if (a->stream || late || a->tries >= r->rule->tries)
        end(r, a, DNS_SILENT, a->error ? a->error : ETIMEDOUT);
    else
        send_datagram(r, a);
}

/* Waits for the next event or the next time to send again; false: all have ended. */
static bool turn(struct round *r, struct ask *asks, size_t n)
{
    struct pollfd fds[ASK_MAX];
    struct ask *of[ASK_MAX];
    nfds_t count = 0;
    int64_t now = clock_mono_ms(), next = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (asks[i].open)
            on_time(r, &asks[i], now);
        if (!asks[i].open)
            continue;
        next = asks[i].again_ms < next ? asks[i].again_ms : next;
        of[count] = &asks[i];
        fds[count++] = (struct pollfd){ .fd = asks[i].fd, .events = asks[i].writing ? POLLOUT : POLLIN };
    }
    if (count == 0 || r->over)
        return false;
    if (poll(fds, count, next > now ? (int)(next - now) : 0) <= 0)
        return true;
    for (nfds_t i = 0; i < count && !r->over; i++)
        if (fds[i].revents)
            on_event(r, of[i]);
    return !r->over;
}

int ask_all(struct ask *asks, size_t n, const struct ask_rule *rule, struct outcome *o)
{
    auto_free uint8_t *room = malloc(MESSAGE_MAX);
    struct round r = { .rule = rule, .room = room };
    if (!room)
        return outcome_nomem(o);
    n = n < ASK_MAX ? n : ASK_MAX;
    for (size_t i = 0; i < n; i++)
        start(&r, &asks[i]);
    while (turn(&r, asks, n))
        ;
    for (size_t i = 0; i < n; i++)
        if (asks[i].open)
            end(&r, &asks[i], DNS_SILENT, ECANCELED);
    if (r.broken == ENOMEM || r.broken == ENOBUFS)
        return outcome_nomem(o);
    if (r.broken)
        return outcome_fail(o, FL_ETEMP, "cannot ask DNS servers: %s", strerror(r.broken));
    return FL_OK;
}

void ask_done(struct ask *asks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(asks[i].answer);
        asks[i].answer = NULL;
    }
}
