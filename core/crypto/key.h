/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - what the keeper does with one key; nobody else includes this. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "base/buf.h"
#include "crypto/keeper.h"

#include <openssl/types.h>

/* All of these are thread-safe (a key belongs to the caller's thread) and leave the library's error queue to
 * key_fail(), which every failure must end in. A `struct buf` for secrets has `.secret` set by the caller. */

/* FL_ENOMEM (also where the library knows of no failure) or FL_ETEMP: WHAT failed, with the library's reason; empties its
 * error queue. */
int key_fail(struct outcome *o, const char *what);

/* key.c. A new key, or NULL. RSA takes up to seconds. */
EVP_PKEY *key_make(enum key_type type);
/* False: a kind that we do not make. */
bool key_type_of(const EVP_PKEY *key, enum key_type *out);
/* PKCS #8 in PEM, not encrypted. */
bool key_to_pem(const EVP_PKEY *key, struct buf *out);
/* NULL: no PEM of a private key; one with a passphrase is refused, never asked for. */
EVP_PKEY *key_from_pem(const char *pem, size_t len);
void key_freep(EVP_PKEY **key); /* for cleanup_() */

/* jwk.c. The public key as JSON, members in the order of RFC 7638 section 3.2, no spaces. */
bool jwk_write(const EVP_PKEY *key, struct buf *out);
/* base64url(SHA-256(jwk)), 43 characters (RFC 7638 section 3). */
bool jwk_thumbprint(const char *jwk, char out[64]);

/* jws.c. What stands in the protected header (RFC 8555 section 6.2). All are text, "" is left out; exactly
 * one of `kid` and `jwk` (JSON) is given. */
struct jws_header {
    const char *url, *nonce, *kid, *jwk;
};
/* Flattened JSON serialization (RFC 7515 section 7.2.2) of a payload signed with the algorithm that fits the key. */
bool jws_sign(EVP_PKEY *key, const struct jws_header *h, const char *payload, size_t len, struct buf *out);
/* The same with HS256, HS384 or HS512 (`bits`) and a shared key. */
bool jws_mac(int bits, const void *mac, size_t mac_len, const struct jws_header *h, const char *payload,
             size_t len, struct buf *out);

/* csr.c. DER of a PKCS #10 request for `names`, each NUL-terminated, one after the other in names_len bytes:
 * addresses become iPAddress, the rest dNSName in lower case; no subject. FL_ECONF names the first that is neither. */
int csr_write(EVP_PKEY *key, const char *names, size_t names_len, struct buf *out, struct outcome *o);
/* Adds one of them. */
struct stack_st_GENERAL_NAME;
int csr_add_name(struct stack_st_GENERAL_NAME *all, const char *name, struct outcome *o);

/* proof.c. PEM of the certificate of that key, signed by it, that proves a name or address by TLS (RFC 8737 section 3). */
int proof_write(EVP_PKEY *key, const char *name, const uint8_t digest[32], struct buf *out,
                struct outcome *o);

#endif
