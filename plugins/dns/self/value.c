/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - RRsets from presentation form. */
#include "zone.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False only without memory; `len` 0 in *out: not a value of that type. */
static bool keep(struct zone_value *v, const void *rdata, size_t len)
{
    v->rdata = malloc(len);
    if (!v->rdata)
        return false;
    memcpy(v->rdata, rdata, len);
    v->len = (uint16_t)len;
    return true;
}

static bool address(struct zone_value *v, int family, size_t len)
{
    uint8_t bytes[16];
    return inet_pton(family, v->text, bytes) != 1 || keep(v, bytes, len);
}

static bool name(struct zone_value *v)
{
    struct wire_name n;
    return !*v->text || !wire_from_text(v->text, &n) || keep(v, n.data, n.len);
}

/* Strings of at most 255 bytes, one after the other. */
static bool text(struct zone_value *v)
{
    size_t left = strlen(v->text), n = 0;
    const char *from = v->text;
    if (left > ZONE_RDATA_MAX)
        return true;
    v->rdata = malloc(left + left / 255 + 1);
    if (!v->rdata)
        return false;
    do {
        size_t part = left < 255 ? left : 255;
        v->rdata[n++] = (uint8_t)part;
        memcpy(v->rdata + n, from, part);
        n += part;
        from += part;
        left -= part;
    } while (left > 0);
    v->len = (uint16_t)n;
    return true;
}

static bool parse(struct zone_value *v, uint32_t type)
{
    switch (type) {
    case FL_RR_A: return address(v, AF_INET, 4);
    case FL_RR_AAAA: return address(v, AF_INET6, 16);
    case FL_RR_CNAME:
    case FL_RR_NS: return name(v);
    default: return text(v);
    }
}

void zone_target(const struct zone_value *value, struct wire_name *out)
{
    out->len = (uint8_t)value->len;
    memcpy(out->data, value->rdata, value->len);
}

void zone_set_free(struct zone_set *set)
{
    for (size_t i = 0; set && i < set->n; i++) {
        free(set->values[i].text);
        free(set->values[i].rdata);
    }
    if (set)
        free(set->values);
    free(set);
}

static int fill(struct zone_set *set, const struct fl_value *values, size_t n, char why[160])
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct zone_value *v = &set->values[i];
        v->text = strdup(values[i].text);
        set->n++;
        if (!v->text || !parse(v, set->type))
            return FL_ENOMEM;
        if (v->len == 0) {
            snprintf(why, 160, "\"%.80s\" is not a value of a record of type %u", v->text, set->type);
            return FL_EREJECT;
        }
        bytes += v->len + 12u;
    }
    if (bytes <= ZONE_RDATA_MAX)
        return FL_OK;
    snprintf(why, 160, "%zu bytes of values do not fit into one answer", bytes);
    return FL_EREJECT;
}

int zone_set_new(uint32_t type, uint32_t ttl, const struct fl_value *values, size_t n, struct zone_set **out,
                 char why[160])
{
    if (type != FL_RR_A && type != FL_RR_AAAA && type != FL_RR_CNAME && type != FL_RR_NS &&
        type != FL_RR_TXT) {
        snprintf(why, 160, "only A, AAAA, CNAME and TXT records can be served, not type %u", (unsigned)type);
        return FL_EREJECT;
    }
    if (type == FL_RR_CNAME && n > 1) {
        snprintf(why, 160, "a name has one CNAME, not %zu", n);
        return FL_EREJECT;
    }
    struct zone_set *set = calloc(1, sizeof *set);
    if (!set)
        return FL_ENOMEM;
    set->type = (uint16_t)type;
    set->ttl = ttl & 0x7fffffff;
    set->values = calloc(n ? n : 1, sizeof *set->values);
    int rc = set->values ? fill(set, values, n, why) : FL_ENOMEM;
    if (rc != FL_OK) {
        zone_set_free(set);
        return rc;
    }
    *out = set;
    return FL_OK;
}
