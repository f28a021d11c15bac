/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - the door to all sinks: looks at a request, finds the sink, calls it. */
#include "base/mem.h"
#include "crypto/leaf.h"
#include "plugin/deliver_impl.h"

#include <string.h>

int deliver_new(struct instance *const *sinks, size_t n, struct deliver **out)
{
    struct deliver *d = calloc(1, sizeof *d);

    if (!d)
        return FL_ENOMEM;
    d->fd = -1;
    pthread_mutex_init(&d->lock, NULL);
    d->sinks = mem_array(n + 1, sizeof(struct instance *));
    if (!d->sinks) {
        deliver_free(d);
        return FL_ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        if (sinks[i])
            d->sinks[d->n++] = sinks[i];
    *out = d;
    return FL_OK;
}
void deliver_free(struct deliver *d)
{
    if (!d)
        return;
    mem_closep(&d->fd);
    pthread_mutex_destroy(&d->lock);
    free(d->sinks);
    free(d);
}

/* ---- looking at a request ---- */

/* All offsets are within the text, whose first and last byte are NUL. */
static const char *text_at(const struct deliver_request *req, uint32_t offset)
{
    return offset < req->text_len ? req->text + offset : NULL;
}
static bool filled(const struct deliver_request *req, uint32_t offset)
{
    const char *s = text_at(req, offset);
    return s && *s;
}
static bool file_name_fits(const char *s) { return *s && *s != '.' && !strchr(s, '/') && strlen(s) < 256; }
static bool hex(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");
    return n > 0 && !s[n];
}
/* Who asks what is held, or takes away, need not know a serial. */
static bool serial_fits(uint32_t op, const char *s)
{
    return op == DELIVER_RETIRE || (op == DELIVER_HELD && !*s) || hex(s);
}
static const char *names_wrong(const struct deliver_request *req, const struct deliver_cert *c)
{
    uint32_t at = c->names;

    if (c->nnames == 0 || c->nnames > DELIVER_NAMES)
        return "no identifiers or too many";
    for (uint32_t i = 0; i < c->nnames; i++) {
        if (!filled(req, at))
            return "an identifier that is missing";
        at += (uint32_t)strlen(req->text + at) + 1;
    }
    return NULL;
}
static const char *cert_wrong(const struct deliver_request *req, const struct deliver_cert *c)
{
    const uint32_t all[] = {
        c->name, c->file_name, c->key_type, c->serial, c->leaf, c->chain, c->key, c->ref
    };
    bool deploy = req->op == DELIVER_DEPLOY;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!text_at(req, all[i]))
            return "a text outside of the request";
    if (!filled(req, c->name) || !file_name_fits(text_at(req, c->file_name)))
        return "a certificate without a name, or whose file name is a path";
    if (strcmp(text_at(req, c->name), text_at(req, req->certs[0].name)) != 0)
        return "certificates of different names";
    if (deploy && (!filled(req, c->key) || !filled(req, c->leaf) || !filled(req, c->key_type)))
        return "a certificate to deploy without key, key type or leaf";
    if (!deploy && filled(req, c->key))
        return "a key where none is needed";
    if (req->op == DELIVER_HELD && !filled(req, c->key_type))
        return "a question without key type";
    if (!serial_fits(req->op, text_at(req, c->serial)))
        return "a serial number that is no hex";
    return names_wrong(req, c);
}
/* NULL, or what is wrong. */
static const char *request_wrong(const struct deliver_request *req)
{
    if (req->op < DELIVER_DEPLOY || req->op > DELIVER_HELD)
        return "an unknown operation";
    if (req->ncerts == 0 || req->ncerts > (req->op == DELIVER_HELD ? 1 : DELIVER_CERTS))
        return "no certificate or too many";
    if (req->text_len == 0 || req->text_len > sizeof req->text || req->text[0] ||
        req->text[req->text_len - 1])
        return "text without its ends";
    if (!memchr(req->sink, '\0', sizeof req->sink))
        return "a sink's name without its end";
    for (uint32_t i = 0; i < req->ncerts; i++) {
        const char *wrong = cert_wrong(req, &req->certs[i]);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- calling the sink ---- */

struct delivery {
    struct fl_cert certs[DELIVER_CERTS];
    const char *names[DELIVER_CERTS][DELIVER_NAMES + 1];
    size_t n, text_len;
    char text[]; /* our own copy, as keys stand in it */
};
static void unpack_cert(struct delivery *dl, size_t at, const struct deliver_cert *c)
{
    const char *t = dl->text, *name = t + c->names;

    for (uint32_t i = 0; i < c->nnames; i++) {
        dl->names[at][i] = name;
        name += strlen(name) + 1;
    }
    dl->certs[at] = (struct fl_cert){
        .name = t + c->name,
        .file_name = t + c->file_name,
        .key_type = t + c->key_type,
        .serial = t + c->serial,
        .identifiers = dl->names[at],
        .leaf_pem = t + c->leaf,
        .chain_pem = t + c->chain,
        .key_pem = t + c->key,
        .not_before_at = c->not_before_at,
        .not_after_at = c->not_after_at,
        .ref = t + c->ref,
    };
}
static struct delivery *unpack(const struct deliver_request *req)
{
    struct delivery *dl = calloc(1, sizeof *dl + req->text_len);

    if (!dl)
        return NULL;
    memcpy(dl->text, req->text, req->text_len);
    dl->text_len = req->text_len;
    dl->n = req->ncerts;
    for (size_t i = 0; i < dl->n; i++)
        unpack_cert(dl, i, &req->certs[i]);
    return dl;
}
static void delivery_free(struct delivery **dl)
{
    if (*dl)
        mem_wipe((*dl)->text, (*dl)->text_len);
    free(*dl);
}
/* Somebody else's file may stand there: what cannot be a certificate of this lineage is as good as nothing. */
static int take_chain(const char *pem, const char *key_type, char **out, struct outcome *o)
{
    struct outcome why = { .code = FL_OK };
    size_t len = pem ? strnlen(pem, DELIVER_CHAIN + 1) : 0;
    const char *type = "";
    int code = len > 0 && len <= DELIVER_CHAIN ? leaf_key_type(pem, len, &type, &why) : FL_OK;

    if (code == FL_ENOMEM)
        return outcome_nomem(o);
    if (code != FL_OK || strcmp(type, key_type) != 0)
        return FL_OK;
    *out = mem_text(pem, len);
    return *out ? FL_OK : outcome_nomem(o);
}
static int ask_sink(struct instance *sink, const struct delivery *dl, char **chain_out, struct outcome *o)
{
    const struct fl_sink_ops *ops = &sink->plugin->ops.sink;
    const char *pem = NULL;
    auto_free char *chain = NULL;
    struct outcome taken = { .code = FL_OK };
    struct call c;
    int code;

    if (!ops->held)
        return outcome_ok(o);
    code = call_begin(&c, sink, dl->certs[0].name, 0, o);
    if (code != FL_OK)
        return code;
    code = ops->held(c.ctx, &dl->certs[0], &pem);
    if (code == FL_OK)
        (void)take_chain(pem, dl->certs[0].key_type, &chain, &taken);
    code = call_end(&c, code, o);
    if (code == FL_OK && taken.code != FL_OK)
        return outcome_nomem(o);
    if (code == FL_OK)
        *chain_out = take_ptr(chain);
    return code;
}
static int call_sink(struct instance *sink, const struct delivery *dl, enum deliver_op op, struct outcome *o)
{
    const struct fl_sink_ops *ops = &sink->plugin->ops.sink;
    int (*f)(struct fl_ctx * ctx, const struct fl_cert *certs, size_t n) = NULL;
    struct call c;
    int code;

    switch (op) {
    case DELIVER_DEPLOY: f = ops->deploy; break;
    case DELIVER_VERIFY: f = ops->verify; break;
    case DELIVER_RETIRE: f = ops->retire; break;
    case DELIVER_HELD: break;
    }
    if (!f)
        return outcome_ok(o);
    code = call_begin(&c, sink, dl->certs[0].name, 0, o);
    return code == FL_OK ? call_end(&c, f(c.ctx, dl->certs, dl->n), o) : code;
}
static int serve(const struct deliver *d, const struct deliver_request *req, char **chain_out,
                 struct outcome *o)
{
    cleanup_(delivery_free) struct delivery *dl = NULL;
    const char *wrong = request_wrong(req);
    struct instance *sink = NULL;

    if (wrong)
        return outcome_fail(o, FL_ECONF, "a malformed delivery: %s", wrong);
    for (size_t i = 0; i < d->n && !sink; i++)
        if (!strcmp(d->sinks[i]->name, req->sink))
            sink = d->sinks[i];
    if (!sink)
        return outcome_fail(o, FL_ECONF, "there is no sink \"%s\"", req->sink);
    dl = unpack(req);
    if (!dl)
        return outcome_nomem(o);
    return req->op == DELIVER_HELD ? ask_sink(sink, dl, chain_out, o)
                                   : call_sink(sink, dl, (enum deliver_op)req->op, o);
}
int deliver_any(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                char **chain_out)
{
    *chain_out = NULL;
    *reply = (struct deliver_reply){ .outcome = { .code = FL_OK } };
    if (d->fd >= 0)
        deliver_forward(d, req, reply, chain_out);
    else
        reply->outcome.code = serve(d, req, chain_out, &reply->outcome);
    reply->chain_len = *chain_out ? (uint32_t)strlen(*chain_out) : 0;
    return reply->outcome.code;
}
static int wrong_way(struct deliver_reply *reply)
{
    *reply = (struct deliver_reply){ .outcome = { .code = FL_OK } };
    return outcome_fail(&reply->outcome, FL_ECONF, "a malformed delivery: an operation of the other call");
}
int deliver_call(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply)
{
    auto_free char *chain = NULL;

    return req->op == DELIVER_HELD ? wrong_way(reply) : deliver_any(d, req, reply, &chain);
}
int deliver_held(struct deliver *d, const struct deliver_request *req, struct deliver_reply *reply,
                 char **chain_pem_out)
{
    *chain_pem_out = NULL;
    return req->op == DELIVER_HELD ? deliver_any(d, req, reply, chain_pem_out) : wrong_way(reply);
}
