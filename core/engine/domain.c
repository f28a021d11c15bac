/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - registered domains, by the Public Suffix List. */
#include "base/text.h"
#include "engine/steps.h"

#include <libpsl.h>

void registered_domain(const char *name, char out[256])
{
    const char *found = NULL;

    if (text_starts(name, "*."))
        name += 2;
    if (psl_builtin())
        found = psl_registrable_domain(psl_builtin(), name);
    text_copy(out, 256, found ? found : name);
}
