/* SPDX-License-Identifier: Apache-2.0 */
/* checks_whole.c - the provider as a whole: what it says of itself, calls at the same time, memory that ends. */
#include "suite.h"
#include <pthread.h>
#include <string.h>

enum { READERS = 3, ROUNDS = 8, HUNGER = 3000 };

static void caps(struct suite *s)
{
    static const struct {
        enum fl_dns_cap flag;
        const char *name;
    } flags[] = { { FL_CAP_CREATE, "FL_CAP_CREATE without create()" },
                  { FL_CAP_DELEGATE, "FL_CAP_DELEGATE without delegate()" },
                  { FL_CAP_SETTLED, "FL_CAP_SETTLED without settled()" } };
    const bool has[] = { s->ops->create, s->ops->delegate, s->ops->settled };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (suite_can(s, flags[i].flag) && !has[i])
            suite_complain(s, "claims %s", flags[i].name);
    if (s->caps.flags >= FL_CAP_INSTANT << 1)
        suite_complain(s, "claims flags that this version does not know: %#x", s->caps.flags);
}

static bool plain_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            return false;
    return n > 0 && name[n - 1] != '.';
}

static void zone(struct suite *s)
{
    struct outcome o = { 0 };
    struct fl_zone z = { 0 };
    struct call c;
    int code = call_begin(&c, s->i, s->apex, 0, &o);
    if (code != FL_OK)
        return;
    code = s->ops->zone(c.ctx, s->apex, &z);
    if (code == FL_OK && (!z.apex || strcmp(z.apex, s->apex) != 0))
        suite_complain(s, "zone() of %s gives %s", s->apex, z.apex ? z.apex : "no name");
    for (const char *const *ns = z.name_servers; code == FL_OK && ns && *ns; ns++)
        if (!plain_name(*ns))
            suite_complain(s, "the name server %s is not in lower case without a final dot", *ns);
    code = call_end(&c, code, &o);
    suite_code(s, "zone()", code, FL_OK, &o);
}

static void zones(struct suite *s)
{
    struct outcome o = { 0 };
    struct emitted e = { 0 };
    struct call c;
    bool found = false;
    if (!s->ops->zones) {
        s->not_applicable = "has no zones()";
        return;
    }
    int code = call_begin(&c, s->i, "", 0, &o);
    if (code != FL_OK)
        return;
    code = s->ops->zones(c.ctx);
    call_emitted(&c, &e);
    for (size_t i = 0; i < e.nzones; i++)
        found = found || strcmp(e.zones[i].apex, s->apex) == 0;
    code = call_end(&c, code, &o);
    if (suite_code(s, "zones()", code, FL_OK, &o) && !found)
        suite_complain(s, "zones() does not name %s", s->apex);
}

/* A zone that is there already: nothing is made by this check. */
static void create(struct suite *s)
{
    struct outcome o = { 0 };
    struct fl_zone z = { 0 };
    struct call c;
    if (!suite_can(s, FL_CAP_CREATE) || !s->ops->create) {
        s->not_applicable = "claims no FL_CAP_CREATE";
        return;
    }
    int code = call_begin(&c, s->i, s->apex, 0, &o);
    if (code != FL_OK)
        return;
    code = s->ops->create(c.ctx, s->apex, &z);
    if (code == FL_OK && (!z.apex || strcmp(z.apex, s->apex) != 0))
        suite_complain(s, "create() of a zone that is there does not give it");
    suite_code(s, "create() of a zone that is there", call_end(&c, code, &o), FL_OK, &o);
}

/* ---- calls at the same time ---- */

struct reader {
    struct suite own; /* its memory and words are its own */
    const char *name;
    pthread_t thread;
    bool started;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;
    struct outcome o = { 0 };
    struct shelf shelf;
    for (int i = 0; i < ROUNDS && !r->own.failed; i++) {
        int code = suite_list(&r->own, r->name, FL_RR_TXT, &shelf, &o);
        suite_code(&r->own, "list() beside other calls", code, FL_OK, &o);
        const struct fl_rrset *set = shelf_find(&shelf, r->name, FL_RR_TXT);
        if (code == FL_OK && (!set || set->n != 1 || strcmp(set->values[0].text, "still") != 0))
            suite_complain(&r->own, "list() beside other calls does not give what stands there");
        code = suite_zone(&r->own, r->own.i, r->own.apex, &o);
        suite_code(&r->own, "zone() beside other calls", code, FL_OK, &o);
    }
    return NULL;
}

static void write_on(struct suite *s)
{
    const char *name = suite_name(s, "moves");
    for (int i = 0; i < ROUNDS && !s->failed; i++)
        suite_put(s, name, FL_RR_TXT, TEXTS(arena_printf(&s->memory, "round %d", i)));
    if (!s->failed)
        suite_stands(s, name, FL_RR_TXT, TEXTS(arena_printf(&s->memory, "round %d", ROUNDS - 1)));
}

