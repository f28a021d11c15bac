/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - certificate chains: what they say and whether they hold. */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHAIN_CERTS = 10, CHAIN_BYTES = 100 * 1024 };
struct chain {
    char *leaf_pem,
        *chain_pem;    /* written anew; chain: the certificates after the leaf, "" when there are none */
    char **names;      /* subjectAltName dns and ip of the leaf, NULL-terminated, lower case, canonical */
    char *issuer;      /* common name of the issuer of the last certificate: what `preferred_chain` names;
                                   "" when it has none */
    char serial[64];   /* lower-case hex of the content octets, as in the DER, with a leading 00 */
    char cert_id[160]; /* RFC 9773 section 4.1: AKI "." serial, base64url; "" without AKI */
    char sha256[65];   /* of the leaf's DER, hex */
    int64_t not_before_at, not_after_at;
    size_t length; /* certificates in the file */
};
/* PEM as an authority gives it (RFC 8555 section 7.4.2, 9.1): only CERTIFICATE blocks with white space between
 * them, at most CHAIN_CERTS certificates and CHAIN_BYTES bytes, the leaf first. FL_EPROTO with the reason
 * otherwise; what holds a private key is refused in words that do not repeat it. */
int chain_parse(const char *pem, size_t len, struct chain *out, struct outcome *o);
void chain_done(struct chain *c);
/* What `preferred_chain` asks of each chain that is offered: the topmost certificate of the file has an issuer of that
 * common name, character for character, as other clients compare it too. (A root that sends itself along is its own
 * issuer.) False for "", and for an issuer without common name. */
bool chain_ends_in(const struct chain *c, const char *issuer_cn);
/* Before a sink sees anything: each certificate is named as issuer and signed by the next one, which may sign
 * certificates (RFC 8555 7.4.2 says SHOULD; servers that clients meet all do); the last one's issuer may be
 * missing. `names` (NULL-terminated, any case, addresses in any form) are exactly the leaf's SANs. Every
 * certificate is valid at `now_at` (5 min slack at the start). The leaf serves TLS servers (key usage and extended
 * key usage when present), is no CA and not self-signed. The key is compared by keeper_fits(). FL_EPROTO with
 * words that name the first thing wrong. */
int chain_check(const struct chain *c, const char *const *names, int64_t now_at, struct outcome *o);

#endif
