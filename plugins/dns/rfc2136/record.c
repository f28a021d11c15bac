/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - a record's value as the core writes it, and as it stands in a message. */
#include "wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRING_MAX = 255, TEXT_MAX = 16384 };

void wire_free_pkt(ldns_pkt **p) { ldns_pkt_free(*p); }
void wire_free_name(ldns_rdf **p) { ldns_rdf_deep_free(*p); }
void wire_free_bytes(uint8_t **p) { free(*p); }

ldns_rdf *wire_name_of(const char *name)
{
    ldns_rdf *out = NULL;
    return ldns_str2rdf_dname(&out, *name ? name : ".") == LDNS_STATUS_OK ? out : NULL;
}

/* Bare text, with \DDD for what is not printable, to bytes. */
static size_t text_bytes(const char *text, uint8_t *out, size_t room)
{
    size_t n = 0;
    while (*text && n < room) {
        unsigned v = 0, digits = 0;
        while (text[0] == '\\' && digits < 3 && text[1 + digits] >= '0' && text[1 + digits] <= '9')
            v = v * 10 + (unsigned)(text[1 + digits++] - '0');
        bool escape = digits == 3 && v < 256;
        out[n++] = escape ? (uint8_t)v : (uint8_t)*text;
        text += escape ? 4 : 1;
    }
    return n;
}

/* One TXT record of as many strings as the text needs. */
static bool push_text(ldns_rr *rr, const char *text)
{
    uint8_t bytes[TEXT_MAX], string[1 + STRING_MAX];
    size_t len = text_bytes(text, bytes, sizeof bytes), at = 0;
    if (strlen(text) > sizeof bytes)
        return false;
    do {
        size_t n = len - at > STRING_MAX ? STRING_MAX : len - at;
        string[0] = (uint8_t)n;
        memcpy(string + 1, bytes + at, n);
        ldns_rdf *field = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, 1 + n, string);
        if (!field || !ldns_rr_push_rdf(rr, field))
            return false;
        at += n;
    } while (at < len);
    return true;
}

static ldns_rr *text_record(const char *name, const char *text)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *owner = wire_name_of(name);
    if (rr && owner) {
        ldns_rr_set_owner(rr, owner);
        ldns_rr_set_type(rr, LDNS_RR_TYPE_TXT);
        ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
        if (push_text(rr, text))
            return rr;
    } else {
        ldns_rdf_deep_free(owner);
    }
    ldns_rr_free(rr);
    return NULL;
}

/* Names in values are absolute, with or without the final dot. */
static ldns_rr *other_record(struct fl_ctx *ctx, const char *name, uint32_t type, const char *text)
{
    ldns_rr *rr = NULL;
    ldns_rdf *root = wire_name_of(".");
    char *kind = ldns_rr_type2str((ldns_rr_type)type);
    const char *line = fl_printf(ctx, "%s. 0 IN %s %s", name, kind ? kind : "", text);
    if (strpbrk(text, "\n\r;") || ldns_rr_new_frm_str(&rr, line, 0, root, NULL) != LDNS_STATUS_OK)
        rr = NULL;
    ldns_rdf_deep_free(root);
    free(kind);
    return rr;
}

ldns_rr *wire_record(struct fl_ctx *ctx, const char *name, uint32_t type, const char *text)
{
    return type == FL_RR_TXT ? text_record(name, text) : other_record(ctx, name, type, text);
}

ldns_rr *wire_empty(const char *name, uint32_t type, uint32_t class)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *owner = wire_name_of(name);
    if (!rr || !owner) {
        ldns_rr_free(rr);
        ldns_rdf_deep_free(owner);
        return NULL;
    }
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_type(rr, (ldns_rr_type)type);
    ldns_rr_set_class(rr, (ldns_rr_class) class);
    ldns_rr_set_ttl(rr, 0);
    return rr;
}

static const char *text_value(struct fl_ctx *ctx, const ldns_rr *rr)
{
    size_t room = 1, n = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        room += 4 * ldns_rdf_size(ldns_rr_rdf(rr, i));
    char *out = fl_alloc(ctx, room);
    for (size_t i = 0; out && i < ldns_rr_rd_count(rr); i++) {
        const uint8_t *data = ldns_rdf_data(ldns_rr_rdf(rr, i));
        size_t len = ldns_rdf_size(ldns_rr_rdf(rr, i));
        for (size_t k = 1; k < len; k++) {
            bool plain = data[k] >= 0x20 && data[k] < 0x7f;
            n += (size_t)snprintf(out + n, room - n, plain ? "%c" : "\\%03u", data[k]);
        }
    }
    return out ? out : "";
}

static const char *other_value(struct fl_ctx *ctx, const ldns_rr *rr)
{
    const char *out = "";
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        char *text = ldns_rdf2str(field);
        size_t n = text ? strlen(text) : 0;
        /* Names as the core writes them: without the final dot. */
        if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME && n > 1 && text[n - 1] == '.')
            text[n - 1] = '\0';
        out = fl_printf(ctx, "%s%s%s", out, i ? " " : "", text ? text : "");
        free(text);
    }
    return out;
}

const char *wire_text(struct fl_ctx *ctx, const ldns_rr *rr)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT ? text_value(ctx, rr) : other_value(ctx, rr);
}
