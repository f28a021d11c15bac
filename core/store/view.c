/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - a look at an object where every reader gets one of his own. */
#include "store/store.h"

int store_view_json(struct store *s, enum store_group g, const char *key, json_t **out, struct outcome *o)
{
    uint64_t version;

    return store_get_json(s, g, key, out, &version, o);
}
