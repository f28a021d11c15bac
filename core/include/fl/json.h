/* SPDX-License-Identifier: Apache-2.0 */
/* fl/json.h - JSON over HTTP, for plugins that link jansson. */
#ifndef FL_JSON_H
#define FL_JSON_H

#include <fl/http.h>
#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

/* json_pack() whose result belongs to the call. Never NULL: without memory it is
 * an empty object and the call remembers; a text that is not UTF-8 makes the next
 * fl_http_json() end with FL_EPROTO. A json_t * among the arguments that is NULL counts as out of memory: that is
 * what jansson's functions give without. */
FL_EXPORT json_t *fl_json_pack(struct fl_ctx *ctx, const char *fmt, ...);
/* Parses one value; duplicate keys are refused. `*out` belongs to the call and is never NULL (an empty object when it
 * fails). FL_EPROTO: "WHAT (where it ends to be JSON)". To be used for json_loads(), which goes astray without memory. */
FL_EXPORT int fl_json_parse(struct fl_ctx *ctx, const char *what, const char *text, size_t len, json_t **out);
/* Sends `body` (NULL: none; borrowed) and parses the answer. `*out` belongs to the
 * call and is never NULL (an empty object when there was no answer or no JSON). A 2xx
 * answer that is not JSON is FL_EPROTO; an empty one is an empty object. */
FL_EXPORT int fl_http_json(struct fl_ctx *ctx, const struct fl_http *req, json_t *body, json_t **out);
/* The same, and the answer itself, as fl_http() gives it: for services whose refusals differ by status, that say
 * something in their headers, or that refuse in other words than JSON. */
FL_EXPORT int fl_http_json_reply(struct fl_ctx *ctx, const struct fl_http *req, json_t *body,
                                 struct fl_reply *reply_out, json_t **out);

#ifdef __cplusplus
}
#endif

#endif
