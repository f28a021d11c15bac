/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - the HTTP service: one I/O thread drives every transfer, callers wait. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * One curl_multi in one thread; HTTP/2 where offered, so that there is one live
 * connection per authority however many callers wait. Callers block in
 * http_do() until the answer is there, the deadline is over or http_cancel()
 * ends everything (FL_ECANCEL). Knows nothing of plugins.
 */
struct http;
struct http_conf {
    const char *user_agent; /* RFC 8555 section 6.1 asks for one */
    const char *record_dir; /* not NULL: every exchange is written there, redacted, as NNNN.json */
    const char *replay_dir; /* not NULL: nothing goes out; answers come from there, in order and by method+URL+body */
};
int http_new(const struct http_conf *conf, struct http **out); /* starts the thread; negative fl_code */
void http_cancel(struct http *h);
void http_free(struct http *h); /* after http_cancel and after every caller has returned */

/* What requests have in common that go out for one instance or one authority: rate, parallelism,
 * trust. Made once, shared by threads, outlives its requests. */
struct http_lane_conf {
    const char *name;       /* for logs: "dns/gcp" */
    const char *ca_file;    /* PEM bundle used instead of the system's; NULL: system */
    const char *cert_file, *key_file;
    const char *proxy;      /* URL; NULL: environment is NOT consulted, none */
    unsigned per_minute;    /* 0: no limit; a token bucket with a burst of a tenth, at least 1 */
    unsigned parallel;      /* most transfers at once; 0: 16 */
    int64_t timeout_ms;     /* of one request at most; 0: 30 s */
};
struct http_lane;
struct http_lane *http_lane_new(struct http *h, const struct http_lane_conf *conf);
void http_lane_free(struct http_lane *lane);

struct http_request {
    const char *method, *url;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const char *type;           /* Content-Type of the body */
    const char *body;
    size_t body_len;
    size_t limit;               /* of the answer's body; 0: 1 MiB */
    int64_t deadline_ms;        /* clock_mono_ms(); 0: the lane's timeout alone */
    const char *cert_file, *key_file; /* override the lane's */
    bool no_body;               /* HEAD */
};
struct http_answer {
    int status;
    char *body; /* NUL-terminated, NULL when empty; freed by http_answer_done() */
    size_t len;
    char *headers; /* "name: value\n", names lower case */
    int64_t retry_after_ms; /* parsed Retry-After, seconds or date; 0: none */
};
/* FL_OK: any HTTP answer, whatever its status. Else FL_ETEMP (network, DNS, TLS, deadline; the message says
 * which host and why), FL_EPROTO (over the limit, broken), FL_ECONF (bad URL, unreadable ca_file), FL_ENOMEM, FL_ECANCEL.
 * Redirects are not followed. */
int http_do(struct http_lane *lane, const struct http_request *req, struct http_answer *out, struct outcome *o);
/* Turns a status into a code and words, as fl/http.h documents for fl_http(). */
int http_classify(const struct http_answer *answer, const struct http_request *req, struct outcome *o);
/* First value of that lower-case header into out; false: absent or longer than size. */
bool http_header(const struct http_answer *answer, const char *name, char *out, size_t size);
void http_answer_done(struct http_answer *answer);
/* For tests and status: connections opened and requests made so far. */
struct http_counts {
    unsigned long connections, requests;
};
void http_counts(struct http *h, struct http_counts *out);

#endif
