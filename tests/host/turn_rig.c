/* SPDX-License-Identifier: Apache-2.0 */
/* turn_rig.c - one turn of one task, made by hand: no authority, no disk, no workers. */
#include "turn_rig.h"

#include "base/log.h"
#include "base/mem.h"
#include "fake_clock.h"
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t BEGIN_MS = 1800000000000;
static const char *const names[] = { "a.example.org", "b.example.org", "*.c.example.net", NULL };
static const char *const letters[] = { "a", "b", "c", NULL };
static const char *const keys[] = { "ec256", NULL };

int turn_rig_set_up(void **state)
{
    struct turn_rig *r = calloc(1, sizeof *r);

    fake_clock_set(BEGIN_MS);
    log_setup(LOG_LEVEL_ERROR, LOG_TEXT, 2);
    for (int i = 0; i < 3; i++) {
        r->authorities[i] =
            (struct model_authority){ .name = letters[i], .directory = "https://ca.test/dir", .used = true };
        r->world_authorities[i] =
            (struct world_authority){ .model = &r->authorities[i], .directory = r->authorities[i].directory };
    }
    r->cert = (struct model_certificate){ .name = "a.example.org",
                                          .names = names,
                                          .authorities = letters,
                                          .solvers = letters,
                                          .sinks = keys + 1,
                                          .keys = keys };
    r->subject = (struct subject){ .cert = &r->cert, .key = "ec256" };
    r->model = (struct model){
        .authorities = r->authorities, .nauthorities = 3, .certificates = &r->cert, .ncertificates = 1
    };
    r->world =
        (struct world){ .model = &r->model, .store = fake_store_new(), .authorities = r->world_authorities };
    r->engine = (struct engine){ .world = &r->world, .queue = queue_new(), .holds = hold_new() };
    r->task = (struct task){ .name = strdup("certificate:a.example.org"),
                             .kind = &task_kinds[KIND_CERTIFICATE],
                             .subject = &r->subject,
                             .loaded = true };
    r->t = (struct turn){ .e = &r->engine,
                          .w = &r->world,
                          .task = &r->task,
                          .rec = json_object(),
                          .now_ms = BEGIN_MS,
                          .go = GO_NEXT };
    *state = r;
    return 0;
}

int turn_rig_tear_down(void **state)
{
    struct turn_rig *r = *state;

    queue_free(r->engine.queue);
    hold_free(r->engine.holds);
    fake_store_free(r->world.store);
    json_decref(r->t.rec);
    free(r->task.name);
    free(r);
    return 0;
}

void turn_rig_wait(struct turn_rig *r, int64_t seconds)
{
    fake_clock_advance(seconds * 1000);
    r->t.now_ms = clock_wall_ms();
}

void turn_rig_authority(struct turn_rig *r, const char *name, const char *json)
{
    char why[128];
    cleanup_(json_freep) json_t *rec = json_parse(json, strlen(json), why), *old = NULL;
    struct outcome o = { 0 };
    uint64_t version = 0;

    assert_non_null(rec);
    json_put_int(rec, "format", RECORD_FORMAT);
    assert_int_equal(store_get_json(r->world.store, STORE_ACCOUNTS, name, &old, &version, &o), FL_OK);
    assert_int_equal(store_put_json(r->world.store, STORE_ACCOUNTS, name, rec, version, &version, &o), FL_OK);
}

void turn_rig_live(struct turn_rig *r, int64_t left_s, int64_t life_s)
{
    json_t *live = json_object();
    int64_t now = r->t.now_ms / 1000;

    json_put_str(live, "authority", "a");
    json_put(live, "names", strv_json(r->cert.names));
    json_put_int(live, "not_before", now + left_s - life_s);
    json_put_int(live, "not_after", now + left_s);
    json_put_int(live, "issued", now + left_s - life_s);
    json_put_str(live, "serial", "01");
    json_put_str(live, "key_type", "ec256");
    json_put(r->t.rec, "live", live);
}
