/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - a TLS client that looks at what a server serves, and believes nothing. */
#ifndef CRYPTO_PROBE_H
#define CRYPTO_PROBE_H

#include "base/outcome.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_BYTES = 256 * 1024 }; /* of one server's handshake; more is FL_EPROTO */

/* As struct fl_tls_probe and fl_tls_served (fl/tls.h), which say what each means and which code when. */
struct probe {
    const char *address, *sni, *key_type;
    const char *const *alpn;
    int64_t deadline_ms; /* clock_mono_ms() */
};
struct served {
    char *serial, *sha256, *issuer, *chain_pem; /* allocated, never NULL on FL_OK */
    const char *key_type;                       /* static */
    char **names;                               /* NULL-terminated */
    int64_t not_before_at, not_after_at;
    size_t ncerts;
    bool complete;
    char protocol[16], cipher[64], alpn[256];
};
/* Any thread, any number of them; one TCP connection of its own, closed at the end. Zeroed `out` before;
 * served_done() after, also when it failed. */
int probe_served(const struct probe *p, struct served *out, struct outcome *o);
void served_done(struct served *s);

#endif
