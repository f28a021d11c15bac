/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - key and chain once more as a PKCS #12 file. */
#include "store.h"
#include "layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fl/tls.h>

enum { STORE_MAX = 256 * 1024, STORE_NAME = 24 };

static bool ends_as_store(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && (!strcmp(name + len - 4, ".p12") || !strcmp(name + len - 4, ".pfx"));
}
bool store_ours(const char *name) { return *name != '.' && ends_as_store(name); }
const char *store_wrong(const struct store *s)
{
    if (!s->file)
        return s->passphrase || s->name || s->legacy
                   ? "pkcs12_passphrase, pkcs12_name and pkcs12_legacy need pkcs12, the file's name"
                   : NULL;
    if (!store_ours(s->file) || strchr(s->file, '/') || strlen(s->file) > STORE_NAME)
        return "pkcs12 is a file name of at most 24 characters that ends in .p12 or .pfx, as in "
               "\"keystore.p12\"";
    return s->passphrase ? NULL : "pkcs12 needs pkcs12_passphrase";
}
void store_name(const struct store *s, const char *suffix, char out[PARTS_NAME])
{
    size_t stem = strlen(s->file) - 4;

    snprintf(out, PARTS_NAME, "%.*s%s%.32s%s", (int)stem, s->file, *suffix ? "-" : "", suffix,
             s->file + stem);
}
static struct fl_pkcs12 content(struct fl_ctx *ctx, const struct store *s, const struct fl_cert *c)
{
    return (struct fl_pkcs12){ .key_pem = c->key_pem,
                               .chain_pem = fl_printf(ctx, "%s%s", c->leaf_pem, c->chain_pem),
                               .passphrase = s->passphrase,
                               .name = s->name ? s->name : c->name,
                               .legacy = s->legacy };
}
int store_fill(struct fl_ctx *ctx, struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct part *part = &p->all[i];
        int rc = FL_OK;
        if (part->cert) {
            const struct fl_pkcs12 what = content(ctx, &p->store, part->cert);
            rc = fl_pkcs12(ctx, &what, &part->data, &part->len);
        }
        if (rc != FL_OK)
            return rc;
    }
    return FL_OK;
}
int store_same(struct fl_ctx *ctx, int dir, const struct parts *p, const struct part *part, bool *same_out)
{
    auto_fd fd = openat(dir, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const struct fl_pkcs12 what = content(ctx, &p->store, part->cert);
    struct stat st;
    uint8_t *der;
    ssize_t n;

    *same_out = false;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > STORE_MAX)
        return FL_OK;
    der = fl_alloc(ctx, (size_t)st.st_size + 1);
    if (!der)
        return FL_ENOMEM;
    n = read(fd, der, (size_t)st.st_size);
    return n == st.st_size ? fl_pkcs12_fits(ctx, &what, der, (size_t)n, same_out) : FL_OK;
}
