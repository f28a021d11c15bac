/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.h - what kind of key a chain was issued for. */
#ifndef CRYPTO_LEAF_H
#define CRYPTO_LEAF_H

#include "base/outcome.h"
#include <stddef.h>

/* The type of the leaf's key, one of key_type_names (static), or "" for a key that we never make. PEM as
 * chain_parse() takes it: only certificates, the leaf first. FL_EPROTO with the reason, FL_ENOMEM. */
int leaf_key_type(const char *pem, size_t len, const char **out, struct outcome *o);

#endif
