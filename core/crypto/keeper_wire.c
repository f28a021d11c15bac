/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_wire.c - the keeper's door as frames on a stream socket. */
#include "base/mem.h"
#include "crypto/keeper_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A frame is a uint32_t length and so many bytes: the struct up to its long texts, then what these hold. Both
 * ends are the same build on the same machine, so numbers stand as they stand in memory. */
enum {
    REQUEST_HEAD = offsetof(struct keeper_request, payload),
    REQUEST_MAX = REQUEST_HEAD + KEEPER_TEXT + KEEPER_NAMES * KEEPER_NAME,
    REPLY_HEAD = offsetof(struct keeper_reply, text),
    REPLY_MAX = REPLY_HEAD + KEEPER_TEXT
};

static bool send_all(int fd, const void *data, size_t len)
{
    for (const char *p = data; len > 0;) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}
enum arrival { ARRIVED, CLOSED, SHORT, FAILED };
static enum arrival receive_all(int fd, void *data, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = recv(fd, (char *)data + got, len - got, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FAILED;
        if (n == 0)
            return got == 0 ? CLOSED : SHORT;
        got += (size_t)n;
    }
    return ARRIVED;
}
/* The end of the connection is in order only before a frame. */
static enum arrival receive_part(int fd, void *data, size_t len)
{
    enum arrival how = receive_all(fd, data, len);
    return how == CLOSED ? SHORT : how;
}

/* ---- requests ---- */

static bool send_request(int fd, const struct keeper_request *req)
{
    uint32_t len = REQUEST_HEAD + req->payload_len + req->names_len;

    return send_all(fd, &len, sizeof len) && send_all(fd, req, REQUEST_HEAD) &&
           send_all(fd, req->payload, req->payload_len) && send_all(fd, req->names, req->names_len);
}
/* Only what cannot be put into the struct is refused here; keeper_call() looks at the rest. */
static enum arrival receive_request(int fd, struct keeper_request *req)
{
    uint32_t len;
    enum arrival how = receive_all(fd, &len, sizeof len);

    if (how == ARRIVED && (len < REQUEST_HEAD || len > REQUEST_MAX))
        return SHORT;
    if (how == ARRIVED)
        how = receive_part(fd, req, REQUEST_HEAD);
    if (how != ARRIVED)
        return how;
    if (req->payload_len > sizeof req->payload || req->names_len > sizeof req->names ||
        len != REQUEST_HEAD + req->payload_len + req->names_len)
        return SHORT;
    how = receive_part(fd, req->payload, req->payload_len);
    return how == ARRIVED ? receive_part(fd, req->names, req->names_len) : how;
}

/* ---- replies ---- */

static bool send_reply(int fd, const struct keeper_reply *reply)
{
    uint32_t len = REPLY_HEAD + reply->text_len;

    return send_all(fd, &len, sizeof len) && send_all(fd, reply, REPLY_HEAD) &&
           send_all(fd, reply->text, reply->text_len);
}
#define ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)
static bool receive_reply(int fd, struct keeper_reply *reply)
{
    const struct outcome *o = &reply->outcome;
    uint32_t len;

    if (receive_all(fd, &len, sizeof len) != ARRIVED || len < REPLY_HEAD || len >= REPLY_MAX ||
        receive_all(fd, reply, REPLY_HEAD) != ARRIVED || len != REPLY_HEAD + reply->text_len ||
        reply->text_len >= sizeof reply->text || receive_all(fd, reply->text, reply->text_len) != ARRIVED)
        return false;
    reply->text[reply->text_len] = '\0';
    return ENDS(reply->sealed) && ENDS(reply->thumbprint) && ENDS(reply->jwk) && ENDS(o->problem) &&
           ENDS(o->msg) && o->code <= FL_OK && o->code >= FL_ECANCEL;
}

/* ---- both ends ---- */

struct frames {
    struct keeper_request req;
    struct keeper_reply reply;
};
int keeper_serve(struct keeper *k, int fd)
{
    auto_free struct frames *f = calloc(1, sizeof *f);
    enum arrival how = ARRIVED;

    if (!f)
        return FL_ENOMEM;
    while (how == ARRIVED && (how = receive_request(fd, &f->req)) == ARRIVED) {
        (void)keeper_call(k, &f->req, &f->reply);
        if (!send_reply(fd, &f->reply))
            how = FAILED;
        mem_wipe(f->req.payload, f->req.payload_len);
        mem_wipe(f->reply.text, f->reply.text_len);
    }
    return how == CLOSED ? FL_OK : how == SHORT ? FL_EPROTO : FL_ETEMP;
}
int keeper_remote(int fd, struct keeper **out)
{
    struct keeper *k = calloc(1, sizeof *k);

    if (!k) {
        close(fd);
        return FL_ENOMEM;
    }
    pthread_mutex_init(&k->lock, NULL);
    k->dir = -1;
    k->fd = fd;
    *out = k;
    return FL_OK;
}
void keeper_forward(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    bool ok;

    pthread_mutex_lock(&k->lock);
    ok = !k->broken && send_request(k->fd, req) && receive_reply(k->fd, reply);
    if (!ok)
        k->broken = true; /* the next frame could be the answer to this request */
    pthread_mutex_unlock(&k->lock);
    if (ok)
        return;
    memset(reply, 0, REPLY_HEAD + 1);
    (void)outcome_fail(&reply->outcome, FL_ETEMP,
                       "the process that holds the keys does not answer: restart fairlead");
}
