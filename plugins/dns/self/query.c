/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - what a client asks. */
#include "query.h"
#include <string.h>

enum { TYPE_OPT = 41, PLAIN_SIZE = 512 };

static bool question(const uint8_t *data, size_t len, struct query *q, size_t *end_out)
{
    size_t end;
    if (wire_get16(data + 4) != 1 || !wire_from_message(data, len, WIRE_HEADER, &q->name, &end) ||
        end + 4 > len)
        return false;
    q->type = wire_get16(data + end);
    q->class = wire_get16(data + end + 2);
    q->asked = data + WIRE_HEADER;
    q->asked_len = end + 4 - WIRE_HEADER;
    *end_out = end + 4;
    return true;
}

/* The OPT record's fields (RFC 6891 section 6.1.3). */
static int edns(const uint8_t *fixed, struct query *q)
{
    uint16_t size = wire_get16(fixed + 2);
    q->edns = true;
    q->size = size > PLAIN_SIZE ? size : PLAIN_SIZE;
    q->dnssec_ok = fixed[6] & 0x80;
    return fixed[5] == 0 ? RCODE_OK : RCODE_BADVERS;
}

/* Looks through the records behind the question for an OPT record; others mean nothing here. */
static int records(const uint8_t *data, size_t len, size_t at, struct query *q)
{
    unsigned before = wire_get16(data + 6) + wire_get16(data + 8), all = before + wire_get16(data + 10);
    int rcode = RCODE_OK;
    for (unsigned i = 0; i < all; i++) {
        size_t name = at;
        if (!wire_skip(data, len, &at) || len - at < 10)
            return RCODE_FORMERR;
        size_t rdata = wire_get16(data + at + 8);
        if (len - at - 10 < rdata)
            return RCODE_FORMERR;
        if (wire_get16(data + at) == TYPE_OPT) {
            if (i < before || q->edns || data[name] != 0)
                return RCODE_FORMERR;
            rcode = edns(data + at, q);
        }
        at += 10 + rdata;
    }
    return at == len ? rcode : RCODE_FORMERR;
}

bool query_parse(const uint8_t *data, size_t len, struct query *out, int *rcode_out)
{
    struct query q = { .size = PLAIN_SIZE };
    size_t end = 0;
    if (len < WIRE_HEADER || (data[2] & 0x80))
        return false;
    q.id = wire_get16(data);
    q.opcode = data[2] >> 3 & 15;
    q.rd = data[2] & 1;
    q.cd = data[3] & 0x10;
    bool readable = question(data, len, &q, &end);
    if (q.opcode != 0)
        *rcode_out = RCODE_NOTIMP;
    else
        *rcode_out = readable ? records(data, len, end, &q) : RCODE_FORMERR;
    *out = q;
    return true;
}
