/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_tape.c - what is written about exchanges: recordings, replay, the debug log. */
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_priv.h"
#include "web.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

struct fixture {
    struct web *web;
    char root[64], tape[96], base[64], url[256];
};

static bool handle(void *arg, const struct web_request *req, int fd)
{
    (void)arg;
    if (!strcmp(req->target, "/binary"))
        return send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\0\x01z", 42, MSG_NOSIGNAL) == 42;
    if (!strcmp(req->target, "/nothing"))
        return false;
    if (!strncmp(req->target, "/text", 5))
        return web_send(fd, "HTTP/1.1 429 Slow\r\nContent-Length: 5\r\nRetry-After: 9\r\n"
                            "Set-Cookie: id=hunter2\r\n\r\nwords");
    return web_send(
        fd, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{ \"b\": 1,\n \"a\": \"the-registered-secret\"}");
}
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    if (!f || !(f->web = web_start(handle, NULL)))
        return -1;
    snprintf(f->root, sizeof f->root, "/tmp/test_tape.XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->tape, sizeof f->tape, "%s/deep/tape", f->root);
    snprintf(f->base, sizeof f->base, "http://127.0.0.1:%u", web_port(f->web));
    return log_secret("the-registered-secret") ? 0 : -1;
}
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}
static int tear_down(void **state)
{
    struct fixture *f = *state;
    log_forget_secrets();
    nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    web_stop(f->web);
    free(f);
    return 0;
}
static void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text ? text : "(null)");
}

/* ---- one service for the time of a conversation ---- */

