/* SPDX-License-Identifier: Apache-2.0 */
/* probe_leaf.c - what a served certificate says. It may be anybody's: nothing in it is an error. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/chain.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/probe_impl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum { NAMES_MAX = 1000 };

/* The content octets of the number's DER, as chain.c writes it. */
static char *serial_of(X509 *leaf)
{
    uint8_t *der = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(leaf), &der);
    int head = len > 2 && der[1] >= 0x80 ? 2 + (der[1] & 0x7f) : 2;
    char *hex = len > head ? encode_hex(der + head, (size_t)(len - head)) : strdup("");

    OPENSSL_free(der);
    return hex;
}
static char *digest_of(X509 *leaf)
{
    uint8_t *der = NULL, hash[64];
    int len = i2d_X509(leaf, &der);
    bool ok = len > 0 && digest_sha2(256, der, (size_t)len, hash);

    OPENSSL_free(der);
    return ok ? encode_hex(hash, 32) : NULL;
}
/* What is not printable becomes '?': it is shown to people. */
static void plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text > 0x7e)
            *text = '?';
        else
            *text = (char)tolower((unsigned char)*text);
}
static char *name_text(const GENERAL_NAME *name)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    const unsigned char *raw = ASN1_STRING_get0_data(value);
    int len = kind == GEN_DNS || kind == GEN_IPADD ? ASN1_STRING_length(value) : 0;
    char ip[46], *text;

    if (kind == GEN_IPADD)
        return (len == 4 || len == 16) && inet_ntop(len == 4 ? AF_INET : AF_INET6, raw, ip, sizeof ip)
                   ? strdup(ip)
                   : strdup("?");
    text = mem_text(raw, (size_t)len);
    if (text)
        plain(text);
    return text;
}
static bool read_names(const X509 *leaf, char ***out)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    int n = sk_GENERAL_NAME_num(all), at = 0;
    bool ok;

    n = n < 0 ? 0 : n > NAMES_MAX ? NAMES_MAX : n;
    *out = mem_array((size_t)n + 1, sizeof **out);
    ok = *out != NULL;
    for (int i = 0; i < n && ok; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        int kind;
        (void)GENERAL_NAME_get0_value(name, &kind);
        if (kind != GEN_DNS && kind != GEN_IPADD)
            continue;
        (*out)[at] = name_text(name);
        ok = (*out)[at++] != NULL;
    }
    GENERAL_NAMES_free(all);
    return ok;
}
static char *issuer_of(const X509 *leaf)
{
    const X509_NAME *name = X509_get_issuer_name(leaf);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    int len =
        at < 0 ? 0 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    char *text = mem_text(utf8 ? (const char *)utf8 : "", len > 0 ? (size_t)len : 0);

    OPENSSL_free(utf8);
    return text;
}
static int64_t time_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}
static char *pem_of(STACK_OF(X509) * certs)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL, *text;
    bool ok = bio != NULL;
    long len;

    for (int i = 0; i < sk_X509_num(certs) && ok; i++)
        ok = PEM_write_bio_X509(bio, sk_X509_value(certs, i)) == 1;
    len = ok ? BIO_get_mem_data(bio, &data) : -1;
    text = len < 0 ? NULL : mem_text(data, len <= CHAIN_BYTES ? (size_t)len : 0);
    BIO_free(bio);
    return text;
}
bool served_read(STACK_OF(X509) * certs, struct served *out)
{
    X509 *leaf = sk_X509_value(certs, 0);
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    enum key_type type;

    out->ncerts = (size_t)sk_X509_num(certs);
    out->key_type = key && key_type_of(key, &type) ? key_type_names[type] : "";
    out->serial = serial_of(leaf);
    out->sha256 = digest_of(leaf);
    out->issuer = issuer_of(leaf);
    out->chain_pem = pem_of(certs);
    out->not_before_at = time_of(X509_get0_notBefore(leaf));
    out->not_after_at = time_of(X509_get0_notAfter(leaf));
    ERR_clear_error();
    return out->serial && out->sha256 && out->issuer && out->chain_pem && read_names(leaf, &out->names);
}
void served_done(struct served *s)
{
    free(s->serial);
    free(s->sha256);
    free(s->issuer);
    free(s->chain_pem);
    for (char **name = s->names; name && *name; name++)
        free(*name);
    free(s->names);
    *s = (struct served){ .ncerts = 0 };
}
