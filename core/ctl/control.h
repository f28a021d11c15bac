/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - the control socket of the service: how people speak to a daemon that holds the state. */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include "engine/engine.h"

/*
 * A unix stream socket, 0660, one request a connection: one line of JSON in, lines of JSON out (ctl/serve.h says which). One
 * thread of its own reads, answers and writes; it waits for no worker and no peer. What a person asked for is on disk
 * (engine/ask.h) before "accepted" goes out. Clients have deadlines, bounded sizes and a bounded number; who came is known
 * by SO_PEERCRED and logged with every change.
 *
 * The life of it in `run`, all calls from the main thread:
 *
 *     world_open()                         the state's lock is ours: a socket file that is there is of a dead process
 *     control_new(&conf, model, &c, &o)    listens; requests wait
 *     control_attach(c, engine)            after engine_start(): requests are answered from this engine and its world
 *   on SIGHUP:
 *     control_reloading(c)                 what was asked for until now is answered by this reload
 *     control_detach(c)                    before the engine or its world goes: waits for the request under way (one read or
 *                                          write of the state, never a worker), those that come wait
 *     control_attach(c, new)
 *     control_reloaded(c, ok, words)       also when it failed and the old engine stays (then without detach and attach)
 *   at the end:
 *     control_free(c)                      before engine_free(): detaches, ends the thread, removes the socket
 *
 * All of them accept NULL: there is no socket (`control = ""`).
 */
struct control_conf {
    /* A person asked for a reload. Called in the control's thread, comes back at once; the main thread reloads later
     * (raising SIGHUP to the process is enough). NULL: reload is refused with words. */
    void (*reload)(void *arg);
    void *arg;
    const char *conf_file; /* for status; borrowed; NULL: none */
};
struct control;
/* *out NULL with FL_OK: no socket is wanted. FL_ECONF: the message says what is in the way at the path and what to do. */
int control_new(const struct control_conf *conf, const struct model *m, struct control **out,
                struct outcome *o);
void control_attach(struct control *c, struct engine *e);
void control_detach(struct control *c);
void control_reloading(struct control *c);
/* `words`: what status and `reload` say of it: the mistakes line by line when it failed, what changed otherwise. Copied. */
void control_reloaded(struct control *c, bool ok, const char *words);
void control_free(struct control *c);

#endif
