/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - the HTTP service: its thread, submitting, waiting, cancelling. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* An HTTP/1.1 authority gets at most so many connections; HTTP/2 shares its first one. */
enum { HOST_CONNECTIONS = 4, IDLE_CONNECTIONS = 32, STREAMS = 256, POLL_MS = 1000 };

/* ---- the I/O thread ---- */

static void end_xfer(struct http *h, struct http_xfer *x, enum http_end end, CURLcode result)
{
    x->end = end;
    x->result = result;
    pthread_mutex_lock(&h->lock);
    h->counts.connections += x->connections > 0 ? (unsigned long)x->connections : 0;
    h->counts.requests++;
    x->done = true;
    pthread_cond_signal(&x->came);
    /* From here on the caller's stack may be gone. */
    pthread_mutex_unlock(&h->lock);
}
static void leave(struct http *h, struct http_xfer **at, enum http_end end, CURLcode result)
{
    struct http_xfer *x = *at;
    *at = x->next;
    curl_multi_remove_handle(h->multi, x->easy);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &x->connections);
    x->lane->running--;
    end_xfer(h, x, end, result);
}
static void sooner(int64_t *wake_ms, int64_t at_ms)
{
    if (at_ms < *wake_ms)
        *wake_ms = at_ms;
}
/* The oldest transfer whose turn has come or whose time is over, taken from the list. */
static struct http_xfer *take_due(struct http *h, int64_t now, int64_t *wake_ms)
{
    for (struct http_xfer **at = &h->waiting; *at; at = &(*at)->next) {
        struct http_xfer *x = *at;
        bool free_place = x->lane->running < x->lane->parallel;
        if (h->cancelled || x->deadline_ms <= now || (x->turn_ms <= now && free_place)) {
            *at = x->next;
            return x;
        }
        sooner(wake_ms, x->deadline_ms);
        if (x->turn_ms > now)
            sooner(wake_ms, x->turn_ms);
    }
    return NULL;
}
static void admit(struct http *h, struct http_xfer *x, bool cancelled, int64_t now)
{
    if (cancelled)
        end_xfer(h, x, HTTP_CANCELLED, CURLE_OK);
    else if (x->deadline_ms <= now)
        end_xfer(h, x, HTTP_LATE, CURLE_OK);
    else if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK)
        end_xfer(h, x, HTTP_DONE, CURLE_OUT_OF_MEMORY);
    else {
        x->lane->running++;
        x->next = h->active;
        h->active = x;
    }
}
static bool admit_waiting(struct http *h, int64_t now, int64_t *wake_ms)
{
    for (;;) {
        struct http_xfer *x;
        bool cancelled;
        pthread_mutex_lock(&h->lock);
        x = take_due(h, now, wake_ms);
        cancelled = h->cancelled;
        pthread_mutex_unlock(&h->lock);
        if (!x)
            return cancelled;
        admit(h, x, cancelled, now);
    }
}
static bool collect_ended(struct http *h)
{
    int left;
    bool any = false;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        struct http_xfer **at = &h->active;
        while (*at && (*at)->easy != m->easy_handle)
            at = &(*at)->next;
        if (*at)
            leave(h, at, HTTP_DONE, m->data.result);
        any = true;
    }
    return any;
}
/* libcurl's own timeout does not count the time that a transfer waits for another's connection. */
static void expire(struct http *h, bool cancelled, int64_t now, int64_t *wake_ms)
{
    for (struct http_xfer **at = &h->active; *at;) {
        if (cancelled)
            leave(h, at, HTTP_CANCELLED, CURLE_OK);
        else if ((*at)->deadline_ms <= now)
            leave(h, at, HTTP_LATE, CURLE_OK);
        else {
            sooner(wake_ms, (*at)->deadline_ms);
            at = &(*at)->next;
        }
    }
}
static void *run(void *arg)
{
    struct http *h = arg;
    for (;;) {
        int64_t now = clock_mono_ms(), wake_ms = now + POLL_MS;
        int running;
        bool cancelled = admit_waiting(h, now, &wake_ms), any;

        curl_multi_perform(h->multi, &running);
        any = collect_ended(h);
        expire(h, cancelled, now, &wake_ms);
        if (cancelled)
            break;
        /* A place that became free may be what somebody waits for. */
        if (!any)
            curl_multi_poll(h->multi, NULL, 0, (int)(wake_ms - now), NULL);
    }
    return NULL;
}

