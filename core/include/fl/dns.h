/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fl/dns.h - DNS providers: zones and change sets of RRsets.
 *
 * A provider writes what the core decides; the core owns every RRset that it
 * touches, merges the wishes of all certificates into one change set, keeps a
 * journal, and lets one writer at a time into a zone. A provider never merges,
 * waits, retries or remembers.
 *
 * Names are lower-case A-labels without a final dot. Names of records are
 * relative to the zone's apex; the apex itself is "". Values are in
 * presentation form without quoting for TXT (the bare text) and as RFC 1035
 * section 5 writes them for all else.
 */
#ifndef FL_DNS_H
#define FL_DNS_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fl_rrtype {
    FL_RR_A = 1,
    FL_RR_NS = 2,
    FL_RR_CNAME = 5,
    FL_RR_SOA = 6,
    FL_RR_TXT = 16,
    FL_RR_AAAA = 28,
    FL_RR_ALIAS = 65401 /* where FL_CAP_ALIAS: the service answers with the addresses of that host name */
};

struct fl_zone {
    const char *apex;                /* "example.org" */
    const char *id;                  /* the service's own name of it; NULL: none */
    const char *const *name_servers; /* NULL-terminated; NULL: the provider cannot say */
};

struct fl_value {
    const char *text;
    const char *id; /* the service's record id, if it has any */
};

struct fl_rrset {
    const char *name; /* relative to the apex */
    uint32_t type, ttl;
    const struct fl_value *values;
    size_t n;
    const char *etag; /* of services with preconditions; NULL */
};

/* One RRset before and after. nbefore == 0: it did not exist; nafter == 0: it is
 * to be removed. Value services send the difference, RRset services use both. */
struct fl_change {
    const char *name;
    uint32_t type, ttl_before, ttl;
    const struct fl_value *before, *after;
    size_t nbefore, nafter;
    const char *etag;
};

/* A flag whose callback is NULL counts as unset. */
enum fl_dns_cap {
    FL_CAP_CREATE = 1u << 0,   /* zones can be created */
    FL_CAP_DELEGATE = 1u << 1, /* name servers can be set at the registrar */
    FL_CAP_SETTLED = 1u << 2,  /* the service says when a change is out */
    FL_CAP_LIST_ALL = 1u << 3, /* list() without a name gives the whole zone */
    FL_CAP_ALIAS = 1u << 4,    /* an alias at the apex */
    FL_CAP_ATOMIC = 1u << 5,   /* a batch is applied whole or not at all */
    FL_CAP_VALUES = 1u << 6,   /* writes single values: foreign ones of the RRset are safe by themselves */
    FL_CAP_PRECONDITION = 1u << 7, /* refuses with FL_ESTALE when `before` is not what stands there */
    FL_CAP_INSTANT = 1u << 8       /* what apply() wrote is served when it returns (a server of our own) */
};
struct fl_dns_caps {
    uint32_t flags;
    uint32_t max_values;  /* values per apply(); 0: no limit */
    uint32_t max_bytes;   /* bytes of values per apply(); 0: no limit */
    uint32_t update_cost; /* how many times a replaced value counts; 0 is 1 (Route 53: 2) */
    uint32_t per_minute;  /* calls the service allows; 0: not known */
};

