/* SPDX-License-Identifier: Apache-2.0 */
/* lego.c - the calling convention of the programs that lego starts: one text added or taken away. */
#include "exec.h"

#include <string.h>

static bool holds(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}

/* Values of `from` that are not in `in`. */
static int difference(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *c, bool present)
{
    const struct fl_value *from = present ? c->after : c->before, *in = present ? c->before : c->after;
    size_t n = present ? c->nafter : c->nbefore, m = present ? c->nbefore : c->nafter;
    const char *how = present ? "present" : "cleanup";
    int code = FL_OK;

    for (size_t i = 0; i < n && code == FL_OK; i++) {
        const char *const more[] = { how, fl_printf(ctx, "%s%s%s.", c->name, *c->name ? "." : "", zone->apex),
                                     from[i].text, NULL };
        json_t *answer;
        if (!holds(in, m, from[i].text))
            code = exec_run(ctx, how, more, NULL, &answer);
    }
    return code;
}

int lego_apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (changes[i].type != FL_RR_TXT)
            return fl_fail(
                ctx, FL_EREJECT, "by lego's convention only TXT is written, and %s%s%s has type %s",
                changes[i].name, *changes[i].name ? "." : "", zone->apex, zone_type(ctx, changes[i].type));
    for (size_t i = 0; i < n; i++) {
        int code = difference(ctx, zone, &changes[i], false);
        if (code == FL_OK)
            code = difference(ctx, zone, &changes[i], true);
        if (code != FL_OK)
            return code;
    }
    return FL_OK;
}
