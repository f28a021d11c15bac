/* SPDX-License-Identifier: Apache-2.0 */
/* control_conn.h - one client of the control socket: bounded, with deadlines. Of control.c's thread alone. */
#ifndef CTL_CONTROL_CONN_H
#define CTL_CONTROL_CONN_H

#include "base/buf.h"
#include "base/json.h"
#include <sys/socket.h>

enum {
    CONN_REQUEST = 256 * 1024, /* bytes of a request */
    CONN_ANSWER = 8 << 20,     /* bytes of answer that wait for a reader */
    CONN_ASK_MS = 5000,        /* for the whole request */
    CONN_TAKE_MS = 30000,      /* without taking any of the answer */
    CONN_HELD_MS = 60000       /* for a reload to end */
};
enum conn_state {
    CONN_READING,
    CONN_ASKED,    /* the request is whole, nobody has looked at it */
    CONN_ANSWERING /* `out` goes; when it is empty and `more`, there is more to be made */
};
struct conn {
    int fd;
    enum conn_state state;
    int64_t until_ms; /* monotonic */
    struct buf in, out;
    size_t sent;
    json_t *req;
    struct ucred who;
    bool more; /* a status: `at` says how far it is */
    size_t at;
    unsigned generation; /* of the configuration that it is about */
};
/* Takes the descriptor. NULL: out of memory, and it is closed. */
struct conn *conn_new(int fd, int64_t now_ms);
void conn_free(struct conn *c);
/* What has come. False: it is over. A request that is too long or is no JSON is answered with words. */
bool conn_read(struct conn *c, int64_t now_ms);
/* What can go. False: it is over, all was said or nobody listens. */
bool conn_write(struct conn *c, int64_t now_ms);
/* Adds a line; takes the reference. Too much, or no memory: the connection ends without its last line, which a client
 * notices. */
void conn_say(struct conn *c, json_t *line);
/* The answer begins. */
void conn_answer(struct conn *c, json_t *line, int64_t now_ms);

#endif
