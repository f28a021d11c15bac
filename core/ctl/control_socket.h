/* SPDX-License-Identifier: Apache-2.0 */
/* control_socket.h - where the control socket is, and who may open it. */
#ifndef CTL_CONTROL_SOCKET_H
#define CTL_CONTROL_SOCKET_H

#include "base/outcome.h"
#include "model/model.h"
#include <stdbool.h>

enum { CONTROL_PATH = 1024 };
/* Of the option, which may be a name in the state folder. False: there is to be none. */
bool control_path(const struct model *m, char out[CONTROL_PATH]);
/* Makes it and listens: 0660, of the process's user and `group` (NULL: its own). Call it with the state's lock held: what lies at
 * the path and does not answer is of a process that died, and is replaced. FL_ECONF: something else lies there, somebody
 * answers, the folder or the group cannot be used. */
int control_listen(const char *path, const char *group, int *fd_out, struct outcome *o);
void control_unlink(const char *path);
/* A connected socket that blocks, or -1 with errno: ENOENT and ECONNREFUSED mean that nobody listens. */
int control_connect(const char *path);

#endif
