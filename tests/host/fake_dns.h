/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dns.h - a DNS server of tests: over UDP on 127.0.0.1, with as many moods as real ones have. */
#ifndef TEST_FAKE_DNS_H
#define TEST_FAKE_DNS_H

#include <stdint.h>

enum fake_mood { FAKE_ANSWERS, FAKE_SILENT, FAKE_REFUSES, FAKE_NOT_AA };
struct fake_dns;
/* On a port of its own, with a thread of its own. NULL: it could not be. */
struct fake_dns *fake_dns_start(void);
void fake_dns_stop(struct fake_dns *f);
const char *fake_dns_address(const struct fake_dns *f); /* "127.0.0.1:PORT" */
void fake_dns_mood(struct fake_dns *f, enum fake_mood mood);
/* TXT (16) and CNAME (5); absolute names in lower case. */
void fake_dns_add(struct fake_dns *f, const char *name, uint16_t type, const char *value);
void fake_dns_remove(struct fake_dns *f, const char *name, uint16_t type,
                     const char *value); /* value NULL: all */
unsigned fake_dns_asked(struct fake_dns *f);

#endif
