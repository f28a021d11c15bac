/* SPDX-License-Identifier: Apache-2.0 */
/* host_look.c - what stands at a name: addresses, and the marks that say whose they are. */
#include "base/mem.h"
#include "base/text.h"
#include "engine/host.h"

#include <string.h>

const uint32_t host_types[HOST_TYPES] = { FL_RR_A, FL_RR_AAAA, FL_RR_CNAME, FL_RR_ALIAS };

/* Both as the plugin knows them. */
static bool relative(const char *name, const char *apex, char out[256])
{
    size_t n = strlen(name), a = strlen(apex);

    if (!text_below(name, apex) || !text_copy(out, 256, name))
        return false;
    out[n == a || a == 0 ? n - a : n - a - 1] = '\0';
    return true;
}

static const struct zones_provider *provider(const struct turn *t, const struct instance *i)
{
    for (size_t k = 0; k < t->w->model->ndns; k++)
        if (t->w->providers[k].instance == i)
            return &t->w->providers[k];
    return NULL;
}

/* Which zone, by which instance, with which options. */
static int find(struct turn *t, const char *host, struct host_sight *s, struct instance **out)
{
    char key[320];
    int code = zones_find(t->e->zones, host, NULL, key, &t->out);

    if (code != FL_OK)
        return code;
    char *apex = strchr(key, '/');
    *apex++ = '\0';
    const struct model_instance *mi = model_find(t->w->model, FL_KIND_DNS, key);
    *out = world_find(t->w, FL_KIND_DNS, key);
    const struct zones_provider *p = *out ? provider(t, *out) : NULL;
    if (!mi || !p)
        return outcome_fail(&t->out, FL_ETEMP, "dns %s is not there just now", key);
    text_copy(s->instance, sizeof s->instance, key);
    text_copy(s->apex, sizeof s->apex, apex);
    s->alias = p->caps.flags & FL_CAP_ALIAS;
    s->rule = (struct mark_rule){ mi->dns.owner_id ? mi->dns.owner_id : "", mi->dns.owner_prefix,
                                  mi->dns.owner_wildcard };
    /* A server of our own is written by nobody else. */
    s->marks = !(p->caps.flags & FL_CAP_INSTANT);
    for (size_t k = 0; k < HOST_TYPES; k++)
        if (!s->marks || !mark_name(&s->rule, host, host_types[k], s->apex, s->at[k].mark))
            s->at[k].mark[0] = '\0';
    return FL_OK;
}

/* All values of one RRset among what was emitted. */
static bool take(const struct emitted *e, const char *name, uint32_t type, json_t *out)
{
    bool ok = out != NULL;

    for (size_t k = 0; k < e->nrrsets; k++)
        for (size_t v = 0; ok && e->rrsets[k].type == type && v < e->rrsets[k].n; v++)
            if (strcmp(e->rrsets[k].name, name) == 0 && json_array_size(out) < HOST_VALUES)
                ok = json_array_append_new(out, json_string(e->rrsets[k].values[v].text)) == 0;
    return ok;
}

struct asking {
    struct call *c;
    const struct fl_dns_ops *ops;
    struct fl_zone zone;
    const char *apex;
};

static int list(const struct asking *a, const char *name, uint32_t type)
{
    char at[256];
    const char *copy = relative(name, a->apex, at) ? fl_printf(a->c->ctx, "%s", at) : NULL;

    return copy ? a->ops->list(a->c->ctx, &a->zone, copy, type) : FL_OK;
}

/* The marks of one name are often at one place: each is asked for once. */
static int list_marks(const struct asking *a, const struct host_sight *s, const char *host)
{
    int code = FL_OK;

    for (size_t k = 0; code == FL_OK && k < HOST_TYPES; k++) {
        /* The name itself was asked for already. */
        bool before = !s->at[k].mark[0] || strcmp(s->at[k].mark, host) == 0 ||
                      (host_types[k] == FL_RR_ALIAS && !s->alias);
        for (size_t i = 0; i < k; i++)
            before = before || strcmp(s->at[i].mark, s->at[k].mark) == 0;
        if (!before)
            code = list(a, s->at[k].mark, FL_RR_TXT);
    }
    return code;
}

static bool take_all(const struct call *c, const char *host, struct host_sight *s)
{
    struct emitted e = { 0 };
    char name[256];
    bool ok = true;

    call_emitted(c, &e);
    s->old = json_array();
    ok = s->old && (!relative(host, s->apex, name) || take(&e, name, FL_RR_TXT, s->old));
    for (size_t k = 0; ok && k < HOST_TYPES; k++) {
        s->at[k].values = json_array();
        s->at[k].marks = json_array();
        ok = s->at[k].values && s->at[k].marks &&
             (!relative(host, s->apex, name) || take(&e, name, host_types[k], s->at[k].values)) &&
             (!s->at[k].mark[0] || !relative(s->at[k].mark, s->apex, name) ||
              take(&e, name, FL_RR_TXT, s->at[k].marks));
    }
    return ok;
}

int host_look(struct turn *t, const char *host, bool look, struct host_sight *out)
{
    struct instance *i = NULL;
    struct call c;
    bool ok = true;

    *out = (struct host_sight){ .alias = false };
    int code = find(t, host, out, &i);
    if (code == FL_OK && look)
        code = call_begin(&c, i, t->task->name, 0, &t->out);
    if (code != FL_OK || !look)
        return code;
    struct asking a = { .c = &c, .ops = &i->plugin->ops.dns, .apex = out->apex };
    code = a.ops->zone(c.ctx, out->apex, &a.zone);
    for (size_t k = 0; code == FL_OK && k < HOST_TYPES; k++)
        if (host_types[k] != FL_RR_ALIAS || out->alias)
            code = list(&a, host, host_types[k]);
    if (code == FL_OK && out->marks)
        code = list(&a, host, FL_RR_TXT);
    if (code == FL_OK)
        code = list_marks(&a, out, host);
    if (code == FL_OK && !call_starved(&c))
        ok = take_all(&c, host, out);
    code = call_end(&c, code, &t->out);
    return ok ? code : outcome_nomem(&t->out);
}

void host_look_done(struct host_sight *s)
{
    json_decref(s->old);
    for (size_t k = 0; k < HOST_TYPES; k++) {
        json_decref(s->at[k].values);
        json_decref(s->at[k].marks);
    }
}