/* ---- life ---- */

int http_prepare(void)
{
    /* Counted, and safe beside other threads, since libcurl 7.84. */
    return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? FL_OK : FL_ENOMEM;
}
/* Signals belong to main; and a peer that goes away must not raise SIGPIPE here. */
static bool start_thread(struct http *h)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    h->running = pthread_create(&h->thread, NULL, run, h) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return h->running;
}
static int set_up(struct http *h, const struct http_conf *conf)
{
    if (conf->record_dir || conf->replay_dir) {
        h->tape = http_tape_new(conf->record_dir, conf->replay_dir);
        if (!h->tape)
            return FL_ECONF;
    }
    h->user_agent = strdup(conf->user_agent ? conf->user_agent : "fairlead");
    h->multi = curl_multi_init();
    if (!h->user_agent || !h->multi)
        return FL_ENOMEM;
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HOST_CONNECTIONS);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    return http_tape_replays(h->tape) || start_thread(h) ? FL_OK : FL_ENOMEM;
}
int http_new(const struct http_conf *conf, struct http **out)
{
    struct http *h;
    int code = http_prepare();
    if (code != FL_OK)
        return code;
    h = calloc(1, sizeof *h);
    if (!h) {
        curl_global_cleanup();
        return FL_ENOMEM;
    }
    pthread_mutex_init(&h->lock, NULL);
    code = set_up(h, conf);
    if (code == FL_OK) {
        *out = h;
        return FL_OK;
    }
    int error = errno;
    http_free(h);
    errno = error;
    return code;
}
void http_cancel(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    h->cancelled = true;
    pthread_mutex_unlock(&h->lock);
    if (h->multi)
        curl_multi_wakeup(h->multi);
}
/* Closing TLS connections writes to them. */
static void clean_multi(struct http *h)
{
    sigset_t pipe, old;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &old);
    curl_multi_cleanup(h->multi);
    sigtimedwait(&pipe, NULL, &(struct timespec){ 0 });
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
void http_free(struct http *h)
{
    if (!h)
        return;
    http_cancel(h);
    if (h->running)
        pthread_join(h->thread, NULL);
    for (size_t i = 0; i < h->idle_count; i++)
        curl_easy_cleanup(h->idle[i]);
    if (h->multi)
        clean_multi(h);
    http_tape_free(h->tape);
    free(h->user_agent);
    pthread_mutex_destroy(&h->lock);
    free(h);
    curl_global_cleanup();
}
void http_counts(struct http *h, struct http_counts *out)
{
    pthread_mutex_lock(&h->lock);
    *out = h->counts;
    pthread_mutex_unlock(&h->lock);
}

/* ---- callers ---- */

