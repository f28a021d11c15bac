/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - when a batch of changes closes, what goes into it, and how a refused one is halved. */
#include "zone/batch.h"
#include "base/mem.h"
#include <string.h>

int64_t batch_closes(const struct batch_window *w, bool full, bool instant)
{
    if (full || instant)
        return w->first_ms;
    int64_t quiet_ms = w->last_ms + BATCH_QUIET_MS, long_ms = w->first_ms + BATCH_LONG_MS;
    return quiet_ms < long_ms ? quiet_ms : long_ms;
}

/* ---- picking ------------------------------------------------------------------------- */

struct cost {
    uint64_t values, bytes;
};

/* Value services are sent the difference; the others whole RRsets, whose replacement may count more than once. */
static struct cost set_cost(const struct rrset *r, size_t items, const struct fl_dns_caps *caps)
{
    struct cost c = { 0 };
    uint64_t times = caps->update_cost ? caps->update_cost : 1;
    for (size_t i = 0; i < r->n; i++)
        c.bytes += strlen(r->values[i]->text);
    c.values = caps->flags & FL_CAP_VALUES ? items : r->n;
    if (caps->flags & FL_CAP_VALUES && r->n > 0)
        c.bytes = c.bytes * items / r->n;
    return (struct cost){ c.values * times, c.bytes * times };
}

static bool fits(const struct cost *have, const struct cost *more, const struct fl_dns_caps *caps)
{
    return (caps->max_values == 0 || have->values + more->values <= caps->max_values) &&
           (caps->max_bytes == 0 || have->bytes + more->bytes <= caps->max_bytes);
}

static int64_t removal_due(const struct rrvalue *v, const struct batch_rule *rule)
{
    int64_t at = rule->hurry ? 0 : v->idle_ms + BATCH_LINGER_MS;
    /* A wall clock that was set back must not keep a record for years. */
    if (at > rule->now_ms + BATCH_LINGER_MS)
        at = rule->now_ms + BATCH_LINGER_MS;
    return at < v->hold_ms ? v->hold_ms : at;
}

static bool wants_in(const struct rrvalue *v, const struct batch_rule *rule, bool remove, struct batch *b)
{
    if (!remove)
        return rrvalue_to_add(v);
    if (!rrvalue_to_remove(v))
        return false;
    int64_t at = removal_due(v, rule);
    bool held = v->hold_ms > rule->now_ms;
    if (at <= rule->now_ms + (held ? 0 : BATCH_AHEAD_MS))
        return true;
    if (b->removal_ms == 0 || at < b->removal_ms)
        b->removal_ms = at;
    return false;
}

static bool pick_set(struct rrset *r, const struct batch_rule *rule, bool remove, struct cost *have,
                     struct batch *b)
{
    size_t found = 0;
    for (size_t i = 0; i < r->n; i++)
        found += wants_in(r->values[i], rule, remove, b);
    struct cost more = set_cost(r, found, rule->caps);
    if (found == 0)
        return true;
    if (b->n > 0 && !fits(have, &more, rule->caps)) {
        b->full = true;
        return true;
    }
    if (!mem_grow(&b->items, &b->cap, b->n + found, sizeof *b->items))
        return false;
    for (size_t i = 0; i < r->n; i++)
        if (wants_in(r->values[i], rule, remove, b))
            b->items[b->n++] = (struct batch_item){ .set = r, .value = r->values[i], .remove = remove };
    have->values += more.values;
    have->bytes += more.bytes;
    return true;
}

static int by_set(const void *a, const void *b)
{
    const struct batch_item *x = a, *y = b;
    int c = strcmp(x->set->name, y->set->name);
    if (c == 0 && x->set->type != y->set->type)
        c = x->set->type < y->set->type ? -1 : 1;
    if (c == 0 && x->remove != y->remove)
        c = x->remove ? -1 : 1;
    return c ? c : strcmp(x->value->text, y->value->text);
}

bool batch_pick(const struct rrsets *sets, const struct batch_rule *rule, struct batch *out)
{
    struct batch b = { 0 };
    struct cost have = { 0 };
    for (int remove = 0; remove <= 1; remove++) {
        for (size_t i = 0; i < sets->n; i++) {
            if (pick_set(sets->at[i], rule, remove, &have, &b))
                continue;
            batch_done(&b);
            return false;
        }
        if (!remove)
            b.adds = b.n;
    }
    if (b.n > 0)
        qsort(b.items, b.n, sizeof *b.items, by_set);
    *out = b;
    return true;
}

