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
 *   name, names[], state ("delivered", "waiting", "failed", "planned", "revoked", "orphan"), todo (what a person must do;
 *   absent: nothing),
 *   of the part that decides the state, unless it is "delivered": who (sink, "authority NAME", "addresses"; absent: the
 *   certificate itself), and a PART
 *   lineages: [{key_type, PART, live: {serial, issuer (the chain's top), authority, profile, issued, not_before, not_after, renew_at,
 *               revoked}}],
 *   targets: [{sink, PART, serials[]}], host: {addresses[], PART} when it has addresses,
 *   asks: [{op, at, new_key, begun}] what people asked for that is not done yet, history: the last 20 [{at, event, msg}]
 * where PART is step, help, code, problem, msg (of the last turn), todo (where this part needs a person), tries (failures in a row), since
 * (when the step began), next_at, and of lineages and targets steps: [{step, at}], the steps that the last way through has behind
 * it, each with the time of its end. Times are seconds.
 */
json_t *report_certificate(struct store *s, const struct model_certificate *mc);
/* And: accounts: [{authority, PART, url, asks[], budget[] (budget_report(), what concerns these names)}], revocations: [{serial, reason, step, code, msg, at, next_at}]. */
json_t *report_full(struct store *s, const struct model *m, const struct model_certificate *mc);
/* Of any of them what report_line() needs: small, also when there are many. */
json_t *report_brief(const json_t *cert);
json_t *report_account(struct store *s, const struct model *m, const char *authority,
                       const char *const *names);
/* Of a lineage: authority (that is asked), aside: [{authority, since, why}], left_out: [{name, fails, since, why}]. */
void report_choice(json_t *to, const json_t *rec);
/* Certificates that are in the state but not in the configuration: array of names. */
json_t *report_orphans(struct store *s, const struct model *m);
/* One of them, as report_full(); NULL: there is none of that name. */
json_t *report_orphan(struct store *s, const struct model *m, const char *name);
/* The earliest end of what is live; 0: nothing is. */
int64_t report_until(const json_t *cert);

/*
 * Zones that there are records of: zone ("INSTANCE/APEX"), is ("right", "not made", "not delegated" ...; see
 * zone/delegation.h), name_servers[], and what zone_facts() says beside: state, mode, msg, made, registrar, lacks ...
 */
json_t *report_zones(struct store *s, const struct model *m);
/* A line each, and what is to be done where it is not right; `wrong_only`: these alone. */
void report_zone_pages(FILE *f, const json_t *zones, bool wrong_only);

/* "example.org  delivered  valid until 2027-02-20..., in 60 d"; one line, two when a person must do something. */
void report_line(FILE *f, const json_t *cert);
/* All of them, those that need somebody first, under a line that counts them. */
void report_table(FILE *f, const json_t *certs, const json_t *orphans, const json_t *revocations);
/* "the service runs since ..."; NULL: nobody holds the state. */
void report_daemon(FILE *f, const json_t *daemon);
/* The same as the line, its parts and its history. */
void report_page(FILE *f, const json_t *cert);
/* `account AUTHORITY show`. */
void report_account_page(FILE *f, const json_t *account);
/* What a person must do about that failure; "" when it passes by itself. */
const char *report_todo(int code, const char *problem);

/* Shared by report*.c: what all records have; what was asked of the task. */
void report_common(json_t *to, const json_t *rec, int kind);
void report_asks(struct store *s, const char *task, const json_t *rec, json_t *out);
/* "2026-11-22T23:10:00Z, in 3 h" */
void report_when(int64_t at, char out[64]);

#endif
