/* SPDX-License-Identifier: Apache-2.0 */
/* quick_ca.c - an authority over plain HTTP on loopback for thousands of runs: http://127.0.0.1:PORT/NAME/dir. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "jws_check.h"
#include "test_ca.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * quick_ca ROOT.PEM - prints its port, writes its root and serves until it is killed.
 *
 * Every NAME is an authority of its own, made by the first request for it: it believes every answer to a challenge
 * and signs at once. It checks nonces and nothing else of what it is sent; accounts are told apart by their keys, and
 * have lists of orders. NAME may end in "~HOW~I": its I-th exchange (0: the first) fails, once:
 *
 *   drop  the connection ends before anything is done      lost  it is done, and the connection ends without an answer
 *   cut   it is done, and half of the answer comes         e500  nothing is done: HTTP 500
 *   e503  nothing is done: HTTP 503, Retry-After: 1        mess  it is done, and the answer's body is no JSON
 *   none  it is done, and the answer has neither nonce nor Location
 *
 * GET /NAME/stats: {"accounts":1,"orders":1,"finalized":1,"requests":12,"alg":"ES256"}; `alg` of the last signature.
 */
enum { ACCOUNTS = 8, ORDERS = 16, NONCES = 256, NAMES = 8, BUCKETS = 4096, REQUEST_MAX = 65536 };

struct order {
    char *identifiers; /* JSON */
    int account, names;
    bool proved[NAMES];
    int finalized;
    char *pem;
};
struct tenant {
    char name[64], how[8], alg[16];
    int fault, requests, naccounts, norders, nonces;
    bool good[NONCES];
    char *accounts[ACCOUNTS];
    struct order orders[ORDERS];
    struct tenant *next;
};
/* One request and what is said to it. */
struct exchange {
    struct tenant *t;
    bool post;
    const char *path; /* behind the name */
    json_t *header, *payload;
    int status, account;
    char location[256];
    struct buf body;
    const char *type;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tenant *tenants[BUCKETS];
static struct test_cert *root;
static int port;

static struct tenant *tenant_of(const char *name)
{
    unsigned h = 5381;
    struct tenant *t;

