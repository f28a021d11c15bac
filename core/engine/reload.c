/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c - a running engine takes up a changed configuration. */
#include "engine/reload.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/handover.h"
#include "engine/hold.h"
#include "engine/prefill.h"
#include "engine/reload_diff.h"
#include "engine/setup.h"
#include "engine/turn.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 256 * 1024, DRAIN_LEAST_MS = 35000, DRAIN_MOST_MS = 600000, LOOK_MS = 500 };

struct reload {
    struct engine *e;
    const struct reload_conf *conf;
    struct handover h;
    struct buf words;
};

static void call(const struct reload *r, void (*f)(void *arg))
{
    if (f)
        f(r->conf->arg);
}

static bool go_on(const struct reload *r) { return !r->conf->alive || r->conf->alive(r->conf->arg); }

static bool refuse(struct reload *r, const struct outcome *o)
{
    buf_addf(&r->words, "error: %s\n", o->msg);
    return false;
}

const char *engine_secret_changed(const struct world *w) { return opt_file_changed(w->model->opts.files); }

/* ---- reading and checking ------------------------------------------------------------------ */

static void add_diag(struct reload *r, struct diag *d)
{
    auto_free char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return;
    diag_print(d, f);
    if (fclose(f) == 0)
        buf_adds(&r->words, text);
}

static bool may_change(struct reload *r, const struct world *from, const struct world *to)
{
    struct outcome o;

    if (strcmp(from->model->state, to->model->state) == 0)
        return true;
    outcome_fail(&o, FL_ECONF, "state: %s instead of %s: restart needed", to->model->state,
                 from->model->state);
    return refuse(r, &o);
}

/* A file with a secret changed by itself; what else stands in the files by now may be half written. */
static bool only_secrets(struct reload *r, const struct reload_diff *diff)
{
    struct outcome o;

    if (!r->conf->secrets_only || !diff->others)
        return true;
    outcome_fail(&o, FL_ECONF,
                 "a file with a secret has changed, but so has the configuration: reload when that is ready");
    return refuse(r, &o);
}

static bool read_again(struct reload *r, struct world *from, struct world **to_out)
{
    struct reload_diff diff = { 0 };
    struct world *to = world_load_beside(r->conf->world, from);
    struct outcome o;

    if (!to) {
        outcome_nomem(&o);
        return refuse(r, &o);
    }
    *to_out = to;
    add_diag(r, to->diag);
    if (diag_errors(to->diag) || !may_change(r, from, to))
        return false;
    reload_diff(from, to, &diff);
    bool ok = only_secrets(r, &diff);
    if (ok) {
        reload_diff_restart(from->model, to->model, &r->words);
        buf_adds(&r->words, diff.changes ? buf_text(&diff.lines) : "nothing has changed\n");
    }
    buf_done(&diff.lines);
    return ok;
}

/* ---- waiting for the steps that run --------------------------------------------------------- */

static int64_t longest(const struct world *w)
{
    int64_t ms = DRAIN_LEAST_MS;

    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++) {
        const struct model_instance *mi;
        size_t n;
        struct instance **at = world_list(w, kind, &mi, &n);
        for (size_t i = 0; i < n; i++)
            if (at[i] && at[i]->open && at[i]->timeout_ms + 5000 > ms)
                ms = at[i]->timeout_ms + 5000;
    }
    return ms < DRAIN_MOST_MS ? ms : DRAIN_MOST_MS;
}

static void name_busy(void *arg, const struct task *t)
{
    struct buf *names = arg;

    if (t->busy && names->len < 200)
        buf_addf(names, "%s%.100s (%s)", names->len ? ", " : "", t->name, t->kind->steps[t->step].name);
}