struct talk {
    struct fixture *f;
    struct http *http;
    struct http_lane *lane;
};
static struct talk begin(struct fixture *f, bool record)
{
    struct talk t = { .f = f };
    struct http_conf conf = { .record_dir = record ? f->tape : NULL, .replay_dir = record ? NULL : f->tape };
    assert_int_equal(http_new(&conf, &t.http), FL_OK);
    t.lane = http_lane_new(t.http, &(struct http_lane_conf){ .name = "dns/x" });
    assert_non_null(t.lane);
    return t;
}
static void end(struct talk *t)
{
    http_lane_free(t->lane);
    http_free(t->http);
}
static int ask(struct talk *t, const char *method, const char *path, const char *body, struct http_answer *a,
               struct outcome *o)
{
    static const char *const headers[] = { "Authorization: Bearer hunter2", "X-Auth-Key: hunter2",
                                           "Accept: text/plain", NULL };
    struct http_request req = {
        .method = method, .url = t->f->url, .headers = headers, .type = "application/json", .body = body
    };
    snprintf(t->f->url, sizeof t->f->url, "%s%s", t->f->base, path);
    req.body_len = body ? strlen(body) : 0;
    *a = (struct http_answer){ 0 };
    return http_do(t->lane, &req, a, o);
}
/* The same four exchanges, whoever answers. */
static void converse(struct fixture *f, bool record)
{
    struct talk t = begin(f, record);
    struct http_answer a;
    struct outcome o;
    char value[16];
    assert_int_equal(ask(&t, "POST", "/json?api_key=hunter2&page=2",
                         "{\"secret\": \"the-registered-secret\", \"n\": 1}", &a, &o),
                     FL_OK);
    assert_int_equal(a.status, 200);
    assert_contains(a.body, record ? "the-registered-secret" : "***");
    http_answer_done(&a);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_OK);
    assert_int_equal(a.status, 429);
    assert_int_equal(a.retry_after_ms, 9000);
    assert_true(http_header(&a, "content-length", value, sizeof value));
    assert_string_equal(a.body, "words");
    http_answer_done(&a);
    assert_int_equal(ask(&t, NULL, "/binary", "plain the-registered-secret", &a, &o), FL_OK);
    assert_int_equal(a.len, 4);
    assert_memory_equal(a.body, "\xff\0\x01z", 5);
    http_answer_done(&a);
    assert_int_equal(ask(&t, "DELETE", "/nothing", NULL, &a, &o), FL_ETEMP);
    assert_contains(o.msg, "Empty reply");
    end(&t);
}
static void what_was_recorded_is_replayed_without_a_server(void **state)
{
    struct fixture *f = *state;
    unsigned before;
    converse(f, true);
    before = web_connections(f->web);
    converse(f, false);
    assert_int_equal(web_connections(f->web), before);
}
static void a_recording_holds_no_secret(void **state)
{
    struct fixture *f = *state;
    char path[128];
    converse(f, true);
    for (int i = 1; i <= 4; i++) {
        auto_free char *text = NULL;
        size_t len;
        struct stat st;
        snprintf(path, sizeof path, "%s/%04d.json", f->tape, i);
        assert_int_equal(file_read(AT_FDCWD, path, 100000, &text, &len), 0);
        assert_null(strstr(text, "hunter2"));
        assert_null(strstr(text, "registered"));
        assert_contains(text, "\"Authorization: ***\"");
        assert_contains(text, "\"Accept: text/plain\"");
        assert_contains(text, i == 1 ? "api_key=***&page=2" : "127.0.0.1");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
}
static void another_request_than_the_recorded_one_is_refused(void **state)
{
    struct fixture *f = *state;
    struct http_answer a;
    struct outcome o;
    struct talk t;
    converse(f, true);
    t = begin(f, false);
    assert_int_equal(ask(&t, "PUT", "/json?api_key=x&page=2", "{\"n\":1,\"secret\":\"***\"}", &a, &o),
                     FL_EPROTO);
    assert_contains(o.msg, "replay of 0001.json: expected POST http://127.0.0.1:");
    assert_contains(o.msg, ", came PUT http://");
    assert_int_equal(ask(&t, "POST", "/json?api_key=x&page=3", "{\"n\":1,\"secret\":\"***\"}", &a, &o),
                     FL_EPROTO);
    assert_contains(o.msg, "page=3");
    assert_int_equal(ask(&t, "POST", "/json?api_key=x&page=2", "{\"n\":2,\"secret\":\"***\"}", &a, &o),
                     FL_EPROTO);
    assert_contains(o.msg, "with body {\"n\":1,\"secret\":\"***\"}, came POST");
    assert_contains(o.msg, "with body {\"n\":2,");
    assert_int_equal(ask(&t, "POST", "/json?api_key=x&page=2", NULL, &a, &o), FL_EPROTO);
    assert_contains(o.msg, "with body none");
    /* A refusal does not move the tape on; the order of members and other secrets do not matter. */
    assert_int_equal(ask(&t, "POST", "/json?api_key=x&page=2", "{\"n\":1,\"secret\":\"***\"}", &a, &o),
                     FL_OK);
    http_answer_done(&a);
    end(&t);
}
static void after_the_end_nothing_answers(void **state)
{
    struct fixture *f = *state;
    struct http_answer a;
    struct outcome o;
    struct talk t = begin(f, true);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_OK);
    http_answer_done(&a);
    end(&t);
    t = begin(f, false);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_OK);
    http_answer_done(&a);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_EPROTO);
    assert_contains(o.msg, "the recording ends after 1 exchanges, came GET http://");
    http_cancel(t.http);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_ECANCEL);
    end(&t);
}
static void a_second_recording_goes_on_where_the_first_ended(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        struct http_answer a;
        struct outcome o;
        struct talk t = begin(f, true);
        assert_int_equal(ask(&t, NULL, i ? "/text2" : "/text1", NULL, &a, &o), FL_OK);
        http_answer_done(&a);
        end(&t);
    }
    struct talk t = begin(f, false);
    for (int i = 0; i < 2; i++) {
        struct http_answer a;
        struct outcome o;
        assert_int_equal(ask(&t, NULL, i ? "/text2" : "/text1", NULL, &a, &o), FL_OK);
        http_answer_done(&a);
    }
    end(&t);
}
static void a_folder_without_recordings_is_refused(void **state)
{
    struct fixture *f = *state;
    struct http *h = NULL;
    struct http_conf conf = { .replay_dir = f->root };
    char path[128];
    assert_int_equal(http_new(&conf, &h), FL_ECONF);
    assert_int_equal(errno, ENOENT);
    snprintf(path, sizeof path, "%s/0001.json", f->root);
    assert_int_equal(file_write_durable(AT_FDCWD, path, 0600, "{\"request\":{}}", 14), 0);
    assert_int_equal(http_new(&conf, &h), FL_ECONF);
    assert_int_equal(errno, EINVAL);
    conf = (struct http_conf){ .record_dir = path };
    assert_int_equal(http_new(&conf, &h), FL_ECONF);
    assert_int_equal(errno, ENOTDIR);
    assert_null(h);
}
static void a_recording_that_cannot_be_written_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct http_answer a;
    struct outcome o;
    struct talk t = begin(f, true);
    assert_int_equal(nftw(f->tape, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(ask(&t, NULL, "/text", NULL, &a, &o), FL_ECONF);
    assert_contains(o.msg, "cannot be recorded: No such file");
    assert_null(a.body);
    end(&t);
}
static void the_debug_log_shows_exchanges_without_secrets(void **state)
{
    struct fixture *f = *state;
    struct http_answer a;
    struct outcome o;
    struct talk t = { .f = f };
    char seen[4096];
    int ends[2];
    ssize_t n;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(http_new(&(struct http_conf){ 0 }, &t.http), FL_OK);
    t.lane = http_lane_new(t.http, &(struct http_lane_conf){ .name = "dns/x" });
    log_setup(LOG_LEVEL_DEBUG, LOG_JOURNAL, ends[1]);
    assert_int_equal(ask(&t, "POST", "/text?token=hunter2&x=the-registered-secret", "body", &a, &o), FL_OK);
    http_answer_done(&a);
    assert_int_equal(ask(&t, "POST", "/nothing", "body", &a, &o), FL_ETEMP);
    log_setup(LOG_LEVEL_INFO, LOG_TEXT, STDERR_FILENO);
    end(&t);
    n = read(ends[0], seen, sizeof seen - 1);
    seen[n > 0 ? n : 0] = '\0';
    assert_contains(seen, "<7>detail who=dns/x msg=\"POST http://127.0.0.1:");
    assert_contains(
        seen,
        "/text?token=***&x=*** [Authorization: ***] [X-Auth-Key: ***] [Accept: text/plain]: 429, 5 bytes, ");
    assert_contains(seen, "/nothing [");
    assert_contains(seen, ": temp, ");
    assert_null(strstr(seen, "hunter2"));
    assert_null(strstr(seen, "registered"));
    close(ends[0]);
    close(ends[1]);
}
static void addresses_are_shown_without_what_opens_them(void **state)
{
    static const struct {
        const char *url, *with, *without;
    } table[] = {
        { "https://api.example/v1?zone=a&API_KEY=b#f", "https://api.example/v1?zone=a&API_KEY=***#f",
          "https://api.example/v1" },
        { "https://u:p@w@h:1/x@y?a@b", "https://***@h:1/x@y?a@b", "https://***@h:1/x@y" },
        { "https://h/?X-Amz-Signature=s&X-Amz-Credential=c&flag&=v",
          "https://h/?X-Amz-Signature=***&X-Amz-Credential=***&flag&=v", "https://h/" },
        { "nonsense", "nonsense", "nonsense" },
        { "", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        auto_free char *with = http_redact_url(table[i].url, true),
                       *without = http_redact_url(table[i].url, false);
        assert_string_equal(with, table[i].with);
        assert_string_equal(without, table[i].without);
    }
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(what_was_recorded_is_replayed_without_a_server),
        IN_PLACE(a_recording_holds_no_secret),
        IN_PLACE(another_request_than_the_recorded_one_is_refused),
        IN_PLACE(after_the_end_nothing_answers),
        IN_PLACE(a_second_recording_goes_on_where_the_first_ended),
        IN_PLACE(a_folder_without_recordings_is_refused),
        IN_PLACE(a_recording_that_cannot_be_written_is_an_error),
        IN_PLACE(the_debug_log_shows_exchanges_without_secrets),
        IN_PLACE(addresses_are_shown_without_what_opens_them),
    };
    http_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
