/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host.c - the fl_* functions for tests of one plugin, without a daemon. */
#include "fake_host.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "fake_ctx.h"
#include "fake_options.h"
#include <fl/sink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the test's side ------------------------------------------------------------------ */

struct fake *fake_new(const struct fl_plugin *plugin, const char *const *options)
{
    struct fake *f = calloc(1, sizeof *f);
    f->plugin = plugin;
    f->left_ms = 60000;
    f->conf = fake_options(plugin->options, plugin->conf_size, options);
    fake_call(f);
    return f;
}

struct fl_ctx *fake_call(struct fake *f)
{
    if (f->ctx)
        arena_done(&f->ctx->arena);
    free(f->ctx);
    f->ctx = calloc(1, sizeof *f->ctx);
    f->ctx->fake = f;
    f->ctx->arena.starved = f->starve;
    return f->ctx;
}

void fake_free(struct fake *f)
{
    if (!f)
        return;
    fake_close(f);
    arena_done(&f->ctx->arena);
    free(f->ctx);
    fake_options_free(f->plugin->options, f->conf);
    free(f);
}

int fake_check(struct fake *f) { return f->plugin->check ? f->plugin->check(fake_call(f), f->conf) : FL_OK; }

int fake_open(struct fake *f)
{
    int (*open)(struct fl_ctx *, void **) = NULL;
    switch (f->plugin->kind) {
    case FL_KIND_DNS: open = f->plugin->ops.dns->open; break;
    case FL_KIND_SOLVER: open = f->plugin->ops.solver->open; break;
    case FL_KIND_SINK: open = f->plugin->ops.sink->open; break;
    default: abort();
    }
    int rc = open ? open(fake_call(f), &f->self) : FL_OK;
    f->is_open = rc == FL_OK;
    return rc;
}

void fake_close(struct fake *f)
{
    void (*end)(void *) = NULL;
    if (!f->is_open)
        return;
    switch (f->plugin->kind) {
    case FL_KIND_DNS: end = f->plugin->ops.dns->close; break;
    case FL_KIND_SOLVER: end = f->plugin->ops.solver->close; break;
    case FL_KIND_SINK: end = f->plugin->ops.sink->close; break;
    default: abort();
    }
    if (end)
        end(f->self);
    f->is_open = false;
    f->self = NULL;
    f->nlisteners = 0;
}

const struct outcome *fake_outcome(const struct fake *f) { return &f->ctx->outcome; }

bool fake_starved(const struct fake *f) { return f->ctx->arena.starved; }

bool fake_saw(const struct fake *f, const char *line)
{
    for (size_t i = 0; i < f->nseen; i++)
        if (strcmp(f->seen[i], line) == 0)
            return true;
    return false;
}

void fake_forget(struct fake *f) { f->nseen = 0; }

int fake_see(struct fl_ctx *ctx, const struct buf *line)
{
    struct fake *f = ctx->fake;
    if (f->nseen < FAKE_SEEN)
        text_copy(f->seen[f->nseen++], FAKE_TEXT, buf_text(line));
    return FL_OK;
}

int fake_datagram(struct fake *f, size_t i, const struct fl_from *from, const void *data, size_t len,
                  struct fl_bytes *out)
{
    *out = (struct fl_bytes){ 0 };
    return f->listeners[i].spec.on_datagram(fake_call(f), from, data, len, out);
}

int fake_stream(struct fake *f, size_t i, const struct fl_from *from, const void *data, size_t len,
                size_t *used_out, struct fl_bytes *out)
{
    *out = (struct fl_bytes){ 0 };
    *used_out = 0;
    return f->listeners[i].spec.on_stream(fake_call(f), from, data, len, used_out, out);
}

int fake_http(struct fake *f, size_t i, const struct fl_from *from, const struct fl_http_request *req,
              struct fl_http_answer *out)
{
    *out = (struct fl_http_answer){ 0 };
    return f->listeners[i].spec.on_http(fake_call(f), from, req, out);
}

/* ---- fl/plugin.h ---------------------------------------------------------------------- */

int fl_fail(struct fl_ctx *ctx, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    outcome_vfail(&ctx->outcome, code, fmt, ap);
    va_end(ap);
    return code;
}

int fl_again(struct fl_ctx *ctx, int64_t after_ms, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    outcome_vfail(&ctx->outcome, FL_EAGAIN, fmt, ap);
    va_end(ap);
    ctx->outcome.retry_after_ms = after_ms;
    return FL_EAGAIN;
}

