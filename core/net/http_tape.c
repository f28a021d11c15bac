/* SPDX-License-Identifier: Apache-2.0 */
/* http_tape.c - exchanges written to files, and files that answer in place of the network. */
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/*
 * NNNN.json, one exchange a file:
 *   { "request": { "method", "url", "headers": ["Name: value"...], "body" },
 *     "answer":  { "status", "headers": ["name: value"...], "body" } }
 * or, where no answer came, "failure": { "code", "message" } in place of "answer".
 * A body is a JSON object or array as such, other text as a string, other bytes as
 * { "base64": "..." } under the name "body_bytes"; none is left out.
 */
enum { TAPE_MAX = 9999, TAPE_FILE_MAX = 64 * 1024 * 1024 };

struct http_tape {
    int dir;
    bool replays;
    json_t *exchanges; /* array, when replaying; const */
    unsigned at;       /* recorded or played so far; under the service's lock */
};

bool http_tape_replays(const struct http_tape *t) { return t && t->replays; }
void http_tape_free(struct http_tape *t)
{
    if (!t)
        return;
    if (t->dir >= 0)
        close(t->dir);
    json_decref(t->exchanges);
    free(t);
}
static void file_name(unsigned number, char out[16]) { snprintf(out, 16, "%04u.json", number % 10000); }

/* ---- opening ---- */

