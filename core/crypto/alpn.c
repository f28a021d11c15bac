/* SPDX-License-Identifier: Apache-2.0 */
/* alpn.c - the server's side of TLS handshakes that are all there is to say (RFC 8737). */
#include "crypto/alpn.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

enum { PROTOCOL_MAX = 32, HELLO_NAME = 253 };
struct alpn {
    SSL_CTX *ctx;
    char protocol[PROTOCOL_MAX];
};
struct alpn_talk {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    size_t heard;
    /* of the call of alpn_hear() that is going on */
    alpn_choose *choose;
    void *arg;
    char protocol[PROTOCOL_MAX];
};

/* ---- what the client says first ---- */

/* A vector (RFC 8446 section 3.4) with a length of `width` octets at the beginning of *p: its content; *p and *len move
 * behind it. */
static const uint8_t *vector(const uint8_t **p, size_t *len, size_t width, size_t *len_out)
{
    size_t n = 0;
    const uint8_t *body;

    if (*len < width)
        return NULL;
    for (size_t i = 0; i < width; i++)
        n = n << 8 | (*p)[i];
    body = *p + width;
    if (*len - width < n)
        return NULL;
    *p = body + n;
    *len -= width + n;
    *len_out = n;
    return body;
}
static bool offers(SSL *ssl, const char *protocol)
{
    const uint8_t *p, *list;
    size_t len, n, one;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &p, &len) != 1 ||
        !(list = vector(&p, &len, 2, &n)))
        return false;
    while (n > 0) {
        const uint8_t *name = vector(&list, &n, 1, &one);
        if (!name)
            return false;
        if (one == strlen(protocol) && !memcmp(name, protocol, one))
            return true;
    }
    return false;
}
/* RFC 6066 section 3: a list of which only one host name has ever been used. */
static bool read_name(const uint8_t *p, size_t len, char out[HELLO_NAME + 1])
{
    const uint8_t *name, *list;
    size_t n, all;

    list = vector(&p, &len, 2, &all);
    if (!list || all < 3 || list[0] != TLSEXT_NAMETYPE_host_name)
        return false;
    list++;
    all--;
    name = vector(&list, &all, 2, &n);
    if (!name || n == 0 || n > HELLO_NAME)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum(name[i]) && name[i] != '-' && name[i] != '_' && name[i] != '.')
            return false;
        out[i] = (char)tolower(name[i]);
    }
    out[n] = '\0';
    return true;
}

/* ---- the certificate ---- */

static bool use(SSL *ssl, const struct alpn_identity *id)
{
    BIO *cert_bio = BIO_new_mem_buf(id->cert_pem, -1), *key_bio = BIO_new_mem_buf(id->key_pem, -1);
    X509 *cert = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL) : NULL;
    bool good = cert && key && SSL_use_certificate(ssl, cert) == 1 && SSL_use_PrivateKey(ssl, key) == 1;

    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    return good;
}
static int alert(int *alert_out, int description)
{
    *alert_out = description;
    return SSL_CLIENT_HELLO_ERROR;
}
static int on_hello(SSL *ssl, int *alert_out, void *arg)
{
    struct alpn_talk *t = SSL_get_app_data(ssl);
    struct alpn_identity id = { 0 };
    char name[HELLO_NAME + 1];
    const uint8_t *p;
    size_t len;
    bool known, good;

    (void)arg;
    if (!offers(ssl, t->protocol))
        return alert(alert_out, SSL_AD_NO_APPLICATION_PROTOCOL);
    known = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &len) == 1 &&
            read_name(p, len, name) && t->choose(t->arg, name, &id);
    good = known && id.cert_pem && id.key_pem && use(ssl, &id);
    free(id.cert_pem);
    mem_wipe_free(id.key_pem);
    if (!good)
        return alert(alert_out, known ? SSL_AD_INTERNAL_ERROR : SSL_AD_UNRECOGNIZED_NAME);
    return SSL_CLIENT_HELLO_SUCCESS;
}
/* It is among what is offered: on_hello() has looked. */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *len_out, const unsigned char *in,
                        unsigned in_len, void *arg)
{
    const struct alpn_talk *t = SSL_get_app_data(ssl);

    (void)in, (void)in_len, (void)arg;
    *out = (const unsigned char *)t->protocol;
    *len_out = (unsigned char)strlen(t->protocol);
    return SSL_TLSEXT_ERR_OK;
}

/* ---- one connection ---- */

static SSL *talk_ssl(struct alpn *a, struct alpn_talk *t)
{
    SSL *ssl = SSL_new(a->ctx);

    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!ssl || !t->in || !t->out || SSL_set_app_data(ssl, t) != 1) {
        BIO_free(t->in);
        BIO_free(t->out);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_mem_eof_return(t->in, -1); /* empty is "not yet" */
    SSL_set_bio(ssl, t->in, t->out);
    SSL_set_accept_state(ssl);
    return ssl;
}
struct alpn_talk *alpn_begin(struct alpn *a)
{
    struct alpn_talk *t = calloc(1, sizeof *t);

    if (t)
        memcpy(t->protocol, a->protocol, PROTOCOL_MAX);
    if (t && (t->ssl = talk_ssl(a, t)))
        return t;
    ERR_clear_error();
    free(t);
    return NULL;
}
void alpn_end(struct alpn_talk *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    free(t);
}
static void take_out(struct alpn_talk *t, struct buf *out)
{
    char *data;
    long len = BIO_get_mem_data(t->out, &data);

    if (len > 0)
        (void)buf_add(out, data, (size_t)len);
    (void)BIO_reset(t->out);
}
bool alpn_hear(struct alpn_talk *t, const void *data, size_t len, alpn_choose *choose, void *arg,
               struct buf *out)
{
    int n, error;

    t->heard += len;
    if (t->heard > ALPN_INPUT_MAX || BIO_write(t->in, data, (int)len) != (int)len)
        return false;
    t->choose = choose;
    t->arg = arg;
    ERR_clear_error();
    n = SSL_do_handshake(t->ssl);
    error = n == 1 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, n);
    if (n == 1)
        (void)SSL_shutdown(t->ssl); /* close_notify: an end, and not an accident */
    ERR_clear_error();
    take_out(t, out);
    return error == SSL_ERROR_WANT_READ && !out->failed;
}

/* ---- what they share ---- */

int alpn_new(const char *protocol, struct alpn **out, struct outcome *o)
{
    struct alpn *a = calloc(1, sizeof *a);

    if (!a || !text_copy(a->protocol, PROTOCOL_MAX, protocol) ||
        !(a->ctx = SSL_CTX_new(TLS_server_method())) ||
        SSL_CTX_set_min_proto_version(a->ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(a->ctx, 0) != 1) {
        alpn_free(a);
        ERR_clear_error();
        return outcome_nomem(o);
    }
    SSL_CTX_set_options(a->ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(a->ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(a->ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_client_hello_cb(a->ctx, on_hello, NULL);
    SSL_CTX_set_alpn_select_cb(a->ctx, on_protocols, NULL);
    *out = a;
    return FL_OK;
}
void alpn_free(struct alpn *a)
{
    if (!a)
        return;
    SSL_CTX_free(a->ctx);
    free(a);
}
