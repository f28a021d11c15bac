/* SPDX-License-Identifier: Apache-2.0 */
/* test_host_alpn.c - a plugin's listener for tls-alpn-01, over real sockets: guests that fit, that do not, and that stall. */
#include "base/mem.h"
#include "plugin_rig.h"
#include "test_ca.h"
#include <fl/listen.h>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dial.h"

enum { PATIENCE_MS = 20000 };

/* ---- the plugin --------------------------------------------------------------------- */

static char *cert_pem, *key_pem; /* for a.test */
static uint16_t port;
static int64_t idle_ms;
static uint32_t most;

static int show(struct fl_ctx *ctx, const char *name)
{
    const struct fl_identity id = { .cert_pem = cert_pem, .key_pem = key_pem };
    return fl_tls_show(ctx, name, &id);
}
static int open_it(struct fl_ctx *ctx, void **self_out)
{
    const struct fl_listen spec = {
        .address = "127.0.0.1:0", .alpn = "acme-tls/1", .idle_ms = idle_ms, .max_connections = most
    };
    int code = fl_listen(ctx, &spec, &port);
    *self_out = NULL;
    return code == FL_OK ? show(ctx, "A.test") : code;
}

struct hall {
    struct plugin_rig p;
    struct listen *listen;
};
static void hall_open(struct hall *h, int64_t idle, uint32_t max)
{
    static const char *const names[] = { "a.test", NULL };
    const struct test_cert_spec spec = { .names = names };
    struct test_cert *cert = test_cert_new(&spec, NULL);
    struct fl_dns_ops ops = plugin_rig_dns_ops;
    struct fl_plugin entry = plugin_rig_entry;
    struct outcome o;

    cert_pem = test_cert_pem(cert);
    key_pem = test_cert_key_pem(cert);
    test_cert_free(cert);
    idle_ms = idle;
    most = max;
    ops.open = open_it;
    entry.ops.dns = &ops;
    assert_int_equal(listen_new(&h->listen, &o), FL_OK);
    plugin_rig_init(&h->p, &entry);
    h->p.host.listen = h->listen;
    plugin_rig_open(&h->p);
}
static void hall_close(struct hall *h)
{
    plugin_rig_done(&h->p);
    listen_free(h->listen);
    free(cert_pem);
    free(key_pem);
}

/* ---- a guest ------------------------------------------------------------------------- */

struct guest {
    const char *sni, *protocols; /* in wire form; NULL: none */
    int fd, alert;
    bool done;
    SSL *ssl;
    BIO *out;
};
static const char acme[] = "\x0a"
                           "acme-tls/1";

/* Its hello is written and not sent. */
static void arrive(struct guest *g)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    g->fd = dial_at("127.0.0.1", port, SOCK_STREAM);
    assert_int_equal(fcntl(g->fd, F_SETFL, O_NONBLOCK), 0);
    g->ssl = SSL_new(ctx);
    g->out = BIO_new(BIO_s_mem());
    SSL_set_bio(g->ssl, BIO_new_socket(g->fd, BIO_NOCLOSE), g->out);
    if (g->sni)
        assert_int_equal(SSL_set_tlsext_host_name(g->ssl, g->sni), 1);
    if (g->protocols)
        assert_int_equal(
            SSL_set_alpn_protos(g->ssl, (const uint8_t *)g->protocols, (unsigned)strlen(g->protocols)), 0);
    assert_int_equal(SSL_connect(g->ssl), -1);
    SSL_CTX_free(ctx);
}
/* The next `most_bytes` of what it has to say; 0: all. */
static void speak(struct guest *g, size_t most_bytes)
{
    char text[4096];
    size_t n = BIO_ctrl_pending(g->out);

    if (most_bytes && n > most_bytes)
        n = most_bytes;
    if (n > 0) {
        assert_int_equal(BIO_read(g->out, text, (int)n), n);
        (void)!send(g->fd, text, n, MSG_NOSIGNAL); /* who was sent away sees it when it reads */
    }
}
static void come_in(const struct guest *g)
{
    struct pollfd p = { .fd = g->fd, .events = POLLIN };
    if (poll(&p, 1, PATIENCE_MS) != 1)
        fail_msg("nothing comes for %s", g->sni ? g->sni : "nobody");
}
static void hear_out(struct guest *g)
{
    for (;;) {
        ERR_clear_error();
        speak(g, 0);
        int rc = SSL_connect(g->ssl);
        speak(g, 0);
        g->done = rc == 1;
        if (rc == 1)
            return;
        if (SSL_get_error(g->ssl, rc) != SSL_ERROR_WANT_READ) {
            g->alert = ERR_GET_REASON(ERR_peek_last_error()) - SSL_AD_REASON_OFFSET;
            ERR_clear_error();
            return;
        }
        come_in(g);
    }
}
/* Until the other side ends the connection; nothing but an alert comes before. */
static void is_sent_away(int fd)
{
    char rest[1024];
    ssize_t n;
    size_t all = 0;

    do {
        const struct guest g = { .fd = fd };
        come_in(&g);
        n = recv(fd, rest, sizeof rest, 0);
        all += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    assert_true(n == 0 || errno == ECONNRESET);
    assert_true(all < 100);
}
static void leave(struct guest *g)
{
    SSL_free(g->ssl);
    close(g->fd);
}
static void is_served(struct guest *g)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    char byte;
    int rc;

    hear_out(g);
    if (!g->done)
        fail_msg("alert %d", g->alert);
    SSL_get0_alpn_selected(g->ssl, &name, &len);
    assert_int_equal(len, 10);
    assert_memory_equal(name, "acme-tls/1", 10);
    X509 *cert = SSL_get1_peer_certificate(g->ssl);
    assert_int_equal(X509_check_host(cert, "a.test", 0, 0, NULL), 1);
    X509_free(cert);
    while ((rc = SSL_read(g->ssl, &byte, 1)) < 0 && SSL_get_error(g->ssl, rc) == SSL_ERROR_WANT_READ)
        come_in(g);
    assert_int_equal(SSL_get_error(g->ssl, rc), SSL_ERROR_ZERO_RETURN);
    leave(g);
}
static struct guest right(void) { return (struct guest){ .sni = "a.test", .protocols = acme }; }
static void one_is_served(void)
{
    struct guest g = right();
    arrive(&g);
    is_served(&g);
}

