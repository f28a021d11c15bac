/* SPDX-License-Identifier: Apache-2.0 */
/* host_listen.c - listeners of plugins, over the listen service (fl/listen.h). */
#include <fl/listen.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/alpn.h"
#include "plugin/ctx.h"
#include "plugin/shown.h"

#include <stdlib.h>
#include <string.h>

enum { SAY_MAX = 1 << 20 }; /* most bytes that one callback may say */

struct ear {
    struct ear *next;
    struct alpn *alpn; /* of handshakes */
    struct instance *instance;
    struct fl_listen spec;     /* its address is not kept */
    struct listener *listener; /* NULL: somebody else took it over */
    bool claimed;              /* another ear answers there until instance_switch() */
};

/* ---- one callback ---- */

struct visit {
    struct instance *i;
    struct fl_ctx *ctx;
    struct fl_from from;
    struct lane_seat seat;
};
static bool enter(struct visit *v, const struct ear *e, const struct listen_peer *from)
{
    struct instance *i = e->instance;

    *v = (struct visit){ .i = i, .from = { .address = from->address, .port = from->port } };
    if (!lane_enter_listener(i->lane, &v->seat))
        return false;
    if (i->open)
        v->ctx = ctx_new(i, CTX_LISTENER, "", i->timeout_ms);
    if (!v->ctx)
        lane_leave(i->lane, &v->seat);
    return v->ctx != NULL;
}
static void leave(struct visit *v)
{
    ctx_free(v->ctx);
    lane_leave(v->i->lane, &v->seat);
}
/* False: it must not be sent; the callback failed, or there is no memory. */
static bool say(const struct visit *v, int code, const struct fl_bytes *from, struct listen_bytes *to)
{
    if (code != FL_OK || v->ctx->arena.starved || from->len > SAY_MAX || (from->len && !from->data))
        return false;
    if (from->len == 0)
        return true;
    to->data = malloc(from->len);
    if (!to->data)
        return false;
    memcpy(to->data, from->data, from->len);
    to->len = from->len;
    return true;
}
static void on_datagram(void *arg, const struct listen_peer *from, const void *data, size_t len,
                        struct listen_bytes *out)
{
    const struct ear *e = arg;
    struct fl_bytes bytes = { .len = 0 };
    struct visit v;

    if (!enter(&v, e, from))
        return;
    (void)say(&v, e->spec.on_datagram(v.ctx, &v.from, data, len, &bytes), &bytes, out);
    leave(&v);
}
static bool on_stream(void *arg, const struct listen_peer *from, const void *data, size_t len,
                      size_t *used_out, struct listen_bytes *out)
{
    const struct ear *e = arg;
    struct fl_bytes bytes = { .len = 0 };
    size_t used = 0;
    struct visit v;
    bool ok;

    if (!enter(&v, e, from))
        return false;
    ok = say(&v, e->spec.on_stream(v.ctx, &v.from, data, len, &used, &bytes), &bytes, out) && used <= len;
    leave(&v);
    if (ok)
        *used_out = used;
    return ok;
}
static void on_http(void *arg, const struct listen_peer *from, const struct listen_http *req,
                    struct listen_http_answer *out)
{
    const struct ear *e = arg;
    const struct fl_http_request plain = { .method = req->method,
                                           .path = req->path,
                                           .host = req->host ? req->host : "" };
    struct fl_http_answer answer = { .status = 0 };
    struct visit v;
    bool ok = false;

    if (enter(&v, e, from)) {
        int code = e->spec.on_http(v.ctx, &v.from, &plain, &answer);
        ok = text_copy(out->type, sizeof out->type, answer.type ? answer.type : "") &&
             say(&v, code, &answer.body, &out->body);
        leave(&v);
    }
    out->status = ok ? answer.status : 500;
}

/* ---- handshakes ---- */

static bool choose(void *arg, const char *server_name, struct alpn_identity *out)
{
    const struct ear *e = arg;

    return shown_find(e->instance->shown, server_name, out);
}
static void *talk_begin(void *arg)
{
    const struct ear *e = arg;

    return alpn_begin(e->alpn);
}
static bool talk_hear(void *arg, void *state, const struct listen_peer *from, const void *data, size_t len,
                      struct listen_bytes *out)
{
    struct buf words = BUF(SAY_MAX);
    bool more = alpn_hear(state, data, len, choose, arg, &words);

