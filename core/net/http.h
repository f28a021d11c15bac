/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - the HTTP service: one I/O thread drives every transfer, callers wait. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * One curl_multi in one thread; HTTP/2 where offered, so that there is one live
 * connection per authority however many callers wait (beyond the peer's limit of
 * streams, and with HTTP/1.1, up to four). Callers block in http_do() until the
 * answer is there, the deadline is over or http_cancel() ends everything
 * (FL_ECANCEL). Knows nothing of plugins.
 *
 * The environment (proxies, .netrc) is never consulted, certificates are always
 * verified, redirects are not followed, answers are not decompressed.
 */
struct http;
struct http_conf {
    const char *user_agent; /* RFC 8555 section 6.1 asks for one */
    /* Not NULL: every exchange is written there, redacted, as NNNN.json, 0001 first; recordings
     * that are there stay and are continued. The folder is made. */
    const char *record_dir;
    /* Not NULL: nothing goes out; answers come from there, one after the other. The next recorded
     * exchange must have the same method, URL and body (as redacted; JSON compared as JSON), else
     * FL_EPROTO says what was expected and what came. Lanes do not wait. */
    const char *replay_dir;
};
/* Readies libcurl. main() calls it once before it makes a thread, for the libraries below do not all
 * like to be set up beside others; http_new() does the same for itself. FL_OK or FL_ENOMEM. */
int http_prepare(void);
/* Starts the thread. FL_ENOMEM; FL_ECONF: record_dir or replay_dir cannot be used (errno says why). */
int http_new(const struct http_conf *conf, struct http **out);
/* Every waiting and every later http_do() returns FL_ECANCEL, at once. Any thread. */
void http_cancel(struct http *h);
/* After every caller has returned and every lane is freed; cancels what is left. NULL is fine. */
void http_free(struct http *h);

/* What requests have in common that go out for one instance or one authority: rate, parallelism,
 * trust. Made once, shared by threads, outlives its requests. */
struct http_lane_conf {
    const char *name; /* for logs and messages: "dns/gcp" */
    const char
        *ca_file; /* PEM bundle used instead of the system's, read once, by http_lane_new(); NULL: system */
    const char *cert_file, *key_file; /* client certificate, PEM; key_file NULL: in cert_file too */
    const char *proxy;                /* URL; NULL or "": none. The environment is NOT consulted */
    unsigned per_minute;              /* 0: no limit; a token bucket with a burst of a tenth, at least 1 */
    unsigned parallel;                /* most transfers at once; 0: 16 */
    int64_t timeout_ms;               /* of one request at most, waiting for its turn included; 0: 30 s */
};
struct http_lane;
/* Copies the conf; NULL without memory. An unreadable ca_file is told by each http_do() (FL_ECONF). */
struct http_lane *http_lane_new(struct http *h, const struct http_lane_conf *conf);
void http_lane_free(struct http_lane *lane); /* NULL is fine */

struct http_request {
    const char *method;         /* NULL: GET, or POST with a body */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *type;           /* Content-Type of the body; NULL: none is said */
    const char *body;           /* NULL: none */
    size_t body_len;
    size_t limit;                     /* of the answer's body; 0: 1 MiB */
    int64_t deadline_ms;              /* clock_mono_ms(); 0: the lane's timeout alone */
    const char *cert_file, *key_file; /* override the lane's */
    bool no_body;                     /* HEAD */
};
struct http_answer {
    int status;
    char *body; /* NUL-terminated, NULL when empty; freed by http_answer_done() */
    size_t len;
    char *headers;          /* "name: value\n", names lower case; NULL or "": none */
    int64_t retry_after_ms; /* parsed Retry-After, seconds or date (against the answer's own Date): at least
                               1, at most 366 days; 0: none */
    bool again; /* it was sent twice: the connection ended before the answer began; both may have been done */
};
/* FL_OK: any HTTP answer, whatever its status; `out` is filled then and only then. Else, with a message
 * that says which host and why:
 *   FL_ETEMP    network, DNS, TLS, proxy, deadline
 *   FL_ERATE    the lane's own rate gives the turn only after the deadline; retry_after_ms says when
 *   FL_EPROTO   over the limit (body, or 64 KiB of headers), not HTTP; replay: not what was recorded
 *   FL_ECONF    bad URL or header, unreadable ca_file, client certificate that does not load
 *   FL_ENOMEM, FL_ECANCEL
 * Turns of one lane are given in the order of asking. Any thread. */
int http_do(struct http_lane *lane, const struct http_request *req, struct http_answer *out,
            struct outcome *o);
/* Turns a status into a code and words, as fl/http.h documents for fl_http(). Sets o->http and
 * o->retry_after_ms. The words hold method, URL without query and the first bytes of the body, redacted. */
int http_classify(const struct http_answer *answer, const struct http_request *req, struct outcome *o);
/* First value of that lower-case header into out; false: absent or longer than size. */
bool http_header(const struct http_answer *answer, const char *name, char *out, size_t size);
void http_answer_done(struct http_answer *answer); /* frees what it holds; NULL and zeroed are fine */

/* For tests and status: connections opened and requests ended so far. */
struct http_counts {
    unsigned long connections, requests;
};
void http_counts(struct http *h, struct http_counts *out);

#endif
