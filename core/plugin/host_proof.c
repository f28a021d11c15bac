/* SPDX-License-Identifier: Apache-2.0 */
/* host_proof.c - proofs by TLS: made (fl/solver.h) and shown (fl/listen.h). */
#include "base/mem.h"
#include "crypto/keeper.h"
#include "plugin/ctx.h"
#include "plugin/shown.h"
#include <fl/listen.h>

#include <ctype.h>
#include <string.h>

enum { NAME_LONGEST = 253 };

int fl_prove_tls(struct fl_ctx *ctx, const struct fl_challenge *ch, struct fl_identity *out)
{
    struct outcome o = { .code = FL_OK };
    auto_free char *cert = NULL;
    char *key = NULL;
    struct fl_identity id;
    int code = ctx_gate(ctx, "fl_prove_tls", false);

    if (code != FL_OK)
        return code;
    if (!ctx->instance->host->keeper || !ch->identifier || !ch->digest)
        return fl_fail(ctx, FL_ECONF,
                       "fl_prove_tls() is for challenges with a token: a mistake in the plugin");
    o.code = keeper_prove(ctx->instance->host->keeper, ch->identifier, ch->digest, &cert, &key, &o);
    if (o.code != FL_OK)
        return ctx_take(ctx, &o);
    id = (struct fl_identity){ .cert_pem = arena_strdup(&ctx->arena, cert),
                               .key_pem = arena_secret(&ctx->arena, key) };
    mem_wipe_free(key);
    if (ctx->arena.starved)
        return ctx_nomem(ctx);
    *out = id;
    return FL_OK;
}
/* As a client's SNI is read. */
static bool lower(const char *name, char out[NAME_LONGEST + 1])
{
    size_t n = name ? strlen(name) : 0;

    if (n == 0 || n > NAME_LONGEST)
        return false;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && !isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
            return false;
        out[i] = (char)tolower((unsigned char)name[i]);
    }
    return true;
}
int fl_tls_show(struct fl_ctx *ctx, const char *server_name, const struct fl_identity *id)
{
    struct shown *shown = ctx->instance->shown;
    char name[NAME_LONGEST + 1];
    int code = ctx_gate(ctx, "fl_tls_show", false);

    if (code != FL_OK)
        return code;
    if (!shown || !lower(server_name, name) || (id && (!id->cert_pem || !id->key_pem)))
        return fl_fail(
            ctx, FL_ECONF,
            "fl_tls_show() without a TLS listener, a name or a certificate: a mistake in the plugin");
    return shown_put(shown, name, id ? id->cert_pem : NULL, id ? id->key_pem : NULL) ? FL_OK : ctx_nomem(ctx);
}
