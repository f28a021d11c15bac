/* SPDX-License-Identifier: Apache-2.0 */
/* acme.h - one authority and one account of it: RFC 8555, a function a request. */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include "base/json.h"
#include "base/outcome.h"
#include "crypto/keeper.h"
#include "net/http.h"

/*
 * Every function makes the requests that it says (plus one for each nonce that turned out bad, at most 3 times, plus one
 * HEAD when the pool of nonces is empty), waits, and gives FL_OK or a code with problem type and Retry-After in the
 * outcome. None sleeps or polls. Any number of threads may call at once; the pool of nonces and the
 * directory have one lock in acme.c and it is not held across a request.
 *
 * Strings of results are allocated; x_done() frees. Nothing the server says is used as a path or shown unfiltered; URLs must
 * be https (http only to loopback), tokens [A-Za-z0-9_-]+.
 */
struct acme_conf {
    const char *name, *directory;
    bool accept_terms;
    const char *const *contact;
    const char *eab_kid, *eab_hmac; /* NULL: none */
};
struct acme;
int acme_new(const struct acme_conf *conf, struct http_lane *lane, struct keeper *keeper, struct acme **out);
void acme_free(struct acme *a);

/* RFC 8555 7.1.1. Fetched when not yet known or `refresh`: 1 request, else 0. */
int acme_directory(struct acme *a, bool refresh, struct outcome *o);
/* From the directory, borrowed until acme_free(); NULL: not offered. */
const char *acme_terms(struct acme *a);
bool acme_has_profile(struct acme *a, const char *profile);
bool acme_needs_eab(struct acme *a);

/* RFC 8555 7.3, 7.3.4: finds or creates the account of that key. FL_ECONF: terms not accepted or EAB missing, with what to write
 * into the configuration. *url_out is the kid. only_existing: FL_EREJECT/accountDoesNotExist when there is none (7.3.1). */
int acme_account(struct acme *a, const char *sealed, bool only_existing, char **url_out, struct outcome *o);
/* The key and kid used for everything that follows; copied. */
int acme_use(struct acme *a, const char *sealed, const char *kid);

enum acme_status { /* of orders, authorizations, challenges; RFC 8555 7.1.6 */
    ACME_PENDING, ACME_READY, ACME_PROCESSING, ACME_VALID, ACME_INVALID, ACME_DEACTIVATED, ACME_EXPIRED, ACME_REVOKED,
    ACME_UNKNOWN /* a word we do not know: terminal for us, shown */
};
extern const char *const acme_status_names[];
struct acme_order {
    char *url, *finalize, *certificate; /* certificate NULL until valid */
    enum acme_status status;
    char **authorizations; /* NULL-terminated */
    char **identifiers;    /* names, "*." included; NULL-terminated */
    int64_t expires_at;    /* 0: not said */
    char *profile, *replaces;
    struct outcome error;  /* .code FL_OK: none; subproblems joined into the message */
    int64_t retry_after_ms;
};
/* 7.4. names are DNS names or addresses (RFC 8738). FL_EPROTO when the order is for other identifiers. */
int acme_new_order(struct acme *a, const char *const *names, const char *profile, const char *replaces,
                   struct acme_order *out, struct outcome *o);
/* POST-as-GET; also what answers acme_finalize() (7.4: `csr` base64url). `url` is newOrder's Location. */
int acme_order(struct acme *a, const char *url, struct acme_order *out, struct outcome *o);
int acme_finalize(struct acme *a, const char *url, const char *finalize, const char *csr, struct acme_order *out,
                  struct outcome *o);
void acme_order_done(struct acme_order *order);

struct acme_challenge {
    char *type, *url, *token; /* token NULL for methods without */
    enum acme_status status;
    struct outcome error;
    char *json;
};
struct acme_authz {
    char *identifier; /* without "*." */
    bool ip, wildcard;
    enum acme_status status;
    int64_t expires_at;
    struct acme_challenge *challenges;
    size_t nchallenges;
    int64_t retry_after_ms;
};
int acme_authz(struct acme *a, const char *url, struct acme_authz *out, struct outcome *o); /* 7.5 */
void acme_authz_done(struct acme_authz *z);
int acme_answer(struct acme *a, const char *challenge_url, struct outcome *o); /* 7.5.1: `{}` */
/* 7.4.2; the first chain, PEM, at most 100 KiB. Alternates (Link rel="alternate") are noted: NULL-terminated URLs or NULL. */
int acme_certificate(struct acme *a, const char *url, char **pem_out, char ***alternates_out, struct outcome *o);
/* 8.1 and 8.4 from the account in use. Allocated. */
int acme_key_auth(struct acme *a, const char *token, char **key_auth_out, char **digest_out, struct outcome *o);

/* Turns an answer that is no success into code, problem, retry time, words (6.7, with subproblems 6.7.1). Pure; tested by table. */
int acme_judge(const struct http_answer *answer, struct outcome *o);

#endif
