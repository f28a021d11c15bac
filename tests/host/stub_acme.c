/* SPDX-License-Identifier: Apache-2.0 */
/* stub_acme.c - an authority for tests: honest by itself, as hostile as its script. */
#include "stub_acme.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "jws_check.h"
#include "web.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STUB_NONCES = 4096, STUB_ORDERS = 256, STUB_AUTHZS = 1024, STUB_SCRIPT = 64, STUB_TEXT = 4 << 20 };
struct stub_order {
    json_t *identifiers, *body; /* body: of newOrder */
    int authz, nauthz, looks;
    bool finalized;
    int looks_final;
};
struct stub_acme {
    struct stub_acme_conf conf;
    struct web *web;
    char base[64], url[80];
    pthread_mutex_t lock; /* of what follows */
    struct buf log, faults;
    bool nonce_good[STUB_NONCES];
    int nonces;
    struct stub_answer script[STUB_SCRIPT];
    int nscript;
    struct stub_order orders[STUB_ORDERS];
    int norders;
    bool authz_valid[STUB_AUTHZS];
    const json_t *authz_id[STUB_AUTHZS];
    int nauthz;
    json_t *payloads; /* by path */
    json_t *jwk;      /* of the first account, or what it changed that to */
};
/* What is said back; `body` is a template. */
struct stub_reply {
    int status;
    const char *type;
    struct buf headers, body;
    bool no_nonce, hang_up, cut_off;
    int drip_ms;
    void (*dripped)(void);
};

static const char certificate[] = "-----BEGIN CERTIFICATE-----\nMAAwADAAMAA=\n-----END CERTIFICATE-----\n"
                                  "-----BEGIN CERTIFICATE-----\nMAAwADAAMAE=\n-----END CERTIFICATE-----\n";

static void fault(struct stub_acme *s, const char *path, const char *what)
{
    buf_addf(&s->faults, "%s: %s\n", path, what);
}
static void problem(struct stub_reply *r, int status, const char *type, const char *detail)
{
    r->status = status;
    r->type = "application/problem+json";
    buf_clear(&r->body);
    buf_addf(&r->body, "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"%s\",\"status\":%d}", type,
             detail, status);
}
/* ---- RFC 8555 section 6 ---- */

static bool nonce_used(struct stub_acme *s, const char *nonce)
{
    int64_t n;

    if (!text_starts(nonce, "nonce-") || !text_int(nonce + 6, 0, s->nonces - 1, &n) || !s->nonce_good[n])
        return false;
    s->nonce_good[n] = false;
    return true;
}
/* Its payload, NULL: refused, and `r` says how. */
static bool check_jws(struct stub_acme *s, const struct web_request *req, json_t **payload_out,
                      struct stub_reply *r)
{
    char type[64] = "", why[128], url[1200];
    cleanup_(json_freep) json_t *jws = json_parse(req->body, req->len, why);
    cleanup_(json_freep) json_t *header = jws_part(jws, "protected", NULL);
    bool account = !strcmp(req->target, "/account");
    const char *wrong;
    char *text = NULL;

    snprintf(url, sizeof url, "%s%s", s->base, req->target);
    if (!web_field(req, "content-type", type, sizeof type) || strcmp(type, "application/jose+json"))
        fault(s, req->target, "wrong Content-Type");
    if (!header || !json_str(jws, "signature", NULL) || json_object_size(jws) != 3)
        fault(s, req->target, "no flattened JWS");
    if (strcmp(json_str(header, "url", ""), url))
        fault(s, req->target, "the header's url is not what was asked");
    wrong = jws_check_signer(jws, header, account, account || !strcmp(req->target, "/revoke"), s->jwk);
    if (wrong)
        fault(s, req->target, wrong);
    *payload_out = jws_part(jws, "payload", &text);
    if (account && (!s->jwk || !json_flag(*payload_out, "onlyReturnExisting", false))) {
        json_decref(s->jwk); /* there is one account, of whoever last wanted one */
        s->jwk = json_incref(json_object_get(header, "jwk"));
    }
    if (text)
        json_put_str(s->payloads, req->target, text);
    free(text);
    if (nonce_used(s, json_str(header, "nonce", "")))
        return true;
    problem(r, 400, "badNonce", "JWS has an invalid anti-replay nonce");
    return false;
}

