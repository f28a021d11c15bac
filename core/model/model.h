/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - what the configuration says, as structs: constant after loading. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "conf/opt.h"
#include "conf/tree.h"
#include "crypto/keeper.h"
#include <fl/plugin.h>

/* Everything is owned by the model; strings are A-labels, canonical addresses, resolved secrets. Lists are
 * NULL-terminated; they are NULL themselves when absent, but for those of certificates that say otherwise. */
struct model_authority {
    const char *name, *file;
    int line;
    const char *directory, *staging; /* URLs; `once --staging` uses the second, NULL: it has none */
    bool accept_terms;
    const char *const *contact; /* "mailto:..." */
    const char *ca_file, *proxy;
    int account_key; /* enum key_type */
    struct model_limits {
        const char *orders, *domain, *same, *failed; /* "300/3h"; "": none; NULL: not said */
    } limits;
    struct model_eab {
        const char *kid, *hmac; /* NULL: none */
        int alg;                /* index into "HS256", "HS384", "HS512" */
    } eab;
    int64_t rate, parallel, timeout; /* as for dns */
    bool used;
};
/* The options of the core that every dns instance has; reserved names for plugins. */
struct model_dns {
    const char *plugin;
    const char *const *zones; /* only these; NULL: all */
    bool create_zones;
    int delegation; /* index into "auto", "wait", "warn", "off" */
    const char *registrar;
    const char *const *delegation_replace; /* domains; NULL: none */
    const char *const *query_servers, *const *resolver;
    int64_t visible;                 /* how long to wait for servers that do not answer: visible_wait, ms */
    int64_t rate, parallel, timeout; /* per minute, 0: no limit; at once; ms */
    const char *ca_file, *proxy;
    int64_t ttl;                               /* seconds */
    const char *owner_id;                      /* "": records are not marked */
    const char *owner_prefix, *owner_wildcard; /* of the marks' names; "": none */
};
struct model_instance {
    const char *name, *plugin, *file; /* plugin: the option, or else the instance's own name */
    int line;
    enum fl_kind kind;
    const struct conf_node *node; /* the plugin's options are filled from here by the plugin layer */
    struct model_dns dns; /* of dns instances; of others only rate, parallel, timeout, ca_file, proxy */
    bool used;            /* some certificate or option refers to it, or it is built in */
};
struct model_cluster {
    const char *name, *file;
    int line;
    const char *kubeconfig; /* NULL: in-cluster */
    bool used;
};
struct model_certificate {
    const char *name, *file_name, *file;
    int line;
    const char *const *names; /* A-labels and canonical addresses, the first as written first; never NULL */
    const char *const *authorities, *const *solvers, *const *sinks; /* lists after defaults; never NULL */
    const char *const *keys;                                        /* key_type_names; never NULL */
    bool reuse_key;
    const char *profile;
    bool profile_required;
    const char *preferred_chain;
    int64_t renew_num, renew_den; /* "1/3"; 0/0: not given, see engine/renew.h */
    const char *const
        *addresses;  /* canonical addresses and A-labels; NULL: none; empty: none now, what stands is kept */
    bool adopt;      /* takes over address records that nobody marked as his */
    int64_t grace;   /* ms before address records that are wanted no more are removed */
    int on_bad_name; /* "keep", "drop" */
    bool retire;
};
struct model_log {
    int level, format; /* enum log_level, enum log_format */
};
struct model_listen {
    const char *status; /* address with port; NULL: none */
};
struct model {
    struct conf_tree *tree;
    struct opt_ctx opts;
    const char *state;
    const char *control;       /* a path, or a name in the state folder (NULL: "control"); "": none */
    const char *control_group; /* NULL: the process's */
    struct model_listen listen;
    const char *const *include; /* for its table only: NULL, the files are merged before */
    const char *const *roots;   /* addresses with port, or NULL */
    int64_t workers;
    struct model_log log;
    struct model_authority *authorities;
    struct model_cluster *clusters;
    struct model_instance *dns, *solvers, *sinks;
    struct model_certificate *certificates;
    size_t nauthorities, nclusters, ndns, nsolvers, nsinks, ncertificates;
};
extern const char
    *const model_dns_reserved[]; /* names of the core's options in dns instances, NULL-terminated */
extern const char *const model_other_reserved[]; /* in solvers and sinks */

/* The core's tables, for describe, the manual and the sample file. */
enum model_form {
    MODEL_VALUES, /* settings of the top level; the section's name is "" */
    MODEL_GROUP,  /* NAME = { options }; */
    MODEL_NAMED,  /* NAME = { ANY = { options }; ... }; */
    MODEL_LIST    /* NAME = ( { options }, ... ); */
};
struct model_section {
    const char *name, *help; /* help: sentences, for the manual */
    const struct fl_option *table;
    enum model_form form;
    const char *example; /* MODEL_NAMED: the name of an entry */
};
extern const struct model_section model_sections[]; /* ends with name NULL */

/* Reads the file and checks everything that can be known without plugins: sections, options, names, duplicates,
 * collisions of file names, what does not work yet (warnings). What no file mentions is built in: authorities: letsencrypt
 * (terms not accepted); solvers: web (http-01), then txt (dns-01); sinks: disk (file, STATE/live); dns: self, serving
 * "_acme-challenge.NAME" of every name that a record has to prove, and nothing where there is none. `path` NULL: nothing
 * but what is built in, and no certificates. Never NULL but without memory; look at diag_errors(). `d` is used until
 * the model ends. */
struct model *model_load(const char *path, struct diag *d);
/* After the plugins' options were filled (they may hold references): dangling ones are reported, unused instances warned
 * of. Say first which instances are used for reasons of their own, such as sinks that are sources: `used`. */
void model_check_refs(struct model *m, struct diag *d);
/* A name that no solver of its certificate can prove is an error that says what to do. solves(): 1 that solver can prove
 * that name ("*.example.org", an address), 0 it cannot. */
void model_check_solvers(struct model *m, struct diag *d,
                         int (*solves)(void *arg, const struct model_instance *solver, const char *name),
                         void *arg);
void model_free(struct model *m);
const struct model_instance *model_find(const struct model *m, enum fl_kind kind, const char *name);
const struct model_authority *model_authority(const struct model *m, const char *name);

/* ---- for people ---- */

/* What `check` prints: all messages, then "2 errors, 1 warning" or "FILE: ok: 2 certificates, ...". True: no error. */
bool model_report(const struct model *m, struct diag *d, FILE *f);
/* A configuration in comments, made from the tables: the first '#' of every line taken away it is one that
 * loads. 0, or -1 when `f` failed. */
int model_sample(FILE *f);
/* The part of fairlead.conf(5) that says what options there are, in mdoc(7): one .Ss a section. */
int model_man(FILE *f);

#endif
