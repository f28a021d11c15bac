/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - small questions about text. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
/* Copies what fits, always NUL-terminated; false: it was cut. */
bool text_copy(char *out, size_t size, const char *s);
/* The three one after the other, as text_copy(); for names that are made in every turn. */
bool text_join(char *out, size_t size, const char *a, const char *b, const char *c);
/* Whole decimal text (optional minus) within [min, max]. */
bool text_int(const char *s, int64_t min, int64_t max, int64_t *out);
bool text_utf8(const char *s, size_t len);
/* Bytes of the first character (RFC 3629), 0 when it is none or `len` is 0. */
size_t text_utf8_next(const char *s, size_t len);
/* Edits between two words, Damerau-Levenshtein, case ignored; 99 for words over 63 bytes. */
unsigned text_distance(const char *a, const char *b);
/* The one of the NULL-terminated `words` that was most likely meant, or NULL. */
const char *text_nearest(const char *word, const char *const *words);
bool text_in(const char *word, const char *const *words);
/* IPv4 or IPv6 address in any form -> canonical text (RFC 5952) in out[46]; false: no address. */
bool text_ip(const char *s, char out[46], bool *v6_out);
/* "192.0.2.1:53", "[::1]:53", "192.0.2.1", "::1" -> canonical address and port (`port_dflt` if none; -1:
 * required). Port 0 is taken: for a listener it means "any". */
bool text_address(const char *s, int port_dflt, char out[46], uint16_t *port_out);
/* Domain name suffix by labels: name == suffix or ends in "." suffix ("" is the suffix of all). */
bool text_below(const char *name, const char *suffix);

#endif
