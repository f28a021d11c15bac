/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - the authority's directory (RFC 8555 7.1.1). */
#include "acme/directory.h"
#include "acme/authority.h"
#include "acme/read.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { DIRECTORY_BYTES = 256 * 1024 };

void directory_free(struct directory *d)
{
    if (!d)
        return;
    free(d->new_nonce);
    free(d->new_account);
    free(d->new_order);
    free(d->revoke_cert);
    free(d->key_change);
    free(d->renewal_info);
    free(d->terms);
    for (size_t i = 0; i < DIRECTORY_PROFILES; i++)
        free(d->profiles[i]);
    free(d);
}
static void directory_freep(struct directory **d) { directory_free(*d); }

bool directory_owns(const struct directory *d, const char *url)
{
    char origin[URL_ORIGIN];

    if (!url_origin(url, origin))
        return false;
    for (size_t i = 0; i < DIRECTORY_ORIGINS && d->origins[i][0]; i++)
        if (!strcmp(d->origins[i], origin))
            return true;
    return false;
}
/* False: no such origin is taken, or there are too many. */
static bool add_origin(struct directory *d, const char *url)
{
    char origin[URL_ORIGIN];
    size_t i = 0;

    if (!url_origin(url, origin))
        return false;
    while (i < DIRECTORY_ORIGINS && d->origins[i][0] && strcmp(d->origins[i], origin))
        i++;
    /* What came over TLS does not lead out of it. */
    if (i == DIRECTORY_ORIGINS ||
        (i > 0 && text_starts(d->origins[0], "https:") && text_starts(origin, "http:")))
        return false;
    text_copy(d->origins[i], URL_ORIGIN, origin);
    return true;
}
static int read_urls(struct directory *d, const json_t *doc, struct outcome *o)
{
    const struct {
        const char *key;
        char **out;
        bool required;
    } urls[] = {
        { "newNonce", &d->new_nonce, true },    { "newAccount", &d->new_account, true },
        { "newOrder", &d->new_order, true },    { "revokeCert", &d->revoke_cert, false },
        { "keyChange", &d->key_change, false }, { "renewalInfo", &d->renewal_info, false },
    };

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const char *url = json_str(doc, urls[i].key, NULL);
        if (!url && urls[i].required)
            return outcome_fail(o, FL_EPROTO, "no %s in it: is that URL an ACME directory?", urls[i].key);
        if (!url)
            continue;
        if (!add_origin(d, url))
            return outcome_fail(o, FL_EPROTO, "its %s is no URL to be trusted: %.100s", urls[i].key, url);
        if (!(*urls[i].out = strdup(url)))
            return outcome_nomem(o);
    }
    return FL_OK;
}
static int read_meta(struct directory *d, const json_t *meta, struct outcome *o)
{
    const json_t *profiles = json_obj(meta, "profiles");
    void *i = profiles ? json_object_iter((json_t *)profiles) : NULL;
    size_t n = 0;

    if (!read_text(meta, "termsOfService", &d->terms))
        return outcome_nomem(o);
    d->needs_eab = json_flag(meta, "externalAccountRequired", false);
    for (; i && n < DIRECTORY_PROFILES; i = json_object_iter_next((json_t *)profiles, i))
        if (!(d->profiles[n++] = strdup(json_object_iter_key(i))))
            return outcome_nomem(o);
    return FL_OK;
}
static int parse(const struct acme *a, const struct http_answer *answer, struct directory **out,
                 struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = NULL;
    cleanup_(directory_freep) struct directory *d = calloc(1, sizeof *d);
    int rc;

    if (!d)
        return outcome_nomem(o);
    add_origin(d, a->url); /* the first; fetch() has looked at it */
    rc = read_object(answer, &doc, o);
    if (rc == FL_OK)
        rc = read_urls(d, doc, o);
    if (rc == FL_OK)
        rc = read_meta(d, json_obj(doc, "meta"), o);
    if (rc == FL_OK)
        *out = take_ptr(d);
    return rc;
}
static int fetch(struct acme *a, struct directory **out, struct outcome *o)
{
    static const char *const headers[] = { "Accept: application/json", NULL };
    struct http_request req = {
        .method = "GET", .url = a->url, .headers = headers, .limit = DIRECTORY_BYTES
    };
    cleanup_(http_answer_done) struct http_answer answer = { 0 };
    char origin[URL_ORIGIN];
    int rc = FL_OK;

    /* Not even asked: whoever can change the directory can change everything that follows. */
    if (!url_origin(a->url, origin))
        rc = outcome_fail(o, FL_ECONF, "that is not https:// (or http:// to a loopback address)");
    if (rc == FL_OK)
        rc = acme_ask(a, &req, &answer, o);
    if (rc == FL_OK && answer.status / 100 != 2)
        rc = acme_judge(&answer, o);
    if (rc == FL_OK)
        rc = parse(a, &answer, out, o);
    if (rc != FL_OK)
        return outcome_context(o, "%s: directory %s", a->name, a->url);
    return FL_OK;
}
static bool same_text(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }
static bool same(const struct directory *a, const struct directory *b)
{
    for (size_t i = 0; i < DIRECTORY_PROFILES; i++)
        if (!same_text(a->profiles[i], b->profiles[i]))
            return false;
    return same_text(a->new_nonce, b->new_nonce) && same_text(a->new_account, b->new_account) &&
           same_text(a->new_order, b->new_order) && same_text(a->revoke_cert, b->revoke_cert) &&
           same_text(a->key_change, b->key_change) && same_text(a->renewal_info, b->renewal_info) &&
           same_text(a->terms, b->terms) && a->needs_eab == b->needs_eab;
}
static const struct directory *known(struct acme *a)
{
    const struct directory *d;

    pthread_mutex_lock(&a->lock);
    d = a->directories;
    pthread_mutex_unlock(&a->lock);
    return d;
}

int directory_get(struct acme *a, bool refresh, const struct directory **out, struct outcome *o)
{
    cleanup_(directory_freep) struct directory *fresh = NULL;
    const struct directory *d = known(a);
    int rc;

    if (!d || refresh) {
        rc = fetch(a, &fresh, o);
        if (rc != FL_OK)
            return rc;
        pthread_mutex_lock(&a->lock);
        if (!a->directories || !same(a->directories, fresh)) {
            fresh->next = a->directories;
            a->directories = take_ptr(fresh);
        }
        d = a->directories;
        pthread_mutex_unlock(&a->lock);
    }
    *out = d;
    return FL_OK;
}
int acme_directory(struct acme *a, bool refresh, struct outcome *o)
{
    const struct directory *d;
    int rc = directory_get(a, refresh, &d, o);

    return rc == FL_OK ? outcome_ok(o) : rc;
}
const char *acme_terms(struct acme *a)
{
    const struct directory *d = known(a);

    return d ? d->terms : NULL;
}
bool acme_has_profile(struct acme *a, const char *profile)
{
    const struct directory *d = known(a);

    return d && text_in(profile, (const char *const *)d->profiles);
}
bool acme_needs_eab(struct acme *a)
{
    const struct directory *d = known(a);

    return d && d->needs_eab;
}
bool acme_has_renewal_info(struct acme *a)
{
    const struct directory *d = known(a);

    return d && d->renewal_info;
}
