/* SPDX-License-Identifier: Apache-2.0 */
/* listen_http.c - HTTP by libmicrohttpd, driven by the listen thread. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/listen_parts.h"
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* The library closes on its own only what is silent. A guest that sends a byte now and
 * then holds a place as long as it likes, so we keep the time of the last whole request. */
enum { MEMORY = 16384, SPARE = 8 };

struct guest {
    int fd;
    int64_t since_ms;
    bool sent_away;
    struct guest *older, *newer;
};
struct house {
    struct MHD_Daemon *daemon;
    struct guest *oldest, *newest;
};

static void leave(struct house *h, struct guest *g)
{
    *(g->older ? &g->older->newer : &h->oldest) = g->newer;
    *(g->newer ? &g->newer->older : &h->newest) = g->older;
    g->older = g->newer = NULL;
}

static void enter(struct house *h, struct guest *g)
{
    g->older = h->newest;
    *(h->newest ? &h->newest->newer : &h->oldest) = g;
    h->newest = g;
    g->since_ms = clock_mono_ms();
}

/* The library sees the end of the stream and closes. */
static void send_away(struct listener *l, struct guest *g)
{
    struct house *h = l->http;
    if (!g || g->sent_away)
        return;
    (void)shutdown(g->fd, SHUT_RDWR);
    g->sent_away = true;
    leave(h, g);
    enter(h, g);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **guest,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;
    struct house *h = l->http;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*guest) {
            leave(h, *guest);
            l->nconns--;
        }
        free(*guest);
        *guest = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct guest *g = calloc(1, sizeof *g);
    *guest = g;
    if (!g || !info) {
        free(g);
        *guest = NULL;
        return;
    }
    g->fd = info->connect_fd;
    if (l->nconns >= l->spec.max_connections)
        send_away(l, h->oldest);
    enter(h, g);
    l->nconns++;
}

static void on_done(void *cls, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode code)
{
    struct listener *l = cls;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct guest *g = info ? info->socket_context : NULL;
    (void)request, (void)code;
    if (!g || g->sent_away)
        return;
    leave(l->http, g);
    enter(l->http, g);
}

static enum MHD_Result reply(struct MHD_Connection *c, struct listen_http_answer *a)
{
    bool own = a->body.data == NULL;
    struct MHD_Response *r =
        MHD_create_response_from_buffer(own ? 0 : a->body.len, own ? (void *)"" : a->body.data,
                                        own ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(a->body.data);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, *a->type ? a->type : "text/plain");
    enum MHD_Result ok = MHD_queue_response(c, a->status ? (unsigned)a->status : MHD_HTTP_NOT_FOUND, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_len, void **request)
{
    struct listener *l = cls;
    struct listen_http req = { .method = method, .path = path };
    struct listen_http_answer answer = { 0 };
    struct listen_peer peer = { 0 };
    struct sockaddr_storage from = { 0 };
    (void)version, (void)body;
    /* A first call with the headers alone; a body, if any, comes in pieces and is not kept. */
    if (!*request || *body_len > 0) {
        *request = l;
        *body_len = 0;
        return MHD_YES;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *sa = info ? info->client_addr : NULL;
    if (sa)
        memcpy(&from, sa,
               sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    listen_peer(&from, &peer);
    req.host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    req.host = req.host ? req.host : "";
    l->spec.http(l->spec.arg, &peer, &req, &answer);
    return reply(c, &answer);
}

/* Percent signs are left alone: a token has none, and a path is nobody's file name here. */
static size_t keep_path(void *cls, struct MHD_Connection *c, char *path)
{
    (void)cls, (void)c;
    return strlen(path);
}

static void ready(struct listen_source *s, uint32_t events)
{
    struct house *h = ((struct listener *)s)->http;
    (void)events;
    MHD_run(h->daemon);
}

static int64_t due(struct listener *l, int64_t now_ms)
{
    struct house *h = l->http;
    MHD_UNSIGNED_LONG_LONG wait = 0;
    int64_t next = INT64_MAX;
    while (h->oldest && !h->oldest->sent_away && now_ms - h->oldest->since_ms >= l->spec.idle_ms)
        send_away(l, h->oldest);
    if (MHD_get_timeout(h->daemon, &wait) == MHD_YES && wait == 0)
        MHD_run(h->daemon);
    if (MHD_get_timeout(h->daemon, &wait) == MHD_YES && wait < 3600 * 1000)
        next = now_ms + (int64_t)wait;
    if (h->oldest && !h->oldest->sent_away && h->oldest->since_ms + l->spec.idle_ms < next)
        next = h->oldest->since_ms + l->spec.idle_ms;
    return next;
}

static void stop(struct listener *l)
{
    struct house *h = l->http;
    MHD_stop_daemon(h->daemon); /* closes the sockets and its epoll set */
    l->source.fd = -1;
    free(h);
    l->http = NULL;
}

bool listen_http_start(struct listener *l)
{
    struct house *h = calloc(1, sizeof *h);
    int fd = fcntl(l->source.fd, F_DUPFD_CLOEXEC, 3);
    if (!h || fd < 0) {
        mem_closep(&fd);
        free(h);
        return false;
    }
    l->http = h;
    l->source.ready = ready;
    l->due = due;
    l->stop = stop;
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
                                 MHD_OPTION_CONNECTION_LIMIT, l->spec.max_connections + SPARE,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(l->spec.idle_ms / 1000 + 1),
                                 MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_NOTIFY_COMPLETED,
                                 on_done, l, MHD_OPTION_UNESCAPE_CALLBACK, keep_path, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    int bound = l->source.fd;
    l->source.fd = info ? info->epoll_fd : -1;
    if (l->source.fd < 0 || !listen_watch(l->service, &l->source, EPOLLIN)) {
        if (h->daemon)
            MHD_stop_daemon(h->daemon);
        else
            close(fd);
        l->source.fd = bound;
        free(h);
        return false;
    }
    close(bound);
    return true;
}
