/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.c - the steps of a delivery task: one certificate, all its lineages, at one sink. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"
#include "engine/steps.h"
#include "plugin/lane.h"

#include <stdio.h>
#include <string.h>

static const int64_t DAY_MS = 24 * 60 * 60 * 1000LL;

static bool add_live(const struct subject *s, const json_t *live, const char *pem,
                     struct deliver_request *req)
{
    auto_free const char **names = json_strv(json_list(live, "names"));
    const struct fl_cert cert = { .name = s->cert->name,
                                  .file_name = s->cert->file_name,
                                  .key_type = json_str(live, "key_type", ""),
                                  .serial = json_str(live, "serial", ""),
                                  .identifiers = (const char *const *)names,
                                  .leaf_pem = json_str(live, "leaf", ""),
                                  .chain_pem = json_str(live, "chain", ""),
                                  .key_pem = pem,
                                  .not_before_at = json_int(live, "not_before", 0),
                                  .not_after_at = json_int(live, "not_after", 0),
                                  .ref = "" };
    return names && deliver_request_add(req, &cert);
}

/* The steps of one turn look at the same record: read once. *out, borrowed, is NULL where there is none. */
static int look_at(struct turn *t, const char *name, const json_t **out)
{
    json_t *rec = json_object_get(t->looked, name);

    *out = NULL;
    if (!rec) {
        int code = record_look(t->w->store, KIND_CERTIFICATE, name, &rec, &t->out);
        if (code != FL_OK || !rec)
            return code;
        if (!t->looked && !(t->looked = json_object())) {
            json_decref(rec);
            return outcome_nomem(&t->out);
        }
        if (!json_put(t->looked, name, rec))
            return outcome_nomem(&t->out);
    }
    *out = rec;
    return FL_OK;
}

/* One lineage into the request; `serials` collects what was put in. Without a key for anything but deploy. A lineage
 * that cannot be read is not one that is not there: the sink would take its files away. */
static int add_lineage(struct turn *t, const struct subject *s, const char *key_type,
                       struct deliver_request *req, json_t *serials)
{
    char name[400];
    char *pem = NULL;
    const json_t *rec = NULL;
    int code = lineage_name(s->cert, key_type, name) ? look_at(t, name, &rec) : FL_OK;
    const json_t *live = json_obj(rec, "live");

    if (code != FL_OK || !live)
        return code;
    if (req->op == DELIVER_DEPLOY)
        code = keeper_export(t->w->keeper, json_str(live, "key", ""), &pem, &t->out);
    if (code == FL_OK && !add_live(s, live, pem ? pem : "", req))
        code = outcome_fail(&t->out, FL_ECONF, "%s is too large for a delivery", s->cert->name);
    mem_wipe_free(pem);
    if (code == FL_OK && json_array_append_new(serials, json_string(json_str(live, "serial", ""))) != 0)
        code = outcome_nomem(&t->out);
    return code;
}

/* What is live now, as a request; its serials in the order of the key types. */
struct load {
    struct deliver_request *req;
    json_t *serials;
};

static void load_done(struct load *l)
{
    deliver_request_free(l->req);
    json_decref(l->serials);
}

/* A delivery is much to put together only to hear that others are before it. */
static int room(struct turn *t, const char *sink)
{
    const struct instance *i = world_find(t->w, FL_KIND_SINK, sink);
    return i ? lane_room(i->lane, &t->out) : FL_OK;
}

static int load(struct turn *t, enum deliver_op op, struct load *out)
{
    const struct subject *s = t->task->subject;
    int code = room(t, s->sink);

    if (code != FL_OK)
        return code;
    out->req = deliver_request_new(op, s->sink);
    out->serials = json_array();
    code = out->req && out->serials ? FL_OK : outcome_nomem(&t->out);
    for (const char *const *key = s->cert->keys; code == FL_OK && *key; key++)
        code = add_lineage(t, s, *key, out->req, out->serials);
    return code;
}

static int call_sink(struct turn *t, const struct load *l)
{
    struct deliver_reply reply;
    int code = deliver_call(t->w->deliver, l->req, &reply);

    t->out = reply.outcome;
    return code;
}

