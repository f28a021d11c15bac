/* SPDX-License-Identifier: Apache-2.0 */
/* test_jws.c - JSON Web Keys and Signatures against RFC vectors and another verifier. */
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 7638 section 3.1 */
static const char rsa_n[] =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPe"
    "bWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY36"
    "8QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4l"
    "Fd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

static EVP_PKEY *key_from_params(const char *kind, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;

    assert_true(EVP_PKEY_fromdata_init(ctx) == 1);
    assert_true(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}
static void the_thumbprint_of_an_rsa_key_is_that_of_rfc_7638(void **state)
{
    cleanup_(buf_done) struct buf jwk = BUF(2048);
    auto_free uint8_t *raw = NULL;
    size_t len;
    char print[64];

    (void)state;
    assert_true(decode_base64(rsa_n, &raw, &len));
    BIGNUM *n = BN_bin2bn(raw, (int)len, NULL), *e = BN_new();
    BN_set_word(e, 65537);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY *key = key_from_params("RSA", params);

    assert_true(jwk_write(key, &jwk));
    assert_true(jwk_thumbprint(jwk.data, print));
    assert_string_equal(print, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_memory_equal(jwk.data, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7", 33);
    EVP_PKEY_free(key);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);
}
static void the_thumbprint_of_an_ed25519_key_is_that_of_rfc_8037(void **state)
{
    cleanup_(buf_done) struct buf jwk = BUF(2048);
    auto_free uint8_t *raw = NULL;
    size_t len;
    char print[64];

    (void)state;
    assert_true(decode_base64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", &raw, &len));
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, len);
    assert_true(jwk_write(key, &jwk));
    assert_string_equal(
        jwk.data,
        "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
    assert_true(jwk_thumbprint(jwk.data, print));
    assert_string_equal(print, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    EVP_PKEY_free(key);
}
/* One point in 256 has an x that is shorter than its field; it is found by trying. */
static void coordinates_keep_their_leading_zeros(void **state)
{
    bool seen = false;

    (void)state;
    for (int tries = 0; tries < 20000 && !seen; tries++) {
        cleanup_(key_freep) EVP_PKEY *key = key_make(KEY_EC256);
        cleanup_(buf_done) struct buf jwk = BUF(2048);
        BIGNUM *x = NULL;
        assert_true(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1);
        seen = BN_num_bytes(x) < 32;
        BN_free(x);
        if (!seen)
            continue;
        assert_true(jwk_write(key, &jwk));
        assert_int_equal(strlen(strstr(jwk.data, "\"x\":\"") + 5), 43 + strlen("\",\"y\":\"") + 43 + 2);
        assert_memory_equal(strstr(jwk.data, "\"x\":\"") + 5, "A", 1);
    }
    assert_true(seen);
}

/* ---- signatures, taken apart again and given to the library ---- */

static void decode_member(const json_t *jws, const char *name, uint8_t **out, size_t *len)
{
    const char *text = json_str(jws, name, NULL);
    assert_non_null(text);
    assert_null(strpbrk(text, "=+/"));
    assert_true(decode_base64(text, out, len));
}
static void to_der(uint8_t **sig, size_t *len)
{
    ECDSA_SIG *parts = ECDSA_SIG_new();
    int half = (int)*len / 2;
    uint8_t *der = NULL;

    ECDSA_SIG_set0(parts, BN_bin2bn(*sig, half, NULL), BN_bin2bn(*sig + half, half, NULL));
    *len = (size_t)i2d_ECDSA_SIG(parts, &der);
    ECDSA_SIG_free(parts);
    free(*sig);
    *sig = malloc(*len);
    memcpy(*sig, der, *len);
    OPENSSL_free(der);
}
static bool verifies(EVP_PKEY *key, const char *digest, const json_t *jws, size_t sig_size)
{
    cleanup_(buf_done) struct buf input = BUF(65536);
    auto_free uint8_t *sig = NULL;
    size_t len;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok;

    decode_member(jws, "signature", &sig, &len);
    assert_int_equal(len, sig_size);
    if (EVP_PKEY_is_a(key, "EC"))
        to_der(&sig, &len);
    buf_addf(&input, "%s.%s", json_str(jws, "protected", ""), json_str(jws, "payload", "?"));
    ok = EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) == 1 &&
         EVP_DigestVerify(ctx, sig, len, (const uint8_t *)input.data, input.len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}
static json_t *signed_with(EVP_PKEY *key, const struct jws_header *h, const char *payload)
{
    cleanup_(buf_done) struct buf out = BUF(65536);
    char why[128];
    json_t *jws;

    assert_true(jws_sign(key, h, payload, strlen(payload), &out));
    jws = json_parse(out.data, out.len, why);
    assert_non_null(jws);
    assert_int_equal(json_object_size(jws), 3);
    return jws;
}
static json_t *header_of(const json_t *jws)
{
    auto_free uint8_t *text = NULL;
    size_t len;
    char why[128];
    json_t *header;

    decode_member(jws, "protected", &text, &len);
    header = json_parse((const char *)text, len, why);
    assert_non_null(header);
    return header;
}
static const struct {
    enum key_type type;
    const char *alg, *digest;
    size_t size;
} kinds[] = {
    { KEY_EC256, "ES256", "SHA256", 64 },    { KEY_EC384, "ES384", "SHA384", 96 },
    { KEY_RSA2048, "RS256", "SHA256", 256 }, { KEY_RSA3072, "RS256", "SHA256", 384 },
    { KEY_ED25519, "EdDSA", NULL, 64 },
};
static void every_kind_of_key_signs_what_the_library_verifies(void **state)
{
    const struct jws_header h = {
        .url = "https://ca.example/order", .nonce = "n-1_x", .kid = "https://ca.example/acct/1", .jwk = ""
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cleanup_(key_freep) EVP_PKEY *key = key_make(kinds[i].type);
        cleanup_(json_freep) json_t *jws = signed_with(key, &h, "{\"a\":1}"), *header = header_of(jws);
        assert_string_equal(json_str(header, "alg", ""), kinds[i].alg);
        assert_string_equal(json_str(header, "kid", ""), h.kid);
        assert_string_equal(json_str(header, "nonce", ""), h.nonce);
        assert_string_equal(json_str(header, "url", ""), h.url);
        assert_int_equal(json_object_size(header), 4);
        assert_string_equal(json_str(jws, "payload", ""), "eyJhIjoxfQ");
        assert_true(verifies(key, kinds[i].digest, jws, kinds[i].size));
        json_put_str(jws, "payload", "eyJhIjoyfQ");
        assert_false(verifies(key, kinds[i].digest, jws, kinds[i].size));
    }
}
/* One r or s in 128 is shorter than the field: it must be padded, not cut. */
static void short_halves_of_a_signature_are_padded(void **state)
{
    const struct jws_header h = { .url = "https://ca.example/", .nonce = "", .kid = "k", .jwk = "" };
    cleanup_(key_freep) EVP_PKEY *key = key_make(KEY_EC256);
    int padded = 0;

    (void)state;
    for (int i = 0; i < 1500 && padded < 2; i++) {
        cleanup_(json_freep) json_t *jws = signed_with(key, &h, "");
        auto_free uint8_t *sig = NULL;
        size_t len;
        decode_member(jws, "signature", &sig, &len);
        assert_int_equal(len, 64);
        if (sig[0] && sig[32])
            continue;
        padded++;
        assert_true(verifies(key, "SHA256", jws, 64));
    }
    assert_true(padded >= 1);
}
static void the_header_has_the_key_instead_of_a_kid_and_no_empty_members(void **state)
{
    cleanup_(key_freep) EVP_PKEY *key = key_make(KEY_EC384);
    cleanup_(buf_done) struct buf jwk = BUF(2048);
    struct jws_header h = { .url = "https://ca.example/new", .nonce = "", .kid = "" };

    (void)state;
    assert_true(jwk_write(key, &jwk));
    h.jwk = jwk.data;
    cleanup_(json_freep) json_t *jws = signed_with(key, &h, ""), *header = header_of(jws);
    assert_int_equal(json_object_size(header), 3);
    assert_string_equal(json_str(json_obj(header, "jwk"), "crv", ""), "P-384");
    assert_string_equal(json_str(jws, "payload", "?"), "");
    assert_true(verifies(key, "SHA384", jws, 96));
}
static void quotes_and_backslashes_in_a_kid_stay_text(void **state)
{
    cleanup_(key_freep) EVP_PKEY *key = key_make(KEY_EC256);
    const struct jws_header h = { .url = "https://a/", .nonce = "", .kid = "a\"b\\c", .jwk = "" };
    cleanup_(json_freep) json_t *jws = signed_with(key, &h, "x"), *header = header_of(jws);

    (void)state;
    assert_string_equal(json_str(header, "kid", ""), "a\"b\\c");
}
static void external_account_binding_is_hs256(void **state)
{
    const struct jws_header h = {
        .url = "https://ca.example/new-account", .nonce = "", .kid = "kid-1", .jwk = ""
    };
    static const char jwk[] = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"BB\"}";
    static const char mac[] = "secret-mac-key-of-32-bytes-length";
    cleanup_(buf_done) struct buf out = BUF(4096);

    (void)state;
    assert_true(jws_mac(256, mac, strlen(mac), &h, jwk, strlen(jwk), &out));
    /* computed with another implementation of HMAC and base64url */
    assert_string_equal(
        out.data,
        "{\"protected\":\"eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL25"
        "ldy1hY2NvdW50In0\",\"payload\":\"eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6IkFBIiwieSI6IkJCIn0"
        "\",\"signature\":\"zP8aWywcdS9JKddVPyxNGWY2LEGuBzLTdtH8sLDuO9g\"}");
}
static void keys_survive_pem_and_strangers_are_refused(void **state)
{
    (void)state;
    for (int type = 0; type < KEY_TYPES; type++) {
        cleanup_(key_freep) EVP_PKEY *key = type == KEY_RSA4096 ? NULL : key_make((enum key_type)type),
                                     *again = NULL;
        cleanup_(buf_done) struct buf pem = { .max = 16384, .secret = true };
        enum key_type read;
        if (!key)
            continue;
        assert_true(key_to_pem(key, &pem));
        assert_memory_equal(pem.data, "-----BEGIN PRIVATE KEY-----\n", 28);
        again = key_from_pem(pem.data, pem.len);
        assert_non_null(again);
        assert_true(EVP_PKEY_eq(key, again) == 1);
        assert_true(key_type_of(again, &read));
        assert_int_equal(read, type);
        assert_null(key_from_pem(pem.data, pem.len / 2));
    }
    cleanup_(key_freep) EVP_PKEY *foreign = EVP_EC_gen("secp256k1"), *large = EVP_EC_gen("P-521");
    enum key_type type;
    assert_false(key_type_of(foreign, &type));
    assert_false(key_type_of(large, &type));
    assert_null(key_from_pem("", 0));
    struct outcome o;
    assert_int_equal(key_fail(&o, "reading a key"), FL_ETEMP);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thumbprint_of_an_rsa_key_is_that_of_rfc_7638),
        cmocka_unit_test(the_thumbprint_of_an_ed25519_key_is_that_of_rfc_8037),
        cmocka_unit_test(coordinates_keep_their_leading_zeros),
        cmocka_unit_test(every_kind_of_key_signs_what_the_library_verifies),
        cmocka_unit_test(short_halves_of_a_signature_are_padded),
        cmocka_unit_test(the_header_has_the_key_instead_of_a_kid_and_no_empty_members),
        cmocka_unit_test(quotes_and_backslashes_in_a_kid_stay_text),
        cmocka_unit_test(external_account_binding_is_hs256),
        cmocka_unit_test(keys_survive_pem_and_strangers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
