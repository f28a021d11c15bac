/* SPDX-License-Identifier: Apache-2.0 */
/* calm.c - looks at a certificate that rests: most find all as it was, and read nothing to see it. */
#include "base/mem.h"
#include "engine/steps.h"

#include <string.h>

void calm_free(struct calm *c)
{
    if (!c)
        return;
    free(c->authority);
    free(c->cert_id);
    free(c->key);
    free(c);
}

/* Without memory the next look reads the record again. */
static void keep(struct turn *t, int64_t until_at)
{
    const json_t *live = json_obj(t->rec, "live");
    struct calm *c = calloc(1, sizeof *c);

    if (c && ari_calm(t, c) && (c->authority = strdup(json_str(live, "authority", ""))) &&
        (c->cert_id = strdup(json_str(live, "cert_id", ""))) &&
        (c->key = strdup(json_str(live, "key", "")))) {
        c->until_at = until_at;
        t->task->calm = c;
        return;
    }
    calm_free(c);
}

/* By its record, as `plan` would find it. */
static bool by_record(struct turn *t)
{
    const struct subject *s = t->task->subject;
    int64_t renew_at = 0, look_at = 0, again_at = drop_try_at(t->rec, s);

    if (json_object_get(t->rec, "order") || json_object_get(t->rec, "waste") ||
        live_lacks(t->rec, s, t->now_ms / 1000, &renew_at) || drop_due(t) ||
        key_lost(t, json_str(json_obj(t->rec, "live"), "key", "")) || !ari_still(t, &look_at))
        return false;
    if (again_at && again_at < renew_at)
        renew_at = again_at;
    t->at_ms = rest_look_ms(t, renew_at, look_at);
    keep(t, renew_at);
    return true;
}

bool cert_still(struct turn *t)
{
    struct calm *c = t->task->calm;

    if (clock_trusted(t, NULL) != FL_OK)
        return false;
    if (c && t->now_ms / 1000 < c->until_at && !key_lost(t, c->key) && ari_same(t, c)) {
        t->at_ms = rest_look_ms(t, c->until_at, c->look_at);
        return true;
    }
    calm_free(take_ptr(t->task->calm));
    return turn_view(t) && by_record(t);
}
