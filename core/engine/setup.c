/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - tasks from the configuration, and from what an earlier run left behind. */
#include "engine/setup.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/ask.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

static const struct subject *add_subject(struct engine *e, const struct model_certificate *mc,
                                         const char *key, const char *sink)
{
    struct subject *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    *s = (struct subject){ .cert = mc, .key = key, .sink = sink, .next = e->subjects };
    e->subjects = s;
    return s;
}

void setup_free_list(struct subject *first)
{
    for (struct subject *s = first, *next; s; s = next) {
        next = s->next;
        free(s);
    }
}

void setup_free(struct engine *e) { setup_free_list(take_ptr(e->subjects)); }

/* `s` NULL where the kind is about nothing of the model's; otherwise there was no memory for it. */
static bool add_task(struct engine *e, int kind, const char *subject, const struct subject *s, int64_t due_ms)
{
    char name[400];
    return (s || kind == KIND_AUTHORITY) && task_name(kind, subject, name) &&
           queue_add(e->queue, &task_kinds[kind], name, s, due_ms);
}

static bool add_certificate(struct engine *e, const struct model_certificate *mc, int64_t now_ms)
{
    bool ok = true, deliver = !e->conf.no_delivery;
    char name[400];

    for (const char *const *key = mc->keys; ok && *key; key++)
        ok = lineage_name(mc, *key, name) &&
             add_task(e, KIND_CERTIFICATE, name, add_subject(e, mc, *key, NULL), now_ms);
    for (const char *const *sink = mc->sinks; ok && deliver && *sink; sink++)
        ok = snprintf(name, sizeof name, "%.250s>%.100s", mc->name, *sink) > 0 &&
             add_task(e, KIND_DELIVERY, name, add_subject(e, mc, NULL, *sink), now_ms);
    if (ok && mc->addresses)
        ok = add_task(e, KIND_HOST, mc->name, add_subject(e, mc, NULL, NULL), now_ms);
    return ok;
}

/* Authorities sleep until a certificate needs them: a start with nothing due asks nobody. */
static bool add_authorities(struct engine *e)
{
    const struct model *m = e->world->model;
    bool ok = true;

    for (size_t i = 0; ok && i < m->nauthorities; i++)
        ok = add_task(e, KIND_AUTHORITY, m->authorities[i].name, NULL, QUEUE_NEVER);
    return ok;
}

static bool in_model(const struct model *m, const char *lineage)
{
    char name[400];

    for (size_t i = 0; m && i < m->ncertificates; i++)
        for (const char *const *key = m->certificates[i].keys; *key; key++)
            if (lineage_name(&m->certificates[i], *key, name) && strcmp(name, lineage) == 0)
                return true;
    return false;
}

static bool has_certificate(const struct engine *e, const char *lineage)
{
    char name[400];

    if (task_name(KIND_CERTIFICATE, lineage, name) && queue_has(e->queue, name))
        return true;
    return e->conf.only && in_model(e->world->model, lineage);
}

/* Gone from the file, but with an order under way: its proofs are taken away; the certificate itself stays. */
static int orphan(struct engine *e, const struct model *before, const char *key, struct outcome *o)
{
    const char *lineage = strchr(key, ':') + 1;
    struct task t = { .name = (char *)(uintptr_t)key, .kind = &task_kinds[KIND_CERTIFICATE] };
    cleanup_(json_freep) json_t *rec = NULL;

    if (has_certificate(e, lineage))
        return FL_OK;
    if (!before || in_model(before, lineage)) /* told at a start and when it went, not at every reload */
        log_event(LOG_LEVEL_WARN, "orphan", "certificate", lineage, "msg",
                  "not in the configuration any more: not renewed", NULL);
    int code = record_load(e->world->store, &t, &rec, o);
    json_t *order = json_object_get(rec, "order");
    if (code != FL_OK || (!json_list(order, "authorizations") && !json_list(rec, "proofs")))
        return code;
    code = cleanup_start(e, key, rec, true, o);
    json_object_del(rec, "proofs");
    json_object_del(order, "authorizations");
    return code == FL_OK ? record_save(e->world->store, &t, rec, o) : code;
}

/* Its addresses are not in the configuration any more, or its certificate: they leave, with grace. */
static int leave(struct engine *e, const char *key, struct outcome *o)
{
    const char *name = strchr(key, ':') + 1;
    const struct model *m = e->world->model;

    for (size_t i = 0; i < m->ncertificates; i++)
        if (m->certificates[i].addresses && strcmp(m->certificates[i].name, name) == 0)
            return FL_OK; /* it has a task, or is not among those that are run now */
    return queue_add(e->queue, &task_kinds[KIND_HOST], key, NULL, clock_wall_ms()) ? FL_OK : outcome_nomem(o);
}

/* Was it delivered to a sink that its certificate has no more, and is it to be taken away there? */
static const struct model_certificate *retired(const struct engine *e, const char *name,
                                               const char **sink_out)
{
    const struct model *m = e->world->model;
    const char *gt = strchr(name, '>');

    for (size_t i = 0; gt && i < m->ncertificates; i++) {
        const struct model_certificate *mc = &m->certificates[i];
        const struct model_instance *sink = model_find(m, FL_KIND_SINK, gt + 1);
        if (!mc->retire || !sink || strlen(mc->name) != (size_t)(gt - name) ||
            strncmp(mc->name, name, (size_t)(gt - name)) != 0 || text_in(gt + 1, mc->sinks))
            continue;
        *sink_out = sink->name;
        return mc;
    }
    return NULL;
}

