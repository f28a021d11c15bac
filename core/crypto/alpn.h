/* SPDX-License-Identifier: Apache-2.0 */
/* alpn.h - the server's side of TLS handshakes that are all there is to say (RFC 8737). */
#ifndef CRYPTO_ALPN_H
#define CRYPTO_ALPN_H

#include "base/buf.h"
#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Knows no sockets: bytes in, bytes out. A client that offers the protocol and asks for a name that is known gets its
 * certificate; when the handshake is done the connection is closed, for there is nothing else to be had (RFC 8737 section
 * 3). TLS 1.2 and 1.3; no tickets, no sessions, no renegotiation. Nothing is computed, and nobody is asked for a certificate,
 * before protocol and name are right. The others get an alert and are closed: no_application_protocol (another protocol, or
 * none), unrecognized_name (another name, or none), or what the library says to what is no TLS.
 */
enum { ALPN_INPUT_MAX = 20000 }; /* of one client; who sends more before its handshake is done is closed */
struct alpn;                     /* what the connections of one listener share; const, any thread */
int alpn_new(const char *protocol, struct alpn **out, struct outcome *o);
void alpn_free(struct alpn *a); /* talks that have begun go on; NULL is fine */

/* What the name stands for: PEM, allocated; wiped and freed by who asked. */
struct alpn_identity {
    char *cert_pem, *key_pem;
};
/* `server_name`: as asked for, lower case, a name of letters, digits, '-', '_' and dots. False: not known. */
typedef bool alpn_choose(void *arg, const char *server_name, struct alpn_identity *out);

struct alpn_talk;                             /* one connection, in one thread at a time */
struct alpn_talk *alpn_begin(struct alpn *a); /* NULL: no memory */
void alpn_end(struct alpn_talk *t);
/* What the client sent; what it is to be told is added to `out`. False: that is all, close behind it. */
bool alpn_hear(struct alpn_talk *t, const void *data, size_t len, alpn_choose *choose, void *arg,
               struct buf *out);

#endif
