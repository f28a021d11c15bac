/* SPDX-License-Identifier: Apache-2.0 */
/* zone_task.c - the steps of a zone task: rounds of write, settle and look; idle tells when the next is due. */
#include "base/log.h"
#include "engine/steps.h"

int zone_task_find(struct turn *t) { return zone_find_step(t->e->zones, task_subject(t->task), &t->out); }

/* "Not yet" of one part must not keep the others waiting: the round goes on, and idle knows when to come back. */
static int go_on(struct turn *t, int code) { return code == FL_EAGAIN ? outcome_ok(&t->out) : code; }

int zone_task_write(struct turn *t)
{
    return go_on(t, zone_write_step(t->e->zones, task_subject(t->task), &t->out));
}

int zone_task_settle(struct turn *t)
{
    return go_on(t, zone_settle_step(t->e->zones, task_subject(t->task), &t->out));
}

int zone_task_look(struct turn *t)
{
    int code = go_on(t, zone_look_step(t->e->zones, task_subject(t->task), &t->out));
    int64_t next_ms = 0;

    if (code == FL_OK && t->out.msg[0])
        log_event(LOG_LEVEL_WARN, "zone-not-seen", "zone", task_subject(t->task), "msg", t->out.msg, NULL);
    if (code == FL_OK && zone_idle(t->e->zones, task_subject(t->task), &next_ms))
        t->at_ms = next_ms ? next_ms : JUDGE_NEVER;
    return code;
}

int zone_task_idle(struct turn *t)
{
    (void)t;
    return FL_OK;
}