static bool drain(struct reload *r, const struct world *from)
{
    int64_t end_ms = clock_mono_ms() + longest(from);
    cleanup_(buf_done) struct buf names = BUF(1024);
    struct outcome o;

    queue_pause(r->e->queue, true);
    while (!queue_drained(r->e->queue, LOOK_MS)) {
        if (go_on(r) && clock_mono_ms() < end_ms)
            continue;
        queue_each(r->e->queue, name_busy, &names);
        queue_pause(r->e->queue, false);
        outcome_fail(&o, FL_ETEMP, "steps do not come to their end, so nothing could be changed: %s",
                     buf_text(&names));
        return refuse(r, &o);
    }
    return true;
}

/* ---- the change ----------------------------------------------------------------------------- */

static int set_up(struct engine *e, struct world *w, struct outcome *o)
{
    const struct model *before = e->world->model;

    e->world = e->conf.world = w;
    queue_renew(e->queue);
    int code = setup_zones(e, o);
    if (code == FL_OK)
        code = setup_tasks(e, before, o);
    if (code == FL_OK)
        queue_renewed(e->queue);
    return code;
}

/* What was held up because of what is new now is not any more. */
static void forget_holds(struct reload *r)
{
    static const char *const kinds[] = { "", "dns", "solver", "sink" };
    char key[HOLD_KEY];

    for (enum fl_kind kind = FL_KIND_DNS; kind <= FL_KIND_SINK; kind++) {
        const struct model_instance *mi;
        size_t n;
        world_list(r->h.to, kind, &mi, &n);
        for (size_t i = 0; i < n; i++)
            if (handover_new(&r->h, kind, i)) {
                snprintf(key, sizeof key, "%s:%.100s", kinds[kind], mi[i].name);
                hold_clear(r->e->holds, key);
            }
    }
}

static enum reload_end back(struct reload *r, struct world *from, struct outcome *o)
{
    struct outcome second = { 0 };

    refuse(r, o);
    zones_free(take_ptr(r->e->zones));
    setup_free(r->e);
    if (set_up(r->e, from, &second) == FL_OK)
        return RELOAD_REFUSED;
    refuse(r, &second);
    return RELOAD_LOST;
}

/* Nobody runs a step. */
static enum reload_end change(struct reload *r, struct world *from)
{
    struct engine *e = r->e;
    struct zones *zones = take_ptr(e->zones);
    struct subject *subjects = take_ptr(e->subjects);
    struct outcome o = { 0 };
    enum reload_end end = RELOAD_DONE;

    if (set_up(e, r->h.to, &o) != FL_OK)
        end = back(r, from, &o);
    zones_free(zones);
    setup_free_list(subjects);
    if (end != RELOAD_DONE)
        return end;
    forget_holds(r);
    prefill(e, &r->h);
    handover_switch(&r->h);
    handover_end(&r->h);
    return RELOAD_DONE;
}

static enum reload_end take_up(struct reload *r, struct world **w, struct world *to)
{
    struct outcome o = { 0 };
    enum reload_end end = RELOAD_REFUSED;

    r->h = (struct handover){
        .from = *w, .to = to, .conf = r->conf->world, .alive = r->conf->alive, .arg = r->conf->arg
    };
    if (handover_begin(&r->h, &o) != FL_OK)
        refuse(r, &o);
    else if (drain(r, *w)) {
        call(r, r->conf->before);
        end = change(r, *w);
        call(r, end == RELOAD_LOST ? NULL : r->conf->after);
        if (end != RELOAD_LOST)
            queue_pause(r->e->queue, false);
    }
    if (end != RELOAD_DONE) {
        handover_undo(&r->h);
        world_free(to);
        return end;
    }
    world_free(*w);
    *w = to;
    return end;
}

enum reload_end engine_reload(struct engine *e, struct world **w, const struct reload_conf *conf,
                              char **words_out)
{
    struct reload r = { .e = e, .conf = conf, .words = BUF(WORDS) };
    enum reload_end end = RELOAD_REFUSED;
    struct world *to = NULL;

    if (go_on(&r) && read_again(&r, *w, &to))
        end = take_up(&r, w, to);
    else
        world_free(to);
    *words_out = buf_take(&r.words);
    return end;
}
