/* SPDX-License-Identifier: Apache-2.0 */
/* jws_check.h - the other side of a signed request (RFC 7515): does the signature hold? */
#ifndef HOST_JWS_CHECK_H
#define HOST_JWS_CHECK_H

#include "base/json.h"

/* Is `jws` (flattened) signed by the key `jwk` with the algorithm that its protected header names: ES256, ES384, RS256
 * or EdDSA (Ed25519), and does that algorithm fit the key? */
bool jws_check(const json_t *jws, const json_t *jwk);
/* What stands in base64url in that member of it, as JSON; NULL: that is none. Its text, allocated, also then. */
json_t *jws_part(const json_t *jws, const char *key, char **text_out);
/* What is wrong with who signed a request (RFC 8555 6.2), NULL: nothing. The jwk in the header is allowed (`may_jwk`) or even
 * the only way (`must_jwk`); else it is the kid, whose key is `known` (NULL: not looked at). */
const char *jws_check_signer(const json_t *jws, const json_t *header, bool must_jwk, bool may_jwk,
                             const json_t *known);
/* Is `inner` what RFC 8555 7.3.5 wants inside a key change: signed by the key that stands in its header, with that URL and
 * no nonce, for that account and its old key? The new key, a new reference; NULL: no. */
json_t *jws_check_key_change(const json_t *inner, const char *url, const char *account, const json_t *old);

#endif