/* What is newer there than what would be brought stays: the state is an old copy, or another instance serves the sink too. */
static int overtaken(struct turn *t, struct held *out)
{
    const struct subject *s = t->task->subject;
    const json_t *rec = NULL;
    char name[400];
    int code = FL_OK;

    *out = (struct held){ 0 };
    for (const char *const *key = s->cert->keys; code == FL_OK && *key && !out->newer; key++) {
        const struct subject lineage = { .cert = s->cert, .key = *key };
        if (lineage_name(s->cert, *key, name))
            code = look_at(t, name, &rec);
        if (code == FL_OK && json_obj(rec, "live"))
            code = held_at(t, &lineage, s->sink, rec, out);
    }
    return code;
}

/* Called at every start, when a certificate was issued, and once a day: the sink
 * itself knows whether something is missing, and repairs it. */
int delivery_deploy(struct turn *t)
{
    cleanup_(load_done) struct load l = { 0 };
    struct held held;
    int code = load(t, DELIVER_DEPLOY, &l);

    if (code == FL_OK && l.req->ncerts == 0)
        return outcome_again(&t->out, DAY_MS, "waits for the certificate");
    if (code == FL_OK)
        code = overtaken(t, &held);
    if (code == FL_OK && held.newer)
        return outcome_again(
            &t->out, DAY_MS,
            "%s has serial %s, valid until %s, which is newer than what this state knows: it is left as it is",
            ((const struct subject *)t->task->subject)->sink, held.serial, held.until);
    if (code == FL_OK)
        code = call_sink(t, &l);
    if (code != FL_OK)
        return code;
    t->quiet = json_equal(l.serials, json_object_get(t->rec, "delivered"));
    if (!t->quiet)
        turn_event(t, "delivered", "serial %s", json_string_value(json_array_get(l.serials, 0)));
    return json_put(t->rec, "delivered", json_incref(l.serials)) ? FL_OK : outcome_nomem(&t->out);
}

/* Of what was delivered: if another was issued meanwhile, that is brought first. */
int delivery_verify(struct turn *t)
{
    cleanup_(load_done) struct load l = { 0 };
    int code = load(t, DELIVER_VERIFY, &l);

    if (code != FL_OK)
        return code;
    if (!json_equal(l.serials, json_object_get(t->rec, "delivered"))) {
        t->go = DELIVERY_DEPLOY;
        return FL_OK;
    }
    t->at_ms = t->now_ms + DAY_MS;
    return call_sink(t, &l);
}

enum { SERIALS = 512 };

/* "SERIAL SERIAL"; false: too long to be remembered. */
static bool serials_text(const json_t *serials, char out[SERIALS])
{
    const json_t *serial;
    size_t i, len = 0;

    json_array_foreach(serials, i, serial) if (len < SERIALS) len +=
        (size_t)snprintf(out + len, SERIALS - len, "%s%s", i ? " " : "", json_string_value(serial));
    return len > 0 && len < SERIALS;
}

/* What was delivered, as its record says; after a look that found it so, as that one remembers it. */
static bool as_delivered(struct turn *t, const json_t *serials)
{
    const struct calm *c = t->task->calm;
    char text[SERIALS];

    if (c)
        return !turn_held(t) && serials_text(serials, text) && strcmp(text, c->delivered) == 0;
    return turn_view(t) && json_equal(serials, json_object_get(t->rec, "delivered"));
}

/* Without memory the next look reads the record again. */
static void keep(struct turn *t, const json_t *serials)
{
    char text[SERIALS];
    struct calm *c;

    if (t->task->calm || !serials_text(serials, text))
        return;
    c = calloc(1, sizeof *c + strlen(text) + 1);
    if (c)
        memcpy(c->delivered, text, strlen(text) + 1);
    t->task->calm = c;
}

/* What cannot be verified is brought again; the sink itself knows what is there. */
bool delivery_still(struct turn *t)
{
    cleanup_(load_done) struct load l = { 0 };
    const struct instance *i =
        world_find(t->w, FL_KIND_SINK, ((const struct subject *)t->task->subject)->sink);

    t->at_ms = t->now_ms + DAY_MS;
    if ((i && !i->plugin->ops.sink.verify) || load(t, DELIVER_VERIFY, &l) != FL_OK ||
        !as_delivered(t, l.serials) || call_sink(t, &l) != FL_OK)
        return false;
    keep(t, l.serials);
    return true;
}

int delivery_idle(struct turn *t)
{
    t->quiet = true;
    return FL_OK;
}

int delivery_retire(struct turn *t)
{
    cleanup_(load_done) struct load l = { 0 };
    int code = load(t, DELIVER_RETIRE, &l);

    if (code == FL_OK && l.req->ncerts > 0)
        code = call_sink(t, &l);
    t->gone = code == FL_OK;
    return code;
}
