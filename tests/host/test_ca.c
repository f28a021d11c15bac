/* SPDX-License-Identifier: Apache-2.0 */
/* test_ca.c - a certificate authority for tests, which also does everything wrong that it is told to. */
#include "test_ca.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct test_cert {
    X509 *x;
    EVP_PKEY *key;
};

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "test_ca: %s failed\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}
static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key;

    if (kind && !strcmp(kind, "RSA"))
        key = EVP_RSA_gen(2048);
    else if (kind && !strcmp(kind, "ED25519"))
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        key = EVP_EC_gen(kind ? kind : "P-256");
    need(key != NULL, "a key");
    return key;
}

/* ---- extensions ---- */

static void add_ext(X509 *x, int nid, const char *value, X509 *issuer)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(ext && X509_add_ext(x, ext, -1), value);
    X509_EXTENSION_free(ext);
}
static void add_name(GENERAL_NAMES *all, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    unsigned char raw[16];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    int kind = !strncmp(text, "email:", 6) ? GEN_EMAIL : !strncmp(text, "uri:", 4) ? GEN_URI : GEN_DNS;
    ASN1_STRING *value;

    if (kind == GEN_DNS && inet_pton(family, text, raw) == 1) {
        value = ASN1_OCTET_STRING_new();
        need(value && ASN1_STRING_set(value, raw, family == AF_INET ? 4 : 16), "an address");
        kind = GEN_IPADD;
    } else {
        value = ASN1_IA5STRING_new();
        need(value && ASN1_STRING_set(value, kind == GEN_DNS ? text : strchr(text, ':') + 1, -1), "a name");
    }
    need(name != NULL, "a name");
    GENERAL_NAME_set0_value(name, kind, value);
    need(sk_GENERAL_NAME_push(all, name) > 0, "a name");
}
static void add_names(X509 *x, const char *const *names)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();

    for (; *names; names++)
        add_name(all, *names);
    need(X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1, "names");
    GENERAL_NAMES_free(all);
}
static void add_unknown(X509 *x, const char *oid)
{
    ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext;

    need(obj && value && ASN1_OCTET_STRING_set(value, (const unsigned char *)"\5\0", 2), "an extension");
    ext = X509_EXTENSION_create_by_OBJ(NULL, obj, 1, value);
    need(ext && X509_add_ext(x, ext, -1), "an extension");
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(obj);
}
static void add_aki(X509 *x, const char *hex, X509 *issuer)
{
    AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
    long len = 0;
    unsigned char *raw;

    if (!hex) {
        const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);
        if (ski && issuer != x)
            add_ext(x, NID_authority_key_identifier, "keyid", issuer);
        AUTHORITY_KEYID_free(aki);
        return;
    }
    raw = OPENSSL_hexstr2buf(hex, &len);
    aki->keyid = ASN1_OCTET_STRING_new();
    need(raw && aki->keyid && ASN1_OCTET_STRING_set(aki->keyid, raw, (int)len), "a key identifier");
    need(X509_add1_ext_i2d(x, NID_authority_key_identifier, aki, 0, 0) == 1, "a key identifier");
    OPENSSL_free(raw);
    AUTHORITY_KEYID_free(aki);
}
static void add_usages(X509 *x, const struct test_cert_spec *spec)
{
    const char *usage = spec->key_usage, *eku = spec->eku;
    char basic[64] = "critical,CA:TRUE";

    if (spec->ca && spec->pathlen > 0)
        snprintf(basic, sizeof basic, "critical,CA:TRUE,pathlen:%d", spec->pathlen - 1);
    add_ext(x, NID_basic_constraints, spec->ca ? basic : "critical,CA:FALSE", x);
    if (!usage)
        usage =
            spec->ca || spec->leaf_may_sign ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    if (*usage)
        add_ext(x, NID_key_usage, usage, x);
    if (!eku)
        eku = spec->ca ? "" : "serverAuth";
    if (*eku)
        add_ext(x, NID_ext_key_usage, eku, x);
}

/* ---- certificates ---- */

