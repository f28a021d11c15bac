/* SPDX-License-Identifier: Apache-2.0 */
/* hurry.c - what a person asked for does not wait for pauses that were made for machines. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/hold.h"
#include "engine/turn.h"
#include "zone/domain.h"

#include <stdio.h>
#include <string.h>

/* Task names, picked under the queue's lock and poked after it. */
struct picked {
    const struct model_certificate *mc; /* NULL: of all */
    char **names;
    size_t n, cap;
};

static void pick(struct picked *p, const char *name)
{
    char *copy = mem_grow(&p->names, &p->cap, p->n + 1, sizeof *p->names) ? strdup(name) : NULL;

    if (copy)
        p->names[p->n++] = copy;
}

static void poke_picked(struct engine *e, struct picked *p, bool force)
{
    char hold[HOLD_KEY];

    for (size_t i = 0; i < p->n; i++) {
        const char *zone = strchr(p->names[i], ':') + 1, *slash = strchr(zone, '/');
        if (force && slash && text_starts(p->names[i], "zone:")) {
            snprintf(hold, sizeof hold, "dns:%.*s", (int)(slash - zone), zone);
            hold_clear(e->holds, hold);
            zone_look_soon(e->zones, zone);
        }
        queue_poke(e->queue, p->names[i], clock_wall_ms(), force);
        free(p->names[i]);
    }
    free(p->names);
}

/* Also those that an alias leads to cannot be told from here; they have pauses of an hour at most. */
static void pick_zone(void *arg, const struct task *t)
{
    struct picked *p = arg;
    const char *slash = strchr(t->name, '/');
    bool ours = false;

    if (t->kind != &task_kinds[KIND_ZONE] || !slash)
        return;
    for (const char *const *name = p->mc->names; *name && !ours; name++)
        ours = text_below(text_starts(*name, "*.") ? *name + 2 : *name, slash + 1);
    if (ours)
        pick(p, t->name);
}

static void hurry_authority(struct engine *e, const char *authority, const struct model_certificate *mc)
{
    char key[HOLD_KEY], domain[REGISTERED_DOMAIN];

    snprintf(key, sizeof key, "authority:%.100s", authority);
    hold_clear(e->holds, key);
    queue_poke(e->queue, key, clock_wall_ms(), true); /* one that is ready stays so */
    snprintf(key, sizeof key, "authority:%.100s/order", authority);
    hold_clear(e->holds, key);
    for (const char *const *name = mc->names; *name; name++) {
        registered_domain(*name, domain);
        snprintf(key, sizeof key, "authority:%.100s/order/%.255s", authority, domain);
        hold_clear(e->holds, key);
    }
}

void hurry_certificate(struct engine *e, const struct model_certificate *mc)
{
    struct picked zones = { .mc = mc };
    char subject[384], name[400];

    for (const char *const *authority = mc->authorities; *authority; authority++)
        hurry_authority(e, *authority, mc);
    for (const char *const *sink = mc->sinks; *sink; sink++) {
        snprintf(name, sizeof name, "sink:%.100s", *sink);
        hold_clear(e->holds, name);
        snprintf(subject, sizeof subject, "%.250s>%.100s", mc->name, *sink);
        if (task_name(KIND_DELIVERY, subject, name))
            queue_poke(e->queue, name, clock_wall_ms(), true);
    }
    if (task_name(KIND_HOST, mc->name, name))
        queue_poke(e->queue, name, clock_wall_ms(), true);
    queue_each(e->queue, pick_zone, &zones);
    poke_picked(e, &zones, true);
}

static void pick_main(void *arg, const struct task *t)
{
    if (t->kind == &task_kinds[KIND_CERTIFICATE] || t->kind == &task_kinds[KIND_DELIVERY] ||
        t->kind == &task_kinds[KIND_HOST])
        pick(arg, t->name);
}

void hurry_all(struct engine *e)
{
    struct picked all = { 0 };

    queue_each(e->queue, pick_main, &all);
    poke_picked(e, &all, false);
}

struct quiet {
    const char *const *tasks;
    int64_t until_ms;
    bool moving, open, pausing;
};

/* "certificate:a.example" is also its lineages and deliveries. */
static bool is_about(const char *const *tasks, const char *name)
{
    const char *subject = strchr(name, ':');

    for (; *tasks; tasks++) {
        const char *wanted = strchr(*tasks, ':');
        size_t len = strlen(wanted);
        if (strcmp(*tasks, name) == 0 ||
            (text_starts(*tasks, "certificate:") && strncmp(subject, wanted, len) == 0 &&
             (!subject[len] || subject[len] == '+' || subject[len] == '>') &&
             !text_starts(name, "authority:")))
            return true;
    }
    return false;
}

/* Something of what people want is still to be done. */
static bool is_open(const struct task *t)
{
    return (t->kind == &task_kinds[KIND_CERTIFICATE] && t->step != CERT_REST) ||
           (t->kind == &task_kinds[KIND_DELIVERY] && t->step != DELIVERY_IDLE) ||
           t->kind == &task_kinds[KIND_CLEANUP];
}

/* An authority that is not to be had just now, and of which nobody asked anything. */
static bool is_pausing(const struct task *t)
{
    return t->kind == &task_kinds[KIND_AUTHORITY] && !t->busy && !t->ready && t->due_ms > clock_wall_ms() &&
           (t->step == AUTHORITY_DIRECTORY || t->step == AUTHORITY_ACCOUNT);
}

static void look_all(void *arg, const struct task *t)
{
    struct quiet *q = arg;

    if (t->busy || t->ready || (t->due_ms <= q->until_ms && !is_pausing(t)))
        q->moving = true;
    else if (is_open(t))
        q->open = true;
}

static void look(void *arg, const struct task *t)
{
    struct quiet *q = arg;
    bool moves = t->busy || t->ready || t->due_ms <= q->until_ms;

    if (!t->busy && is_open(t)) /* nobody else writes the step now */
        q->open = true;
    if (!moves || (q->tasks ? !is_about(q->tasks, t->name) : t->kind == &task_kinds[KIND_ZONE]))
        return;
    if (!q->tasks && is_pausing(t))
        q->pausing = true;
    else
        q->moving = true;
}

bool hurry_quiet(struct engine *e, const char *const *tasks, int64_t until_ms)
{
    struct quiet q = { .tasks = tasks, .until_ms = until_ms };

    queue_each(e->queue, look, &q);
    return !q.moving && !(q.pausing && q.open);
}

bool hurry_over(struct engine *e, int64_t until_ms)
{
    struct quiet q = { .until_ms = until_ms };

    queue_each(e->queue, look_all, &q);
    return !q.moving && !q.open;
}
