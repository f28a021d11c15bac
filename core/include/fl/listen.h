/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fl/listen.h - listeners: the host owns sockets and threads, a plugin answers.
 *
 * Callbacks run in the instance's lane (never beside another call on it unless
 * FL_PARALLEL), on the host's I/O thread, never before open() has returned FL_OK:
 * they compute from fl_self() and do no I/O; fl_http(), fl_exchange(), fl_run(),
 * fl_records() and fl_published() refuse with FL_ECONF in them. What they put into
 * `out` is copied when they return; after another code than FL_OK it is not sent
 * (on_http: 500).
 */
#ifndef FL_LISTEN_H
#define FL_LISTEN_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fl_from {
    const char *address; /* of the peer, "192.0.2.1" */
    uint16_t port;
};
struct fl_bytes {
    const void *data; /* allocated with fl_alloc(), or constant */
    size_t len;       /* 0: say nothing */
};

struct fl_http_request {
    const char *method, *path; /* path as sent, without the query; percent signs are left alone */
    const char *host;          /* the Host header; "" : none */
};
struct fl_http_answer {
    int status;       /* 0: 404 */
    const char *type; /* NULL: text/plain */
    struct fl_bytes body;
};

/* Certificate (leaf alone) and key, both PEM. */
struct fl_identity {
    const char *cert_pem, *key_pem;
};

struct fl_listen {
    const char *address; /* as FL_ADDRESS gives it; port 0: any, see fl_listen()'s port_out */
    /* Exactly one of these four says what kind of listener it is. */
    int (*on_datagram)(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                       struct fl_bytes *out);
    /* `data` is all that was received and not yet consumed (at most 66,000 bytes). Say how much of it
     * was used up and what to send; nothing used: called again with more. Another code than FL_OK
     * closes the connection. Several messages in one buffer: called until nothing is used up. */
    int (*on_stream)(struct fl_ctx *ctx, const struct fl_from *from, const void *data, size_t len,
                     size_t *used_out, struct fl_bytes *out);
    int (*on_http)(struct fl_ctx *ctx, const struct fl_from *from, const struct fl_http_request *req,
                   struct fl_http_answer *out);
    /* Instead of a callback, TLS handshakes and nothing else (RFC 8737): the host makes them with clients that offer this
     * one protocol ("acme-tls/1") and ask for a name that fl_tls_show() has said, and closes behind them. Others get the
     * alert no_application_protocol or unrecognized_name. */
    const char *alpn;
    /* A connection without traffic is closed; with `alpn` the whole handshake has this time. 0: 10 s. */
    int64_t idle_ms;
    uint32_t max_connections; /* 0: 256; the one idle longest makes room */
};
/* Only in open(). The listener ends with the instance. FL_ECONF: the address
 * cannot be bound (the message says why and what to do). Sockets handed over by systemd
 * are taken by address. `port_out` (may be NULL) gets the bound port. Commands that do
 * not serve bind nothing: FL_OK, and the port that was asked for. */
FL_EXPORT int fl_listen(struct fl_ctx *ctx, const struct fl_listen *spec, uint16_t *port_out);

/* From now on the instance's listeners with `alpn` show this certificate to clients that ask for that name in SNI (1 to
 * 253 letters, digits, '-', '_', dots; any case), in place of the one before; `id` NULL: the name is not known any more.
 * Copied. In any call but check(). */
FL_EXPORT int fl_tls_show(struct fl_ctx *ctx, const char *server_name, const struct fl_identity *id);

#ifdef __cplusplus
}
#endif

#endif