/* ---- resources ---- */

static void get_directory(struct stub_acme *s, struct stub_reply *r)
{
    r->no_nonce = true;
    buf_addf(&r->body,
             "{\"newNonce\":\"$B/nonce\",\"newAccount\":\"$B/account\",\"newOrder\":\"$B/order\","
             "%s\"meta\":{%s\"externalAccountRequired\":%s,"
             "\"profiles\":{\"classic\":\"the usual\",\"shortlived\":\"six days\"}}}",
             s->conf.bare
                 ? ""
                 : "\"revokeCert\":\"$B/revoke\",\"keyChange\":\"$B/key\",\"renewalInfo\":\"$B/renewal\",",
             s->conf.no_terms ? "" : "\"termsOfService\":\"https://ca.test/terms\",",
             s->conf.eab ? "true" : "false");
}
static void new_account(struct stub_acme *s, const json_t *payload, struct stub_reply *r)
{
    if (json_flag(payload, "onlyReturnExisting", false)) {
        problem(r, 400, "accountDoesNotExist", "no account with this key");
        return;
    }
    if (s->conf.eab && !json_obj(payload, "externalAccountBinding")) {
        problem(r, 403, "externalAccountRequired", "no binding");
        return;
    }
    r->status = 201;
    buf_adds(&r->headers, "Location: $B/account/1\r\n");
    buf_adds(&r->body, "{\"status\":\"valid\",\"orders\":\"$B/orders\"}");
}
static bool proved(const struct stub_acme *s, const struct stub_order *order)
{
    for (int i = 0; i < order->nauthz; i++)
        if (!s->authz_valid[order->authz + i])
            return false;
    return true;
}
static const char *order_status(struct stub_acme *s, struct stub_order *order)
{
    if (order->finalized)
        return order->looks_final++ > 0 || s->conf.sync ? "valid" : "processing";
    return proved(s, order) && order->looks++ >= s->conf.looks ? "ready" : "pending";
}
static void show_order(struct stub_acme *s, int n, struct stub_reply *r)
{
    struct stub_order *order = &s->orders[n];
    const char *status = order_status(s, order);
    char *ids = json_text(order->identifiers);
    const char *profile = json_str(order->body, "profile", NULL);

    buf_addf(&r->body,
             "{\"status\":\"%s\",\"expires\":\"2030-01-02T03:04:05Z\",\"identifiers\":%s,"
             "\"finalize\":\"$B/finalize/%d\",\"authorizations\":[",
             status, ids, n);
    for (int i = 0; i < order->nauthz; i++)
        buf_addf(&r->body, "%s\"$B/authz/%d\"", i ? "," : "", order->authz + i);
    buf_adds(&r->body, "]");
    if (!strcmp(status, "valid"))
        buf_addf(&r->body, ",\"certificate\":\"$B/cert/%d\"", n);
    if (profile)
        buf_addf(&r->body, ",\"profile\":\"%s\"", profile);
    buf_adds(&r->body, "}");
    if (s->conf.retry_after)
        buf_addf(&r->headers, "Retry-After: %d\r\n", s->conf.retry_after);
    free(ids);
}
static void new_order(struct stub_acme *s, json_t *payload, struct stub_reply *r)
{
    const json_t *ids = json_list(payload, "identifiers");
    struct stub_order *order = &s->orders[s->norders];

    if (!ids || s->norders == STUB_ORDERS || s->nauthz + json_array_size(ids) > STUB_AUTHZS) {
        problem(r, 400, "malformed", "no identifiers");
        return;
    }
    *order = (struct stub_order){ .authz = s->nauthz, .nauthz = (int)json_array_size(ids) };
    order->body = json_incref(payload);
    order->identifiers = json_array();
    /* The other way round: an order's list has no order. */
    for (size_t i = json_array_size(ids); i-- > 0;) {
        json_array_append(order->identifiers, json_array_get(ids, i));
        s->authz_id[s->nauthz++] = json_array_get(ids, i);
    }
    r->status = 201;
    buf_addf(&r->headers, "Location: $B/order/%d\r\n", s->norders);
    show_order(s, s->norders++, r);
}
static void show_challenge(struct stub_acme *s, int n, const char *type, struct stub_reply *r)
{
    buf_addf(&r->body, "{\"type\":\"%s\",\"url\":\"$B/chal/%d\",\"status\":\"%s\",\"token\":\"token_%d-x\"}",
             type, n, s->authz_valid[n] ? "valid" : "pending", n);
}
static void show_authz(struct stub_acme *s, int n, struct stub_reply *r)
{
    const char *name = json_str(s->authz_id[n], "value", ""), *type = json_str(s->authz_id[n], "type", "");
    bool wildcard = text_starts(name, "*.");

    buf_addf(&r->body,
             "{\"status\":\"%s\",\"expires\":\"2030-01-02T03:04:05Z\","
             "\"identifier\":{\"type\":\"%s\",\"value\":\"%s\"}%s,\"challenges\":[",
             s->authz_valid[n] ? "valid" : "pending", type, name + (wildcard ? 2 : 0),
             wildcard ? ",\"wildcard\":true" : "");
    show_challenge(s, n, "dns-01", r);
    buf_adds(&r->body, wildcard ? "" : ",");
    if (!wildcard)
        show_challenge(s, n, "http-01", r);
    buf_adds(&r->body, "]}");
    if (s->conf.retry_after)
        buf_addf(&r->headers, "Retry-After: %d\r\n", s->conf.retry_after);
}
static void answer_challenge(struct stub_acme *s, int n, const json_t *payload, struct stub_reply *r)
{
    if (payload && s->authz_valid[n]) {
        problem(r, 400, "malformed", "only pending challenges can be answered");
        return;
    }
    if (payload)
        s->authz_valid[n] = true;
    show_challenge(s, n, "dns-01", r);
}
static void finalize(struct stub_acme *s, int n, const json_t *payload, struct stub_reply *r)
{
    if (!json_str(payload, "csr", NULL)) {
        problem(r, 400, "badCSR", "no csr");
        return;
    }
    if (!proved(s, &s->orders[n])) {
        problem(r, 403, "orderNotReady", "an authorization is pending");
        return;
    }
    s->orders[n].finalized = true;
    if (!s->conf.no_location)
        buf_addf(&r->headers, "Location: $B/order/%d\r\n", n);
    show_order(s, n, r);
}
static void show_certificate(struct stub_reply *r, int n)
{
    r->type = "application/pem-certificate-chain";
    buf_addf(&r->headers,
             "Link: <$B/cert/%d/1>;rel=\"alternate\"\r\nLink: <$B/dir>;rel=\"index\", "
             "</cert/%d/2>; rel=alternate\r\n",
             n, n);
    buf_adds(&r->body, certificate);
}
static void key_change(struct stub_acme *s, const json_t *inner, struct stub_reply *r)
{
    char url[80], account[80];
    json_t *jwk;

    snprintf(url, sizeof url, "%s/key", s->base);
    snprintf(account, sizeof account, "%s/account/1", s->base);
    jwk = jws_check_key_change(inner, url, account, s->jwk);
    if (!jwk) {
        problem(r, 400, "malformed", "that is no key change");
        return;
    }
    json_decref(s->jwk);
    s->jwk = jwk;
}
static void resource(struct stub_acme *s, const char *path, json_t *payload, struct stub_reply *r)
{
    const char *slash = strrchr(path, '/');
    int64_t n = 0;
    bool number = text_int(slash + 1, 0, STUB_AUTHZS - 1, &n);

    if (!strcmp(path, "/account"))
        new_account(s, payload, r);
    else if (!strcmp(path, "/order"))
        new_order(s, payload, r);
    else if (!strcmp(path, "/key"))
        key_change(s, payload, r);
    else if (number && text_starts(path, "/order/") && n < s->norders)
        show_order(s, (int)n, r);
    else if (number && text_starts(path, "/authz/") && n < s->nauthz)
        show_authz(s, (int)n, r);
    else if (number && text_starts(path, "/chal/") && n < s->nauthz)
        answer_challenge(s, (int)n, payload, r);
    else if (number && text_starts(path, "/finalize/") && n < s->norders)
        finalize(s, (int)n, payload, r);
    else if (number && text_starts(path, "/cert/") && n < s->norders)
        show_certificate(r, (int)n);
    else
        problem(r, 404, "malformed", "no such resource");
}

