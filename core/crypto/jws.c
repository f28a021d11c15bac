/* SPDX-License-Identifier: Apache-2.0 */
/* jws.c - signed requests: flattened JSON Web Signatures (RFC 7515, 8555 6.2). */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* What fits the key: RFC 7518 section 3.1, RFC 8037 section 3.1. `half`: octets of r and of s. */
static const struct algorithm {
    const char *name, *digest;
    int half;
} algorithms[KEY_TYPES] = {
    [KEY_EC256] = { "ES256", "SHA256", 32 },  [KEY_EC384] = { "ES384", "SHA384", 48 },
    [KEY_RSA2048] = { "RS256", "SHA256", 0 }, [KEY_RSA3072] = { "RS256", "SHA256", 0 },
    [KEY_RSA4096] = { "RS256", "SHA256", 0 }, [KEY_ED25519] = { "EdDSA", NULL, 0 },
};
enum { SIGNATURE = 1024 };

/* ---- text ---- */

/* The keeper lets printable ASCII through, so these two are all that JSON minds. */
static bool add_quoted(struct buf *out, const char *text)
{
    bool ok = buf_adds(out, "\"");
    for (; ok && *text; text++)
        ok = ((*text != '"' && *text != '\\') || buf_adds(out, "\\")) && buf_add(out, text, 1);
    return ok && buf_adds(out, "\"");
}
static bool add_member(struct buf *out, const char *name, const char *text)
{
    return !*text || (buf_addf(out, ",\"%s\":", name) && add_quoted(out, text));
}
static bool add_header(struct buf *out, const char *alg, const struct jws_header *h)
{
    return buf_addf(out, "{\"alg\":\"%s\"", alg) &&
           (!*h->jwk || (buf_adds(out, ",\"jwk\":") && buf_adds(out, h->jwk))) &&
           add_member(out, "kid", h->kid) && add_member(out, "nonce", h->nonce) &&
           add_member(out, "url", h->url) && buf_adds(out, "}");
}
/* base64url(header) "." base64url(payload): what is signed (RFC 7515 5.1). */
static bool add_input(struct buf *out, const char *alg, const struct jws_header *h, const char *payload,
                      size_t len)
{
    cleanup_(buf_done) struct buf header = BUF(8192);
    auto_free char *first = NULL, *second = NULL;

    if (!add_header(&header, alg, h))
        return false;
    first = encode_base64url(header.data, header.len);
    second = encode_base64url(payload, len);
    return first && second && buf_adds(out, first) && buf_adds(out, ".") && buf_adds(out, second);
}
static bool add_flattened(struct buf *out, const struct buf *input, const uint8_t *signature, size_t len)
{
    const char *dot = memchr(input->data, '.', input->len);
    auto_free char *text = encode_base64url(signature, len);

    return text && buf_adds(out, "{\"protected\":\"") &&
           buf_add(out, input->data, (size_t)(dot - input->data)) &&
           buf_addf(out, "\",\"payload\":\"%s\",\"signature\":\"%s\"}", dot + 1, text);
}

/* ---- signing ---- */

static void ctx_freep(EVP_MD_CTX **ctx) { EVP_MD_CTX_free(*ctx); }
static void sig_freep(ECDSA_SIG **sig) { ECDSA_SIG_free(*sig); }
/* The library gives DER; JOSE wants r and s side by side (RFC 7518 section 3.4). */
static bool flatten_ecdsa(uint8_t *sig, size_t *len, int half)
{
    const uint8_t *p = sig;
    cleanup_(sig_freep) ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &p, (long)*len);

    if (!parts || BN_bn2binpad(ECDSA_SIG_get0_r(parts), sig, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parts), sig + half, half) != half)
        return false;
    *len = (size_t)half * 2;
    return true;
}
static bool sign(EVP_PKEY *key, const struct algorithm *alg, const struct buf *input, uint8_t *sig,
                 size_t *len)
{
    cleanup_(ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    *len = SIGNATURE;
    return ctx && EVP_DigestSignInit_ex(ctx, NULL, alg->digest, NULL, NULL, key, NULL) == 1 &&
           EVP_DigestSign(ctx, sig, len, (const uint8_t *)input->data, input->len) == 1 &&
           (alg->half == 0 || flatten_ecdsa(sig, len, alg->half));
}
bool jws_sign(EVP_PKEY *key, const struct jws_header *h, const char *payload, size_t len, struct buf *out)
{
    cleanup_(buf_done) struct buf input = BUF(2 * KEEPER_TEXT);
    uint8_t sig[SIGNATURE];
    size_t sig_len;
    enum key_type type;

    return key_type_of(key, &type) && add_input(&input, algorithms[type].name, h, payload, len) &&
           sign(key, &algorithms[type], &input, sig, &sig_len) && add_flattened(out, &input, sig, sig_len);
}
bool jws_mac(int bits, const void *mac, size_t mac_len, const struct jws_header *h, const char *payload,
             size_t len, struct buf *out)
{
    cleanup_(buf_done) struct buf input = BUF(2 * KEEPER_TEXT);
    uint8_t sig[64];
    char alg[8];

    (void)snprintf(alg, sizeof alg, "HS%d", bits);
    return add_input(&input, alg, h, payload, len) &&
           digest_hmac(bits, mac, mac_len, input.data, input.len, sig) &&
           add_flattened(out, &input, sig, (size_t)bits / 8);
}
