/* SPDX-License-Identifier: Apache-2.0 */
/* test_alpn.c - certificates that prove a name by TLS, and the handshakes that they are shown in. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/alpn.h"
#include "crypto/digest.h"
#include "keeper_rig.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* SHA-256 of "token.thumbprint" */
static void digest_of(const char *text, uint8_t raw[64], char out[64])
{
    assert_true(digest_sha2(256, text, strlen(text), raw));
    auto_free char *b64 = encode_base64url(raw, 32);
    snprintf(out, 64, "%s", b64);
}
static X509 *parse(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

/* ---- the certificate ---- */

static void a_proof_has_one_name_and_the_digest(void **state)
{
    static const struct {
        const char *name;
        int kind, len;
        const char *value;
    } cases[] = {
        { "Example.test", GEN_DNS, 12, "example.test" },
        { "192.0.2.7", GEN_IPADD, 4, "\xc0\x00\x02\x07" },
        { "2001:db8::7", GEN_IPADD, 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07" },
    };
    struct rig *r = *state;
    uint8_t raw[64];
    char digest[64];

    digest_of("token.print", raw, digest);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        auto_free char *pem = NULL, *key = NULL;
        int critical, kind;
        assert_int_equal(keeper_prove(r->k, cases[i].name, digest, &pem, &key, &r->o), FL_OK);
        X509 *cert = parse(pem);
        BIO *bio = BIO_new_mem_buf(key, -1);
        EVP_PKEY *own = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        assert_int_equal(EVP_PKEY_eq(own, X509_get0_pubkey(cert)), 1);
        assert_int_equal(EVP_PKEY_get_bits(own), 256);
        assert_int_equal(X509_verify(cert, own), 1);
        assert_int_equal(X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)), 0);
        assert_true(X509_cmp_current_time(X509_get0_notBefore(cert)) < 0);
        assert_true(X509_cmp_current_time(X509_get0_notAfter(cert)) > 0);
        GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
        assert_int_equal(sk_GENERAL_NAME_num(names), 1);
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &kind);
        assert_int_equal(kind, cases[i].kind);
        assert_int_equal(ASN1_STRING_length(value), cases[i].len);
        assert_memory_equal(ASN1_STRING_get0_data(value), cases[i].value, cases[i].len);
        ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
        X509_EXTENSION *ext = X509_get_ext(cert, X509_get_ext_by_OBJ(cert, id, -1));
        assert_non_null(ext);
        assert_int_equal(X509_EXTENSION_get_critical(ext), 1);
        const ASN1_STRING *der = X509_EXTENSION_get_data(ext);
        assert_int_equal(ASN1_STRING_length(der), 34);
        assert_memory_equal(ASN1_STRING_get0_data(der), "\x04\x20", 2);
        assert_memory_equal(ASN1_STRING_get0_data(der) + 2, raw, 32);
        ASN1_OBJECT_free(id);
        GENERAL_NAMES_free(names);
        EVP_PKEY_free(own);
        BIO_free(bio);
        X509_free(cert);
    }
}
static void each_proof_has_a_key_of_its_own(void **state)
{
    struct rig *r = *state;
    auto_free char *a = NULL, *b = NULL, *key_a = NULL, *key_b = NULL;
    uint8_t raw[64];
    char digest[64];

    digest_of("x", raw, digest);
    assert_int_equal(keeper_prove(r->k, "a.test", digest, &a, &key_a, &r->o), FL_OK);
    assert_int_equal(keeper_prove(r->k, "a.test", digest, &b, &key_b, &r->o), FL_OK);
    assert_string_not_equal(key_a, key_b);
    assert_string_not_equal(a, b);
}
static void what_cannot_be_proved_so_is_refused(void **state)
{
    struct rig *r = *state;
    uint8_t raw[64];
    char digest[64], longer[128], *a = NULL, *b = NULL;

    digest_of("x", raw, digest);
    snprintf(longer, sizeof longer, "%sA", digest);
    assert_int_equal(keeper_prove(r->k, "*.a.test", digest, &a, &b, &r->o), FL_ECONF);
    assert_int_equal(keeper_prove(r->k, "", digest, &a, &b, &r->o), FL_ECONF);
    assert_int_equal(keeper_prove(r->k, "a b", digest, &a, &b, &r->o), FL_ECONF);
    assert_int_equal(keeper_prove(r->k, "192.0.2.256", digest, &a, &b, &r->o), FL_ECONF);
    assert_int_equal(keeper_prove(r->k, "a.test", longer, &a, &b, &r->o), FL_ECONF);
    assert_int_equal(keeper_prove(r->k, "a.test", "", &a, &b, &r->o), FL_ECONF);
    digest[3] = '+';
    assert_int_equal(keeper_prove(r->k, "a.test", digest, &a, &b, &r->o), FL_ECONF);
    assert_null(a);
}

