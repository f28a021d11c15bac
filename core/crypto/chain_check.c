/* SPDX-License-Identifier: Apache-2.0 */
/* chain_check.c - certificate chains: do they hold? */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/chain_impl.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum { EARLY_S = 300 }; /* our clock may be behind the authority's */

/* ---- one certificate ---- */

static int check_dates(const X509 *cert, size_t at, int64_t now_at, struct outcome *o)
{
    struct tm from, to;
    int64_t from_at, to_at;
    char text[32];

    if (ASN1_TIME_to_tm(X509_get0_notBefore(cert), &from) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(cert), &to) != 1)
        return certs_fail(o, "the certificate's dates are malformed");
    from_at = timegm(&from);
    to_at = timegm(&to);
    if (to_at <= from_at)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain ends before it begins", at + 1);
    if (now_at < from_at - EARLY_S) {
        clock_format(from_at, text);
        return outcome_fail(o, FL_EPROTO,
                            "certificate %zu of the chain is not valid before %s: is the clock right?",
                            at + 1, text);
    }
    if (now_at >= to_at) {
        clock_format(to_at, text);
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain expired at %s", at + 1, text);
    }
    return FL_OK;
}
/* Serves TLS servers, is no CA: RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.12. */
static int check_leaf(X509 *leaf, struct outcome *o)
{
    uint32_t flags = X509_get_extension_flags(leaf);

    if (flags & EXFLAG_INVALID)
        return certs_fail(o, "an extension of the certificate is malformed");
    if (flags & EXFLAG_CRITICAL)
        return outcome_fail(o, FL_EPROTO,
                            "the certificate has a critical extension that clients do not know");
    if (X509_check_ca(leaf) != 0)
        return outcome_fail(o, FL_EPROTO, "the first certificate of the chain is that of an authority");
    if (flags & EXFLAG_SI)
        return outcome_fail(o, FL_EPROTO, "the certificate is its own issuer");
    if ((flags & EXFLAG_XKUSAGE) && !(X509_get_extended_key_usage(leaf) & (XKU_SSL_SERVER | XKU_ANYEKU)))
        return outcome_fail(o, FL_EPROTO, "the certificate is not for TLS servers (extended key usage)");
    if ((flags & EXFLAG_KUSAGE) &&
        !(X509_get_key_usage(leaf) & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
        return outcome_fail(o, FL_EPROTO, "the certificate is not for TLS (key usage)");
    return FL_OK;
}

/* ---- names ---- */

/* What was asked for, in the form that chain_parse() gives. */
static const char *canonical(const char *name, char out[256])
{
    bool v6;
    char ip[46];

    if (text_ip(name, ip, &v6))
        (void)text_copy(out, 256, ip);
    else if (!text_copy(out, 256, name))
        return name;
    return out;
}
static bool has_name(const char *const *names, const char *wanted)
{
    char text[256], other[256];

    wanted = canonical(wanted, text);
    for (; *names; names++)
        if (!strcasecmp(wanted, canonical(*names, other)))
            return true;
    return false;
}
static int check_names(const struct chain *c, const char *const *names, struct outcome *o)
{
    for (const char *const *name = names; *name; name++)
        if (!has_name((const char *const *)c->names, *name))
            return outcome_fail(o, FL_EPROTO, "the certificate lacks the name %s", *name);
    for (char **held = c->names; *held; held++)
        if (!has_name(names, *held))
            return outcome_fail(o, FL_EPROTO, "the certificate has the name %s, which was not asked for",
                                *held);
    return FL_OK;
}
/* Mail addresses and the like, which `names` cannot hold and nobody asked for. */
static int check_other_names(const struct chain *c, const X509 *leaf, struct outcome *o)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    size_t in_leaf = all ? (size_t)sk_GENERAL_NAME_num(all) : 0, known = 0;

    GENERAL_NAMES_free(all);
    while (c->names[known])
        known++;
    if (known == in_leaf)
        return FL_OK;
    return outcome_fail(o, FL_EPROTO,
                        "the certificate has a name that is neither a host name nor an address");
}

/* ---- each signed by the next ---- */

static int check_link(X509 *cert, X509 *issuer, size_t at, struct outcome *o)
{
    long below = X509_get_pathlen(issuer);

    if (X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) != 0)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain is not issued by the next one",
                            at + 1);
    if (X509_get_extension_flags(issuer) & EXFLAG_INVALID || X509_check_ca(issuer) == 0)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain may not issue certificates", at + 2);
    if (below >= 0 && (size_t)below < at)
        return outcome_fail(o, FL_EPROTO, "certificate %zu of the chain allows no authority below it",
                            at + 2);
    if (X509_verify(cert, X509_get0_pubkey(issuer)) != 1)
        return certs_fail(o, at == 0 ? "the certificate is not signed by the next one of its chain"
                                     : "a certificate of the chain is not signed by the next one");
    return FL_OK;
}
static int check_links(const struct certs *all, int64_t now_at, struct outcome *o)
{
    X509 *last = all->at[all->n - 1];

    for (size_t i = 0; i < all->n; i++) {
        int rc = check_dates(all->at[i], i, now_at, o);
        if (rc == FL_OK && i + 1 < all->n)
            rc = check_link(all->at[i], all->at[i + 1], i, o);
        if (rc != FL_OK)
            return rc;
    }
    if ((X509_get_extension_flags(last) & EXFLAG_SI) && X509_verify(last, X509_get0_pubkey(last)) != 1)
        return certs_fail(o, "the root of the chain is not signed by itself");
    return FL_OK;
}
int chain_check(const struct chain *c, const char *const *names, int64_t now_at, struct outcome *o)
{
    cleanup_(certs_done) struct certs all = { .n = 0 };
    int rc = certs_parse(c->leaf_pem, strlen(c->leaf_pem), &all, o);

    if (rc == FL_OK && all.n != 1)
        rc = outcome_fail(o, FL_EPROTO, "the chain has no first certificate");
    if (rc == FL_OK)
        rc = certs_parse(c->chain_pem, strlen(c->chain_pem), &all, o);
    if (rc == FL_OK)
        rc = check_leaf(all.at[0], o);
    if (rc == FL_OK)
        rc = check_names(c, names, o);
    if (rc == FL_OK)
        rc = check_other_names(c, all.at[0], o);
    return rc == FL_OK ? check_links(&all, now_at, o) : rc;
}
