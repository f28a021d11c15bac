/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - registered domains, by the Public Suffix List. */
#include "zone/domain.h"

#include "base/text.h"

#include <libpsl.h>

void registered_domain(const char *name, char out[REGISTERED_DOMAIN])
{
    const psl_ctx_t *list = psl_builtin();
    const char *found = NULL;
    char ip[46];
    bool v6;

    if (text_starts(name, "*."))
        name += 2;
    if (list && !text_ip(name, ip, &v6))
        found = psl_registrable_domain(list, name);
    text_copy(out, REGISTERED_DOMAIN, found ? found : name);
}

bool domain_registrable(const char *name)
{
    const psl_ctx_t *list = psl_builtin();
    const char *found = NULL;
    char ip[46];
    bool v6;

    if (list && !text_ip(name, ip, &v6))
        found = psl_registrable_domain(list, name);
    return found == name;
}
