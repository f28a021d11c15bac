/* SPDX-License-Identifier: Apache-2.0 */
/* zone_task.c - the steps of a zone task: rounds of write, settle and look; idle tells when the next is due. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/steps.h"

static const char *key_of(const struct turn *t) { return task_subject(t->task); }

/* ---- what the record knows of the zone ----------------------------------------------------- */

/* What others wait for, and what has to outlive the process: only a change is worth a write. */
static int note_facts(struct turn *t)
{
    cleanup_(json_freep) json_t *facts = zone_facts(t->e->zones, key_of(t));

    if (!facts)
        return outcome_nomem(&t->out);
    if (json_equal(facts, json_object_get(t->rec, "zone")))
        return FL_OK;
    t->news = true;
    return json_put(t->rec, "zone", json_incref(facts)) ? FL_OK : outcome_nomem(&t->out);
}

static void tell(struct turn *t, enum log_level level, const char *event, const char *msg)
{
    record_event(t->rec, t->now_ms / 1000, event, msg);
    log_event(level, event, "zone", key_of(t), "msg", msg, NULL);
}

/* A step's own code goes before what became of the note. */
static int noted(struct turn *t, int code)
{
    struct outcome o = t->out;
    int after = note_facts(t);

    if (code == FL_OK)
        return after;
    t->out = o;
    return code;
}

/* ---- find and create ------------------------------------------------------------------------ */

int zone_task_find(struct turn *t) { return noted(t, zone_find_step(t->e->zones, key_of(t), &t->out)); }

static int make(struct turn *t)
{
    int code = note_facts(t);

    if (code == FL_OK)
        code = turn_save(t); /* that it is ours is known whenever we are killed */
    if (code == FL_OK)
        code = zone_make(t->e->zones, key_of(t), &t->out);
    if (code == FL_OK)
        tell(t, LOG_LEVEL_INFO, "zone-made", "it was missing");
    return code;
}

int zone_task_create(struct turn *t)
{
    const char *before = json_str(json_obj(t->rec, "zone"), "why", "");
    bool told = before[0];

    if (zone_is_there(t->e->zones, key_of(t)))
        return FL_OK;
    int code = zone_make_check(t->e->zones, key_of(t), &t->out);
    if (code == FL_EAGAIN && !told) {
        cleanup_(json_freep) json_t *facts = zone_facts(t->e->zones, key_of(t));
        const char *lacks = json_str(facts, "lacks", NULL);
        tell(t, LOG_LEVEL_WARN, "zone-not-made", t->out.msg);
        if (lacks)
            tell(t, LOG_LEVEL_WARN, "zone-lacks", lacks);
    }
    return noted(t, code == FL_OK ? make(t) : code);
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* "Not yet" of one part must not keep the others waiting: the round goes on, and idle knows when to come back. */
static int go_on(struct turn *t, int code) { return code == FL_EAGAIN ? outcome_ok(&t->out) : code; }

int zone_task_write(struct turn *t) { return go_on(t, zone_write_step(t->e->zones, key_of(t), &t->out)); }

int zone_task_settle(struct turn *t) { return go_on(t, zone_settle_step(t->e->zones, key_of(t), &t->out)); }

int zone_task_look(struct turn *t)
{
    int code = go_on(t, zone_look_step(t->e->zones, key_of(t), &t->out));

    if (code == FL_OK && t->out.msg[0])
        log_event(LOG_LEVEL_WARN, "zone-not-seen", "zone", key_of(t), "msg", t->out.msg, NULL);
    return code;
}

/* ---- delegation ------------------------------------------------------------------------------ */

/* Once for each thing that was found out: a warning where it is not right. */
int zone_task_delegation(struct turn *t)
{
    bool news = false;
    int code = zone_delegation_step(t->e->zones, key_of(t), &news, &t->out);

    if (code == FL_OK && news) {
        cleanup_(json_freep) json_t *facts = zone_facts(t->e->zones, key_of(t));
        bool right = json_object_get(facts, "right_at") != NULL;
        if (!right || json_object_get(t->rec, "zone"))
            tell(t, right ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "zone-delegation", t->out.msg);
    }
    if (code != FL_OK)
        return code;
    outcome_ok(&t->out);
    return note_facts(t);
}

/* The registrar is another instance: that it fails holds up nothing of this one's. It is asked again with the next look. */
int zone_task_registrar(struct turn *t)
{
    bool done = false;
    int64_t next_ms = 0;
    int code = zone_registrar_step(t->e->zones, key_of(t), &done, &t->out);

    if (code == FL_ECANCEL || code == FL_ENOMEM)
        return code;
    if (done)
        tell(t, LOG_LEVEL_INFO, "zone-registrar", "the registrar took its name servers");
    else if (code != FL_OK)
        tell(t, LOG_LEVEL_WARN, "zone-registrar", t->out.msg);
    outcome_ok(&t->out);
    code = note_facts(t);
    if (code == FL_OK && zone_idle(t->e->zones, key_of(t), &next_ms))
        t->at_ms = next_ms ? next_ms : JUDGE_NEVER;
    return code;
}

int zone_task_idle(struct turn *t)
{
    (void)t;
    return FL_OK;
}
