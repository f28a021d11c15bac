/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - the sink `exec`: a program of the user's own brings certificates to where they are used. */
#include "../../common/program.h"
#include "answer.h"
#include "question.h"

#include <string.h>

struct conf {
    const char *const *program, *const *operations, *const *environment;
};
static const char *const choices[] = { "deploy", "verify", "retire", "held", NULL };
static const struct fl_option options[] = {
    FL_LISTOF(struct conf, program, FL_T_STRING, FL_REQUIRED, NULL,
              "program with its arguments, never through a shell; it gets one JSON document on stdin"),
    FL_ENUMS(struct conf, operations, 0, "deploy", choices,
             "what the program is called for; the others are as if this sink could not do them"),
    FL_LISTOF(struct conf, environment, FL_T_STRING, 0, NULL,
              "environment of the program beside PATH and LANG, each as \"NAME=value\""),
    FL_END,
};

static bool does(const struct conf *c, const char *op)
{
    for (const char *const *o = c->operations; o && *o; o++)
        if (!strcmp(*o, op))
            return true;
    return false;
}
static int check(struct fl_ctx *ctx, const void *conf)
{
    const struct conf *c = conf;
    int code = program_check(ctx, c->program, c->environment);

    if (code == FL_OK && !does(c, "deploy"))
        return fl_fail(ctx, FL_ECONF, "operations lacks deploy, without which nothing is brought anywhere");
    return code;
}

/* ---- calls ---- */

static const char *const *environment(struct fl_ctx *ctx, const struct conf *c, const char *op,
                                      const char *name)
{
    const char *const own[] = { fl_printf(ctx, "FAIRLEAD_OP=%s", op),
                                fl_printf(ctx, "FAIRLEAD_NAME=%s", name),
                                fl_printf(ctx, "FAIRLEAD_SINK=%s", fl_name(ctx)), NULL };

    return program_env(ctx, own, c->environment);
}
static int ask(struct fl_ctx *ctx, const char *op, const struct fl_cert *certs, size_t n,
               const char **chain_out)
{
    const struct conf *c = fl_conf(ctx);
    __attribute__((cleanup(question_free))) char *text = NULL;
    struct fl_run run = { .argv = c->program, .apart = true, .most = ANSWER_MAX };
    struct fl_ran ran = { .output = "", .errors = "" };
    int rc;

    if (!does(c, op))
        return FL_OK;
    text = question_new(ctx, op, certs, n);
    run.env = environment(ctx, c, op, certs[0].name);
    if (!text || !run.env)
        return FL_ENOMEM;
    run.input = text;
    run.input_len = strlen(text);
    rc = fl_run(ctx, &run, &ran);
    if (rc == FL_OK || rc == FL_EREJECT)
        return answer_judge(ctx, c->program[0], &ran, certs, n, chain_out);
    if (rc == FL_ETEMP && ran.status >= 0)
        return fl_fail(ctx, rc, "%s was not done in time and was ended: raise this sink's `timeout`%s",
                       c->program[0], answer_words(ctx, ran.errors, certs, n));
    return rc;
}
static int deploy(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    return ask(ctx, "deploy", certs, n, NULL);
}
static int verify(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    return ask(ctx, "verify", certs, n, NULL);
}
static int retire(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n)
{
    return ask(ctx, "retire", certs, n, NULL);
}
static int held(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out)
{
    *chain_pem_out = NULL;
    return ask(ctx, "held", cert, 1, chain_pem_out);
}
static const struct fl_sink_ops ops = {
    .size = sizeof ops, .deploy = deploy, .verify = verify, .retire = retire, .held = held
};
FL_SINK_PLUGIN(&ops, .name = "exec", .version = "1.0",
               .summary = "a program of your own, which gets the certificates as JSON", .options = options,
               .conf_size = sizeof(struct conf), .check = check);
