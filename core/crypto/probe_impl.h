/* SPDX-License-Identifier: Apache-2.0 */
/* probe_impl.h - what probe.c and probe_leaf.c share; nobody else includes this. */
#ifndef CRYPTO_PROBE_IMPL_H
#define CRYPTO_PROBE_IMPL_H

#include "crypto/probe.h"

#include <openssl/x509.h>

/* What the certificates say, the leaf first, at least one. False: no memory. */
bool served_read(STACK_OF(X509) * certs, struct served *out);

#endif
