/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - a TLS client that looks at what a server serves: connection and handshake. */
#include "crypto/probe.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/probe_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The library speaks into memory, we carry: no signal, no wait but our own. */
struct look {
    const struct probe *p;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl once it is there */
    size_t got;
    STACK_OF(X509) * certs; /* what the server sent */
};
static void look_done(struct look *l)
{
    mem_closep(&l->fd);
    SSL_free(l->ssl);
    SSL_CTX_free(l->ctx);
    sk_X509_pop_free(l->certs, X509_free);
    ERR_clear_error();
}

/* ---- the connection ---- */

static int no_connection(const struct look *l, const char *why, struct outcome *o)
{
    return outcome_fail(o, FL_ETEMP, "%s: cannot connect: %s: see that a server runs and listens there",
                        l->p->address, why);
}
/* False: the deadline is over, or (errno) poll() failed. */
static bool ready(const struct look *l, short events)
{
    struct pollfd fd = { .fd = l->fd, .events = events };

    for (;;) {
        int64_t left = l->p->deadline_ms - clock_mono_ms();
        int n;
        errno = ETIMEDOUT;
        if (left <= 0)
            return false;
        n = poll(&fd, 1, (int)(left > 60000 ? 60000 : left));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}
static int dial(struct look *l, struct outcome *o)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to = { .v6 = { .sin6_family = AF_UNSPEC } };
    char ip[46];
    uint16_t port;
    socklen_t len = sizeof to.v6;
    int error = 0;

    if (!text_address(l->p->address, -1, ip, &port) || port == 0)
        return outcome_fail(o, FL_ECONF, "\"%s\" is no address with a port, as in 192.0.2.1:443",
                            l->p->address);
    if (inet_pton(AF_INET, ip, &to.v4.sin_addr) == 1) {
        to.v4.sin_family = AF_INET;
        to.v4.sin_port = htons(port);
        len = sizeof to.v4;
    } else {
        to.v6.sin6_family = AF_INET6;
        to.v6.sin6_port = htons(port);
        (void)inet_pton(AF_INET6, ip, &to.v6.sin6_addr);
    }
    l->fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return no_connection(l, strerror(errno), o);
    if (connect(l->fd, &to.any, len) == 0)
        return FL_OK;
    if (errno != EINPROGRESS || !ready(l, POLLOUT))
        return no_connection(l, errno == ETIMEDOUT ? "no answer in time" : strerror(errno), o);
    len = sizeof error;
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    return error == 0 ? FL_OK : no_connection(l, strerror(error), o);
}

/* ---- what is offered ---- */