/* ---- handshakes ---- */

struct hall {
    struct rig *r;
    struct alpn *alpn;
    char digest[64];
    unsigned asked; /* for a certificate */
    char name[256];
    bool broken;
};
static bool choose(void *arg, const char *name, struct alpn_identity *out)
{
    struct hall *h = arg;

    h->asked++;
    snprintf(h->name, sizeof h->name, "%s", name);
    if (h->broken) {
        out->cert_pem = strdup("no certificate");
        out->key_pem = strdup("no key");
        return true;
    }
    return !strcmp(name, "a.test") &&
           keeper_prove(h->r->k, name, h->digest, &out->cert_pem, &out->key_pem, &h->r->o) == FL_OK;
}
static void hall_open(struct hall *h, struct rig *r)
{
    uint8_t raw[64];

    *h = (struct hall){ .r = r };
    digest_of("key authorization", raw, h->digest);
    assert_int_equal(alpn_new("acme-tls/1", &h->alpn, &r->o), FL_OK);
}

struct guest {
    const char *sni;
    const uint8_t *protocols; /* wire form; NULL: none */
    unsigned len;
    int version;  /* 0: what the library likes best */
    size_t piece; /* so many bytes at a time; 0: all */
    const char *group;
    /* what came of it */
    bool done, closed; /* the handshake; with close_notify behind it */
    int alert;
    char alpn[32];
    int names;
};
static const uint8_t acme[] = "\x0a"
                              "acme-tls/1";
#define ACME .protocols = acme, .len = 11

/* What the guest has to say, in pieces; false: the other side has ended it. */
static bool carry(struct hall *h, struct alpn_talk *t, BIO *from, BIO *to, size_t piece)
{
    char *data;
    long left = BIO_get_mem_data(from, &data);
    bool more = true;

    while (more && left > 0) {
        cleanup_(buf_done) struct buf out = BUF(100000);
        size_t n = piece && piece < (size_t)left ? piece : (size_t)left;
        more = alpn_hear(t, data, n, choose, h, &out);
        if (out.len > 0)
            BIO_write(to, out.data, (int)out.len);
        data += n;
        left -= (long)n;
    }
    (void)BIO_reset(from);
    return more;
}
static void visit(struct hall *h, struct guest *g)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    struct alpn_talk *t = alpn_begin(h->alpn);
    bool more = true;
    char byte;

    assert_non_null(t);
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    if (g->version)
        SSL_set_max_proto_version(ssl, g->version);
    if (g->group)
        SSL_set1_groups_list(ssl, g->group);
    if (g->sni)
        assert_int_equal(SSL_set_tlsext_host_name(ssl, g->sni), 1);
    if (g->protocols)
        assert_int_equal(SSL_set_alpn_protos(ssl, g->protocols, g->len), 0);
    for (int i = 0; i < 10; i++) {
        ERR_clear_error();
        int rc = SSL_connect(ssl);
        g->done = rc == 1;
        if (rc != 1 && SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
            g->alert = ERR_GET_REASON(ERR_peek_last_error()) - SSL_AD_REASON_OFFSET;
            break;
        }
        if (!more || BIO_pending(out) == 0)
            break;
        more = carry(h, t, out, in, g->piece);
    }
    if (g->done) {
        const unsigned char *name;
        unsigned len;
        X509 *cert = SSL_get1_peer_certificate(ssl);
        SSL_get0_alpn_selected(ssl, &name, &len);
        memcpy(g->alpn, name, len < 32 ? len : 31);
        g->names = X509_check_host(cert, "a.test", 0, 0, NULL);
        X509_free(cert);
        assert_false(more);
        assert_int_equal(SSL_read(ssl, &byte, 1), 0);
        g->closed = SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN;
        assert_false(SSL_session_reused(ssl));
    }
    alpn_end(t);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}
