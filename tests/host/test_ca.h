/* SPDX-License-Identifier: Apache-2.0 */
/* test_ca.h - a certificate authority for tests, which also does everything wrong that it is told to. */
#ifndef HOST_TEST_CA_H
#define HOST_TEST_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Failures here are broken tests: they print and abort(). Everything returned is the caller's. */
struct test_cert; /* a certificate and, unless it was made from a request, its key */

/* Zeroed is a leaf for TLS servers, valid from an hour ago for 90 days. */
struct test_cert_spec {
    const char *cn; /* of the subject; NULL: none */
    const char *const
        *names;           /* SANs, NULL-terminated; addresses become iPAddress, "email:x" and "uri:x" these */
    int64_t now_at;       /* 0: the real time */
    int64_t from_s, to_s; /* both 0: the dates above; else seconds from now_at */
    bool ca;              /* basicConstraints CA, keyCertSign */
    bool leaf_may_sign;   /* a leaf with keyCertSign only */
    int pathlen;          /* of a CA: n + 1 for n; 0: none */
    const char *eku;      /* extendedKeyUsage as "clientAuth"; NULL: serverAuth for a leaf; "": none */
    const char *key_usage; /* NULL: what fits; "": none; else as "keyAgreement" */
    const char *critical;  /* an unknown critical extension of that OID */
    const char *serial;    /* hex; NULL: random */
    const char *aki;       /* hex; NULL: the issuer's SKI; "": none */
    const char *key;       /* "P-256" (NULL), "P-384", "RSA", "ED25519" */
    bool bad_signature;    /* one bit is turned over */
};
/* `issuer` NULL: self-signed. */
struct test_cert *test_cert_new(const struct test_cert_spec *spec, const struct test_cert *issuer);
/* For the key of a PKCS #10 request in DER; `spec.names` NULL: the names of the request. NULL: a bad request. */
struct test_cert *test_cert_from_csr(const struct test_cert_spec *spec, const struct test_cert *issuer,
                                     const void *csr_der, size_t len);
/* For the key of a PEM private key. */
struct test_cert *test_cert_for_key(const struct test_cert_spec *spec, const struct test_cert *issuer,
                                    const char *key_pem);
void test_cert_free(struct test_cert *cert);
char *test_cert_pem(const struct test_cert *cert);
char *test_cert_key_pem(const struct test_cert *cert);
/* One PEM of n certificates. */
char *test_cert_chain(const struct test_cert *const *certs, size_t n);

#endif
