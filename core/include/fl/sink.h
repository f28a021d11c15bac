/* SPDX-License-Identifier: Apache-2.0 */
/* fl/sink.h - certificate sinks: they bring key and chain to where they are used. */
#ifndef FL_SINK_H
#define FL_SINK_H

#include <fl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One lineage of a certificate. RSA and ECDSA of the same names are two. */
struct fl_cert {
    const char *name;               /* of the certificate in the configuration */
    const char *file_name;          /* the same, safe as a file name (`*` is `_`, `:` is `-`) */
    const char *key_type;           /* "ec256", "rsa2048", ... */
    const char *serial;             /* lower-case hex, no leading zeros stripped */
    const char *const *identifiers; /* NULL-terminated */
    const char *leaf_pem;
    const char *chain_pem;               /* intermediates, without leaf and root; "" : none */
    const char *key_pem;                 /* PKCS #8; wiped when the call returns. "" for all but deploy() */
    int64_t not_before_at, not_after_at; /* seconds since 1970 */
    const char *ref;                     /* the target that the sink itself named; "" : from the file */
};

/* Required: deploy. Without verify() what was deployed counts as served. */
struct fl_sink_ops {
    uint32_t size;
    int (*open)(struct fl_ctx *ctx, void **self_out); /* optional */
    void (*close)(void *self);                        /* optional */
    /* All lineages of one certificate at once, all or nothing. The same serial again is FL_OK
     * without touching anything but what is missing. */
    int (*deploy)(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n);
    /* FL_OK: that serial is what is served or stored there; fl_again(): not yet. Optional. */
    int (*verify)(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n);
    /* The certificate is no longer wanted here. Optional. */
    int (*retire)(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n);
    /*
     * What stands at the sink now of this lineage: its leaf and intermediates in PEM, the leaf first, nothing
     * else (no key), at most 100 KiB; NULL when there is none, or none of this key type. Reads only: it makes,
     * repairs, reloads and removes nothing, and may be asked for what this sink never got. `cert` says name,
     * file_name, key_type, identifiers and ref; serial, PEMs and dates are "" and 0. A state that was restored
     * from an old copy is compared with the answer, so that what is newer there is neither ordered anew nor
     * overwritten: say what is really in use, not what was delivered last. Codes: FL_OK; FL_ETEMP when it
     * cannot be known now. A chain that cannot be read, or is for another type of key, counts as none.
     * Optional: NULL where nothing can be read back.
     */
    int (*held)(struct fl_ctx *ctx, const struct fl_cert *cert, const char **chain_pem_out);
};

#ifdef __cplusplus
}
#endif

#endif
