/* SPDX-License-Identifier: Apache-2.0 */
/* fl/http.h - HTTP requests for plugins. */
#ifndef FL_HTTP_H
#define FL_HTTP_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fl_http {
    const char *method;         /* NULL: GET, or POST with a body */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *type;           /* of the body; NULL: application/json */
    const char *body;           /* NULL: none */
    size_t body_len;
    size_t limit;                     /* most bytes of the answer's body; 0: 1 MiB */
    const char *cert_file, *key_file; /* client certificate, PEM; NULL: none */
};
struct fl_reply {
    int status;
    const char *body; /* NUL-terminated, never NULL */
    size_t len;
    const char *headers;    /* "name: value\n" lines, names in lower case */
    int64_t retry_after_ms; /* what its Retry-After asks for, seconds or a date, from now; 0: nothing */
};

/* Performs the request over the host's connections (HTTP/2 where offered, one
 * live connection per authority), within the call's deadline and the instance's
 * rate, parallelism, proxy and ca_file. FL_OK: a 2xx answer. All else is classified
 * and described: 401/403 FL_EAUTH, 429 and 503 with Retry-After FL_ERATE, 408 and 5xx FL_ETEMP,
 * 409/412 FL_ESTALE, other 4xx FL_EREJECT, a body over the limit or broken FL_EPROTO. `out` is
 * filled whenever there was an answer: its status tells more than the code (404 from 400), its body is what the service
 * says about a refusal, whole within the limit. Without an answer status is 0 and the texts are empty. Redirects are not followed: they are FL_EPROTO. */
FL_EXPORT int fl_http(struct fl_ctx *ctx, const struct fl_http *req, struct fl_reply *out);
/* Value of the first header of that (lower-case) name, or NULL. */
FL_EXPORT const char *fl_header(struct fl_ctx *ctx, const struct fl_reply *reply, const char *name);

#ifdef __cplusplus
}
#endif

#endif
