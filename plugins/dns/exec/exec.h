/* SPDX-License-Identifier: Apache-2.0 */
/* exec.h - what the files of the plugin share. */
#ifndef DNS_EXEC_EXEC_H
#define DNS_EXEC_EXEC_H

#include "../../common/program.h"
#include <fl/dns.h>

enum convention { BY_JSON, BY_LEGO };
struct conf {
    const char *const *program, *const *environment, *const *holds;
    const char *secret;
    int convention;
};
/* What the program says it can do; asked once. */
struct self {
    bool asked, create, delegate, settled, test;
    struct fl_dns_caps caps;
};

/* exec.c. Runs the program with that question (borrowed), told what belongs to every one of them. */
int exec_ask(struct fl_ctx *ctx, const char *op, json_t *question, json_t **answer_out);
/* Runs it with these arguments behind its own and without stdin. */
int exec_run(struct fl_ctx *ctx, const char *op, const char *const *more, const char *input,
             json_t **answer_out);

/* zone.c: zones and records as JSON. */
json_t *zone_write(struct fl_ctx *ctx, const struct fl_zone *zone);
int zone_read(struct fl_ctx *ctx, const json_t *answer, const char *apex, struct fl_zone *out);
json_t *zone_changes(struct fl_ctx *ctx, const struct fl_change *changes, size_t n);
int zone_emit(struct fl_ctx *ctx, const json_t *rrsets);
const char *zone_type(struct fl_ctx *ctx, uint32_t type);

/* lego.c: `PROGRAM present|cleanup FQDN. VALUE`, one value a run. */
int lego_apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n);

#endif
