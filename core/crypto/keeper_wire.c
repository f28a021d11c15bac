/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_wire.c - the keeper's door as frames on a stream socket. */
#include "base/door.h"
#include "base/mem.h"
#include "crypto/keeper_impl.h"

#include <string.h>

/* A frame is a uint32_t length and so many bytes: the struct up to its long texts, then what these hold. Both
 * ends are the same build on the same machine, so numbers stand as they stand in memory. */
enum {
    REQUEST_HEAD = offsetof(struct keeper_request, payload),
    REQUEST_MAX = REQUEST_HEAD + KEEPER_TEXT + KEEPER_NAMES * KEEPER_NAME,
    REPLY_HEAD = offsetof(struct keeper_reply, text),
    REPLY_MAX = REPLY_HEAD + KEEPER_TEXT
};

/* ---- requests ---- */

static bool send_request(int fd, const struct keeper_request *req)
{
    uint32_t len = REQUEST_HEAD + req->payload_len + req->names_len;

    return door_send(fd, &len, sizeof len) && door_send(fd, req, REQUEST_HEAD) &&
           door_send(fd, req->payload, req->payload_len) && door_send(fd, req->names, req->names_len);
}
/* Only what cannot be put into the struct is refused here; keeper_call() looks at the rest. */
static enum arrival receive_request(int fd, struct keeper_request *req)
{
    uint32_t len;
    enum arrival how = door_receive(fd, &len, sizeof len);

    if (how == ARRIVED && (len < REQUEST_HEAD || len > REQUEST_MAX))
        return SHORT;
    if (how == ARRIVED)
        how = door_receive_part(fd, req, REQUEST_HEAD);
    if (how != ARRIVED)
        return how;
    if (req->payload_len > sizeof req->payload || req->names_len > sizeof req->names ||
        len != REQUEST_HEAD + req->payload_len + req->names_len)
        return SHORT;
    how = door_receive_part(fd, req->payload, req->payload_len);
    return how == ARRIVED ? door_receive_part(fd, req->names, req->names_len) : how;
}

/* ---- replies ---- */

static bool send_reply(int fd, const struct keeper_reply *reply)
{
    uint32_t len = REPLY_HEAD + reply->text_len;

    return door_send(fd, &len, sizeof len) && door_send(fd, reply, REPLY_HEAD) &&
           door_send(fd, reply->text, reply->text_len);
}
static bool receive_reply(int fd, struct keeper_reply *reply)
{
    uint32_t len;

    if (door_receive(fd, &len, sizeof len) != ARRIVED || len < REPLY_HEAD || len >= REPLY_MAX ||
        door_receive(fd, reply, REPLY_HEAD) != ARRIVED || len != REPLY_HEAD + reply->text_len ||
        reply->text_len >= sizeof reply->text || door_receive(fd, reply->text, reply->text_len) != ARRIVED)
        return false;
    reply->text[reply->text_len] = '\0';
    return DOOR_ENDS(reply->sealed) && DOOR_ENDS(reply->thumbprint) && DOOR_ENDS(reply->jwk) &&
           door_outcome_ok(&reply->outcome);
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
    return door_ended(how);
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
