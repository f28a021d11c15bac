/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - hashes, MACs, random bytes. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes are 256, 384 or 512 (SHA-2). False: no memory or the library failed. */
bool digest_sha2(int bits, const void *data, size_t len, uint8_t out[64]);
bool digest_hmac(int bits, const void *key, size_t key_len, const void *data, size_t len, uint8_t out[64]);
/* From the library's generator; false when it has no entropy. */
bool digest_random(void *out, size_t len);
bool digest_equal(const void *a, const void *b, size_t len); /* constant time */
/* Once, before the first thread. */
bool digest_init(void);

#endif
