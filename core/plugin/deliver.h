/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.h - the door to all sinks.
 *
 * Requests and replies are structs without pointers, so that sinks can live in a process of their own; today
 * they run in the caller's thread. A test drives the door through a socketpair. The key stands in the request
 * in plain PEM and is wiped by deliver_call() in the copy that it uses; the caller wipes its own.
 */
#ifndef PLUGIN_DELIVER_H
#define PLUGIN_DELIVER_H

#include "plugin/instance.h"

enum { DELIVER_CERTS = 6, DELIVER_NAMES = 100, DELIVER_TEXT = 384 * 1024, DELIVER_CHAIN = 100 * 1024 };
enum deliver_op { DELIVER_DEPLOY = 1, DELIVER_VERIFY, DELIVER_RETIRE, DELIVER_HELD };

/* Places in `text`, each NUL-terminated there; offset 0 is the empty text. */
struct deliver_cert {
    uint32_t name, file_name, key_type, serial, leaf, chain, key, ref;
    uint32_t names, nnames; /* nnames texts, one after the other */
    int64_t not_before_at, not_after_at;
};
struct deliver_request {
    uint32_t op, ncerts, text_len;
    char sink[64];
    struct deliver_cert certs[DELIVER_CERTS];
    char text[DELIVER_TEXT]; /* beyond text_len it is not read */
};
struct deliver_reply {
    struct outcome outcome;
    uint32_t chain_len; /* of the chain that goes with an answer to DELIVER_HELD; 0: none */
};
struct deliver;
/* `sinks` is copied, the instances are borrowed; NULLs among them are passed over. Thread-safe: any number of callers. */
int deliver_new(struct instance *const *sinks, size_t n, struct deliver **out);
void deliver_free(struct deliver *d); /* nobody may be in a call */
/* The one entry; gives reply->outcome.code. Malformed requests are FL_ECONF and reach no plugin: unknown op or
 * sink, no certificate or too many, offsets outside, text without end, certificates of different names, a file name
 * that is a path, a serial that is no lower-case hex, deploy without key or leaf, anything else with a key, held for
 * several certificates or without key type, held through here and anything else through deliver_held().
 * A sink without verify() or retire(): FL_OK. Else what the plugin says (see call_end()). */
int deliver_call(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply);
/* DELIVER_HELD for one certificate (its name, file name, key type and identifiers; the rest may be empty): what
 * stands at the sink now. FL_OK: *chain_pem_out is a new text for chain_parse() of at most DELIVER_CHAIN bytes, the
 * leaf first and of that key type, or NULL: there is none, the sink cannot tell (held() missing), or what stands
 * there is no chain or one for another type of key. Else as deliver_call(), and *chain_pem_out is NULL. */
int deliver_held(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                 char **chain_pem_out);

/* The same door over a connected stream socket, for two processes of one build on one machine. serve() answers on
 * `fd`, one request after the other, until the other side closes (FL_OK), sends a frame that is short, oversized or
 * does not add up (FL_EPROTO), or the socket fails (FL_ETEMP); the caller closes `fd`. remote() makes a door whose calls
 * go through `fd`, one at a time (closed by deliver_free(), also when remote() fails). After a broken frame or
 * connection every call of it is FL_ETEMP. */
int deliver_serve(struct deliver *d, int fd);
int deliver_remote(int fd, struct deliver **out);

/* Building a request: allocated, about 400 KiB; deliver_request_free wipes. NULL or false: it does not fit, or no
 * memory. The key is left out unless the request is to deploy. */
struct deliver_request *deliver_request_new(enum deliver_op op, const char *sink);
bool deliver_request_add(struct deliver_request *req, const struct fl_cert *cert);
void deliver_request_free(struct deliver_request *req);

#endif