static void parallel(struct suite *s)
{
    struct reader *r = arena_alloc(&s->memory, READERS * sizeof *r);
    const char *name = suite_name(s, "stays");
    if (!r || !suite_put(s, name, FL_RR_TXT, TEXTS("still")))
        return;
    for (int i = 0; i < READERS; i++) {
        r[i].own = *s;
        r[i].own.memory = (struct arena){ 0 };
        r[i].own.words[0] = '\0';
        r[i].own.nwords = 0;
        r[i].name = name;
        r[i].started = pthread_create(&r[i].thread, NULL, read_on, &r[i]) == 0;
    }
    write_on(s);
    for (int i = 0; i < READERS; i++) {
        if (r[i].started)
            pthread_join(r[i].thread, NULL);
        if (r[i].own.failed)
            suite_complain(s, "%s", r[i].own.words);
        arena_done(&r[i].own.memory);
    }
}

/* ---- memory that ends ---- */

static int hungry(struct suite *s, int step, struct fl_change *c, struct outcome *o, bool *hit_out, int at)
{
    const char *receipt = NULL;
    struct fl_zone z = { 0 };
    struct call call;
    starve_begin(at);
    int code = call_begin(&call, s->i, s->apex, 0, o);
    if (code == FL_OK && step == 0)
        code = call_end(&call, s->ops->zone(call.ctx, s->apex, &z), o);
    else if (code == FL_OK && step == 1)
        code = call_end(&call, s->ops->list(call.ctx, &s->zone, c[0].name, FL_RR_TXT), o);
    else if (code == FL_OK)
        code = call_end(&call, s->ops->apply(call.ctx, &s->zone, &c[step - 2], 1, &receipt), o);
    *hit_out = starve_end();
    return code;
}

static bool starve_step(struct suite *s, int step, struct fl_change *c)
{
    static const char *const steps[] = { "zone()", "list()", "apply() that adds", "apply() that removes" };
    struct outcome o = { 0 };
    bool hit = true;
    for (int at = 0; at < HUNGER && hit; at++) {
        int code = hungry(s, step, c, &o, &hit, at);
        int tries = 0;
        while (!hit && code == FL_ERATE && tries++ < 3)
            code = hungry(s, step, c, &o, &hit, at);
        if (!hit)
            return suite_code(s, steps[step], code, FL_OK, &o);
        if (code != FL_OK && code != FL_ENOMEM)
            return suite_code(s, arena_printf(&s->memory, "%s without its allocation %d", steps[step], at),
                              code, FL_ENOMEM, &o);
        if (code == FL_OK && step > 1 &&
            !suite_lists(s, c[0].name, FL_RR_TXT, step == 2 ? TEXTS("fed", "hungry") : TEXTS("fed"))) {
            suite_complain(s, "%s without its allocation %d says FL_OK and has not done it", steps[step], at);
            return false;
        }
    }
    return true;
}

static void memory(struct suite *s)
{
    const char *name = suite_name(s, "memory");
    if (s->replays) {
        s->not_applicable = "a recording has each request once";
        return;
    }
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("fed")))
        return;
    struct fl_change c[2] = {
        suite_change(s, name, FL_RR_TXT, TEXTS("fed"), TEXTS("fed", "hungry"), NULL),
        suite_change(s, name, FL_RR_TXT, TEXTS("fed", "hungry"), TEXTS("fed"), NULL),
    };
    struct outcome o = { 0 };
    struct shelf shelf;
    if (!starve_step(s, 0, c) || !starve_step(s, 1, c))
        return;
    suite_list(s, name, FL_RR_TXT, &shelf, &o);
    c[0] = suite_change(s, name, FL_RR_TXT, TEXTS("fed"), TEXTS("fed", "hungry"),
                        shelf_find(&shelf, name, FL_RR_TXT));
    if (!starve_step(s, 2, c) || !suite_stands(s, name, FL_RR_TXT, TEXTS("fed", "hungry")))
        return;
    suite_list(s, name, FL_RR_TXT, &shelf, &o);
    c[1] = suite_change(s, name, FL_RR_TXT, TEXTS("fed", "hungry"), TEXTS("fed"),
                        shelf_find(&shelf, name, FL_RR_TXT));
    if (starve_step(s, 3, c))
        suite_stands(s, name, FL_RR_TXT, TEXTS("fed"));
}

static void close_and_open(struct suite *s)
{
    struct outcome o = { 0 };
    const char *name = suite_name(s, "reopened");
    if (suite_can(s, FL_CAP_INSTANT)) {
        s->not_applicable = "a server of our own remembers nothing: the core writes it all again";
        return;
    }
    if (!suite_put(s, name, FL_RR_TXT, TEXTS("kept")))
        return;
    instance_close(s->i);
    if (suite_code(s, "open() after close()", instance_open(s->i, &o), FL_OK, &o))
        suite_stands(s, name, FL_RR_TXT, TEXTS("kept"));
}

const struct check checks_whole[] = {
    { "caps", "caps() claims nothing that there is no callback for", caps },
    { "zone", "zone() finds the zone by its apex; names are in lower case, without a final dot", zone },
    { "zones", "zones() names every zone of the account", zones },
    { "create", "create() of a zone that is there finds it made", create },
    { "reopen", "nothing that matters is lost between close() and open()", close_and_open },
    { "parallel", "calls at the same time give what they give one after the other", parallel },
    { "memory",
      "an allocation that fails makes the call FL_ENOMEM: no crash, no leak, no success that is none",
      memory },
    { NULL, NULL, NULL },
};
