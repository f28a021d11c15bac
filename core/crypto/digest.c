/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - hashes, MACs, random bytes. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static const char *sha2_name(int bits)
{
    return bits == 256 ? "SHA256" : bits == 384 ? "SHA384" : bits == 512 ? "SHA512" : NULL;
}
bool digest_sha2(int bits, const void *data, size_t len, uint8_t out[64])
{
    const char *name = sha2_name(bits);
    size_t n = 0;
    bool ok = name && EVP_Q_digest(NULL, name, NULL, data, len, out, &n) == 1;

    if (!ok)
        ERR_clear_error();
    return ok && n == (size_t)bits / 8;
}
bool digest_hmac(int bits, const void *key, size_t key_len, const void *data, size_t len, uint8_t out[64])
{
    const char *name = sha2_name(bits);
    size_t n = 0;
    bool ok;

    if (!name)
        return false;
    /* A NULL key would mean "the one of the last time". */
    ok = EVP_Q_mac(NULL, "HMAC", NULL, name, NULL, key_len ? key : "", key_len, data, len, out, 64, &n) !=
         NULL;
    if (!ok)
        ERR_clear_error();
    return ok && n == (size_t)bits / 8;
}
bool digest_random(void *out, size_t len)
{
    bool ok = RAND_bytes_ex(NULL, out, len, 0) == 1;
    if (!ok)
        ERR_clear_error();
    return ok;
}
bool digest_equal(const void *a, const void *b, size_t len) { return CRYPTO_memcmp(a, b, len) == 0; }
bool digest_init(void)
{
    uint8_t probe[64];

    /* The first digest loads the provider: better here than in the middle of two threads. */
    return OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) == 1 &&
           RAND_status() == 1 && digest_sha2(256, "", 0, probe);
}
