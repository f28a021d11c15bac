/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - what the files of this folder know of each other. */
#ifndef MODEL_PARTS_H
#define MODEL_PARTS_H

#include "model/model.h"

#define MODEL_BUILT_IN "(built-in)" /* stands for the file of what is built in */

/* tables.c */
extern const struct fl_option model_top_table[], model_listen_table[], model_log_table[],
    model_authority_table[], model_cluster_table[], model_dns_table[], model_other_table[],
    model_defaults_table[], model_certificate_table[], model_policy_table[], model_expose_table[],
    model_notify_table[];

/* What the tables of `defaults` and of certificates fill. */
struct model_wish {
    const char *name;
    const char *const *names;
    const char *const *authority, *const *solver, *const *key, *const *sinks, *const *addresses;
    bool reuse_key, profile_required, retire, adopt;
    int64_t grace;
    const char *profile, *preferred_chain, *renew;
    int on_bad_name;
};
/* Sections that nothing uses yet: their tables fill these, for the checks alone. */
struct model_policy {
    const char *cluster;
    const char *const *namespaces, *const *names;
    bool addresses;
};
struct model_expose {
    const char *cluster, *namespace, *service, *host;
    int64_t port;
    int api;
};
struct model_notify {
    int level;
    const char *const *command;
};

/* instances.c. Each reads its sections into the model. False: no memory. */
bool model_read_authorities(struct model *m);
bool model_read_clusters(struct model *m);
bool model_read_instances(struct model *m); /* solvers and sinks */
bool model_read_dns(struct model *m);
/* The entries of a section that is a group of groups: those that are, the others are reported. */
size_t model_entries(struct model *m, const char *section, const struct conf_node **first_out);
const struct conf_node *model_next_entry(const struct conf_node *n);

/* embedded.c. Adds to the tree what no file has: all but dns, then (the certificates must be known) dns. */
bool model_embed(struct model *m);
bool model_embed_dns(struct model *m);

/* certificate.c */
bool model_read_certificates(struct model *m);
/* "certificate example.org", also when half of it is wrong. */
const char *model_certificate_who(struct model *m, const struct conf_node *node);
/* The groups of a section that is a list; what is no group is reported. NULL at the end. */
const struct conf_node *model_list(struct model *m, const char *section);
const struct conf_node *model_next_group(const struct conf_node *n);

/* names.c. The names of one certificate, as they go into an order; mistakes are reported. */
const char *const *model_names(struct model *m, const char *who, const struct conf_node *names);
/* Values of `addresses`. */
const char *const *model_addresses(struct model *m, const char *who, const struct conf_node *node);
/* As a file name: '*' becomes '_', ':' becomes '-'. */
const char *model_file_name(struct arena *a, const char *name);

/* collide.c: names, file names and sets of names that two certificates share. False: no memory. */
bool model_check_collisions(struct model *m);
/* later.c: warnings about what does not work yet, and checks of sections that nothing uses yet. */
void model_check_later(struct model *m);

#endif
