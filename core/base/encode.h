/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h - base64, base64url, base32, hex (RFC 4648). */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns allocated text, NULL without memory. */
char *encode_base64(const void *data, size_t len);    /* section 4, padded */
char *encode_base64url(const void *data, size_t len); /* section 5, unpadded */
char *encode_base32(const void *data, size_t len);    /* section 6, lower case, unpadded */
char *encode_hex(const void *data, size_t len);       /* lower case */
/* Allocated bytes (never NULL on true, even for none). Base64: either alphabet, padding optional,
 * white space skipped. False: not of that form (errno EINVAL) or no memory (ENOMEM). */
bool decode_base64(const char *text, uint8_t **out, size_t *len_out);
bool decode_hex(const char *text, uint8_t **out, size_t *len_out);

#endif
