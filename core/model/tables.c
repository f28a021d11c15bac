/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - the options of the core: names, types, ranges, defaults, help. */
#include "model/parts.h"

static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const log_formats[] = { "text", "json", "journal", NULL };
static const char *const delegations[] = { "auto", "wait", "warn", "off", NULL };
static const char *const bad_names[] = { "keep", "drop", NULL };
static const char *const eab_algs[] = { "HS256", "HS384", "HS512", NULL };
static const char *const expose_apis[] = { "istio", "gateway", NULL };
static const char *const notify_levels[] = { "info", "warn", "error", NULL };

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

const struct fl_option model_top_table[] = {
    FL_PATH(struct model, state, 0, "/var/lib/fairlead",
            "folder of accounts, keys and certificates; made when missing"),
    FL_STRING(
        struct model, control, 0, "control",
        "socket that `fairlead status`, renew, revoke and the like speak to the service by: a path, or a "
        "name in the state folder; \"\": none"),
    FL_STRING(
        struct model, control_group, 0, NULL,
        "group that may use the socket, beside the service's own user and root; if absent, the service's own group"),
    FL_LISTOF(
        struct model, include, FL_T_STRING, 0, NULL,
        "files to read as well, such as \"certs.d/*.conf\": relative to the file that says it, in the order of "
        "their names; sections are merged, lists appended"),
    FL_ADDRESSES(struct model, roots, 0, NULL, 53, "name servers to use instead of those of the DNS root"),
    FL_INT(struct model, workers, 0, "8", 1, 256, "threads that work on certificates at the same time"),
    FL_END,
};
const struct fl_option model_listen_table[] = {
    FL_STRING(struct model_listen, status, 0, "",
              "address and port of the status page, such as \"127.0.0.1:9180\"; \"\": none"),
    FL_END,
};
const struct fl_option model_log_table[] = {
    FL_ENUM(struct model_log, level, 0, "info", log_levels, "least level of what is logged"),
    FL_ENUM(struct model_log, format, 0, "text", log_formats, "form of the lines of the log"),
    FL_END,
};
static const struct fl_option eab_table[] = {
    FL_STRING(struct model_eab, kid, FL_REQUIRED, NULL, "key identifier that the authority gave"),
    FL_SECRET(struct model_eab, hmac, FL_REQUIRED, "key that the authority gave, in base64url"),
    FL_ENUM(struct model_eab, alg, 0, "HS256", eab_algs,
            "how the authority wants it to be signed with that key"),
    FL_END,
};
static const struct fl_option limits_table[] = {
    FL_STRING(struct model_limits, orders, 0, NULL,
              "new orders of the account, such as \"300/3h\"; \"\": no limit"),
    FL_STRING(struct model_limits, domain, 0, NULL,
              "certificates of one registered domain, such as \"50/7d\""),
    FL_STRING(struct model_limits, same, 0, NULL, "certificates for the very same names, such as \"5/7d\""),
    FL_STRING(struct model_limits, failed, 0, NULL, "failed validations of one name, such as \"5/1h\""),
    FL_END,
};
const struct fl_option model_authority_table[] = {
    FL_URL(struct model_authority, directory, 0, NULL,
           "ACME directory; may be left out for an authority named letsencrypt"),
    FL_URL(struct model_authority, staging, 0, NULL, "ACME directory that `once --staging` uses instead"),
    FL_BOOL(struct model_authority, accept_terms, "false",
            "whether you have read and accept the authority's terms"),
    FL_LISTOF(struct model_authority, contact, FL_T_STRING, 0, NULL,
              "where the authority may write to, such as \"mailto:ops@example.org\""),
    FL_PATH(struct model_authority, ca_file, 0, NULL,
            "PEM file of authorities to trust instead of the system's"),
    FL_URL(struct model_authority, proxy, 0, NULL, "HTTP proxy on the way to it"),
    FL_ENUM(struct model_authority, account_key, 0, "ec256", key_type_names, "kind of the account's key"),
    FL_GROUP(struct model_authority, eab, struct model_eab, eab_table,
             "external account binding (RFC 8555 section 7.3.4), where the authority wants one"),
    FL_GROUP(
        struct model_authority, limits, struct model_limits, limits_table,
        "what the authority allows in a time, so that it need not refuse: what is over it waits for its turn, "
        "names that have no certificate yet last; known of Let's Encrypt, else without limits"),
    FL_INT(struct model_authority, rate, 0, "0", 0, 100000, "most requests a minute; 0: no limit"),
    FL_INT(struct model_authority, parallel, 0, "16", 1, 1000, "most requests at the same time"),
    FL_DURATION(struct model_authority, timeout, 0, "30s", 1000, 10 * MINUTE,
                "how long one request may take"),
    FL_END,
};
const struct fl_option model_cluster_table[] = {
    FL_PATH(struct model_cluster, kubeconfig, 0, NULL,
            "kubeconfig file; without it the service account of the pod is used"),
    FL_END,
};

