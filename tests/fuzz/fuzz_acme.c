/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_acme.c - what an authority answers, made of anything, through every function that reads it. */
#include "acme/acme.h"
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT "https://ca.example/"

static const char directory[] =
    "{\"newNonce\":\"" AT "nonce\",\"newAccount\":\"" AT "account\",\"newOrder\":\"" AT "order\","
    "\"revokeCert\":\"" AT "revoke\",\"keyChange\":\"" AT "key\",\"renewalInfo\":\"" AT "ari\"}";
static const char plain_headers[] = "content-type: application/json\nreplay-nonce: bm9uY2U\n";

/* ---- in place of the network and of the keeper ---- */

static struct script {
    const uint8_t *data;
    size_t size;
    bool told; /* the directory */
} script;

static int give(struct http_answer *out, int status, char *headers, char *body, size_t len)
{
    if (!headers || !body)
        abort();
    *out = (struct http_answer){ .status = status, .headers = headers, .body = body, .len = len };
    return FL_OK;
}

int http_do(struct http_lane *lane, const struct http_request *req, struct http_answer *out,
            struct outcome *o)
{
    (void)lane;
    if (strcmp(req->url, AT "directory") == 0 && !script.told) {
        script.told = true;
        return give(out, 200, strdup(plain_headers), strdup(directory), sizeof directory - 1);
    }
    if (req->no_body)
        return give(out, 200, strdup(plain_headers), strdup(""), 0);
    if (script.size < 1)
        return outcome_fail(o, FL_ETEMP, "the connection was closed");
    size_t len = 0;
    int status = script.data[0] < 128 ? 200 + script.data[0] % 8 : 300 + script.data[0];
    script.data++;
    script.size--;
    char *headers = fuzz_part(&script.data, &script.size, NULL);
    char *body = fuzz_part(&script.data, &script.size, &len);
    return give(out, status, headers, body, len);
}

int keeper_call(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    (void)k;
    (void)req;
    memset(reply, 0, offsetof(struct keeper_reply, text));
    text_copy(reply->jwk, sizeof reply->jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"eA\",\"y\":\"eQ\"}");
    text_copy(reply->thumbprint, sizeof reply->thumbprint, "dGh1bWI");
    text_copy(reply->text, sizeof reply->text, "{}");
    reply->text_len = 2;
    return outcome_ok(&reply->outcome);
}

/* Of the one origin that the directory names. */
static bool owned(const char *url)
{
    static const char origin[] = "https://ca.example";
    const char *rest = url + sizeof origin - 1;

    if (strncasecmp(url, origin, sizeof origin - 1) != 0)
        return false;
    if (strncmp(rest, ":443", 4) == 0)
        rest += 4;
    return *rest == '\0' || *rest == '/' || *rest == '?';
}

/* ---- what is read must be what the contracts say ---- */

static void strings_free(char **list)
{
    for (char **s = list; s && *s; s++)
        free(*s);
    free(list);
}

static void order(struct acme *a, bool fresh)
{
    static const char *const names[] = { "example.org", "*.example.org", NULL };
    struct acme_order got = { 0 };
    struct outcome o = { 0 };
    int code = fresh ? acme_new_order(a, names, "shortlived", "aki.serial", &got, &o)
                     : acme_order(a, AT "order/1", &got, &o);

    if (code == FL_OK)
        for (char **url = got.authorizations; url && *url; url++)
            if (!owned(*url))
                abort();
    acme_order_done(&got);
}

static void authz(struct acme *a)
{
    struct acme_authz z = { 0 };
    struct outcome o = { 0 };

    if (acme_authz(a, AT "authz/1", &z, &o) == FL_OK)
        for (size_t i = 0; i < z.nchallenges; i++)
            if (!owned(z.challenges[i].url) ||
                (z.challenges[i].token && strpbrk(z.challenges[i].token, "/. $`;|&<>\"'\\")))
                abort();
    acme_authz_done(&z);
}

static void certificate(struct acme *a)
{
    char *pem = NULL, **alternates = NULL;
    struct outcome o = { 0 };

    if (acme_certificate(a, AT "cert/1", &pem, &alternates, &o) == FL_OK)
        for (char **url = alternates; url && *url; url++)
            if (!owned(*url))
                abort();
    free(pem);
    strings_free(alternates);
}

static void account(struct acme *a)
{
    auto_free char *url = NULL;
    struct outcome o = { 0 };

    if (acme_account(a, "file:0", false, &url, &o) == FL_OK && !owned(url))
        abort();
}

static void orders(struct acme *a)
{
    char **urls = NULL;
    struct outcome o = { 0 };

    if (acme_orders(a, &urls, &o) == FL_OK)
        for (char **url = urls; url && *url; url++)
            if (!owned(*url))
                abort();
    strings_free(urls);
}

static void renewal(struct acme *a)
{
    struct acme_renewal r = { 0 };
    struct outcome o = { 0 };

    if (acme_renewal_info(a, "aki.serial", &r, &o) == FL_OK &&
        (r.end_at < r.start_at || r.retry_after_ms < 60000 || r.retry_after_ms > 86400000))
        abort();
    acme_renewal_done(&r);
}

static void run(struct acme *a, unsigned which)
{
    struct outcome o = { 0 };

    switch (which % 10) {
    case 0:
        script.told = true;
        (void)acme_directory(a, true, &o);
        break;
    case 1: order(a, true); break;
    case 2: order(a, false); break;
    case 3: authz(a); break;
    case 4: certificate(a); break;
    case 5: account(a); break;
    case 6: orders(a); break;
    case 7: renewal(a); break;
    case 8: (void)acme_answer(a, AT "chall/1", &o); break;
    default: (void)acme_rollover(a, "file:1", &o); break;
    }
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const nobody[] = { NULL };
    const struct acme_conf conf = {
        .name = "ca", .directory = AT "directory", .accept_terms = true, .contact = nobody
    };
    struct acme *a = NULL;
    struct outcome o = { 0 };

    if (size < 1)
        return;
    script = (struct script){ .data = data + 1, .size = size - 1 };
    if (acme_new(&conf, NULL, NULL, &a) != FL_OK || acme_use(a, "file:0", AT "account/1") != FL_OK)
        abort();
    if (data[0] % 10 != 0 && acme_directory(a, false, &o) != FL_OK)
        abort();
    run(a, data[0]);
    acme_free(a);
}
