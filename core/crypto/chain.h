/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - certificate chains: what they say and whether they hold. */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include "base/outcome.h"
#include <stddef.h>
#include <stdint.h>

struct chain {
    char *leaf_pem, *chain_pem; /* chain: the certificates after the leaf, "" when there are none */
    char **names;               /* subjectAltName dns and ip of the leaf, NULL-terminated, lower case */
    char *issuer;               /* common name of the issuer of the last certificate: what `preferred_chain` names */
    char serial[64];            /* lower-case hex of the content octets, as in the DER, with a leading 00 */
    char cert_id[160];          /* RFC 9773 section 4.1: AKI "." serial, base64url; "" without AKI */
    char sha256[65];            /* of the leaf's DER, hex */
    int64_t not_before_at, not_after_at;
    size_t length;              /* certificates in the file */
};
/* PEM as an authority gives it (RFC 8555 section 7.4.2, 9.1): only CERTIFICATE blocks, at most 10 certificates and 100 KiB.
 * FL_EPROTO with the reason otherwise. */
int chain_parse(const char *pem, size_t len, struct chain *out, struct outcome *o);
void chain_done(struct chain *c);
/* Before a sink sees anything: each certificate is signed by the next one's key, `names` (NULL-terminated) are exactly the
 * leaf's SANs, it is valid at `now_at` (5 min slack at the start), serves TLS servers (EKU when present), is no CA.
 * The key is compared by keeper_fits(). FL_EPROTO with words that name the first thing wrong. */
int chain_check(const struct chain *c, const char *const *names, int64_t now_at, struct outcome *o);

#endif
