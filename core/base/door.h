/* SPDX-License-Identifier: Apache-2.0 */
/* door.h - bytes through a stream socket, all or not: what the doors' frames are made of. */
#ifndef BASE_DOOR_H
#define BASE_DOOR_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum arrival {
    ARRIVED,
    CLOSED, /* the other end is gone, before the first byte: in order between frames */
    SHORT,  /* gone in the middle, or what came cannot be a frame */
    FAILED  /* the socket says so; errno */
};
/* Wait for as long as it takes; signals do not interrupt. A closed peer is no SIGPIPE. */
bool door_send(int fd, const void *data, size_t len);
enum arrival door_receive(int fd, void *data, size_t len);
/* The same within a frame, where CLOSED is SHORT. */
enum arrival door_receive_part(int fd, void *data, size_t len);
/* An outcome as it came from the other end: texts end, the code is one of ours. */
bool door_outcome_ok(const struct outcome *o);
/* What a serve() function returns: FL_OK, FL_EPROTO (not a frame), FL_ETEMP. */
int door_ended(enum arrival how);
/* Does the text in an array end within it? */
#define DOOR_ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)

#endif
