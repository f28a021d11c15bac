/* SPDX-License-Identifier: Apache-2.0 */
/* revoke_find.c - certificates that are not live any more but can still be revoked: what the archive keeps of them. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/revoke.h"

#include <string.h>

enum { EARLIER = 16 };

/* openssl shows capitals, colons and a zero in front. */
static const char *digits(const char *serial)
{
    while (*serial == '0' || *serial == ':')
        serial++;
    return serial;
}

bool revoke_same_serial(const char *a, const char *b)
{
    for (a = digits(a), b = digits(b);; a++, b++) {
        a += *a == ':';
        b += *b == ':';
        char x = *a >= 'A' && *a <= 'F' ? (char)(*a + 'a' - 'A') : *a;
        char y = *b >= 'A' && *b <= 'F' ? (char)(*b + 'a' - 'A') : *b;
        if (x != y)
            return false;
        if (!x)
            return true;
    }
}

static bool takes(json_t *list, const json_t *one)
{
    return !one || json_int(one, "not_after", 0) <= clock_wall_ms() / 1000 || !json_str(one, "leaf", NULL) ||
           json_array_append(list, (json_t *)(uintptr_t)one) == 0;
}

json_t *revoke_all(struct store *s, const char *owner, const json_t *rec)
{
    cleanup_(json_freep) json_t *old = NULL;
    struct outcome o = { 0 };
    uint64_t version;
    bool ok = store_salvage_json(s, STORE_ARCHIVE, owner, &old, &version, &o) != FL_ENOMEM;
    json_t *out = json_array();
    const json_t *one, *live = json_obj(rec, "live");
    size_t i;

    ok = ok && out && takes(out, live);
    if (!live || strcmp(json_str(live, "serial", ""), json_str(old, "serial", "")) != 0)
        ok = ok && takes(out, old);
    json_array_foreach(json_list(old, "earlier"), i, one) ok = ok && takes(out, one);
    if (ok)
        return out;
    json_decref(out);
    return NULL;
}

/* Without what only the one before needs: key and chain. */
static json_t *rest_of(const json_t *old)
{
    static const char *const kept[] = { "serial",  "leaf",   "authority",  "directory",
                                        "account", "issued", "not_before", "not_after" };
    json_t *out = json_object();

    for (size_t i = 0; out && i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(old, kept[i]) &&
            !json_put(out, kept[i], json_incref(json_object_get(old, kept[i])))) {
            json_decref(out);
            return NULL;
        }
    return out;
}

bool revoke_keep(json_t *to, const json_t *old)
{
    cleanup_(json_freep) json_t *list = json_array(), *rest = rest_of(old);
    const json_t *one;
    size_t i;

    bool ok = list && rest && takes(list, rest);
    json_array_foreach(json_list(old, "earlier"), i, one)
    {
        if (json_array_size(list) < EARLIER)
            ok = ok && takes(list, one);
    }
    return ok && (!json_array_size(list) || json_put(to, "earlier", json_incref(list)));
}
