/* SPDX-License-Identifier: Apache-2.0 */
/* question.c - the document that a program gets. */
#include "question.h"

#include <fl/json.h>
#include <stdlib.h>
#include <string.h>

static json_t *names_of(const struct fl_cert *c)
{
    json_t *names = json_array();

    for (const char *const *id = c->identifiers; names && *id; id++)
        if (json_array_append_new(names, json_string(*id)) != 0) {
            json_decref(names);
            return NULL;
        }
    return names;
}
static json_t *lineage_of(const struct fl_cert *c)
{
    json_t *names = names_of(c), *l;

    l = json_pack("{s:s, s:o}", "key_type", c->key_type, "names", names);
    if (l && *c->serial)
        (void)json_object_set_new(l, "serial", json_string(c->serial));
    if (l && *c->leaf_pem) {
        (void)json_object_set_new(l, "certificate", json_string(c->leaf_pem));
        (void)json_object_set_new(l, "chain", json_string(c->chain_pem));
        (void)json_object_set_new(l, "not_before", json_integer(c->not_before_at));
        (void)json_object_set_new(l, "not_after", json_integer(c->not_after_at));
    }
    if (l && *c->key_pem && json_object_set_new(l, "key", json_string(c->key_pem)) != 0) {
        json_decref(l);
        return NULL;
    }
    return l;
}
/* What the library holds of a key is overwritten before it is given back. */
static void wipe_keys(const json_t *lineages)
{
    size_t i;
    json_t *l;

    json_array_foreach(lineages, i, l)
    {
        const json_t *key = json_object_get(l, "key");
        if (key)
            explicit_bzero((char *)(uintptr_t)json_string_value(key), json_string_length(key));
    }
}
/* Into memory of the right size at once: what grows leaves copies behind. */
static char *dump(const json_t *doc)
{
    const size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER;
    size_t len = json_dumpb(doc, NULL, 0, flags);
    char *text = len > 0 ? calloc(1, len + 1) : NULL;

    if (text && json_dumpb(doc, text, len, flags) != len)
        question_free(&text);
    return text;
}
char *question_new(struct fl_ctx *ctx, const char *op, const struct fl_cert *certs, size_t n)
{
    json_t *doc = json_pack("{s:i, s:s, s:s, s:s, s:s, s:[]}", "format", 1, "op", op, "sink", fl_name(ctx),
                            "name", certs[0].name, "file_name", certs[0].file_name, "lineages");
    json_t *lineages = json_object_get(doc, "lineages");
    bool ok = lineages != NULL;
    char *text;

    for (size_t i = 0; i < n && ok; i++)
        ok = json_array_append_new(lineages, lineage_of(&certs[i])) == 0;
    text = ok ? dump(doc) : NULL;
    wipe_keys(lineages);
    json_decref(doc);
    return text;
}
void question_free(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}
