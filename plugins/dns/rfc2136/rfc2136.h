/* SPDX-License-Identifier: Apache-2.0 */
/* rfc2136.h - what the parts of the plugin rfc2136 share. */
#ifndef RFC2136_H
#define RFC2136_H

#include <fl/dns.h>

enum { NAME_WIRE = 255, SECRET_MAX = 512 };

/* A name in the form of RFC 1035 3.1, lower case, not compressed. */
struct wire_name {
    uint8_t data[NAME_WIRE];
    size_t len;
};
/* A TSIG key (RFC 8945): its name is its identity at the server, its secret is shared. */
struct key {
    char name[NAME_WIRE + 1];
    struct wire_name wire, algorithm;
    enum fl_hash hash;
    uint8_t secret[SECRET_MAX];
    size_t secret_len;
};
struct conf {
    const char *const *server;
    const char *key, *key_name;
    bool transfer;
};
struct self {
    struct key key;
    char apex[NAME_WIRE + 1]; /* a zone that the server had, to test the key with; "": none yet */
    size_t at;                /* the server that answered last */
    int64_t ahead_s;          /* how far the server's clock is ahead of ours, if it ever complained */
};

/* key.c: reads what tsig-keygen, ddns-confgen or keymgr -t wrote, or NAME:ALGORITHM:SECRET. `wanted` NULL: the first.
 * FL_ECONF with the words. The caller wipes it. */
int key_parse(struct fl_ctx *ctx, const char *text, const char *wanted, struct key *out);

/* tsig.c: RFC 8945. */
enum { TSIG_MAX = 2 * NAME_WIRE + 10 + 6 + 2 + 2 + FL_HASH_MAX + 6, TSIG_FUDGE_S = 300 };
enum tsig_error { TSIG_NONE = 0, TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18, TSIG_BADTRUNC = 22 };
struct tsig_mac {
    uint8_t data[FL_HASH_MAX];
    size_t len;
};
struct tsig_seen {
    bool present;                 /* the message has a TSIG as its last record */
    bool verified;                /* made with our key over this very answer to our request */
    unsigned error;               /* enum tsig_error, or another of the server's */
    int64_t signed_at, server_at; /* seconds; server_at of a BADTIME, else 0 */
    bool later;                   /* of a transfer: not signed, and a later signature will hold for it */
    const char *why;              /* why not verified; a sentence part; NULL */
};
/* Appends the TSIG to the message of `len` bytes; `message` has room for TSIG_MAX more. */
int tsig_sign(struct fl_ctx *ctx, const struct key *key, int64_t at, uint8_t *message, size_t *len,
              struct tsig_mac *mac_out);
/* FL_OK when the answer could be read (look at `out`); FL_EPROTO: it is malformed. */
int tsig_verify(struct fl_ctx *ctx, const struct key *key, const struct tsig_mac *request,
                const uint8_t *answer, size_t len, struct tsig_seen *out);

/* Messages of a transfer, in order (RFC 8945 5.3.1): the first is signed, and at least every hundredth; so is the last:
 * it is complete when `len` is 0. Begin with the request's MAC in `prior`. */
enum { TSIG_PENDING_MAX = 100 * 65535 };
struct tsig_chain {
    struct tsig_mac prior;
    uint8_t *pending; /* since the last signature */
    size_t len, messages;
};
int tsig_verify_next(struct fl_ctx *ctx, const struct key *key, struct tsig_chain *c, const uint8_t *answer,
                     size_t len, struct tsig_seen *out);

/* talk.c: signs, sends, verifies; once more with the server's time when it says that ours is wrong. */
struct talk {
    uint8_t *message; /* with room for TSIG_MAX more behind `len`; its id is set here */
    size_t len;
    bool question;    /* it changes nothing: a refusal without a signature is an answer too */
    const char *what; /* "the update of example.org", for messages */
};
struct reply {
    const uint8_t *data; /* the TSIG at its end included */
    size_t len;
    int rcode;
    bool refused; /* REFUSED without a signature, as Knot refuses zones that it does not have */
};
/* The server that is asked now, or answered last. */
const char *talk_server(struct fl_ctx *ctx);
/* Gives the message (with room for a TSIG) an id and our signature. */
int talk_sign(struct fl_ctx *ctx, uint8_t *message, size_t *len, struct tsig_mac *mac_out);
/* FL_OK: an answer of the server that holds our key; its rcode has still to be judged. Only `refused` ones, which
 * are FL_EAUTH for an update, may come without a signature. */
int talk(struct fl_ctx *ctx, const struct talk *t, struct reply *out);
/* What an rcode of a signed answer means for an update of that zone; FL_OK for NOERROR. */
int talk_rcode(struct fl_ctx *ctx, int rcode, const char *apex);

/* A signed question. */
int talk_ask(struct fl_ctx *ctx, const char *name, uint32_t type, struct reply *out);

/* apply.c: the op. */
int apply_changes(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                  const char **receipt_out);

/* transfer.c: the whole zone by AXFR, emitted. FL_EREJECT: the server does not let the key have it. */
int transfer_list(struct fl_ctx *ctx, const char *apex, uint32_t type);

/* message.c and update.c: the place that knows ldns. */
const char *message_name(struct fl_ctx *ctx, const char *name, const char *apex); /* absolute */
/* The change has a prerequisite: what it adds depends on the alias that stands there. */
bool update_guards(const struct fl_change *c);
/* *message_out belongs to the call and has room for a TSIG. FL_EREJECT: a record cannot be written, or it is more than
 * fits into one message. *count_out: how many records it changes; 0: no message. */
int message_update(struct fl_ctx *ctx, const char *apex, const struct fl_change *changes, size_t n,
                   uint8_t **message_out, size_t *len_out, size_t *count_out);
int message_query(struct fl_ctx *ctx, const char *name, uint32_t type, uint8_t **message_out,
                  size_t *len_out);
/* The values in the answer section of that very name and type. */
struct records {
    const char **texts; /* of the call, NULL-terminated */
    size_t n;
    uint32_t ttl;
    bool authoritative;
};
int message_records(struct fl_ctx *ctx, const struct reply *reply, const char *name, uint32_t type,
                    struct records *out);

#endif
