/* SPDX-License-Identifier: Apache-2.0 */
/* rrset.c - what is wanted of an RRset, by whom, and what is known to stand there. */
#include "zone/rrset.h"
#include "base/mem.h"
#include "base/text.h"
#include <string.h>
#include <strings.h>

struct rrset *rrsets_find(const struct rrsets *s, const char *name, uint32_t type)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i]->type == type && strcmp(s->at[i]->name, name) == 0)
            return s->at[i];
    return NULL;
}

struct rrset *rrsets_make(struct rrsets *s, const char *name, uint32_t type)
{
    struct rrset *r = rrsets_find(s, name, type);
    if (r)
        return r;
    r = calloc(1, sizeof *r);
    if (r)
        r->name = strdup(name);
    if (!r || !r->name || !mem_grow(&s->at, &s->cap, s->n + 1, sizeof(struct rrset *))) {
        if (r)
            free(r->name);
        free(r);
        return NULL;
    }
    r->type = type;
    s->at[s->n++] = r;
    return r;
}

static void value_free(struct rrvalue *v)
{
    for (size_t i = 0; i < v->nwishes; i++) {
        free(v->wishes[i].owner);
        free(v->wishes[i].as);
    }
    free(v->wishes);
    free(v->text);
    free(v->id);
    free(v->why);
    free(v);
}

static void set_free(struct rrset *r)
{
    for (size_t i = 0; i < r->n; i++)
        value_free(r->values[i]);
    free(r->values);
    free(r->name);
    free(r->etag);
    free(r);
}

void rrsets_done(struct rrsets *s)
{
    for (size_t i = 0; i < s->n; i++)
        set_free(s->at[i]);
    free(s->at);
    *s = (struct rrsets){ 0 };
}

static size_t name_length(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && s[n - 1] == '.' ? n - 1 : n;
}

bool rrset_same(uint32_t type, const char *a, const char *b)
{
    char ip_a[46], ip_b[46];
    bool v6;
    if (type == FL_RR_TXT)
        return strcmp(a, b) == 0;
    if ((type == FL_RR_A || type == FL_RR_AAAA) && text_ip(a, ip_a, &v6) && text_ip(b, ip_b, &v6))
        return strcmp(ip_a, ip_b) == 0;
    size_t n = name_length(a);
    return n == name_length(b) && strncasecmp(a, b, n) == 0;
}

struct rrvalue *rrset_value(const struct rrset *r, const char *text)
{
    for (size_t i = 0; i < r->n; i++)
        if (rrset_same(r->type, r->values[i]->text, text))
            return r->values[i];
    return NULL;
}

struct rrvalue *rrset_make_value(struct rrset *r, const char *text)
{
    struct rrvalue *v = rrset_value(r, text);
    if (v)
        return v;
    v = calloc(1, sizeof *v);
    if (v)
        v->text = strdup(text);
    if (!v || !v->text || !mem_grow(&r->values, &r->cap, r->n + 1, sizeof(struct rrvalue *))) {
        if (v)
            free(v->text);
        free(v);
        return NULL;
    }
    r->values[r->n++] = v;
    return v;
}

/* Nobody wants it, it was never ours to remove, and it is not known to be somebody's. */
static bool waste(const struct rrvalue *v) { return v->nwishes == 0 && !v->tried && !v->foreign; }

static void drop_waste(struct rrset *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (waste(r->values[i]))
            value_free(r->values[i]);
        else
            r->values[kept++] = r->values[i];
    }
    r->n = kept;
}

bool rrset_wished(const struct rrvalue *v, const char *owner, const char *as)
{
    for (size_t i = 0; i < v->nwishes; i++)
        if (strcmp(v->wishes[i].owner, owner) == 0 && (!as || strcmp(v->wishes[i].as, as) == 0))
            return true;
    return false;
}

bool rrvalue_add_wish(struct rrvalue *v, const char *owner, const char *as)
{
    if (!mem_grow(&v->wishes, &v->cap, v->nwishes + 1, sizeof *v->wishes))
        return false;
    struct rrwish w = { .owner = strdup(owner), .as = strdup(as) };
    if (!w.owner || !w.as) {
        free(w.owner);
        free(w.as);
        return false;
    }
    v->wishes[v->nwishes++] = w;
    return true;
}

bool rrset_want(struct rrset *r, const char *text, const char *owner, const char *as, bool *changed_out)
{
    struct rrvalue *v = rrset_make_value(r, text);
    if (!v)
        return false;
    bool first = v->nwishes == 0;
    if (!rrset_wished(v, owner, as) && !rrvalue_add_wish(v, owner, as)) {
        drop_waste(r);
        return false;
    }
    if (first)
        v->state = v->there && !v->leaving ? RR_WRITTEN : RR_WANTED;
    else if (v->state == RR_FAILED)
        v->state = RR_WANTED;
    else
        return true;
    v->idle_ms = v->hold_ms = 0;
    *changed_out = true;
    return true;
}

void rrset_set_ttl(struct rrset *r, uint32_t ttl, bool *changed_out)
{
    if (r->ttl == ttl)
        return;
    bool before = r->ttl != 0;
    r->ttl = ttl;
    for (size_t i = 0; before && i < r->n; i++) {
        if (r->values[i]->nwishes == 0 || r->values[i]->state == RR_WANTED)
            continue;
        r->values[i]->state = RR_WANTED;
        *changed_out = true;
    }
}

