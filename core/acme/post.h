/* SPDX-License-Identifier: Apache-2.0 */
/* post.h - signed requests (RFC 8555 6.2 to 6.5). */
#ifndef ACME_POST_H
#define ACME_POST_H

#include "acme/authority.h"
#include "base/json.h"

enum { POST_NONCES = 3 }; /* how often a refused nonce is replaced */

struct post {
    const char *doing; /* "new order": begins the message when it fails */
    const char *url;
    const char *payload; /* NULL: POST-as-GET */
    const char *accept;  /* media type; NULL: application/json */
    size_t limit;        /* of the answer; 0: 256 KiB */
    const char *sealed;  /* NULL: by the account in use, with its kid; else by that key, with its jwk */
    bool once; /* twice makes two: FL_ETEMP where the first may have been done, though refused now */
};
/* FL_OK: a 2xx answer, whose nonce is in the pool. Else as acme_judge() or http_do() say, with "NAME: DOING:
 * " before the message. The answer is the caller's to end in every case. */
int post_send(struct acme *a, const struct post *p, struct http_answer *out, struct outcome *o);
/* The same, and the answer is a JSON object. */
int post_json(struct acme *a, const struct post *p, struct http_answer *out, json_t **doc_out,
              struct outcome *o);
/* The answer's Location, allocated, one of this authority's URLs; FL_EPROTO: none or elsewhere. */
int post_location(struct acme *a, const struct post *p, const struct http_answer *answer, char **out,
                  struct outcome *o);

#endif
