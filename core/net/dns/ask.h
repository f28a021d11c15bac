/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - messages to DNS servers and what comes back, many at once. */
#ifndef NET_DNS_ASK_H
#define NET_DNS_ASK_H

#include "base/outcome.h"
#include "net/dns/dns.h"
#include <sys/socket.h>

/* At most that many at once; a caller with more asks in groups. */
enum { ASK_MAX = DNS_SERVERS_MAX, ASK_OPT = 11 /* bytes of an empty OPT record */ };

struct ask {
    /* What to send where. `query` is borrowed and not changed; the id in it should be random. */
    struct sockaddr_storage to;
    socklen_t to_len;
    const uint8_t *query;
    size_t len;
    bool tcp;  /* do not try UDP first */
    bool edns; /* the last ASK_OPT bytes are an OPT record: left out for servers that do not know it */

    /* How it ended: DNS_ANSWERED (id, source and question fit; nothing else was looked at),
     * DNS_SILENT or DNS_NO_ROUTE, with the errno that explains it. `answer` is allocated. */
    enum dns_state state;
    int error;
    uint8_t *answer;
    size_t answer_len;

    /* ask.c's own. */
    int fd;
    bool open, writing, plain;
    unsigned tries;
    int64_t again_ms;
    size_t moved;
    uint8_t *stream;
    size_t stream_len;
};

struct ask_rule {
    unsigned tries;      /* over UDP, try_ms apart */
    unsigned try_ms;     /* also the time that a TCP exchange gets */
    int64_t deadline_ms; /* by clock_mono_ms(); 0: none */
    /* Stops the round: told each answer, says whether it is all that was wanted. May be NULL. */
    bool (*enough)(void *arg, const struct ask *answered);
    void *arg;
};

/* Fills `to` from "192.0.2.1:53" or "[2001:db8::1]:53" (no port: 53). False: no such address. */
bool ask_to(struct ask *a, const char *address);
/* Sends all and waits until each has ended, one was enough, or time is over. Each over a
 * socket of its own, connected, so that the source of an answer is right and the port random.
 * FL_OK, FL_ENOMEM, FL_ETEMP (no descriptors). The answers that came are there in any case. */
int ask_all(struct ask *asks, size_t n, const struct ask_rule *rule, struct outcome *o);
void ask_done(struct ask *asks, size_t n);

#endif
