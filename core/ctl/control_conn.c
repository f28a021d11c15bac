/* SPDX-License-Identifier: Apache-2.0 */
/* control_conn.c - a request in, an answer out, and nothing that a client does can keep either. */
#include "ctl/control_conn.h"

#include "base/mem.h"
#include "ctl/cli.h"
#include "ctl/serve.h"

#include <errno.h>
#include <string.h>

struct conn *conn_new(int fd, int64_t now_ms)
{
    struct conn *c = calloc(1, sizeof *c);
    socklen_t len = sizeof c->who;

    if (!c) {
        close(fd);
        return NULL;
    }
    *c = (struct conn){ .fd = fd,
                        .until_ms = now_ms + CONN_ASK_MS,
                        .in = BUF(CONN_REQUEST),
                        .out = BUF(CONN_ANSWER),
                        .who = { .uid = (uid_t)-1, .gid = (gid_t)-1 } };
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c->who, &len);
    return c;
}

void conn_free(struct conn *c)
{
    if (!c)
        return;
    close(c->fd);
    buf_done(&c->in);
    buf_done(&c->out);
    json_decref(c->req);
    free(c);
}

void conn_say(struct conn *c, json_t *line)
{
    auto_free char *text = line ? json_text(line) : NULL;

    json_decref(line);
    if (text)
        buf_addf(&c->out, "%s\n", text);
    else
        c->out.failed = true;
}

void conn_answer(struct conn *c, json_t *line, int64_t now_ms)
{
    conn_say(c, line);
    c->state = CONN_ANSWERING;
    c->until_ms = now_ms + CONN_TAKE_MS;
}

static void understand(struct conn *c, size_t len, int64_t now_ms)
{
    char why[128];

    c->req = json_parse(c->in.data, len, why);
    if (json_is_object(c->req)) {
        c->state = CONN_ASKED;
        c->until_ms = now_ms + CONN_HELD_MS;
        return;
    }
    conn_answer(c, serve_reply(EXIT_USAGE, "that is no request: %s", c->req ? "not an object" : why), now_ms);
}

bool conn_read(struct conn *c, int64_t now_ms)
{
    char part[16384];
    ssize_t n = recv(c->fd, part, sizeof part, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0 || c->state != CONN_READING) /* gone, or it talks on: one request a connection */
        return n > 0;
    const char *end = memchr(part, '\n', (size_t)n);
    size_t len = end ? (size_t)(end - part) : (size_t)n;
    if (!buf_add(&c->in, part, len))
        conn_answer(c, serve_reply(EXIT_USAGE, "the request is longer than %d bytes", CONN_REQUEST), now_ms);
    else if (end)
        understand(c, c->in.len, now_ms);
    return true;
}

bool conn_write(struct conn *c, int64_t now_ms)
{
    if (c->out.failed)
        return false;
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        c->sent += (size_t)n;
        c->until_ms = now_ms + CONN_TAKE_MS;
    }
    buf_clear(&c->out);
    c->sent = 0;
    return c->more;
}
