/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c - sends a batch; when a prerequisite fails, finds out which, and whether it is done already. */
#include "rfc2136.h"
#include <string.h>
#include <strings.h>

enum { RCODE_YXDOMAIN = 6, RCODE_YXRRSET = 7, RCODE_NXRRSET = 8, RCODE_NXDOMAIN = 3, LOOKS = 32 };

static int send_batch(struct fl_ctx *ctx, const char *apex, const struct fl_change *changes, size_t n,
                      int *rcode_out)
{
    struct talk t = { .what = fl_printf(ctx, "the update of %s", apex) };
    struct reply r;
    size_t count = 0;
    *rcode_out = 0;
    int code = message_update(ctx, apex, changes, n, &t.message, &t.len, &count);
    if (code != FL_OK || count == 0)
        return code;
    code = talk(ctx, &t, &r);
    if (code == FL_OK)
        *rcode_out = r.rcode;
    return code;
}

static bool prerequisite(int rcode)
{
    return rcode == RCODE_YXDOMAIN || rcode == RCODE_YXRRSET || rcode == RCODE_NXRRSET ||
           rcode == RCODE_NXDOMAIN;
}

static size_t guards(const struct fl_change *changes, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += update_guards(&changes[i]);
    return found;
}

static bool is(const char *target, const struct fl_value *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(v[i].text);
        len -= len > 1 && v[i].text[len - 1] == '.';
        if (strlen(target) == len && strncasecmp(target, v[i].text, len) == 0)
            return true;
    }
    return false;
}

/* FL_OK: nothing is in the way of this one; `*done_out`: it stands there already. */
static int judge(struct fl_ctx *ctx, const char *apex, const struct fl_change *c, bool *done_out)
{
    const char *name = message_name(ctx, c->name, apex);
    struct records alias;
    struct reply r;
    int code = talk_ask(ctx, name, FL_RR_CNAME, &r);
    if (code == FL_OK)
        code = message_records(ctx, &r, name, FL_RR_CNAME, &alias);
    if (code != FL_OK)
        return code;
    const char *target = alias.n > 0 ? alias.texts[0] : NULL;
    if (c->type != FL_RR_CNAME)
        return target
                   ? fl_fail(
                         ctx, FL_EREJECT,
                         "an alias stands at %s (to %s), and nothing can stand beside it: remove it, or use its "
                         "target's name",
                         name, target)
                   : FL_OK;
    *done_out = target && is(target, c->after, c->nafter);
    if (*done_out || (target && is(target, c->before, c->nbefore)))
        return FL_OK;
    if (target || c->nbefore > 0)
        return fl_fail(ctx, FL_ESTALE, "%s %s%s: not what was expected", name,
                       target ? "is an alias to " : "is no alias", target ? target : "");
    return r.rcode == RCODE_NXDOMAIN
               ? FL_OK
               : fl_fail(ctx, FL_EREJECT, "other records stand at %s, and an alias cannot stand beside them",
                         name);
}

/* The batch without what is done already; FL_ESTALE or FL_EREJECT by the first that cannot be. */
static int without_done(struct fl_ctx *ctx, const char *apex, const struct fl_change *changes, size_t n,
                        struct fl_change **out, size_t *n_out)
{
    struct fl_change *left = fl_alloc(ctx, (n + 1) * sizeof *left);
    size_t kept = 0;
    int code = left ? FL_OK : FL_ENOMEM;
    for (size_t i = 0; i < n && code == FL_OK; i++) {
        bool done = false;
        if (update_guards(&changes[i]))
            code = judge(ctx, apex, &changes[i], &done);
        if (code == FL_OK && !done)
            left[kept++] = changes[i];
    }
    *out = left;
    *n_out = kept;
    return code;
}

int apply_changes(struct fl_ctx *ctx, const struct fl_zone *z, const struct fl_change *changes, size_t n,
                  const char **receipt_out)
{
    struct fl_change *left = NULL;
    size_t kept = 0;
    int rcode;
    (void)receipt_out;
    int code = send_batch(ctx, z->apex, changes, n, &rcode);
    if (code != FL_OK || !prerequisite(rcode))
        return code == FL_OK ? talk_rcode(ctx, rcode, z->apex) : code;
    /* Among many it is found by halving. */
    if (guards(changes, n) > LOOKS)
        return fl_fail(ctx, FL_EREJECT, "zone %s: an alias stands, or is missing, at one of %zu names",
                       z->apex, n);
    code = without_done(ctx, z->apex, changes, n, &left, &kept);
    if (code == FL_OK && kept < n)
        code = send_batch(ctx, z->apex, left, kept, &rcode);
    return code == FL_OK ? talk_rcode(ctx, rcode, z->apex) : code;
}
