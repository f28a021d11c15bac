/* SPDX-License-Identifier: Apache-2.0 */
/* host_crypto.c - digests, encodings and random bytes for plugins (fl/plugin.h). */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "plugin/ctx.h"

#include <errno.h>

static int bits_of(enum fl_hash hash)
{
    switch (hash) {
    case FL_SHA256: return 256;
    case FL_SHA384: return 384;
    case FL_SHA512: return 512;
    }
    return 0;
}
int fl_digest(struct fl_ctx *ctx, enum fl_hash hash, const void *data, size_t len, uint8_t out[FL_HASH_MAX],
              size_t *len_out)
{
    int bits = bits_of(hash), code = ctx_gate(ctx, "fl_digest", false);

    if (code != FL_OK)
        return code;
    if (!bits)
        return fl_fail(ctx, FL_ECONF, "%d is no hash: a mistake in the plugin", (int)hash);
    if (!digest_sha2(bits, data, len, out))
        return ctx_nomem(ctx);
    *len_out = (size_t)bits / 8;
    return FL_OK;
}
int fl_hmac(struct fl_ctx *ctx, enum fl_hash hash, const void *key, size_t key_len, const void *data,
            size_t len, uint8_t out[FL_HASH_MAX], size_t *len_out)
{
    int bits = bits_of(hash), code = ctx_gate(ctx, "fl_hmac", false);

    if (code != FL_OK)
        return code;
    if (!bits)
        return fl_fail(ctx, FL_ECONF, "%d is no hash: a mistake in the plugin", (int)hash);
    if (!digest_hmac(bits, key, key_len, data, len, out))
        return ctx_nomem(ctx);
    *len_out = (size_t)bits / 8;
    return FL_OK;
}
const char *fl_base64(struct fl_ctx *ctx, const void *data, size_t len, bool url)
{
    const char *text = ctx_own(ctx, url ? encode_base64url(data, len) : encode_base64(data, len));
    return text ? text : "";
}
int fl_unbase64(struct fl_ctx *ctx, const char *text, const uint8_t **out, size_t *len_out)
{
    uint8_t *data = NULL;
    size_t len = 0;
    int code = ctx_gate(ctx, "fl_unbase64", false);

    if (code != FL_OK)
        return code;
    if (!decode_base64(text, &data, &len))
        return errno == ENOMEM ? ctx_nomem(ctx) : fl_fail(ctx, FL_EREJECT, "a text that is no base64");
    if (!ctx_own(ctx, data))
        return ctx_nomem(ctx);
    *out = data;
    *len_out = len;
    return FL_OK;
}
int fl_random(struct fl_ctx *ctx, void *out, size_t len)
{
    int code = ctx_gate(ctx, "fl_random", false);

    if (code == FL_OK && !digest_random(out, len))
        return fl_fail(ctx, FL_ETEMP, "the system has no random bytes");
    return code;
}
