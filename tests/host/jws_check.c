/* SPDX-License-Identifier: Apache-2.0 */
/* jws_check.c - the other side of a signed request (RFC 7515): does the signature hold? */
#include "jws_check.h"
#include "base/encode.h"
#include "base/mem.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

struct bytes {
    uint8_t *data;
    size_t len;
};
static void bytes_done(struct bytes *b) { free(b->data); }
static void key_freep(EVP_PKEY **key) { EVP_PKEY_free(*key); }
static void ctx_freep(EVP_PKEY_CTX **ctx) { EVP_PKEY_CTX_free(*ctx); }
static void md_freep(EVP_MD_CTX **ctx) { EVP_MD_CTX_free(*ctx); }
static void bld_freep(OSSL_PARAM_BLD **bld) { OSSL_PARAM_BLD_free(*bld); }
static void param_freep(OSSL_PARAM **params) { OSSL_PARAM_free(*params); }
static void bn_freep(BIGNUM **n) { BN_free(*n); }
static void sig_freep(ECDSA_SIG **sig) { ECDSA_SIG_free(*sig); }

static bool member(const json_t *obj, const char *key, struct bytes *out)
{
    return decode_base64(json_str(obj, key, "!"), &out->data, &out->len);
}
static EVP_PKEY *from_params(const char *kind, OSSL_PARAM_BLD *bld)
{
    cleanup_(param_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    cleanup_(ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}
static EVP_PKEY *ec_key(const json_t *jwk, const char *group, size_t half)
{
    cleanup_(bytes_done) struct bytes x = { 0 }, y = { 0 };
    cleanup_(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    uint8_t point[1 + 2 * 66] = { 4 };

    if (!member(jwk, "x", &x) || !member(jwk, "y", &y) || x.len != half || y.len != half)
        return NULL;
    memcpy(point + 1, x.data, half);
    memcpy(point + 1 + half, y.data, half);
    if (!bld || !OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half))
        return NULL;
    return from_params("EC", bld);
}
static EVP_PKEY *rsa_key(const json_t *jwk)
{
    cleanup_(bytes_done) struct bytes n = { 0 }, e = { 0 };
    cleanup_(bn_freep) BIGNUM *bn = NULL;
    cleanup_(bn_freep) BIGNUM *be = NULL;
    cleanup_(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

    if (!bld || !member(jwk, "n", &n) || !member(jwk, "e", &e))
        return NULL;
    bn = BN_bin2bn(n.data, (int)n.len, NULL);
    be = BN_bin2bn(e.data, (int)e.len, NULL);
    if (!OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) ||
        !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
        return NULL;
    return from_params("RSA", bld);
}
static EVP_PKEY *ed_key(const json_t *jwk)
{
    cleanup_(bytes_done) struct bytes x = { 0 };

    return member(jwk, "x", &x) ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.len) : NULL;
}
/* `half`: octets of r and s; 0: not ECDSA. */
static EVP_PKEY *key_for(const json_t *jwk, const char *alg, const char **md_out, size_t *half_out)
{
    const char *kty = json_str(jwk, "kty", ""), *crv = json_str(jwk, "crv", "");
    bool ec = !strcmp(kty, "EC");

    *half_out = 0;
    *md_out = "SHA256";
    if (ec && !strcmp(crv, "P-256") && !strcmp(alg, "ES256"))
        return ec_key(jwk, "P-256", *half_out = 32);
    if (ec && !strcmp(crv, "P-384") && !strcmp(alg, "ES384")) {
        *md_out = "SHA384";
        return ec_key(jwk, "P-384", *half_out = 48);
    }
    if (!strcmp(kty, "RSA") && !strcmp(alg, "RS256"))
        return rsa_key(jwk);
    *md_out = NULL;
    return !strcmp(kty, "OKP") && !strcmp(crv, "Ed25519") && !strcmp(alg, "EdDSA") ? ed_key(jwk) : NULL;
}
/* JOSE has r and s side by side, the library wants DER. */
static bool to_der(struct bytes *sig, size_t half)
{
    cleanup_(sig_freep) ECDSA_SIG *parts = ECDSA_SIG_new();
    uint8_t *der = NULL;
    int len;

    if (!parts || sig->len != 2 * half ||
        !ECDSA_SIG_set0(parts, BN_bin2bn(sig->data, (int)half, NULL),
                        BN_bin2bn(sig->data + half, (int)half, NULL)))
        return false;
    len = i2d_ECDSA_SIG(parts, &der);
    if (len <= 0)
        return false;
    free(sig->data);
    sig->data = malloc((size_t)len);
    if (!sig->data)
        abort();
    memcpy(sig->data, der, (size_t)len);
    sig->len = (size_t)len;
    OPENSSL_free(der);
    return true;
}
bool jws_check(const json_t *jws, const json_t *jwk)
{
    cleanup_(bytes_done) struct bytes head = { 0 }, sig = { 0 };
    cleanup_(json_freep) json_t *header = NULL;
    cleanup_(key_freep) EVP_PKEY *key = NULL;
    cleanup_(md_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    auto_free char *input = NULL;
    const char *md;
    char why[128];
    size_t half;
    bool good;

    if (!ctx || !member(jws, "protected", &head) || !member(jws, "signature", &sig) ||
        !(header = json_parse((char *)head.data, head.len, why)) ||
        !(key = key_for(jwk, json_str(header, "alg", ""), &md, &half)) || (half && !to_der(&sig, half)) ||
        asprintf(&input, "%s.%s", json_str(jws, "protected", ""), json_str(jws, "payload", "")) < 0)
        return false;
    good = EVP_DigestVerifyInit_ex(ctx, NULL, md, NULL, NULL, key, NULL) == 1 &&
           EVP_DigestVerify(ctx, sig.data, sig.len, (const uint8_t *)input, strlen(input)) == 1;
    ERR_clear_error();
    return good;
}
json_t *jws_part(const json_t *jws, const char *key, char **text_out)
{
    cleanup_(bytes_done) struct bytes text = { 0 };
    char why[128];

    if (!member(jws, key, &text))
        return NULL;
    if (text_out)
        *text_out = mem_text(text.data, text.len);
    return json_parse((char *)text.data, text.len, why);
}
const char *jws_check_signer(const json_t *jws, const json_t *header, bool must_jwk, bool may_jwk,
                             const json_t *known)
{
    const json_t *jwk = json_obj(header, "jwk");
    bool by_jwk = jwk && may_jwk, by_kid = json_str(header, "kid", NULL) && !must_jwk;

    if (!json_str(header, "alg", NULL) || by_jwk == by_kid || json_object_size(header) != 4)
        return "not the one of kid and jwk that belongs here";
    if ((by_jwk || known) && !jws_check(jws, by_jwk ? jwk : known))
        return "the signature is not of that key";
    return NULL;
}
json_t *jws_check_key_change(const json_t *inner, const char *url, const char *account, const json_t *old)
{
    cleanup_(json_freep) json_t *header = jws_part(inner, "protected", NULL);
    cleanup_(json_freep) json_t *payload = jws_part(inner, "payload", NULL);
    json_t *jwk = json_object_get(header, "jwk");

    if (json_object_size(header) != 3 || strcmp(json_str(header, "url", ""), url) || !jws_check(inner, jwk) ||
        strcmp(json_str(payload, "account", ""), account) || json_object_size(payload) != 2 ||
        !json_equal(json_object_get(payload, "oldKey"), old))
        return NULL;
    return json_incref(jwk);
}