void fl_retry_after(struct fl_ctx *ctx, int64_t after_ms) { ctx->outcome.retry_after_ms = after_ms; }

void fl_debug(struct fl_ctx *ctx, const char *fmt, ...) { (void)ctx, (void)fmt; }

const void *fl_conf(struct fl_ctx *ctx) { return ctx->fake->conf; }

void *fl_self(struct fl_ctx *ctx) { return ctx->fake->self; }

const char *fl_name(struct fl_ctx *ctx)
{
    (void)ctx;
    return "fake";
}

int64_t fl_now_ms(struct fl_ctx *ctx) { return ctx->fake->now_ms ? ctx->fake->now_ms : clock_wall_ms(); }

int64_t fl_left_ms(struct fl_ctx *ctx) { return ctx->fake->left_ms; }

void *fl_alloc(struct fl_ctx *ctx, size_t size)
{
    return ctx->arena.starved ? NULL : arena_alloc(&ctx->arena, size);
}

const char *fl_printf(struct fl_ctx *ctx, const char *fmt, ...)
{
    va_list ap;
    if (ctx->arena.starved)
        return "";
    va_start(ap, fmt);
    const char *text = arena_vprintf(&ctx->arena, fmt, ap);
    va_end(ap);
    return text;
}

static int bits(enum fl_hash hash) { return hash == FL_SHA256 ? 256 : hash == FL_SHA384 ? 384 : 512; }

int fl_digest(struct fl_ctx *ctx, enum fl_hash hash, const void *data, size_t len, uint8_t out[FL_HASH_MAX],
              size_t *len_out)
{
    *len_out = (size_t)bits(hash) / 8;
    return digest_sha2(bits(hash), data, len, out) ? FL_OK : fl_fail(ctx, FL_ENOMEM, "no digest");
}

int fl_hmac(struct fl_ctx *ctx, enum fl_hash hash, const void *key, size_t key_len, const void *data,
            size_t len, uint8_t out[FL_HASH_MAX], size_t *len_out)
{
    *len_out = (size_t)bits(hash) / 8;
    return digest_hmac(bits(hash), key, key_len, data, len, out) ? FL_OK : fl_fail(ctx, FL_ENOMEM, "no hmac");
}

const char *fl_base64(struct fl_ctx *ctx, const void *data, size_t len, bool url)
{
    char *text = url ? encode_base64url(data, len) : encode_base64(data, len);
    const char *own = arena_own(&ctx->arena, text, free);
    return own ? own : "";
}

int fl_unbase64(struct fl_ctx *ctx, const char *text, const uint8_t **out, size_t *len_out)
{
    uint8_t *bytes = NULL;
    if (!decode_base64(text, &bytes, len_out))
        return fl_fail(ctx, FL_EREJECT, "not base64");
    *out = arena_own(&ctx->arena, bytes, free);
    return *out ? FL_OK : FL_ENOMEM;
}

int fl_random(struct fl_ctx *ctx, void *out, size_t len)
{
    return digest_random(out, len) ? FL_OK : fl_fail(ctx, FL_ETEMP, "no random numbers");
}

const char *fake_keep(struct fl_ctx *ctx, const struct fake_answer *a)
{
    char *copy = fl_alloc(ctx, a->len + 1);
    if (copy && a->len > 0)
        memcpy(copy, a->data, a->len);
    return copy ? copy : "";
}

int fl_run(struct fl_ctx *ctx, const struct fl_run *run, struct fl_ran *out)
{
    struct fake *f = ctx->fake;
    struct fake_answer a = { .code = FL_OK };
    cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);
    for (size_t i = 0; run->argv[i]; i++)
        buf_addf(&line, "%s%s", i > 0 ? " " : "", run->argv[i]);
    if (run->input_len > 0)
        buf_addf(&line, " < %.*s", (int)run->input_len, run->input);
    fake_see(ctx, &line);
    if (f->run)
        f->run(f, run, &a);
    *out = (struct fl_ran){ .status = a.status, .output = fake_keep(ctx, &a), .len = a.len };
    out->errors = run->apart && a.text ? fl_printf(ctx, "%s", a.text) : "";
    out->cut = run->most > 0 && a.len > run->most;
    if (a.code != FL_OK)
        return fl_fail(ctx, a.code, "%s", a.text ? a.text : "the program failed");
    return a.status ? fl_fail(ctx, FL_EREJECT, "%s ended with %d", run->argv[0], a.status) : FL_OK;
}

/* ---- fl/dns.h --------------------------------------------------------------------------- */

