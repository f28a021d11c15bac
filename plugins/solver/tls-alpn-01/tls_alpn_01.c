/* SPDX-License-Identifier: Apache-2.0 */
/* tls_alpn_01.c - proves control by a TLS handshake on port 443 (RFC 8737, for addresses RFC 8738 section 6). */
#include "tls_alpn_01.h"

#include <fl/tls.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTENERS = 32, SERVER_NAME = 256, PAUSE_MS = 2000, PROBE_MS = 5000 };
static const char protocol[] = "acme-tls/1";
static const char *const usual[] = { "[::]:443", NULL };

struct conf {
    const char *const *listen; /* NULL: the usual one */
};
struct solver {
    struct shelf *shelf;
    char *near[LISTENERS + 1]; /* where each listener can be reached from this machine; NULL-terminated */
};

static const struct fl_option options[] = {
    FL_ADDRESSES(struct conf, listen, 0, NULL, 443,
                 "where to answer; if absent, \"[::]:443\", IPv4 included"),
    FL_END,
};

static int check(struct fl_ctx *ctx, const void *options_in)
{
    const struct conf *conf = options_in;
    size_t n = 0;

    while (conf->listen && conf->listen[n])
        n++;
    return n > LISTENERS ? fl_fail(ctx, FL_ECONF, "listen: at most %d addresses", LISTENERS) : FL_OK;
}

/* ---- names ---- */

static bool reverse(const char *address, char out[SERVER_NAME])
{
    unsigned char raw[16];
    size_t at = 0;

    if (inet_pton(AF_INET, address, raw) == 1) {
        snprintf(out, SERVER_NAME, "%u.%u.%u.%u.in-addr.arpa", raw[3], raw[2], raw[1], raw[0]);
        return true;
    }
    if (inet_pton(AF_INET6, address, raw) != 1)
        return false;
    for (size_t i = 16; i-- > 0; at += 4)
        snprintf(out + at, SERVER_NAME - at, "%x.%x.", raw[i] & 15u, raw[i] >> 4);
    snprintf(out + at, SERVER_NAME - at, "ip6.arpa");
    return true;
}
/* What is asked for in SNI: the name in lower case, or the reverse name of an address (RFC 8738 section 6). False: neither
 * fits. */
static bool server_name(const struct fl_challenge *ch, char out[SERVER_NAME])
{
    size_t n = strlen(ch->identifier);

    if (ch->ip)
        return reverse(ch->identifier, out);
    if (n == 0 || n >= SERVER_NAME || ch->wildcard)
        return false;
    for (size_t i = 0; i <= n; i++)
        out[i] = (char)tolower((unsigned char)ch->identifier[i]);
    return true;
}

/* ---- the listener ---- */

/* "[::]:443" is everywhere, so it is here too. */
static char *near_of(const char *address, uint16_t port)
{
    char text[80];
    int host = (int)(strrchr(address, ':') - address);

    if (!strncmp(address, "[::]", 4))
        snprintf(text, sizeof text, "[::1]:%u", port);
    else if (!strncmp(address, "0.0.0.0:", 8))
        snprintf(text, sizeof text, "127.0.0.1:%u", port);
    else
        snprintf(text, sizeof text, "%.*s:%u", host, address, port);
    return strdup(text);
}
static void close(void *self)
{
    struct solver *s = self;

    if (!s)
        return;
    shelf_free(s->shelf);
    for (size_t i = 0; s->near[i]; i++)
        free(s->near[i]);
    free(s);
}
static int open(struct fl_ctx *ctx, void **self_out)
{
    const struct conf *conf = fl_conf(ctx);
    struct solver *s = calloc(1, sizeof *s);
    int code = FL_OK;

    if (!s || !(s->shelf = shelf_new())) {
        free(s);
        return FL_ENOMEM;
    }
    const char *const *addresses = conf->listen ? conf->listen : usual;
    for (size_t i = 0; addresses[i] && i < LISTENERS && code == FL_OK; i++) {
        const struct fl_listen spec = { .address = addresses[i], .alpn = protocol };
        uint16_t port = 0;
        code = fl_listen(ctx, &spec, &port);
        if (code == FL_OK && !(s->near[i] = near_of(addresses[i], port)))
            code = FL_ENOMEM;
    }
    if (code != FL_OK) {
        close(s);
        return code;
    }
    *self_out = s;
    return FL_OK;
}

/* ---- the challenges ---- */