    (void)from;
    out->len = words.len;
    out->data = buf_take(&words);
    out->len = out->data ? out->len : 0;
    return more;
}
static void talk_end(void *state) { alpn_end(state); }
static const struct listen_talk talk = { .begin = talk_begin, .hear = talk_hear, .end = talk_end };

/* ---- making and ending ---- */

static int dry(struct fl_ctx *ctx, const struct fl_listen *spec, uint16_t *port_out)
{
    char address[46];
    uint16_t port = 0;

    if (!spec->address || !text_address(spec->address, -1, address, &port))
        return fl_fail(ctx, FL_ECONF, "%s is no address with a port to listen on",
                       spec->address ? spec->address : "");
    if (port_out)
        *port_out = port;
    return FL_OK;
}
static struct listen_spec plain_of(struct ear *e, const struct fl_listen *spec)
{
    return (struct listen_spec){
        .address = spec->address,
        .arg = e,
        .datagram = spec->on_datagram ? on_datagram : NULL,
        .stream = spec->on_stream ? on_stream : NULL,
        .http = spec->on_http ? on_http : NULL,
        .talk = spec->alpn ? &talk : NULL,
        .idle_ms = spec->idle_ms,
        .max_connections = spec->max_connections,
    };
}
static int add(struct fl_ctx *ctx, const struct fl_listen *spec, struct ear *e, uint16_t *port_out)
{
    struct listen *service = ctx->instance->host->listen;
    const struct listen_spec plain = plain_of(e, spec);
    struct outcome o = { 0 };
    uint16_t port = 0;
    int code = FL_OK;

    if (spec->alpn && (o.code = alpn_new(spec->alpn, &e->alpn, &o)) != FL_OK)
        return ctx_take(ctx, &o);
    e->listener = spec->address ? listen_claim(service, &plain, &port) : NULL;
    e->claimed = e->listener != NULL;
    if (!e->claimed)
        code = listen_add(service, &plain, &e->listener, &port, &o);

    if (code != FL_OK) {
        o.code = code;
        return ctx_take(ctx, &o);
    }
    if (port_out)
        *port_out = port;
    return FL_OK;
}
int fl_listen(struct fl_ctx *ctx, const struct fl_listen *spec, uint16_t *port_out)
{
    int kinds = (spec->on_datagram != NULL) + (spec->on_stream != NULL) + (spec->on_http != NULL) +
                (spec->alpn != NULL);
    int code = ctx_gate(ctx, "fl_listen", true);
    struct ear *e;

    if (code != FL_OK)
        return code;
    if (ctx->place != CTX_OPEN || kinds != 1)
        return fl_fail(ctx, FL_ECONF,
                       "fl_listen() is for open(), with one callback: a mistake in the plugin");
    if (spec->alpn && !ctx->instance->shown && !(ctx->instance->shown = shown_new()))
        return ctx_nomem(ctx);
    if (!ctx->instance->host->listen)
        return dry(ctx, spec, port_out);
    e = calloc(1, sizeof *e);
    if (!e)
        return ctx_nomem(ctx);
    e->instance = ctx->instance;
    e->spec = *spec;
    code = add(ctx, spec, e, port_out);
    if (code != FL_OK) {
        alpn_free(e->alpn);
        free(e);
        return code;
    }
    e->next = ctx->instance->ears;
    ctx->instance->ears = e;
    return FL_OK;
}
/* What was only claimed is still the other's, who may offer it again. */
void ears_done(struct instance *i)
{
    while (i->ears) {
        struct ear *e = i->ears;
        i->ears = e->next;
        if (!e->claimed)
            listen_remove(i->host->listen, e->listener);
        alpn_free(e->alpn);
        free(e);
    }
    shown_free(i->shown);
    i->shown = NULL;
}

/* ---- handing over ---- */

bool instance_listens(const struct instance *i) { return i->ears != NULL; }
void instance_offer(struct instance *i, bool offered)
{
    for (struct ear *e = i->ears; e; e = e->next)
        if (e->listener && !e->claimed)
            listen_offer(i->host->listen, e->listener, offered);
}
void instance_switch(struct instance *i)
{
    for (struct ear *e = i->ears; e; e = e->next) {
        if (!e->claimed)
            continue;
        const struct listen_spec plain = plain_of(e, &e->spec);
        struct ear *before = listen_switch(i->host->listen, e->listener, &plain);
        before->listener = NULL;
        e->claimed = false;
    }
}
