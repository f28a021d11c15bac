/* SPDX-License-Identifier: Apache-2.0 */
/* served.h - is what was delivered also served? Asked by TLS handshakes. */
#ifndef FILE_SERVED_H
#define FILE_SERVED_H

#include "layout.h"

/* At each address, for each lineage and each of its names (a label stands in for the `*` of a wildcard): FL_OK when
 * all of them get the serial; fl_again() with words when one gets another certificate, soon while `dir`, the version in
 * use, is fresh; else as fl_tls_probe() says. `addresses` NULL: FL_OK. */
int served_check(struct fl_ctx *ctx, const char *const *addresses, const struct layout *l, int dir,
                 const struct fl_cert *certs, size_t n);

#endif