/* ---- one request ---- */

/* `hang_up`: only those that never get to read the request. */
static bool scripted(struct stub_acme *s, const char *what, bool hang_up, struct stub_reply *r)
{
    for (int i = 0; i < s->nscript; i++) {
        struct stub_answer *a = &s->script[i];
        if (*a->at == '=' ? strcmp(what, a->at + 1) : !text_starts(what, a->at))
            continue;
        if (a->hang_up != hang_up || a->times == 0 || a->after-- > 0)
            continue;
        a->times--;
        if ((r->hang_up = a->lost))
            return false;
        r->status = a->status ? a->status : 200;
        r->type = a->type ? *a->type ? a->type : NULL : "application/json";
        r->no_nonce = a->no_nonce;
        r->hang_up = a->hang_up;
        r->cut_off = a->cut_off;
        r->drip_ms = a->drip_ms;
        r->dripped = a->dripped;
        buf_adds(&r->headers, a->headers ? a->headers : "");
        buf_adds(&r->body, a->body ? a->body : "");
        for (size_t k = 0; k < a->fill; k++)
            buf_adds(&r->body, "x");
        return true;
    }
    return false;
}
static void judge_request(struct stub_acme *s, const struct web_request *req, struct stub_reply *r)
{
    cleanup_(json_freep) json_t *payload = NULL;
    char what[1200], agent[64];
    bool post = !strcmp(req->method, "POST");

    snprintf(what, sizeof what, "%s %s", req->method, req->target);
    buf_addf(&s->log, "%s\n", what);
    if (!web_field(req, "user-agent", agent, sizeof agent))
        fault(s, req->target, "no User-Agent");
    if (scripted(s, what, true, r) || (post && !check_jws(s, req, &payload, r)) ||
        scripted(s, what, false, r))
        return;
    if (!strcmp(what, "GET /dir"))
        get_directory(s, r);
    else if (!strcmp(what, "HEAD /nonce"))
        r->type = NULL;
    else if (post)
        resource(s, req->target, payload, r);
    else
        problem(r, 405, "malformed", "nothing to get there");
}
static void expand(const struct stub_acme *s, const struct buf *from, struct buf *to)
{
    for (const char *c = buf_text(from); *c; c++) {
        if (text_starts(c, "$B")) {
            buf_adds(to, s->base);
            c++;
        } else
            buf_add(to, c, 1);
    }
}
/* A byte at a time, until the other side has had enough. */
static bool drip(int fd, const char *text, const struct stub_reply *r)
{
    for (; *text; text++) {
        usleep((useconds_t)r->drip_ms * 1000);
        if (!web_send(fd, "%c", *text))
            return false;
        if (r->dripped)
            r->dripped();
    }
    return true;
}
static bool handle(void *arg, const struct web_request *req, int fd)
{
    struct stub_acme *s = arg;
    cleanup_(buf_done) struct buf out = BUF(STUB_TEXT), body = BUF(STUB_TEXT);
    struct stub_reply r = {
        .status = 200, .type = "application/json", .headers = BUF(64 * 1024), .body = BUF(STUB_TEXT)
    };
    bool head = !strcmp(req->method, "HEAD"), sent;

    pthread_mutex_lock(&s->lock);
    judge_request(s, req, &r);
    if (!r.no_nonce && s->nonces < STUB_NONCES) {
        buf_addf(&r.headers, "Replay-Nonce: nonce-%d\r\n", s->nonces);
        s->nonce_good[s->nonces++] = true;
    }
    pthread_mutex_unlock(&s->lock);
    expand(s, &r.body, &body);
    buf_addf(&out, "HTTP/1.1 %d Stub\r\nContent-Length: %zu\r\n", r.status, head ? 0 : body.len);
    if (r.type)
        buf_addf(&out, "Content-Type: %s\r\n", r.type);
    expand(s, &r.headers, &out);
    buf_addf(&out, "\r\n%.*s", head ? 0 : (int)(r.cut_off ? body.len / 2 : body.len), buf_text(&body));
    sent = !r.hang_up && (r.drip_ms ? drip(fd, buf_text(&out), &r) : web_send(fd, "%s", buf_text(&out)));
    buf_done(&r.headers);
    buf_done(&r.body);
    return sent && !r.cut_off;
}

