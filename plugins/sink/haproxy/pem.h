/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h - one file with key and chain for each lineage, as HAProxy loads it when it starts. */
#ifndef HAPROXY_PEM_H
#define HAPROXY_PEM_H

#include <fl/sink.h>

/*
 * DIRECTORY/NAME.pem for a certificate of one lineage; of several DIRECTORY/NAME.pem.ecdsa and .rsa, which HAProxy
 * takes for one bundle. A file is written beside the old one, fsynced, and takes its place by a rename; its name
 * begins with a dot before that, which HAProxy passes over.
 */
enum { PEM_FORMS = 3 };
extern const char *const pem_forms[PEM_FORMS]; /* "", ".ecdsa", ".rsa" */

struct pem {
    const char *path; /* of the call */
    char *text;       /* key, leaf, chain, without empty lines; wiped by pem_done() */
};
/* The text of one lineage out of `n`; FL_ECONF when that set of lineages cannot be told apart by HAProxy. */
int pem_make(struct fl_ctx *ctx, const char *directory, const struct fl_cert *certs, size_t n, size_t at,
             struct pem *out);
void pem_done(struct pem *p);
/* FL_OK: it stands there now, durably; untouched when it did already. Makes the folder when it is missing. */
int pem_write(struct fl_ctx *ctx, const char *directory, const struct pem *p);
/* Does the file end with that text (all of it, or without key the certificates)? */
bool pem_same(const struct pem *p, bool with_key);
bool pem_exists(const char *path);
int pem_remove(struct fl_ctx *ctx, const char *path);
/* Is that file named in a crt-list on this machine, so that the next start of HAProxy finds it? True also for a folder, and
 * for a list that is not here or that we may not read. */
bool pem_listed(const char *list, const char *path);
/* The certificates of the file; NULL: no such file. */
int pem_chain(struct fl_ctx *ctx, const char *path, const char **out);
/* DIRECTORY/NAME.pem with one of pem_forms. */
const char *pem_path(struct fl_ctx *ctx, const char *directory, const char *name, const char *form);

#endif
