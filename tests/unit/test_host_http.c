/* SPDX-License-Identifier: Apache-2.0 */
/* test_host_http.c - fl_http() and fl_http_json() as plugins see them. */
#include "plugin_rig.h"
#include "web.h"
#include <fl/json.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct site {
    struct plugin_rig rig;
    struct web *web;
    char url[64];
};
/* "/STATUS/what": answers with that status and what this file knows by that name. */
static bool answer(void *arg, const struct web_request *req, int fd)
{
    static const char *const bodies[][2] = {
        { "json", "{\"id\":7}" },         { "list", "[1,2]" },
        { "text", "<html>oops</html>" },  { "empty", "" },
        { "twice", "{\"a\":1,\"a\":2}" }, { "error", "{\"message\":\"no such zone\"}" },
    };
    const char *what = strrchr(req->target, '/') + 1, *body = "";
    int status = (int)strtol(req->target + 1, NULL, 10);

    (void)arg;
    if (!strcmp(what, "echo"))
        body = req->body;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (!strcmp(what, bodies[i][0]))
            body = bodies[i][1];
    return web_send(fd, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nX-Thing:  a b \r\nX-Method: %s\r\n%s\r\n%s",
                    status, strlen(body), req->method, status == 429 ? "Retry-After: 30\r\n" : "", body);
}
static int set_up(void **state)
{
    struct site *s = calloc(1, sizeof *s);
    const struct http_conf conf = { .user_agent = "test" };
    struct http *http = NULL;
    s->web = web_start(answer, NULL);
    assert_non_null(s->web);
    assert_int_equal(http_new(&conf, &http), FL_OK);
    plugin_rig_init(&s->rig, &plugin_rig_entry);
    s->rig.host.http = http;
    plugin_rig_open(&s->rig);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", web_port(s->web));
    *state = s;
    return 0;
}
static int tear_down(void **state)
{
    struct site *s = *state;
    http_cancel(s->rig.host.http);
    instance_close(s->rig.instance);
    http_free(s->rig.host.http);
    plugin_rig_done(&s->rig);
    web_stop(s->web);
    free(s);
    return 0;
}
/* Inside one call. */
struct visit {
    struct call c;
    struct site *s;
};
static struct visit begin(void **state)
{
    struct visit v = { .s = *state };
    return v;
}
static struct fl_ctx *enter(struct visit *v)
{
    struct outcome o;
    assert_int_equal(call_begin(&v->c, v->s->rig.instance, "", 0, &o), FL_OK);
    return v->c.ctx;
}
static void leave(struct visit *v, int code, int expected, const char *words)
{
    struct outcome o = { .code = FL_OK };
    assert_int_equal(call_end(&v->c, code, &o), expected);
    if (!strstr(o.msg, words))
        fail_msg("\"%s\" is not in \"%s\"", words, o.msg);
}