/* ---- tests --------------------------------------------------------------------------- */

static void who_asks_rightly_is_served_and_the_connection_closed(void **state)
{
    static const char *const names[] = { "a.test", "A.TEST", "a.Test" };
    static const char *const protocols[] = { acme, "\x02h2\x0a"
                                                   "acme-tls/1" };
    struct hall h;

    (void)state;
    hall_open(&h, 0, 0);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++) {
            struct guest g = { .sni = names[i], .protocols = protocols[k] };
            arrive(&g);
            is_served(&g);
        }
    hall_close(&h);
}
static void others_get_the_alert_that_says_why_and_are_sent_away(void **state)
{
    static const struct {
        struct guest g;
        int alert;
    } cases[] = {
        { { .sni = "a.test" }, SSL_AD_NO_APPLICATION_PROTOCOL },
        { { .sni = "a.test",
            .protocols = "\x02h2\x08"
                         "http/1.1" },
          SSL_AD_NO_APPLICATION_PROTOCOL },
        { { .protocols = acme }, SSL_AD_UNRECOGNIZED_NAME },
        { { .sni = "b.test", .protocols = acme }, SSL_AD_UNRECOGNIZED_NAME },
        { { .sni = "x.a.test", .protocols = acme }, SSL_AD_UNRECOGNIZED_NAME },
        { { .sni = "../a.test", .protocols = acme }, SSL_AD_UNRECOGNIZED_NAME },
    };
    struct hall h;

    (void)state;
    hall_open(&h, 0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest g = cases[i].g;
        arrive(&g);
        hear_out(&g);
        assert_false(g.done);
        assert_int_equal(g.alert, cases[i].alert);
        is_sent_away(g.fd);
        leave(&g);
    }
    one_is_served();
    hall_close(&h);
}
static void what_is_no_tls_is_sent_away(void **state)
{
    static const struct {
        const char *data;
        size_t len;
    } said[] = {
        { "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 32 },
        { "\x16\x03\x01\xff\xff\x01\x02\x03", 8 },
        { "\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9 },
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
        { "\x15\x03\x03\x00\x02\x02\x28", 7 },
    };
    static const char noise[70000] = { 'n' };
    struct hall h;

    (void)state;
    hall_open(&h, 1000, 0);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        int fd = dial_at("127.0.0.1", port, SOCK_STREAM);
        assert_int_equal(send(fd, said[i].data, said[i].len, MSG_NOSIGNAL), (ssize_t)said[i].len);
        is_sent_away(fd);
        close(fd);
    }
    int fd = dial_at("127.0.0.1", port, SOCK_STREAM);
    (void)!send(fd, noise, sizeof noise, MSG_NOSIGNAL);
    is_sent_away(fd);
    close(fd);
    one_is_served();
    hall_close(&h);
}
static void who_stalls_holds_up_nobody_and_may_go_on(void **state)
{
    enum { N = 20 };
    struct guest slow[N];
    struct hall h;

    (void)state;
    hall_open(&h, 600000, 0);
    for (size_t i = 0; i < N; i++) {
        slow[i] = right();
        arrive(&slow[i]);
        speak(&slow[i], 1 + 5 * i);
    }
    for (int i = 0; i < 30; i++)
        one_is_served();
    for (size_t i = 0; i < N; i++) {
        char c;
        assert_int_equal(recv(slow[i].fd, &c, 1, 0), -1);
        assert_int_equal(errno, EAGAIN);
        speak(&slow[i], 3);
    }
    for (size_t i = N; i > 0; i--)
        is_served(&slow[i - 1]);
    hall_close(&h);
}
static void who_trickles_has_the_time_of_one_handshake(void **state)
{
    const struct timespec nap = { .tv_nsec = 20 * 1000000 };
    struct pollfd p = { .events = POLLIN };
    struct guest g = right();
    struct hall h;

    (void)state;
    hall_open(&h, 1000, 0);
    arrive(&g);
    p.fd = g.fd;
    /* A byte of a hello of some 300 now and then: it would take six seconds. */
    while (BIO_ctrl_pending(g.out) > 1 && poll(&p, 1, 0) == 0) {
        speak(&g, 1);
        nanosleep(&nap, NULL);
    }
    assert_true(BIO_ctrl_pending(g.out) > 1);
    is_sent_away(g.fd);
    leave(&g);
    /* Who says nothing at all, too. */
    int fd = dial_at("127.0.0.1", port, SOCK_STREAM);
    is_sent_away(fd);
    close(fd);
    hall_close(&h);
}
static void half_handshakes_leave_nothing_behind(void **state)
{
    struct hall h;

    (void)state;
    hall_open(&h, 600000, 8);
    for (int i = 0; i < 60; i++) {
        struct guest g = right();
        arrive(&g);
        if (i % 3 != 0)
            speak(&g, i % 3 == 1 ? 40 : 0);
        if (i % 3 == 2)
            come_in(&g); /* the answer to its hello, which it leaves lying there */
        if (i % 2)
            shutdown(g.fd, SHUT_WR);
        leave(&g);
    }
    one_is_served();
    hall_close(&h);
}
static void the_eldest_makes_room_for_who_comes(void **state)
{
    enum { N = 6, ROOM = 4 };
    struct guest slow[N];
    struct hall h;

    (void)state;
    hall_open(&h, 600000, ROOM);
    for (size_t i = 0; i < N; i++) {
        slow[i] = right();
        arrive(&slow[i]);
        speak(&slow[i], 10);
    }
    one_is_served();
    for (size_t i = 0; i < N; i++) {
        if (i < N - ROOM + 1)
            is_sent_away(slow[i].fd);
        else
            is_served(&slow[i]);
        if (i < N - ROOM + 1)
            leave(&slow[i]);
    }
    hall_close(&h);
}
static void two_hundred_at_once_are_all_served(void **state)
{
    enum { N = 200 };
    struct guest *g = calloc(N, sizeof *g);
    struct hall h;

    (void)state;
    assert_non_null(g);
    hall_open(&h, 600000, 0);
    for (size_t i = 0; i < N; i++) {
        g[i] = right();
        arrive(&g[i]);
        speak(&g[i], 100);
    }
    for (size_t i = 0; i < N; i++)
        speak(&g[i], 0);
    for (size_t i = 0; i < N; i++)
        is_served(&g[(i * 37) % N]);
    free(g);
    hall_close(&h);
}
static void *some_guests(void *arg)
{
    for (int i = 0; i < 25; i++)
        one_is_served();
    return arg;
}
static int shows_and_withdraws(struct fl_ctx *ctx)
{
    int code = show(ctx, "b.test");

    if (code == FL_OK)
        code = show(ctx, "a.test");
    return code == FL_OK ? fl_tls_show(ctx, "b.test", NULL) : code;
}
static void names_come_and_go_while_guests_are_served(void **state)
{
    pthread_t guests[4];
    struct outcome o;
    struct hall h;

    (void)state;
    hall_open(&h, 600000, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&guests[i], NULL, some_guests, NULL), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(plugin_rig_call(&h.p, shows_and_withdraws, &o), FL_OK);
    for (size_t i = 0; i < 4; i++)
        pthread_join(guests[i], NULL);
    struct guest g = { .sni = "b.test", .protocols = acme };
    arrive(&g);
    hear_out(&g);
    assert_int_equal(g.alert, SSL_AD_UNRECOGNIZED_NAME);
    leave(&g);
    hall_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_rightly_is_served_and_the_connection_closed),
        cmocka_unit_test(others_get_the_alert_that_says_why_and_are_sent_away),
        cmocka_unit_test(what_is_no_tls_is_sent_away),
        cmocka_unit_test(who_stalls_holds_up_nobody_and_may_go_on),
        cmocka_unit_test(who_trickles_has_the_time_of_one_handshake),
        cmocka_unit_test(half_handshakes_leave_nothing_behind),
        cmocka_unit_test(the_eldest_makes_room_for_who_comes),
        cmocka_unit_test(two_hundred_at_once_are_all_served),
        cmocka_unit_test(names_come_and_go_while_guests_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
