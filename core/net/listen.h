/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - listeners: datagrams, streams and HTTP, on one I/O thread. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Knows nothing of plugins: plugin/host adapts fl_listen() to it. One thread waits for all
 * sockets; nothing on it ever waits for a peer. Handlers run on that thread, one at a time; they may
 * wait for a lane, never for the network, and do not call listen_*() functions.
 */
struct listen; /* the service: the thread, its epoll set, its sockets */
/* Takes note of the sockets that systemd has handed over (and keeps them from children). */
int listen_new(struct listen **out, struct outcome *o);
void listen_free(struct listen *l); /* closes every listener, joins the thread */

struct listen_peer {
    char address[46]; /* canonical; IPv4 also when it came to an IPv6 socket */
    uint16_t port;
};
struct listen_bytes {
    char *data; /* allocated by the handler, freed by the service */
    size_t len; /* 0: say nothing */
};
struct listen_http {
    const char *method, *path, *host; /* path as sent, without the query; host "": none */
};
struct listen_http_answer {
    int status;    /* 0: 404 */
    char type[64]; /* "": text/plain */
    struct listen_bytes body;
};

enum { LISTEN_INPUT_MAX = 66000 };
/* Connections with a state of their own, of short conversations such as a TLS handshake. */
struct listen_talk {
    /* Made when the first bytes come; NULL: the connection is closed. The state does not depend on `arg`, which another one
     * may take the place of (listen_switch()). */
    void *(*begin)(void *arg);
    /* What came is used up. False: close when `out` has been sent. */
    bool (*hear)(void *arg, void *state, const struct listen_peer *from, const void *data, size_t len,
                 struct listen_bytes *out);
    void (*end)(void *state);
};
struct listen_spec {
    const char *address; /* "[::]:80"; "[::]" serves IPv4 too; port 0: any */
    void *arg;
    /* Exactly one of these. A datagram's answer leaves from the address that it was sent to. */
    void (*datagram)(void *arg, const struct listen_peer *from, const void *data, size_t len,
                     struct listen_bytes *out);
    /* `data` is what has come and was not used up, at most LISTEN_INPUT_MAX bytes: full, and nothing used, ends
     * the connection. Called again while it uses something up; no more input is read while answers are
     * waiting for a slow reader. False: close, without sending `out`. */
    bool (*stream)(void *arg, const struct listen_peer *from, const void *data, size_t len, size_t *used_out,
                   struct listen_bytes *out);
    void (*http)(void *arg, const struct listen_peer *from, const struct listen_http *req,
                 struct listen_http_answer *out);
    const struct listen_talk *talk; /* const while the service lives */
    /* Without a whole message or request, or without taking its answer; of talks, from the beginning to the end, whatever is
     * said meanwhile. 0: 10 s. */
    int64_t idle_ms;
    unsigned max_connections; /* the one that is idle longest makes room; 0: 256 */
};
/* Starts to listen. A socket from systemd (LISTEN_FDS) of that kind and address is used when there
 * is one. FL_ECONF: the message says what holds the port or which right is missing; FL_ETEMP: no
 * descriptors; FL_ENOMEM. `spec` is copied. */
struct listener;
int listen_add(struct listen *l, const struct listen_spec *spec, struct listener **out, uint16_t *port_out,
               struct outcome *o);
/* After it returns the handlers are not called any more. The caller holds no lock that a handler may
 * wait for. NULL is fine. */
void listen_remove(struct listen *l, struct listener *listener);

/* ---- handing sockets over: a new owner beside the old one, and nobody who asks is refused ---- *
 * All from the one thread that adds and removes listeners. */

/* Whoever asks for that address may have the socket; its handlers go on until listen_switch(). False: not any more. */
void listen_offer(struct listen *l, struct listener *listener, bool offered);
/* The listener that is offered at exactly this address, with the same kind of handler; it is not offered any more. NULL: none. */
struct listener *listen_claim(struct listen *l, const struct listen_spec *spec, uint16_t *port_out);
/* From now on (the old handlers are not called any more when it returns) the handlers of `spec` answer, also on connections that are
 * open. Its address is not looked at. Returns the `arg` that was served before. */
void *listen_switch(struct listen *l, struct listener *listener, const struct listen_spec *spec);

#endif
