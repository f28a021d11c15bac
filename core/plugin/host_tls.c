/* SPDX-License-Identifier: Apache-2.0 */
/* host_tls.c - what is served, and key stores, for plugins (fl/tls.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/pkcs12.h"
#include "crypto/probe.h"
#include "plugin/ctx.h"
#include <fl/tls.h>

#include <string.h>

enum { PROBE_MS = 10000 };

static int hand_over(struct fl_ctx *ctx, const struct served *s, struct fl_tls_served *out)
{
    struct arena *a = &ctx->arena;
    const struct fl_tls_served copy = {
        .serial = arena_strdup(a, s->serial),
        .sha256 = arena_strdup(a, s->sha256),
        .key_type = s->key_type,
        .issuer = arena_strdup(a, s->issuer),
        .names = arena_strv(a, (const char *const *)s->names, SIZE_MAX),
        .not_before_at = s->not_before_at,
        .not_after_at = s->not_after_at,
        .ncerts = s->ncerts,
        .chain_pem = arena_strdup(a, s->chain_pem),
        .complete = s->complete,
        .protocol = arena_strdup(a, s->protocol),
        .cipher = arena_strdup(a, s->cipher),
        .alpn = arena_strdup(a, s->alpn),
    };

    if (a->starved)
        return ctx_nomem(ctx);
    *out = copy;
    return FL_OK;
}
int fl_tls_probe(struct fl_ctx *ctx, const struct fl_tls_probe *probe, struct fl_tls_served *out)
{
    cleanup_(served_done) struct served s = { .ncerts = 0 };
    struct outcome o = { .code = FL_OK };
    struct probe p = {
        .address = probe->address, .sni = probe->sni, .key_type = probe->key_type, .alpn = probe->alpn
    };
    int64_t ms = probe->timeout_ms > 0 ? probe->timeout_ms : PROBE_MS, left;
    int code = ctx_gate(ctx, "fl_tls_probe", true);

    if (code != FL_OK)
        return code;
    if (!p.address)
        return fl_fail(ctx, FL_ECONF, "fl_tls_probe() without an address: a mistake in the plugin");
    left = fl_left_ms(ctx);
    p.deadline_ms = clock_mono_ms() + (ms < left ? ms : left);
    o.code = probe_served(&p, &s, &o);
    return o.code == FL_OK ? hand_over(ctx, &s, out) : ctx_take(ctx, &o);
}
static bool complete(const struct fl_pkcs12 *what) { return what->key_pem && what->chain_pem; }
static struct pkcs12 own(const struct fl_pkcs12 *what)
{
    return (struct pkcs12){ .key_pem = what->key_pem,
                            .chain_pem = what->chain_pem,
                            .passphrase = what->passphrase,
                            .name = what->name,
                            .legacy = what->legacy };
}
static void wipe(void *data)
{
    struct buf *b = data;
    buf_done(b);
    free(b);
}
int fl_pkcs12(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const uint8_t **der_out, size_t *len_out)
{
    struct outcome o = { .code = FL_OK };
    struct pkcs12 p = own(what);
    struct buf *der;
    int code = ctx_gate(ctx, "fl_pkcs12", false);

    if (code != FL_OK)
        return code;
    if (!complete(what))
        return fl_fail(ctx, FL_ECONF, "fl_pkcs12() without key or chain: a mistake in the plugin");
    der = calloc(1, sizeof *der);
    if (!arena_own(&ctx->arena, der, wipe))
        return ctx_nomem(ctx);
    *der = (struct buf){ .max = PKCS12_MAX, .secret = true };
    o.code = pkcs12_write(&p, der, &o);
    if (o.code != FL_OK)
        return ctx_take(ctx, &o);
    *der_out = (const uint8_t *)der->data;
    *len_out = der->len;
    return FL_OK;
}
int fl_pkcs12_fits(struct fl_ctx *ctx, const struct fl_pkcs12 *what, const void *der, size_t len,
                   bool *fits_out)
{
    struct outcome o = { .code = FL_OK };
    struct pkcs12 p = own(what);
    int code = ctx_gate(ctx, "fl_pkcs12_fits", false);

    if (code != FL_OK)
        return code;
    if (!complete(what))
        return fl_fail(ctx, FL_ECONF, "fl_pkcs12_fits() without key or chain: a mistake in the plugin");
    o.code = pkcs12_fits(&p, der, len, fits_out, &o);
    return o.code == FL_OK ? FL_OK : ctx_take(ctx, &o);
}