    for (const char *c = name; *c; c++)
        h = h * 33 + (unsigned char)*c;
    for (t = tenants[h % BUCKETS]; t; t = t->next)
        if (strcmp(t->name, name) == 0)
            return t;
    t = calloc(1, sizeof *t);
    if (!t)
        abort();
    snprintf(t->name, sizeof t->name, "%s", name);
    t->fault = -1;
    const char *tilde = strchr(name, '~');
    if (tilde && sscanf(tilde, "~%7[a-z0-9]~%d", t->how, &t->fault) != 2)
        t->fault = -1;
    t->next = tenants[h % BUCKETS];
    return tenants[h % BUCKETS] = t;
}

__attribute__((format(printf, 3, 4))) static void say(struct exchange *x, int status, const char *fmt, ...)
{
    va_list ap;

    x->status = status;
    buf_clear(&x->body);
    va_start(ap, fmt);
    buf_vaddf(&x->body, fmt, ap);
    va_end(ap);
    if (status >= 400)
        x->type = "application/problem+json";
}
static void base_of(const struct tenant *t, char out[128])
{
    snprintf(out, 128, "http://127.0.0.1:%d/%s", port, t->name);
}

/* ---- resources ---- */

static void directory(struct exchange *x, const char *b)
{
    say(x, 200,
        "{\"newNonce\":\"%s/nonce\",\"newAccount\":\"%s/account\",\"newOrder\":\"%s/order\","
        "\"revokeCert\":\"%s/revoke\",\"keyChange\":\"%s/rollover\",\"meta\":{}}",
        b, b, b, b, b);
}
static void account(struct exchange *x, const char *b)
{
    auto_free char *jwk = json_text(json_object_get(x->header, "jwk"));
    struct tenant *t = x->t;
    int n = 0;

    while (n < t->naccounts && jwk && strcmp(t->accounts[n], jwk) != 0)
        n++;
    if (!jwk || n == ACCOUNTS) {
        say(x, 400, "{\"type\":\"urn:ietf:params:acme:error:malformed\"}");
        return;
    }
    x->status = n < t->naccounts ? 200 : 201;
    if (n == t->naccounts)
        t->accounts[t->naccounts++] = take_ptr(jwk);
    snprintf(x->location, sizeof x->location, "%s/acct/%d", b, n);
    say(x, x->status, "{\"status\":\"valid\",\"orders\":\"%s/orders/%d\"}", b, n);
}
static void show_order(struct exchange *x, const char *b, int n, int status)
{
    const struct order *o = &x->t->orders[n];
    bool ready = true;

    for (int i = 0; i < o->names; i++)
        ready = ready && o->proved[i];
    say(x, status,
        "{\"status\":\"%s\",\"identifiers\":%s,\"finalize\":\"%s/finalize/%d\",\"authorizations\":[",
        o->pem  ? "valid"
        : ready ? "ready"
                : "pending",
        o->identifiers, b, n);
    for (int i = 0; i < o->names; i++)
        buf_addf(&x->body, "%s\"%s/authz/%d/%d\"", i ? "," : "", b, n, i);
    buf_adds(&x->body, "]");
    if (o->pem)
        buf_addf(&x->body, ",\"certificate\":\"%s/cert/%d\"", b, n);
    buf_adds(&x->body, "}");
    snprintf(x->location, sizeof x->location, "%s/order/%d", b, n);
}
static void new_order(struct exchange *x, const char *b)
{
    const json_t *list = json_list(x->payload, "identifiers");
    struct tenant *t = x->t;
    struct order *o = &t->orders[t->norders];

    if (t->norders == ORDERS || json_array_size(list) == 0 || json_array_size(list) > NAMES) {
        say(x, 400, "{\"type\":\"urn:ietf:params:acme:error:malformed\"}");
        return;
    }
    *o = (struct order){ .identifiers = json_text(list),
                         .account = x->account,
                         .names = (int)json_array_size(list) };
    show_order(x, b, t->norders++, 201);
}
static void orders_of(struct exchange *x, const char *b, int account_number)
{
    const char *comma = "";

    say(x, 200, "{\"orders\":[");
    for (int i = 0; i < x->t->norders; i++)
        if (x->t->orders[i].account == account_number) {
            buf_addf(&x->body, "%s\"%s/order/%d\"", comma, b, i);
            comma = ",";
        }
    buf_adds(&x->body, "]}");
}
static void authorization(struct exchange *x, const char *b, int n, int i)
{
    const struct order *o = &x->t->orders[n];
    cleanup_(json_freep) json_t *list = json_loads(o->identifiers, 0, NULL);
    const char *name = json_str(json_array_get(list, (size_t)i), "value", "");
    const char *state = o->proved[i] ? "valid" : "pending";
    bool wild = name[0] == '*';

    say(x, 200, "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"},%s\"challenges\":[",
        state, wild ? name + 2 : name, wild ? "\"wildcard\":true," : "");
    for (int k = 0; k < 2; k++)
        buf_addf(&x->body,
                 "%s{\"type\":\"%s\",\"url\":\"%s/chal/%d/%d\",\"token\":\"token-%d-%d\",\"status\":\"%s\"}",
                 k ? "," : "", k ? "http-01" : "dns-01", b, n, i, n, i, state);
    buf_adds(&x->body, "]}");
}
static void answered(struct exchange *x, const char *b, int n, int i)
{
    x->t->orders[n].proved[i] = true;
    say(x, 200,
        "{\"type\":\"dns-01\",\"url\":\"%s/chal/%d/%d\",\"token\":\"token-%d-%d\",\"status\":\"valid\"}", b,
        n, i, n, i);
}
static void finalize(struct exchange *x, const char *b, int n)
{
    const struct test_cert_spec spec = { 0 };
    struct order *o = &x->t->orders[n];
    auto_free uint8_t *der = NULL;
    size_t len = 0;
    struct test_cert *leaf = NULL;

    if (decode_base64(json_str(x->payload, "csr", "!"), &der, &len))
        leaf = test_cert_from_csr(&spec, root, der, len);
    if (!leaf || o->pem) {
        say(x, 403, "{\"type\":\"urn:ietf:params:acme:error:%s\"}", o->pem ? "orderNotReady" : "badCSR");
    } else {
        const struct test_cert *const both[] = { leaf, root };
        o->pem = test_cert_chain(both, 2);
        o->finalized++;
        show_order(x, b, n, 200);
    }
    test_cert_free(leaf);
}
static void stats(struct exchange *x)
{
    int finalized = 0;

    for (int i = 0; i < x->t->norders; i++)
        finalized += x->t->orders[i].finalized;
    say(x, 200, "{\"accounts\":%d,\"orders\":%d,\"finalized\":%d,\"requests\":%d,\"alg\":\"%s\"}",
        x->t->naccounts, x->t->norders, finalized, x->t->requests, x->t->alg);
}

