/* SPDX-License-Identifier: Apache-2.0 */
/* lacks.c - what a zone would lack if its name servers were changed to ours now. */
#include "base/mem.h"
#include "base/text.h"
#include "zone/zone.h"
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 3000, TYPE_MX = 15, TYPE_SRV = 33, TYPE_CAA = 257 };

/* What people notice when it is gone. Nobody can be asked for all that he has. */
static const struct usual {
    const char *name;
    uint16_t type;
    const char *word;
} usual[] = {
    { "", FL_RR_A, "A" },
    { "", FL_RR_AAAA, "AAAA" },
    { "", TYPE_MX, "MX" },
    { "", FL_RR_TXT, "TXT" },
    { "", TYPE_CAA, "CAA" },
    { "www", FL_RR_A, "A" },
    { "www", FL_RR_AAAA, "AAAA" },
    { "www", FL_RR_CNAME, "CNAME" },
    { "mail", FL_RR_A, "A" },
    { "mail", FL_RR_AAAA, "AAAA" },
    { "mail", FL_RR_CNAME, "CNAME" },
    { "*", FL_RR_A, "A" },
    { "*", FL_RR_AAAA, "AAAA" },
    { "*", FL_RR_CNAME, "CNAME" },
    { "_dmarc", FL_RR_TXT, "TXT" },
    { "autodiscover", FL_RR_CNAME, "CNAME" },
    { "_autodiscover._tcp", TYPE_SRV, "SRV" },
    { "_sip._tls", TYPE_SRV, "SRV" },
};
enum { USUAL = sizeof usual / sizeof *usual };

/* Which of them do these servers have? */
static int ask(const struct zones *z, const struct zone *zone, const struct dns_servers *old, bool has[USUAL],
               struct outcome *o)
{
    auto_free struct dns_look *looks = mem_array(DNS_SERVERS_MAX, sizeof *looks);
    unsigned ms = z->conf.roots.timeout_ms ? z->conf.roots.timeout_ms : LOOK_MS;
    int code = looks ? FL_OK : outcome_nomem(o);
    for (size_t i = 0; code == FL_OK && i < USUAL; i++) {
        char name[300];
        snprintf(name, sizeof name, "%s%s%s", usual[i].name, *usual[i].name ? "." : "", zone->apex);
        code = dns_look(old, name, usual[i].type, ms, looks, o);
        for (size_t k = 0; code == FL_OK && k < old->n; k++)
            has[i] = has[i] || (looks[k].state == DNS_ANSWERED && looks[k].n > 0);
        if (code == FL_OK)
            dns_looks_done(looks, old->n);
    }
    return code;
}

static bool emitted(const struct call *call, const struct usual *u)
{
    struct emitted e = { 0 };
    call_emitted(call, &e);
    for (size_t i = 0; i < e.nrrsets; i++)
        if (e.rrsets[i].type == u->type && strcmp(e.rrsets[i].name, u->name) == 0)
            return true;
    return false;
}

/* Those that the provider lists are not lacking; nor is said so of what it cannot tell. */
static int strike(const struct zone *zone, const struct usual *u, bool *has, struct outcome *o)
{
    struct call call;
    const struct fl_zone public = zone_public(zone);
    bool there = false;
    int code = call_begin(&call, zone->provider->instance, zone->apex, 0, o);
    if (code != FL_OK)
        return code;
    code = zone_ops(zone)->list(call.ctx, &public, u->name, u->type);
    if (code == FL_OK)
        there = emitted(&call, u);
    code = call_end(&call, code, o);
    *has = code == FL_OK && !there;
    return code == FL_ENOMEM ? code : FL_OK;
}

int lacks_look(struct zones *z, struct zone *zone, bool made, const struct dns_servers *old, char out[400],
               struct outcome *o)
{
    bool has[USUAL] = { false };
    *out = '\0';
    int code = old->n > 0 ? ask(z, zone, old, has, o) : FL_OK;
    for (size_t i = 0; code == FL_OK && made && i < USUAL; i++)
        if (has[i])
            code = strike(zone, &usual[i], &has[i], o);
    for (size_t i = 0; code == FL_OK && i < USUAL; i++) {
        size_t n = strlen(out);
        if (has[i])
            snprintf(out + n, 400 - n, "%s%s of %s%s%.120s", n ? ", " : "", usual[i].word, usual[i].name,
                     *usual[i].name ? "." : "", zone->apex);
    }
    return code;
}
