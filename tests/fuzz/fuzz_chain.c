/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_chain.c - certificate chains made of anything. */
#include "crypto/chain.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

void fuzz_one(const uint8_t *data, size_t size)
{
    struct chain c, again;
    struct outcome o = { 0 };
    const char *const none[] = { NULL };

    if (chain_parse((const char *)data, size, &c, &o) != FL_OK) {
        if (o.code == FL_OK || !*o.msg)
            abort();
        return;
    }
    /* What is written anew says the same. */
    if (chain_parse(c.leaf_pem, strlen(c.leaf_pem), &again, &o) != FL_OK ||
        strcmp(c.sha256, again.sha256) != 0 || strcmp(c.cert_id, again.cert_id) != 0)
        abort();
    (void)chain_check(&c, (const char *const *)c.names, c.not_before_at, &o);
    (void)chain_check(&c, none, c.not_after_at, &o);
    chain_done(&again);
    chain_done(&c);
}
