/* SPDX-License-Identifier: Apache-2.0 */
/* shown.h - which certificate an instance's TLS listeners show for a name. */
#ifndef PLUGIN_SHOWN_H
#define PLUGIN_SHOWN_H

#include "crypto/alpn.h"

/* Any thread: calls of the instance change it while the listen thread looks names up. */
struct shown;
struct shown *shown_new(void); /* NULL: no memory */
void shown_free(struct shown *s);
/* Copied; cert_pem NULL: not known any more. False: no memory, unchanged. */
bool shown_put(struct shown *s, const char *name, const char *cert_pem, const char *key_pem);
/* Allocated copies; false: not known. (One without memory to copy it has NULL in `out`.) */
bool shown_find(struct shown *s, const char *name, struct alpn_identity *out);

#endif
