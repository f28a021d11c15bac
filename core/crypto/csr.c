/* SPDX-License-Identifier: Apache-2.0 */
/* csr.c - certificate requests (RFC 2986, RFC 8555 7.4, RFC 8738 4). */
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

static void req_freep(X509_REQ **req) { X509_REQ_free(*req); }
static void names_freep(GENERAL_NAMES **names) { GENERAL_NAMES_free(*names); }
static void exts_freep(X509_EXTENSIONS **exts) { sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free); }

/* Labels of letters, digits, '-' and '_', 1 to 63 long; the first may be "*", the last is no number. */
static bool is_host_name(const char *name)
{
    size_t label = 0, len = strlen(name);

    if (len == 0 || len > 253)
        return false;
    for (const char *p = text_starts(name, "*.") ? name + 2 : name; *p; p++) {
        if (*p == '.' ? label == 0 || !p[1] : !isalnum((unsigned char)*p) && *p != '-' && *p != '_')
            return false;
        label = *p == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    /* "192.0.2.256" is a broken address and no name: no top level is a number. */
    return label > 0 && strspn(name + len - label, "0123456789") < label;
}
/* `value` is an ASN1_STRING of the type that the kind has. */
static bool add_name(GENERAL_NAMES *all, int kind, ASN1_STRING *value, const void *data, size_t len)
{
    GENERAL_NAME *name = GENERAL_NAME_new();

    if (!name || !value || ASN1_STRING_set(value, data, (int)len) != 1) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_set0_value(name, kind, value);
    if (sk_GENERAL_NAME_push(all, name) > 0)
        return true;
    GENERAL_NAME_free(name);
    return false;
}
int csr_add_name(GENERAL_NAMES *all, const char *text, struct outcome *o)
{
    uint8_t raw[16];
    char canonical[46], lower[256];
    bool v6 = false, ok;

    if (text_ip(text, canonical, &v6)) {
        inet_pton(v6 ? AF_INET6 : AF_INET, canonical, raw);
        ok = add_name(all, GEN_IPADD, ASN1_OCTET_STRING_new(), raw, v6 ? 16 : 4);
    } else if (is_host_name(text) && text_copy(lower, sizeof lower, text)) {
        for (char *p = lower; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        ok = add_name(all, GEN_DNS, ASN1_IA5STRING_new(), lower, strlen(lower));
    } else
        return outcome_fail(o, FL_ECONF, "certificate request: \"%s\" is neither a host name nor an address",
                            text);
    return ok ? FL_OK : key_fail(o, "certificate request");
}
static bool finish(X509_REQ *req, EVP_PKEY *key, GENERAL_NAMES *all, struct buf *out)
{
    cleanup_(exts_freep) X509_EXTENSIONS *exts = NULL;
    const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519")   ? NULL
                       : EVP_PKEY_get_bits(key) == 384 ? EVP_sha384()
                                                       : EVP_sha256();
    uint8_t *der = NULL;
    int len;
    bool ok;

    if (X509V3_add1_i2d(&exts, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) != 1 ||
        X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, key) != 1 ||
        X509_REQ_add_extensions(req, exts) != 1 || X509_REQ_sign(req, key, md) <= 0)
        return false;
    len = i2d_X509_REQ(req, &der);
    ok = len > 0 && buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    return ok;
}
int csr_write(EVP_PKEY *key, const char *names, size_t names_len, struct buf *out, struct outcome *o)
{
    cleanup_(req_freep) X509_REQ *req = X509_REQ_new();
    cleanup_(names_freep) GENERAL_NAMES *all = GENERAL_NAMES_new();

    if (!req || !all)
        return key_fail(o, "certificate request");
    for (const char *p = names; p < names + names_len; p += strlen(p) + 1) {
        int rc = csr_add_name(all, p, o);
        if (rc != FL_OK)
            return rc;
    }
    return finish(req, key, all, out) ? FL_OK : key_fail(o, "certificate request");
}
