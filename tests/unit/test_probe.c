/* SPDX-License-Identifier: Apache-2.0 */
/* test_probe.c - what a TLS server serves, seen by a client that believes nothing. */
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/chain.h"
#include "crypto/probe.h"
#include "test_ca.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a server that does one connection as it is told ---- */

enum manner { SERVES, SPEAKS_HTTP, SAYS_NOTHING, CLOSES, WANTS_CLIENT, KNOWS_NO_NAME, TALKS_FOR_EVER };
struct server {
    enum manner manner;
    const struct test_cert *certs[2], *issuer;
    const char *max; /* "TLSv1.2": no newer */
    int fd;
    char address[64], sni[256];
    pthread_t thread;
};
static void use(SSL_CTX *ctx, const struct test_cert *cert, const struct test_cert *issuer)
{
    char *key = test_cert_key_pem(cert), *leaf = test_cert_pem(cert), *ca = test_cert_pem(issuer);
    BIO *b[3] = { BIO_new_mem_buf(key, -1), BIO_new_mem_buf(leaf, -1), BIO_new_mem_buf(ca, -1) };
    EVP_PKEY *k = PEM_read_bio_PrivateKey(b[0], NULL, NULL, NULL);
    X509 *x = PEM_read_bio_X509(b[1], NULL, NULL, NULL), *top = PEM_read_bio_X509(b[2], NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_cert_and_key(ctx, x, k, NULL, 1), 1);
    assert_int_equal(SSL_CTX_add1_chain_cert(ctx, top), 1);
    for (int i = 0; i < 3; i++)
        BIO_free(b[i]);
    EVP_PKEY_free(k);
    X509_free(x);
    X509_free(top);
    free(key);
    free(leaf);
    free(ca);
}
static int on_name(SSL *ssl, int *alert, void *arg)
{
    struct server *s = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(s->sni, sizeof s->sni, "%s", name ? name : "none");
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return s->manner == KNOWS_NO_NAME ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
}
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
                   unsigned n, void *arg)
{
    (void)ssl, (void)arg, (void)in, (void)n;
    *out = (const unsigned char *)"h2";
    *len = 2;
    return SSL_TLSEXT_ERR_OK;
}
static void shake(struct server *s, int fd)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl;
    for (size_t i = 0; i < 2 && s->certs[i]; i++)
        use(ctx, s->certs[i], s->issuer);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, s);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    if (s->max)
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    if (s->manner == WANTS_CLIENT)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    (void)SSL_accept(ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}
static void *serve(void *arg)
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct server *s = arg;
    char sink[4096], record[5 + 16384] = { 22, 3, 3, 0x3f, (char)0xff };
    sigset_t pipe; /* the library's server may raise it; ours must do without that */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    int fd = accept(s->fd, NULL, NULL);
    if (fd < 0)
        return NULL;
    switch (s->manner) {
    case SPEAKS_HTTP:
        (void)!send(fd, http, sizeof http - 1, MSG_NOSIGNAL);
        (void)!recv(fd, sink, sizeof sink, 0);
        break;
    case SAYS_NOTHING:
        while (recv(fd, sink, sizeof sink, 0) > 0)
            continue;
        break;
    case CLOSES: (void)!recv(fd, sink, sizeof sink, 0); break;
    case TALKS_FOR_EVER: /* one handshake message of 16 MiB */
        memcpy(record + 5, "\x0b\xff\xff\xff", 4);
        while (send(fd, record, sizeof record, MSG_NOSIGNAL) > 0)
            continue;
        break;
    default: shake(s, fd); break;
    }
    close(fd);
    return NULL;
}
static void start(struct server *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}
static void stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    close(s->fd);
    pthread_join(s->thread, NULL);
}

/* ---- certificates ---- */

