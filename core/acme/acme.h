/* SPDX-License-Identifier: Apache-2.0 */
/* acme.h - one authority and one account of it: RFC 8555, a function a request. */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include "base/json.h"
#include "base/outcome.h"
#include "crypto/keeper.h"
#include "net/http.h"

/*
 * Every function makes the requests that it says (one more for each nonce that turned out bad, at most 3
 * times; one HEAD when the pool of nonces is empty; one for the directory when it is not known), waits, and
 * gives FL_OK or a code with problem type and Retry-After in the outcome, whose message begins with the
 * authority's name and what was asked of it. None sleeps or polls. Any number of threads may call at once;
 * the pool of nonces, the directory and the account in use have one lock (acme/authority.h) and it is not
 * held across a request.
 *
 * Strings of results are allocated; x_done() frees (a zeroed one is fine) and nothing is written but on
 * FL_OK. Nothing the server says is used as a path or shown unfiltered. URLs must be https (http only to
 * loopback) and of the directory's own origin or one that the directory names (acme/directory.h), tokens
 * [A-Za-z0-9_-]+, identifiers host names or addresses, orders of at most 100 identifiers and authorizations:
 * all else is FL_EPROTO.
 */
struct acme_conf {
    const char *name, *directory;
    bool accept_terms;
    const char *const *contact;
    const char *eab_kid, *eab_hmac; /* NULL: none */
    int eab_bits;                   /* HS256, 384 or 512; 0: 256 */
};
struct acme;
/* Copies the conf. `lane` and `keeper` are borrowed until acme_free(). FL_OK or FL_ENOMEM. */
int acme_new(const struct acme_conf *conf, struct http_lane *lane, struct keeper *keeper, struct acme **out);
void acme_free(struct acme *a);

/* RFC 8555 7.1.1. Fetched when not yet known or `refresh`: 1 request, else 0. (Threads that find it
 * unknown at the same moment each fetch it.) */
int acme_directory(struct acme *a, bool refresh, struct outcome *o);
/* From the directory as last read, borrowed until acme_free(); NULL or false: not offered, or not yet read.
 * Any scheme: terms are for people. */
const char *acme_terms(struct acme *a);
bool acme_has_profile(struct acme *a, const char *profile);
bool acme_needs_eab(struct acme *a);

/* RFC 8555 7.3, 7.3.4: finds or creates the account of that key. FL_ECONF: terms not accepted or EAB
 * missing, with what to write into the configuration; nothing was sent. FL_EAUTH: the account of this key is
 * deactivated or revoked. *url_out is the kid. only_existing: FL_EREJECT/accountDoesNotExist when there is
 * none (7.3.1); neither terms nor EAB are needed. */
int acme_account(struct acme *a, const char *sealed, bool only_existing, char **url_out, struct outcome *o);
/* The key and kid used for everything that follows; copied. FL_OK, or FL_ECONF when one is empty or too
 * long. Without it what needs an account is FL_ECONF. */
int acme_use(struct acme *a, const char *sealed, const char *kid);

/* Of orders, authorizations, challenges; RFC 8555 7.1.6. All after ACME_VALID are terminal: ACME_UNKNOWN is
 * a word that we do not know, shown to people and never waited for. */
enum acme_status {
    ACME_PENDING,
    ACME_READY,
    ACME_PROCESSING,
    ACME_VALID,
    ACME_INVALID,
    ACME_DEACTIVATED,
    ACME_EXPIRED,
    ACME_REVOKED,
    ACME_UNKNOWN
};
extern const char *const acme_status_names[]; /* "pending" ..., NULL after "unknown" */
struct acme_order {
    char *url, *finalize, *certificate; /* certificate NULL until valid */
    enum acme_status status;
    char **authorizations; /* NULL-terminated */
    char **identifiers;    /* names, "*." included; NULL-terminated */
    int64_t expires_at;    /* 0: not said */
    char *profile, *replaces;
    struct outcome
        error; /* FL_OK: none, else FL_EREJECT; with problem, subproblems joined into the message */
    int64_t retry_after_ms;
    /* Identifiers that the subproblems (6.7.1) of a refusal name, NULL-terminated; NULL: none. The one thing that
     * acme_new_order() and acme_finalize() also write when they fail. */
    char **refused;
};
/* 7.4. names are DNS names or addresses (RFC 8738). FL_EPROTO when the order is for other identifiers. */
int acme_new_order(struct acme *a, const char *const *names, const char *profile, const char *replaces,
                   struct acme_order *out, struct outcome *o);
/* POST-as-GET; also what answers acme_finalize() (7.4: `csr` base64url; the answer may be `processing` or
 * already `valid`). `url` is newOrder's Location: servers may leave it out later. Finalizing too early is
 * FL_EAGAIN/orderNotReady and leaves the order as it was. */
int acme_order(struct acme *a, const char *url, struct acme_order *out, struct outcome *o);
int acme_finalize(struct acme *a, const char *url, const char *finalize, const char *csr,
                  struct acme_order *out, struct outcome *o);