#define COMMON                                                                                               \
    FL_INT(struct model_dns, rate, 0, "0", 0, 100000, "most requests a minute; 0: no limit"),                \
        FL_INT(struct model_dns, parallel, 0, "16", 1, 1000, "most requests at the same time"),              \
        FL_DURATION(struct model_dns, timeout, 0, "30s", 1000, HOUR,                                         \
                    "how long one call of the plugin may take"),                                             \
        FL_PATH(struct model_dns, ca_file, 0, NULL,                                                          \
                "PEM file of authorities to trust instead of the system's"),                                 \
        FL_URL(struct model_dns, proxy, 0, NULL, "HTTP proxy on the way out")
#define PLUGIN                                                                                               \
    FL_STRING(struct model_dns, plugin, 0, NULL, "name of the plugin, if it is not the entry's own name")

const struct fl_option model_dns_table[] = {
    PLUGIN,
    FL_LISTOF(struct model_dns, zones, FL_T_DOMAIN, 0, NULL,
              "zones to use it for; without it all that it holds"),
    FL_BOOL(struct model_dns, create_zones, "false",
            "whether to make zones that no instance holds: the registered domain, or the longest of `zones`"),
    FL_ENUM(
        struct model_dns, delegation, 0, "auto", delegations,
        "what to do about a zone that the zone above does not point to: wait with its certificates, or warn; "
        "auto: wait for zones that fairlead made, warn of others, off where query_servers are given"),
    FL_REF(struct model_dns, registrar, 0, "dns",
           "where the name servers of a zone's domain are set when there are none, or none that answers"),
    FL_LISTOF(struct model_dns, delegation_replace, FL_T_DOMAIN, 0, NULL,
              "domains that others serve, whose name servers are to be replaced all the same"),
    FL_ADDRESSES(
        struct model_dns, query_servers, 0, NULL, 53,
        "name servers to ask whether a record is visible, instead of those that the zone is delegated to"),
    FL_ADDRESSES(struct model_dns, resolver, 0, NULL, 53,
                 "recursive resolvers to use in place of the DNS root"),
    FL_DURATION(struct model_dns, visible, 0, "60s", 0, HOUR,
                "how long to wait for a record when no name server of its zone can be asked"),
    COMMON,
    FL_INT(struct model_dns, ttl, 0, "60", 1, 86400, "time to live of records that are made, in seconds"),
    FL_STRING(
        struct model_dns, owner_id, 0, "fairlead",
        "who address records are marked for, in the TXT form of external-dns; of several installations that "
        "write to one zone each needs its own; \"\": they are not marked"),
    FL_STRING(struct model_dns, owner_prefix, 0, "",
              "stands before the names of these TXT records, such as \"x-%{record_type}.\"; like the option "
              "txt-prefix of external-dns"),
    FL_STRING(
        struct model_dns, owner_wildcard, 0, "any",
        "stands for \"*\" in the names of these TXT records; like txt-wildcard-replacement; \"\": nothing does"),
    FL_END,
};
const struct fl_option model_other_table[] = { PLUGIN, COMMON, FL_END };

const char *const model_dns_reserved[] = { "plugin",
                                           "zones",
                                           "create_zones",
                                           "delegation",
                                           "registrar",
                                           "delegation_replace",
                                           "query_servers",
                                           "resolver",
                                           "visible",
                                           "rate",
                                           "parallel",
                                           "timeout",
                                           "ca_file",
                                           "proxy",
                                           "ttl",
                                           "owner_id",
                                           "owner_prefix",
                                           "owner_wildcard",
                                           NULL };
const char *const model_other_reserved[] = {
    "plugin", "rate", "parallel", "timeout", "ca_file", "proxy", NULL
};

#define WISHES                                                                                                       \
    FL_REFS(                                                                                                         \
        struct model_wish, authority, 0, "authorities",                                                              \
        "who issues it; the others are asked when the first cannot; if absent, the only one that is declared"),      \
        FL_REFS(                                                                                                     \
            struct model_wish, solver, 0, "solvers",                                                                 \
            "how control of the names is proved: each name takes the first that can; if absent, all that "           \
            "are declared"),                                                                                         \
        FL_ENUMS(struct model_wish, key, 0, "ec256", key_type_names,                                                 \
                 "kind of its key; several: one lineage each"),                                                      \
        FL_BOOL(struct model_wish, reuse_key, "false", "whether a renewal keeps the key"),                           \
        FL_STRING(struct model_wish, profile, 0, NULL,                                                               \
                  "profile to ask the authority for, where it has that one"),                                        \
        FL_BOOL(struct model_wish, profile_required, "false",                                                        \
                "whether an authority without that profile is refused"),                                             \
        FL_STRING(struct model_wish, preferred_chain, 0, NULL,                                                       \
                  "common name of the root of the chain to prefer"),                                                 \
        FL_STRING(                                                                                                   \
            struct model_wish, renew, 0, "1/3",                                                                      \
            "part of the lifetime that is left when it is renewed, unless the authority names a time; where "        \
            "nothing is said, 1/2 of lifetimes under ten days; of 100 certificates or more the "                     \
            "first comes earlier, spread over that time"),                                                           \
        FL_REFS(struct model_wish, sinks, 0, "sinks",                                                                \
                "where it is delivered to; if absent, the only one that is declared"),                               \
        FL_LISTOF(                                                                                                   \
            struct model_wish, addresses, FL_T_STRING, 0, NULL,                                                      \
            "addresses, or a host name, that the DNS is to give for its names; an empty list keeps what it "         \
            "gives"),                                                                                                \
        FL_BOOL(                                                                                                     \
            struct model_wish, adopt, "false",                                                                       \
            "whether addresses that its names have in the DNS, and that nobody marked as his, are replaced"),        \
        FL_DURATION(                                                                                                 \
            struct model_wish, grace, 0, "10m", 0, 7 * 24 * HOUR,                                                    \
            "how long addresses stay in the DNS when a name, or `addresses`, is not in the configuration any more"), \
        FL_ENUM(struct model_wish, on_bad_name, 0, "keep", bad_names,                                                \
                "what to do about one name that fails again and again: keep asking, or go on without it"),           \
        FL_BOOL(struct model_wish, retire, "false",                                                                  \
                "whether a sink that is taken out of `sinks` is cleaned")

