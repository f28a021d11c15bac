/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - when a batch of changes closes, what goes into it, and how a refused one is halved. Pure. */
#ifndef ZONE_BATCH_H
#define ZONE_BATCH_H

#include "zone/rrset.h"

enum {
    BATCH_QUIET_MS = 300,    /* it closes when nothing was added for so long, */
    BATCH_LONG_MS = 3000,    /* or so long after its first change, */
    BATCH_LINGER_MS = 60000, /* (removals: so long after the last wish was taken back) */
    BATCH_AHEAD_MS = 3000    /* and takes along removals that would be due so soon */
};
/* Monotonic clock. first_ms 0: nothing to be added. */
struct batch_window {
    int64_t first_ms, last_ms;
};
/* When it closes. Servers of our own (instant) and full batches do not wait. */
int64_t batch_closes(const struct batch_window *w, bool full, bool instant);

struct batch_item {
    struct rrset *set;
    struct rrvalue *value;
    bool remove;
    bool fresh; /* nothing was tried with it before; set by the writer */
};
struct batch {
    struct batch_item *items; /* those of one RRset stand together */
    size_t n, cap;
    size_t adds;
    bool full;          /* not everything found room */
    int64_t removal_ms; /* wall clock: when the next removal that is not in here is due; 0: none */
};
struct batch_rule {
    const struct fl_dns_caps *caps;
    int64_t now_ms; /* wall clock */
    bool hurry;     /* removals do not linger */
};
/* What could go into a batch now; the additions first, if not all fits. At least one RRset fits always. False: no memory. */
bool batch_pick(const struct rrsets *sets, const struct batch_rule *rule, struct batch *out);
void batch_done(struct batch *b);

/* Parts of a batch still to be applied, the next one on top. */
enum { BATCH_PARTS = 64 };
struct batch_parts {
    struct batch_part {
        size_t from, to;
    } at[BATCH_PARTS];
    unsigned n;
};
void batch_parts_init(struct batch_parts *p, size_t n);
bool batch_parts_next(struct batch_parts *p, struct batch_part *out);
/* Puts both halves back, cut between two RRsets where possible. False: it is a single item. */
bool batch_parts_halve(struct batch_parts *p, const struct batch *b, struct batch_part part);

/* The change set of part of a batch. Texts and ids are borrowed from the values. */
struct changes {
    struct fl_change *at;
    size_t n;
    struct fl_value *values;
};
/* Before: what is known to stand there, and what is to be removed in any case. After: that, without the removals and
 * with the additions. RRsets where that makes no difference are left out. False: no memory. */
bool changes_make(const struct batch *b, struct batch_part part, struct changes *out);
void changes_done(struct changes *c);

#endif
