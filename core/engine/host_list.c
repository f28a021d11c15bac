/* SPDX-License-Identifier: Apache-2.0 */
/* host_list.c - lists of address records and their marks, as they stand in a host task's record. */
#include "base/mem.h"
#include "engine/host.h"

#include <string.h>

bool host_add(json_t *list, const struct host_at *at, const char *name, uint32_t type, uint32_t of,
              const char *value)
{
    json_t *item = json_object();

    if (item && json_put_str(item, "name", name) && json_put_int(item, "type", type) &&
        json_put_str(item, "value", value) && json_put_str(item, "host", at->host) &&
        json_put_int(item, "of", of ? of : type) && json_put_str(item, "instance", at->instance))
        return json_array_append_new(list, item) == 0;
    json_decref(item);
    return false;
}

const char *host_of(const json_t *item) { return json_str(item, "host", json_str(item, "name", "")); }

uint32_t host_type(const json_t *item)
{
    int64_t type = json_int(item, "type", 0);
    return type > 0 && type <= UINT16_MAX ? (uint32_t)type : 0;
}

uint32_t host_for(const json_t *item)
{
    int64_t of = json_int(item, "of", 0);
    return of > 0 && of <= UINT16_MAX ? (uint32_t)of : host_type(item);
}

bool host_has(const json_t *list, const json_t *item)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (host_type(one) == host_type(item) &&
            strcmp(json_str(one, "name", ""), json_str(item, "name", "")) == 0 &&
            strcmp(json_str(one, "value", ""), json_str(item, "value", "")) == 0)
            return true;
    }
    return false;
}

bool host_about(const json_t *list, const char *host, uint32_t of)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (strcmp(host_of(one), host) == 0 && (of == 0 || host_for(one) == of))
            return true;
    }
    return false;
}

struct fl_record *host_records(const json_t *list, size_t *n_out)
{
    size_t n = json_array_size(list), i;
    struct fl_record *out = mem_array(n + 1, sizeof *out);
    const json_t *item;

    if (!out)
        return NULL;
    json_array_foreach(list, i, item)
    {
        out[i] = (struct fl_record){ .name = json_str(item, "name", ""),
                                     .type = host_type(item),
                                     .value = json_str(item, "value", "") };
    }
    *n_out = n;
    return out;
}
