/* SPDX-License-Identifier: Apache-2.0 */
/* acme.c - one authority and the account in use. */
#include "acme/acme.h"
#include "acme/authority.h"
#include "acme/directory.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <string.h>

static void acme_freep(struct acme **a) { acme_free(*a); }
static void list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
static bool list_copy(const char *const *list, char ***out)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    *out = mem_array(n + 1, sizeof **out);
    for (size_t i = 0; *out && i < n; i++)
        if (!((*out)[i] = strdup(list[i])))
            return false; /* acme_free() takes what is there */
    return *out != NULL;
}
static bool copy(const char *text, char **out) { return !text || (*out = strdup(text)); }

int acme_new(const struct acme_conf *conf, struct http_lane *lane, struct keeper *keeper, struct acme **out)
{
    cleanup_(acme_freep) struct acme *a = calloc(1, sizeof *a);

    if (!a)
        return FL_ENOMEM;
    if (pthread_mutex_init(&a->lock, NULL) != 0) {
        free(take_ptr(a));
        return FL_ENOMEM;
    }
    a->accept_terms = conf->accept_terms;
    a->eab_bits = conf->eab_bits ? conf->eab_bits : 256;
    a->lane = lane;
    a->keeper = keeper;
    if (!copy(conf->name, &a->name) || !copy(conf->directory, &a->url) || !copy(conf->eab_kid, &a->eab_kid) ||
        !copy(conf->eab_hmac, &a->eab_hmac) || !list_copy(conf->contact, &a->contact))
        return FL_ENOMEM;
    *out = take_ptr(a);
    return FL_OK;
}
void acme_free(struct acme *a)
{
    if (!a)
        return;
    while (a->directories) {
        struct directory *d = a->directories;
        a->directories = d->next;
        directory_free(d);
    }
    list_free(a->contact);
    free(a->name);
    free(a->url);
    free(a->eab_kid);
    mem_wipe_free(a->eab_hmac);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
int acme_use(struct acme *a, const char *sealed, const char *kid)
{
    struct account account;

    if (!*kid || !text_copy(account.sealed, sizeof account.sealed, sealed) ||
        !text_copy(account.kid, sizeof account.kid, kid))
        return FL_ECONF;
    pthread_mutex_lock(&a->lock);
    memcpy(a->sealed, account.sealed, sizeof a->sealed);
    memcpy(a->kid, account.kid, sizeof a->kid);
    pthread_mutex_unlock(&a->lock);
    return FL_OK;
}
int acme_in_use(struct acme *a, struct account *out, struct outcome *o)
{
    pthread_mutex_lock(&a->lock);
    memcpy(out->sealed, a->sealed, sizeof out->sealed);
    memcpy(out->kid, a->kid, sizeof out->kid);
    pthread_mutex_unlock(&a->lock);
    if (!*out->kid)
        return outcome_fail(o, FL_ECONF, "no account is in use yet");
    return FL_OK;
}
static bool token_ok(const char *token)
{
    size_t len = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return len > 0 && len <= 256 && token[len] == '\0';
}
int acme_key_auth(struct acme *a, const char *token, char **key_auth_out, char **digest_out,
                  struct outcome *o)
{
    struct account account;
    char thumbprint[64], text[512];
    uint8_t hash[64];
    char *key_auth, *digest;
    int rc = acme_in_use(a, &account, o);

    if (rc != FL_OK)
        return outcome_context(o, "%s: key authorization", a->name);
    if (!token || !token_ok(token))
        return outcome_fail(o, FL_EPROTO, "%s: a token that is not base64url", a->name);
    rc = keeper_thumbprint(a->keeper, account.sealed, thumbprint, o);
    if (rc != FL_OK)
        return rc;
    snprintf(text, sizeof text, "%s.%s", token, thumbprint);
    if (!digest_sha2(256, text, strlen(text), hash))
        return outcome_nomem(o);
    key_auth = strdup(text);
    digest = encode_base64url(hash, 32);
    if (!key_auth || !digest) {
        free(key_auth);
        free(digest);
        return outcome_nomem(o);
    }
    *key_auth_out = key_auth;
    *digest_out = digest;
    return FL_OK;
}
