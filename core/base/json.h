/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - the one door to jansson, with getters that cannot be fooled. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Parses exactly one value; duplicate keys, NUL bytes and nesting beyond jansson's depth are refused. NULL:
 * no JSON (why_out, of 128 bytes, says where) or no memory (""). */
json_t *json_parse(const char *text, size_t len, char why_out[128]);
/* Compact, keys sorted; allocated; NULL without memory. */
char *json_text(const json_t *value);
/* Member of that type, else the default (NULL object is fine). Strings are borrowed. */
const char *json_str(const json_t *obj, const char *key, const char *dflt);
int64_t json_int(const json_t *obj, const char *key, int64_t dflt);
bool json_flag(const json_t *obj, const char *key, bool dflt);
const json_t *json_obj(const json_t *obj, const char *key);  /* object or NULL */
const json_t *json_list(const json_t *obj, const char *key); /* array or NULL */
/* False: out of memory or not UTF-8. A NULL string removes the key. */
bool json_put_str(json_t *obj, const char *key, const char *value);
bool json_put_int(json_t *obj, const char *key, int64_t value);
bool json_put_flag(json_t *obj, const char *key, bool value);
bool json_put(json_t *obj, const char *key, json_t *value); /* takes the reference, also on failure */
void json_freep(json_t **p);                                /* for cleanup_() */

#endif
