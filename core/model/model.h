/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - what the configuration says, as structs: constant after loading. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "conf/opt.h"
#include "conf/tree.h"
#include "crypto/keeper.h"
#include <fl/plugin.h>

/* Everything is owned by the model; strings are A-labels, canonical addresses, resolved secrets. */
struct model_authority {
    const char *name, *file;
    int line;
    const char *directory, *staging; /* URLs; `once --staging` uses the second */
    bool accept_terms;
    const char *const *contact;
    const char *ca_file, *proxy;
    int account_key; /* enum key_type */
    struct model_eab {
        const char *kid, *hmac;
    } eab;
    int64_t rate, parallel, timeout; /* as for dns */
};
/* The options of the core that every dns instance has; reserved names for plugins. */
struct model_dns {
    const char *const *zones; /* only these; NULL: all */
    bool create_zones;
    int delegation;           /* index into "wait", "warn", "off" ; later */
    const char *registrar;
    const char *const *query_servers, *const *resolver;
    int64_t visible; /* how long to wait for servers that do not answer: visible_wait, ms */
    int64_t rate, parallel, timeout; /* per minute; at once; ms */
    const char *ca_file, *proxy;
    int64_t ttl; /* seconds */
    const char *owner_id;
};
struct model_instance {
    const char *name, *plugin, *file; /* plugin: the option, or else the instance's own name */
    int line;
    enum fl_kind kind;
    const struct conf_node *node; /* the plugin's options are filled from here by the plugin layer */
    struct model_dns dns;         /* of dns instances; of others only rate, parallel, timeout, ca_file, proxy */
    bool used;                    /* some certificate or option refers to it */
};
struct model_certificate {
    const char *name, *file_name, *file;
    int line;
    const char *const *names; /* A-labels and canonical addresses, the first as written first */
    const char *const *authorities, *const *solvers, *const *sinks; /* lists after defaults */
    const char *const *keys;  /* key_type_names */
    bool reuse_key;
    const char *profile;
    bool profile_required;
    const char *preferred_chain;
    int64_t renew_num, renew_den; /* "1/3" */
    const char *const *addresses;
    int on_bad_name; /* "keep", "drop" */
    bool retire;
};
struct model_log {
    int level, format; /* enum log_level, enum log_format */
};
struct model {
    struct conf_tree *tree;
    struct opt_ctx opts;
    const char *state;
    struct {
        const char *status;
    } listen;
    const char *const *roots; /* addresses with port, or NULL */
    int64_t workers;
    struct model_log log;
    struct model_authority *authorities;
    struct model_instance *dns, *solvers, *sinks;
    struct model_certificate *certificates;
    size_t nauthorities, ndns, nsolvers, nsinks, ncertificates;
};
extern const char *const model_dns_reserved[];    /* names of the core's options in dns instances, NULL-terminated */
extern const char *const model_other_reserved[];  /* in solvers and sinks */
/* The core's tables, for describe, the manual and the sample file: section name, table. */
struct model_section {
    const char *name, *help;
    const struct fl_option *table;
    bool named; /* a group of named groups */
};
extern const struct model_section model_sections[]; /* ends with name NULL */

/* Reads the file and checks everything that can be known without plugins: sections, options, references
 * within the core, names, duplicates, collisions of file names, unused instances (warnings). `path` NULL: the embedded
 * defaults ("self", "file"), as the quickstart uses them. Never NULL but without memory; look at diag_errors(). */
struct model *model_load(const char *path, struct diag *d);
/* After the plugins' options were filled (they may hold references): dangling ones are reported, unused instances warned of. */
void model_check_refs(struct model *m, struct diag *d);
void model_free(struct model *m);
const struct model_instance *model_find(const struct model *m, enum fl_kind kind, const char *name);
const struct model_authority *model_authority(const struct model *m, const char *name);

#endif
