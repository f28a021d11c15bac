/* SPDX-License-Identifier: Apache-2.0 */
/* fl/tls.h - what a TLS server serves, and key stores for programs that take no PEM. */
#ifndef FL_TLS_H
#define FL_TLS_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is served ------------------------------------------------------- */

/*
 * One connection and one TLS handshake, to see which certificate a server gives to a client that asks for a
 * name. Nothing is verified and nothing is sent after the handshake: what is served is reported, be it
 * expired, self-signed or for another name. Everything from TLS 1.0 to 1.3 with any cipher that the library
 * still has is offered, so that an old server is seen and not guessed at.
 */
struct fl_tls_probe {
    const char *address; /* "192.0.2.1:443", "[2001:db8::1]:443": an address with its port, never a name */
    const char *sni;     /* host name in A-labels; NULL, "" or an IP address: none is sent (RFC 6066 3) */
    const char
        *key_type; /* "ec256", "rsa2048", ...: only signatures of such keys are offered (EC, RSA or Ed25519,
                                whatever the size), so that a server with several certificates serves that one; NULL: all */
    const char *const *alpn; /* protocols to offer (RFC 7301), NULL-terminated; NULL: none */
    int64_t timeout_ms;      /* for all of it; 0: 10 s. Never more than what is left of the call */
};
/* All texts are of the call, never NULL. */
struct fl_tls_served {
    const char *serial;   /* of the leaf, written as fl_cert.serial is: equal texts, equal numbers */
    const char *sha256;   /* of the leaf's DER, lower-case hex */
    const char *key_type; /* of the leaf, as fl_cert.key_type; "" for one that fairlead never makes */
    const char *issuer;   /* common name of the leaf's issuer; "" when it has none */
    const char *const
        *names; /* its subjectAltName, host names in lower case and addresses; NULL-terminated */
    int64_t not_before_at, not_after_at; /* seconds since 1970 */
    size_t ncerts;                       /* certificates that the server sent, the leaf among them */
    const char *chain_pem;         /* all of these in PEM, the leaf first; "" when they are over 100 KiB */
    bool complete;                 /* the handshake came to its end; else the server broke it off behind its
                                    certificate (it may want one of the client's) and what follows is "" */
    const char *protocol, *cipher; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
    const char *alpn;              /* what the server chose; "": nothing */
};
/*
 * FL_OK: a certificate was served; whether it is the right one is for the caller to say. The others, each with
 * words that begin with the address and say which it was:
 * FL_ETEMP   cannot connect: refused, no route, no answer in time (also when the deadline passes in the handshake);
 * FL_EREJECT connected, and the server broke the handshake off before any certificate (an alert, named: it may
 *            not know that name, or have no certificate for that type of key);
 * FL_EPROTO  connected, and what answers there speaks no TLS, or closes without a word;
 * FL_ECONF   address, name, key type or protocols are none.
 * `out` is filled on FL_OK alone. Waits; not for callbacks of listeners.
 */
FL_EXPORT int fl_tls_probe(struct fl_ctx *ctx, const struct fl_tls_probe *probe, struct fl_tls_served *out);

/* ---- key stores ----------------------------------------------------------- */

/* A PKCS #12 file (RFC 7292) with one key, its certificate and the rest of the chain. */
struct fl_pkcs12 {
    const char *key_pem;    /* PKCS #8, not encrypted; for fl_pkcs12_fits() "" : the key is not looked at */
    const char *chain_pem;  /* the leaf first, then its issuers */
    const char *passphrase; /* UTF-8, protects key and certificates, and the whole against changes; not "" */
    const char *name;       /* friendlyName of the entry: what Java calls its alias, Windows shows; not "" */
    /* false: what OpenSSL 3 makes: PBES2 with AES-256-CBC, MAC with SHA-256. For Java from 8u301, Windows from
     * Server 2019 and 10 (1709), macOS from 15. true: pbeWithSHA1And3-KeyTripleDES-CBC and MAC with SHA-1 for those
     * that are older; weak, and so the file is worth protecting as if it were plain. */
    bool legacy;
};
/* FL_OK: the file's bytes, of the call (wiped at its end); each call gives others, for they are salted. FL_ECONF:
 * no key or chain in these texts, they are not of each other, or passphrase or name is missing. */
FL_EXPORT int fl_pkcs12(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const uint8_t **der_out,
                        size_t *len_out);
/* Would fl_pkcs12() make such a file, salts aside? *fits_out false: damaged, another passphrase, other
 * certificates, another key, name or protection. */
FL_EXPORT int fl_pkcs12_fits(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const void *der, size_t len,
                             bool *fits_out);

#ifdef __cplusplus
}
#endif

#endif
