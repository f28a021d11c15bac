/* SPDX-License-Identifier: Apache-2.0 */
/* reload.h - a running engine takes up a changed configuration. */
#ifndef ENGINE_RELOAD_H
#define ENGINE_RELOAD_H

#include "engine/engine.h"

/*
 * The file is read and checked completely (plugins, options, secrets, references), and everything new in it is opened, while the
 * engine works on. Whatever is wrong then leaves all as it was. Steps that are running are waited for, not cancelled; tasks
 * are made anew and go on from their records; instances and sockets are handed over (engine/handover.h); what takes the place
 * of another that answered the world knows what that one knew before it answers.
 *
 * Of what a task knew nothing is lost: one that was loaded keeps its step; what its record is about decides whether it
 * goes on or starts over (engine/resume.h). What waited for a change of the configuration (FL_ECONF), refused credentials and
 * rests after failures start over, but for the same task no more often than every 12 minutes; what an authority or a
 * service asked to wait for, and the first pauses after a failure, stay.
 */
struct reload_conf {
    const struct world_conf *world;
    /* Only secrets may have changed, because a file that holds one did: any other change is left for a person to ask for. */
    bool secrets_only;
    /* Between these two the engine has no world: nobody may look at it. NULL: nobody does. */
    void (*before)(void *arg);
    void (*after)(void *arg);
    /* At least every few seconds but for the time that one open() takes. False: there is no time for it, all stays as it is. */
    bool (*alive)(void *arg);
    void *arg;
};
enum reload_end {
    RELOAD_DONE,    /* the new configuration is in use */
    RELOAD_REFUSED, /* the old one is, undisturbed */
    RELOAD_LOST     /* out of memory half way: the engine has stopped working and must be ended */
};
/* Main thread. *w is the engine's world; on RELOAD_DONE it is another, and the old one is gone. *words_out: lines for
 * people, what was wrong or what changed; allocated, NULL without memory. */
enum reload_end engine_reload(struct engine *e, struct world **w, const struct reload_conf *conf,
                              char **words_out);
/* The path of a file that a secret was read from and that has changed since, or NULL. */
const char *engine_secret_changed(const struct world *w);

#endif