struct set {
    struct test_cert *root, *ec, *rsa;
};
static const char *const names[] = { "example.test", "*.example.test", "127.0.0.9", NULL };
static int set_up(void **state)
{
    static const struct test_cert_spec root = { .cn = "the root", .ca = true };
    static const struct test_cert_spec ec = { .names = names, .serial = "00f00001" };
    static const struct test_cert_spec rsa = { .names = names, .serial = "0123", .key = "RSA" };
    struct set *s = calloc(1, sizeof *s);
    s->root = test_cert_new(&root, NULL);
    s->ec = test_cert_new(&ec, s->root);
    s->rsa = test_cert_new(&rsa, s->root);
    *state = s;
    return 0;
}
static int tear_down(void **state)
{
    struct set *s = *state;
    test_cert_free(s->ec);
    test_cert_free(s->rsa);
    test_cert_free(s->root);
    free(s);
    return 0;
}
static int look(struct server *s, const char *sni, const char *key_type, struct served *out,
                struct outcome *o)
{
    static const char *const alpn[] = { "h2", "http/1.1", NULL };
    const struct probe p = { .address = s->address,
                             .sni = sni,
                             .key_type = key_type,
                             .alpn = alpn,
                             .deadline_ms = clock_mono_ms() + 5000 };
    memset(out, 0, sizeof *out);
    return probe_served(&p, out, o);
}
/* The same number in the same words as those of the certificate that a sink was given. */
static void serial_is(const struct served *s, const struct test_cert *cert)
{
    struct chain chain = { .length = 0 };
    struct outcome o;
    auto_free char *pem = test_cert_pem(cert);
    assert_int_equal(chain_parse(pem, strlen(pem), &chain, &o), FL_OK);
    assert_string_equal(s->serial, chain.serial);
    assert_string_equal(s->sha256, chain.sha256);
    assert_int_equal(s->not_after_at, chain.not_after_at);
    assert_int_equal(s->not_before_at, chain.not_before_at);
    chain_done(&chain);
}

