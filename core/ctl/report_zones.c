/* SPDX-License-Identifier: Apache-2.0 */
/* report_zones.c - zones: their name servers, whether the zone above points to them, and what is to be done. */
#include "base/mem.h"
#include "base/text.h"
#include "ctl/report.h"
#include "engine/record.h"
#include "engine/steps.h"

#include <stdio.h>
#include <string.h>

static bool configured(const struct model *m, const char *zone)
{
    char instance[400];
    const char *slash = strchr(zone, '/');

    snprintf(instance, sizeof instance, "%.*s", slash ? (int)(slash - zone) : 0, zone);
    return model_find(m, FL_KIND_DNS, instance) != NULL;
}

/* What a person reads first. */
static const char *word(const json_t *facts)
{
    if (json_flag(facts, "make", false) || json_flag(facts, "making", false))
        return "not made";
    return json_str(facts, "state", "not looked at");
}

static json_t *one(struct store *s, const char *zone)
{
    cleanup_(json_freep) json_t *rec = record_peek(s, KIND_ZONE, zone);
    const json_t *facts = json_obj(rec, "zone");
    json_t *out = facts ? json_copy((json_t *)(uintptr_t)facts) : NULL;

    if (!out)
        return NULL;
    json_put_str(out, "zone", zone);
    json_put_str(out, "is", word(facts));
    if (strcmp(json_str(rec, "code", "ok"), "ok") != 0 && json_str(rec, "msg", NULL)) {
        json_put_str(out, "code", json_str(rec, "code", ""));
        json_put_str(out, "failure", json_str(rec, "msg", ""));
    }
    return out;
}

json_t *report_zones(struct store *s, const struct model *m)
{
    json_t *out = json_array();
    char **keys = NULL;
    struct outcome o = { 0 };

    if (store_list(s, STORE_CERTS, &keys, &o) == FL_OK)
        for (char **k = keys; *k; k++) {
            const char *zone = strchr(*k, ':') + 1;
            json_t *item = text_starts(*k, "zone:") && configured(m, zone) ? one(s, zone) : NULL;
            if (item)
                json_array_append_new(out, item);
        }
    store_keys_free(keys);
    return out;
}

static void line(FILE *f, const char *label, const char *text)
{
    if (text && *text)
        fprintf(f, "  %-12s %s\n", label, text);
}

static void page(FILE *f, const json_t *zone)
{
    bool right = strcmp(json_str(zone, "is", ""), "right") == 0;
    const json_t *item;
    size_t i;

    fprintf(f, "zone %-27s %s", json_str(zone, "zone", ""), right ? "delegated" : json_str(zone, "is", ""));
    json_array_foreach(json_list(zone, "name_servers"), i, item)
        fprintf(f, "%s%s", i ? ", " : "; name servers ", json_string_value(item));
    fputc('\n', f);
    if (right)
        return;
    line(f, "", json_str(zone, "why", json_str(zone, "msg", NULL)));
    line(f, "failure", json_str(zone, "failure", NULL));
    line(f, "registrar", json_str(zone, "registrar", NULL));
    line(f, "not here", json_str(zone, "lacks", NULL));
}

void report_zone_pages(FILE *f, const json_t *zones, bool wrong_only)
{
    const json_t *zone;
    size_t i;

    json_array_foreach(zones, i, zone)
    {
        const char *is = json_str(zone, "is", "");
        if (!wrong_only || (strcmp(is, "right") != 0 && strcmp(is, "unknown") != 0))
            page(f, zone);
    }
}