static int name_of(struct fl_ctx *ctx, const struct fl_challenge *ch, char name[SERVER_NAME])
{
    return server_name(ch, name) ? FL_OK
                                 : fl_fail(ctx, FL_EREJECT, "%s%s cannot be proved by TLS",
                                           ch->wildcard ? "*." : "", ch->identifier);
}
static int put(struct fl_ctx *ctx, const struct fl_challenge *ch)
{
    const struct solver *s = fl_self(ctx);
    struct fl_identity id;
    char name[SERVER_NAME];
    enum shelf_place at;
    int code = name_of(ctx, ch, name);

    if (code != FL_OK)
        return code;
    at = shelf_look(s->shelf, name, ch);
    if (at == SHELF_OURS)
        return FL_OK;
    /* In SNI stands the name alone: two orders for it at the same time cannot both be answered. */
    if (at == SHELF_TAKEN)
        return fl_again(ctx, PAUSE_MS, "another order is proving %s by TLS: one after the other",
                        ch->identifier);
    code = fl_prove_tls(ctx, ch, &id);
    if (code == FL_OK)
        code = fl_tls_show(ctx, name, &id);
    if (code == FL_OK && !shelf_put(s->shelf, name, ch, id.cert_pem))
        code = fl_fail(ctx, FL_ENOMEM, "out of memory");
    return code;
}
static int withdraw(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct solver *s = fl_self(ctx);
    char name[SERVER_NAME];
    int worst = FL_OK;

    for (size_t i = 0; i < n; i++)
        if (server_name(&ch[i], name) && shelf_remove(s->shelf, name, &ch[i])) {
            int code = fl_tls_show(ctx, name, NULL);
            worst = code != FL_OK ? code : worst;
        }
    return worst;
}
/* All of an order's or none, so that two orders with some names in common never wait for each other. */
static int deploy(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    int code = FL_OK;
    size_t i = 0;

    for (; i < n && code == FL_OK; i++)
        code = put(ctx, &ch[i]);
    if (code != FL_OK)
        (void)withdraw(ctx, ch, i);
    return code;
}

/* ---- seen ---- */

/* The old fall-back of the host: where there is no IPv6, "[::]" is all of IPv4. */
static int probe(struct fl_ctx *ctx, const char *near, const char *name, struct fl_tls_served *out)
{
    static const char *const offer[] = { protocol, NULL };
    struct fl_tls_probe look = { .address = near, .sni = name, .alpn = offer, .timeout_ms = PROBE_MS };
    int code = fl_tls_probe(ctx, &look, out);

    if (code != FL_ETEMP || strncmp(near, "[::1]:", 6))
        return code;
    look.address = fl_printf(ctx, "127.0.0.1:%s", near + 6);
    return fl_tls_probe(ctx, &look, out);
}
/* Asks as the authority will, though from here: another program at that address, or a filter in front of it, shows. */
static int seen(struct fl_ctx *ctx, const char *near, const struct fl_challenge *ch)
{
    const struct solver *s = fl_self(ctx);
    struct fl_tls_served served;
    const char *cert_pem;
    char name[SERVER_NAME];
    int code = name_of(ctx, ch, name);

    if (code == FL_OK)
        code = probe(ctx, near, name, &served);
    if (code == FL_EREJECT || code == FL_EPROTO)
        return fl_fail(ctx, FL_ETEMP,
                       "another program answers at %s, and not as this solver does: stop it there", near);
    if (code != FL_OK)
        return code;
    cert_pem = shelf_find(s->shelf, name);
    if (!cert_pem || strcmp(served.alpn, protocol) || strcmp(served.chain_pem, cert_pem))
        return fl_fail(ctx, FL_ETEMP, "another program answers at %s: it shows another certificate for %s",
                       near, name);
    return FL_OK;
}
/* A restart empties the memory, so they are put there again. One name stands for all of them at each address. */
static int ready(struct fl_ctx *ctx, const struct fl_challenge *ch, size_t n)
{
    const struct solver *s = fl_self(ctx);
    int code = deploy(ctx, ch, n);

    for (size_t i = 0; n > 0 && s->near[i] && code == FL_OK; i++)
        code = seen(ctx, s->near[i], &ch[0]);
    return code;
}

static const struct fl_solver_ops ops = {
    .size = sizeof ops,
    .flags = FL_SOLVES_IP,
    .type = "tls-alpn-01",
    .open = open,
    .close = close,
    .deploy = deploy,
    .ready = ready,
    .withdraw = withdraw,
};
FL_SOLVER_PLUGIN(&ops, .name = "tls-alpn-01", .version = "1",
                 .summary = "proves control of names and addresses by a TLS handshake on port 443",
                 .options = options, .conf_size = sizeof(struct conf), .check = check);