static CURL *take_easy(struct http *h)
{
    CURL *easy = NULL;
    pthread_mutex_lock(&h->lock);
    if (h->idle_count > 0)
        easy = h->idle[--h->idle_count];
    pthread_mutex_unlock(&h->lock);
    return easy ? easy : curl_easy_init();
}
static void give_easy(struct http *h, CURL *easy)
{
    bool kept = false;
    if (!easy)
        return;
    /* Forgets options, and with them every pointer into the caller's memory. */
    curl_easy_reset(easy);
    pthread_mutex_lock(&h->lock);
    if (h->idle_count < HTTP_POOL) {
        h->idle[h->idle_count++] = easy;
        kept = true;
    }
    pthread_mutex_unlock(&h->lock);
    if (!kept)
        curl_easy_cleanup(easy);
}
static void append(struct http *h, struct http_xfer *x)
{
    struct http_xfer **at = &h->waiting;
    while (*at)
        at = &(*at)->next;
    x->next = NULL;
    *at = x;
}
/* Hands it to the I/O thread and waits; the thread sees to deadlines and cancelling. */
static int perform(struct http *h, struct http_xfer *x, struct outcome *o)
{
    int code = FL_OK;
    pthread_mutex_lock(&h->lock);
    if (h->cancelled)
        x->end = HTTP_CANCELLED;
    else
        code = http_lane_turn(x->lane, x, o);
    if (x->end == HTTP_CANCELLED || code != FL_OK) {
        pthread_mutex_unlock(&h->lock);
        return code;
    }
    append(h, x);
    pthread_mutex_unlock(&h->lock);
    curl_multi_wakeup(h->multi);
    pthread_mutex_lock(&h->lock);
    while (!x->done)
        pthread_cond_wait(&x->came, &h->lock);
    pthread_mutex_unlock(&h->lock);
    return FL_OK;
}
static void log_exchange(const struct http_xfer *x, int code, const struct http_answer *out,
                         const struct outcome *o)
{
    cleanup_(buf_done) struct buf sent = BUF(2048);
    auto_free char *url = NULL;
    int64_t ms = clock_mono_ms() - x->start_ms;

    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    url = http_redact_url(x->req->url, true);
    for (const char *const *line = x->req->headers; line && *line; line++) {
        auto_free char *shown = http_redact_header(*line);
        buf_addf(&sent, " [%s]", shown ? shown : "");
    }
    if (code == FL_OK)
        log_debug(x->lane->name, "%s %s%s: %d, %zu bytes, %" PRId64 " ms", x->method, url ? url : "",
                  buf_text(&sent), out->status, out->len, ms);
    else
        log_debug(x->lane->name, "%s %s%s: %s, %" PRId64 " ms: %s", x->method, url ? url : "",
                  buf_text(&sent), outcome_code_name(code), ms, o->msg);
}
static int exchange(struct http *h, struct http_xfer *x, struct http_answer *out, struct outcome *o)
{
    int code = http_easy_check(x, o);
    if (code != FL_OK)
        return code;
    if (http_tape_replays(h->tape))
        return http_tape_play(h, x, out, o);
    x->easy = take_easy(h);
    code = x->easy ? http_easy_setup(x, o) : outcome_nomem(o);
    if (code == FL_OK)
        code = perform(h, x, o);
    if (code == FL_OK)
        code = http_easy_result(x, out, o);
    return h->tape && code != FL_ECANCEL ? http_tape_record(h, x, code, out, o) : code;
}
int http_do(struct http_lane *lane, const struct http_request *req, struct http_answer *out,
            struct outcome *o)
{
    struct http *h = lane->http;
    struct http_answer answer = { 0 };
    struct http_xfer x = { .lane = lane, .req = req, .start_ms = clock_mono_ms() };
    int code;

    x.deadline_ms = x.start_ms + lane->timeout_ms;
    if (req->deadline_ms > 0 && req->deadline_ms < x.deadline_ms)
        x.deadline_ms = req->deadline_ms;
    x.head = BUF(HTTP_HEADERS_MAX);
    x.body = BUF(req->limit ? req->limit : HTTP_BODY_DFLT);
    pthread_cond_init(&x.came, NULL);
    code = exchange(h, &x, &answer, o);
    log_exchange(&x, code, &answer, o);
    give_easy(h, x.easy);
    http_easy_done(&x);
    pthread_cond_destroy(&x.came);
    if (code != FL_OK) {
        http_answer_done(&answer);
        return code;
    }
    *out = answer;
    return outcome_ok(o);
}
