/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark.h - TXT records that say whose an address record is, in the form that external-dns writes and reads. Pure.
 *
 * The value is `heritage=external-dns,external-dns/owner=OWNER,external-dns/resource=RESOURCE`, labels sorted; its reader
 * takes away quotes around it and passes over words that it does not know. The name is that of the record, with the type in lower case
 * and "-" before its first label: A at www.example.org is marked at a-www.example.org. With a prefix that holds "%{record_type}" the
 * type stands there instead; any other prefix stands before the type. A first label "*" may be replaced. (external-dns, registry/txt
 * and endpoint/labels, v0.12 to v0.22.)
 * The zone's apex: where the name would fall out of the zone, the older form without type is used, at the apex itself.
 */
#ifndef ZONE_MARK_H
#define ZONE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARK_TEXT = 640, MARK_NAME = 256, MARK_WORD = 256 };
struct mark_rule {
    const char *owner;             /* "": nothing is marked */
    const char *prefix, *wildcard; /* "" or NULL: none */
};
/* Names in lower case, without a final dot; type is FL_RR_A, _AAAA, _CNAME or _ALIAS (marked as the A that it answers with).
 * False: it is no name of at most 253 bytes with labels of at most 63. */
bool mark_name(const struct mark_rule *r, const char *host, uint32_t type, const char *apex,
               char out[MARK_NAME]);
/* False: too long. What would break the form ("," "=" and quotes) becomes "_". */
bool mark_text(const struct mark_rule *r, const char *resource, char out[MARK_TEXT]);

struct mark {
    char owner[MARK_WORD], resource[MARK_WORD]; /* cut where longer */
};
/* False: it is no mark, but any other TXT. A mark without an owner has owner "". */
bool mark_read(const char *text, struct mark *out);

#endif
