/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - requests and their replies: renew, once, quiet. */
#include "ctl/serve.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/cli.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

json_t *serve_reply(int status, const char *fmt, ...)
{
    json_t *reply = json_object();
    char msg[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    bool ok = reply && json_put_int(reply, "exit", status);
    if (ok && msg[0] && !json_put_str(reply, "msg", msg)) /* not UTF-8, or no memory */
        json_put_str(reply, "msg", "(words that cannot be shown)");
    return reply;
}

json_t *serve_failed(const struct outcome *o)
{
    bool passes = o->code == FL_EAGAIN || o->code == FL_ETEMP || o->code == FL_ERATE ||
                  o->code == FL_ENOMEM || o->code == FL_ESTALE;

    return serve_reply(passes ? EXIT_WAITING : EXIT_FAILED, "%s", o->msg);
}

void serve_log(const struct serve *s, const char *op, const char *name)
{
    log_event(LOG_LEVEL_INFO, "asked", "op", op, "name", name, "by", s->who[0] ? s->who : NULL, NULL);
}

/* ---- which certificates ------------------------------------------------------------------ */

static const char *nearest(const struct model *m, const char *name)
{
    auto_free const char **names = mem_array(m->ncertificates + 1, sizeof *names);

    for (size_t i = 0; names && i < m->ncertificates; i++)
        names[i] = m->certificates[i].name;
    return names ? text_nearest(name, names) : NULL;
}

/* One that has it among its names is what was meant, very likely. */
static const struct model_certificate *holder(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->ncertificates; i++)
        if (text_in(name, m->certificates[i].names))
            return &m->certificates[i];
    return NULL;
}

const struct model_certificate *serve_find(const struct serve *s, const char *name, json_t **no_out)
{
    const struct model *m = s->model;

    for (size_t i = 0; i < m->ncertificates; i++)
        if (strcmp(m->certificates[i].name, name) == 0)
            return &m->certificates[i];
    cleanup_(json_freep) json_t *gone = record_peek(s->store, KIND_CERTIFICATE, name);
    if (gone) {
        *no_out = serve_reply(EXIT_FAILED,
                              "`%.256s` is not in the configuration any more: put it there again, or "
                              "`fairlead forget` it",
                              name);
        return NULL;
    }
    const struct model_certificate *mc = holder(m, name);
    const char *near = mc ? mc->name : nearest(m, name);
    *no_out = near
                  ? serve_reply(EXIT_FAILED,
                                "there is no certificate `%.256s` in the configuration: did you mean `%s`?",
                                name, near)
                  : serve_reply(
                        EXIT_FAILED,
                        "there is no certificate `%.256s` in the configuration: `fairlead status` lists them",
                        name);
    return NULL;
}

/* ---- renew ------------------------------------------------------------------------------- */

static int ask_renewal(const struct serve *s, const char *task, struct outcome *o)
{
    json_t *ask = json_object();
    bool known;

    if (!ask || !json_put_str(ask, "op", "renew")) {
        json_decref(ask);
        return outcome_nomem(o);
    }
    if (!s->engine)
        return ask_put(s->store, task, ask, o);
    int code = ask_task(s->engine, task, ask, &known, o);
    return code == FL_OK && !known ? outcome_fail(o, FL_ETEMP, "%s is not at work yet: try again", task)
                                   : code;
}

static int renew_one(const struct serve *s, const struct model_certificate *mc, json_t *tasks,
                     struct outcome *o)
{
    char lineage[400], task[400];
    int code = FL_OK;

    if (s->engine)
        hurry_certificate(s->engine, mc);
    for (const char *const *key = mc->keys; code == FL_OK && *key; key++)
        if (lineage_name(mc, *key, lineage) && task_name(KIND_CERTIFICATE, lineage, task))
            code = ask_renewal(s, task, o);
    if (code == FL_OK && task_name(KIND_CERTIFICATE, mc->name, task))
        json_array_append_new(tasks, json_string(task));
    if (code == FL_OK)
        serve_log(s, "renew", mc->name);
    return code;
}

static json_t *accepted(json_t *tasks)
{
    json_t *reply = serve_reply(EXIT_DONE, "%s", "");

    json_put(reply, "tasks", tasks);
    return reply;
}

static json_t *renew(const struct serve *s, const json_t *req)
{
    const json_t *names = json_list(req, "names");
    cleanup_(json_freep) json_t *tasks = json_array();
    struct outcome o = { 0 };
    json_t *no = NULL;
    int code = FL_OK;

    for (size_t i = 0; i < json_array_size(names); i++) { /* a wrong one: none is touched */
        const char *name = json_string_value(json_array_get(names, i));
        if (!serve_find(s, name ? name : "", &no))
            return no;
    }
    for (size_t i = 0; code == FL_OK && i < json_array_size(names); i++)
        code = renew_one(s, serve_find(s, json_string_value(json_array_get(names, i)), &no), tasks, &o);
    for (size_t i = 0; code == FL_OK && json_flag(req, "all", false) && i < s->model->ncertificates; i++)
        code = renew_one(s, &s->model->certificates[i], tasks, &o);
    return code == FL_OK ? accepted(take_ptr(tasks)) : serve_failed(&o);
}

/* ---- once, quiet --------------------------------------------------------------------------- */

static json_t *once(const struct serve *s)
{
    if (s->engine)
        hurry_all(s->engine);
    serve_log(s, "once", NULL);
    return serve_reply(EXIT_DONE, "%s", "");
}

static bool asks_wait(const struct serve *s, const json_t *tasks)
{
    bool any = false;

    for (size_t i = 0; !any && i < json_array_size(tasks); i++) {
        const char *task = json_string_value(json_array_get(tasks, i));
        json_t *asks = task ? ask_waiting(s->store, task) : NULL;
        any = asks != NULL;
        json_decref(asks);
    }
    return any;
}

static json_t *quiet(const struct serve *s, const json_t *req)
{
    const json_t *tasks = json_list(req, "tasks");
    auto_free const char **list = json_strv(tasks);
    int64_t within_ms = json_int(req, "within_ms", 0);
    json_t *reply = serve_reply(EXIT_DONE, "%s", "");

    for (size_t i = 0; list && i < json_array_size(tasks); i++)
        if (!strchr(list[i], ':')) {
            json_decref(reply);
            return serve_reply(EXIT_USAGE, "`%.100s` is no task", list[i]);
        }
    if (within_ms < 0 || within_ms > 7 * 86400000LL)
        within_ms = 0;
    bool is = !s->engine || !list ||
              (!asks_wait(s, tasks) &&
               hurry_quiet(s->engine, tasks ? (const char *const *)list : NULL, clock_wall_ms() + within_ms));
    json_put_flag(reply, "quiet", is);
    return reply;
}

json_t *serve(const struct serve *s, const json_t *req)
{
    const char *op = json_str(req, "op", "");

    if (strcmp(op, "renew") == 0)
        return renew(s, req);
    if (strcmp(op, "revoke") == 0)
        return serve_revoke(s, req);
    if (strcmp(op, "account") == 0)
        return serve_account(s, req);
    if (strcmp(op, "forget") == 0)
        return serve_forget(s, req);
    if (strcmp(op, "once") == 0)
        return once(s);
    if (strcmp(op, "quiet") == 0)
        return quiet(s, req);
    return serve_reply(EXIT_USAGE, "there is no request `%.60s`", op);
}
