/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_check.c - is this a request that the keeper may look at? */
#include "base/text.h"
#include "crypto/keeper_impl.h"

#include <string.h>

enum { SEALED_PREFIX = 5, SEALED_LEN = SEALED_PREFIX + 32 };

static bool terminated(const char *text, size_t size) { return memchr(text, '\0', size) != NULL; }
static bool printable(const char *text, bool space)
{
    for (; *text; text++)
        if (*text < (space ? 0x20 : 0x21) || *text > 0x7e)
            return false;
    return true;
}
static bool sealed_ok(const char *sealed)
{
    return strlen(sealed) == SEALED_LEN && text_starts(sealed, "file:") &&
           strspn(sealed + SEALED_PREFIX, "0123456789abcdef") == SEALED_LEN - SEALED_PREFIX;
}

/* ---- where a signature may go ---- */

static bool loopback(const char *host, size_t len)
{
    char text[64], canonical[46];
    bool v6;

    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    if (!strcasecmp(text, "localhost"))
        return true;
    return text_ip(text, canonical, &v6) && (v6 ? !strcmp(canonical, "::1") : text_starts(canonical, "127."));
}
/* No '@' before the path: "http://127.0.0.1:80@example.org/" is not loopback. No backslash: some read it as '/'. */
static bool url_ok(const char *url)
{
    bool plain = text_starts(url, "http://");
    const char *host = url + (plain ? 7 : 8), *port;
    size_t len, authority;

    if ((!plain && !text_starts(url, "https://")) || !printable(url, false) || strchr(url, '\\'))
        return false;
    authority = strcspn(host, "/?#");
    if (memchr(host, '@', authority))
        return false;
    if (*host == '[') {
        host++;
        len = strcspn(host, "]");
        port = host + len + 1;
        if (len + 2 > authority)
            return false;
    } else {
        len = strcspn(host, ":/?#");
        port = host + len;
    }
    if (*port == ':')
        port += 1 + strspn(port + 1, "0123456789");
    return len > 0 && (!*port || strchr("/?#", *port)) && (!plain || loopback(host, len));
}

/* ---- what each op needs ---- */

static const char *check_jws(const struct keeper_request *req)
{
    if (!url_ok(req->url))
        return "the URL is not https:// (or http:// to a loopback address)";
    if (!printable(req->kid, true))
        return "the kid is not printable ASCII";
    if (strspn(req->nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
        strlen(req->nonce))
        return "the nonce is not base64url";
    return NULL;
}
static const char *check_eab(const struct keeper_request *req)
{
    if (!*req->kid || req->payload_len == 0)
        return "external account binding needs a key identifier and a MAC key";
    if (req->type != 256 && req->type != 384 && req->type != 512)
        return "external accounts are bound with HS256, HS384 or HS512";
    return check_jws(req);
}
/* `names_len` bytes are whole texts, each ended by its NUL. */
static const char *check_csr(const struct keeper_request *req)
{
    size_t n = 0;

    if (req->names_len == 0 || req->names[req->names_len - 1] != '\0')
        return "no names, or the last one has no end";
    for (const char *p = req->names; p < req->names + req->names_len; p += strlen(p) + 1, n++)
        if (!*p || strlen(p) >= KEEPER_NAME || n == KEEPER_NAMES)
            return "a name is empty or too long, or there are too many";
    return NULL;
}
static const char *check_prove(const struct keeper_request *req)
{
    const char *fault = check_csr(req);

    if (fault)
        return fault;
    if (strlen(req->names) + 1 != req->names_len || text_starts(req->names, "*."))
        return "TLS proves one name at a time, and none with a wildcard";
    if (req->payload_len != 43 || req->payload[43] ||
        strspn(req->payload, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != 43)
        return "the digest of the key authorization is not base64url of 32 bytes";
    return NULL;
}
static const char *check_fits(const struct keeper_request *req)
{
    return req->payload_len == 0 ? "no certificate to compare with" : NULL;
}
static const struct {
    const char *(*check)(const struct keeper_request *req);
    bool sealed;
} needs[] = {
    [KEEPER_MAKE] = { NULL, false },         [KEEPER_JWK] = { NULL, true },
    [KEEPER_JWS] = { check_jws, true },      [KEEPER_EAB] = { check_eab, true },
    [KEEPER_CSR] = { check_csr, true },      [KEEPER_EXPORT] = { NULL, true },
    [KEEPER_FITS] = { check_fits, true },    [KEEPER_FORGET] = { NULL, true },
    [KEEPER_PROVE] = { check_prove, false },
};
static const char *find_fault(const struct keeper_request *req)
{
    if (req->op < KEEPER_MAKE || req->op >= sizeof needs / sizeof *needs)
        return "unknown operation";
    if (!terminated(req->sealed, sizeof req->sealed) || !terminated(req->url, sizeof req->url) ||
        !terminated(req->kid, sizeof req->kid) || !terminated(req->nonce, sizeof req->nonce))
        return "a text has no end";
    if (req->payload_len >= sizeof req->payload || req->names_len > sizeof req->names)
        return "longer than its field";
    if (req->op == KEEPER_MAKE && req->type >= KEY_TYPES)
        return "unknown type of key";
    if (needs[req->op].sealed && !sealed_ok(req->sealed))
        return "not a sealed key of this keeper";
    return needs[req->op].check ? needs[req->op].check(req) : NULL;
}
int keeper_check(const struct keeper_request *req, struct outcome *o)
{
    const char *fault = find_fault(req);

    return fault ? outcome_fail(o, FL_ECONF, "key request refused: %s", fault) : FL_OK;
}
