/* SPDX-License-Identifier: Apache-2.0 */
/* http_easy.c - one transfer: what libcurl is told, what it brings back, what its errors mean. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http_priv.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_MS = 10000,
    SLOW_BYTES = 16,
    SLOW_S = 30,
    KEEPIDLE_S = 60,
    KEEPINTVL_S = 30,
    CA_CACHE_S = 86400
};

/* ---- what is asked ---- */

static void url_part(CURLU *url, CURLUPart part, char *out, size_t size)
{
    char *text = NULL;
    out[0] = '\0';
    /* No CURLU_DEFAULT_PORT: "https://host" reads better than "https://host:443". */
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK && !text_copy(out, size, text))
        out[0] = '\0';
    curl_free(text);
}
static void drop_url(CURLU **url) { curl_url_cleanup(*url); }
static int check_url(struct http_xfer *x, struct outcome *o)
{
    char scheme[16], host[256], port[8];
    cleanup_(drop_url) CURLU *url = curl_url();
    CURLUcode rc;

    if (!url)
        return outcome_nomem(o);
    rc = x->req->url ? curl_url_set(url, CURLUPART_URL, x->req->url, 0) : CURLUE_MALFORMED_INPUT;
    if (rc == CURLUE_OUT_OF_MEMORY)
        return outcome_nomem(o);
    url_part(url, CURLUPART_SCHEME, scheme, sizeof scheme);
    url_part(url, CURLUPART_HOST, host, sizeof host);
    url_part(url, CURLUPART_PORT, port, sizeof port);
    if (rc != CURLUE_OK || !*host || (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)) {
        auto_free char *shown = http_redact_url(x->req->url ? x->req->url : "", false);
        return outcome_fail(o, FL_ECONF, "%s: \"%.200s\" is no http or https URL", x->lane->name,
                            shown ? shown : "");
    }
    snprintf(x->origin, sizeof x->origin, "%s://%s%s%s", scheme, host, *port ? ":" : "", port);
    return FL_OK;
}
static bool is_token(const char *s, size_t len)
{
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("!#$%&'*+-.^_`|~", s[i]))
            return false;
    return true;
}
/* A line break in a header would be a second header, or a second request. */
static bool is_header(const char *line)
{
    size_t name = strcspn(line, ":");
    return is_token(line, name) && line[name] == ':' && !line[strcspn(line, "\r\n")];
}
int http_easy_check(struct http_xfer *x, struct outcome *o)
{
    const struct http_request *req = x->req;
    int code = check_url(x, o);

    if (code != FL_OK)
        return code;
    x->method = req->method ? req->method : req->no_body ? "HEAD" : req->body ? "POST" : "GET";
    if (!is_token(x->method, strlen(x->method)))
        return outcome_fail(o, FL_ECONF, "%s: the method of a request is not a word", x->origin);
    for (const char *const *line = req->headers; line && *line; line++)
        if (!is_header(*line))
            return outcome_fail(o, FL_ECONF,
                                "%s: header %.*s is not one line \"Name: value\"; does an option end in a "
                                "line break?",
                                x->origin, (int)strcspn(*line, ": \r\n"), *line);
    if (req->type && req->type[strcspn(req->type, "\r\n")])
        return outcome_fail(o, FL_ECONF, "%s: the type of the body is more than one line", x->origin);
    if (x->lane->ca_error)
        return outcome_fail(o, FL_ECONF, "%s: cannot read ca_file %s: %s", x->lane->name, x->lane->ca_file,
                            strerror(x->lane->ca_error));
    return FL_OK;
}

