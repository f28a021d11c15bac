/* SPDX-License-Identifier: Apache-2.0 */
/* opt.h - fills a struct from a group by an option table. */
#ifndef CONF_OPT_H
#define CONF_OPT_H

#include "base/stamp.h"
#include "conf/tree.h"
#include <fl/option.h>

/* References are noted while filling and resolved when all sections are known. */
struct opt_ref {
    const char *section, *name, *who; /* who: "dns gcp: registrar" */
    const char *file;
    int line;
    struct opt_ref *next;
};
/* A file that a secret was read from ("file:", "credential:"), as it was just before. */
struct opt_file {
    const char *path;
    struct stamp stamp;
    struct opt_file *next;
};
struct opt_ctx {
    struct diag *diag;
    struct arena *arena;    /* owns the values */
    struct opt_ref *refs;   /* newest first */
    struct opt_file *files; /* newest first; one may be there twice */
};
/* `who` begins every message ("dns gcp"; "": the top level). Names in `reserved` (NULL-terminated, may be NULL) are
 * somebody else's and passed over. Reports every mistake: unknown option (with "did you mean", from the table and
 * reserved), wrong type, range, missing, deprecated (warning). Defaults are applied. Values of options that were wrong
 * keep their default. `group` may be NULL: defaults only, and nothing is missing. The values live as long as the arena and
 * the table; secrets in them are wiped, and known to the log. An absent FL_T_GROUP gets its members' defaults. */
void opt_fill(struct opt_ctx *c, const char *who, const struct conf_node *group,
              const struct fl_option *table, const char *const *reserved, void *conf);
/* As `reserved`: every name that the table does not know is somebody else's. */
extern const char *const opt_any[];
/* Options that `group` does not mention are taken from `from`, which the same table filled, instead of the defaults. */
void opt_inherit(const struct conf_node *group, const struct fl_option *table, const void *from, void *conf);
/* Do two structs that the same table filled say the same? Lists in the same order. `secrets` false: whatever the secrets are. */
bool opt_same(const struct fl_option *table, const void *a, const void *b, bool secrets);
bool opt_same_list(const char *const *a, const char *const *b); /* NULL only like NULL */
/* Makes every text of a filled struct the arena's own, secrets to be wiped: it may then outlive what it was filled from.
 * Look at `starved`. */
void opt_own(struct arena *a, const struct fl_option *table, void *conf);
/* A file that is not what it was when it was read (NULL: none). Cheap: one stat() each. */
const char *opt_file_changed(const struct opt_file *files);

/* ---- single values ---- */

/* Text of one value -> number. Used for defaults and commands too. */
const char *opt_duration(const char *text,
                         int64_t *ms_out); /* NULL: fine; else what is wrong: "has no unit" */
const char *opt_size(const char *text, int64_t *bytes_out);
/* The reverse, in the largest unit that fits: "90s", "12h"; "64k". */
void opt_duration_text(int64_t ms, char out[32]);
void opt_size_text(int64_t bytes, char out[32]);
/* "example.org", "*.example.org", "b\xc3\xbc" "cher.example" -> lower-case A-labels without final dot in out[256]; else what
 * is wrong. Mapped by UTS 46 (non-transitional), then IDNA 2008 and STD 3. Addresses are no names. */
enum { OPT_WILDCARD = 1, OPT_UNDERSCORE = 2 }; /* "*." in front; _ in labels, as zones and records have it */
const char *opt_name(const char *text, unsigned flags, char out[256]);
/* What is wrong with a URL as FL_T_URL takes it, or NULL. */
const char *opt_url(const char *text);
/* The secret that `text` stands for: itself, "file:PATH" (relative to the folder of at->file), "env:NAME",
 * "credential:NAME". NULL: reported, `who` in front. Never in a message. */
const char *opt_secret(struct opt_ctx *c, const char *who, const struct conf_node *at, const char *text);

/* ---- for people ---- */

/* "duration, 1s to 1d, default 60s". */
void opt_describe(const struct fl_option *o, char *out, size_t size);
/* "a, b, c" of a NULL-terminated list. */
const char *opt_join(struct arena *a, const char *const *words);
/* The table as a list of mdoc(7) items; a group's members are a list within its item. */
void opt_man(FILE *f, const struct fl_option *table, int depth);
/* The table as commented lines of a configuration file, each `indent` blanks in: help, type, and the option with its
 * default or an example. The first '#' of every line taken away, it is a configuration. `examples`: pairs of an
 * option's name and its value as written in a file, NULL-terminated; may be NULL. */
void opt_sample(FILE *f, const struct fl_option *table, int indent, const char *const *examples);

#endif
