/* SPDX-License-Identifier: Apache-2.0 */
/* authz.c - authorizations and their challenges (RFC 8555 7.5). */
#include "acme/directory.h"
#include "acme/post.h"
#include "acme/problem.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { AUTHZ_CHALLENGES = 20, TOKEN_MAX = 256 };

static void challenge_done(struct acme_challenge *c)
{
    free(c->type);
    free(c->url);
    free(c->token);
    free(c->json);
}
void acme_authz_done(struct acme_authz *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->nchallenges; i++)
        challenge_done(&z->challenges[i]);
    free(z->challenges);
    free(z->identifier);
    *z = (struct acme_authz){ 0 };
}
/* 8.3, 8.4, RFC 8737, dns-account-01: the token goes into file and record names, so it is base64url or
 * nothing. */
static int read_token(const json_t *doc, struct acme_challenge *c, struct outcome *o)
{
    static const char *const with[] = { "http-01", "dns-01", "tls-alpn-01", "dns-account-01", NULL };
    const char *token = json_str(doc, "token", NULL);
    size_t len =
        token ? strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") : 0;

    if (!token && !text_in(c->type, with))
        return FL_OK;
    if (!token)
        return outcome_fail(o, FL_EPROTO, "a challenge %s without a token", c->type);
    if (len == 0 || len > TOKEN_MAX || token[len])
        return outcome_fail(o, FL_EPROTO, "a challenge %.32s whose token is not base64url: \"%.80s\"",
                            c->type, token);
    c->token = strdup(token);
    return c->token ? FL_OK : outcome_nomem(o);
}
static int read_challenge(const struct directory *d, const json_t *doc, struct acme_challenge *c,
                          struct outcome *o)
{
    int rc;

    c->status = read_status(doc);
    problem_embedded(json_obj(doc, "error"), &c->error);
    if (!read_text(doc, "type", &c->type) || !(c->json = json_text(doc)))
        return outcome_nomem(o);
    if (!c->type)
        return outcome_fail(o, FL_EPROTO, "a challenge without a type");
    rc = read_url(d, doc, "url", &c->url, o);
    if (rc == FL_OK && !c->url)
        rc = outcome_fail(o, FL_EPROTO, "a challenge %.32s without a URL", c->type);
    return rc == FL_OK ? read_token(doc, c, o) : rc;
}
static int read_challenges(const struct directory *d, const json_t *list, struct acme_authz *z,
                           struct outcome *o)
{
    size_t n = json_array_size(list);
    int rc = FL_OK;

    if (n > AUTHZ_CHALLENGES)
        return outcome_fail(o, FL_EPROTO, "an authorization with %zu challenges", n);
    z->challenges = mem_array(n ? n : 1, sizeof *z->challenges);
    if (!z->challenges)
        return outcome_nomem(o);
    for (size_t i = 0; rc == FL_OK && i < n; i++) {
        z->nchallenges = i + 1;
        rc = read_challenge(d, json_array_get(list, i), &z->challenges[i], o);
    }
    return rc;
}
static int read_authz(struct acme *a, const json_t *doc, struct acme_authz *z, struct outcome *o)
{
    const struct directory *d = NULL;
    int rc = directory_get(a, false, &d, o);

    z->status = read_status(doc);
    z->expires_at = read_time(doc, "expires");
    z->wildcard = json_flag(doc, "wildcard", false);
    if (rc == FL_OK)
        rc = read_identifier(json_obj(doc, "identifier"), &z->identifier, &z->ip, o);
    if (rc != FL_OK)
        return rc;
    /* 7.1.4 says without; a server that says it both ways means the same. */
    if (text_starts(z->identifier, "*.")) {
        memmove(z->identifier, z->identifier + 2, strlen(z->identifier + 2) + 1);
        z->wildcard = true;
    }
    return read_challenges(d, json_list(doc, "challenges"), z, o);
}
int acme_authz(struct acme *a, const char *url, struct acme_authz *out, struct outcome *o)
{
    struct post p = { .doing = "authorization", .url = url };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = NULL;
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    int rc = post_json(a, &p, &answer, &doc, o);

    if (rc != FL_OK)
        return rc;
    rc = read_authz(a, doc, &z, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: authorization", a->name);
    z.retry_after_ms = answer.retry_after_ms;
    *out = z;
    z = (struct acme_authz){ 0 };
    return outcome_ok(o);
}

/* Has it been answered already, by us before a crash? */
static bool answered(struct acme *a, const char *url)
{
    struct post p = { .doing = "challenge", .url = url };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome o;

    return post_json(a, &p, &answer, &doc, &o) == FL_OK && read_status(doc) != ACME_PENDING &&
           read_status(doc) != ACME_UNKNOWN;
}
int acme_answer(struct acme *a, const char *challenge_url, struct outcome *o)
{
    struct post p = { .doing = "challenge", .url = challenge_url, .payload = "{}" };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc = post_send(a, &p, &answer, o);

    if (rc == FL_EREJECT && !strcmp(o->problem, "malformed") && answered(a, challenge_url))
        rc = FL_OK;
    return rc == FL_OK ? outcome_ok(o) : rc;
}
/* Gone for the server, or in a state that nothing leads out of. */
static bool is_dead(struct acme *a, const char *url)
{
    cleanup_(acme_authz_done) struct acme_authz z = { 0 };
    struct outcome o;
    int rc = acme_authz(a, url, &z, &o);

    return rc == FL_OK ? z.status != ACME_PENDING && z.status != ACME_VALID
                       : rc == FL_EREJECT && (o.http == 404 || o.http == 410);
}
int acme_authz_deactivate(struct acme *a, const char *url, struct outcome *o)
{
    struct post p = { .doing = "deactivate authorization",
                      .url = url,
                      .payload = "{\"status\":\"deactivated\"}" };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    int rc = post_send(a, &p, &answer, o);

    if (rc == FL_EREJECT && is_dead(a, url))
        rc = FL_OK;
    return rc == FL_OK ? outcome_ok(o) : rc;
}
