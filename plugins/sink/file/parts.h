/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - the files of one version: what belongs into each, whose they are, whether they are as they
 * should be. */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include <fl/sink.h>
#include <sys/types.h>

/*
 * For the first lineage cert.pem, chain.pem, fullchain.pem, privkey.pem, combined.pem (key, leaf, chain: the
 * order that Postfix wants and HAProxy takes); when there are several, each has them once more with its key
 * type, as in cert-rsa2048.pem. privkey and combined have the mode that is configured, the others 0644. A key store,
 * where one is configured, likewise.
 */
enum { PARTS_MAX = 48, PARTS_NAME = 64 };
struct store {
    const char *file, *passphrase, *name; /* file NULL: none is wanted; name NULL: the certificate's */
    bool legacy;
};
struct parts {
    struct part {
        char name[PARTS_NAME];
        const char *text[3];        /* one after the other; NULL: fewer */
        const struct fl_cert *cert; /* of a key store; NULL: it is text */
        const uint8_t *data;        /* of a key store, see store_fill() */
        size_t len;
        bool secret;
    } all[PARTS_MAX];
    size_t n;
    mode_t mode; /* of secret ones */
    uid_t uid;   /* (uid_t)-1: ours */
    gid_t gid;   /* (gid_t)-1: as it comes */
    struct store store;
};
/* `files` are the names of the option: leaf, chain, fullchain, key, combined; out->store is set already. */
int parts_make(struct fl_ctx *ctx, const struct fl_cert *certs, size_t n, const char *const *files,
               struct parts *out);
/* Writes and fsyncs all of them and the folder, which is new and empty. Errno, 0: done. */
int parts_write(int dir, const struct parts *p, const char **which_out);
/* Are exactly these there, with this content? Without keys (verify): those files need only be there. */
int parts_same(struct fl_ctx *ctx, int dir, const struct parts *p, bool with_keys, bool *same_out);
/* Gives owner, group and mode back to files that have lost them. */
int parts_repair(int dir, const struct parts *p, const char **which_out);
/* Could parts_make() have made a file of that name, or is it the mark? */
bool parts_ours(const char *name);

/* The mark in a version: it is in use, but the program that should load it has not been told successfully. */
#define PARTS_MARK ".reload"

#endif
