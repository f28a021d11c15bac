/* SPDX-License-Identifier: Apache-2.0 */
/* chain_impl.h - what chain.c and chain_check.c share; nobody else includes this. */
#ifndef CRYPTO_CHAIN_IMPL_H
#define CRYPTO_CHAIN_IMPL_H

#include "base/buf.h"
#include "crypto/chain.h"

#include <openssl/types.h>

/* Certificates in the order of the file. */
struct certs {
    X509 *at[CHAIN_CERTS];
    size_t n;
};
/* Adds those of `pem` to *out, which certs_done() ends also after a failure. FL_EPROTO, FL_ENOMEM. */
int certs_parse(const char *pem, size_t len, struct certs *out, struct outcome *o);
void certs_done(struct certs *c);
/* A failure that the library explains, as FL_EPROTO or FL_ENOMEM; empties its error queue. */
int certs_fail(struct outcome *o, const char *what);

#endif
