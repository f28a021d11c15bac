/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fl/solver.h - challenge solvers: they make the proof of control stand where
 * the authority will look for it (RFC 8555 section 8).
 */
#ifndef FL_SOLVER_H
#define FL_SOLVER_H

#include <fl/dns.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fl_challenge {
    const char *type;       /* "dns-01", "http-01", ... */
    const char *identifier; /* the name without "*.", or an IP address in RFC 5952 form */
    bool ip, wildcard;
    const char *token;    /* [A-Za-z0-9_-]+, checked by the core */
    const char *key_auth; /* RFC 8555 section 8.1 */
    const char *digest;   /* base64url(SHA-256(key_auth)), section 8.4 */
    const char *account_url;
    const char *const *issuer_domains; /* NULL-terminated, of methods without a token; else NULL */
    const char *json;                  /* the challenge object as it came */
    const char *ref;                   /* the target that wants the certificate; "" : none */
};

enum {
    FL_SOLVES_WILDCARD = 1u << 0,
    FL_SOLVES_IP = 1u << 1,
    FL_NEEDS_ZONE = 1u << 2
}; /* NEEDS_ZONE: by records */

/* All challenges of one order that go to this instance come in one call. Each op
 * is repeatable: after a crash it is called again with the same challenges.
 * Required: type, deploy, ready and withdraw. */
struct fl_solver_ops {
    uint32_t size;
    uint32_t flags;
    const char *type;                                 /* the challenge type that it solves */
    int (*open)(struct fl_ctx *ctx, void **self_out); /* optional */
    void (*close)(void *self);                        /* optional */
    int (*deploy)(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n);
    /* FL_OK when it can be seen from outside; fl_again() when not yet. */
    int (*ready)(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n);
    /* Removing what is gone already is a success. */
    int (*withdraw)(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n);
};

/* ---- for solvers that prove by TLS (fl/listen.h, on_tls) -------------------- */

/* The certificate that proves this challenge's name or address (RFC 8737 section 3, RFC 8738 section 6), signed by a
 * new key of its own each time. Its texts are the call's, and the key is wiped with them. */
struct fl_identity;
FL_EXPORT int fl_prove_tls(struct fl_ctx *ctx, const struct fl_challenge *ch, struct fl_identity *out);

/* ---- records: for solvers that prove by DNS ---------------------------------- */

struct fl_record {
    const char *name;   /* absolute; CNAMEs at it are followed by the core */
    uint32_t type, ttl; /* ttl 0: the provider instance's */
    const char *value;
};
/* Not for dns plugins, whose zones these are, and not in callbacks of listeners: FL_ECONF.
 * Asks the core to have these records (add) or to have them no more, in
 * whichever zone holds them, among the dns instances named in `providers` (NULL:
 * all). Returns when the wish is on disk; the writing is the zone's business.
 * FL_ECONF: no instance holds a zone for a name (the message names it). */
FL_EXPORT int fl_records(struct fl_ctx *ctx, const struct fl_record *records, size_t n,
                         const char *const *providers, bool add);
/* FL_OK when every authoritative server that answers has them; fl_again() with the
 * reason when not yet; another code when the zone's provider failed for good. */
FL_EXPORT int fl_published(struct fl_ctx *ctx, const struct fl_record *records, size_t n,
                           const char *const *providers);

#ifdef __cplusplus
}
#endif

#endif
