/* SPDX-License-Identifier: Apache-2.0 */
/* opt.h - fills a struct from a group by an option table. */
#ifndef CONF_OPT_H
#define CONF_OPT_H

#include "conf/tree.h"
#include <fl/option.h>

/* References are noted while filling and resolved when all sections are known. */
struct opt_ref {
    const char *section, *name, *who;
    const char *file;
    int line;
    struct opt_ref *next;
};
struct opt_ctx {
    struct diag *diag;
    struct arena *arena;  /* owns the values */
    struct opt_ref *refs; /* appended to */
};
/* `who` begins every message ("dns gcp"). Names in `reserved` (NULL-terminated, may be NULL) are somebody else's
 * and passed over. Reports every mistake: unknown option (with "did you mean", from the table and reserved), wrong type,
 * range, missing, deprecated (warning). Defaults are applied. Values of options that were wrong keep their default. */
void opt_fill(struct opt_ctx *c, const char *who, const struct conf_node *group, const struct fl_option *table,
              const char *const *reserved, void *conf);
/* Text of one value -> number, with a sentence in why on failure. Used for defaults and commands too. */
const char *opt_duration(const char *text, int64_t *ms_out); /* NULL: fine; else what is wrong */
const char *opt_size(const char *text, int64_t *bytes_out);
/* "example.org", "*.example.org", "bücher.example" -> lower-case A-labels in out[256]; else what is wrong. */
const char *opt_name(const char *text, bool wildcard_ok, char out[256]);
/* For manuals and describe: "duration, 1s to 1d, default 60s". */
void opt_describe(const struct fl_option *o, char *out, size_t size);

#endif
