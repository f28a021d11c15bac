/* SPDX-License-Identifier: Apache-2.0 */
/* read.h - what a server says, taken out of its JSON with care. */
#ifndef ACME_READ_H
#define ACME_READ_H

#include "acme/acme.h"
#include "base/json.h"
#include "net/http.h"

/* The answer's body as an object. FL_EPROTO with its first bytes: not JSON by Content-Type or by content, or
 * not an object. */
int read_object(const struct http_answer *answer, json_t **out, struct outcome *o);
/* FL_EPROTO: what was expected and what the body begins with. */
int read_garbage(const struct http_answer *answer, const char *expected, struct outcome *o);
enum acme_status read_status(const json_t *obj);
/* Allocated copy of a text, control characters become '?', at most 1,023 bytes. NULL in *out when absent.
 * False: out of memory. */
bool read_text(const json_t *obj, const char *key, char **out);
int64_t read_time(const json_t *obj, const char *key); /* RFC 3339; 0: absent or no such */
struct directory;
/* A URL of this authority (see directory_owns()), allocated; NULL when absent. FL_EPROTO: elsewhere. */
int read_url(const struct directory *d, const json_t *obj, const char *key, char **out, struct outcome *o);
/* Identifier object (RFC 8555 9.7.7, RFC 8738) to allocated text: a name in lower case ("*." kept), or
 * canonical address. FL_EPROTO: neither. */
int read_identifier(const json_t *obj, char **out, bool *ip_out, struct outcome *o);

#endif