/* Required: caps, zone, list and apply. All else may be NULL. */
struct fl_dns_ops {
    uint32_t size;                                    /* sizeof(struct fl_dns_ops) */
    int (*open)(struct fl_ctx *ctx, void **self_out); /* optional */
    void (*close)(void *self);                        /* optional */
    /* Tries the credentials, changes nothing. Optional. */
    int (*test)(struct fl_ctx *ctx);
    /* Told once after open(). */
    int (*caps)(struct fl_ctx *ctx, struct fl_dns_caps *out);
    /* Calls fl_emit_zone() for every zone of the account. Optional: then zones are found by zone() alone. */
    int (*zones)(struct fl_ctx *ctx);
    /* That one zone; FL_EREJECT: the account does not hold it. */
    int (*zone)(struct fl_ctx *ctx, const char *apex, struct fl_zone *out);
    /* Makes the zone, or finds it made; `out` as of zone(), with the name servers that are to be set above it. FL_EAGAIN
     * by fl_again(): it is being made. Called again after a crash. Optional (FL_CAP_CREATE). */
    int (*create)(struct fl_ctx *ctx, const char *apex, struct fl_zone *out);
    /* Calls fl_emit_rrset() for the RRset, or with name == NULL for all. None is FL_OK. */
    int (*list)(struct fl_ctx *ctx, const struct fl_zone *zone, const char *name, uint32_t type);
    /* Writes the batch. FL_ESTALE: `before` is not what stands there. FL_EREJECT: a change is
     * refused; the core halves the batch until it stands alone. `receipt_out` (may stay NULL)
     * is handed to settled(). Repeating an applied batch is a success.
     * With FL_CAP_VALUES: what stands in neither `before` nor `after` stays; adding what is there and removing what
     * is gone are successes; FL_ESTALE only where a value that is not in `before` would be lost (an alias has one).
     * Without it: what stands there already as `after` is a success too, whatever `before` says. */
    int (*apply)(struct fl_ctx *ctx, const struct fl_zone *zone, const struct fl_change *changes, size_t n,
                 const char **receipt_out);
    /* FL_OK: the change is at the service's servers; fl_again(): not yet. Optional (FL_CAP_SETTLED). */
    int (*settled)(struct fl_ctx *ctx, const struct fl_zone *zone, const char *receipt);
    /* Sets the name servers of a domain at its registrar: these (without final dots) and no others; the core has decided that
     * it may be. FL_OK: taken, or so already; whether it is seen in the zone above is the core's to find out. FL_EREJECT:
     * the account does not hold the domain, or a server is refused. Addresses of servers below the domain (glue) are the
     * plugin's to keep where its API wants them. Optional (FL_CAP_DELEGATE). */
    int (*delegate)(struct fl_ctx *ctx, const char *apex, const char *const *name_servers);
};

/* From zones() and list(); what is given is copied, names in lower case and without a
 * final dot. At most 100,000 of either in one call: FL_EPROTO beyond. */
FL_EXPORT int fl_emit_zone(struct fl_ctx *ctx, const struct fl_zone *zone);
FL_EXPORT int fl_emit_rrset(struct fl_ctx *ctx, const struct fl_rrset *rrset);

/* One DNS message to one server and its answer (RFC 1035 section 4.2). UDP with
 * three tries, TCP when `tcp` or when the answer is truncated; id and question
 * of the answer are compared with the query's. The bytes are not changed, so a
 * TSIG may stand in them. FL_ETEMP: no answer in time. */
struct fl_exchange {
    const char *server; /* "192.0.2.1:53", as FL_ADDRESS gives it */
    const void *query;
    size_t len;
    bool tcp;
    int64_t timeout_ms; /* for each try; 0: 3 s */
};
FL_EXPORT int fl_exchange(struct fl_ctx *ctx, const struct fl_exchange *what, const uint8_t **answer_out,
                          size_t *len_out);

/* A zone transfer (RFC 5936): the query over TCP, then one message after the other to `each`, which says by `*more_out`
 * whether another is to come; what it is given is valid until it returns, and a code other than FL_OK ends the
 * transfer with that code. `tcp` is passed over; `timeout_ms` is for each message (0: 10 s). Ids are compared, and the
 * question of the first message. FL_ETEMP: no answer in time, or the connection ended before `each` was content;
 * FL_EPROTO: more than 64 MiB. */
FL_EXPORT int fl_transfer(struct fl_ctx *ctx, const struct fl_exchange *what,
                          int (*each)(struct fl_ctx *ctx, void *arg, const uint8_t *message, size_t len,
                                      bool *more_out),
                          void *arg);

#ifdef __cplusplus
}
#endif

#endif
