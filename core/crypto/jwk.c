/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.c - public keys as JSON Web Keys (RFC 7517, 7518, 8037). */
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

static void bn_freep(BIGNUM **bn) { BN_free(*bn); }
static bool add_base64url(struct buf *out, const void *data, size_t len)
{
    auto_free char *text = encode_base64url(data, len);
    return text && buf_adds(out, text);
}
/* A number of the key; `size` octets (RFC 7518 6.2.1.2), or as few as hold it when 0 (6.3.1.1). */
static bool add_number(const EVP_PKEY *key, const char *param, int size, struct buf *out)
{
    uint8_t raw[512];
    cleanup_(bn_freep) BIGNUM *n = NULL;

    if (EVP_PKEY_get_bn_param(key, param, &n) != 1)
        return false;
    if (size == 0)
        size = BN_num_bytes(n);
    if (size > (int)sizeof raw || BN_bn2binpad(n, raw, size) != size)
        return false;
    return add_base64url(out, raw, (size_t)size);
}
static bool write_ec(const EVP_PKEY *key, int bits, struct buf *out)
{
    return buf_addf(out, "{\"crv\":\"P-%d\",\"kty\":\"EC\",\"x\":\"", bits) &&
           add_number(key, OSSL_PKEY_PARAM_EC_PUB_X, bits / 8, out) && buf_adds(out, "\",\"y\":\"") &&
           add_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, bits / 8, out) && buf_adds(out, "\"}");
}
static bool write_rsa(const EVP_PKEY *key, struct buf *out)
{
    return buf_adds(out, "{\"e\":\"") && add_number(key, OSSL_PKEY_PARAM_RSA_E, 0, out) &&
           buf_adds(out, "\",\"kty\":\"RSA\",\"n\":\"") && add_number(key, OSSL_PKEY_PARAM_RSA_N, 0, out) &&
           buf_adds(out, "\"}");
}
static bool write_ed25519(const EVP_PKEY *key, struct buf *out)
{
    uint8_t raw[32];
    size_t len = sizeof raw;

    return EVP_PKEY_get_raw_public_key(key, raw, &len) == 1 && len == sizeof raw &&
           buf_adds(out, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"") && add_base64url(out, raw, len) &&
           buf_adds(out, "\"}");
}
bool jwk_write(const EVP_PKEY *key, struct buf *out)
{
    enum key_type type;

    if (!key_type_of(key, &type))
        return false;
    if (type == KEY_EC256 || type == KEY_EC384)
        return write_ec(key, type == KEY_EC256 ? 256 : 384, out);
    return type == KEY_ED25519 ? write_ed25519(key, out) : write_rsa(key, out);
}
bool jwk_thumbprint(const char *jwk, char out[64])
{
    uint8_t hash[64];
    auto_free char *text = NULL;

    if (!digest_sha2(256, jwk, strlen(jwk), hash))
        return false;
    text = encode_base64url(hash, 32);
    return text && text_copy(out, 64, text);
}
