/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - the certificate that proves a name or address by TLS (RFC 8737 section 3, RFC 8738 section 6). */
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/key.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Authorities look at names and digest; the dates are there because a certificate has some. */
enum { DAY_S = 86400, LIFE_DAYS = 365 };
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

static void cert_freep(X509 **cert) { X509_free(*cert); }
static void names_freep(GENERAL_NAMES **names) { GENERAL_NAMES_free(*names); }
static void object_freep(ASN1_OBJECT **object) { ASN1_OBJECT_free(*object); }
static void string_freep(ASN1_OCTET_STRING **text) { ASN1_OCTET_STRING_free(*text); }
static void ext_freep(X509_EXTENSION **ext) { X509_EXTENSION_free(*ext); }
static void bn_freep(BIGNUM **n) { BN_free(*n); }
static void bio_freep(BIO **bio) { BIO_free(*bio); }

/* Critical; the digest is an OCTET STRING in the OCTET STRING that every extension's value is. */
static bool add_digest(X509 *cert, const uint8_t digest[32])
{
    uint8_t der[2 + 32] = { 0x04, 32 };
    cleanup_(object_freep) ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    cleanup_(string_freep) ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    cleanup_(ext_freep) X509_EXTENSION *ext = NULL;

    memcpy(der + 2, digest, 32);
    if (!id || !value || ASN1_OCTET_STRING_set(value, der, sizeof der) != 1)
        return false;
    ext = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
    return ext && X509_add_ext(cert, ext, -1) == 1;
}
static bool add_serial(X509 *cert)
{
    uint8_t raw[16];
    cleanup_(bn_freep) BIGNUM *n = NULL;

    if (!digest_random(raw, sizeof raw))
        return false;
    raw[0] = (uint8_t)((raw[0] & 0x7f) | 0x40); /* positive, not short */
    n = BN_bin2bn(raw, sizeof raw, NULL);
    return n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
}
static bool add_subject(X509 *cert)
{
    X509_NAME *name = X509_get_subject_name(cert);

    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)"ACME challenge", -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1;
}
static bool fill(X509 *cert, EVP_PKEY *key, GENERAL_NAMES *names, const uint8_t digest[32])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);

    return X509_set_version(cert, X509_VERSION_3) == 1 && add_serial(cert) && add_subject(cert) &&
           ASN1_TIME_set(X509_getm_notBefore(cert), now - DAY_S) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), now + (time_t)LIFE_DAYS * DAY_S) &&
           X509_set_pubkey(cert, key) == 1 &&
           X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
           add_digest(cert, digest) && X509_sign(cert, key, EVP_sha256()) > 0;
}
int proof_write(EVP_PKEY *key, const char *name, const uint8_t digest[32], struct buf *out, struct outcome *o)
{
    cleanup_(cert_freep) X509 *cert = X509_new();
    cleanup_(names_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;
    int rc;

    if (!cert || !names || !bio)
        return key_fail(o, "making a proof");
    rc = csr_add_name(names, name, o);
    if (rc != FL_OK)
        return rc;
    if (!fill(cert, key, names, digest) || PEM_write_bio_X509(bio, cert) != 1)
        return key_fail(o, "making a proof");
    len = BIO_get_mem_data(bio, &text);
    return len > 0 && buf_add(out, text, (size_t)len) ? FL_OK : key_fail(o, "making a proof");
}
