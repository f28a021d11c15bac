/* SPDX-License-Identifier: Apache-2.0 */
/* engine_rig_look.c - what stands on the disk of the rig, and what should. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine_rig.h"
#include "tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const char *const engine_rig_names[] = { "a.example.org", "*.a.example.org", NULL };
static const char cert[] = "certificate:a.example.org", delivery[] = "delivery:a.example.org>try";

static enum store_group group_of(const char *task)
{
    return text_starts(task, "authority:") ? STORE_ACCOUNTS : STORE_CERTS;
}

static const char *key_of(const char *task)
{
    return text_starts(task, "authority:") ? strchr(task, ':') + 1 : task;
}

json_t *engine_rig_record(struct engine_rig *r, const char *task)
{
    struct outcome o = { 0 };
    uint64_t version;
    json_t *rec = NULL;

    store_get_json(r->world.store, group_of(task), key_of(task), &rec, &version, &o);
    return rec;
}

void engine_rig_put(struct engine_rig *r, const char *task, const char *text)
{
    struct outcome o = { 0 };
    char why[128];
    uint64_t version = 0;
    cleanup_(json_freep) json_t *before = NULL;
    cleanup_(json_freep) json_t *rec = json_parse(text, strlen(text), why);

    assert_non_null(rec);
    store_get_json(r->world.store, group_of(task), key_of(task), &before, &version, &o);
    assert_int_equal(store_put_json(r->world.store, group_of(task), key_of(task), rec, version, &version, &o),
                     FL_OK);
}

const char *engine_rig_field(struct engine_rig *r, const char *task, const char *path, char out[256])
{
    cleanup_(json_freep) json_t *rec = engine_rig_record(r, task);
    const char *dot = strchr(path, '.');
    char first[64];

    snprintf(first, sizeof first, "%.*s", (int)(dot ? dot - path : 63), path);
    const json_t *in = dot ? json_obj(rec, first) : rec;
    const json_t *value = json_object_get(in, dot ? dot + 1 : path);
    if (json_is_integer(value))
        snprintf(out, 256, "%lld", (long long)json_integer_value(value));
    else
        text_copy(out, 256, json_string_value(value) ? json_string_value(value) : "");
    return out;
}

int engine_rig_keys(struct engine_rig *r)
{
    char keys[96];

    snprintf(keys, sizeof keys, "%s/keys", r->ca.folder);
    return tmpdir_count(keys) - 1; /* acme_rig.c has one of its own */
}

/* ---- what every test wants --------------------------------------------------------------- */

int engine_rig_set_up(void **state)
{
    struct engine_rig *r = calloc(1, sizeof *r);

    if (!r)
        return -1;
    engine_rig_open(r, engine_rig_names);
    *state = r;
    return 0;
}
int engine_rig_tear_down(void **state)
{
    engine_rig_close(*state);
    free(*state);
    return 0;
}

/* Requests that begin so; "=" in front: that are so. */
unsigned engine_rig_asked(struct engine_rig *r, const char *at)
{
    char below[64];

    if (*at != '=')
        return stub_acme_count(r->ca.ca, at);
    snprintf(below, sizeof below, "%s/", at + 1);
    return stub_acme_count(r->ca.ca, at + 1) - stub_acme_count(r->ca.ca, below);
}
void engine_rig_assert_field(struct engine_rig *r, const char *task, const char *path, const char *value)
{
    char text[256];
    assert_string_equal(engine_rig_field(r, task, path, text), value);
}
bool engine_rig_any_cleanup(struct engine_rig *r)
{
    char **keys = NULL;
    struct outcome o = { 0 };
    bool found = false;

    assert_int_equal(store_list(r->world.store, STORE_CERTS, &keys, &o), FL_OK);
    for (char **k = keys; *k; k++)
        found = found || text_starts(*k, "cleanup:");
    store_keys_free(keys);
    return found;
}
/* At rest, with what is live at the sink, and nothing left over. */
void engine_rig_assert_done(struct engine_rig *r)
{
    char serial[256];

    engine_rig_assert_field(r, cert, "step", "rest");
    engine_rig_assert_field(r, delivery, "step", "idle");
    assert_string_not_equal(engine_rig_field(r, cert, "live.serial", serial), "");
    assert_string_equal(engine_rig_plugins.served, serial);
    assert_int_equal(engine_rig_plugins.standing, 0);
    assert_false(engine_rig_any_cleanup(r));
}
void engine_rig_run_to(struct engine_rig *r, const char *task, const char *step)
{
    r->stop_name = task;
    r->stop_step = step;
    engine_rig_run(r, 600000);
    r->stop_name = NULL;
    assert_false(queue_quiet(r->e->queue, clock_wall_ms(), 0));
}
