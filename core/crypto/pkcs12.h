/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs12.h - key stores for programs that take no PEM. */
#ifndef CRYPTO_PKCS12_H
#define CRYPTO_PKCS12_H

#include "base/buf.h"
#include "base/outcome.h"
#include <stdbool.h>
#include <stdint.h>

enum { PKCS12_MAX = 256 * 1024 };

/* As struct fl_pkcs12 (fl/tls.h), which says what each means. */
struct pkcs12 {
    const char *key_pem, *chain_pem, *passphrase, *name;
    bool legacy;
};
/* Adds the file's bytes to `out`, whose `.secret` the caller has set. FL_OK, FL_ECONF, FL_ENOMEM. Takes some ten
 * milliseconds: the passphrase is stretched. */
int pkcs12_write(const struct pkcs12 *what, struct buf *out, struct outcome *o);
/* Would pkcs12_write() make this, salts aside? FL_OK, FL_ECONF (what is asked for makes no sense), FL_ENOMEM. */
int pkcs12_fits(const struct pkcs12 *what, const void *der, size_t len, bool *fits_out, struct outcome *o);

#endif
