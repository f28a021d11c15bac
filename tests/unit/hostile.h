/* SPDX-License-Identifier: Apache-2.0 */
/* hostile.h - what an authority may do to us, and what is to become of it: a row each. */
#ifndef TEST_HOSTILE_H
#define TEST_HOSTILE_H

#include "engine_rig.h"

struct hostile_case {
    const char *what;
    struct stub_answer says[3]; /* until `at` is NULL */
    struct engine_rig_chain chain;
    bool renewal;     /* there is a certificate, by an order that counts too, and its time has come */
    int64_t settle_s; /* so long it is watched, at most, for its first failure; 0: 60 s */
    /* The first failure. `task` NULL: the certificate's; else "authority:test". code NULL: there is none, and the
     * certificate is at its sink. */
    const char *task, *code, *problem, *words;
    const char *step; /* where it goes on */
    int64_t next_least_s,
        next_most_s; /* when, from now; -1: never by itself. Looked at without a failure if it is given */
    int orders;      /* placed by then */
    int keys;        /* files in the keeper's folder by then */
    /* Afterwards, without the script: so long until the certificate is at its sink, with so many orders in all. 0: a person
     * has to help first. */
    int64_t well_s;
    int orders_in_all;
};
extern const struct hostile_case hostile_account[], hostile_order[], hostile_proof[], hostile_certificate[],
    hostile_renewal[]; /* each ends with `what` NULL */

#endif