static bool take_back(struct rrvalue *v, const char *owner, const char *as)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->nwishes; i++) {
        struct rrwish *w = &v->wishes[i];
        if (strcmp(w->owner, owner) == 0 && (!as || strcmp(w->as, as) == 0)) {
            free(w->owner);
            free(w->as);
        } else {
            v->wishes[kept++] = *w;
        }
    }
    bool some = kept < v->nwishes;
    v->nwishes = kept;
    return some;
}

bool rrset_unwant(struct rrset *r, const char *text, const char *owner, const char *as, int64_t now_ms)
{
    bool some = false;
    for (size_t i = 0; i < r->n; i++) {
        struct rrvalue *v = r->values[i];
        if ((text && !rrset_same(r->type, v->text, text)) || !take_back(v, owner, as))
            continue;
        some = true;
        if (v->nwishes == 0)
            v->idle_ms = now_ms;
    }
    if (some)
        drop_waste(r);
    return some;
}

static char *copy_or_null(const char *s) { return s ? strdup(s) : NULL; }

static bool learn_value(struct rrset *r, const struct fl_value *listed, bool *seen)
{
    struct rrvalue *v = rrset_value(r, listed->text);
    auto_free char *id = copy_or_null(listed->id);
    if (listed->id && !id)
        return false;
    if (!v) {
        v = rrset_make_value(r, listed->text);
        if (!v)
            return false;
    }
    /* Found before we ever wrote it: somebody else's, though one of ours may want the same. */
    if (!v->tried)
        v->foreign = true;
    v->there = true;
    v->leaving = false;
    free(v->id);
    v->id = take_ptr(id);
    for (size_t i = 0; i < r->n; i++)
        if (r->values[i] == v)
            seen[i] = true;
    return true;
}

/* Stood there, as far as we knew, and does not. */
static void value_gone(struct rrvalue *v)
{
    free(v->id);
    v->id = NULL;
    v->there = v->foreign = v->leaving = false;
    if (v->nwishes > 0 && v->state != RR_FAILED)
        v->state = RR_WANTED;
    if (v->nwishes == 0)
        v->tried = false;
}

bool rrset_learn(struct rrset *r, const struct fl_rrset *listed)
{
    size_t most = r->n + (listed ? listed->n : 0);
    auto_free bool *seen = mem_array(most, sizeof *seen);
    auto_free char *etag = copy_or_null(listed ? listed->etag : NULL);
    if (!seen || (listed && listed->etag && !etag))
        return false;
    for (size_t i = 0; listed && i < listed->n; i++)
        if (!learn_value(r, &listed->values[i], seen))
            return false;
    for (size_t i = 0; i < r->n; i++)
        if (!seen[i])
            value_gone(r->values[i]);
    r->ttl_there = listed && listed->n > 0 ? listed->ttl : 0;
    free(r->etag);
    r->etag = take_ptr(etag);
    r->known = true;
    r->stale = false;
    return true;
}

uint32_t rrset_ttl_after(const struct rrset *r)
{
    for (size_t i = 0; r->ttl_there && i < r->n; i++)
        if (r->values[i]->foreign && r->values[i]->there && r->values[i]->nwishes == 0)
            return r->ttl_there;
    return r->ttl;
}

void rrsets_sweep(struct rrsets *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct rrset *r = s->at[i];
        bool ours = false;
        /* Left to somebody else, and nobody writes now. */
        for (size_t k = 0; k < r->n; k++)
            r->values[k]->tried = r->values[k]->tried && (!r->values[k]->foreign || r->values[k]->nwishes);
        drop_waste(r);
        for (size_t k = 0; k < r->n; k++)
            ours = ours || r->values[k]->nwishes > 0 || r->values[k]->tried;
        if (ours)
            s->at[kept++] = r;
        else
            set_free(r);
    }
    s->n = kept;
}

bool rrvalue_to_add(const struct rrvalue *v) { return v->nwishes > 0 && v->state == RR_WANTED; }
bool rrvalue_to_remove(const struct rrvalue *v) { return v->nwishes == 0 && v->tried && !v->foreign; }
bool rrvalue_to_see(const struct rrvalue *v) { return v->nwishes > 0 && v->state == RR_WRITTEN; }

void rrvalue_added(struct rrvalue *v)
{
    v->there = true;
    v->leaving = false;
    v->state = RR_WRITTEN;
    v->code = FL_OK;
    free(v->why);
    v->why = NULL;
}

void rrvalue_removed(struct rrvalue *v)
{
    free(v->id);
    v->id = NULL;
    v->tried = v->there = v->leaving = false;
    if (v->nwishes > 0)
        v->state = RR_WANTED;
}

void rrvalue_refused(struct rrvalue *v, int code, const char *why, bool fresh)
{
    v->code = code;
    free(v->why);
    v->why = strdup(why);
    if (v->nwishes > 0)
        v->state = RR_FAILED;
    if (fresh)
        v->tried = false;
}

const char *rrvalue_state(const struct rrvalue *v)
{
    static const char *const names[] = {
        [RR_WANTED] = "wanted", [RR_WRITTEN] = "written", [RR_VISIBLE] = "visible", [RR_FAILED] = "failed"
    };
    if (v->nwishes == 0)
        return v->foreign ? "foreign" : "unwanted";
    return names[v->state];
}
