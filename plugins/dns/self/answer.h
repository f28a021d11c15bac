/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - from a query to its answer. */
#ifndef SELF_ANSWER_H
#define SELF_ANSWER_H

#include "self.h"

enum { ANSWER_UDP_MAX = 1232, ANSWER_TCP_MAX = 65535 };

/* Writes the answer to `out` (ANSWER_TCP_MAX bytes for tcp, else ANSWER_UDP_MAX) and returns its length; 0: say
 * nothing. `slip`: the client is over its limit, so a datagram's answer is only "truncated, come by TCP". */
size_t answer_make(const struct self *s, const uint8_t *data, size_t len, bool tcp, bool slip, uint8_t *out);

#endif