void acme_order_done(struct acme_order *order);

struct acme_challenge {
    char *type, *url, *token; /* token NULL for methods without */
    enum acme_status status;
    struct outcome error; /* as in an order */
    char *json;           /* the whole object, compact, for solvers of methods that need more */
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
/* 7.5.1: `{}`. Safe to repeat: when it is refused as malformed, one more request looks whether it had been
 * answered before, which is FL_OK. */
int acme_answer(struct acme *a, const char *challenge_url, struct outcome *o);
/* 7.4.2; the first chain, PEM by its type and first line, at most 100 KiB; chain_parse() reads it.
 * Alternates (Link rel="alternate") are noted: NULL-terminated URLs, at most 10, or NULL; list and texts
 * are the caller's. */
int acme_certificate(struct acme *a, const char *url, char **pem_out, char ***alternates_out,
                     struct outcome *o);
/* 8.1 and 8.4 from the account in use. Allocated. */
int acme_key_auth(struct acme *a, const char *token, char **key_auth_out, char **digest_out,
                  struct outcome *o);

/* ---- the account in use, after acme_use(); one request each unless it says otherwise ---- */

/* 7.3.2: the contact of the configuration, an empty list when there is none. */
int acme_contact(struct acme *a, struct outcome *o);
/* 7.3.5: `new_sealed` becomes the account's key; acme_use() it afterwards. Safe to repeat: when it is refused and the
 * account already answers to the new key (one more request), that is FL_OK. FL_ECONF: not offered. */
int acme_rollover(struct acme *a, const char *new_sealed, struct outcome *o);
/* 7.3.6; for ever. FL_OK also when it was deactivated before. */
int acme_deactivate(struct acme *a, struct outcome *o);
/* 7.1.2.1: URLs of the account's orders in the server's order, NULL-terminated: of a list that is longer the first 100 and the last
 * 100, for nobody says at which end the newest are, and at most 200 pages are read. FL_OK with words in o->msg: that was not
 * all. One request for the account and one a page. *out NULL: the authority keeps no such list (names none, or what it names is not there:
 * 404, 405, 501). free() texts and list. */
int acme_orders(struct acme *a, char ***out, struct outcome *o);
/* 7.5.2. FL_OK also when it is not pending or valid any more. */
int acme_authz_deactivate(struct acme *a, const char *url, struct outcome *o);
/* 7.6, reasons of RFC 5280 5.3.1 (0..10, not 7; another one, or no PEM, is FL_ECONF). `cert_sealed`: signed by the certificate's own key, no account needed; NULL: by
 * the account in use. alreadyRevoked is FL_OK. FL_ECONF: not offered. */
int acme_revoke(struct acme *a, const char *leaf_pem, int reason, const char *cert_sealed, struct outcome *o);

/* RFC 9773 4.1. `cert_id` as chain_parse() gives it. An unsigned GET; FL_EPROTO when the window is none (end before start, or
 * no dates); FL_ECONF: not offered. retry_after_ms: as told, clamped to [1 min, 1 d], 6 h when not told. */
struct acme_renewal {
    int64_t start_at, end_at;
    char *explanation; /* URL for people, or NULL */
    int64_t retry_after_ms;
};
int acme_renewal_info(struct acme *a, const char *cert_id, struct acme_renewal *out, struct outcome *o);
bool acme_has_renewal_info(struct acme *a); /* by the directory as last read */
void acme_renewal_done(struct acme_renewal *r);
/* The authority's clock (Date of its last answer, half the round trip taken off) minus ours. False: it has not told
 * its time since acme_new(). What is replayed (net/http.h) tells the time of the recording. */
bool acme_clock_ahead_ms(struct acme *a, int64_t *out);
/* How often it has told its time. */
unsigned acme_clock_told(struct acme *a);

/*
 * Turns an answer that is no success into code, problem, retry time, words (6.7, with subproblems 6.7.1).
 * Pure; tested by table. The problem type decides before the HTTP status does:
 *   FL_ERATE    rateLimited; 429, and 503 with Retry-After, without a type (the front door: `problem` is "",
 *               also for a 503 that says rateLimited)
 *   FL_ETEMP    badNonce (after 3 fresh ones), serverInternal; 408 and other 5xx
 *   FL_EAGAIN   orderNotReady
 *   FL_ESTALE   alreadyReplaced: at once again, without `replaces`
 *   FL_ECONF    userActionRequired (with the URL to visit), externalAccountRequired, invalidContact,
 *               unsupportedContact, badSignatureAlgorithm
 *   FL_EAUTH    401 with a problem document: the account has been put out of use (7.3.6)
 *   FL_EREJECT  every other type, known or not
 *   FL_EPROTO   redirections, and 4xx without a problem document, with the first bytes
 */
int acme_judge(const struct http_answer *answer, struct outcome *o);

#endif
