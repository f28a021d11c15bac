/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - the zones, their records and their servers as JSON, for status and `dns`. */
#include "zone/zone.h"

static json_t *servers_json(const struct watch *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < w->servers.n; i++) {
        const struct dns_server *s = &w->servers.at[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", s->name, "address", s->address,
                                              "state", watch_state(w, i), "left_out", watch_left_out(w, i)));
    }
    return list;
}

static json_t *set_json(const struct rrset *r)
{
    json_t *values = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(values, journal_value(r->values[i]));
    return json_pack("{s:s, s:i, s:i, s:o}", "name", r->name, "type", (int)r->type, "ttl", (int)r->ttl,
                     "values", values);
}

static json_t *zone_json(const struct zone *zone)
{
    json_t *sets = json_array(), *names = json_array();
    for (size_t i = 0; i < zone->sets.n; i++)
        json_array_append_new(sets, set_json(zone->sets.at[i]));
    for (size_t i = 0; zone->name_servers && zone->name_servers[i]; i++)
        json_array_append_new(names, json_string(zone->name_servers[i]));
    json_t *obj = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "zone", zone->key, "apex", zone->apex,
                            "configured", zone->provider != NULL, "name_servers", names, "servers",
                            servers_json(&zone->watch), "rrsets", sets);
    if (zone->watch.why[0])
        json_put_str(obj, "waiting", zone->watch.why);
    if (zone->last.code != FL_OK) {
        json_put_str(obj, "code", outcome_code_name(zone->last.code));
        json_put_str(obj, "message", zone->last.msg);
    }
    return obj;
}

json_t *zones_report(struct zones *z)
{
    json_t *list = json_array();
    pthread_mutex_lock(&z->lock);
    for (size_t i = 0; list && i < z->n; i++)
        json_array_append_new(list, zone_json(z->at[i]));
    pthread_mutex_unlock(&z->lock);
    return list;
}
