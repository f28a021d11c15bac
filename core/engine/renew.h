/* SPDX-License-Identifier: Apache-2.0 */
/* renew.h - when a certificate is renewed: pure. */
#ifndef ENGINE_RENEW_H
#define ENGINE_RENEW_H

#include <stdbool.h>
#include <stdint.h>

/* Can these be a certificate's? With numbers out of a damaged record nothing is computed. */
bool renew_dates(int64_t not_before_at, int64_t not_after_at);
/* With num/den of its lifetime left (num 0: a third; half of a lifetime under ten days), earlier by
 * up to 1/60 of the lifetime, the same for the same name, so that a thousand made together do not come back together. not_after_at
 * where the dates cannot be a certificate's. */
int64_t renew_at(const char *name, int64_t not_before_at, int64_t not_after_at, int64_t num, int64_t den);

#endif
