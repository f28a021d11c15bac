/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs12.c - key stores for programs that take no PEM. */
#include "crypto/pkcs12.h"
#include "base/mem.h"
#include "crypto/chain_impl.h"
#include "crypto/key.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <string.h>

/* What the openssl program of the library's version 3 takes for both. */
enum { ROUNDS = 2048 };

/* ---- what belongs into it ---- */

struct wanted {
    EVP_PKEY *key; /* NULL: not looked at */
    struct certs certs;
    STACK_OF(X509) * rest; /* borrows from certs */
};
static void wanted_done(struct wanted *w)
{
    key_freep(&w->key);
    sk_X509_free(w->rest);
    certs_done(&w->certs);
    ERR_clear_error();
}
static int read_wanted(const struct pkcs12 *what, struct wanted *w, struct outcome *o)
{
    int code;

    if (!what->passphrase || !*what->passphrase)
        return outcome_fail(o, FL_ECONF, "a PKCS #12 file needs a passphrase");
    if (!what->name || !*what->name)
        return outcome_fail(o, FL_ECONF, "the entry of a PKCS #12 file needs a name");
    code = certs_parse(what->chain_pem, strlen(what->chain_pem), &w->certs, o);
    if (code == FL_ENOMEM)
        return code;
    if (code != FL_OK || w->certs.n == 0)
        return outcome_fail(o, FL_ECONF, "a PKCS #12 file needs a certificate: %s",
                            code == FL_OK ? "there is none" : o->msg);
    w->rest = sk_X509_new_null();
    if (!w->rest)
        return outcome_nomem(o);
    for (size_t i = 1; i < w->certs.n; i++)
        if (!sk_X509_push(w->rest, w->certs.at[i]))
            return outcome_nomem(o);
    if (!what->key_pem || !*what->key_pem)
        return FL_OK;
    w->key = key_from_pem(what->key_pem, strlen(what->key_pem));
    if (!w->key)
        return outcome_fail(o, FL_ECONF, "a PKCS #12 file needs a private key in PEM, without a passphrase");
    if (X509_check_private_key(w->certs.at[0], w->key) != 1)
        return outcome_fail(o, FL_ECONF, "the private key is not that of the certificate");
    return FL_OK;
}

/* ---- writing ---- */

static PKCS12 *make(const struct pkcs12 *what, const struct wanted *w)
{
    int pbe = what->legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
    PKCS12 *p =
        PKCS12_create(what->passphrase, what->name, w->key, w->certs.at[0], w->rest, pbe, pbe, ROUNDS, -1, 0);

    if (p && PKCS12_set_mac(p, what->passphrase, -1, NULL, 0, ROUNDS,
                            what->legacy ? EVP_sha1() : EVP_sha256()) != 1) {
        PKCS12_free(p);
        return NULL;
    }
    return p;
}
int pkcs12_write(const struct pkcs12 *what, struct buf *out, struct outcome *o)
{
    cleanup_(wanted_done) struct wanted w = { .key = NULL };
    int code = read_wanted(what, &w, o), len;
    unsigned char *der = NULL;
    PKCS12 *p;
    bool ok;

    if (code != FL_OK)
        return code;
    if (!w.key)
        return outcome_fail(o, FL_ECONF, "a PKCS #12 file needs a private key");
    p = make(what, &w);
    len = p ? i2d_PKCS12(p, &der) : -1;
    PKCS12_free(p);
    ok = len > 0 && buf_add(out, der, (size_t)len);
    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
    if (ok)
        return FL_OK;
    return len > 0 ? outcome_nomem(o) : key_fail(o, "the PKCS #12 file cannot be made");
}

/* ---- looking ---- */

static bool same_certs(X509 *leaf, STACK_OF(X509) * rest, const struct certs *wanted)
{
    size_t n = rest ? (size_t)sk_X509_num(rest) : 0;

    if (!leaf || X509_cmp(leaf, wanted->at[0]) != 0 || n + 1 != wanted->n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (X509_cmp(sk_X509_value(rest, (int)i), wanted->at[i + 1]) != 0)
            return false;
    return true;
}
static bool same_protection(PKCS12 *p, bool legacy)
{
    const X509_ALGOR *mac = NULL;
    const ASN1_OBJECT *algorithm = NULL;

    PKCS12_get0_mac(NULL, &mac, NULL, NULL, p);
    if (!mac)
        return false;
    X509_ALGOR_get0(&algorithm, NULL, NULL, mac);
    return OBJ_obj2nid(algorithm) == (legacy ? NID_sha1 : NID_sha256);
}
static bool same_name(X509 *leaf, const char *name)
{
    int len = 0;
    const unsigned char *alias = X509_alias_get0(leaf, &len);

    return alias && (size_t)len == strlen(name) && memcmp(alias, name, (size_t)len) == 0;
}
static bool fits(const struct pkcs12 *what, const struct wanted *w, PKCS12 *p)
{
    cleanup_(key_freep) EVP_PKEY *key = NULL;
    X509 *leaf = NULL;
    STACK_OF(X509) *rest = NULL;
    bool same = same_protection(p, what->legacy) &&
                PKCS12_parse(p, what->passphrase, &key, &leaf, &rest) == 1 && key && leaf &&
                same_certs(leaf, rest, &w->certs) && same_name(leaf, what->name) &&
                (!w->key || EVP_PKEY_eq(key, w->key) == 1);

    X509_free(leaf);
    sk_X509_pop_free(rest, X509_free);
    return same;
}
int pkcs12_fits(const struct pkcs12 *what, const void *der, size_t len, bool *fits_out, struct outcome *o)
{
    cleanup_(wanted_done) struct wanted w = { .key = NULL };
    const unsigned char *at = der;
    int code = read_wanted(what, &w, o);
    PKCS12 *p;

    if (code != FL_OK)
        return code;
    p = len <= PKCS12_MAX ? d2i_PKCS12(NULL, &at, (long)len) : NULL;
    *fits_out = p && at == (const unsigned char *)der + len && fits(what, &w, p);
    PKCS12_free(p);
    return FL_OK;
}
