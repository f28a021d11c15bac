/* SPDX-License-Identifier: Apache-2.0 */
/* self_ask.c - questions to the plugin `self` in tests, and its answers as text. */
#include "self_ask.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/dns/message.h"
#include <string.h>

static char shown[20000];
static size_t last_len;

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

size_t self_query(const struct question *q, uint8_t *out)
{
    size_t n = 12;
    memset(out, 0, 512);
    put16(out, 0x4711);
    out[2] = (uint8_t)(q->opcode << 3 | q->recursion);
    put16(out + 4, 1);
    for (const char *label = q->name; *label;) {
        size_t len = strcspn(label, ".");
        out[n++] = (uint8_t)len;
        memcpy(out + n, label, len);
        n += len;
        label += len + (label[len] == '.');
    }
    n++;
    put16(out + n, q->type);
    put16(out + n + 2, q->class ? q->class : 1);
    n += 4;
    if (q->edns < 0)
        return n;
    put16(out + 10, 1);
    put16(out + n + 1, 41);
    put16(out + n + 3, q->edns ? (unsigned)q->edns : 1232);
    out[n + 6] = (uint8_t)q->version;
    out[n + 7] = q->dnssec_ok ? 0x80 : 0;
    return n + 11;
}

static void show_section(struct buf *b, const ldns_rr_list *list)
{
    buf_adds(b, " [");
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        auto_free char *owner = ldns_rdf2str(ldns_rr_owner(rr)),
                       *type = ldns_rr_type2str(ldns_rr_get_type(rr));
        buf_addf(b, "%s%s %u %s", i > 0 ? ", " : "", owner, ldns_rr_ttl(rr), type);
        for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
            auto_free char *text = ldns_rdf2str(ldns_rr_rdf(rr, k));
            buf_addf(b, " %s", text);
        }
    }
    buf_adds(b, "]");
}

const char *self_show(const void *data, size_t len)
{
    cleanup_(buf_done) struct buf b = BUF(sizeof shown - 1);
    cleanup_(message_freep) ldns_pkt *pkt = len > 0 ? message_parse(data, len) : NULL;
    last_len = len;
    *shown = '\0';
    if (len == 0)
        return shown;
    if (!pkt) {
        memcpy(shown, "malformed", sizeof "malformed");
        return shown;
    }
    auto_free char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(pkt));
    buf_addf(&b, "%s%s%s%s", rcode, ldns_pkt_aa(pkt) ? " aa" : "", ldns_pkt_tc(pkt) ? " tc" : "",
             ldns_pkt_rd(pkt) ? " rd" : "");
    if (ldns_pkt_edns(pkt))
        buf_addf(&b, " edns %u%s", ldns_pkt_edns_udp_size(pkt), ldns_pkt_edns_do(pkt) ? " do" : "");
    if (ldns_pkt_edns_extended_rcode(pkt))
        buf_addf(&b, " extended %u", ldns_pkt_edns_extended_rcode(pkt));
    show_section(&b, ldns_pkt_answer(pkt));
    show_section(&b, ldns_pkt_authority(pkt));
    show_section(&b, ldns_pkt_additional(pkt));
    memcpy(shown, buf_text(&b), b.len + 1);
    return shown;
}

const char *self_ask(struct fake *f, const struct question *q)
{
    uint8_t query[2 + 512];
    struct fl_from from = { .address = q->from ? q->from : "192.0.2.1", .port = 4711 };
    struct fl_bytes out;
    size_t len = self_query(q, query + 2), used = 0;
    put16(query, (unsigned)len);
    if (!q->tcp) {
        if (fake_datagram(f, 0, &from, query + 2, len, &out) != FL_OK)
            return "failed";
        return self_show(out.data, out.len);
    }
    if (fake_stream(f, 1, &from, query, len + 2, &used, &out) != FL_OK || used != len + 2)
        return "failed";
    return out.len > 2 ? self_show((const uint8_t *)out.data + 2, out.len - 2) : self_show(NULL, 0);
}

size_t self_answer_len(void) { return last_len; }
