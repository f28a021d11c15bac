/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c - certificate chains: what they say. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/chain_impl.h"
#include "crypto/digest.h"

#include <errno.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

/* ---- PEM ---- */

void certs_done(struct certs *c)
{
    for (size_t i = 0; i < c->n; i++)
        X509_free(c->at[i]);
    c->n = 0;
}
int certs_fail(struct outcome *o, const char *what)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(e);

    ERR_clear_error();
    if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
        return outcome_nomem(o);
    return outcome_fail(o, FL_EPROTO, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}
static const char *skip_space(const char *p) { return p + strspn(p, " \t\r\n"); }
/* One block at *p, which is moved behind it. */
static int parse_block(const char **p, struct certs *out, struct outcome *o)
{
    const char *text = *p + sizeof begin - 1, *stop = strstr(text, end);
    auto_free char *body = NULL;
    auto_free uint8_t *der = NULL;
    const uint8_t *q;
    size_t len;

    if (!stop)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain is cut off: its END line is missing",
                            out->n + 1);
    body = mem_text(text, (size_t)(stop - text));
    if (!body)
        return outcome_nomem(o);
    /* The decoder takes base64url too. */
    bool foreign = strpbrk(body, "-_") != NULL;
    if (foreign || !decode_base64(body, &der, &len))
        return !foreign && errno == ENOMEM
                   ? outcome_nomem(o)
                   : outcome_fail(o, FL_EPROTO, "certificate %zu of the chain is not base64", out->n + 1);
    q = der;
    out->at[out->n] = d2i_X509(NULL, &q, (long)len);
    if (!out->at[out->n])
        return certs_fail(o, "what stands in the chain is not a certificate");
    out->n++;
    if (q != der + len)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain has %zu bytes after its end", out->n,
                            (size_t)(der + len - q));
    *p = stop + sizeof end - 1;
    return FL_OK;
}
static int refuse_text(const char *p, size_t after, struct outcome *o)
{
    size_t line = strcspn(p, "\r\n");

    if (text_starts(p, "-----BEGIN") && memmem(p, line, "PRIVATE KEY", 11))
        return outcome_fail(o, FL_EPROTO, "the chain holds a private key, which whoever sent it knows");
    return outcome_fail(o, FL_EPROTO, "the chain holds something else than certificates after number %zu",
                        after);
}
static int parse_text(const char *p, struct certs *out, struct outcome *o)
{
    for (p = skip_space(p); *p; p = skip_space(p)) {
        int rc;
        if (!text_starts(p, begin))
            return refuse_text(p, out->n, o);
        if (out->n == CHAIN_CERTS)
            return outcome_fail(o, FL_EPROTO, "the chain holds more than %d certificates", CHAIN_CERTS);
        rc = parse_block(&p, out, o);
        if (rc != FL_OK)
            return rc;
    }
    return FL_OK;
}
int certs_parse(const char *pem, size_t len, struct certs *out, struct outcome *o)
{
    auto_free char *text = NULL;

    if (len > CHAIN_BYTES)
        return outcome_fail(o, FL_EPROTO, "the chain is longer than %d bytes", CHAIN_BYTES);
    if (memchr(pem, '\0', len))
        return outcome_fail(o, FL_EPROTO, "the chain holds a zero byte");
    text = mem_text(pem, len);
    return text ? parse_text(text, out, o) : outcome_nomem(o);
}
/* 64 characters a line (RFC 7468 section 2). */
static int write_pem(X509 *cert, struct buf *out, struct outcome *o)
{
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    auto_free char *text = len > 0 ? encode_base64(der, (size_t)len) : NULL;
    size_t left = text ? strlen(text) : 0;
    bool ok = text && buf_addf(out, "%s\n", begin);

    OPENSSL_free(der);
    for (const char *p = text; ok && left > 0;) {
        size_t n = left < 64 ? left : 64;
        ok = buf_add(out, p, n) && buf_adds(out, "\n");
        p += n;
        left -= n;
    }
    return ok && buf_addf(out, "%s\n", end) ? FL_OK : outcome_nomem(o);
}

/* ---- the fields of the leaf ---- */

