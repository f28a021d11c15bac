/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_call.c - the keeper's operations as plain functions. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/keeper.h"

#include <string.h>

/* Too large for the stack of a worker. */
struct call {
    struct keeper_request req;
    struct keeper_reply reply;
};
static void call_freep(struct call **c)
{
    if (!*c)
        return;
    /* Lengths over the fields never got past the keeper. */
    if ((*c)->req.payload_len <= sizeof(*c)->req.payload)
        mem_wipe((*c)->req.payload, (*c)->req.payload_len);
    mem_wipe((*c)->reply.text, (*c)->reply.text_len);
    free(*c);
}
#define auto_call cleanup_(call_freep) struct call

/* NULL: `o` says why. */
static struct call *call_new(enum keeper_op op, const char *sealed, struct outcome *o)
{
    struct call *c = calloc(1, sizeof *c);

    if (!c) {
        outcome_nomem(o);
        return NULL;
    }
    c->req.op = op;
    if (!text_copy(c->req.sealed, sizeof c->req.sealed, sealed)) {
        outcome_fail(o, FL_ECONF, "key request refused: not a sealed key of this keeper");
        free(c);
        return NULL;
    }
    return c;
}
static int call_run(struct keeper *k, struct call *c, struct outcome *o)
{
    (void)keeper_call(k, &c->req, &c->reply);
    *o = c->reply.outcome;
    return o->code;
}
static int set_text(char *field, size_t size, const char *what, const char *text, struct outcome *o)
{
    if (text_copy(field, size, text ? text : ""))
        return FL_OK;
    return outcome_fail(o, FL_ECONF, "key request refused: the %s is longer than %zu bytes", what, size - 1);
}
static int set_payload(struct call *c, const char *text, struct outcome *o)
{
    size_t len = strlen(text);

    if (len >= sizeof c->req.payload)
        return outcome_fail(o, FL_ECONF, "key request refused: %zu bytes are too long to be signed", len);
    memcpy(c->req.payload, text, len);
    c->req.payload_len = (uint32_t)len;
    return FL_OK;
}
/* Runs it and hands out the text of the reply. */
static int run_for_text(struct keeper *k, struct call *c, char **out, struct outcome *o)
{
    int rc = call_run(k, c, o);
    char *text;

    if (rc != FL_OK)
        return rc;
    text = malloc(c->reply.text_len + 1);
    if (!text)
        return outcome_nomem(o);
    memcpy(text, c->reply.text, c->reply.text_len + 1);
    *out = text;
    return FL_OK;
}

int keeper_make(struct keeper *k, enum key_type type, char sealed_out[KEEPER_SEALED], struct outcome *o)
{
    auto_call *c = call_new(KEEPER_MAKE, "", o);
    int rc;

    if (!c)
        return o->code;
    c->req.type = type;
    rc = call_run(k, c, o);
    if (rc == FL_OK)
        memcpy(sealed_out, c->reply.sealed, KEEPER_SEALED);
    return rc;
}
int keeper_jws(struct keeper *k, const char *sealed, const char *url, const char *nonce, const char *kid,
               const char *payload, char **out, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_JWS, sealed, o);

    if (!c || set_text(c->req.url, sizeof c->req.url, "URL", url, o) != FL_OK ||
        set_text(c->req.nonce, sizeof c->req.nonce, "nonce", nonce, o) != FL_OK ||
        set_text(c->req.kid, sizeof c->req.kid, "kid", kid, o) != FL_OK ||
        set_payload(c, payload ? payload : "", o) != FL_OK)
        return o->code;
    return run_for_text(k, c, out, o);
}
int keeper_thumbprint(struct keeper *k, const char *sealed, char out[64], struct outcome *o)
{
    auto_call *c = call_new(KEEPER_JWK, sealed, o);
    int rc = c ? call_run(k, c, o) : o->code;

    if (rc == FL_OK)
        memcpy(out, c->reply.thumbprint, sizeof c->reply.thumbprint);
    return rc;
}
int keeper_jwk(struct keeper *k, const char *sealed, char **out, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_JWK, sealed, o);
    int rc = c ? call_run(k, c, o) : o->code;
    char *text;

    if (rc != FL_OK)
        return rc;
    text = strdup(c->reply.jwk);
    if (!text)
        return outcome_nomem(o);
    *out = text;
    return FL_OK;
}
int keeper_eab(struct keeper *k, const char *sealed, const char *url, const char *eab_kid, const char *mac,
               int bits, char **out, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_EAB, sealed, o);

    if (!c || set_text(c->req.url, sizeof c->req.url, "URL", url, o) != FL_OK ||
        set_text(c->req.kid, sizeof c->req.kid, "key identifier", eab_kid, o) != FL_OK ||
        set_payload(c, mac, o) != FL_OK)
        return o->code;
    c->req.type = (uint32_t)bits;
    return run_for_text(k, c, out, o);
}
static int set_names(struct call *c, const char *const *names, struct outcome *o)
{
    for (size_t i = 0; names[i]; i++) {
        size_t len = strlen(names[i]) + 1;
        if (len > KEEPER_NAME || len > sizeof c->req.names - c->req.names_len)
            return outcome_fail(o, FL_ECONF, "certificate request: at most %d names of %d bytes fit",
                                KEEPER_NAMES, KEEPER_NAME - 1);
        memcpy(c->req.names + c->req.names_len, names[i], len);
        c->req.names_len += (uint32_t)len;
    }
    return FL_OK;
}
int keeper_csr(struct keeper *k, const char *sealed, const char *const *names, char **out, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_CSR, sealed, o);
    char *text;
    int rc;

    if (!c || set_names(c, names, o) != FL_OK)
        return o->code;
    rc = call_run(k, c, o);
    if (rc != FL_OK)
        return rc;
    text = encode_base64url(c->reply.text, c->reply.text_len);
    if (!text)
        return outcome_nomem(o);
    *out = text;
    return FL_OK;
}
int keeper_prove(struct keeper *k, const char *name, const char *digest, char **cert_pem_out,
                 char **key_pem_out, struct outcome *o)
{
    const char *const names[] = { name, NULL };
    auto_call *c = call_new(KEEPER_PROVE, "", o);
    char *cert, *key;
    const char *end;

    if (!c || set_names(c, names, o) != FL_OK || set_payload(c, digest, o) != FL_OK)
        return o->code;
    if (call_run(k, c, o) != FL_OK)
        return o->code;
    end = strstr(c->reply.text, "-----BEGIN PRIVATE KEY-----");
    if (!end)
        return outcome_fail(o, FL_EPROTO, "the keeper made a proof without a key");
    cert = mem_text(c->reply.text, (size_t)(end - c->reply.text));
    key = strdup(end);
    if (!cert || !key) {
        free(cert);
        mem_wipe_free(key);
        return outcome_nomem(o);
    }
    *cert_pem_out = cert;
    *key_pem_out = key;
    return FL_OK;
}
int keeper_export(struct keeper *k, const char *sealed, char **pem_out, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_EXPORT, sealed, o);

    return c ? run_for_text(k, c, pem_out, o) : o->code;
}
int keeper_fits(struct keeper *k, const char *sealed, const char *leaf_pem, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_FITS, sealed, o);

    if (!c || set_payload(c, leaf_pem, o) != FL_OK)
        return o->code;
    return call_run(k, c, o);
}
int keeper_forget(struct keeper *k, const char *sealed, struct outcome *o)
{
    auto_call *c = call_new(KEEPER_FORGET, sealed, o);

    return c ? call_run(k, c, o) : o->code;
}