static bool load_one(struct http_tape *t, unsigned number, bool *end)
{
    char name[16], why[128];
    auto_free char *text = NULL;
    size_t len = 0;
    json_t *value;
    int rc;

    file_name(number, name);
    rc = file_read(t->dir, name, TAPE_FILE_MAX, &text, &len);
    *end = rc == -ENOENT;
    if (rc != 0) {
        errno = -rc;
        return false;
    }
    value = json_parse(text, len, why);
    if (!json_obj(value, "request") || !(json_obj(value, "answer") || json_obj(value, "failure"))) {
        json_decref(value);
        errno = EINVAL;
        return false;
    }
    errno = ENOMEM;
    return json_array_append_new(t->exchanges, value) == 0;
}
static bool load(struct http_tape *t)
{
    bool end = false;
    t->exchanges = json_array();
    for (unsigned number = 1; t->exchanges && number <= TAPE_MAX; number++)
        if (!load_one(t, number, &end))
            break;
    return end && json_array_size(t->exchanges) > 0;
}
static void skip_recorded(struct http_tape *t)
{
    char name[16];
    for (; t->at < TAPE_MAX; t->at++) {
        file_name(t->at + 1, name);
        if (faccessat(t->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            return;
    }
}
struct http_tape *http_tape_new(const char *record_dir, const char *replay_dir)
{
    struct http_tape *t = calloc(1, sizeof *t);
    int rc = t && record_dir ? file_mkdirs(AT_FDCWD, record_dir, 0700) : 0;

    if (!t)
        return NULL;
    t->replays = replay_dir != NULL;
    t->dir = open(replay_dir ? replay_dir : record_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rc == 0 && t->dir >= 0 && (!t->replays || load(t))) {
        if (!t->replays)
            skip_recorded(t);
        return t;
    }
    rc = rc ? -rc : errno;
    http_tape_free(t);
    errno = rc;
    return NULL;
}

/* ---- bodies ---- */

/* The text with secrets blanked, as it goes into a file and as it is compared with one. */
static bool put_body(json_t *obj, const char *body, size_t len)
{
    char why[128];
    auto_free char *text = NULL;
    json_t *parsed;

    if (!body || len == 0)
        return true;
    if (!text_utf8(body, len) || memchr(body, '\0', len)) {
        text = encode_base64(body, len);
        return text && json_put_str(obj, "body_bytes", text);
    }
    auto_free char *copy = mem_text(body, len);
    text = copy ? http_redact_text(copy) : NULL;
    if (!text)
        return false;
    parsed = *text == '{' || *text == '[' ? json_parse(text, strlen(text), why) : NULL;
    return parsed ? json_put(obj, "body", parsed) : json_put_str(obj, "body", text);
}
static bool take_bytes(const char *text, struct http_answer *answer)
{
    uint8_t *bytes = NULL;
    if (!decode_base64(text, &bytes, &answer->len))
        return false;
    answer->body = realloc(bytes, answer->len + 1);
    if (!answer->body) {
        free(bytes);
        return false;
    }
    answer->body[answer->len] = '\0';
    return true;
}
static bool take_body(const json_t *obj, struct http_answer *answer)
{
    const json_t *body = json_object_get(obj, "body");
    const char *bytes = json_str(obj, "body_bytes", NULL);

    if (bytes)
        return take_bytes(bytes, answer);
    if (!body || (json_is_string(body) && json_string_length(body) == 0))
        return true;
    answer->body = json_is_string(body) ? strdup(json_string_value(body)) : json_text(body);
    answer->len = answer->body ? strlen(answer->body) : 0;
    return answer->body != NULL;
}

/* ---- recording ---- */

static bool put_line(json_t *list, const char *line)
{
    auto_free char *shown = http_redact_header(line);
    return shown && json_array_append_new(list, json_string(shown)) == 0;
}
static json_t *request_json(const struct http_xfer *x)
{
    json_t *obj = json_object(), *headers = json_array();
    auto_free char *url = http_redact_url(x->req->url, true);
    bool ok =
        obj && url && headers && json_put_str(obj, "method", x->method) && json_put_str(obj, "url", url);

    if (x->req->type && ok) {
        auto_free char *line = NULL;
        ok = asprintf(&line, "Content-Type: %s", x->req->type) >= 0 && put_line(headers, line);
    }
    for (const char *const *line = x->req->headers; ok && line && *line; line++)
        ok = put_line(headers, *line);
    ok = json_put(obj, "headers", headers) && ok;
    if (ok && put_body(obj, x->req->body, x->req->body_len))
        return obj;
    json_decref(obj);
    return NULL;
}
static json_t *answer_json(const struct http_answer *answer)
{
    json_t *obj = json_object(), *headers = json_array();
    auto_free char *lines = strdup(answer->headers ? answer->headers : "");
    char *save = NULL;
    bool ok = obj && headers && lines && json_put_int(obj, "status", answer->status);

    for (char *line = ok ? strtok_r(lines, "\n", &save) : NULL; ok && line;
         line = strtok_r(NULL, "\n", &save))
        ok = put_line(headers, line);
    ok = json_put(obj, "headers", headers) && ok;
    if (ok && put_body(obj, answer->body, answer->len))
        return obj;
    json_decref(obj);
    return NULL;
}
static json_t *failure_json(int code, const struct outcome *o)
{
    json_t *obj = json_object();
    auto_free char *words = http_redact_text(o->msg);
    if (words && json_put_str(obj, "code", outcome_code_name(code)) && json_put_str(obj, "message", words))
        return obj;
    json_decref(obj);
    return NULL;
}
static int write_exchange(struct http *h, json_t *exchange)
{
    auto_free char *text = json_dumps(exchange, JSON_INDENT(2));
    char name[16];
    unsigned number;

    if (!text)
        return -ENOMEM;
    pthread_mutex_lock(&h->lock);
    number = ++h->tape->at;
    pthread_mutex_unlock(&h->lock);
    if (number > TAPE_MAX)
        return -ENOSPC;
    file_name(number, name);
    return file_write_durable(h->tape->dir, name, 0600, text, strlen(text));
}
int http_tape_record(struct http *h, const struct http_xfer *x, int code, const struct http_answer *answer,
                     struct outcome *o)
{
    cleanup_(json_freep) json_t *exchange = json_object();
    int rc = -ENOMEM;

    if (exchange && json_put(exchange, "request", request_json(x)) &&
        (code == FL_OK ? json_put(exchange, "answer", answer_json(answer))
                       : json_put(exchange, "failure", failure_json(code, o))))
        rc = write_exchange(h, exchange);
    if (rc != 0)
        return outcome_fail(o, FL_ECONF, "%s: the exchange cannot be recorded: %s", x->origin, strerror(-rc));
    return code;
}

/* ---- replaying ---- */

/* Equal as JSON, so that the order of members and the width of blanks do not matter. */
static bool same(const json_t *a, const json_t *b, const char *key)
{
    json_t *x = json_object_get(a, key), *y = json_object_get(b, key);
    return x && y ? json_equal(x, y) : x == y;
}
static const char *difference(const json_t *expected, const json_t *came)
{
    if (!same(expected, came, "method"))
        return "method";
    if (!same(expected, came, "url"))
        return "url";
    return same(expected, came, "body") && same(expected, came, "body_bytes") ? NULL : "body";
}
static int mismatch(const json_t *expected, const json_t *came, const char *part, unsigned number,
                    struct outcome *o)
{
    bool body = !strcmp(part, "body");
    const json_t *a = json_object_get(expected, "body"), *b = json_object_get(came, "body");
    auto_free char *want = a ? json_text(a) : NULL, *got = b ? json_text(b) : NULL;
    const char *none = json_str(expected, "body_bytes", NULL) ? "other bytes" : "none";

    return outcome_fail(o, FL_EPROTO, "replay of %04u.json: expected %s %s%s%.150s, came %s %s%s%.150s",
                        number, json_str(expected, "method", "?"), json_str(expected, "url", "?"),
                        body ? " with body " : "", body ? (want ? want : none) : "",
                        json_str(came, "method", "?"), json_str(came, "url", "?"), body ? " with body " : "",
                        body ? (got                                  ? got
                                : json_str(came, "body_bytes", NULL) ? "other bytes"
                                                                     : "none")
                             : "");
}
static int play_answer(const json_t *recorded, struct http_answer *out, struct outcome *o)
{
    cleanup_(buf_done) struct buf lines = BUF(HTTP_HEADERS_MAX);
    struct http_answer answer = { .status = (int)json_int(recorded, "status", 0) };
    const json_t *headers = json_list(recorded, "headers");

    for (size_t i = 0; i < json_array_size(headers); i++) {
        const char *line = json_string_value(json_array_get(headers, i));
        buf_addf(&lines, "%s\n", line ? line : "");
    }
    answer.headers = buf_take(&lines);
    if (!answer.headers || !take_body(recorded, &answer)) {
        http_answer_done(&answer);
        return outcome_nomem(o);
    }
    answer.retry_after_ms = http_retry_after(&answer);
    *out = answer;
    return FL_OK;
}
/* The next exchange when it is the one that `came`; else NULL, and it stays the next. */
static const json_t *advance(struct http *h, const json_t *came, struct outcome *o)
{
    const json_t *exchange, *expected;
    const char *part = NULL;
    unsigned number;

    pthread_mutex_lock(&h->lock);
    number = h->tape->at;
    exchange = json_array_get(h->tape->exchanges, number);
    expected = json_obj(exchange, "request");
    if (exchange && !(part = difference(expected, came)))
        h->tape->at++;
    pthread_mutex_unlock(&h->lock);
    if (exchange && !part)
        return exchange;
    if (exchange)
        mismatch(expected, came, part, number + 1, o);
    else
        outcome_fail(o, FL_EPROTO, "replay: the recording ends after %u exchanges, came %s %s", number,
                     json_str(came, "method", "?"), json_str(came, "url", "?"));
    return NULL;
}
int http_tape_play(struct http *h, const struct http_xfer *x, struct http_answer *out, struct outcome *o)
{
    cleanup_(json_freep) json_t *came = request_json(x);
    const json_t *exchange, *failure;
    bool cancelled;

    pthread_mutex_lock(&h->lock);
    cancelled = h->cancelled;
    h->counts.requests += !cancelled;
    pthread_mutex_unlock(&h->lock);
    if (cancelled)
        return outcome_fail(o, FL_ECANCEL, "%s: the daemon is ending", x->origin);
    if (!came)
        return outcome_nomem(o);
    exchange = advance(h, came, o);
    if (!exchange)
        return o->code;
    failure = json_obj(exchange, "failure");
    if (failure)
        return outcome_fail(o, outcome_code_parse(json_str(failure, "code", "")), "%s",
                            json_str(failure, "message", "recorded failure"));
    return play_answer(json_obj(exchange, "answer"), out, o);
}
