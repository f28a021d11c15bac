/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - what an answer that is no success means: a table. */
#include "acme/problem.h"
#include "acme/acme.h"
#include "acme/read.h"
#include "acme/url.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { SUBPROBLEMS_SHOWN = 10, WORDS_MAX = 4096, REFUSED_MAX = 100 };
#define PREFIX "urn:ietf:params:acme:error:"

/* RFC 8555 6.7 and its successors: 9773 (alreadyReplaced), 8739, 9115, 9799, 9891 and the profiles draft.
 * The hint is what a person can do where the server's own words seldom say it. */
static const struct kind {
    const char *type;
    int code;
    const char *hint;
} kinds[] = {
    { "accountDoesNotExist", FL_EREJECT, "the authority does not know this account key (any more)" },
    { "alreadyReplaced", FL_ESTALE, NULL },
    { "alreadyRevoked", FL_EREJECT, NULL },
    { "autoRenewalCanceled", FL_EREJECT, NULL },
    { "autoRenewalCancellationInvalid", FL_EREJECT, NULL },
    { "autoRenewalExpired", FL_EREJECT, NULL },
    { "autoRenewalRevocationNotSupported", FL_EREJECT, NULL },
    { "badAttestationStatement", FL_EREJECT, NULL },
    { "badCSR", FL_EREJECT, NULL },
    { "badNonce", FL_ETEMP, NULL },
    { "badPublicKey", FL_EREJECT, "choose another type of key" },
    { "badRevocationReason", FL_EREJECT, NULL },
    { "badSignatureAlgorithm", FL_ECONF, "choose another account_key for this authority" },
    { "caa", FL_EREJECT, "look at the CAA records of the name and of those above it" },
    { "compound", FL_EREJECT, NULL },
    { "conflict", FL_EREJECT, NULL },
    { "connection", FL_EREJECT, NULL },
    { "dns", FL_EREJECT, NULL },
    { "externalAccountRequired", FL_ECONF,
      "write eab = { kid = ...; hmac = ... } with what its operator gave you" },
    { "incorrectResponse", FL_EREJECT, NULL },
    { "invalidContact", FL_ECONF, "mend contact of this authority" },
    { "invalidProfile", FL_EREJECT, NULL },
    { "malformed", FL_EREJECT, NULL },
    { "onionCAARequired", FL_EREJECT, NULL },
    { "orderNotReady", FL_EAGAIN, NULL },
    { "rateLimited", FL_ERATE, NULL },
    { "rejectedIdentifier", FL_EREJECT, NULL },
    { "serverInternal", FL_ETEMP, NULL },
    { "tls", FL_EREJECT, NULL },
    { "unauthorized", FL_EREJECT, NULL },
    { "unknownDelegation", FL_EREJECT, NULL },
    { "unsupportedContact", FL_ECONF, "mend contact of this authority" },
    { "unsupportedIdentifier", FL_EREJECT, NULL },
    { "userActionRequired", FL_ECONF, NULL },
};
static const struct kind *kind_of(const char *type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].type, type))
            return &kinds[i];
    return NULL;
}
/* The type without its prefix; "" when it is no ACME type or nothing to be shown. */
static void type_of(const json_t *doc, char out[OUTCOME_PROBLEM])
{
    const char *type = json_str(doc, "type", "");

    out[0] = '\0';
    if (!text_starts(type, PREFIX))
        return;
    type += strlen(PREFIX);
    if (type[strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:")])
        return;
    if (!text_copy(out, OUTCOME_PROBLEM, type))
        out[0] = '\0';
}
static void add_words(struct buf *b, const json_t *doc)
{
    char type[OUTCOME_PROBLEM];
    const char *foreign = json_str(doc, "type", "");
    const char *detail = json_str(doc, "detail", "");

    if (!*detail)
        detail = json_str(doc, "title", "");
    if (!*detail)
        detail = "no reason given";
    type_of(doc, type);
    if (*type)
        buf_addf(b, "%s: ", type);
    else if (*foreign && strcmp(foreign, "about:blank"))
        buf_addf(b, "%.100s: ", foreign);
    buf_addf(b, "%.400s", detail);
}
/* RFC 8555 6.7.1: which name it was. */
static void add_subproblems(struct buf *b, const json_t *list)
{
    size_t n = json_array_size(list);

    for (size_t i = 0; i < n && i < SUBPROBLEMS_SHOWN; i++) {
        const json_t *sub = json_array_get(list, i);
        const char *name = json_str(json_obj(sub, "identifier"), "value", NULL);
        buf_addf(b, "; %.100s%s", name ? name : "", name ? ": " : "");
        add_words(b, sub);
    }
    if (n > SUBPROBLEMS_SHOWN)
        buf_addf(b, "; and %zu more", n - SUBPROBLEMS_SHOWN);
}
/* Where a person is sent (7.3.3: terms to agree to; some authorities: a form that unpauses an account). */
static void add_advice(struct buf *b, const json_t *doc, const char *type)
{
    const struct kind *kind = kind_of(type);
    const char *instance = json_str(doc, "instance", "");
    char origin[URL_ORIGIN];

    if (url_origin(instance, origin))
        buf_addf(b, "; visit %s", instance);
    else if (!strcmp(type, "userActionRequired"))
        buf_adds(b, "; it wants you to do something by hand but does not say where");
    if (kind && kind->hint)
        buf_addf(b, " (%s)", kind->hint);
}
/* `compound` says nothing; when all its parts are of one type, that one does. */
static void common_type(const json_t *doc, char type[OUTCOME_PROBLEM])
{
    const json_t *list = json_list(doc, "subproblems");
    char first[OUTCOME_PROBLEM], other[OUTCOME_PROBLEM];

    if (strcmp(type, "compound") || json_array_size(list) == 0)
        return;
    type_of(json_array_get(list, 0), first);
    for (size_t i = 1; i < json_array_size(list); i++) {
        type_of(json_array_get(list, i), other);
        if (strcmp(first, other))
            return;
    }
    if (*first)
        text_copy(type, OUTCOME_PROBLEM, first);
}
/* Everything but code, HTTP status and retry time. */
static void describe(const json_t *doc, struct outcome *o)
{
    cleanup_(buf_done) struct buf words = BUF(WORDS_MAX);
    char type[OUTCOME_PROBLEM];

    type_of(doc, type);
    common_type(doc, type);
    add_words(&words, doc);
    add_advice(&words, doc, type);
    add_subproblems(&words, json_list(doc, "subproblems"));
    outcome_fail(o, FL_EREJECT, "%s", buf_text(&words));
    text_copy(o->problem, sizeof o->problem, type);
}
void problem_embedded(const json_t *doc, struct outcome *out)
{
    int64_t status = json_int(doc, "status", 0);

    if (!json_is_object(doc)) {
        outcome_ok(out);
        return;
    }
    describe(doc, out);
    out->http = status >= 100 && status <= 599 ? (int)status : 0;
}

/* False: no memory. */
static bool add_refused(const json_t *problem, char **list, size_t *n)
{
    char *name = NULL;
    bool ip;
    struct outcome o;
    int rc = read_identifier(json_obj(problem, "identifier"), &name, &ip, &o);

    if (rc != FL_OK || *n == REFUSED_MAX || text_in(name, (const char *const *)list)) {
        free(name);
        return rc != FL_ENOMEM;
    }
    list[(*n)++] = name;
    return true;
}
char **problem_refused(const json_t *doc)
{
    const json_t *parts = json_list(doc, "subproblems");
    char **list = mem_array(REFUSED_MAX + 1, sizeof *list);
    size_t n = 0;
    /* 6.7.1 has it in the parts alone; where there is but one name, some say it outside. */
    bool good = list && add_refused(doc, list, &n);

    for (size_t i = 0; good && i < json_array_size(parts); i++)
        good = add_refused(json_array_get(parts, i), list, &n);
    if (good && n > 0)
        return list;
    while (n > 0)
        free(list[--n]);
    free(list);
    return NULL;
}

/* What the HTTP status alone says. `document`: there was a problem document, of a type that we do not
 * know. */
static int code_of_status(const struct http_answer *answer, bool document)
{
    int status = answer->status;

    if (status == 429 || (status == 503 && answer->retry_after_ms > 0))
        return FL_ERATE;
    if (status >= 500 || status == 408)
        return FL_ETEMP;
    if (status == 401 && document)
        return FL_EAUTH;
    return status >= 400 && document ? FL_EREJECT : FL_EPROTO;
}
static void judge_document(const struct http_answer *answer, const json_t *doc, struct outcome *o)
{
    const struct kind *kind;

    describe(doc, o);
    /* Let's Encrypt's front door says so: it concerns every request and not what was asked. */
    if (answer->status == 503 && !strcmp(o->problem, "rateLimited"))
        o->problem[0] = '\0';
    kind = kind_of(o->problem);
    o->code = kind ? kind->code : code_of_status(answer, true);
    /* 7.3.6: a deactivated account. 403 is about what was asked. */
    if (answer->status == 401 && o->code == FL_EREJECT)
        o->code = FL_EAUTH;
}
static void judge_status(const struct http_answer *answer, struct outcome *o)
{
    char where[URL_MAX];
    int status = answer->status, code = code_of_status(answer, false);

    if (status / 100 == 3 && http_header(answer, "location", where, sizeof where))
        outcome_fail(o, code, "HTTP %d, a redirection to %.200s: redirections are not followed", status,
                     where);
    else if (code == FL_ERATE)
        outcome_fail(o, code, "HTTP %d: told to slow down", status);
    else
        outcome_fail(o, code, "HTTP %d without a problem document: \"%.80s\"", status,
                     answer->body ? answer->body : "");
}
int acme_judge(const struct http_answer *answer, struct outcome *o)
{
    char type[128] = "", why[128] = "-";
    cleanup_(json_freep) json_t *doc = NULL;

    if (answer->body && (!http_header(answer, "content-type", type, sizeof type) || strcasestr(type, "json")))
        doc = json_parse(answer->body, answer->len, why);
    if (!doc && !why[0])
        outcome_nomem(o);
    else if (answer->status >= 400 && json_is_object(doc))
        judge_document(answer, doc, o);
    else
        judge_status(answer, o);
    o->http = answer->status;
    o->retry_after_ms = answer->retry_after_ms;
    return o->code;
}
