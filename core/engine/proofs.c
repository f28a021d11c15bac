/* SPDX-License-Identifier: Apache-2.0 */
/* proofs.c - the challenges of an order, as the solvers' plugins see them. */
#include "base/mem.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

bool proofs_of(const json_t *list, const char *solver, struct proofs *out)
{
    struct fl_challenge *v = mem_array(json_array_size(list) + 1, sizeof *v);
    size_t n = 0, i;
    const json_t *p;

    if (!v)
        return false;
    json_array_foreach(list, i, p) if (strcmp(json_str(p, "solver", ""), solver) == 0) v[n++] =
        (struct fl_challenge){ .type = json_str(p, "type", ""),
                               .identifier = json_str(p, "identifier", ""),
                               .ip = json_flag(p, "ip", false),
                               .wildcard = json_flag(p, "wildcard", false),
                               .token = json_str(p, "token", ""),
                               .key_auth = json_str(p, "key_auth", ""),
                               .digest = json_str(p, "digest", ""),
                               .account_url = json_str(p, "account", ""),
                               .json = json_str(p, "json", ""),
                               .ref = "" };
    *out = (struct proofs){ .at = v, .n = n };
    return true;
}

void proofs_done(struct proofs *p)
{
    free(p->at);
    *p = (struct proofs){ 0 };
}

static int one_call(struct turn *t, struct instance *i, const char *owner, enum proof_op op,
                    const struct proofs *p, struct outcome *o)
{
    const struct fl_solver_ops *ops = &i->plugin->ops.solver;
    struct call c;
    int code = call_begin(&c, i, owner, 0, o);

    (void)t;
    if (code != FL_OK)
        return code;
    if (op == PROOF_DEPLOY)
        code = ops->deploy(c.ctx, p->at, p->n);
    else if (op == PROOF_READY)
        code = ops->ready(c.ctx, p->at, p->n);
    else
        code = ops->withdraw(c.ctx, p->at, p->n);
    return call_end(&c, code, o);
}

/* A failure outweighs a wait, a wait outweighs success. */
static bool worse(int code, int than)
{
    if (code == FL_OK)
        return false;
    return than == FL_OK || (than == FL_EAGAIN && code != FL_EAGAIN);
}

/* True for the first proof that names this solver: each solver is called once. */
static bool first_of_solver(const json_t *list, size_t at)
{
    const char *solver = json_str(json_array_get(list, at), "solver", "");

    for (size_t i = 0; i < at; i++)
        if (strcmp(json_str(json_array_get(list, i), "solver", ""), solver) == 0)
            return false;
    return true;
}

int proofs_call(struct turn *t, const json_t *list, const char *owner, enum proof_op op)
{
    int worst = FL_OK;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *solver = json_str(json_array_get(list, i), "solver", "");
        struct instance *instance = world_find(t->w, FL_KIND_SOLVER, solver);
        cleanup_(proofs_done) struct proofs p = { 0 };
        struct outcome o = { 0 };
        if (!first_of_solver(list, i))
            continue;
        if (!proofs_of(list, solver, &p))
            return outcome_nomem(&t->out);
        int code = instance
                       ? one_call(t, instance, owner, op, &p, &o)
                       : outcome_fail(&o, FL_ECONF, "solver %s is not in the configuration any more", solver);
        if (worse(code, worst)) {
            worst = code;
            t->out = o;
            snprintf(t->held, sizeof t->held, "solver:%.100s", solver);
        }
    }
    return worst;
}
