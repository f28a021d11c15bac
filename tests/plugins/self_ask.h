/* SPDX-License-Identifier: Apache-2.0 */
/* self_ask.h - questions to the plugin `self` in tests, and its answers as text. */
#ifndef TESTS_SELF_ASK_H
#define TESTS_SELF_ASK_H

#include "fake_host.h"

struct question {
    const char *name;
    unsigned type, class; /* class 0: IN */
    unsigned opcode;
    int edns; /* size that is told; 0: 1232; -1: no EDNS */
    unsigned version;
    bool dnssec_ok, recursion;
    bool tcp;
    const char *from; /* NULL: 192.0.2.1 */
};
/* The query in wire form, id 0x4711; returns its length. `out` has 512 bytes. */
size_t self_query(const struct question *q, uint8_t *out);
/* Asks and gives "RCODE flags [answer] [authority] [additional]"; each record "owner ttl TYPE data", with ", " between.
 * OPT is shown as "edns SIZE" or "edns SIZE do" behind the flags. "" is no answer. Valid until the next ask. */
const char *self_ask(struct fake *f, const struct question *q);
/* Bytes of the last answer. */
size_t self_answer_len(void);
/* A message in wire form as text, as above. */
const char *self_show(const void *data, size_t len);

#endif