/* ---- for tests ---- */

struct stub_acme *stub_acme_new(const struct stub_acme_conf *conf)
{
    struct stub_acme *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    s->conf = *conf;
    pthread_mutex_init(&s->lock, NULL);
    s->log = s->faults = BUF(STUB_TEXT);
    s->payloads = json_object();
    pthread_mutex_lock(&s->lock);
    s->web = web_start(handle, s);
    if (!s->web || !s->payloads)
        abort();
    snprintf(s->base, sizeof s->base, "http://127.0.0.1:%u", web_port(s->web));
    snprintf(s->url, sizeof s->url, "%s/dir", s->base);
    pthread_mutex_unlock(&s->lock);
    return s;
}
void stub_acme_free(struct stub_acme *s)
{
    if (!s)
        return;
    web_stop(s->web);
    for (int i = 0; i < s->norders; i++) {
        json_decref(s->orders[i].identifiers);
        json_decref(s->orders[i].body);
    }
    json_decref(s->payloads);
    json_decref(s->jwk);
    buf_done(&s->log);
    buf_done(&s->faults);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
const char *stub_acme_url(const struct stub_acme *s) { return s->url; }
const char *stub_acme_base(const struct stub_acme *s) { return s->base; }
unsigned stub_acme_connections(struct stub_acme *s) { return web_connections(s->web); }
void stub_acme_script(struct stub_acme *s, const struct stub_answer *answer)
{
    pthread_mutex_lock(&s->lock);
    if (s->nscript == STUB_SCRIPT)
        abort();
    s->script[s->nscript] = *answer;
    if (s->script[s->nscript].times == 0)
        s->script[s->nscript].times = 1;
    s->nscript++;
    pthread_mutex_unlock(&s->lock);
}
unsigned stub_acme_count(struct stub_acme *s, const char *at)
{
    unsigned n = 0;

    pthread_mutex_lock(&s->lock);
    for (const char *line = buf_text(&s->log); *line; line = strchr(line, '\n') + 1)
        n += text_starts(line, at);
    pthread_mutex_unlock(&s->lock);
    return n;
}
void stub_acme_forget_nonces(struct stub_acme *s)
{
    pthread_mutex_lock(&s->lock);
    memset(s->nonce_good, 0, sizeof s->nonce_good);
    pthread_mutex_unlock(&s->lock);
}
void stub_acme_reset(struct stub_acme *s)
{
    pthread_mutex_lock(&s->lock);
    buf_clear(&s->log);
    s->nscript = 0;
    pthread_mutex_unlock(&s->lock);
}
void stub_acme_unscript(struct stub_acme *s)
{
    pthread_mutex_lock(&s->lock);
    s->nscript = 0;
    pthread_mutex_unlock(&s->lock);
}
static char *copy(struct stub_acme *s, const struct buf *b)
{
    char *text;

    pthread_mutex_lock(&s->lock);
    text = strdup(buf_text(b));
    pthread_mutex_unlock(&s->lock);
    return text;
}
char *stub_acme_log(struct stub_acme *s) { return copy(s, &s->log); }
char *stub_acme_faults(struct stub_acme *s) { return copy(s, &s->faults); }
char *stub_acme_payload(struct stub_acme *s, const char *path)
{
    const char *text;
    char *out;

    pthread_mutex_lock(&s->lock);
    text = json_str(s->payloads, path, NULL);
    out = text ? strdup(text) : NULL;
    pthread_mutex_unlock(&s->lock);
    return out;
}
