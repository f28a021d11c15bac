/* SPDX-License-Identifier: Apache-2.0 */
/* web.c - a web server inside a test. */
#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 512, REQUEST_MAX = 256 * 1024 };

struct connection {
    struct web *web;
    pthread_t thread;
    int fd;
};
struct web {
    web_handler *handler;
    void *arg;
    int fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    struct connection all[CONNECTIONS];
    unsigned count, now, most;
};

bool web_send(int fd, const char *fmt, ...)
{
    char *text = NULL;
    size_t sent = 0, len;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return false;
    for (len = (size_t)n; sent < len;) {
        ssize_t put = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
        if (put <= 0)
            break;
        sent += (size_t)put;
    }
    free(text);
    return sent == len;
}
static size_t length_of(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? strtoul(at + 17, NULL, 10) : 0;
}
/* Reads one request into `room`; false at the end of the connection. */
static bool read_request(int fd, char *room, struct web_request *req)
{
    size_t have = 0, need = 0;
    char *blank = NULL, *space;

    while (!blank || have < need) {
        ssize_t n = have < REQUEST_MAX ? recv(fd, room + have, REQUEST_MAX - have, 0) : 0;
        if (n <= 0)
            return false;
        have += (size_t)n;
        room[have] = '\0';
        if (!blank && (blank = strstr(room, "\r\n\r\n")))
            need = (size_t)(blank + 4 - room) + length_of(room);
    }
    blank[2] = '\0';
    req->method = room;
    req->body = blank + 4;
    req->len = need - (size_t)(blank + 4 - room);
    req->head = strstr(room, "\r\n") + 2;
    *strstr(room, "\r\n") = '\0';
    space = strchr(room, ' ');
    if (!space)
        return false;
    *space = '\0';
    req->target = space + 1;
    space = strchr(req->target, ' ');
    if (space)
        *space = '\0';
    return true;
}
static void *serve(void *arg)
{
    struct connection *c = arg;
    struct web *w = c->web;
    char *room = malloc(REQUEST_MAX + 1);
    struct web_request req;

    while (room && read_request(c->fd, room, &req)) {
        bool more;
        pthread_mutex_lock(&w->lock);
        if (++w->now > w->most)
            w->most = w->now;
        pthread_mutex_unlock(&w->lock);
        more = w->handler(w->arg, &req, c->fd);
        pthread_mutex_lock(&w->lock);
        w->now--;
        pthread_mutex_unlock(&w->lock);
        if (!more)
            break;
    }
    free(room);
    shutdown(c->fd, SHUT_RDWR);
    return NULL;
}
static void *accept_all(void *arg)
{
    struct web *w = arg;
    for (;;) {
        int one = 1, fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno != EINTR)
            return NULL;
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_mutex_lock(&w->lock);
        struct connection *c = w->count < CONNECTIONS ? &w->all[w->count] : NULL;
        if (c) {
            *c = (struct connection){ .web = w, .fd = fd };
            if (pthread_create(&c->thread, NULL, serve, c) == 0)
                w->count++;
            else
                c = NULL;
        }
        pthread_mutex_unlock(&w->lock);
        if (!c)
            close(fd);
    }
}
struct web *web_start(web_handler *handler, void *arg)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    struct web *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->handler = handler;
    w->arg = arg;
    pthread_mutex_init(&w->lock, NULL);
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&at, len) || listen(w->fd, 128) ||
        getsockname(w->fd, (struct sockaddr *)&at, &len) || pthread_create(&w->thread, NULL, accept_all, w)) {
        if (w->fd >= 0)
            close(w->fd);
        free(w);
        return NULL;
    }
    w->port = ntohs(at.sin_port);
    return w;
}
uint16_t web_port(const struct web *w) { return w->port; }
static unsigned locked(struct web *w, const unsigned *what)
{
    pthread_mutex_lock(&w->lock);
    unsigned n = *what;
    pthread_mutex_unlock(&w->lock);
    return n;
}
unsigned web_connections(struct web *w) { return locked(w, &w->count); }
unsigned web_most_at_once(struct web *w) { return locked(w, &w->most); }
void web_stop(struct web *w)
{
    if (!w)
        return;
    shutdown(w->fd, SHUT_RDWR);
    pthread_join(w->thread, NULL);
    close(w->fd);
    for (unsigned i = 0; i < w->count; i++)
        shutdown(w->all[i].fd, SHUT_RDWR);
    for (unsigned i = 0; i < w->count; i++) {
        pthread_join(w->all[i].thread, NULL);
        close(w->all[i].fd);
    }
    pthread_mutex_destroy(&w->lock);
    free(w);
}
bool web_field(const struct web_request *req, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);

    for (const char *line = req->head; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : NULL)
        if (!strncasecmp(line, name, len) && line[len] == ':') {
            line += len + 1 + strspn(line + len + 1, " ");
            snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return true;
        }
    return false;
}
