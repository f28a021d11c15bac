/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_control.c - requests of anything at the control socket, from the first byte to the reply. */
#include "base/clock.h"
#include "base/mem.h"
#include "ctl/control_conn.h"
#include "ctl/serve.h"
#include "fake_store.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char conf[] =
    "state = \"/nonexistent\";\n"
    "authorities = { ca = { directory = \"https://ca.example/dir\"; accept_terms = true; }; };\n"
    "defaults = { authority = \"ca\"; solver = \"web\"; };\n"
    "certificates = ( { names = [\"a.example\", \"b.example\"]; } );\n";

static struct model *model(void)
{
    static struct model *m;
    static struct diag *d;
    char path[32];

    if (m)
        return m;
    int fd = memfd_create("conf", MFD_CLOEXEC);
    if (fd < 0 || write(fd, conf, sizeof conf - 1) != (ssize_t)sizeof conf - 1)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    d = diag_new();
    m = model_load(path, d);
    if (!m || diag_errors(d)) {
        diag_print(d, stderr);
        abort();
    }
    close(fd);
    return m;
}

static void check(json_t *reply)
{
    if (reply && !json_is_integer(json_object_get(reply, "exit")))
        abort();
    json_decref(reply);
}

static void ask(const json_t *req)
{
    struct store *store = fake_store_new();
    const struct serve s = { .model = model(), .store = store, .who = "uid=0 pid=1" };
    size_t at = 0;

    if (!store)
        abort();
    if (strcmp(json_str(req, "op", ""), "status") != 0)
        check(serve(&s, req));
    else
        for (bool more = true; more;) {
            json_t *line = serve_next(&s, req, &at);
            more = line && !json_object_get(line, "exit");
            json_decref(line);
            if (at > 100)
                abort();
        }
    fake_store_free(store);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    int64_t now_ms = clock_mono_ms();
    int pair[2], room = 1 << 20;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        abort();
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    struct conn *c = conn_new(pair[1], now_ms);
    if (!c)
        abort();
    (void)send(pair[0], data, size, MSG_NOSIGNAL);
    (void)shutdown(pair[0], SHUT_WR);
    while (c->state == CONN_READING && conn_read(c, now_ms))
        ;
    if (c->state == CONN_ASKED && c->req)
        ask(c->req);
    if (c->state == CONN_ANSWERING)
        (void)conn_write(c, now_ms);
    conn_free(c);
    close(pair[0]);
}
