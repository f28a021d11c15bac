/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - key and chain once more as a PKCS #12 file, for programs that take no PEM. */
#ifndef FILE_STORE_H
#define FILE_STORE_H

#include "parts.h"

/* "keystore.p12", and with a suffix "keystore-rsa2048.p12". */
void store_name(const struct store *s, const char *suffix, char out[PARTS_NAME]);
bool store_ours(const char *name); /* a name that the option may have, or had */
/* What is wrong with the options; NULL: nothing. */
const char *store_wrong(const struct store *s);
/* Makes the content of each store among the parts. */
int store_fill(struct fl_ctx *ctx, struct parts *p);
/* Does the file hold this, protected as configured? Without key (verify) the certificates count. */
int store_same(struct fl_ctx *ctx, int dir, const struct parts *p, const struct part *part, bool *same_out);

#endif
