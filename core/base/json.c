/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - the one door to jansson, with getters that cannot be fooled. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* Measured first: json_dumps() leaves a key out where its buffer cannot grow, and calls that a success. */
char *json_text(const json_t *value)
{
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
    size_t len = json_dumpb(value, NULL, 0, flags);
    char *text = len > 0 ? malloc(len + 1) : NULL;

    if (!text)
        return NULL;
    if (json_dumpb(value, text, len, flags) != len) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return text;
}
const char *json_str(const json_t *obj, const char *key, const char *dflt)
{
    const char *text = json_string_value(json_object_get(obj, key));
    return text ? text : dflt;
}
int64_t json_int(const json_t *obj, const char *key, int64_t dflt)
{
    const json_t *value = json_object_get(obj, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : dflt;
}
bool json_flag(const json_t *obj, const char *key, bool dflt)
{
    const json_t *value = json_object_get(obj, key);
    return json_is_boolean(value) ? json_is_true(value) : dflt;
}
const json_t *json_obj(const json_t *obj, const char *key)
{
    const json_t *value = json_object_get(obj, key);
    return json_is_object(value) ? value : NULL;
}
const json_t *json_list(const json_t *obj, const char *key)
{
    const json_t *value = json_object_get(obj, key);
    return json_is_array(value) ? value : NULL;
}
bool json_put_str(json_t *obj, const char *key, const char *value)
{
    if (!value) {
        json_object_del(obj, key);
        return true;
    }
    return json_object_set_new(obj, key, json_string(value)) == 0;
}
bool json_put_int(json_t *obj, const char *key, int64_t value)
{
    return json_object_set_new(obj, key, json_integer(value)) == 0;
}
bool json_put_flag(json_t *obj, const char *key, bool value)
{
    return json_object_set_new(obj, key, json_boolean(value)) == 0;
}
bool json_put(json_t *obj, const char *key, json_t *value)
{
    return json_object_set_new(obj, key, value) == 0;
}
void json_freep(json_t **p) { json_decref(*p); }
