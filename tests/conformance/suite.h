/* SPDX-License-Identifier: Apache-2.0 */
/* suite.h - what the checks of a DNS provider share: calls as the core makes them, and what they must lead to. */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "base/arena.h"
#include "base/outcome.h"
#include "net/dns/dns.h"
#include "plugin/instance.h"
#include <pthread.h>

enum { SUITE_SERVERS = 8, SUITE_WORDS = 4000 };

/* What a listing said, copied. */
struct shelf {
    struct fl_rrset *at;
    size_t n;
};
struct suite {
    struct instance *i, *wrong; /* wrong: the same with credentials that are refused; NULL: none */
    const struct fl_dns_ops *ops;
    struct fl_dns_caps caps;
    struct fl_zone zone;
    const char *apex, *prefix;  /* prefix: the label below which all is written */
    struct dns_servers servers; /* asked from outside; n == 0: the provider's own list is believed */
    unsigned records;
    bool replays; /* calls that fail on purpose are not recorded */
    struct arena memory;
    struct touched {
        struct touched *next;
        const char *name;
        uint32_t type;
    } * touched; /* to be removed at the end */
    /* the check that runs */
    bool failed;
    const char *not_applicable; /* why */
    char words[SUITE_WORDS];
    size_t nwords;
};
struct check {
    const char *name, *contract;
    void (*run)(struct suite *s);
};
extern const struct check checks_values[], checks_limits[], checks_errors[],
    checks_whole[]; /* end with name NULL */

/* A NULL-terminated list of texts. */
#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING ((const char *const[]){ NULL })

/* "LABEL.PREFIX": a name for the check alone. */
const char *suite_name(struct suite *s, const char *label);
/* The check has failed; says what came. */
void suite_complain(struct suite *s, const char *fmt, ...) FL_PRINTF(2, 3);
/* Complains when the code is not the wanted one: "WHAT: got temp: words, wanted reject". */
bool suite_code(struct suite *s, const char *what, int got, int want, const struct outcome *o);

/* ---- calls; each gives the outcome as the engine would see it; FL_ERATE is waited for ---- */
int suite_zone(struct suite *s, struct instance *i, const char *apex, struct outcome *o);
int suite_list(struct suite *s, const char *name, uint32_t type, struct shelf *out, struct outcome *o);
/* apply() and, where it is offered, settled() until it is. */
int suite_apply(struct suite *s, const struct fl_change *changes, size_t n, struct outcome *o);
const struct fl_rrset *shelf_find(const struct shelf *shelf, const char *name, uint32_t type);
/* Makes a change out of texts; ids and etag of what is known to stand there (may be NULL) are added. */
struct fl_change suite_change(struct suite *s, const char *name, uint32_t type, const char *const *before,
                              const char *const *after, const struct fl_rrset *now);
/* As the core does it: lists, makes the RRset these values, lists again at FL_ESTALE. Complains of a failure. */
bool suite_put(struct suite *s, const char *name, uint32_t type, const char *const *after);
/* Complains unless the RRset has these values and no other: by the list, and seen from outside. */
bool suite_stands(struct suite *s, const char *name, uint32_t type, const char *const *want);
/* The same without complaining and by the list alone. */
bool suite_lists(struct suite *s, const char *name, uint32_t type, const char *const *want);
bool suite_can(const struct suite *s, enum fl_dns_cap flag);
void suite_clean(struct suite *s);

/* starve.c: in this thread the n-th allocation of the host from now on fails, once. */
void starve_begin(int n);
bool starve_end(void); /* it came to that */

#endif