int fl_emit_zone(struct fl_ctx *ctx, const struct fl_zone *zone)
{
    cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);
    buf_addf(&line, "%s %s ", zone->apex, zone->id ? zone->id : "-");
    for (size_t i = 0; zone->name_servers && zone->name_servers[i]; i++)
        buf_addf(&line, "%s%s", i > 0 ? "," : "", zone->name_servers[i]);
    if (!zone->name_servers || !zone->name_servers[0])
        buf_adds(&line, "-");
    return fake_see(ctx, &line);
}

int fl_emit_rrset(struct fl_ctx *ctx, const struct fl_rrset *rrset)
{
    cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);
    buf_addf(&line, "%s %u %u ", *rrset->name ? rrset->name : "@", rrset->type, rrset->ttl);
    for (size_t i = 0; i < rrset->n; i++)
        buf_addf(&line, "%s%s", i > 0 ? "|" : "", rrset->values[i].text);
    return fake_see(ctx, &line);
}

int fl_exchange(struct fl_ctx *ctx, const struct fl_exchange *what, const uint8_t **answer_out,
                size_t *len_out)
{
    struct fake *f = ctx->fake;
    struct fake_answer a = { .code = FL_ETEMP, .text = "no exchange hook" };
    if (f->exchange)
        f->exchange(f, what, &a);
    if (a.code != FL_OK)
        return fl_fail(ctx, a.code, "%s", a.text ? a.text : "no answer");
    *answer_out = (const uint8_t *)fake_keep(ctx, &a);
    *len_out = a.len;
    return FL_OK;
}

/* Answers of the same hook, one after the other. */
int fl_transfer(struct fl_ctx *ctx, const struct fl_exchange *what,
                int (*each)(struct fl_ctx *ctx, void *arg, const uint8_t *message, size_t len,
                            bool *more_out),
                void *arg)
{
    bool more = true;
    int code = FL_OK;
    while (code == FL_OK && more) {
        const uint8_t *answer = NULL;
        size_t len = 0;
        more = false;
        code = fl_exchange(ctx, what, &answer, &len);
        if (code == FL_OK)
            code = each(ctx, arg, answer, len, &more);
    }
    return code;
}

/* ---- fl/solver.h ------------------------------------------------------------------------ */

int fl_records(struct fl_ctx *ctx, const struct fl_record *records, size_t n, const char *const *providers,
               bool add)
{
    if (ctx->arena.starved)
        return FL_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        cleanup_(buf_done) struct buf line = BUF(FAKE_TEXT);
        buf_addf(&line, "%c%s %u %u %s", add ? '+' : '-', records[i].name, records[i].type, records[i].ttl,
                 records[i].value);
        for (const char *const *p = providers; p && *p; p++)
            buf_addf(&line, "%s%s", p == providers ? " @" : ",", *p);
        fake_see(ctx, &line);
    }
    return ctx->fake->records_code ? fl_fail(ctx, ctx->fake->records_code, "fl_records() was told to say so")
                                   : FL_OK;
}

int fl_published(struct fl_ctx *ctx, const struct fl_record *records, size_t n, const char *const *providers)
{
    (void)records, (void)n, (void)providers;
    int code = ctx->fake->published_code;
    return code ? fl_fail(ctx, code, "fl_published() was told to say so") : FL_OK;
}

/* ---- fl/listen.h ------------------------------------------------------------------------ */

int fl_listen(struct fl_ctx *ctx, const struct fl_listen *spec, uint16_t *port_out)
{
    struct fake *f = ctx->fake;
    char ip[46];
    uint16_t port;
    if (f->nlisteners == FAKE_LISTENERS)
        return fl_fail(ctx, FL_ECONF, "too many listeners");
    if ((spec->on_datagram != NULL) + (spec->on_stream != NULL) + (spec->on_http != NULL) +
            (spec->alpn != NULL) !=
        1)
        return fl_fail(ctx, FL_ECONF, "exactly one kind of callback, please");
    if (!text_address(spec->address, -1, ip, &port))
        return fl_fail(ctx, FL_ECONF, "%s is no address to listen on", spec->address);
    struct fake_listener *l = &f->listeners[f->nlisteners++];
    text_copy(l->address, sizeof l->address, spec->address);
    l->spec = *spec;
    l->spec.address = l->address;
    if (f->listen)
        return f->listen(f, &l->spec, port_out, &ctx->outcome);
    if (port_out)
        *port_out = port ? port : 5353;
    return FL_OK;
}
