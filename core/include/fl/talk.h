/* SPDX-License-Identifier: Apache-2.0 */
/* fl/talk.h - one message to a service on a stream socket, and all that it answers. */
#ifndef FL_TALK_H
#define FL_TALK_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For services that take a command and close the connection behind their answer, such as the runtime API of HAProxy. */
struct fl_talk {
    const char *address; /* absolute path of a Unix socket, or an address with its port: "127.0.0.1:9999" */
    const char *data;    /* sent as it is; it may be a secret: never logged */
    size_t len;
    int64_t timeout_ms; /* for all of it; 0: 10 s. Never more than what is left of the call */
    size_t most;        /* bytes of an answer; 0: 64 KiB, at most 1 MiB */
};
/*
 * FL_OK: *answer_out is all that came until the other side closed, NUL-terminated (it may hold further ones).
 * Messages begin with the address. FL_ETEMP: "cannot connect" (nobody listens there, no such socket, no answer in
 * time), or the connection broke or took too long behind that. FL_ECONF: no address, or we may not use that socket.
 * FL_EPROTO: the answer is longer than `most`. Waits; not for callbacks of listeners.
 */
FL_EXPORT int fl_talk(struct fl_ctx *ctx, const struct fl_talk *what, const char **answer_out,
                      size_t *len_out);

#ifdef __cplusplus
}
#endif

#endif