/* ---- one exchange ---- */

static bool nonce_used(struct exchange *x)
{
    int n = -1;

    if (sscanf(json_str(x->header, "nonce", ""), "nonce-%d", &n) != 1 || n < 0 || n >= NONCES ||
        !x->t->good[n])
        return false;
    x->t->good[n] = false;
    return true;
}
static bool numbered(const struct exchange *x, const char *what, int *n, int *i)
{
    size_t len = strlen(what);

    *n = *i = 0;
    return strncmp(x->path + 1, what, len) == 0 && sscanf(x->path + 1 + len, "/%d/%d", n, i) >= 1 &&
           *n >= 0 && *n < x->t->norders && *i >= 0 && *i < x->t->orders[*n].names;
}
static void posted(struct exchange *x, const char *b)
{
    int n = 0, i = 0;

    if (!nonce_used(x))
        say(x, 400, "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}");
    else if (!strcmp(x->path, "/account"))
        account(x, b);
    else if (!strcmp(x->path, "/order"))
        new_order(x, b);
    else if (sscanf(x->path, "/acct/%d", &n) == 1)
        say(x, 200, "{\"status\":\"valid\",\"orders\":\"%s/orders/%d\"}", b, n);
    else if (sscanf(x->path, "/orders/%d", &n) == 1)
        orders_of(x, b, n);
    else if (numbered(x, "order", &n, &i))
        show_order(x, b, n, 200);
    else if (numbered(x, "authz", &n, &i))
        authorization(x, b, n, i);
    else if (numbered(x, "chal", &n, &i))
        answered(x, b, n, i);
    else if (numbered(x, "finalize", &n, &i))
        finalize(x, b, n);
    else if (numbered(x, "cert", &n, &i) && x->t->orders[n].pem) {
        say(x, 200, "%s", x->t->orders[n].pem);
        x->type = "application/pem-certificate-chain";
    }
}
static json_t *part(const json_t *jws, const char *key)
{
    auto_free uint8_t *bytes = NULL;
    char why[128];
    size_t len = 0;

    return decode_base64(json_str(jws, key, "!"), &bytes, &len) && len ? json_parse((char *)bytes, len, why)
                                                                       : NULL;
}
/* By the key in the header, or by that of the account that it names. */
static bool signed_well(struct exchange *x, const json_t *jws)
{
    const json_t *jwk = json_obj(x->header, "jwk");
    cleanup_(json_freep) json_t *known = NULL;

    text_copy(x->t->alg, sizeof x->t->alg, json_str(x->header, "alg", ""));
    if (!text_starts(x->t->name, "strict"))
        return true;
    if (!jwk && x->account < x->t->naccounts)
        jwk = known = json_loads(x->t->accounts[x->account], 0, NULL);
    return jwk && jws_check(jws, jwk);
}
static void perform(struct exchange *x, const char *body)
{
    char why[128], b[128];
    cleanup_(json_freep) json_t *jws = x->post ? json_parse(body, strlen(body), why) : NULL;
    const char *kid;

    base_of(x->t, b);
    x->header = part(jws, "protected");
    x->payload = part(jws, "payload");
    kid = strstr(json_str(x->header, "kid", ""), "/acct/");
    if (kid)
        sscanf(kid, "/acct/%d", &x->account);
    say(x, 404, "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"no such thing\"}");
    if (x->post && !signed_well(x, jws))
        say(x, 403, "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"bad signature\"}");
    else if (x->post)
        posted(x, b);
    else if (!strcmp(x->path, "/dir"))
        directory(x, b);
    else if (!strcmp(x->path, "/nonce"))
        say(x, 200, "%s", "");
    else if (!strcmp(x->path, "/stats"))
        stats(x);
    if (x->status < 400 && !strstr(x->path, "/cert/"))
        x->type = "application/json";
    json_decref(x->header);
    json_decref(x->payload);
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}
static bool reply(struct exchange *x, int fd, bool head_only, const char *how)
{
    cleanup_(buf_done) struct buf out = BUF(1024 * 1024);
    bool none = !strcmp(how, "none"), mess = !strcmp(how, "mess");

    if (mess)
        say(x, x->status, "{\"status\": ");
    buf_addf(&out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", x->status, x->type,
             x->body.len);
    if (x->location[0] && !none)
        buf_addf(&out, "Location: %s\r\n", x->location);
    if (!strcmp(how, "e503"))
        buf_adds(&out, "Retry-After: 1\r\n");
    if (!none && x->t->nonces < NONCES) {
        buf_addf(&out, "Replay-Nonce: nonce-%d\r\n", x->t->nonces);
        x->t->good[x->t->nonces++] = true;
    }
    buf_adds(&out, "\r\n");
    size_t head = out.len;
    if (!head_only)
        buf_adds(&out, buf_text(&x->body));
    if (strcmp(how, "cut") == 0)
        return send_all(fd, out.data, head + (out.len - head) / 2) && false;
    return send_all(fd, out.data, out.len);
}
/* True: the connection goes on. */
static bool one(int fd, const char *method, char *target, const char *body)
{
    struct exchange x = {
        .post = !strcmp(method, "POST"), .status = 404, .body = BUF(512 * 1024), .type = "text/plain"
    };
    char *slash = target[0] ? strchr(target + 1, '/') : NULL, name[64], path[256];
    const char *how = "";
    bool more = false;

    if (!slash)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(slash - target - 1), target + 1);
    snprintf(path, sizeof path, "%s", slash);
    x.path = path;
    pthread_mutex_lock(&lock);
    x.t = tenant_of(name);
    if (strcmp(path, "/stats") != 0 && x.t->requests++ == x.t->fault)
        how = x.t->how;
    if (strcmp(how, "drop") != 0) {
        if (how[0] == 'e')
            say(&x, how[1] == '5' && how[3] == '3' ? 503 : 500, "{}");
        else
            perform(&x, body);
        more = strcmp(how, "lost") != 0 && reply(&x, fd, !strcmp(method, "HEAD"), how);
    }
    pthread_mutex_unlock(&lock);
    buf_done(&x.body);
    return more;
}

