/* SPDX-License-Identifier: Apache-2.0 */
/* listen_parts.h - what the files of the listen service share. */
#ifndef NET_LISTEN_PARTS_H
#define NET_LISTEN_PARTS_H

#include "net/listen.h"
#include <stdint.h>
#include <sys/socket.h>

/* Anything in the epoll set. Sources that end while events are being worked through are kept
 * until all are done: another event may still point to them. */
struct listen_source {
    int fd;
    void (*ready)(struct listen_source *s, uint32_t events);
    bool dead;
    void (*drop)(struct listen_source *s);
    struct listen_source *next_dead;
};

struct listen_conn;
struct listener {
    struct listen_source source; /* the socket, or libmicrohttpd's own epoll set */
    struct listen *service;
    struct listen_spec spec;       /* without its address; limits filled in */
    bool wildcard;                 /* bound to all addresses of a family or both */
    struct sockaddr_storage asked; /* the address that it was asked for, and what became of its port */
    uint16_t port;
    struct listener *next_offer; /* belongs to the thread that hands over, as `offered` does */
    bool offered;
    /* Called by the thread: what is due, and when to call again (clock_mono_ms(), INT64_MAX: never). */
    int64_t (*due)(struct listener *l, int64_t now_ms);
    void (*stop)(struct listener *l);
    struct listen_conn *oldest, *newest; /* in order of their last progress */
    unsigned nconns;
    int64_t pause_until_ms; /* no descriptors: not accepting until then; 0: accepting */
    void *http;             /* struct MHD_Daemon */
    struct listener *next;
};

/* listen.c */
bool listen_watch(struct listen *l, struct listen_source *s, uint32_t events);
bool listen_rewatch(struct listen *l, struct listen_source *s, uint32_t events);
/* Closes the descriptor; s->drop(s) frees it later. */
void listen_bury(struct listen *l, struct listen_source *s);
void listen_peer(const struct sockaddr_storage *from, struct listen_peer *out);

/* listen_socket.c: an address with its port; false: it is none. */
bool listen_address(const char *address, struct sockaddr_storage *at, bool *wildcard_out);
bool listen_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* A bound (and, for streams, listening) socket. */
int listen_socket(const char *address, int type, int *fd_out, uint16_t *port_out, bool *wildcard_out,
                  struct outcome *o);
void listen_adopt(void); /* close-on-exec for what systemd has handed over */
/* listen_holder.c: "nginx (pid 812)" has that address or one that includes it; or false: cannot be told. */
bool listen_holder(int type, const struct sockaddr_storage *at, uint16_t port, char out[64]);

/* Each makes the listener's socket work; false: no memory or descriptors. */
bool listen_datagram_start(struct listener *l);
bool listen_stream_start(struct listener *l);
bool listen_http_start(struct listener *l);

#endif
