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
extern const char *const key_type_names[]; /* "ec256" ... in enum order, NULL-terminated: choices of options */

enum { KEEPER_SEALED = 128, KEEPER_TEXT = 24 * 1024, KEEPER_NAMES = 100, KEEPER_NAME = 256, KEEPER_URL = 1024 };

enum keeper_op {
    KEEPER_MAKE = 1, /* type -> sealed, jwk */
    KEEPER_JWK,      /* sealed -> jwk (public, members in RFC 7638 order, no spaces), thumbprint */
    KEEPER_JWS,      /* sealed, url, nonce, kid ("" : the jwk stands in the header), payload -> text (flattened JSON, RFC 7515) */
    KEEPER_EAB,      /* sealed (account key), url, kid, mac (base64url text) in payload -> text: inner JWS of RFC 8555 7.3.4, HS256 */
    KEEPER_CSR,      /* sealed, names -> DER in text/text_len: SANs dns and ip, no CN, no other extension (RFC 8555 7.4) */
    KEEPER_EXPORT,   /* sealed -> text: PKCS #8 PEM; the caller wipes it */
    KEEPER_FITS,     /* sealed, payload: leaf PEM -> FL_OK when the key belongs to it, FL_EREJECT otherwise */
    KEEPER_FORGET    /* sealed: the key file is removed; FL_OK also when it was gone */
};

struct keeper_request {
    uint32_t op, type;
    char sealed[KEEPER_SEALED];
    char url[KEEPER_URL], kid[KEEPER_URL], nonce[256];
    uint32_t payload_len, names_len;
    char payload[KEEPER_TEXT];                /* JWS payload ("" is POST-as-GET), MAC key, PEM */
    char names[KEEPER_NAMES * KEEPER_NAME];   /* host names and addresses, each NUL-terminated, one after the other */
};
struct keeper_reply {
    struct outcome outcome; /* .code is what keeper_call() returns */
    char sealed[KEEPER_SEALED], thumbprint[64];
    uint32_t text_len;
    char text[KEEPER_TEXT];
    char jwk[2048];
};

struct keeper;
/* `dir`: the keeper's own folder (0700, made when missing). Thread-safe: any number of callers.
 * JWS: the keeper refuses a `url` whose origin is not `https://` (or http:// to a loopback address). */
int keeper_new(const char *dir, struct keeper **out, struct outcome *o);
void keeper_free(struct keeper *k);
/* The one entry. A request that is malformed in any way (text not terminated, lengths over the arrays,
 * unknown op) is FL_ECONF and touches nothing. */
int keeper_call(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply);

/* The same door over a stream socket: serve() answers on `fd` until it closes; remote() makes a keeper whose
 * calls go through `fd` (closed by keeper_free). Frames are length-prefixed; a short or oversized frame ends the connection. */
int keeper_serve(struct keeper *k, int fd);
int keeper_remote(int fd, struct keeper **out);

/* ---- conveniences over keeper_call(), for the callers' sake --------------------------- */
int keeper_make(struct keeper *k, enum key_type type, char sealed_out[KEEPER_SEALED], struct outcome *o);
/* Allocated flattened JWS; payload NULL is POST-as-GET; kid NULL puts the jwk in the header; nonce NULL leaves it out. */
int keeper_jws(struct keeper *k, const char *sealed, const char *url, const char *nonce, const char *kid,
               const char *payload, char **out, struct outcome *o);
int keeper_thumbprint(struct keeper *k, const char *sealed, char out[64], struct outcome *o);
int keeper_jwk(struct keeper *k, const char *sealed, char **out, struct outcome *o);
int keeper_eab(struct keeper *k, const char *sealed, const char *url, const char *eab_kid, const char *mac, char **out,
               struct outcome *o);
/* Allocated base64url of the DER. */
int keeper_csr(struct keeper *k, const char *sealed, const char *const *names, char **out, struct outcome *o);
int keeper_export(struct keeper *k, const char *sealed, char **pem_out, struct outcome *o); /* mem_wipe_free() it */
int keeper_fits(struct keeper *k, const char *sealed, const char *leaf_pem, struct outcome *o);
int keeper_forget(struct keeper *k, const char *sealed, struct outcome *o);

#endif
