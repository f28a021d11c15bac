/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c - one question over TCP, and answers as long as somebody wants more (RFC 5936 2.2). */
#include "base/clock.h"
#include "base/mem.h"
#include "net/dns/ask.h"
#include "net/dns/message.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

enum { MESSAGE_MAX = 65535, BYTES_MAX = 64 * 1024 * 1024, WAIT_MS = 10000 };

struct stream {
    int fd;
    unsigned wait_ms;
    int64_t deadline_ms;
    size_t total;
};

/* 0, or the errno. */
static int ready(const struct stream *s, short events)
{
    int64_t now = clock_mono_ms(), end = now + s->wait_ms;
    if (s->deadline_ms && s->deadline_ms < end)
        end = s->deadline_ms;
    for (; now < end; now = clock_mono_ms()) {
        struct pollfd fd = { .fd = s->fd, .events = events };
        int n = poll(&fd, 1, (int)(end - now));
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
    }
    return ETIMEDOUT;
}

static int send_all(const struct stream *s, const uint8_t *data, size_t len)
{
    int error = 0;
    for (size_t at = 0; at < len && error == 0;) {
        ssize_t n = send(s->fd, data + at, len - at, MSG_NOSIGNAL);
        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN || errno == EINPROGRESS || errno == ENOTCONN)
            error = ready(s, POLLOUT);
        else if (errno != EINTR)
            error = errno;
    }
    return error;
}

static int receive(struct stream *s, uint8_t *data, size_t len)
{
    int error = 0;
    for (size_t at = 0; at < len && error == 0;) {
        ssize_t n = recv(s->fd, data + at, len - at, 0);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0)
            error = ECONNRESET;
        else if (errno == EAGAIN)
            error = ready(s, POLLIN);
        else if (errno != EINTR)
            error = errno;
    }
    return error;
}

static int start(struct stream *s, const struct ask *to, const uint8_t *query, size_t len)
{
    auto_free uint8_t *framed = malloc(2 + len);
    int error = 0;
    if (!framed)
        return ENOMEM;
    framed[0] = (uint8_t)(len >> 8);
    framed[1] = (uint8_t)len;
    memcpy(framed + 2, query, len);
    s->fd = socket(to->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return errno;
    if (connect(s->fd, (const struct sockaddr *)&to->to, to->to_len) != 0)
        error = errno == EINPROGRESS ? ready(s, POLLOUT) : errno;
    return error ? error : send_all(s, framed, 2 + len);
}

/* The first message repeats the question; the others need not (RFC 5936 2.2.1). */
static bool fits(const uint8_t *query, size_t len, const uint8_t *message, size_t n, bool first)
{
    if (n < 12 || memcmp(query, message, 2) != 0 || !(message[2] & 0x80))
        return false;
    return !first || message_answers(query, len, message, n);
}

static int next(struct stream *s, uint8_t *message, size_t *len_out)
{
    uint8_t head[2];
    int error = receive(s, head, 2);
    *len_out = (size_t)head[0] << 8 | head[1];
    if (error == 0)
        error = receive(s, message, *len_out);
    s->total += *len_out;
    return error;
}

static int failed(const char *server, int error, struct outcome *o)
{
    if (error == ENOMEM || error == ENOBUFS)
        return outcome_nomem(o);
    return outcome_fail(o, FL_ETEMP, "DNS server %s does not finish the transfer: %s", server,
                        strerror(error));
}

int dns_transfer(const char *server, const void *query, size_t len, unsigned timeout_ms, int64_t deadline_ms,
                 int (*each)(void *arg, const uint8_t *message, size_t len, bool *more_out), void *arg,
                 struct outcome *o)
{
    auto_free uint8_t *message = malloc(MESSAGE_MAX);
    struct stream s = { .fd = -1, .wait_ms = timeout_ms ? timeout_ms : WAIT_MS, .deadline_ms = deadline_ms };
    struct ask to = { .fd = -1 };
    bool more = true;
    if (!message)
        return outcome_nomem(o);
    if (!ask_to(&to, server))
        return outcome_fail(o, FL_ECONF, "%s is not the address of a DNS server", server);
    if (!message_askable(query, len))
        return outcome_fail(o, FL_ECONF, "the %zu bytes for %s are no DNS query", len, server);
    int error = start(&s, &to, query, len), code = FL_OK;
    for (bool first = true; error == 0 && code == FL_OK && more; first = false) {
        size_t n = 0;
        more = false;
        error = next(&s, message, &n);
        if (error == 0 && (!fits(query, len, message, n, first) || s.total > BYTES_MAX))
            code = outcome_fail(o, FL_EPROTO, "DNS server %s sends %s", server,
                                s.total > BYTES_MAX ? "more than a zone can have"
                                                    : "an answer to something else");
        else if (error == 0)
            code = each(arg, message, n, &more);
    }
    if (s.fd >= 0)
        close(s.fd);
    return error ? failed(server, error, o) : code;
}
