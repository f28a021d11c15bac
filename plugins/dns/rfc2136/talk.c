/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - one signed question to the server and its signed answer, and what its codes mean. */
#include "rfc2136.h"
#include <string.h>

enum {
    NOERROR,
    FORMERR,
    SERVFAIL,
    NXDOMAIN,
    NOTIMP,
    REFUSED,
    YXDOMAIN,
    YXRRSET,
    NXRRSET,
    NOTAUTH,
    NOTZONE,
    RCODES
};

static const struct conf *conf_of(struct fl_ctx *ctx) { return fl_conf(ctx); }
static struct self *self_of(struct fl_ctx *ctx) { return fl_self(ctx); }

const char *talk_server(struct fl_ctx *ctx) { return conf_of(ctx)->server[self_of(ctx)->at]; }

/* ---- errors of the signature --------------------------------------------------------- */

static int bad_key(struct fl_ctx *ctx, const char *what)
{
    return fl_fail(
        ctx, FL_EAUTH,
        "%s refused %s: it does not know the key %s with this algorithm, or lets it do nothing there "
        "(BADKEY): put the same key into its configuration (BIND: a `key` statement; Knot: section `key`, and "
        "in the zone an `acl` with `action: update`), or name another in `key`",
        talk_server(ctx), what, self_of(ctx)->key.name);
}

static int bad_sig(struct fl_ctx *ctx, const char *what)
{
    return fl_fail(
        ctx, FL_EAUTH,
        "%s refused %s: the secret of the key %s is another one there (BADSIG): copy the server's key file "
        "again",
        talk_server(ctx), what, self_of(ctx)->key.name);
}

static int tsig_failed(struct fl_ctx *ctx, const struct talk *t, const struct tsig_seen *seen)
{
    if (seen->error == TSIG_BADKEY)
        return bad_key(ctx, t->what);
    if (seen->error == TSIG_BADSIG)
        return bad_sig(ctx, t->what);
    if (seen->error == TSIG_BADTIME)
        return fl_fail(
            ctx, FL_ETEMP,
            "%s refused %s: its clock and ours differ by more than %d s (BADTIME): set the clock of the one "
            "that is wrong",
            talk_server(ctx), t->what, TSIG_FUDGE_S);
    return fl_fail(ctx, FL_EAUTH, "%s refused the signature of %s (error %u): see its log", talk_server(ctx),
                   t->what, seen->error);
}

/* An answer that nobody signed proves nothing; but a refusal needs no proof to be a refusal. */
static int unsigned_answer(struct fl_ctx *ctx, const struct talk *t, int rcode, const struct tsig_seen *seen)
{
    const char *key = self_of(ctx)->key.name;
    switch (rcode) {
    case REFUSED:
    case NOTAUTH:
        return fl_fail(
            ctx, FL_EAUTH,
            "%s refused %s before it looked at the key %s: see its log; does it serve this address and zone?",
            talk_server(ctx), t->what, key);
    case SERVFAIL:
        return fl_fail(ctx, FL_ETEMP, "%s failed at %s (SERVFAIL): see its log", talk_server(ctx), t->what);
    case NOTIMP:
        return fl_fail(ctx, FL_ECONF, "%s knows nothing of %s (NOTIMP): is it the right server?",
                       talk_server(ctx), t->what);
    case FORMERR:
        return fl_fail(ctx, FL_EPROTO, "%s cannot read %s (FORMERR): does it know TSIG?", talk_server(ctx),
                       t->what);
    default: break;
    }
    return fl_fail(ctx, FL_EPROTO,
                   "the answer of %s to %s is not to be trusted: %s; somebody between us, or a server "
                   "without the key %s",
                   talk_server(ctx), t->what, seen->why ? seen->why : "unknown", key);
}

/* ---- one question -------------------------------------------------------------------- */

static int64_t now_s(struct fl_ctx *ctx) { return fl_now_ms(ctx) / 1000 + self_of(ctx)->ahead_s; }

int talk_sign(struct fl_ctx *ctx, uint8_t *message, size_t *len, struct tsig_mac *mac_out)
{
    int code = fl_random(ctx, message, 2);
    return code == FL_OK ? tsig_sign(ctx, &self_of(ctx)->key, now_s(ctx), message, len, mac_out) : code;
}

/* To the server that answered last; then to those behind it. Repeating an update is no harm. */
static int exchange(struct fl_ctx *ctx, const uint8_t *message, size_t len, struct reply *out)
{
    const char *const *servers = conf_of(ctx)->server;
    struct self *s = self_of(ctx);
    size_t n = 0, first = s->at;
    int code = FL_ETEMP;
    while (servers[n])
        n++;
    for (size_t i = 0; i < n && code == FL_ETEMP; i++) {
        s->at = (first + i) % n;
        const struct fl_exchange what = { .server = servers[s->at],
                                          .query = message,
                                          .len = len,
                                          .tcp = true,
                                          .timeout_ms = n > 1 ? 5000 : 10000 };
        code = fl_exchange(ctx, &what, &out->data, &out->len);
    }
    return code;
}

