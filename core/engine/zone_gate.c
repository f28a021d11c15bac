/* SPDX-License-Identifier: Apache-2.0 */
/* zone_gate.c - what a certificate waits for before it asks an authority: the zones that its names are proved in. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

/* dns-01's own `providers`, which the core reads as references only. NULL: it has none, or there is no memory. */
static const char **providers_of(const struct instance *i, const struct model *m)
{
    const struct model_instance *mi = model_find(m, FL_KIND_SOLVER, i->name);
    const struct conf_node *node = mi && mi->node ? conf_get(mi->node, "providers") : NULL;
    const struct conf_node *n = node && node->kind == CONF_LIST ? node->first : node;
    size_t count = 0, at = 0;

    for (const struct conf_node *c = n; c; c = node->kind == CONF_LIST ? c->next : NULL)
        count += c->kind == CONF_STRING;
    const char **list = count ? mem_array(count + 1, sizeof *list) : NULL;
    for (; list && n; n = node->kind == CONF_LIST ? n->next : NULL)
        if (n->kind == CONF_STRING)
            list[at++] = n->text;
    return list;
}

static bool can_solve(const struct instance *i, bool wildcard, bool ip)
{
    unsigned flags = i->plugin->ops.solver.flags;

    return (!wildcard || (flags & FL_SOLVES_WILDCARD)) && (!ip || (flags & FL_SOLVES_IP));
}

static int by_record(struct turn *t, const struct instance *i, const char *name)
{
    auto_free const char **providers = providers_of(i, t->w->model);
    char proof[300];

    snprintf(proof, sizeof proof, "_acme-challenge.%.253s", name);
    return zones_ready(t->e->zones, proof, (const char *const *)providers, &t->out);
}

/* One way that is open will do: the step `authorize` passes over those that are not. */
static int name_in_order(struct turn *t, const char *name, const char *const *solvers)
{
    bool wildcard = text_starts(name, "*."), v6, ip;
    char address[46];
    struct outcome wait = { 0 };

    name += wildcard ? 2 : 0;
    ip = text_ip(name, address, &v6);
    for (; solvers && *solvers; solvers++) {
        const struct instance *i = world_find(t->w, FL_KIND_SOLVER, *solvers);
        if (!i || !can_solve(i, wildcard, ip))
            continue;
        if (!(i->plugin->ops.solver.flags & FL_NEEDS_ZONE))
            return outcome_ok(&t->out);
        int code = by_record(t, i, name);
        if (code != FL_EAGAIN)
            return code;
        wait = t->out;
    }
    t->out = wait;
    return wait.code;
}

int zones_in_order(struct turn *t)
{
    const struct subject *s = t->task->subject;
    int code = FL_OK;

    for (const char *const *name = s->cert->names; *name && code == FL_OK; name++)
        if (!drop_is(t->rec, s, *name))
            code = name_in_order(t, *name, s->cert->solvers);
    return code;
}