/* ---- what comes back ---- */

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
    struct http_xfer *x = arg;
    (void)one;
    x->body_begun = true;
    x->over = x->over || n > x->body.max - x->body.len;
    return buf_add(&x->body, data, n) ? n : 0;
}
static bool add_header(struct buf *head, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *value, *end = line + len;

    /* Continued lines (obsolete since RFC 7230) and whatever else is no header are left out. */
    if (!colon || !is_token(line, (size_t)(colon - line)) || memchr(line, '\0', len))
        return true;
    for (const char *p = line; p < colon; p++) {
        char lower = (char)tolower((unsigned char)*p);
        if (!buf_add(head, &lower, 1))
            return false;
    }
    for (value = colon + 1; value < end && isspace((unsigned char)*value); value++)
        ;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    return buf_adds(head, ": ") && buf_add(head, value, (size_t)(end - value)) && buf_adds(head, "\n");
}
static size_t on_header(char *line, size_t one, size_t n, void *arg)
{
    struct http_xfer *x = arg;
    (void)one;
    if (x->body_begun)
        return n; /* a trailer: nothing that we would act on */
    if (n >= 5 && !strncmp(line, "HTTP/", 5)) {
        buf_clear(&x->head); /* after an interim answer */
        return n;
    }
    x->over = x->over || n > x->head.max - x->head.len;
    return add_header(&x->head, line, n) ? n : 0;
}

/* ---- options ---- */

static int set_transport(CURL *easy)
{
    int bad = 0;
    bad |= (int)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A resolver that hangs in its own thread must not hold up the one that all share. */
    bad |= (int)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    bad |= (int)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPIDLE_S);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPINTVL_S);
    return bad;
}
static int set_proxy(CURL *easy, const struct http_lane *lane)
{
    int bad = 0;
    /* An empty text, not NULL: NULL would ask the environment. */
    bad |= (int)curl_easy_setopt(easy, CURLOPT_PROXY, lane->proxy ? lane->proxy : "");
    bad |= (int)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    bad |= (int)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return bad;
}
static int set_trust(CURL *easy, const struct http_lane *lane)
{
    const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;
    struct curl_blob ca = { .data = lane->ca, .len = lane->ca_len, .flags = CURL_BLOB_NOCOPY };
    int bad = 0;

    bad |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_S);
    if (lane->ca) {
        bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &ca);
    } else if (system) {
        /* The parsed bundle is kept for the next connection only where no folder is to be searched too. */
        bad |= (int)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, system);
    }
    return bad;
}
static int set_identity(CURL *easy, const struct http_lane *lane, const struct http_request *req)
{
    const char *cert = req->cert_file ? req->cert_file : lane->cert_file;
    const char *key = req->cert_file ? req->key_file : lane->key_file;
    int bad = 0;

    if (!cert)
        return 0;
    bad |= (int)curl_easy_setopt(easy, CURLOPT_SSLCERT, cert);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_SSLKEY, key ? key : cert);
    return bad;
}
static bool add_line(struct http_xfer *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);
    if (longer)
        x->headers = longer;
    return longer != NULL;
}
static bool add_lines(struct http_xfer *x)
{
    /* An empty header takes away what libcurl would say by itself. */
    bool ok = add_line(x, "Expect:");
    if (x->req->type) {
        auto_free char *line = NULL;
        ok = ok && asprintf(&line, "Content-Type: %s", x->req->type) >= 0 && add_line(x, line);
    } else
        ok = ok && add_line(x, "Content-Type:");
    for (const char *const *line = x->req->headers; ok && line && *line; line++)
        ok = add_line(x, *line);
    return ok;
}
static int set_request(struct http_xfer *x)
{
    const struct http_request *req = x->req;
    CURL *easy = x->easy;
    bool head = req->no_body || !strcasecmp(x->method, "HEAD");
    bool sends =
        req->body || !strcmp(x->method, "POST") || !strcmp(x->method, "PUT") || !strcmp(x->method, "PATCH");
    int bad = 0;

    bad |= (int)curl_easy_setopt(easy, CURLOPT_URL, req->url);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_USERAGENT, x->lane->http->user_agent);
    bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
    if (head)
        bad |= (int)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        bad |= (int)curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->body.max);
    if (sends && !head) {
        bad |= (int)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                     (curl_off_t)(req->body ? req->body_len : 0));
        bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, req->body ? req->body : "");
    }
    bad |= (int)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, x->method);
    return bad;
}
static int on_sending(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct http_xfer *x = arg;

    (void)to, (void)from, (void)to_port, (void)from_port;
    x->sent++;
    return CURL_PREREQFUNC_OK;
}
static int set_callbacks(struct http_xfer *x)
{
    int bad = 0;
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, on_sending);
    bad |= (int)curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
    return bad;
}
int http_easy_setup(struct http_xfer *x, struct outcome *o)
{
    int bad = add_lines(x) ? 0 : 1;
    bad |= set_transport(x->easy);
    bad |= set_proxy(x->easy, x->lane);
    bad |= set_trust(x->easy, x->lane);
    bad |= set_identity(x->easy, x->lane, x->req);
    bad |= set_request(x);
    bad |= set_callbacks(x);
    /* Every option is one that libcurl 7.87 knows; only copying a text can fail. */
    return bad ? outcome_nomem(o) : FL_OK;
}
void http_easy_done(struct http_xfer *x)
{
    curl_slist_free_all(x->headers);
    x->headers = NULL;
    buf_done(&x->head);
    buf_done(&x->body);
}