/* The sink may have no other certificate, and then it is not open; if it cannot be, the task will say so. */
static int retire(struct engine *e, const char *key, struct outcome *o)
{
    const char *sink = NULL;

    if (queue_has(e->queue, key)) /* it has that sink */
        return FL_OK;
    const struct model_certificate *mc = retired(e, strchr(key, ':') + 1, &sink);
    const struct subject *s = mc ? add_subject(e, mc, NULL, sink) : NULL;
    struct instance *i = mc ? world_find(e->world, FL_KIND_SINK, sink) : NULL;
    struct task *t = s ? queue_add(e->queue, &task_kinds[KIND_DELIVERY], key, s, QUEUE_NEVER) : NULL;

    if (!mc)
        return FL_OK;
    if (!t)
        return outcome_nomem(o);
    if (i && instance_open(i, o) != FL_OK)
        log_event(LOG_LEVEL_WARN, "not-open", "sink", sink, "msg", o->msg, NULL);
    t->step = DELIVERY_RETIRE;
    t->loaded = true;
    t->renewed = false;
    queue_poke(e->queue, key, clock_wall_ms(), true);
    return FL_OK;
}

/* What is known of a zone is known before anybody asks for it; its task looks when that is due. */
static int recall_zone(struct engine *e, const char *key, struct outcome *o)
{
    const char *zone = strchr(key, ':') + 1;
    struct task known = { .name = (char *)(uintptr_t)key, .kind = &task_kinds[KIND_ZONE] };
    cleanup_(json_freep) json_t *rec = NULL;
    int64_t due_ms = 0;
    int code = record_load(e->world->store, &known, &rec, o);

    if (code != FL_OK)
        return code;
    /* Of one that was wanted, and is not made, only those know who may want it still. */
    if (json_flag(json_obj(rec, "zone"), "make", false) && !json_flag(json_obj(rec, "zone"), "making", false))
        return record_remove(e->world->store, &known, o);
    if (!json_obj(rec, "zone") || !zone_recall(e->zones, zone, json_obj(rec, "zone"), &due_ms) ||
        queue_has(e->queue, key))
        return FL_OK;
    return queue_add(e->queue, &task_kinds[KIND_ZONE], key, NULL, due_ms) ? FL_OK : outcome_nomem(o);
}

static int left_over(struct engine *e, const struct model *before, const char *key, struct outcome *o)
{
    if (text_starts(key, "zone:"))
        return recall_zone(e, key, o);
    if (text_starts(key, "cleanup:"))
        return queue_add(e->queue, &task_kinds[KIND_CLEANUP], key, NULL, clock_wall_ms()) ? FL_OK
                                                                                          : outcome_nomem(o);
    if (text_starts(key, "certificate:"))
        return orphan(e, before, key, o);
    if (text_starts(key, "host:"))
        return leave(e, key, o);
    if (text_starts(key, "ask:"))
        return ask_left(e, strchr(key, ':') + 1, o);
    return text_starts(key, "delivery:") ? retire(e, key, o) : FL_OK;
}

/* What is wrong with one of them holds up no other. */
static int left_overs(struct engine *e, const struct model *before, struct outcome *o)
{
    char **keys = NULL;
    int code = store_list(e->world->store, STORE_CERTS, &keys, o);

    for (char **k = keys; code == FL_OK && *k; k++) {
        code = left_over(e, before, *k, o);
        if (code != FL_OK && code != FL_ENOMEM) {
            log_event(LOG_LEVEL_ERROR, "left-over", "key", *k, "msg", o->msg, NULL);
            code = FL_OK;
        }
    }
    store_keys_free(keys);
    return code;
}

/* Is anything of this owner's still under way? Its record knows. */
static bool still_wants(struct engine *e, const char *owner)
{
    const char *name = strchr(owner, ':');
    int kind = text_starts(owner, "host:") ? KIND_HOST : KIND_CERTIFICATE;

    if (!name)
        return false;
    if (kind == KIND_HOST) {
        for (size_t i = 0; i < e->world->model->ncertificates; i++)
            if (e->world->model->certificates[i].addresses &&
                strcmp(e->world->model->certificates[i].name, name + 1) == 0)
                return true;
        return queue_has(e->queue, owner);
    }
    cleanup_(json_freep) json_t *rec = record_peek(e->world->store, kind, name + 1);
    return json_array_size(json_list(rec, "proofs")) > 0;
}

/* What a crash left in the zones is taken away, unless somebody still needs it or a cleanup is on its way. */
static int disown(struct engine *e, struct outcome *o)
{
    char **owners = NULL;
    int code = zones_load(e->zones, o);

    if (code != FL_OK &&
        code != FL_ENOMEM) /* one journal is damaged: the others are loaded, and work goes on */
        log_event(LOG_LEVEL_ERROR, "journal-not-read", "msg", o->msg, NULL);
    if (code != FL_ENOMEM)
        code = zones_owners(e->zones, &owners, o);
    for (char **owner = owners; code == FL_OK && *owner; owner++)
        if (!still_wants(e, *owner))
            code = zones_disown(e->zones, *owner, o);
    for (char **owner = owners; owner && *owner; owner++)
        free(*owner);
    free(owners);
    return code;
}

int setup_tasks(struct engine *e, const struct model *before, struct outcome *o)
{
    const struct model *m = e->world->model;
    int64_t now_ms = clock_wall_ms();
    bool ok = add_authorities(e);

    for (size_t i = 0; ok && i < m->ncertificates; i++)
        if (!e->conf.only || text_in(m->certificates[i].name, e->conf.only))
            ok = add_certificate(e, &m->certificates[i], now_ms);
    if (!ok)
        return outcome_nomem(o);
    ask_wake(e);
    authority_wake(e);
    int code = left_overs(e, before, o);
    return code == FL_OK ? disown(e, o) : code;
}
