/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - DNS messages as bytes and as ldns sees them. */
#include "net/dns/message.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { HEADER = 12, OPCODE_UPDATE = 5 };

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* Names come from people and services in any case. */
bool message_plain(const char *name, char out[DNS_NAME_MAX])
{
    if (!text_copy(out, DNS_NAME_MAX, name))
        return false;
    for (char *c = out; *c; c++)
        *c = (char)lower((uint8_t)*c);
    size_t n = strlen(out);
    if (n > 0 && out[n - 1] == '.')
        out[n - 1] = '\0';
    return true;
}

bool message_query(const char *name, uint16_t type, uint8_t out[MESSAGE_QUERY_MAX], size_t *len_out)
{
    ldns_rdf *wire = NULL;
    if (ldns_str2rdf_dname(&wire, *name ? name : ".") != LDNS_STATUS_OK)
        return false;
    size_t n = ldns_rdf_size(wire);
    bool fits = n > 0 && n <= 255;
    memset(out, 0, MESSAGE_QUERY_MAX);
    if (fits)
        memcpy(out + HEADER, ldns_rdf_data(wire), n);
    ldns_rdf_deep_free(wire);
    if (!fits || getrandom(out, 2, 0) != 2)
        return false;
    put16(out + 4, 1);
    put16(out + 10, 1);
    uint8_t *p = out + HEADER + n;
    put16(p, type);
    put16(p + 2, LDNS_RR_CLASS_IN);
    put16(p + 5, LDNS_RR_TYPE_OPT);
    put16(p + 7, MESSAGE_UDP_MAX);
    *len_out = HEADER + n + 4 + 11;
    return true;
}

/* Bytes of the uncompressed name at `at`, with its final zero; 0: none there. */
static size_t name_length(const uint8_t *data, size_t len, size_t at)
{
    size_t p = at;
    while (p < len && data[p] != 0) {
        if (data[p] > 63)
            return 0;
        p += 1u + data[p];
    }
    return p < len && p - at < 255 ? p - at + 1 : 0;
}

bool message_askable(const uint8_t *data, size_t len)
{
    if (len < HEADER || len > 65535 || (data[2] & 0x80) || get16(data + 4) != 1)
        return false;
    size_t n = name_length(data, len, HEADER);
    return n > 0 && HEADER + n + 4 <= len;
}

bool message_answers(const uint8_t *query, size_t len, const uint8_t *answer, size_t answer_len)
{
    if (len < HEADER || answer_len < HEADER || memcmp(query, answer, 2) != 0 || !(answer[2] & 0x80) ||
        (answer[2] & 0x78) != (query[2] & 0x78))
        return false;
    if (get16(answer + 4) == 0)
        return (query[2] >> 3 & 15) == OPCODE_UPDATE || (answer[3] & 15) != 0;
    size_t n = name_length(query, len, HEADER);
    if (get16(answer + 4) != 1 || n == 0 || HEADER + n + 4 > len || HEADER + n + 4 > answer_len)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(query[HEADER + i]) != lower(answer[HEADER + i]))
            return false;
    return memcmp(query + HEADER + n, answer + HEADER + n, 4) == 0;
}

ldns_pkt *message_parse(const uint8_t *data, size_t len)
{
    ldns_pkt *pkt = NULL;
    if (ldns_wire2pkt(&pkt, data, len) != LDNS_STATUS_OK)
        return NULL;
    return pkt;
}

void message_freep(ldns_pkt **p) { ldns_pkt_free(*p); }

static bool harmless(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*' || c == '/';
}

bool message_name(const ldns_rdf *field, char out[DNS_NAME_MAX])
{
    if (!field || ldns_rdf_get_type(field) != LDNS_RDF_TYPE_DNAME)
        return false;
    const uint8_t *data = ldns_rdf_data(field);
    size_t len = ldns_rdf_size(field), n = 0;
    char text[4 * 256 + 1];
    if (name_length(data, len, 0) != len)
        return false;
    for (size_t p = 0; data[p] != 0; p += 1u + data[p]) {
        if (p > 0)
            text[n++] = '.';
        for (size_t i = 1; i <= data[p]; i++) {
            uint8_t c = lower(data[p + i]);
            if (harmless(c))
                text[n++] = (char)c;
            else
                n += (size_t)snprintf(text + n, sizeof text - n, "\\%03u", c);
        }
    }
    if (n >= DNS_NAME_MAX)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

bool message_is(const ldns_rr *rr, const char *name, uint16_t type)
{
    char owner[DNS_NAME_MAX];
    return ldns_rr_get_type(rr) == (ldns_rr_type)type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
           message_name(ldns_rr_owner(rr), owner) && strcmp(owner, name) == 0;
}

/* The character strings of a TXT record, one after the other. */
static char *txt_value(const ldns_rr *rr)
{
    struct buf b = BUF(4 * 65535 + 1);
    buf_adds(&b, "");
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        const uint8_t *data = ldns_rdf_data(field);
        size_t len = ldns_rdf_size(field);
        for (size_t k = 1; k < len && k <= data[0]; k++) {
            if (data[k] >= 0x20 && data[k] < 0x7f)
                buf_add(&b, &data[k], 1);
            else
                buf_addf(&b, "\\%03u", data[k]);
        }
    }
    return buf_take(&b);
}

/* Any other record: its fields as ldns writes them, with a space between. */
static char *generic_value(const ldns_rr *rr)
{
    struct buf b = BUF(4 * 65535 + 1);
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        char name[DNS_NAME_MAX];
        if (i > 0)
            buf_adds(&b, " ");
        if (message_name(field, name)) {
            buf_adds(&b, name);
            continue;
        }
        auto_free char *text = ldns_rdf2str(field);
        if (!text) {
            buf_done(&b);
            return NULL;
        }
        buf_adds(&b, text);
    }
    return buf_take(&b);
}

char *message_value(const ldns_rr *rr)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT ? txt_value(rr) : generic_value(rr);
}
