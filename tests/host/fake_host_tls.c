/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host_tls.c - fl/tls.h for tests of one plugin: servers are a hook, key stores are real. */
#include "crypto/pkcs12.h"
#include "base/mem.h"
#include "fake_ctx.h"

#include <stdlib.h>

static void drop(void *data)
{
    struct buf *b = data;
    buf_done(b);
    free(b);
}
static struct pkcs12 own(const struct fl_pkcs12 *what)
{
    return (struct pkcs12){ what->key_pem, what->chain_pem, what->passphrase, what->name, what->legacy };
}
int fl_tls_probe(struct fl_ctx *ctx, const struct fl_tls_probe *probe, struct fl_tls_served *out)
{
    struct fake *f = ctx->fake;
    static const char *const none[] = { NULL };
    struct fl_tls_served served = { .serial = "",
                                    .sha256 = "",
                                    .key_type = "",
                                    .issuer = "",
                                    .names = none,
                                    .chain_pem = "",
                                    .complete = true,
                                    .protocol = "TLSv1.3",
                                    .cipher = "",
                                    .alpn = "" };
    int code = f->probe ? f->probe(f, probe, &served, &ctx->outcome)
                        : fl_fail(ctx, FL_ETEMP, "%s: cannot connect: no probe hook", probe->address);

    if (code == FL_OK)
        *out = served;
    return code;
}
int fl_prove_tls(struct fl_ctx *ctx, const struct fl_challenge *ch, struct fl_identity *out)
{
    struct fake *f = ctx->fake;

    *out = (struct fl_identity){ .cert_pem = fl_printf(ctx, "proof %u of %s %s", ++f->proofs, ch->identifier,
                                                       ch->digest),
                                 .key_pem = fl_printf(ctx, "key %u", f->proofs) };
    return FL_OK;
}
int fl_tls_show(struct fl_ctx *ctx, const char *server_name, const struct fl_identity *id)
{
    cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);

    buf_addf(&line, "%s", server_name);
    if (id)
        buf_addf(&line, " %s %s", id->cert_pem, id->key_pem);
    return fake_see(ctx, &line);
}
int fl_pkcs12(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const uint8_t **der_out, size_t *len_out)
{
    struct buf *der = calloc(1, sizeof *der);
    const struct pkcs12 p = own(what);
    int code;

    *der = (struct buf){ .max = PKCS12_MAX, .secret = true };
    arena_own(&ctx->arena, der, drop);
    code = pkcs12_write(&p, der, &ctx->outcome);
    *der_out = (const uint8_t *)der->data;
    *len_out = der->len;
    return code;
}
int fl_pkcs12_fits(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const void *der, size_t len,
                   bool *fits_out)
{
    const struct pkcs12 p = own(what);

    return pkcs12_fits(&p, der, len, fits_out, &ctx->outcome);
}
