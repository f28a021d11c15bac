/* SPDX-License-Identifier: Apache-2.0 */
/* serve_forget.c - `forget`: what is left of a certificate that is not in the configuration any more goes. */
#include "base/mem.h"
#include "base/text.h"
#include "ctl/cli.h"
#include "ctl/serve.h"
#include "engine/record.h"
#include "engine/revoke.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

struct forgetting {
    const struct serve *s;
    const char *name;
    json_t *words;
    unsigned records, keys;
    struct outcome o;
};

static bool in_model(const struct model *m, const char *lineage)
{
    char name[400];

    for (size_t i = 0; i < m->ncertificates; i++)
        for (const char *const *key = m->certificates[i].keys; *key; key++)
            if (lineage_name(&m->certificates[i], *key, name) && strcmp(name, lineage) == 0)
                return true;
    return false;
}

/* Is that "KIND:..." a record of the certificate's? Lineages that the configuration still has are not. */
static bool is_ours(const struct forgetting *f, const char *key)
{
    const char *task = text_starts(key, "ask:") ? key + 4 : key, *subject = strchr(task, ':');
    size_t len = strlen(f->name);

    if (!subject || strncmp(++subject, f->name, len) != 0)
        return false;
    if (text_starts(task, "certificate:"))
        return (!subject[len] || subject[len] == '+') && !in_model(f->s->model, subject);
    if (text_starts(task, "delivery:"))
        return subject[len] == '>';
    return text_starts(task, "host:") && !subject[len];
}

static int drop_key(struct forgetting *f, const char *key)
{
    int code = key ? keeper_forget(f->s->keeper, key, &f->o) : FL_OK;

    f->keys += key && code == FL_OK;
    return code == FL_ECONF ? FL_OK : code; /* a damaged name of a key names none */
}

/* Keys go first: a record without its keys can be forgotten again, keys without a record never. */
static int drop_keys(struct forgetting *f, const json_t *rec)
{
    const json_t *waste = json_list(rec, "waste");
    int code = drop_key(f, json_str(json_obj(rec, "live"), "key", NULL));

    if (code == FL_OK)
        code = drop_key(f, json_str(json_obj(rec, "order"), "key", NULL));
    for (size_t i = 0; code == FL_OK && i < json_array_size(waste); i++)
        code = drop_key(f, json_string_value(json_array_get(waste, i)));
    return code;
}

static int drop_archive(struct forgetting *f, const char *key)
{
    cleanup_(json_freep) json_t *old = NULL;
    uint64_t version = 0;
    int code = store_salvage_json(f->s->store, STORE_ARCHIVE, key, &old, &version, &f->o);

    if (code != FL_OK || !version)
        return code;
    code = drop_key(f, json_str(old, "key", NULL));
    return code == FL_OK ? store_delete(f->s->store, STORE_ARCHIVE, key, version, &f->o) : code;
}

static int drop_record(struct forgetting *f, const char *key)
{
    cleanup_(json_freep) json_t *rec = NULL;
    uint64_t version = 0;
    int code = store_salvage_json(f->s->store, STORE_CERTS, key, &rec, &version, &f->o);

    if (code != FL_OK || !version)
        return code;
    if (text_starts(key, "certificate:")) {
        code = drop_keys(f, rec);
        if (code == FL_OK)
            code = drop_archive(f, key);
    }
    if (code == FL_OK)
        code = store_delete(f->s->store, STORE_CERTS, key, version, &f->o);
    f->records += code == FL_OK;
    return code;
}

/* The certificates' own records last: as long as one is there, it is shown as an orphan, and can be forgotten again. */
static int drop_all(struct forgetting *f, char **keys)
{
    int code = FL_OK;

    for (int last = 0; last < 2; last++)
        for (char **k = keys; code == FL_OK && *k; k++)
            if (is_ours(f, *k) && text_starts(*k, "certificate:") == (last == 1))
                code = drop_record(f, *k);
    return code;
}

static bool any(const struct forgetting *f, char **keys)
{
    for (char **k = keys; *k; k++)
        if (is_ours(f, *k))
            return true;
    return false;
}

static json_t *refuse(const struct forgetting *f)
{
    cleanup_(json_freep) json_t *list = revoke_list(f->s->store, f->name);

    for (size_t i = 0; i < f->s->model->ncertificates; i++)
        if (strcmp(f->s->model->certificates[i].name, f->name) == 0)
            return serve_reply(EXIT_FAILED,
                               "%.256s is in the configuration (%s:%d): take it out there first, and reload",
                               f->name, f->s->model->certificates[i].file, f->s->model->certificates[i].line);
    if (json_array_size(list))
        return serve_reply(
            EXIT_WAITING,
            "the certificate of %.256s is still to be revoked: `fairlead status` says how far that is",
            f->name);
    return NULL;
}

json_t *serve_forget(const struct serve *s, const json_t *req)
{
    struct forgetting f = { .s = s, .name = json_str(req, "name", "") };
    json_t *reply = f.name[0] ? refuse(&f) : serve_reply(EXIT_USAGE, "forget wants a name");
    char **keys = NULL;

    if (reply)
        return reply;
    int code = store_list(s->store, STORE_CERTS, &keys, &f.o);
    if (code == FL_OK && !any(&f, keys)) {
        store_keys_free(keys);
        return serve_reply(EXIT_FAILED, "nothing is known of `%.256s`: `fairlead status` lists the orphans",
                           f.name);
    }
    if (code == FL_OK)
        code = drop_all(&f, keys);
    store_keys_free(keys);
    if (code != FL_OK)
        return serve_failed(&f.o);
    serve_log(s, "forget", f.name);
    return serve_reply(EXIT_DONE,
                       "%.256s is forgotten: %u record%s and %u key%s; what sinks hold stays there", f.name,
                       f.records, f.records == 1 ? "" : "s", f.keys, f.keys == 1 ? "" : "s");
}
