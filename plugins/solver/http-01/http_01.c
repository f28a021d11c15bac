/* SPDX-License-Identifier: Apache-2.0 */
/* http_01.c - proves control by a page (RFC 8555 section 8.3): its own listener, or a web server's folder. */
#include "http_01.h"

#include <fl/listen.h>

#include <string.h>

static const char prefix[] = "/.well-known/acme-challenge/";
static const char *const usual[] = { "[::]:80", NULL };

static const struct fl_option options[] = {
    FL_ADDRESSES(struct conf, listen, 0, NULL, 80,
                 "where to answer; \"[::]:80\" where neither this nor webroot is given, IPv4 included"),
    FL_PATH(
        struct conf, webroot, 0, NULL,
        "folder of a web server that answers on port 80: proofs are put below its .well-known/acme-challenge"),
    FL_END,
};

static int check(struct fl_ctx *ctx, const void *options_in)
{
    const struct conf *conf = options_in;
    if (conf->listen && conf->webroot)
        return fl_fail(ctx, FL_ECONF,
                       "listen and webroot exclude each other: keep the one that answers on port 80");
    return FL_OK;
}

/* ---- the listener ---- */

/* The token alone decides: it is known to nobody but the authority, and the host may come as an address, with a
 * port, or through a proxy. */
static int on_http(struct fl_ctx *ctx, const struct fl_from *from, const struct fl_http_request *req,
                   struct fl_http_answer *out)
{
    const struct shelf *shelf = fl_self(ctx);
    const char *token = req->path + sizeof prefix - 1, *proof = NULL;
    bool reads = !strcmp(req->method, "GET") || !strcmp(req->method, "HEAD");

    (void)from;
    if (reads && !strncmp(req->path, prefix, sizeof prefix - 1))
        proof = shelf_find(shelf, token, strlen(token));
    if (proof)
        *out = (struct fl_http_answer){ .status = 200,
                                        .type = "application/octet-stream",
                                        .body = { .data = proof, .len = strlen(proof) } };
    return FL_OK;
}
static int open(struct fl_ctx *ctx, void **self_out)
{
    const struct conf *conf = fl_conf(ctx);
    struct shelf *shelf;
    int code = FL_OK;

    if (conf->webroot)
        return FL_OK;
    shelf = shelf_new();
    if (!shelf)
        return FL_ENOMEM;
    for (const char *const *a = conf->listen ? conf->listen : usual; *a && code == FL_OK; a++) {
        const struct fl_listen spec = { .address = *a, .on_http = on_http };
        code = fl_listen(ctx, &spec, NULL);
    }
    if (code != FL_OK) {
        shelf_free(shelf);
        return code;
    }
    *self_out = shelf;
    return FL_OK;
}
static void close(void *self) { shelf_free(self); }

/* ---- the challenges ---- */

/* The core has looked at it; here it becomes a file name. */
static bool plain(const char *token)
{
    size_t n = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return n > 0 && n < 256 && !token[n];
}
static int put(struct fl_ctx *ctx, const struct fl_challenge *ch)
{
    const struct conf *conf = fl_conf(ctx);

    if (!plain(ch->token))
        return fl_fail(ctx, FL_EPROTO, "the authority sent a token that is none");
    if (conf->webroot)
        return webroot_put(ctx, conf->webroot, ch->token, ch->key_auth);
    return shelf_put(fl_self(ctx), ch->token, ch->key_auth) ? FL_OK
                                                            : fl_fail(ctx, FL_ENOMEM, "out of memory");
}
static int deploy(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    int code = FL_OK;
    for (size_t i = 0; i < n && code == FL_OK; i++)
        code = put(ctx, &ch[i]);
    return code;
}
static int withdraw(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct conf *conf = fl_conf(ctx);
    int worst = FL_OK;

    for (size_t i = 0; i < n; i++) {
        int code = FL_OK;
        if (!plain(ch[i].token))
            continue; /* cannot have been put */
        if (conf->webroot)
            code = webroot_remove(ctx, conf->webroot, ch[i].token, ch[i].key_auth);
        else
            shelf_remove(fl_self(ctx), ch[i].token);
        worst = code != FL_OK ? code : worst;
    }
    return worst;
}

/* What stands is seen at once. ready() puts it there again if it is gone: a restart empties the memory, and others
 * tidy up in webroots. */
static const struct fl_solver_ops ops = {
    .size = sizeof ops,
    .flags = FL_SOLVES_IP,
    .type = "http-01",
    .open = open,
    .close = close,
    .deploy = deploy,
    .ready = deploy,
    .withdraw = withdraw,
};
FL_SOLVER_PLUGIN(&ops, .name = "http-01", .version = "1",
                 .summary = "proves control of names and addresses by a page on port 80", .options = options,
                 .conf_size = sizeof(struct conf), .check = check);
