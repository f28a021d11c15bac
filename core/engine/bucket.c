/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c - buckets of tokens: how many an authority allows in a time, and how many are left. */
#include "engine/bucket.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/opt.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

enum { CLASHES = 8 };

static bool parse(const char *text, struct limit *out)
{
    const char *slash = text ? strchr(text, '/') : NULL;
    char left[16] = "";

    if (!slash || (size_t)(slash - text) >= sizeof left)
        return false;
    memcpy(left, text, (size_t)(slash - text));
    return text_int(left, 1, 1000000, &out->most) && !opt_duration(slash + 1, &out->per_ms) &&
           out->per_ms / out->most > 0;
}

bool bucket_limits(const struct model_authority *a, const char *directory, struct budget *out)
{
    /* A rehearsal is counted elsewhere. */
    bool same = a->directory && directory && strcmp(a->directory, directory) == 0, any = false;
    const struct {
        const char *text, *what, *words;
        struct limit *to;
    } all[] = { { a->limits.orders, "orders", "new orders", &out->orders },
                { a->limits.domain, "domain", "certificates of a domain", &out->domain },
                { a->limits.same, "same", "certificates for the same names", &out->same },
                { a->limits.failed, "failed", "failed validations of a name", &out->failed } };

    *out = (struct budget){ .authority = a->name };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        all[i].to->what = all[i].what;
        all[i].to->words = all[i].words;
        if (!same || !parse(all[i].text, all[i].to))
            all[i].to->most = 0;
        any = any || all[i].to->most > 0;
    }
    return any;
}

bool bucket_key(const struct budget *b, const struct limit *l, const char *of, char out[BUCKET_KEY])
{
    return snprintf(out, BUCKET_KEY, "%s %s%s%s", b->authority, l->what, *of ? " " : "", of) < BUCKET_KEY;
}

/* ---- one bucket --------------------------------------------------------------------------- */

static int write_down(struct store *s, const char *key, struct bucket *b, struct outcome *o)
{
    cleanup_(json_freep) json_t *doc = json_object();

    if (!doc || !json_put_int(doc, "format", RECORD_FORMAT) || !json_put_int(doc, "full", b->full_ms))
        return outcome_nomem(o);
    return store_put_json(s, STORE_BUDGET, key, doc, b->version, &b->version, o);
}

struct bucket bucket_look(struct store *s, const struct limit *l, const char *key, int64_t now_ms)
{
    cleanup_(json_freep) json_t *doc = NULL;
    struct outcome o = { 0 };
    struct bucket b = { .full_ms = now_ms };

    if (store_get_json(s, STORE_BUDGET, key, &doc, &b.version, &o) == FL_OK && doc)
        b.full_ms = json_int(doc, "full", now_ms);
    if (b.full_ms < now_ms)
        b.full_ms = now_ms;
    if (b.full_ms > now_ms + l->per_ms) { /* the clock was put back: from now on it counts by this one */
        b.full_ms = now_ms + l->per_ms;
        write_down(s, key, &b, &o);
    }
    return b;
}

int bucket_move(struct store *s, const struct limit *l, const char *key, int64_t now_ms, int tokens,
                struct outcome *o)
{
    int code = FL_ESTALE;

    for (int i = 0; i < CLASHES && code == FL_ESTALE; i++) {
        struct bucket b = bucket_look(s, l, key, now_ms);
        b.full_ms += tokens * (l->per_ms / l->most);
        if (b.full_ms > now_ms + l->per_ms)
            b.full_ms = now_ms + l->per_ms;
        code = write_down(s, key, &b, o);
    }
    return code;
}

int64_t bucket_wait_ms(const struct bucket *b, const struct limit *l, double reserve, int64_t now_ms)
{
    int64_t every = l->per_ms / l->most, room = l->per_ms - (b->full_ms - now_ms);

    if (reserve > (double)(l->most - 1))
        reserve = (double)(l->most - 1);
    return every + (int64_t)((double)every * reserve) - room;
}

const struct limit *bucket_limit(const struct budget *b, const char *what)
{
    const struct limit *all[] = { &b->orders, &b->domain, &b->same, &b->failed };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->what, what) == 0)
            return all[i];
    return NULL;
}

/* ---- for people, and tidying -------------------------------------------------------------------- */

/* What stands behind "NAME " in a key: the limit, and what of. */
static const struct limit *read_key(const struct budget *b, const char *key, const char **of_out)
{
    size_t len = strlen(b->authority);
    char what[16];

    if (strncmp(key, b->authority, len) != 0 || key[len] != ' ')
        return NULL;
    key += len + 1;
    len = strcspn(key, " ");
    if (len >= sizeof what)
        return NULL;
    memcpy(what, key, len);
    what[len] = '\0';
    *of_out = key[len] ? key + len + 1 : "";
    return bucket_limit(b, what);
}

static json_t *show(const struct limit *l, const char *of, int64_t full_ms, int64_t now_ms)
{
    json_t *one = json_object();
    int64_t gone = (full_ms - now_ms + l->per_ms / l->most - 1) / (l->per_ms / l->most);

    if (json_put_str(one, "what", l->what) && json_put_str(one, "of", of[0] ? of : NULL) &&
        json_put_int(one, "left", l->most - gone) && json_put_int(one, "most", l->most) &&
        json_put_int(one, "per_s", l->per_ms / 1000) && json_put_int(one, "full_at", full_ms / 1000))
        return one;
    json_decref(one);
    return NULL;
}

json_t *budget_report(struct store *s, const struct model_authority *a, const char *directory, int64_t now_ms)
{
    json_t *out = json_array();
    struct budget b;
    struct outcome o = { 0 };
    char **keys = NULL;

    if (!out || !bucket_limits(a, directory, &b) || store_list(s, STORE_BUDGET, &keys, &o) != FL_OK)
        return out;
    for (char **k = keys; *k; k++) {
        const char *of = "";
        const struct limit *l = read_key(&b, *k, &of);
        struct bucket is =
            l && l->most ? bucket_look(s, l, *k, now_ms) : (struct bucket){ .full_ms = now_ms };
        if (is.full_ms > now_ms)
            json_array_append_new(out, show(l, of, is.full_ms, now_ms));
    }
    store_keys_free(keys);
    return out;
}

void budget_tidy(struct turn *t)
{
    const struct world_authority *a = world_authority(t->w, task_subject(t->task));
    struct outcome o = { 0 };
    struct budget b;
    char **keys = NULL;

    if (!a || !bucket_limits(a->model, a->directory, &b) ||
        store_list(t->w->store, STORE_BUDGET, &keys, &o) != FL_OK)
        return;
    for (char **k = keys; *k; k++) {
        const char *of;
        const struct limit *l = read_key(&b, *k, &of);
        struct bucket is = l && l->most ? bucket_look(t->w->store, l, *k, t->now_ms)
                                        : (struct bucket){ .full_ms = INT64_MAX };
        if (is.full_ms <= t->now_ms && is.version)
            store_delete(t->w->store, STORE_BUDGET, *k, is.version, &o);
    }
    store_keys_free(keys);
}
