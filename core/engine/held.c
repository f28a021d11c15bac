/* SPDX-License-Identifier: Apache-2.0 */
/* held.c - what stands at the sinks may be newer than what the state knows: it was restored from an old copy. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/chain.h"
#include "engine/record.h"
#include "engine/renew.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { LOOKS = 20 };

/* The chain that stands there; NULL: none, or the sink cannot tell. */
static int read_back(struct turn *t, const struct subject *s, const char *sink, char **out)
{
    struct deliver_request *req = deliver_request_new(DELIVER_HELD, sink);
    struct deliver_reply reply = { 0 };
    const struct fl_cert cert = { .name = s->cert->name,
                                  .file_name = s->cert->file_name,
                                  .key_type = s->key,
                                  .serial = "",
                                  .identifiers = s->cert->names,
                                  .leaf_pem = "",
                                  .chain_pem = "",
                                  .key_pem = "",
                                  .ref = "" };
    int code = req && deliver_request_add(req, &cert) ? FL_OK : outcome_nomem(&t->out);

    if (code == FL_OK && deliver_held(t->w->deliver, req, &reply, out) != FL_OK)
        *out = NULL; /* it will say so itself when something is delivered to it */
    /* Others are before us; but a sink that hangs stops no renewal. */
    if (code == FL_OK && reply.outcome.code == FL_EAGAIN && json_int(t->rec, "looks", 0) < LOOKS) {
        t->out = reply.outcome;
        code = FL_EAGAIN;
    }
    deliver_request_free(req);
    return code;
}

/* For all names of the configuration, or for those that are not left out at present. */
static bool covers(const struct chain *c, const struct subject *s, const json_t *rec, int64_t now_at)
{
    struct outcome o = { 0 };
    size_t n = 0, wanted = 0;

    if (chain_check(c, s->cert->names, now_at, &o) == FL_OK)
        return true;
    while (s->cert->names[n])
        n++;
    auto_free const char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        if (!drop_is(rec, s, s->cert->names[i]))
            names[wanted++] = s->cert->names[i];
    return names && wanted < n && chain_check(c, (const char *const *)names, now_at, &o) == FL_OK;
}

/* What we brought there ourselves is older than what we have now, whatever its dates say: authorities date back. */
static bool brought(const struct turn *t, const struct subject *s, const char *sink, const char *serial)
{
    char name[384];
    size_t i;
    const json_t *one;
    bool found = false;

    snprintf(name, sizeof name, "%.250s>%.100s", s->cert->name, sink);
    cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_DELIVERY, name);
    json_array_foreach(json_list(rec, "delivered"), i, one) found =
        found || (json_is_string(one) && strcmp(json_string_value(one), serial) == 0);
    return found;
}

/* A state that had an account before that one was issued, and knows nothing of it, is an old copy; one that was begun
 * anew is not. */
static bool had_account(const struct turn *t, const struct subject *s, int64_t before_at)
{
    bool had = false;

    for (const char *const *name = s->cert->authorities; *name && !had; name++) {
        cleanup_(json_freep) json_t *rec = record_peek(t->w->store, KIND_AUTHORITY, *name);
        const json_t *first = json_array_get(json_list(rec, "history"), 0);
        had = json_str(rec, "url", NULL) && first && json_int(first, "at", INT64_MAX) < before_at;
    }
    return had;
}

int held_at(struct turn *t, const struct subject *s, const char *sink, const json_t *rec, struct held *out)
{
    const json_t *live = json_obj(rec, "live");
    cleanup_(chain_done) struct chain c = { 0 };
    auto_free char *pem = NULL;
    struct outcome o = { 0 };
    const char *leaf = json_str(live, "leaf", "");
    int64_t now_at = t->now_ms / 1000;
    int code = read_back(t, s, sink, &pem);

    *out = (struct held){ 0 };
    if (code != FL_OK)
        return code;
    if (!pem || (leaf[0] && text_starts(pem, leaf)) || chain_parse(pem, strlen(pem), &c, &o) != FL_OK ||
        !covers(&c, s, rec, now_at))
        return FL_OK;
    out->due_at =
        renew_at(s->cert->name, c.not_before_at, c.not_after_at, s->cert->renew_num, s->cert->renew_den);
    out->newer = c.not_before_at > json_int(live, "not_before", 0) && out->due_at > now_at &&
                 strcmp(c.serial, json_str(live, "serial", "")) != 0 && !brought(t, s, sink, c.serial) &&
                 (live || had_account(t, s, c.not_before_at));
    text_copy(out->serial, sizeof out->serial, c.serial);
    clock_format(c.not_after_at, out->until);
    return FL_OK;
}

int held_newer(struct turn *t, bool *newer_out, int64_t *until_at_out)
{
    const struct subject *s = t->task->subject;
    const json_t *live = json_obj(t->rec, "live");
    struct held held, found = { 0 };
    bool everywhere = s->cert->sinks && s->cert->sinks[0];
    const char *where = "";

    *newer_out = false;
    if (t->e->conf.no_delivery)
        return FL_OK;
    for (const char *const *sink = s->cert->sinks; sink && *sink; sink++) {
        int code = held_at(t, s, *sink, t->rec, &held);
        if (code != FL_OK)
            return code;
        everywhere = everywhere && held.newer;
        if (!held.newer || (found.newer && found.due_at >= held.due_at))
            continue;
        found = held;
        where = *sink;
    }
    /* Where nothing could be delivered to the others they must not wait. */
    if (!found.newer || (!live && !everywhere))
        return FL_OK;
    turn_event(t, "held",
               "%s has serial %s, valid until %s, which this state does not know: it is kept until it is due",
               where, found.serial, found.until);
    *newer_out = true;
    *until_at_out = found.due_at;
    return FL_OK;
}