void batch_done(struct batch *b)
{
    free(b->items);
    *b = (struct batch){ 0 };
}

/* ---- halving ------------------------------------------------------------------------- */

void batch_parts_init(struct batch_parts *p, size_t n)
{
    p->at[0] = (struct batch_part){ 0, n };
    p->n = n > 0;
}

bool batch_parts_next(struct batch_parts *p, struct batch_part *out)
{
    if (p->n == 0)
        return false;
    *out = p->at[--p->n];
    return true;
}

bool batch_parts_halve(struct batch_parts *p, const struct batch *b, struct batch_part part)
{
    size_t n = part.to - part.from, cut = part.from + n / 2;
    if (n < 2 || p->n + 2 > BATCH_PARTS)
        return false;
    /* The border between two RRsets that is nearest to the middle, if there is one. */
    for (size_t away = 0; away <= n / 2; away++) {
        size_t down = part.from + n / 2 - away, up = part.from + n / 2 + away;
        if (down > part.from && b->items[down].set != b->items[down - 1].set) {
            cut = down;
            break;
        }
        if (up < part.to && up > part.from && b->items[up].set != b->items[up - 1].set) {
            cut = up;
            break;
        }
    }
    p->at[p->n++] = (struct batch_part){ cut, part.to };
    p->at[p->n++] = (struct batch_part){ part.from, cut };
    return true;
}

/* ---- the change set ------------------------------------------------------------------ */

static const struct batch_item *item_of(const struct batch *b, struct batch_part part,
                                        const struct rrvalue *v)
{
    for (size_t i = part.from; i < part.to; i++)
        if (b->items[i].value == v)
            return &b->items[i];
    return NULL;
}

/* `at` has room for twice the values of the RRset. */
static struct fl_change change_of(const struct batch *b, struct batch_part part, struct fl_value *at)
{
    const struct rrset *r = b->items[part.from].set;
    struct fl_value *before = at, *after = at + r->n;
    size_t nbefore = 0, nafter = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct rrvalue *v = r->values[i];
        const struct batch_item *item = item_of(b, part, v);
        struct fl_value value = { .text = v->text, .id = v->id };
        bool remove = item && item->remove;
        bool stands = v->there || remove;
        if (stands)
            before[nbefore++] = value;
        if (!remove && (stands || item))
            after[nafter++] = value;
    }
    uint32_t ttl = rrset_ttl_after(r);
    return (struct fl_change){ .name = r->name,
                               .type = r->type,
                               .ttl_before = nbefore ? (r->ttl_there ? r->ttl_there : ttl) : 0,
                               .ttl = ttl,
                               .before = before,
                               .after = after,
                               .nbefore = nbefore,
                               .nafter = nafter,
                               .etag = r->etag };
}

static bool differs(const struct fl_change *c)
{
    if (c->nbefore != c->nafter || (c->nafter > 0 && c->ttl != c->ttl_before))
        return true;
    for (size_t i = 0; i < c->nafter; i++)
        if (c->before[i].text != c->after[i].text)
            return true;
    return false;
}

/* A CNAME stands alone at its name: what makes room comes before what takes it. */
static void removals_first(struct changes *c)
{
    size_t to = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->at[i].nafter > 0)
            continue;
        struct fl_change gone = c->at[i];
        memmove(&c->at[to + 1], &c->at[to], (i - to) * sizeof *c->at);
        c->at[to++] = gone;
    }
}

bool changes_make(const struct batch *b, struct batch_part part, struct changes *out)
{
    size_t values = 0, at = 0;
    struct changes c = { .at = mem_array(part.to - part.from, sizeof *c.at) };
    for (size_t i = part.from; i < part.to; i++)
        if (i == part.from || b->items[i].set != b->items[i - 1].set)
            values += 2 * b->items[i].set->n;
    c.values = mem_array(values, sizeof *c.values);
    if (!c.at || !c.values) {
        changes_done(&c);
        return false;
    }
    for (size_t i = part.from, end; i < part.to; i = end) {
        for (end = i; end < part.to && b->items[end].set == b->items[i].set;)
            end++;
        c.at[c.n] = change_of(b, (struct batch_part){ i, end }, c.values + at);
        at += 2 * b->items[i].set->n;
        c.n += differs(&c.at[c.n]);
    }
    removals_first(&c);
    *out = c;
    return true;
}

void changes_done(struct changes *c)
{
    free(c->at);
    free(c->values);
    *c = (struct changes){ 0 };
}