static void set_serial(X509 *x, const char *hex)
{
    unsigned char random[16];
    BIGNUM *n = NULL;

    if (hex)
        need(BN_hex2bn(&n, hex) > 0, "a serial number");
    else {
        need(RAND_bytes(random, sizeof random) == 1, "a serial number");
        random[0] = (random[0] & 0x7f) | 1;
        n = BN_bin2bn(random, sizeof random, NULL);
    }
    need(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL, "a serial number");
    BN_free(n);
}
static void set_dates(X509 *x, const struct test_cert_spec *spec)
{
    int64_t now = spec->now_at ? spec->now_at : (int64_t)time(NULL);
    bool dflt = spec->from_s == 0 && spec->to_s == 0;

    need(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(now + (dflt ? -3600 : spec->from_s))) != NULL,
         "a date");
    need(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(now + (dflt ? 90 * 86400 : spec->to_s))) != NULL,
         "a date");
}
static void sign(X509 *x, EVP_PKEY *key, bool bad)
{
    const ASN1_BIT_STRING *sig;

    need(X509_sign(x, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0, "a signature");
    if (!bad)
        return;
    X509_get0_signature(&sig, NULL, x);
    /* The last byte is part of the number s: still DER, no longer right. */
    ((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(sig))[ASN1_STRING_length(sig) - 1] ^= 1;
}
/* Takes `key` over; `sign_key` NULL: its own. */
static struct test_cert *build(const struct test_cert_spec *spec, const struct test_cert *issuer,
                               EVP_PKEY *key)
{
    struct test_cert *c = calloc(1, sizeof *c);
    X509 *x = X509_new(), *above = issuer ? issuer->x : x;
    X509_NAME *name = X509_NAME_new();

    need(c && x && name, "memory");
    X509_set_version(x, X509_VERSION_3);
    set_serial(x, spec->serial);
    set_dates(x, spec);
    if (spec->cn)
        need(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)spec->cn,
                                        -1, -1, 0) == 1,
             "a subject");
    need(X509_set_subject_name(x, name) && X509_set_pubkey(x, key), "a subject");
    need(X509_set_issuer_name(x, X509_get_subject_name(above)) == 1, "an issuer");
    add_usages(x, spec);
    if (spec->ca)
        add_ext(x, NID_subject_key_identifier, "hash", x);
    if (!spec->aki || *spec->aki)
        add_aki(x, spec->aki, above);
    if (spec->names)
        add_names(x, spec->names);
    if (spec->critical)
        add_unknown(x, spec->critical);
    sign(x, issuer ? issuer->key : key, spec->bad_signature);
    X509_NAME_free(name);
    *c = (struct test_cert){ .x = x, .key = key };
    return c;
}
struct test_cert *test_cert_new(const struct test_cert_spec *spec, const struct test_cert *issuer)
{
    return build(spec, issuer, make_key(spec->key));
}
struct test_cert *test_cert_for_key(const struct test_cert_spec *spec, const struct test_cert *issuer,
                                    const char *key_pem)
{
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    need(key != NULL, "reading a key");
    BIO_free(bio);
    return build(spec, issuer, key);
}
static GENERAL_NAMES *requested_names(X509_REQ *req)
{
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
    GENERAL_NAMES *names = exts ? X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL) : NULL;

    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    return names;
}
struct test_cert *test_cert_from_csr(const struct test_cert_spec *spec, const struct test_cert *issuer,
                                     const void *csr_der, size_t len)
{
    const unsigned char *p = csr_der;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)len);
    EVP_PKEY *key = req ? X509_REQ_get_pubkey(req) : NULL;
    GENERAL_NAMES *names = req ? requested_names(req) : NULL;
    struct test_cert *c = NULL;

    if (key && X509_REQ_verify(req, key) == 1) {
        c = build(spec, issuer, key);
        if (!spec->names && names) {
            need(X509_add1_ext_i2d(c->x, NID_subject_alt_name, names, 0, 0) == 1, "names");
            sign(c->x, issuer->key, spec->bad_signature);
        }
        EVP_PKEY_free(c->key); /* the public half only: nothing to sign or write with */
        c->key = key = NULL;
    }
    GENERAL_NAMES_free(names);
    EVP_PKEY_free(key);
    X509_REQ_free(req);
    ERR_clear_error();
    return c;
}
void test_cert_free(struct test_cert *cert)
{
    if (!cert)
        return;
    X509_free(cert->x);
    EVP_PKEY_free(cert->key);
    free(cert);
}

/* ---- PEM ---- */

static char *take_text(BIO *bio)
{
    char *data, *out;
    long len = BIO_get_mem_data(bio, &data);

    out = mem_text(data, (size_t)len);
    need(out != NULL, "memory");
    BIO_free(bio);
    return out;
}
char *test_cert_chain(const struct test_cert *const *certs, size_t n)
{
    BIO *bio = BIO_new(BIO_s_mem());

    for (size_t i = 0; i < n; i++)
        need(PEM_write_bio_X509(bio, certs[i]->x) == 1, "writing a certificate");
    return take_text(bio);
}
char *test_cert_pem(const struct test_cert *cert) { return test_cert_chain(&cert, 1); }
char *test_cert_key_pem(const struct test_cert *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());

    need(PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL) == 1, "writing a key");
    return take_text(bio);
}
