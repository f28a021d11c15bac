/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - worker threads. Threads are never cancelled: a stuck one is replaced and left alone. */
#include "engine/pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/turn.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS_MAX = 64, STUCK_MAX = 4, STACK = 512 * 1024, JOIN_MS = 10000 };

struct pool {
    struct engine *e;
    unsigned wanted;
    pthread_t threads[WORKERS_MAX + STUCK_MAX];
    unsigned n, told;
    unsigned added; /* for those that were stuck: they stay when the call has come back */
    pthread_mutex_t tell;
};

static void *work(void *arg)
{
    struct engine *e = arg;
    struct task *t;

    while ((t = queue_take(e->queue))) {
        struct turned end = turn_run(e, t);
        if (end.gone)
            queue_drop(e->queue, t);
        else
            queue_put(e->queue, t, end.due_ms, end.wake);
    }
    queue_leave(e->queue);
    return NULL;
}

int pool_new(struct engine *e, unsigned n, struct pool **out, struct outcome *o)
{
    struct pool *p = calloc(1, sizeof *p);

    if (!p)
        return outcome_nomem(o);
    p->e = e;
    p->wanted = n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
    pthread_mutex_init(&p->tell, NULL);
    *out = p;
    return FL_OK;
}

/* Signals are main's business: workers are born with all of them blocked. */
static bool add_worker(struct pool *p)
{
    sigset_t all, before;
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&p->threads[p->n], &attr, work, p->e) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (ok)
        p->n++;
    return ok;
}

int pool_start(struct pool *p, struct outcome *o)
{
    while (p->n < p->wanted)
        if (!add_worker(p))
            return outcome_fail(o, FL_ENOMEM, "only %u of %u workers could be started", p->n, p->wanted);
    return FL_OK;
}

static unsigned overdue(struct instance *const *v, size_t n, bool tell)
{
    unsigned found = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t age_ms, allowed_ms;
        if (!v[i] || !lane_longest(v[i]->lane, &age_ms, &allowed_ms) || age_ms < 2 * allowed_ms)
            continue;
        found++;
        if (!tell)
            continue;
        char age[16];
        clock_span(age_ms, age);
        log_event(LOG_LEVEL_ERROR, "call-stuck", "plugin", v[i]->who, "for", age, NULL);
    }
    return found;
}

static unsigned overdue_of_all(const struct world *w, bool tell)
{
    return overdue(w->dns, w->model->ndns, tell) + overdue(w->solvers, w->model->nsolvers, tell) +
           overdue(w->sinks, w->model->nsinks, tell);
}

bool pool_watch(struct pool *p)
{
    unsigned stuck = overdue_of_all(p->e->world, false);

    if (stuck > p->told)
        overdue_of_all(p->e->world, true);
    p->told = stuck;
    for (; p->added < stuck && p->added < STUCK_MAX; p->added++)
        if (!add_worker(p))
            break;
    return stuck < STUCK_MAX;
}

bool pool_join(struct pool *p)
{
    /* pthread_join() has no end of its own, so they say before that they are on their way out. */
    if (!queue_left(p->e->queue, p->n, JOIN_MS))
        return false;
    for (unsigned i = 0; i < p->n; i++)
        pthread_join(p->threads[i], NULL);
    p->n = 0;
    return true;
}

void pool_free(struct pool *p)
{
    if (p)
        pthread_mutex_destroy(&p->tell);
    free(p);
}

void pool_tell(struct pool *p, const struct engine_conf *conf, const struct progress *progress)
{
    pthread_mutex_lock(&p->tell);
    conf->progress(conf->arg, progress);
    pthread_mutex_unlock(&p->tell);
}
