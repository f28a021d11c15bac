/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - the door to all private keys.
 *
 * The keeper makes keys, signs JWS for an account, makes CSRs and exports a key for a delivery.
 * Requests and replies are structs without pointers, so that the keeper can live in a process of its own
 * (no network, no parser of foreign data); today it runs in the caller's thread. A test drives it through a
 * socketpair with keeper_serve()/keeper_remote().
 *
 * A key is known outside only by its sealed form: with the file backend the text "file:ID", ID being 32
 * hex digits, and the key itself is PKCS #8 PEM, 0600, in the keeper's own folder as ID.pem, on disk
 * (fsynced) before make() returns. Whoever holds a sealed text can ask for signatures, not for the key;
 * KEEPER_EXPORT alone gives the PEM, to the delivery.
 */
#ifndef CRYPTO_KEEPER_H
#define CRYPTO_KEEPER_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type { KEY_EC256, KEY_EC384, KEY_RSA2048, KEY_RSA3072, KEY_RSA4096, KEY_ED25519, KEY_TYPES };
extern const char
    *const key_type_names[]; /* "ec256" ... in enum order, NULL-terminated: choices of options */

/* KEEPER_TEXT holds the JWS around the request of a certificate with KEEPER_NAMES names of full length. */
enum {
    KEEPER_SEALED = 128,
    KEEPER_TEXT = 64 * 1024,
    KEEPER_NAMES = 100,
    KEEPER_NAME = 256,
    KEEPER_URL = 1024
};

enum keeper_op {
    /* type -> sealed, jwk, thumbprint */
    KEEPER_MAKE = 1,
    /* sealed -> jwk (public, members in RFC 7638 order, no spaces), thumbprint */
    KEEPER_JWK,
    /* sealed, url, nonce, kid ("": the jwk stands in the header), payload -> text (flattened JSON, RFC 7515). ES256, ES384,
     * RS256 or EdDSA, as the key is */
    KEEPER_JWS,
    /* sealed (account key), url, kid, mac (base64url text) in payload, size of the hash (256, 384, 512) in type -> text: inner
     * JWS of RFC 8555 7.3.4, HS256, HS384 or HS512 */
    KEEPER_EAB,
    /* sealed, names -> DER in text/text_len: SANs dns and ip, no CN, no other extension (RFC 8555 7.4) */
    KEEPER_CSR,
    /* sealed -> text: PKCS #8 PEM; the caller wipes it */
    KEEPER_EXPORT,
    /* sealed, payload: leaf PEM -> FL_OK when the key belongs to it, FL_EREJECT otherwise */
    KEEPER_FITS,
    /* sealed: the key file is removed; FL_OK also when it was gone */
    KEEPER_FORGET,
    /* names (one, no wildcard), payload: digest of a key authorization (43 characters of base64url) -> text: PEM of the
     * certificate that proves that name or address by TLS (RFC 8737 section 3, RFC 8738 section 6), signed by itself, and
     * behind it its key, P-256, PKCS #8. Neither is kept */
    KEEPER_PROVE
};

/* Starts zeroed: all of it goes through the socket, also what an op does not read. */
struct keeper_request {
    uint32_t op, type;
    char sealed[KEEPER_SEALED];
    char url[KEEPER_URL], kid[KEEPER_URL],
        nonce[256]; /* printable ASCII; the nonce base64url (RFC 8555 6.5.1) */
    uint32_t payload_len, names_len;
    char payload[KEEPER_TEXT]; /* JWS payload ("" is POST-as-GET), MAC key, PEM */
    char names[KEEPER_NAMES *
               KEEPER_NAME]; /* host names and addresses, each NUL-terminated, one after the other */
};
struct keeper_reply {
    struct outcome outcome; /* .code is what keeper_call() returns */
    char sealed[KEEPER_SEALED], thumbprint[64];
    char jwk[2048];
    uint32_t text_len;
    char text[KEEPER_TEXT]; /* a NUL follows the text_len bytes; beyond them it is not written */
};

struct keeper;
/* `dir`: the keeper's own folder (0700, made when missing; one that others may enter is FL_ECONF). What a crash
 * left half-written in it is removed, so no other process may be making keys there: have the store's lock first.
 * Thread-safe: any number of callers. */
int keeper_new(const char *dir, struct keeper **out, struct outcome *o);
/* Nobody may be in a call. */
void keeper_free(struct keeper *k);
/* The one entry. A request that is malformed in any way (text not terminated, lengths over the arrays,
 * unknown op, sealed text of another form) is FL_ECONF and touches nothing. So is a JWS or EAB `url` that is
 * neither https:// nor http:// to a loopback address, or that holds a user name. FL_ESTALE: the sealed key's file
 * is gone. FL_ETEMP: the disk or the library failed; FL_EPROTO: the file holds no key, FITS was given no certificate. */
int keeper_call(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply);

/* The same door over a connected stream socket, for two processes of one build on one machine. serve() answers on
 * `fd`, one request after the other, until the other side closes (FL_OK), sends a frame that is short, oversized or
 * does not add up (FL_EPROTO), or the socket fails (FL_ETEMP); the caller closes `fd`. remote() makes a keeper
 * whose calls go through `fd`, one at a time (closed by keeper_free(), also when remote() fails). After a broken
 * frame or connection every call of it is FL_ETEMP. */
int keeper_serve(struct keeper *k, int fd);
int keeper_remote(int fd, struct keeper **out);

/* ---- conveniences over keeper_call(): one call each, what is too long is FL_ECONF ---- */
int keeper_make(struct keeper *k, enum key_type type, char sealed_out[KEEPER_SEALED], struct outcome *o);
/* Allocated flattened JWS; payload NULL is POST-as-GET; kid NULL puts the jwk in the header; nonce NULL leaves it out. */
int keeper_jws(struct keeper *k, const char *sealed, const char *url, const char *nonce, const char *kid,
               const char *payload, char **out, struct outcome *o);
int keeper_thumbprint(struct keeper *k, const char *sealed, char out[64], struct outcome *o);
int keeper_jwk(struct keeper *k, const char *sealed, char **out, struct outcome *o);
int keeper_eab(struct keeper *k, const char *sealed, const char *url, const char *eab_kid, const char *mac,
               int bits, char **out, struct outcome *o);
/* Allocated base64url of the DER. */
int keeper_csr(struct keeper *k, const char *sealed, const char *const *names, char **out, struct outcome *o);
int keeper_export(struct keeper *k, const char *sealed, char **pem_out,
                  struct outcome *o); /* mem_wipe_free() it */
int keeper_fits(struct keeper *k, const char *sealed, const char *leaf_pem, struct outcome *o);
int keeper_forget(struct keeper *k, const char *sealed, struct outcome *o);
int keeper_prove(struct keeper *k, const char *name, const char *digest, char **cert_pem_out,
                 char **key_pem_out, struct outcome *o); /* mem_wipe_free() the key */

#endif