/* Every one is taken; the chain is kept, for the handshake may end behind it. */
static int keep(X509_STORE_CTX *store, void *arg)
{
    struct look *l = arg;
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);

    if (!l->certs && sk_X509_num(sent) > 0)
        l->certs = X509_chain_up_ref(sent);
    return 1;
}
static const struct kind {
    const char *begins, *algorithms, *ciphers;
} kinds[] = {
    { "ec", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA1", "aECDSA:@SECLEVEL=0" },
    { "rsa", "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1",
      "aRSA:@SECLEVEL=0" },
    { "ed25519", "ed25519", "aECDSA:@SECLEVEL=0" },
};
static int restrict_keys(struct look *l, struct outcome *o)
{
    const char *type = l->p->key_type;

    if (!type || !*type)
        return SSL_CTX_set_cipher_list(l->ctx, "ALL:@SECLEVEL=0") == 1 ? FL_OK : outcome_nomem(o);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_starts(type, kinds[i].begins))
            return SSL_CTX_set1_sigalgs_list(l->ctx, kinds[i].algorithms) == 1 &&
                           SSL_CTX_set_cipher_list(l->ctx, kinds[i].ciphers) == 1
                       ? FL_OK
                       : outcome_nomem(o);
    return outcome_fail(o, FL_ECONF, "\"%s\" is no type of key", type);
}
static int offer_protocols(struct look *l, struct outcome *o)
{
    uint8_t wire[1024];
    unsigned n = 0;

    for (const char *const *a = l->p->alpn; a && *a; a++) {
        size_t len = strlen(*a);
        if (len == 0 || len > 255 || n + 1 + len > sizeof wire)
            return outcome_fail(o, FL_ECONF, "\"%s\" is no ALPN protocol, or they are too many", *a);
        wire[n] = (uint8_t)len;
        memcpy(wire + n + 1, *a, len);
        n += 1 + (unsigned)len;
    }
    return n == 0 || SSL_set_alpn_protos(l->ssl, wire, n) == 0 ? FL_OK : outcome_nomem(o);
}
static int name_server(struct look *l, struct outcome *o)
{
    const char *sni = l->p->sni;
    char ip[46];
    bool v6;

    if (!sni || !*sni || text_ip(sni, ip, &v6))
        return FL_OK;
    if (strlen(sni) > 253 || strpbrk(sni, " */") || SSL_set_tlsext_host_name(l->ssl, sni) != 1)
        return outcome_fail(o, FL_ECONF, "\"%s\" is no host name to ask a server for", sni);
    return FL_OK;
}
static int make_client(struct look *l, struct outcome *o)
{
    int code;

    l->ctx = SSL_CTX_new(TLS_client_method());
    if (!l->ctx)
        return outcome_nomem(o);
    SSL_CTX_set_security_level(l->ctx, 0);
    (void)SSL_CTX_set_min_proto_version(l->ctx, TLS1_VERSION);
    (void)SSL_CTX_set_options(l->ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_cert_verify_callback(l->ctx, keep, l);
    code = restrict_keys(l, o);
    if (code != FL_OK)
        return code;
    l->ssl = SSL_new(l->ctx);
    l->in = BIO_new(BIO_s_mem());
    l->out = BIO_new(BIO_s_mem());
    if (!l->ssl || !l->in || !l->out) {
        BIO_free(l->in);
        BIO_free(l->out);
        return outcome_nomem(o);
    }
    SSL_set_bio(l->ssl, l->in, l->out);
    code = offer_protocols(l, o);
    return code == FL_OK ? name_server(l, o) : code;
}

/* ---- the handshake ---- */

static int broken_off(const struct look *l, const char *why, struct outcome *o)
{
    return outcome_fail(o, FL_EPROTO, "%s: connected, but what answers there speaks no TLS: %s",
                        l->p->address, why);
}
static int silent(const struct look *l, struct outcome *o)
{
    return errno == ETIMEDOUT
               ? outcome_fail(o, FL_ETEMP, "%s: connected, but the TLS handshake was not done in time",
                              l->p->address)
               : outcome_fail(o, FL_ETEMP, "%s: %s", l->p->address, strerror(errno));
}
static int send_all(struct look *l, struct outcome *o)
{
    char *data;
    long left = BIO_get_mem_data(l->out, &data);

    while (left > 0) {
        ssize_t n = send(l->fd, data, (size_t)left, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!ready(l, POLLOUT))
                return silent(l, o);
        } else if (n < 0)
            return broken_off(l, strerror(errno), o);
        else {
            data += n;
            left -= n;
        }
    }
    (void)BIO_reset(l->out);
    return FL_OK;
}
static int receive_some(struct look *l, struct outcome *o)
{
    char data[16384];
    ssize_t n;

    do {
        if (!ready(l, POLLIN))
            return silent(l, o);
        n = recv(l->fd, data, sizeof data, 0);
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n <= 0)
        return broken_off(l, n == 0 ? "it closes the connection without a word" : strerror(errno), o);
    l->got += (size_t)n;
    if (l->got > PROBE_BYTES)
        return broken_off(l, "its handshake does not end", o);
    return BIO_write(l->in, data, (int)n) == (int)n ? FL_OK : outcome_nomem(o);
}
static int refused(const struct look *l, struct outcome *o)
{
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    if (reason == ERR_R_MALLOC_FAILURE)
        return outcome_nomem(o);
    if (reason < SSL_AD_REASON_OFFSET)
        return broken_off(l, text ? text : "the handshake fails", o);
    return outcome_fail(o, FL_EREJECT, "%s: connected, but the server refuses the TLS handshake%s%s: %s",
                        l->p->address, l->p->sni && *l->p->sni ? " for " : "", l->p->sni ? l->p->sni : "",
                        SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
}
static int shake(struct look *l, struct outcome *o)
{
    for (;;) {
        int n, how, code;
        ERR_clear_error();
        n = SSL_connect(l->ssl);
        how = n == 1 ? SSL_ERROR_NONE : SSL_get_error(l->ssl, n);
        if (how != SSL_ERROR_NONE && how != SSL_ERROR_WANT_READ)
            return refused(l, o);
        code = send_all(l, o);
        if (code != FL_OK || how == SSL_ERROR_NONE)
            return code;
        code = receive_some(l, o);
        if (code != FL_OK)
            return code;
    }
}
static void note_session(const struct look *l, struct served *out)
{
    const unsigned char *alpn;
    unsigned len;

    (void)text_copy(out->protocol, sizeof out->protocol, SSL_get_version(l->ssl));
    (void)text_copy(out->cipher, sizeof out->cipher, SSL_get_cipher_name(l->ssl));
    SSL_get0_alpn_selected(l->ssl, &alpn, &len);
    if (len > 0 && len < sizeof out->alpn)
        memcpy(out->alpn, alpn, len);
}
int probe_served(const struct probe *p, struct served *out, struct outcome *o)
{
    cleanup_(look_done) struct look l = { .p = p, .fd = -1 };
    struct served s = { .complete = false };
    int code = make_client(&l, o);

    if (code == FL_OK)
        code = dial(&l, o);
    if (code == FL_OK)
        code = shake(&l, o);
    s.complete = code == FL_OK;
    if (code == FL_ENOMEM || !l.certs)
        return code == FL_OK ? broken_off(&l, "it serves no certificate", o) : code;
    if (!served_read(l.certs, &s)) {
        served_done(&s);
        return outcome_nomem(o);
    }
    if (s.complete)
        note_session(&l, &s);
    *out = s;
    return outcome_ok(o);
}