static void what_is_served_is_told_whole(void **state)
{
    struct set *set = *state;
    struct server s = { .certs = { set->ec }, .issuer = set->root };
    struct test_cert *const sent[] = { set->ec, set->root };
    auto_free char *chain = test_cert_chain((const struct test_cert *const *)sent, 2);
    struct served got;
    struct outcome o;
    start(&s);
    assert_int_equal(look(&s, "example.test", NULL, &got, &o), FL_OK);
    stop(&s);
    serial_is(&got, set->ec);
    assert_string_equal(got.serial, "00f00001");
    assert_string_equal(got.key_type, "ec256");
    assert_string_equal(got.issuer, "the root");
    assert_string_equal(got.names[0], "example.test");
    assert_string_equal(got.names[2], "127.0.0.9");
    assert_null(got.names[3]);
    assert_int_equal(got.ncerts, 2);
    assert_string_equal(got.chain_pem, chain);
    assert_true(got.complete);
    assert_string_equal(got.protocol, "TLSv1.3");
    assert_string_equal(got.alpn, "h2");
    assert_true(*got.cipher);
    assert_string_equal(s.sni, "example.test");
    served_done(&got);
}
static void an_address_is_never_sent_as_a_name(void **state)
{
    struct set *set = *state;
    struct server s = { .certs = { set->ec }, .issuer = set->root };
    struct served got;
    struct outcome o;
    start(&s);
    assert_int_equal(look(&s, "127.0.0.9", NULL, &got, &o), FL_OK);
    stop(&s);
    assert_string_equal(s.sni, "none");
    served_done(&got);
}
static void each_type_of_key_can_be_asked_for(void **state)
{
    struct set *set = *state;
    const struct {
        const char *max, *ask;
        const struct test_cert *get;
    } cases[] = { { NULL, "ec256", set->ec },
                  { NULL, "rsa2048", set->rsa },
                  { "TLSv1.2", "ec384", set->ec },
                  { "TLSv1.2", "rsa4096", set->rsa } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server s = { .certs = { set->ec, set->rsa }, .issuer = set->root, .max = cases[i].max };
        struct served got;
        struct outcome o;
        start(&s);
        assert_int_equal(look(&s, "example.test", cases[i].ask, &got, &o), FL_OK);
        stop(&s);
        serial_is(&got, cases[i].get);
        assert_true(got.complete);
        assert_string_equal(got.protocol, cases[i].max ? cases[i].max : "TLSv1.3");
        served_done(&got);
    }
}
static void a_server_without_such_a_key_refuses(void **state)
{
    struct set *set = *state;
    struct server s = { .certs = { set->ec }, .issuer = set->root };
    char expected[256];
    struct served got;
    struct outcome o;
    start(&s);
    assert_int_equal(look(&s, "example.test", "rsa2048", &got, &o), FL_EREJECT);
    stop(&s);
    snprintf(expected, sizeof expected,
             "%s: connected, but the server refuses the TLS handshake for example.test: handshake failure",
             s.address);
    assert_string_equal(o.msg, expected);
}
static void a_server_that_wants_a_certificate_has_shown_its_own(void **state)
{
    struct set *set = *state;
    struct server s = { .manner = WANTS_CLIENT, .certs = { set->ec }, .issuer = set->root, .max = "1.2" };
    struct served got;
    struct outcome o;
    start(&s);
    assert_int_equal(look(&s, "example.test", NULL, &got, &o), FL_OK);
    stop(&s);
    serial_is(&got, set->ec);
    assert_false(got.complete);
    assert_string_equal(got.protocol, "");
    served_done(&got);
}
static void what_goes_wrong_is_told_apart(void **state)
{
    static const struct {
        enum manner manner;
        int code;
        const char *words;
    } cases[] = {
        { SPEAKS_HTTP, FL_EPROTO, "connected, but what answers there speaks no TLS: wrong version number" },
        { CLOSES, FL_EPROTO,
          "connected, but what answers there speaks no TLS: it closes the connection without a word" },
        { KNOWS_NO_NAME, FL_EREJECT,
          "connected, but the server refuses the TLS handshake for example.test: unrecognized name" },
        { TALKS_FOR_EVER, FL_EPROTO, "connected, but what answers there speaks no TLS: " },
    };
    struct set *set = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server s = { .manner = cases[i].manner, .certs = { set->ec }, .issuer = set->root };
        struct served got;
        struct outcome o;
        char expected[512];
        start(&s);
        assert_int_equal(look(&s, "example.test", NULL, &got, &o), cases[i].code);
        stop(&s);
        snprintf(expected, sizeof expected, "%s: %s", s.address, cases[i].words);
        if (strncmp(o.msg, expected, strlen(expected)) != 0)
            fail_msg("%zu: %s", i, o.msg);
        assert_int_equal(got.ncerts, 0);
        served_done(&got);
    }
}
static void nobody_there_and_nobody_in_time_are_failures_of_the_network(void **state)
{
    struct set *set = *state;
    struct server s = { .manner = SAYS_NOTHING, .certs = { set->ec }, .issuer = set->root };
    struct probe p = { .address = s.address, .sni = "example.test" };
    char expected[256];
    struct served got = { .ncerts = 0 };
    struct outcome o;
    int64_t before;
    start(&s);
    before = clock_mono_ms();
    p.deadline_ms = before + 200;
    assert_int_equal(probe_served(&p, &got, &o), FL_ETEMP);
    assert_in_range(clock_mono_ms() - before, 190, 2000);
    stop(&s);
    snprintf(expected, sizeof expected, "%s: connected, but the TLS handshake was not done in time",
             s.address);
    assert_string_equal(o.msg, expected);
    p.deadline_ms = clock_mono_ms() + 5000;
    assert_int_equal(probe_served(&p, &got, &o), FL_ETEMP);
    snprintf(expected, sizeof expected,
             "%s: cannot connect: Connection refused: see that a server runs and listens there", s.address);
    assert_string_equal(o.msg, expected);
}
static void questions_that_make_no_sense_are_told(void **state)
{
    static const char *const long_alpn[] = { "", NULL };
    const int64_t soon = clock_mono_ms() + 1000;
    const struct probe cases[] = {
        { .address = "example.test:443", .deadline_ms = soon },
        { .address = "127.0.0.1", .deadline_ms = soon },
        { .address = "127.0.0.1:0", .deadline_ms = soon },
        { .address = "127.0.0.1:1", .sni = "*.example.test", .deadline_ms = soon },
        { .address = "127.0.0.1:1", .key_type = "dsa", .deadline_ms = soon },
        { .address = "127.0.0.1:1", .alpn = long_alpn, .deadline_ms = soon },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct served got = { .ncerts = 0 };
        struct outcome o;
        assert_int_equal(probe_served(&cases[i], &got, &o), FL_ECONF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_served_is_told_whole),
        cmocka_unit_test(an_address_is_never_sent_as_a_name),
        cmocka_unit_test(each_type_of_key_can_be_asked_for),
        cmocka_unit_test(a_server_without_such_a_key_refuses),
        cmocka_unit_test(a_server_that_wants_a_certificate_has_shown_its_own),
        cmocka_unit_test(what_goes_wrong_is_told_apart),
        cmocka_unit_test(nobody_there_and_nobody_in_time_are_failures_of_the_network),
        cmocka_unit_test(questions_that_make_no_sense_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