/* ---- connections ---- */

static bool read_request(int fd, char *room, char **body)
{
    size_t have = 0, need = 0;
    char *blank = NULL;

    while (!blank || have < need) {
        ssize_t n = have < REQUEST_MAX ? recv(fd, room + have, REQUEST_MAX - have, 0) : 0;
        if (n <= 0)
            return false;
        have += (size_t)n;
        room[have] = '\0';
        if (!blank && (blank = strstr(room, "\r\n\r\n"))) {
            const char *length = strcasestr(room, "\r\ncontent-length:");
            need = (size_t)(blank + 4 - room) + (length ? strtoul(length + 17, NULL, 10) : 0);
        }
    }
    *body = blank + 4;
    return true;
}
static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char *room = malloc(REQUEST_MAX + 1), *body, method[16], target[512];

    while (room && read_request(fd, room, &body) && sscanf(room, "%15s %511s", method, target) == 2 &&
           one(fd, method, target, body)) {
    }
    free(room);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    const struct test_cert_spec spec = { .cn = "quick", .ca = true };
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_attr_t attr;

    if (argc != 2 || fd < 0 || bind(fd, (struct sockaddr *)&at, len) || listen(fd, 256) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        return 2;
    signal(SIGPIPE, SIG_IGN);
    port = ntohs(at.sin_port);
    root = test_cert_new(&spec, NULL);
    auto_free char *pem = test_cert_pem(root);
    FILE *f = fopen(argv[1], "w");
    if (!f || fputs(pem, f) < 0 || fclose(f) != 0)
        return 2;
    printf("%d\n", port);
    fflush(stdout);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int came = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (came < 0)
            continue;
        setsockopt(came, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (pthread_create(&thread, &attr, serve, (void *)(intptr_t)came) != 0)
            close(came);
    }
}
