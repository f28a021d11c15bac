/* SPDX-License-Identifier: Apache-2.0 */
/* ctx.h - one call into a plugin, from the inside: memory, message, deadline. Internal to plugin/. */
#ifndef PLUGIN_CTX_H
#define PLUGIN_CTX_H

#include "base/arena.h"
#include "base/json.h"
#include "plugin/instance.h"

enum ctx_place {
    CTX_CALL,
    CTX_OPEN,    /* in open(): may listen */
    CTX_CHECK,   /* in check(): no self, no services */
    CTX_LISTENER /* in a callback of a listener: must not wait */
};
/* Belongs to the thread that made it. */
struct fl_ctx {
    struct instance *instance;
    enum ctx_place place;
    const char *subject; /* borrowed */
    struct arena arena;
    int64_t deadline_ms, allowed_ms; /* clock_mono_ms() */
    struct outcome said;             /* the last words of the plugin or of a service */
    bool cancelled;                  /* a service said FL_ECANCEL */
    json_t *spare;                   /* an empty object for when there is no memory to make one */
    char bad_json[160];              /* why the last fl_json_pack() could not be; "": it could */
    struct fl_zone *zones;
    struct fl_rrset *rrsets;
    size_t nzones, zones_cap, nrrsets, rrsets_cap;
};
/* `allowed_ms` begins now. NULL without memory. */
struct fl_ctx *ctx_new(struct instance *i, enum ctx_place place, const char *subject, int64_t allowed_ms);
void ctx_free(struct fl_ctx *ctx);
/* What the callback's code becomes (see instance.h), with the instance's name before the words. */
int ctx_finish(const struct fl_ctx *ctx, int code, struct outcome *o);

/* ---- for the host functions ---- */

/* The beginning of each: FL_OK, or why it must not go on: FL_ENOMEM, FL_ETEMP (past the deadline), FL_ECONF (`waits`, and
 * this is no place to wait). `what` is the function's name. */
int ctx_gate(struct fl_ctx *ctx, const char *what, bool waits);
/* A service's outcome becomes the call's last words; gives its code. */
int ctx_take(struct fl_ctx *ctx, const struct outcome *o);
/* Out of memory, to be remembered. */
int ctx_nomem(struct fl_ctx *ctx);
/* Hands malloc()ed memory to the call; NULL counts as out of memory. */
void *ctx_own(struct fl_ctx *ctx, void *p);

/* Ends every listener of an instance; not inside its lane. */
void ears_done(struct instance *i);

#endif
