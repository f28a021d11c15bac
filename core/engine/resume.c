/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c - a record meets a configuration that may have changed since. */
#include "engine/resume.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order in which names are written is the user's business. NULL: no memory. */
static json_t *sorted(const char *const *names)
{
    size_t n = 0;

    while (names && names[n])
        n++;
    auto_free const char **v = mem_array(n + 1, sizeof *v);
    if (!v)
        return NULL;
    for (size_t i = 0; i < n; i++)
        v[i] = names[i];
    qsort(v, n, sizeof *v, by_text);
    return strv_json((const char *const *)v);
}

/* { NAME: directory } of those that it may be ordered from. NULL: no memory. */
static json_t *directories(const struct turn *t, const struct subject *s)
{
    json_t *out = json_object();

    for (const char *const *name = s->cert->authorities; out && *name; name++) {
        const struct world_authority *a = world_authority(t->w, *name);
        if (!json_put_str(out, *name, a ? a->directory : NULL)) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static bool about_certificate(const struct turn *t, json_t *out)
{
    const struct subject *s = t->task->subject;

    return json_put(out, "names", sorted(s->cert->names)) && json_put_str(out, "key", s->key) &&
           json_put_str(out, "profile", s->cert->profile) &&
           json_put(out, "solvers", strv_json(s->cert->solvers)) &&
           json_put(out, "directories", directories(t, s));
}

static bool about_host(const struct turn *t, json_t *out)
{
    const struct subject *s = t->task->subject;

    /* On its way out it is about nothing. */
    return !s || (json_put(out, "names", sorted(s->cert->names)) &&
                  json_put(out, "addresses", sorted(s->cert->addresses)));
}

static bool about_authority(const struct turn *t, json_t *out)
{
    const struct world_authority *a = world_authority(t->w, task_subject(t->task));

    return a && json_put_str(out, "directory", a->directory) && json_put_str(out, "eab", a->model->eab.kid) &&
           json_put(out, "contact", strv_json(a->model->contact));
}

/* NULL: nothing that matters, or no memory, which costs one look at what is as it was. */
static json_t *asked_now(const struct turn *t)
{
    const struct task_kind *kind = t->task->kind;
    json_t *out = json_object();
    bool ok = out && (kind == &task_kinds[KIND_CERTIFICATE] ? about_certificate(t, out)
                      : kind == &task_kinds[KIND_HOST]      ? about_host(t, out)
                                                            : about_authority(t, out));

    if (ok)
        return out;
    json_decref(out);
    return NULL;
}

bool resume_same_directory(const json_t *rec, const char *directory)
{
    return directory && strcmp(json_str(json_obj(rec, "asked"), "directory", ""), directory) == 0;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
    const json_t *in_a = json_object_get(a, key), *in_b = json_object_get(b, key);

    return in_a == in_b || json_equal(in_a, in_b);
}

/* The order under way is still one that would be made: who else may be asked, and for which chain, is the business of
 * the next one. */
static bool order_fits(const struct turn *t, const json_t *was, const json_t *is)
{
    const char *authority = json_str(t->rec, "authority", "");
    const char *then = json_str(json_obj(was, "directories"), authority, NULL);
    const char *now = json_str(json_obj(is, "directories"), authority, NULL);

    return t->task->kind == &task_kinds[KIND_CERTIFICATE] && json_obj(t->rec, "order") &&
           same(was, is, "names") && same(was, is, "key") && same(was, is, "profile") && then && now &&
           strcmp(then, now) == 0;
}

/* Proofs that no solver of the certificate's is left for, and nobody was asked to look at yet, are made anew. */
static void fit_proofs(struct turn *t)
{
    const struct subject *s = t->task->subject;
    const json_t *p;
    bool gone = false;
    size_t i;

    json_array_foreach(json_list(t->rec, "proofs"), i, p) gone =
        gone || !text_in(json_str(p, "solver", ""), s->cert->solvers);
    if (gone && t->task->step >= CERT_DEPLOY && t->task->step <= CERT_VISIBLE && proofs_over(t) == FL_OK)
        t->task->step = CERT_AUTHORIZE;
}

static void start_over(struct turn *t, bool keep)
{
    const struct judge_counts none = { 0 };

    record_set_counts(t->rec, &none);
    json_object_del(t->rec, "code");
    json_object_del(t->rec, "due");
    json_object_del(t->rec, "since");
    json_object_del(t->rec, "solver_at");
    if (keep)
        fit_proofs(t);
    else
        t->task->step = 0;
}

/* An account belongs to its authority; the key goes on, so that the account can be had back. */
static void forget_account(struct turn *t, const json_t *asked)
{
    static const char *const gone[] = { "url", "deactivated", "failing", "tested_at", "contact" };

    if (t->task->kind == &task_kinds[KIND_AUTHORITY] &&
        !resume_same_directory(t->rec, json_str(asked, "directory", "")))
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
            json_object_del(t->rec, gone[i]);
}

/* A step whose work is not in the record: written before a crash, or damaged. And what a solver held in memory is
 * put there again before anybody looks for it. */
static void fit_step(struct turn *t)
{
    struct task *k = t->task;

    if (k->step > CERT_PLAN && k->step < CERT_REST && !json_obj(t->rec, "order"))
        k->step = CERT_PLAN;
    else if (k->step >= CERT_DEPLOY && k->step <= CERT_ANSWER && !json_list(t->rec, "proofs"))
        k->step = CERT_AUTHORIZE;
    else if (k->step == CERT_VISIBLE)
        k->step = CERT_DEPLOY;
}

void resume_task(struct turn *t)
{
    const struct task_kind *kind = t->task->kind;

    if (kind == &task_kinds[KIND_ZONE] || kind == &task_kinds[KIND_HOST] ||
        (kind == &task_kinds[KIND_DELIVERY] && t->task->step == DELIVERY_RETIRE))
        t->task->step = 0;
    if (kind == &task_kinds[KIND_ZONE] || kind == &task_kinds[KIND_DELIVERY] ||
        kind == &task_kinds[KIND_CLEANUP])
        return;
    /* In a process that goes on, what stands somewhere stands there. */
    if (kind == &task_kinds[KIND_CERTIFICATE] && !t->task->renewed)
        fit_step(t);
    cleanup_(json_freep) json_t *asked = asked_now(t);
    if (!asked || json_equal(asked, json_object_get(t->rec, "asked")))
        return;
    forget_account(t, asked);
    bool keep = order_fits(t, json_obj(t->rec, "asked"), asked);
    if (json_put(t->rec, "asked", json_incref(asked)))
        start_over(t, keep);
}
