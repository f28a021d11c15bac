/* SPDX-License-Identifier: Apache-2.0 */
/* powerdns.h - what the files of the plugin share. */
#ifndef POWERDNS_POWERDNS_H
#define POWERDNS_POWERDNS_H

#include <fl/dns.h>
#include <fl/json.h>

struct conf {
    const char *url, *key, *server;
    int kind;
    const char *const *name_servers;
};
struct self {
    bool asked;   /* which of the two ways of writing the server has */
    bool extends; /* single values are added and taken away: changetype EXTEND and PRUNE */
};

/* powerdns.c. One request below URL/api/v1/servers/SERVER; `*out` is never NULL. What the server says of a failure
 * replaces the words of HTTP. */
int api_call(struct fl_ctx *ctx, const char *method, const char *path, json_t *body, json_t **out);
/* "www", "example.org" -> "www.example.org." ; "" is the apex. */
const char *api_name(struct fl_ctx *ctx, const char *name, const char *apex);

/* content.c. "TXT" ...; NULL: a type that is not ours to write. */
const char *content_type(uint32_t type);
uint32_t content_type_parse(const char *name); /* 0: another */
/* A value as the API has it: names with a final dot, texts in quotes, cut every 255 bytes. And the reverse. */
const char *content_write(struct fl_ctx *ctx, uint32_t type, const char *text);
const char *content_read(struct fl_ctx *ctx, uint32_t type, const char *content);

/* rrsets.c */
int rrsets_list(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type);
int rrsets_apply(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n);
/* Name servers of the zone by its own NS records; NULL: none. */
const char *const *rrsets_name_servers(struct fl_ctx *ctx, const char *id, const char *apex);

#endif
