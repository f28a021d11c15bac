/* SPDX-License-Identifier: Apache-2.0 */
/* order_line.c - new orders that an authority does not take just now: those whose certificates end soonest go first. */
#include "engine/ask.h"
#include "engine/line.h"
#include "engine/steps.h"

#include <string.h>

/* Who is not the first is woken by those before it; should that never be, it comes by itself. */
static const int64_t ALONE_MS = 4 * 3600000LL;
/* Those that have none yet: nothing gets worse while they wait. */
static const int64_t NEW = INT64_MAX, NEW_AND_ASKED = INT64_MAX - 1;

static int64_t urgent(const struct turn *t)
{
    return json_int(json_obj(t->rec, "live"), "not_after", ask_is(t->rec, "renew") ? NEW_AND_ASKED : NEW);
}

bool order_line_before(const struct turn *t, const char *key)
{
    return !t->task->asked && line_before(t->e->line, key, t->task->name, urgent(t), t->now_ms);
}

/* Those that are not there any more are passed over. True: it is this task itself. */
static bool wake_first(const struct turn *t, const char *key, int64_t at_ms)
{
    char first[LINE_NAME], of[HOLD_KEY];

    while (line_first(t->e->line, key, first)) {
        if (strcmp(first, t->task->name) == 0)
            return true;
        if (queue_poke(t->e->queue, first, at_ms, false))
            return false;
        line_leave(t->e->line, first, of);
    }
    return false;
}

static void leave(struct turn *t, bool through)
{
    char key[HOLD_KEY];

    line_leave(t->e->line, t->task->name, key);
    t->task->lined = false;
    if (key[0])
        wake_first(t, key, t->now_ms + (through ? line_passed(t->e->line, key) : 0));
}

static void stand(struct turn *t, const struct verdict *v, struct turned *end)
{
    int64_t alone_ms = v->at_ms + (int64_t)((1.5 + turn_jitter(t->task->name, 0) / 2) * (double)ALONE_MS);
    char left[HOLD_KEY];

    t->task->lined = line_join(t->e->line, t->limited, t->task->name, urgent(t), alone_ms, left);
    if (left[0])
        wake_first(t, left, t->now_ms);
    if (!t->task->lined)
        return;
    if (v->code == FL_ERATE)
        line_refused(t->e->line, t->limited, v->at_ms - t->now_ms);
    end->due_ms = wake_first(t, t->limited, v->at_ms) ? v->at_ms : alone_ms;
    end->wake = WAKE_BY_NAME;
}

void order_line(struct turn *t, const struct verdict *v, struct turned *end)
{
    bool waits = t->limited[0] && (v->code == FL_EAGAIN || v->code == FL_ERATE) && v->at_ms != JUDGE_NEVER;

    if (waits)
        stand(t, v, end);
    else if (t->task->lined)
        leave(t, v->code == FL_OK);
}
