/* SPDX-License-Identifier: Apache-2.0 */
/* stub_acme.h - an authority for tests: honest by itself, as hostile as its script. */
#ifndef HOST_STUB_ACME_H
#define HOST_STUB_ACME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * It keeps accounts, orders and authorizations in memory and counts every challenge that is answered as proved.
 * It looks at each request as RFC 8555 section 6 says (content type, User-Agent, flattened JWS, url, kid or jwk,
 * a nonce of its own used once, the signature of the account's key) and remembers what was wrong. What a
 * script says goes before that behaviour, but not before those checks.
 *
 * Paths: /dir /nonce /account /order (new) /order/N /authz/N /chal/N /finalize/N /cert/N
 */
struct stub_answer {
    const char *at;      /* "POST /order": a request whose method and path begin so, "=" in front: are so */
    int times;           /* how often; 0: once */
    int after;           /* so many such requests are left alone before */
    int status;          /* 0: 200 */
    const char *type;    /* NULL: application/json; "" : none */
    const char *headers; /* "Name: value\r\n"; NULL: none */
    const char *body;    /* `$B` is the base URL; NULL: none */
    size_t fill;         /* so many bytes of 'x' instead of body */
    bool no_nonce;       /* without Replay-Nonce */
    bool hang_up;        /* the connection ends before the request is looked at */
    bool
        lost; /* it is done, and the connection ends without a byte of the answer; the rest here is not said */
    bool cut_off;          /* it ends in the middle of the body */
    int drip_ms;           /* so long before each byte */
    void (*dripped)(void); /* after each byte, from the authority's thread; NULL: nothing */
};
struct stub_acme;
struct stub_acme_conf {
    bool sync;        /* finalize answers `valid` at once, else `processing`, then `valid` */
    bool no_location; /* finalize and orders answer without Location, newOrder and newAccount with */
    bool eab;         /* meta.externalAccountRequired, and newAccount looks for a binding */
    bool no_terms;
    bool bare;       /* the directory names neither revokeCert, keyChange nor renewalInfo */
    int retry_after; /* s; of orders and authorizations; 0: none */
    int looks;       /* so many looks at an order find it pending although all was proved */
};
struct stub_acme *stub_acme_new(const struct stub_acme_conf *conf);
void stub_acme_free(struct stub_acme *s);
const char *stub_acme_url(const struct stub_acme *s); /* of the directory */
const char *stub_acme_base(const struct stub_acme *s);
/* Several may be given; the first that fits is taken. Its texts are borrowed. */
void stub_acme_script(struct stub_acme *s, const struct stub_answer *answer);
/* Requests so far whose "METHOD /path" begins with that. */
unsigned stub_acme_count(struct stub_acme *s, const char *at);
void stub_acme_forget_nonces(struct stub_acme *s); /* as after a restart: all are bad from now on */
void stub_acme_reset(struct stub_acme *s);         /* counts and script */
void stub_acme_unscript(struct stub_acme *s);      /* the script alone */
/* All "METHOD /path" so far, a line each; allocated. */
char *stub_acme_log(struct stub_acme *s);
/* What a client did wrong so far, a line each; allocated, "" : nothing. */
char *stub_acme_faults(struct stub_acme *s);
/* The decoded payload of the last POST whose path begins with that; allocated, NULL: none. */
char *stub_acme_payload(struct stub_acme *s, const char *path);
unsigned stub_acme_connections(struct stub_acme *s);

#endif
