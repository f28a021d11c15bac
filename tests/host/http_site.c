/* SPDX-License-Identifier: Apache-2.0 */
/* http_site.c - an HTTP service and a server that answers it well and badly, for its tests. */
#include "http_site.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what the server says ---- */

void nap(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}
static bool say(int fd, int status, const char *headers, const char *body)
{
    return web_send(fd, "HTTP/1.1 %d Words\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers,
                    body);
}
static bool say_echo(const struct web_request *req, int fd)
{
    char body[4096];
    snprintf(body, sizeof body, "%s %s\n%s\n%s", req->method, req->target, req->head, req->body);
    return say(fd, 200, "X-MiXed:   some value \r\nX-Mixed: second\r\n", body);
}
static bool say_drips(int fd)
{
    web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin");
    for (int i = 0; i < 100 && web_send(fd, "."); i++)
        nap(20);
    return false;
}
static bool say_many_headers(int fd)
{
    web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (int i = 0; i < 700; i++)
        web_send(fd, "X-%d: %0100d\r\n", i, 0);
    return web_send(fd, "\r\n");
}
static bool say_interim(int fd)
{
    return web_send(fd, "HTTP/1.1 103 Early\r\nX-Early: yes\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: yes\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: no\r\n\r\n");
}
static bool handle(void *arg, const struct web_request *req, int fd)
{
    const char *path = strstr(req->target, "://") ? strchr(strstr(req->target, "://") + 3, '/') : req->target;
    (void)arg;
    if (!strncmp(path, "/status/", 8))
        return say(fd, (int)strtol(path + 8, NULL, 10), strstr(path, "retry") ? "Retry-After: 7\r\n" : "",
                   "because of this");
    if (!strcmp(path, "/date"))
        return say(fd, 503,
                   "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n",
                   "");
    if (!strcmp(path, "/past"))
        return say(fd, 503, "Retry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n", "");
    if (!strcmp(path, "/move"))
        return say(fd, 302, "Location: /echo\r\n", "");
    if (!strcmp(path, "/ten"))
        return say(fd, 200, "", "0123456789");
    if (!strcmp(path, "/ten-open"))
        return web_send(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789") && false;
    if (!strcmp(path, "/drips"))
        return say_drips(fd);
    if (!strcmp(path, "/headers"))
        return say_many_headers(fd);
    if (!strcmp(path, "/interim"))
        return say_interim(fd);
    if (!strcmp(path, "/garbage"))
        return web_send(fd, "220 mail.example ESMTP\r\n") && false;
    if (!strcmp(path, "/nothing"))
        return false;
    if (!strcmp(path, "/short"))
        return web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew") && false;
    if (!strcmp(path, "/slow"))
        nap(100);
    if (!strcmp(path, "/never"))
        nap(1500);
    return say_echo(req, fd);
}

/* ---- asking ---- */

struct http_lane *lane_with(struct fixture *f, struct http_lane_conf conf)
{
    struct http_lane *lane;
    conf.name = conf.name ? conf.name : "test";
    lane = http_lane_new(f->http, &conf);
    assert_non_null(lane);
    return lane;
}
int http_site_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    if (!f || !(f->web = web_start(handle, NULL)) ||
        http_new(&(struct http_conf){ .user_agent = "fairlead-test/1" }, &f->http) != FL_OK)
        return -1;
    snprintf(f->base, sizeof f->base, "http://127.0.0.1:%u", web_port(f->web));
    f->lane = lane_with(f, (struct http_lane_conf){ .parallel = 64 });
    return 0;
}
int http_site_tear_down(void **state)
{
    struct fixture *f = *state;
    http_cancel(f->http);
    http_lane_free(f->lane);
    http_free(f->http);
    web_stop(f->web);
    free(f);
    return 0;
}
const char *url(struct fixture *f, const char *path)
{
    snprintf(f->url, sizeof f->url, "%s%s", f->base, path);
    return f->url;
}
int get(struct fixture *f, const char *path, struct http_answer *out, struct outcome *o)
{
    return http_do(f->lane, &(struct http_request){ .url = url(f, path) }, out, o);
}
void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text ? text : "(null)");
}
/* A request that must end so, with these words. */
void assert_fails(struct fixture *f, struct http_request req, int code, const char *words)
{
    struct http_answer a = { .status = -1 };
    struct outcome o;
    int got = http_do(f->lane, &req, &a, &o);
    if (got != code)
        fail_msg("%s: %s instead of %s: %s", req.url, outcome_code_name(got), outcome_code_name(code), o.msg);
    assert_int_equal(o.code, code);
    assert_contains(o.msg, words);
    assert_int_equal(a.status, -1);
}

uint16_t dead_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}