static void whoever_asks_for_a_name_in_proof_gets_its_certificate(void **state)
{
    static const int versions[] = { 0, TLS1_2_VERSION, TLS1_3_VERSION };
    static const size_t pieces[] = { 0, 1, 7 };
    struct hall h;

    hall_open(&h, *state);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            struct guest g = { .sni = "A.test", .version = versions[i], .piece = pieces[k], ACME };
            visit(&h, &g);
            assert_true(g.done);
            assert_true(g.closed);
            assert_string_equal(g.alpn, "acme-tls/1");
            assert_int_equal(g.names, 1);
            assert_string_equal(h.name, "a.test");
        }
    assert_int_equal(h.asked, 9);
    /* Another group than the first guess: TLS 1.3 asks for a second hello. */
    struct guest g = { .sni = "a.test", .group = "ffdhe2048:P-384", ACME };
    visit(&h, &g);
    assert_true(g.done);
    alpn_free(h.alpn);
    alpn_free(NULL);
}
static void others_are_refused_with_the_alert_that_says_why(void **state)
{
    static const uint8_t web[] = "\x02h2\x08http/1.1",
                         both[] = "\x02h2\x0a"
                                  "acme-tls/1",
                         near[] = "\x09"
                                  "acme-tls/",
                         longer[] = "\x0b"
                                    "acme-tls/10";
    static const struct {
        struct guest g;
        int alert;
        unsigned asked;
    } cases[] = {
        { { .sni = "a.test" }, SSL_AD_NO_APPLICATION_PROTOCOL, 0 },
        { { .sni = "a.test", .protocols = web, .len = 12 }, SSL_AD_NO_APPLICATION_PROTOCOL, 0 },
        { { .sni = "a.test", .protocols = near, .len = 10 }, SSL_AD_NO_APPLICATION_PROTOCOL, 0 },
        { { .sni = "a.test", .protocols = longer, .len = 12 }, SSL_AD_NO_APPLICATION_PROTOCOL, 0 },
        { { ACME }, SSL_AD_UNRECOGNIZED_NAME, 0 },
        { { .sni = "b.test", ACME }, SSL_AD_UNRECOGNIZED_NAME, 1 },
        { { .sni = "b.test", .version = TLS1_2_VERSION, ACME }, SSL_AD_UNRECOGNIZED_NAME, 1 },
        { { .sni = "a b", ACME }, SSL_AD_UNRECOGNIZED_NAME, 0 },
        { { .sni = "../a.test", ACME }, SSL_AD_UNRECOGNIZED_NAME, 0 },
        { { .sni = "a.test", .protocols = both, .len = 14 }, 0, 1 },
    };
    struct hall h;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest g = cases[i].g;
        hall_open(&h, *state);
        visit(&h, &g);
        assert_int_equal(g.done, cases[i].alert == 0);
        assert_int_equal(g.alert, cases[i].alert);
        assert_int_equal(h.asked, cases[i].asked);
        alpn_free(h.alpn);
    }
    hall_open(&h, *state);
    h.broken = true;
    struct guest g = { .sni = "a.test", ACME };
    visit(&h, &g);
    assert_int_equal(g.alert, SSL_AD_INTERNAL_ERROR);
    alpn_free(h.alpn);
}
static void what_is_no_tls_is_ended(void **state)
{
    enum { ends = 4 };
    static const char *const said[] = { "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n",
                                        "\x16\x03\x01\xff\xff\x01\x02\x03",
                                        "\x16\x03\x01\x00\x04\x01\xff\xff\xff",
                                        "\x80\x2e\x01\x03\x01\x00\x15\x00\x00" };
    struct hall h;

    hall_open(&h, *state);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct alpn_talk *t = alpn_begin(h.alpn);
        cleanup_(buf_done) struct buf out = BUF(100000);
        bool more = alpn_hear(t, said[i], i < 2 ? strlen(said[i]) : 9, choose, &h, &out);
        if (more != (i >= ends)) /* the others could still become something */
            fail_msg("case %zu", i);
        assert_true(out.len < 20); /* an alert, or nothing */
        alpn_end(t);
    }
    assert_int_equal(h.asked, 0);
    alpn_free(h.alpn);
}
static void an_endless_hello_ends(void **state)
{
    static char zeros[1000];
    struct hall h;
    size_t n = 0;

    hall_open(&h, *state);
    struct alpn_talk *t = alpn_begin(h.alpn);
    cleanup_(buf_done) struct buf out = BUF(100000);
    /* A hello of 16 MiB, in records of 16 KiB. */
    assert_true(alpn_hear(t, "\x16\x03\x01\x40\x00\x01\x01\xff\xff\x03\x03", 11, choose, &h, &out));
    while (n < 100 && alpn_hear(t, zeros, sizeof zeros, choose, &h, &out))
        n++;
    assert_true(n <= ALPN_INPUT_MAX / sizeof zeros);
    alpn_end(t);
    alpn_end(NULL);
    alpn_free(h.alpn);
}
static void a_talk_outlives_what_it_began_with(void **state)
{
    struct hall h;

    hall_open(&h, *state);
    struct alpn_talk *t = alpn_begin(h.alpn);
    cleanup_(buf_done) struct buf out = BUF(100000);
    alpn_free(h.alpn);
    assert_true(alpn_hear(t, "\x16", 1, choose, &h, &out));
    alpn_end(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_proof_has_one_name_and_the_digest),
        DIRECT(each_proof_has_a_key_of_its_own),
        BOTH(what_cannot_be_proved_so_is_refused),
        DIRECT(whoever_asks_for_a_name_in_proof_gets_its_certificate),
        DIRECT(others_are_refused_with_the_alert_that_says_why),
        DIRECT(what_is_no_tls_is_ended),
        DIRECT(an_endless_hello_ends),
        DIRECT(a_talk_outlives_what_it_began_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
