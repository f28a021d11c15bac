/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.h - what a running HAProxy is told through its runtime API (management guide, 9.3). */
#ifndef HAPROXY_RUNTIME_H
#define HAPROXY_RUNTIME_H

#include <fl/sink.h>

/* `list` NULL: HAProxy's configuration names the files itself. */
struct runtime {
    const char *socket, *list;
};
struct known {
    bool known, used;
    char serial[72]; /* lower-case hex without zeros in front */
};
/* What HAProxy has under that path. FL_ETEMP alone means that nobody answers at the socket. */
int runtime_look(struct fl_ctx *ctx, const struct runtime *r, const char *path, struct known *out);
/* Puts the text in its place, in one transaction that is aborted when it is refused; a path that HAProxy does not
 * know is made and put on the list first, and unmade when that fails. */
int runtime_bring(struct fl_ctx *ctx, const struct runtime *r, const char *path, const char *pem,
                  const struct known *known);
/* Takes it from the list and out of HAProxy; FL_OK when it is not there. FL_ETEMP with words while it is in use. */
int runtime_drop(struct fl_ctx *ctx, const struct runtime *r, const char *path);
bool runtime_same_serial(const struct known *k, const char *serial);

#endif
