/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_wire.c - the door to the sinks as frames on a stream socket. */
#include "base/door.h"
#include "base/mem.h"
#include "plugin/deliver_impl.h"

#include <string.h>

/* A request is a uint32_t length and so many bytes: the struct up to its text, and what of the text is used. A reply
 * is a length, the struct, and the chain that it says it has. Both ends are one build on one machine: numbers stand as in memory. */
enum {
    HEAD = offsetof(struct deliver_request, text),
    REPLY = sizeof(struct deliver_reply),
};
static bool send_request(int fd, const struct deliver_request *req)
{
    uint32_t len = HEAD + req->text_len;

    return req->text_len <= sizeof req->text && door_send(fd, &len, sizeof len) && door_send(fd, req, HEAD) &&
           door_send(fd, req->text, req->text_len);
}
/* Only what cannot be put into the struct is refused here; deliver_call() looks at the rest. */
static enum arrival receive_request(int fd, struct deliver_request *req)
{
    uint32_t len;
    enum arrival how = door_receive(fd, &len, sizeof len);

    if (how != ARRIVED)
        return how;
    if (len < HEAD || len > sizeof *req)
        return SHORT;
    how = door_receive_part(fd, req, HEAD);
    if (how != ARRIVED)
        return how;
    if (req->text_len > sizeof req->text || len != HEAD + req->text_len)
        return SHORT;
    return door_receive_part(fd, req->text, req->text_len);
}
static bool send_reply(int fd, const struct deliver_reply *reply, const char *chain)
{
    uint32_t len = REPLY + reply->chain_len;
    return door_send(fd, &len, sizeof len) && door_send(fd, reply, REPLY) &&
           (reply->chain_len == 0 || door_send(fd, chain, reply->chain_len));
}
/* `held`: is an answer with a chain expected? */
static bool receive_reply(int fd, bool held, struct deliver_reply *reply, char **chain_out)
{
    auto_free char *chain = NULL;
    uint32_t len = 0;

    if (door_receive(fd, &len, sizeof len) != ARRIVED || len < REPLY || len > REPLY + DELIVER_CHAIN ||
        door_receive(fd, reply, REPLY) != ARRIVED || !door_outcome_ok(&reply->outcome) ||
        len != REPLY + reply->chain_len)
        return false;
    if (reply->chain_len == 0)
        return true;
    chain = held && reply->outcome.code == FL_OK ? calloc(1, reply->chain_len + 1) : NULL;
    if (!chain || door_receive(fd, chain, reply->chain_len) != ARRIVED || strlen(chain) != reply->chain_len)
        return false;
    *chain_out = take_ptr(chain);
    return true;
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
        auto_free char *chain = NULL;
        (void)deliver_any(d, req, &reply, &chain);
        if (!send_reply(fd, &reply, chain))
            how = FAILED;
        mem_wipe(req->text, req->text_len);
    }
    deliver_request_free(req); /* a frame that was cut off may have brought a part of a key */
    return door_ended(how);
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
void deliver_forward(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                     char **chain_out)
{
    bool ok;

    /* Beyond what can be sent it is the request that is wrong, not the connection. */
    if (req->text_len > sizeof req->text) {
        (void)outcome_fail(&reply->outcome, FL_ECONF, "a malformed delivery: text without its ends");
        return;
    }
    pthread_mutex_lock(&d->lock);
    ok = !d->broken && send_request(d->fd, req) &&
         receive_reply(d->fd, req->op == DELIVER_HELD, reply, chain_out);
    if (!ok)
        d->broken = true; /* the next frame could be the answer to this request */
    pthread_mutex_unlock(&d->lock);
    if (!ok)
        (void)outcome_fail(&reply->outcome, FL_ETEMP,
                           "the process that holds the sinks does not answer: restart "
                           "fairlead");
}