/* The message stays as it was, for another try; `signed_out` is a copy. */
static int send_signed(struct fl_ctx *ctx, const struct talk *t, struct reply *out,
                       struct tsig_seen *seen_out)
{
    struct tsig_mac mac;
    size_t len = t->len;
    uint8_t *message = fl_alloc(ctx, len + TSIG_MAX);
    if (!message)
        return FL_ENOMEM;
    memcpy(message, t->message, len);
    int code = talk_sign(ctx, message, &len, &mac);
    if (code == FL_OK)
        code = exchange(ctx, message, len, out);
    if (code == FL_OK)
        code = tsig_verify(ctx, &self_of(ctx)->key, &mac, out->data, out->len, seen_out);
    out->rcode = code == FL_OK ? out->data[3] & 15 : -1;
    return code;
}

static int64_t away(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

/* Did the server sign a complaint about our time? Then its time is ours from here on. */
static bool set_clock(struct fl_ctx *ctx, const struct tsig_seen *seen)
{
    if (seen->error != TSIG_BADTIME || !seen->verified || seen->server_at == 0)
        return false;
    self_of(ctx)->ahead_s = seen->server_at - fl_now_ms(ctx) / 1000;
    fl_debug(ctx, "the clock of %s is %lld s ahead of ours: its time is used for signatures",
             talk_server(ctx), (long long)self_of(ctx)->ahead_s);
    return true;
}

int talk(struct fl_ctx *ctx, const struct talk *t, struct reply *out)
{
    struct tsig_seen seen;
    int code = send_signed(ctx, t, out, &seen);
    if (code == FL_OK && set_clock(ctx, &seen))
        code = send_signed(ctx, t, out, &seen);
    if (code != FL_OK)
        return code;
    if (seen.present && seen.error != TSIG_NONE)
        return tsig_failed(ctx, t, &seen);
    out->refused = !seen.present && t->question && out->rcode == REFUSED;
    if (out->refused)
        return FL_OK;
    if (!seen.verified)
        return unsigned_answer(ctx, t, out->rcode, &seen);
    if (away(seen.signed_at, now_s(ctx)) > TSIG_FUDGE_S)
        return fl_fail(ctx, FL_EPROTO,
                       "the answer of %s to %s was signed %lld s away from now: an old one, sent again?",
                       talk_server(ctx), t->what, (long long)away(seen.signed_at, now_s(ctx)));
    return FL_OK;
}

/* ---- rcodes of updates (RFC 2136 2.2) ------------------------------------------------ */

static const struct {
    int code;
    const char *words;
} meanings[RCODES] = {
    [FORMERR] = { FL_EREJECT, "says that a record in it is malformed (FORMERR)" },
    [SERVFAIL] = { FL_ETEMP, "failed (SERVFAIL): see its log; can it write the zone's journal file?" },
    [NXDOMAIN] = { FL_ESTALE, "misses a name that should be there (NXDOMAIN)" },
    [NOTIMP] = { FL_ECONF, "does no dynamic updates (NOTIMP)" },
    [REFUSED] = { FL_EREJECT,
                  "knows the key but does not let it change these records (REFUSED): BIND: `update-policy { grant KEY "
                  "zonesub TXT; };` or `allow-update { key KEY; };` in the zone, and the zone must be of type primary; "
                  "Knot: `acl` with `action: update`" },
    [YXDOMAIN] = { FL_ESTALE, "has a name that should not be there (YXDOMAIN)" },
    [YXRRSET] = { FL_ESTALE, "has records that should not be there (YXRRSET)" },
    [NXRRSET] = { FL_ESTALE, "misses records that should be there (NXRRSET)" },
    [NOTAUTH] = { FL_EAUTH,
                  "is not the primary of the zone, or the key may not change it (NOTAUTH): set `server` to the "
                  "primary, and there allow the key (Knot: `acl` with `action: update`)" },
    [NOTZONE] = { FL_EREJECT, "says that a name lies outside the zone (NOTZONE)" },
};

int talk_rcode(struct fl_ctx *ctx, int rcode, const char *apex)
{
    if (rcode == NOERROR)
        return FL_OK;
    if (rcode < 0 || rcode >= RCODES || !meanings[rcode].words)
        return fl_fail(ctx, FL_EPROTO, "%s answered the update of %s with rcode %d", talk_server(ctx), apex,
                       rcode);
    return fl_fail(ctx, meanings[rcode].code, "zone %s, key %s: %s %s", apex, self_of(ctx)->key.name,
                   talk_server(ctx), meanings[rcode].words);
}

int talk_ask(struct fl_ctx *ctx, const char *name, uint32_t type, struct reply *out)
{
    struct talk t = { .question = true,
                      .what = fl_printf(ctx, "the question for %s", *name ? name : "the root") };
    int code = message_query(ctx, name, type, &t.message, &t.len);
    return code == FL_OK ? talk(ctx, &t, out) : code;
}
