/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_wire.c - the door to the sinks as frames on a stream socket. */
#include "base/mem.h"
#include "plugin/deliver_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A request is a uint32_t length and so many bytes: the struct up to its text, and what of the text is used. A reply
 * is a length and the struct. Both ends are one build on one machine: numbers stand as in memory. */
enum {
    HEAD = offsetof(struct deliver_request, text),
    REPLY = sizeof(struct deliver_reply),
};
enum arrival { ARRIVED, CLOSED, SHORT, FAILED };

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
static bool send_request(int fd, const struct deliver_request *req)
{
    uint32_t len = HEAD + req->text_len;

    return req->text_len <= sizeof req->text && send_all(fd, &len, sizeof len) && send_all(fd, req, HEAD) &&
           send_all(fd, req->text, req->text_len);
}
/* Only what cannot be put into the struct is refused here; deliver_call() looks at the rest. */
static enum arrival receive_request(int fd, struct deliver_request *req)
{
    uint32_t len;
    enum arrival how = receive_all(fd, &len, sizeof len);

    if (how != ARRIVED)
        return how;
    if (len < HEAD || len > sizeof *req)
        return SHORT;
    how = receive_part(fd, req, HEAD);
    if (how != ARRIVED)
        return how;
    if (req->text_len > sizeof req->text || len != HEAD + req->text_len)
        return SHORT;
    return receive_part(fd, req->text, req->text_len);
}
static bool send_reply(int fd, const struct deliver_reply *reply)
{
    uint32_t len = REPLY;
    return send_all(fd, &len, sizeof len) && send_all(fd, reply, REPLY);
}
#define ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)
static bool receive_reply(int fd, struct deliver_reply *reply)
{
    const struct outcome *o = &reply->outcome;
    uint32_t len = 0;

    return receive_all(fd, &len, sizeof len) == ARRIVED && len == REPLY &&
           receive_all(fd, reply, REPLY) == ARRIVED && ENDS(o->problem) && ENDS(o->msg) && o->code <= FL_OK &&
           o->code >= FL_ECANCEL;
}

/* ---- both ends ---- */

int deliver_serve(struct deliver *d, int fd)
{
    struct deliver_request *req = calloc(1, sizeof *req);
    struct deliver_reply reply;
    enum arrival how = ARRIVED;

    if (!req)
        return FL_ENOMEM;
    while (how == ARRIVED && (how = receive_request(fd, req)) == ARRIVED) {
        (void)deliver_call(d, req, &reply);
        if (!send_reply(fd, &reply))
            how = FAILED;
        mem_wipe(req->text, req->text_len);
    }
    deliver_request_free(req); /* a frame that was cut off may have brought a part of a key */
    return how == CLOSED ? FL_OK : how == SHORT ? FL_EPROTO : FL_ETEMP;
}
int deliver_remote(int fd, struct deliver **out)
{
    int code = deliver_new(NULL, 0, out);

    if (code == FL_OK)
        (*out)->fd = fd;
    else
        close(fd);
    return code;
}
void deliver_forward(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply)
{
    bool ok;

    /* Beyond what can be sent it is the request that is wrong, not the connection. */
    if (req->text_len > sizeof req->text) {
        (void)outcome_fail(&reply->outcome, FL_ECONF, "a malformed delivery: text without its ends");
        return;
    }
    pthread_mutex_lock(&d->lock);
    ok = !d->broken && send_request(d->fd, req) && receive_reply(d->fd, reply);
    if (!ok)
        d->broken = true; /* the next frame could be the answer to this request */
    pthread_mutex_unlock(&d->lock);
    if (!ok)
        (void)outcome_fail(&reply->outcome, FL_ETEMP,
                           "the process that holds the sinks does not answer: restart "
                           "fairlead");
}