const struct fl_option model_defaults_table[] = { WISHES, FL_END };
const struct fl_option model_certificate_table[] = {
    FL_LISTOF(struct model_wish, names, FL_T_STRING, FL_REQUIRED, NULL,
              "host names, wildcards such as \"*.example.org\", and addresses that it is for"),
    FL_STRING(struct model_wish, name, 0, NULL,
              "what it is called here and in file names, if not by its first host name"),
    WISHES,
    FL_END,
};
const struct fl_option model_policy_table[] = {
    FL_REF(struct model_policy, cluster, FL_REQUIRED, "clusters", "cluster whose objects may ask"),
    FL_LISTOF(struct model_policy, namespaces, FL_T_STRING, 0, NULL, "namespaces that may; without it all"),
    FL_LISTOF(struct model_policy, names, FL_T_STRING, FL_REQUIRED, NULL,
              "names that they may ask for, such as \"*.shop.example.org\""),
    FL_BOOL(struct model_policy, addresses, "false", "whether they may also set addresses for them"),
    FL_END,
};
const struct fl_option model_expose_table[] = {
    FL_REF(struct model_expose, cluster, FL_REQUIRED, "clusters", "cluster of the Service"),
    FL_STRING(struct model_expose, namespace, FL_REQUIRED, NULL, "namespace of the Service"),
    FL_STRING(struct model_expose, service, FL_REQUIRED, NULL, "name of the Service"),
    FL_DOMAIN(struct model_expose, host, FL_REQUIRED, NULL, "host name to make it known by"),
    FL_INT(struct model_expose, port, 0, "80", 1, 65535, "port of the Service"),
    FL_ENUM(struct model_expose, api, 0, "istio", expose_apis, "kind of objects to make"),
    FL_END,
};
const struct fl_option model_notify_table[] = {
    FL_ENUM(struct model_notify, level, 0, "warn", notify_levels, "least level of what is told"),
    FL_LISTOF(struct model_notify, command, FL_T_STRING, FL_REQUIRED, NULL,
              "program and arguments that tell it"),
    FL_END,
};

const struct model_section model_sections[] = {
    { "", "Settings of the top level.", model_top_table, MODEL_VALUES, NULL },
    { "log", "What is logged.", model_log_table, MODEL_GROUP, NULL },
    { "listen", "What the daemon itself listens on.", model_listen_table, MODEL_GROUP, NULL },
    { "authorities",
      "Who issues certificates. Without this section there is letsencrypt, whose terms are not accepted before you say so.",
      model_authority_table, MODEL_NAMED, "letsencrypt" },
    { "dns",
      "Where DNS records are made, by plugins of kind dns. These are the options that all of them have. Without this "
      "section there is self, with the plugin of that name: it answers for _acme-challenge.NAME, for each name that a "
      "record has to prove, and each of these is to be delegated to it.",
      model_dns_table, MODEL_NAMED, "self" },
    { "solvers",
      "How control of a name is proved, by plugins of kind solver. These are the options that all of them have. Without "
      "this section there are web (plugin http-01) and txt (plugin dns-01, for wildcards).",
      model_other_table, MODEL_NAMED, "txt" },
    { "clusters", "Kubernetes clusters.", model_cluster_table, MODEL_NAMED, "prod" },
    { "sinks",
      "Where certificates go, by plugins of kind sink. These are the options that all of them have. Without this "
      "section there is disk, with the plugin file and the folder live below the state folder.",
      model_other_table, MODEL_NAMED, "disk" },
    { "defaults", "Options for all certificates that do not say otherwise.", model_defaults_table,
      MODEL_GROUP, NULL },
    { "certificates", "The certificates to have.", model_certificate_table, MODEL_LIST, NULL },
    { "policy", "Which names objects of a cluster may ask certificates for.", model_policy_table, MODEL_LIST,
      NULL },
    { "expose", "Services of a cluster to make known under a host name.", model_expose_table, MODEL_LIST,
      NULL },
    { "notify", "Who is told when something needs a person.", model_notify_table, MODEL_LIST, NULL },
    { NULL, NULL, NULL, MODEL_VALUES, NULL },
};
