/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c - what kind of key a chain was issued for. */
#include "crypto/leaf.h"
#include "base/mem.h"
#include "crypto/chain_impl.h"
#include "crypto/key.h"

#include <openssl/err.h>
#include <openssl/x509.h>

int leaf_key_type(const char *pem, size_t len, const char **out, struct outcome *o)
{
    cleanup_(certs_done) struct certs certs = { .n = 0 };
    int code = certs_parse(pem, len, &certs, o);
    enum key_type type;
    EVP_PKEY *key;

    if (code != FL_OK)
        return code;
    if (certs.n == 0)
        return outcome_fail(o, FL_EPROTO, "the chain is empty");
    key = X509_get0_pubkey(certs.at[0]);
    *out = key && key_type_of(key, &type) ? key_type_names[type] : "";
    ERR_clear_error();
    return FL_OK;
}
