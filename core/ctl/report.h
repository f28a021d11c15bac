/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what each certificate has, does and waits for, from the records on disk. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "base/json.h"
#include "model/model.h"
#include "store/store.h"
#include <stdio.h>

/*
 * One object a certificate:
 *   name, names[], state ("delivered", "waiting", "failed", "planned"), todo (what a person must do; absent: nothing),
 *   of the part that decides the state, unless it is "delivered": who (sink, "authority NAME", "addresses"; absent: the
 *   certificate itself), step, help, code, problem, msg, next_at
 *   lineages: [{key_type, step, help, code, problem, msg, next_at, live: {serial, issuer, not_before, not_after, renew_at}}],
 *   targets: [{sink, step, code, msg, next_at, serials[]}], history: [{at, event, msg}]
 */
json_t *report_certificate(struct store *s, const struct model_certificate *mc);
/* Certificates that are in the state but not in the configuration: array of names. */
json_t *report_orphans(struct store *s, const struct model *m);
/* "example.org  delivered  valid until 2027-02-20..., in 60 d"; one line, two when a person must do something. */
void report_line(FILE *f, const json_t *cert);
/* The same, its parts and its history. */
void report_page(FILE *f, const json_t *cert);
/* What a person must do about that failure; "" when it passes by itself. */
const char *report_todo(int code, const char *problem);

#endif