static void answers_come_with_body_and_headers(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http get = { .url = fl_printf(ctx, "%s/200/json", v.s->url) };
    const struct fl_http post = { .url = fl_printf(ctx, "%s/201/echo", v.s->url),
                                  .body = "x=1",
                                  .body_len = 3 };
    struct fl_reply reply;
    assert_int_equal(fl_http(ctx, &get, &reply), FL_OK);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"id\":7}");
    assert_int_equal(reply.len, 8);
    assert_string_equal(fl_header(ctx, &reply, "x-method"), "GET");
    assert_string_equal(fl_header(ctx, &reply, "x-thing"), "a b");
    assert_null(fl_header(ctx, &reply, "x-thin"));
    assert_null(fl_header(ctx, &reply, "x-thing-"));
    assert_int_equal(fl_http(ctx, &post, &reply), FL_OK);
    assert_string_equal(reply.body, "x=1");
    assert_string_equal(fl_header(ctx, &reply, "x-method"), "POST");
    leave(&v, FL_OK, FL_OK, "");
}
static void a_status_is_classified_and_its_answer_is_there(void **state)
{
    static const struct {
        int status, code;
    } cases[] = { { 401, FL_EAUTH },  { 403, FL_EAUTH },  { 404, FL_EREJECT },
                  { 409, FL_ESTALE }, { 412, FL_ESTALE }, { 429, FL_ERATE },
                  { 500, FL_ETEMP },  { 408, FL_ETEMP },  { 301, FL_EPROTO } };
    struct visit v = begin(state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fl_ctx *ctx = enter(&v);
        const struct fl_http req = { .url = fl_printf(ctx, "%s/%d/error", v.s->url, cases[i].status) };
        struct fl_reply reply;
        int code = fl_http(ctx, &req, &reply);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(reply.body, "{\"message\":\"no such zone\"}");
        leave(&v, code, code, "127.0.0.1");
    }
}
static void the_plugins_words_keep_what_the_answer_said(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .url = fl_printf(ctx, "%s/429/error", v.s->url) };
    struct outcome o;
    json_t *answer_out = NULL;
    int code = fl_http_json(ctx, &req, NULL, &answer_out);
    const char *why = json_string_value(json_object_get(answer_out, "message"));
    assert_string_equal(why, "no such zone");
    code = fl_fail(ctx, code, "the service says: %s", why);
    assert_int_equal(call_end(&v.c, code, &o), FL_ERATE);
    assert_string_equal(o.msg, "dns try: the service says: no such zone");
    assert_int_equal(o.http, 429);
    assert_int_equal(o.retry_after_ms, 30000);
}
static void json_goes_out_and_comes_back(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .method = "PUT", .url = fl_printf(ctx, "%s/200/echo", v.s->url) };
    const struct fl_http empty = { .url = fl_printf(ctx, "%s/204/empty", v.s->url) };
    const struct fl_http list = { .url = fl_printf(ctx, "%s/200/list", v.s->url) };
    json_t *out = NULL;
    assert_int_equal(
        fl_http_json(ctx, &req, fl_json_pack(ctx, "{s:s,s:i}", "name", "b\xc3\xbc", "n", 3), &out), FL_OK);
    assert_string_equal(json_string_value(json_object_get(out, "name")), "b\xc3\xbc");
    assert_int_equal(json_integer_value(json_object_get(out, "n")), 3);
    assert_int_equal(fl_http_json(ctx, &empty, NULL, &out), FL_OK);
    assert_true(json_is_object(out));
    assert_int_equal(json_object_size(out), 0);
    assert_int_equal(fl_http_json(ctx, &list, NULL, &out), FL_OK);
    assert_int_equal(json_array_size(out), 2);
    leave(&v, FL_OK, FL_OK, "");
}
static void the_answer_itself_can_be_had_beside_its_json(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http gone = { .url = fl_printf(ctx, "%s/404/error", v.s->url) },
                         busy = { .url = fl_printf(ctx, "%s/429/error", v.s->url) },
                         text = { .url = fl_printf(ctx, "%s/403/text", v.s->url) };
    struct fl_reply reply;
    json_t *out = NULL;
    assert_int_equal(fl_http_json_reply(ctx, &gone, NULL, &reply, &out), FL_EREJECT);
    assert_int_equal(reply.status, 404);
    assert_string_equal(json_string_value(json_object_get(out, "message")), "no such zone");
    assert_int_equal(reply.retry_after_ms, 0);
    assert_int_equal(fl_http_json_reply(ctx, &busy, NULL, &reply, &out), FL_ERATE);
    assert_int_equal(reply.status, 429);
    assert_int_equal(reply.retry_after_ms, 30000);
    assert_int_equal(fl_http_json_reply(ctx, &text, NULL, &reply, &out), FL_EAUTH);
    assert_string_equal(reply.body, "<html>oops</html>");
    assert_int_equal(json_object_size(out), 0);
    leave(&v, FL_OK, FL_OK, "");
}
static void nothing_is_left_of_an_answer_that_did_not_come(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .url = "http://127.0.0.1:1/" };
    struct fl_reply reply = { .status = 200 };
    json_t *out = NULL;
    int code = fl_http_json_reply(ctx, &req, NULL, &reply, &out);
    assert_int_equal(reply.status, 0);
    assert_string_equal(reply.body, "");
    assert_true(json_is_object(out));
    leave(&v, code, FL_ETEMP, "127.0.0.1");
}
static void an_answer_that_is_no_json_makes_no_sense(void **state)
{
    static const char *const kinds[] = { "text", "twice" };
    struct visit v = begin(state);
    for (size_t i = 0; i < 2; i++) {
        struct fl_ctx *ctx = enter(&v);
        const struct fl_http req = { .url = fl_printf(ctx, "%s/200/%s", v.s->url, kinds[i]) };
        json_t *out = NULL;
        int code = fl_http_json(ctx, &req, NULL, &out);
        assert_true(json_is_object(out));
        leave(&v, code, FL_EPROTO, "an answer that is no JSON (line 1 column ");
    }
}
static void a_refusal_without_json_stays_a_refusal(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .url = fl_printf(ctx, "%s/403/text", v.s->url) };
    json_t *out = NULL;
    int code = fl_http_json(ctx, &req, NULL, &out);
    assert_true(json_is_object(out));
    leave(&v, code, FL_EAUTH, "403");
}
static void a_text_that_is_not_utf8_is_not_sent(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .url = fl_printf(ctx, "%s/200/echo", v.s->url) };
    json_t *out = NULL;
    int code = fl_http_json(ctx, &req, fl_json_pack(ctx, "{s:s}", "name", "b\xfc"), &out);
    assert_false(call_starved(&v.c));
    leave(&v, code, FL_EPROTO, "a text of the request is not UTF-8");
    ctx = enter(&v);
    code = fl_http_json(ctx, &req, fl_json_pack(ctx, "{s:q}", "name", 1), &out);
    leave(&v, code, FL_EPROTO, "a mistake in the plugin");
    ctx = enter(&v);
    code = fl_http_json(ctx, &req, fl_json_pack(ctx, "{s:s}", "name", NULL), &out);
    leave(&v, code, FL_EPROTO, "a mistake in the plugin");
}
static void lines_with_control_characters_are_not_sent(void **state)
{
    static const char *const smuggled[] = { "X-A: b\r\nX-C: d", NULL };
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http headers = { .url = fl_printf(ctx, "%s/200/json", v.s->url), .headers = smuggled };
    const struct fl_http url = { .url = fl_printf(ctx, "%s/200/j\nson", v.s->url) };
    struct fl_reply reply;
    assert_int_equal(fl_http(ctx, &headers, &reply), FL_EPROTO);
    assert_int_equal(fl_http(ctx, &url, &reply), FL_EPROTO);
    assert_int_equal(fl_http(ctx, &(struct fl_http){ .url = NULL }, &reply), FL_EPROTO);
    leave(&v, FL_OK, FL_OK, "");
    assert_int_equal(web_connections(v.s->web), 0);
}
static void when_the_daemon_ends_the_call_is_cancelled(void **state)
{
    struct visit v = begin(state);
    struct fl_ctx *ctx = enter(&v);
    const struct fl_http req = { .url = fl_printf(ctx, "%s/200/json", v.s->url) };
    struct fl_reply reply;
    http_cancel(v.s->rig.host.http);
    int code = fl_http(ctx, &req, &reply);
    leave(&v, code, FL_ECANCEL, "");
}

int main(void)
{
#define WITH_SITE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SITE(answers_come_with_body_and_headers),
        WITH_SITE(a_status_is_classified_and_its_answer_is_there),
        WITH_SITE(the_plugins_words_keep_what_the_answer_said),
        WITH_SITE(json_goes_out_and_comes_back),
        WITH_SITE(the_answer_itself_can_be_had_beside_its_json),
        WITH_SITE(nothing_is_left_of_an_answer_that_did_not_come),
        WITH_SITE(an_answer_that_is_no_json_makes_no_sense),
        WITH_SITE(a_refusal_without_json_stays_a_refusal),
        WITH_SITE(a_text_that_is_not_utf8_is_not_sent),
        WITH_SITE(lines_with_control_characters_are_not_sent),
        WITH_SITE(when_the_daemon_ends_the_call_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
