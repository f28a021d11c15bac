/* SPDX-License-Identifier: Apache-2.0 */
/* talk.h - one message to a service on a stream socket, and all that it answers. */
#ifndef NET_TALK_H
#define NET_TALK_H

#include "base/buf.h"
#include "base/outcome.h"
#include <stdint.h>

/* As fl/talk.h says. The answer is added to `out`, whose maximum is the most that is taken. Any thread. */
int talk_once(const char *address, const char *data, size_t len, int64_t deadline_ms, struct buf *out,
              struct outcome *o);

#endif