static bool dns_text(const ASN1_STRING *value, char out[256])
{
    const unsigned char *raw = ASN1_STRING_get0_data(value);
    int len = ASN1_STRING_length(value);

    if (len <= 0 || len > 255)
        return false;
    for (int i = 0; i < len; i++) {
        if (raw[i] <= 0x20 || raw[i] > 0x7e)
            return false;
        out[i] = (char)tolower(raw[i]);
    }
    out[len] = '\0';
    return true;
}
static bool ip_text(const ASN1_STRING *value, char out[256])
{
    int len = ASN1_STRING_length(value);

    return (len == 4 || len == 16) &&
           inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), out, 46);
}
static int fill_names(GENERAL_NAMES *all, struct chain *c, struct outcome *o)
{
    size_t n = 0;

    c->names = mem_array((size_t)sk_GENERAL_NAME_num(all) + 1, sizeof *c->names);
    if (!c->names)
        return outcome_nomem(o);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        int kind;
        char text[256];
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &kind);
        if (kind != GEN_DNS && kind != GEN_IPADD)
            continue;
        if (kind == GEN_DNS ? !dns_text(value, text) : !ip_text(value, text))
            return outcome_fail(o, FL_EPROTO, "name %d of the certificate is malformed", i + 1);
        c->names[n] = strdup(text);
        if (!c->names[n++])
            return outcome_nomem(o);
    }
    return FL_OK;
}
static int read_names(const X509 *leaf, struct chain *c, struct outcome *o)
{
    int found = 0, rc;
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, &found, NULL);

    if (!all && found != -1)
        return certs_fail(o, "the certificate's names are malformed or given twice");
    rc = fill_names(all, c, o);
    GENERAL_NAMES_free(all);
    return rc;
}
/* From the DER, where a number above 0x7f... begins with 00 that the library's own value does not have. */
static int read_serial(X509 *leaf, struct chain *c, struct outcome *o)
{
    uint8_t *der = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(leaf), &der);
    const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(leaf);
    auto_free char *hex = NULL, *id = NULL, *number = NULL;
    bool fits = len > 2 && len <= 2 + 31, has_aki = aki && ASN1_STRING_length(aki) > 0;

    if (fits) {
        hex = encode_hex(der + 2, (size_t)len - 2);
        number = encode_base64url(der + 2, (size_t)len - 2);
    }
    OPENSSL_free(der);
    if (!fits)
        return outcome_fail(o, FL_EPROTO, "the certificate's serial number is longer than RFC 5280 allows");
    if (has_aki)
        id = encode_base64url(ASN1_STRING_get0_data(aki), (size_t)ASN1_STRING_length(aki));
    if (!hex || !number || (has_aki && !id))
        return outcome_nomem(o);
    (void)text_copy(c->serial, sizeof c->serial, hex);
    if (id && strlen(id) <= 90 && strlen(number) <= 60)
        (void)snprintf(c->cert_id, sizeof c->cert_id, "%.90s.%.60s", id, number);
    return FL_OK;
}
static bool read_time(const ASN1_TIME *time, int64_t *out)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}
static int read_digest(X509 *leaf, struct chain *c, struct outcome *o)
{
    uint8_t *der = NULL, hash[64];
    int len = i2d_X509(leaf, &der);
    bool ok = len > 0 && digest_sha2(256, der, (size_t)len, hash);
    auto_free char *hex = ok ? encode_hex(hash, 32) : NULL;

    OPENSSL_free(der);
    if (!hex || !text_copy(c->sha256, sizeof c->sha256, hex))
        return outcome_nomem(o);
    return FL_OK;
}
static int read_issuer(const X509 *last, struct chain *c, struct outcome *o)
{
    const X509_NAME *name = X509_get_issuer_name(last);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    int len =
        at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    bool whole = len > 0 && !memchr(utf8, '\0', (size_t)len) && text_utf8((const char *)utf8, (size_t)len);

    c->issuer = strdup(whole ? (const char *)utf8 : "");
    OPENSSL_free(utf8);
    ERR_clear_error();
    return c->issuer ? FL_OK : outcome_nomem(o);
}
static int read_leaf(X509 *leaf, struct chain *c, struct outcome *o)
{
    int rc;

    if (!read_time(X509_get0_notBefore(leaf), &c->not_before_at) ||
        !read_time(X509_get0_notAfter(leaf), &c->not_after_at))
        return certs_fail(o, "the certificate's dates are malformed");
    rc = read_names(leaf, c, o);
    if (rc == FL_OK)
        rc = read_serial(leaf, c, o);
    return rc == FL_OK ? read_digest(leaf, c, o) : rc;
}

/* ---- the whole ---- */

static int write_all(const struct certs *certs, struct chain *c, struct outcome *o)
{
    cleanup_(buf_done) struct buf leaf = BUF(2 * CHAIN_BYTES), rest = BUF(2 * CHAIN_BYTES);

    for (size_t i = 0; i < certs->n; i++) {
        int rc = write_pem(certs->at[i], i == 0 ? &leaf : &rest, o);
        if (rc != FL_OK)
            return rc;
    }
    c->leaf_pem = buf_take(&leaf);
    c->chain_pem = buf_take(&rest);
    c->length = certs->n;
    return c->leaf_pem && c->chain_pem ? FL_OK : outcome_nomem(o);
}
static void chain_donep(struct chain *c) { chain_done(c); }
int chain_parse(const char *pem, size_t len, struct chain *out, struct outcome *o)
{
    cleanup_(certs_done) struct certs certs = { .n = 0 };
    cleanup_(chain_donep) struct chain c = { .length = 0 };
    int rc = certs_parse(pem, len, &certs, o);

    if (rc == FL_OK && certs.n == 0)
        rc = outcome_fail(o, FL_EPROTO, "the chain is empty");
    if (rc == FL_OK)
        rc = read_leaf(certs.at[0], &c, o);
    if (rc == FL_OK)
        rc = read_issuer(certs.at[certs.n - 1], &c, o);
    if (rc == FL_OK)
        rc = write_all(&certs, &c, o);
    if (rc != FL_OK)
        return rc;
    *out = c;
    c = (struct chain){ .length = 0 };
    return FL_OK;
}
bool chain_ends_in(const struct chain *c, const char *issuer_cn)
{
    return c->issuer && *issuer_cn && !strcmp(c->issuer, issuer_cn);
}
void chain_done(struct chain *c)
{
    if (!c)
        return;
    for (char **name = c->names; name && *name; name++)
        free(*name);
    free(c->names);
    free(c->leaf_pem);
    free(c->chain_pem);
    free(c->issuer);
    *c = (struct chain){ .length = 0 };
}
