/* SPDX-License-Identifier: Apache-2.0 */
/* listen_stream.c - connections: messages in, answers out, and nobody waited for. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/listen_parts.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    TURN = 100,         /* messages of one connection before the others get their turn */
    HIGH_WATER = 65536, /* bytes of answers that wait: then no more messages are looked at */
    PAUSE_MS = 500
};

struct listen_conn {
    struct listen_source source;
    struct listener *of;
    struct listen_peer peer;
    void *talk; /* state of a talk; NULL: not begun */
    void (*talk_end)(void *state);
    char *in; /* LISTEN_INPUT_MAX bytes while there are any in it, else NULL */
    size_t in_len;
    bool fresh; /* something came in since the handler last wanted more */
    bool ended; /* the peer sends no more */
    bool close; /* when the answers are out */
    struct buf out;
    size_t sent;
    int64_t since_ms; /* of the last progress */
    uint32_t events;
    struct listen_conn *older, *newer;
};

static void unlink_conn(struct listen_conn *c)
{
    struct listener *l = c->of;
    *(c->older ? &c->older->newer : &l->oldest) = c->newer;
    *(c->newer ? &c->newer->older : &l->newest) = c->older;
    c->older = c->newer = NULL;
}

static void link_newest(struct listen_conn *c)
{
    struct listener *l = c->of;
    c->older = l->newest;
    *(l->newest ? &l->newest->newer : &l->oldest) = c;
    l->newest = c;
    c->since_ms = clock_mono_ms();
}

/* Not of talks: their time is what it is. */
static void progress(struct listen_conn *c)
{
    if (c->of->spec.talk)
        return;
    unlink_conn(c);
    link_newest(c);
}

static void drop(struct listen_source *s)
{
    struct listen_conn *c = (struct listen_conn *)s;
    if (c->talk)
        c->talk_end(c->talk);
    free(c->in);
    buf_done(&c->out);
    free(c);
}

static void hang_up(struct listen_conn *c)
{
    unlink_conn(c);
    c->of->nconns--;
    listen_bury(c->of->service, &c->source);
}

static bool flush(struct listen_conn *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->source.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->sent += (size_t)n;
    }
    if (c->sent > 0)
        progress(c);
    buf_done(&c->out);
    c->out = BUF(HIGH_WATER + 2 * LISTEN_INPUT_MAX);
    c->sent = 0;
    return true;
}

/* False: no memory for what it needs, or for its answer. */
static bool talk(struct listen_conn *c)
{
    const struct listen_spec *spec = &c->of->spec;
    struct listen_bytes out = { 0 };
    if (!c->talk)
        c->talk = spec->talk->begin(spec->arg);
    if (!c->talk)
        return false;
    c->talk_end = spec->talk->end;
    c->close = !spec->talk->hear(spec->arg, c->talk, &c->peer, c->in, c->in_len, &out);
    if (out.len > 0)
        buf_add(&c->out, out.data, out.len);
    free(out.data);
    free(c->in);
    c->in = NULL;
    c->in_len = 0;
    c->fresh = false;
    return !c->out.failed;
}

/* Lets the handler answer what is in the buffer. False: the connection is to be closed at once. */
static bool answer(struct listen_conn *c)
{
    const struct listen_spec *spec = &c->of->spec;
    size_t at = 0;
    for (int i = 0; i < TURN && c->fresh && at < c->in_len && c->out.len < HIGH_WATER; i++) {
        struct listen_bytes out = { 0 };
        size_t used = 0;
        c->close = !spec->stream(spec->arg, &c->peer, c->in + at, c->in_len - at, &used, &out);
        if (!c->close && out.len > 0)
            buf_add(&c->out, out.data, out.len);
        free(out.data);
        if (c->close)
            break;
        used = used < c->in_len - at ? used : c->in_len - at;
        at += used;
        c->fresh = used > 0;
    }
    if (at > 0) {
        memmove(c->in, c->in + at, c->in_len - at);
        c->in_len -= at;
        progress(c);
    }
    if (c->in_len == 0) {
        free(c->in);
        c->in = NULL;
        c->fresh = false;
    }
    return !c->out.failed;
}

static bool take(struct listen_conn *c)
{
    if (!c->in)
        c->in = malloc(LISTEN_INPUT_MAX);
    if (!c->in)
        return false;
    ssize_t n = recv(c->source.fd, c->in + c->in_len, LISTEN_INPUT_MAX - c->in_len, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->ended = n == 0;
    c->fresh = c->fresh || n > 0;
    c->in_len += (size_t)n;
    return true;
}

/* What to wait for next; 0: for nothing, it is over. */
static uint32_t wants(const struct listen_conn *c)
{
    if (c->sent < c->out.len)
        return EPOLLOUT;
    if (c->close)
        return 0;
    if (c->fresh) /* had its turn and has more: comes again after the others */
        return EPOLLOUT;
    return c->ended || c->in_len == LISTEN_INPUT_MAX ? 0 : EPOLLIN;
}

static void ready(struct listen_source *s, uint32_t events)
{
    struct listen_conn *c = (struct listen_conn *)s;
    bool ok = !(events & EPOLLERR) && flush(c);
    if (ok && c->out.len == 0 && c->events == EPOLLIN)
        ok = take(c);
    if (ok && c->out.len == 0 && !c->close)
        ok = (!c->of->spec.talk ? answer(c) : !c->fresh || talk(c)) && flush(c);
    uint32_t next = ok ? wants(c) : 0;
    if (next == 0 || (next != c->events && !listen_rewatch(c->of->service, s, next))) {
        hang_up(c);
        return;
    }
    c->events = next;
}

static void welcome(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    struct listen_conn *c = calloc(1, sizeof *c);
    int one = 1;
    if (!c) {
        close(fd);
        return;
    }
    if (l->nconns >= l->spec.max_connections && l->oldest)
        hang_up(l->oldest);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->source = (struct listen_source){ .fd = fd, .ready = ready, .drop = drop };
    c->of = l;
    c->out = BUF(HIGH_WATER + 2 * LISTEN_INPUT_MAX);
    c->events = EPOLLIN;
    listen_peer(from, &c->peer);
    link_newest(c);
    l->nconns++;
    if (!listen_watch(l->service, &c->source, EPOLLIN))
        hang_up(c);
}

static void knock(struct listen_source *s, uint32_t events)
{
    struct listener *l = (struct listener *)s;
    (void)events;
    for (int i = 0; i < TURN; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept4(s->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            welcome(l, fd, &from);
            continue;
        }
        if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
            return;
        /* It would be told again and again: rather look away for a moment. */
        if (listen_rewatch(l->service, s, 0))
            l->pause_until_ms = clock_mono_ms() + PAUSE_MS;
        return;
    }
}

static int64_t due(struct listener *l, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    while (l->oldest && now_ms - l->oldest->since_ms >= l->spec.idle_ms)
        hang_up(l->oldest);
    if (l->oldest)
        next = l->oldest->since_ms + l->spec.idle_ms;
    if (l->pause_until_ms && now_ms >= l->pause_until_ms)
        l->pause_until_ms = listen_rewatch(l->service, &l->source, EPOLLIN) ? 0 : now_ms + PAUSE_MS;
    return l->pause_until_ms && l->pause_until_ms < next ? l->pause_until_ms : next;
}

static void stop(struct listener *l)
{
    while (l->oldest)
        hang_up(l->oldest);
}

bool listen_stream_start(struct listener *l)
{
    l->source.ready = knock;
    l->due = due;
    l->stop = stop;
    return listen_watch(l->service, &l->source, EPOLLIN);
}
