/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - zone cuts on the way down from the root. */
#include "net/dns/cut.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cut_labels(const char *name)
{
    size_t n = *name ? 1 : 0;
    for (const char *c = name; *c; c++)
        n += *c == '.';
    return n;
}

const char *cut_suffix(const char *name, size_t n)
{
    const char *end = name + strlen(name);
    for (const char *c = end; n > 0 && c > name; c--)
        if (c[-1] == '.' && --n == 0)
            return c;
    return n > 0 ? name : end;
}

void cut_add(struct cut *c, const char *address, const struct cut_name *of)
{
    for (size_t i = 0; i < c->at.n; i++) {
        if (strcmp(c->at.at[i].address, address) != 0)
            continue;
        c->at.at[i].delegated = c->at.at[i].delegated || of->delegated;
        return;
    }
    if (c->at.n == DNS_SERVERS_MAX)
        return;
    struct dns_server *s = &c->at.at[c->at.n];
    if (!text_copy(s->address, sizeof s->address, address))
        return;
    text_copy(s->name, sizeof s->name, of->name);
    s->delegated = of->delegated;
    c->at.n++;
}

static void take_glue(struct cut *c, const ldns_pkt *pkt, struct cut_name *of)
{
    const ldns_rr_list *more = ldns_pkt_additional(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(more); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(more, i);
        bool v4 = message_is(rr, of->name, LDNS_RR_TYPE_A);
        if (!v4 && !message_is(rr, of->name, LDNS_RR_TYPE_AAAA))
            continue;
        char *text = message_value(rr), address[64];
        if (text) {
            snprintf(address, sizeof address, v4 ? "%s:53" : "[%s]:53", text);
            cut_add(c, address, of);
            of->sought = true;
        }
        free(text);
    }
}

static struct cut_name *find_name(struct cut *c, const char *name)
{
    for (size_t i = 0; i < c->nnames; i++)
        if (strcmp(c->names[i].name, name) == 0)
            return &c->names[i];
    return NULL;
}

void cut_take(struct cut *c, const ldns_rr_list *section, const ldns_pkt *pkt, const char *owner,
              const char *trusted, bool delegated)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(section, i);
        char name[DNS_NAME_MAX];
        if (!message_is(rr, owner, LDNS_RR_TYPE_NS) || !message_name(ldns_rr_rdf(rr, 0), name) || !*name ||
            find_name(c, name) || c->nnames == CUT_NAMES)
            continue;
        struct cut_name *n = &c->names[c->nnames++];
        text_copy(n->name, sizeof n->name, name);
        n->delegated = delegated;
        n->sought = false;
        if (text_below(name, trusted))
            take_glue(c, pkt, n);
    }
}
