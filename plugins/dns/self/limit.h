/* SPDX-License-Identifier: Apache-2.0 */
/* limit.h - how many datagrams a client network is answered in full. */
#ifndef SELF_LIMIT_H
#define SELF_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A datagram's source can be forged, and then the answer hits whoever it names. Over
 * the limit an answer says only "ask by TCP": no larger than the question, and nobody real is lost.
 * Networks (/24, /56) share a table of fixed size by a keyed hash: two that share a place
 * share a limit, which costs them at most a TCP connection.
 */
enum { LIMIT_PLACES = 8192 };
struct limit {
    uint64_t key[2];    /* random */
    int64_t per_second; /* 0: no limit */
    struct {
        int64_t at_ms, spent; /* thousandths of answers, worn off until at_ms */
    } places[LIMIT_PLACES];
};
/* Counts one answer to that address; false: it is over the limit. */
bool limit_take(struct limit *l, const char *address, int64_t now_ms);

#endif
