/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - at which addresses the world finds this responder. */
#ifndef SELF_ADDRESS_H
#define SELF_ADDRESS_H

#include "self.h"

/* Those of one family, as values of A or AAAA records, at most `max`: the option `addresses`; else what `listen` names;
 * where that is a wildcard, the addresses of this machine's interfaces that the world can reach, or, when there
 * is none, its private ones. Never loopback unless it is named. Valid during the call. */
size_t address_own(struct fl_ctx *ctx, bool v6, struct fl_value *out, size_t max);

#endif
