/* SPDX-License-Identifier: Apache-2.0 */
/* rfc2136_server.h - a server of tests that takes signed messages, and can be wrong in many ways. */
#ifndef TEST_RFC2136_SERVER_H
#define TEST_RFC2136_SERVER_H

#include "fake_host.h"

enum { SERVER_LINES = 64, SERVER_LINE = 600 };
struct server {
    /* the key that it knows */
    const char *key_name, *secret;
    int bits;      /* 256, 384, 512 */
    int64_t now_s; /* its clock; 0: the request's time */
    /* how it answers */
    int rcode;
    bool silent, unsigned_answer, wrong_mac, other_time, not_aa, malformed;
    const char *records; /* "NAME TYPE TTL TEXT" lines for the answer section; TXT only */
    /* what it got */
    unsigned requests, verified;
    unsigned ids[8];
    size_t last_len;
    char zone[256];
    char seen[SERVER_LINES]
             [SERVER_LINE]; /* of an update: "CLASS NAME TYPE TTL DATA-IN-HEX", else "? NAME TYPE" */
    size_t nseen;
};
/* For fake->exchange, with fake->arg being the server. */
void server_exchange(struct fake *f, const struct fl_exchange *what, struct fake_answer *out);
bool server_saw(const struct server *s, const char *line);

#endif
