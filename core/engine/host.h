/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the address records of a certificate's names: what is wanted, what stands there and whose it is. Internal to engine/.
 *
 * Record of a host task: records [ITEM], what was asked of the zones, with the marks that say whose it is; leaving [ITEM with since],
 * what is no longer in the configuration and goes when `grace` is over; others [{name, type, value, owner, resource}], what is somebody
 * else's and left alone; out {names, addresses}, what every server was seen to give; plan, from `owner` to `publish`.
 * ITEM: {name, type, value, host, of, instance}; a mark (TXT) has host and type (`of`) of the record that it stands for.
 * Whatever stands in a zone because of this task is in records or leaving before it is written, and in the zone's journal.
 */
#ifndef ENGINE_HOST_H
#define ENGINE_HOST_H

#include "engine/steps.h"
#include "zone/mark.h"

/* ---- host_list.c: lists of items ---- */

struct host_at { /* where a name's records are */
    const char *host, *instance;
};
/* Appends; a type of 0 for `of` is the type itself. False: no memory. */
bool host_add(json_t *list, const struct host_at *at, const char *name, uint32_t type, uint32_t of,
              const char *value);
const char *host_of(const json_t *item); /* the host that it is about */
uint32_t host_type(const json_t *item);
uint32_t host_for(const json_t *item);                 /* `of` */
bool host_has(const json_t *list, const json_t *item); /* by name, type and value */
/* Is there one about that host, of that type (0: any)? */
bool host_about(const json_t *list, const char *host, uint32_t of);
/* As the zones take them, borrowed from the list; free() it. NULL: no memory. */
struct fl_record *host_records(const json_t *list, size_t *n_out);

/* ---- host_look.c: what stands there ---- */

enum { HOST_TYPES = 4, HOST_VALUES = 64 };
extern const uint32_t host_types[HOST_TYPES]; /* A, AAAA, CNAME, ALIAS */
struct host_sight {
    char instance[256], apex[256];
    bool alias;            /* the provider has ALIAS */
    bool marks;            /* others may write there: what is ours is marked */
    struct mark_rule rule; /* borrowed from the model */
    struct host_kind {
        json_t *values, *marks; /* lists of texts */
        char mark[MARK_NAME];   /* where its mark stands; "" : it can have none */
    } at[HOST_TYPES];
    json_t *old; /* TXT values at the name itself: older marks are without a type */
};
/* Where the name's zone is, and with `look` what stands at the name and at its marks. FL_ECONF: nobody holds its zone. Done with it also
 * after a failure. */
int host_look(struct turn *t, const char *host, bool look, struct host_sight *out);
void host_look_done(struct host_sight *s);

/* ---- host_plan.c: whose it is ---- */

enum host_whose {
    HOST_FREE, /* nothing stands there */
    HOST_OURS, /* our record or our mark says so, or it has just the values that we want, or it may be adopted */
    HOST_THEIRS /* marked for somebody else, or not marked and with other values */
};
/* Of the type host_types[k]; `wanted` and `before` are lists of items. The mark that decided (owner "" : none) into *mark_out. */
enum host_whose host_whose(const struct host_sight *s, size_t k, const char *host, const json_t *before,
                           const json_t *wanted, bool adopt, struct mark *mark_out);
/* { now, own, others } of all names of the task, which has a subject with addresses. */
int host_plan(struct turn *t, json_t **out);

/* ---- host.c ---- */

/* Nothing more to do: to `idle`, until it is looked at again. */
void host_rest(struct turn *t);

#endif
