/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - listeners: datagrams, streams and HTTP, on one I/O thread. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>

/* Knows nothing of plugins: plugin/host adapts fl_listen() to it. Handlers run on the
 * listen thread, one at a time; they may wait for a lane, never for the network. */
struct listen; /* the service: the thread, its epoll set, its sockets */
int listen_new(struct listen **out, struct outcome *o);
void listen_free(struct listen *l); /* closes every listener, joins the thread */

struct listen_peer {
    char address[46];
    uint16_t port;
};
struct listen_bytes {
    char *data; /* allocated by the handler, freed by the service */
    size_t len;
};
struct listen_http {
    const char *method, *path, *host;
};
struct listen_http_answer {
    int status; /* 0: 404 */
    char type[64]; /* "": text/plain */
    struct listen_bytes body;
};
struct listen_spec {
    const char *address; /* "[::]:80"; "[::]" serves IPv4 too */
    void *arg;
    void (*datagram)(void *arg, const struct listen_peer *from, const void *data, size_t len, struct listen_bytes *out);
    /* false: close the connection */
    bool (*stream)(void *arg, const struct listen_peer *from, const void *data, size_t len, size_t *used_out,
                   struct listen_bytes *out);
    void (*http)(void *arg, const struct listen_peer *from, const struct listen_http *req,
                 struct listen_http_answer *out);
    int64_t idle_ms;          /* 0: 10 s */
    unsigned max_connections; /* 0: 256 */
};
/* A socket from systemd (LISTEN_FDS) with that address is used when there is one. The
 * message of FL_ECONF says what holds the port or which right is missing. */
struct listener;
int listen_add(struct listen *l, const struct listen_spec *spec, struct listener **out, uint16_t *port_out,
               struct outcome *o);
/* After it returns the handlers are not called any more. */
void listen_remove(struct listen *l, struct listener *listener);

#endif