/* ---- what it means ---- */

/* What is not listed is FL_ETEMP: the network. */
static const struct {
    CURLcode curl;
    int code;
    const char *advice;
} meanings[] = {
    { CURLE_URL_MALFORMAT, FL_ECONF, "" },
    { CURLE_SSL_CACERT_BADFILE, FL_ECONF, "; install ca-certificates or set ca_file" },
    { CURLE_SSL_CERTPROBLEM, FL_ECONF, "; look at the client certificate and its key" },
    { CURLE_BAD_FUNCTION_ARGUMENT, FL_ECONF, "" },
    { CURLE_UNSUPPORTED_PROTOCOL, FL_EPROTO, "; what answers there does not speak HTTP" },
    { CURLE_WEIRD_SERVER_REPLY, FL_EPROTO, "" },
    { CURLE_BAD_CONTENT_ENCODING, FL_EPROTO, "" },
    { CURLE_PEER_FAILED_VERIFICATION, FL_ETEMP, "; is ca_file the authority of that server?" },
    { CURLE_OUT_OF_MEMORY, FL_ENOMEM, "" },
};

static int say_late(const struct http_xfer *x, struct outcome *o)
{
    curl_off_t ready = 0;
    char span[16];
    clock_span(x->deadline_ms - x->start_ms, span);
    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    return outcome_fail(o, FL_ETEMP, "%s: no %sanswer within %s (%s)", x->origin, x->body.len ? "whole " : "",
                        span,
                        x->body_begun ? "it began and did not end"
                        : ready > 0   ? "connected"
                                      : "not connected");
}
static int say_over(const struct http_xfer *x, struct outcome *o)
{
    bool body = x->body_begun || x->result == CURLE_FILESIZE_EXCEEDED;
    return outcome_fail(o, FL_EPROTO, "%s: the answer's %s larger than %zu bytes", x->origin,
                        body ? "body is" : "headers are", body ? x->body.max : x->head.max);
}
static int say_error(const struct http_xfer *x, struct outcome *o)
{
    const char *words = x->error[0] ? x->error : curl_easy_strerror(x->result), *advice = "";
    int code = FL_ETEMP;

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].curl == x->result) {
            code = meanings[i].code;
            advice = meanings[i].advice;
        }
    return outcome_fail(o, code, "%s: %s%s", x->origin, words, advice);
}
static int take_answer(struct http_xfer *x, struct http_answer *out, struct outcome *o)
{
    long status = 0;
    struct http_answer answer = { .len = x->body.len };

    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    answer.headers = buf_take(&x->head);
    answer.body = answer.len ? buf_take(&x->body) : NULL;
    if (!answer.headers || (answer.len && !answer.body)) {
        http_answer_done(&answer);
        return outcome_nomem(o);
    }
    answer.retry_after_ms = http_retry_after(&answer);
    answer.again = x->sent > 1;
    *out = answer;
    return FL_OK;
}
int http_easy_result(struct http_xfer *x, struct http_answer *out, struct outcome *o)
{
    if (x->end == HTTP_CANCELLED)
        return outcome_fail(o, FL_ECANCEL, "%s: the daemon is ending", x->origin);
    if (x->end == HTTP_LATE)
        return say_late(x, o);
    if (x->over || x->result == CURLE_FILESIZE_EXCEEDED)
        return say_over(x, o);
    if (x->body.failed || x->head.failed)
        return outcome_nomem(o);
    return x->result == CURLE_OK ? take_answer(x, out, o) : say_error(x, o);
}
