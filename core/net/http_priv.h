/* SPDX-License-Identifier: Apache-2.0 */
/* http_priv.h - what the files of the HTTP service share with each other and nobody else. */
#ifndef NET_HTTP_PRIV_H
#define NET_HTTP_PRIV_H

#include "base/buf.h"
#include "net/http.h"
#include <curl/curl.h>
#include <pthread.h>

enum { HTTP_POOL = 32, HTTP_HEADERS_MAX = 64 * 1024, HTTP_BODY_DFLT = 1024 * 1024 };

struct http_tape;

struct http {
    CURLM *multi;
    char *user_agent;
    struct http_tape *tape; /* NULL: neither recorded nor replayed */
    pthread_t thread;
    bool running;             /* the thread is to be joined */
    struct http_xfer *active; /* the I/O thread's own */

    pthread_mutex_t lock; /* guards what follows, every lane's `next_us` and every transfer's `done` */
    bool cancelled;
    struct http_xfer *waiting; /* oldest first */
    CURL *idle[HTTP_POOL];
    size_t idle_count;
    struct http_counts counts;
};

struct http_lane {
    struct http *http;
    char *name, *cert_file, *key_file, *proxy;
    char *ca, *ca_file; /* content of the bundle, and its name */
    size_t ca_len;
    int ca_error; /* errno of reading it */
    unsigned per_minute, parallel;
    int64_t timeout_ms;
    int64_t next_us;  /* the token bucket: when it is full again (clock_mono_ms() in us) */
    unsigned running; /* transfers in the multi; the I/O thread's own */
};

enum http_end { HTTP_RUNNING, HTTP_DONE, HTTP_LATE, HTTP_CANCELLED };

/* One transfer. It lives on its caller's stack; from submission to `done` it is the I/O thread's. */
struct http_xfer {
    struct http_xfer *next;
    struct http_lane *lane;
    const struct http_request *req;
    const char *method;
    CURL *easy;
    struct curl_slist *headers;
    char origin[300]; /* "https://host:port", for messages */
    char error[CURL_ERROR_SIZE];
    struct buf head, body;
    bool body_begun;
    bool over; /* a limit of ours ended it */
    int64_t start_ms, turn_ms, deadline_ms;
    long connections; /* opened for it */
    int sent;         /* times: a kept connection that is dead is replaced by itself */
    CURLcode result;
    enum http_end end;
    bool done;
    pthread_cond_t came;
};

/* http_lane.c: a token of the lane's bucket; x->turn_ms says when it is due. FL_ERATE: after the deadline.
 * The service's lock is held. */
int http_lane_turn(struct http_lane *lane, struct http_xfer *x, struct outcome *o);

/* http_easy.c: checks the request and fills x->method and x->origin. FL_OK or FL_ECONF, FL_ENOMEM. */
int http_easy_check(struct http_xfer *x, struct outcome *o);
/* Sets every option of x->easy. FL_OK, FL_ENOMEM, FL_ECONF. */
int http_easy_setup(struct http_xfer *x, struct outcome *o);
/* What became of it, as http_do() tells it; `out` is filled on FL_OK. */
int http_easy_result(struct http_xfer *x, struct http_answer *out, struct outcome *o);
void http_easy_done(struct http_xfer *x);

/* http_class.c */
int64_t http_retry_after(const struct http_answer *answer);

/* http_redact.c: allocated copies that may be shown; NULL without memory. */
char *http_redact_url(const char *url, bool query); /* without user and, unless `query`, without the query */
char *http_redact_header(const char *line);
char *http_redact_text(const char *text);

/* http_tape.c: errno says why on NULL. */
struct http_tape *http_tape_new(const char *record_dir, const char *replay_dir);
void http_tape_free(struct http_tape *t);
bool http_tape_replays(const struct http_tape *t);
/* The next exchange must be this one. Takes the service's lock. */
int http_tape_play(struct http *h, const struct http_xfer *x, struct http_answer *out, struct outcome *o);
/* Writes an exchange that ended with `code`, which it returns. FL_ECONF when it cannot be written: a
 * recording with a hole is none. */
int http_tape_record(struct http *h, const struct http_xfer *x, int code, const struct http_answer *answer,
                     struct outcome *o);

#endif
