/* SPDX-License-Identifier: Apache-2.0 */
/* care.h - whether a zone is there and delegated, and what is done about it. Internal to zone/. */
#ifndef ZONE_CARE_H
#define ZONE_CARE_H

#include "base/outcome.h"
#include "zone/delegation.h"

enum {
    CARE_FIRST_MS = 60000,    /* pause between looks at a delegation that is wrong, doubling */
    CARE_MOST_MS = 1800000,   /* to this */
    CARE_RIGHT_MS = 86400000, /* and when it is right */
    CARE_TTL_LEAST_MS = 5000, /* the end of the parent's TTL is not waited for more closely than this */
    CARE_BLIND_MS = 120000, /* no way to the zone above for that long: zones are used without having looked */
    CARE_LAME_MS =
        600000, /* silence for that long, and not of a moment, makes servers lame for a registrar */
    CARE_SET_MS = 86400000, /* what a registrar took is not sent to it again before */
    CARE_MAKE_MS = 600000   /* pause between looks at a zone that others serve, so that it is not made */
};
/* Under the lock, changed by the zone's worker, `make` and `soon` by anybody. */
struct zone_care {
    bool make;         /* somebody wants it and nobody holds it */
    bool making, made; /* it was, or may have been, made by us: on disk before create() is called */
    bool looked;       /* `seen` tells of this process or of the last one */
    struct delegation seen;
    int64_t looked_at;    /* wall seconds: when it was looked at last */
    int64_t look_ms;      /* monotonic: when to look again; 0: now */
    int64_t since_ms;     /* monotonic: since when it is what it is */
    unsigned tries;       /* looks in a row that found it wrong */
    int64_t blind_ms;     /* monotonic: since when nobody can be asked; 0: somebody can */
    int64_t set_at;       /* wall seconds: when the registrar took our name servers; 0: never */
    char registrar[300];  /* what the registrar said, or why it is not asked; "" : nothing */
    char lacks[400];      /* what others serve of the zone and we do not hold; "": nothing is known */
    char why[400];        /* why it is not made; "" */
    bool soon;            /* somebody asked for a look now */
    unsigned looks, told; /* looks in this process; which of them the registrar was asked after */
};

#endif
