/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - what an order costs of what its authority allows in a time, so that it need not say no. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "engine/bucket.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { HASH_BYTES = 16 };

static bool budget_of(const struct turn *t, struct budget *out)
{
    const struct world_authority *a = world_authority(t->w, json_str(t->rec, "authority", ""));

    return a && a->model && bucket_limits(a->model, a->directory, out);
}

/* ---- whose turn it is ----------------------------------------------------------------------- */

/* Share of a bucket that is left to those that are more urgent. */
static double left_alone(const struct turn *t)
{
    const json_t *live = json_obj(t->rec, "live");
    double from = (double)json_int(live, "not_before", 0), to = (double)json_int(live, "not_after", 0);

    if (!live || to <= from)
        return 0.2;
    double left = (to - (double)t->now_ms / 1000) / ((to - from) / 3);
    return 0.15 * (left < 0 ? 0 : left > 1 ? 1 : left);
}

/* ---- what an order needs --------------------------------------------------------------------- */

struct need {
    struct turn *t;
    struct budget b;
    json_t *keys;           /* [[what, key]], what is taken */
    int64_t wait_ms;        /* the longest; 0: none */
    const struct limit *by; /* that one */
    char of[300];
};

static void need_of(struct need *n, const struct limit *l, const char *of, bool take)
{
    char key[BUCKET_KEY];

    if (!l->most || !bucket_key(&n->b, l, of, key))
        return;
    bool shared = l == &n->b.orders || l == &n->b.domain;
    struct bucket b = bucket_look(n->t->w->store, l, key, n->t->now_ms);
    int64_t wait = bucket_wait_ms(&b, l, shared ? left_alone(n->t) * (double)l->most : 0, n->t->now_ms);
    if (wait > n->wait_ms) {
        n->wait_ms = wait;
        n->by = l;
        text_copy(n->of, sizeof n->of, of);
    }
    json_t *pair = take ? json_pack("[s,s]", l->what, key) : NULL;
    if (pair)
        json_array_append_new(n->keys, pair);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Hex of a digest of the sorted names. */
bool budget_set(const char *const *names, char out[BUDGET_SET])
{
    size_t n = 0;
    uint8_t hash[64];
    cleanup_(buf_done) struct buf all = BUF(64 * 1024);

    while (names[n])
        n++;
    auto_free const char **v = mem_array(n + 1, sizeof *v);
    if (!v)
        return false;
    memcpy(v, names, n * sizeof *v);
    qsort(v, n, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++)
        buf_addf(&all, "%s\n", v[i]);
    if (!digest_sha2(256, buf_text(&all), all.len, hash))
        return false;
    for (int i = 0; i < HASH_BYTES; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", hash[i]);
    return true;
}

static bool seen_before(const char *const *names, const char *const *name, const char *domain)
{
    char other[REGISTERED_DOMAIN];

    for (; names < name; names++) {
        registered_domain(*names, other);
        if (strcmp(other, domain) == 0)
            return true;
    }
    return false;
}

/* For the same names at the same authority. */
static bool is_renewal(const struct turn *t, const char *const *names)
{
    const json_t *live = json_obj(t->rec, "live");
    auto_free const char **before = json_strv(json_list(live, "names"));
    size_t n = 0;

    if (!live || !before || strcmp(json_str(live, "authority", ""), json_str(t->rec, "authority", "")) != 0)
        return false;
    for (; names[n]; n++)
        if (!text_in(names[n], (const char *const *)before))
            return false;
    return n == json_array_size(json_list(live, "names"));
}

static void needs(struct need *n, const char *const *names)
{
    bool renewal = is_renewal(n->t, names);
    char domain[REGISTERED_DOMAIN], set[BUDGET_SET];

    if (!renewal)
        need_of(n, &n->b.orders, "", true);
    for (const char *const *name = names; *name; name++) {
        need_of(n, &n->b.failed, text_starts(*name, "*.") ? *name + 2 : *name, false);
        registered_domain(*name, domain);
        if (!renewal && !seen_before(names, name, domain))
            need_of(n, &n->b.domain, domain, true);
    }
    if (budget_set(names, set))
        need_of(n, &n->b.same, set, true);
}

/* What cannot be written is not counted: the authority has the last word anyway. */
static void take(struct need *n)
{
    struct outcome o = { 0 };
    const json_t *pair;
    size_t i;

    json_array_foreach(n->keys, i, pair)
    {
        const struct limit *l = bucket_limit(&n->b, json_string_value(json_array_get(pair, 0)));
        if (l)
            bucket_move(n->t->w->store, l, json_string_value(json_array_get(pair, 1)), n->t->now_ms, 1, &o);
    }
}

static int short_of(struct need *n)
{
    char span[16];
    bool named = n->by == &n->b.domain || n->by == &n->b.failed;

    /* What others wait for too: they stand in line for it. */
    if (n->by == &n->b.orders || n->by == &n->b.domain)
        snprintf(n->t->limited, sizeof n->t->limited, "authority:%.100s/order%s%.255s",
                 json_str(n->t->rec, "authority", ""), n->of[0] ? "/" : "", n->of);
    clock_span(n->by->per_ms, span);
    return outcome_again(&n->t->out, n->wait_ms, "%s allows %lld %s in %s%s%s: it waits for its turn",
                         n->b.authority, (long long)n->by->most, n->by->words, span, named ? ", and of " : "",
                         named ? n->of : "");
}

int budget_take(struct turn *t, const char *const *names, bool replaces)
{
    json_t *order = json_object_get(t->rec, "order");
    struct need n = { .t = t };
    int code = FL_OK;

    if (replaces || json_list(order, "budget") || !budget_of(t, &n.b))
        return FL_OK;
    n.keys = json_array();
    if (!n.keys)
        return outcome_nomem(&t->out);
    needs(&n, names);
    if (n.wait_ms > 0)
        code = short_of(&n);
    else
        take(&n);
    if (code == FL_OK)
        return json_put(order, "budget", n.keys) ? FL_OK : outcome_nomem(&t->out);
    json_decref(n.keys);
    return code;
}

/* The order itself was asked for; only certificates were not. */
void budget_return(struct turn *t)
{
    json_t *order = json_object_get(t->rec, "order");
    const json_t *pair;
    struct budget b;
    struct outcome o = { 0 };
    size_t i;

    if (!json_list(order, "budget") || !budget_of(t, &b))
        return;
    json_array_foreach(json_list(order, "budget"), i, pair)
    {
        const char *what = json_string_value(json_array_get(pair, 0));
        const char *key = json_string_value(json_array_get(pair, 1));
        const struct limit *l = what && key ? bucket_limit(&b, what) : NULL;
        if (l && l->most && l != &b.orders)
            bucket_move(t->w->store, l, key, t->now_ms, -1, &o);
    }
    json_object_del(order, "budget");
}

void budget_failed(struct turn *t, const char *name)
{
    struct budget b;
    struct outcome o = { 0 };
    char key[BUCKET_KEY];

    if (budget_of(t, &b) && b.failed.most &&
        bucket_key(&b, &b.failed, text_starts(name, "*.") ? name + 2 : name, key))
        bucket_move(t->w->store, &b.failed, key, t->now_ms, 1, &o);
}
