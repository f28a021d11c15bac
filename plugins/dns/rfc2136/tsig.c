/* SPDX-License-Identifier: Apache-2.0 */
/* tsig.c - signs messages and verifies answers by RFC 8945. */
#include "rfc2136.h"
#include <string.h>

enum { HEADER = 12, TYPE_TSIG = 250, CLASS_ANY = 255, RR_FIXED = 10 };

/* Bytes that grow at the end; the room is known to do. */
struct out {
    uint8_t *data;
    size_t len;
};

static void put(struct out *o, const void *data, size_t len)
{
    memcpy(o->data + o->len, data, len);
    o->len += len;
}
static void put16(struct out *o, unsigned v) { put(o, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2); }
static void put48(struct out *o, int64_t v)
{
    put16(o, (unsigned)(v >> 32 & 0xffff));
    put16(o, (unsigned)(v >> 16 & 0xffff));
    put16(o, (unsigned)(v & 0xffff));
}
static unsigned get16(const uint8_t *p) { return (unsigned)(p[0] << 8 | p[1]); }
static int64_t get48(const uint8_t *p)
{
    return (int64_t)get16(p) << 32 | (int64_t)get16(p + 2) << 16 | (int64_t)get16(p + 4);
}

/* What of a TSIG goes into the digest beside the message (RFC 8945 4.3.3). */
struct variables {
    int64_t at;
    unsigned fudge, error;
    const uint8_t *other;
    size_t other_len;
};

/* Later messages of a transfer (RFC 8945 5.3.1): what came unsigned since the last signature, and the time alone. */
struct later {
    const uint8_t *pending;
    size_t len;
};

static void put_variables(struct out *o, const struct key *key, const struct variables *v)
{
    put(o, key->wire.data, key->wire.len);
    put16(o, CLASS_ANY);
    put16(o, 0); /* TTL */
    put16(o, 0);
    put(o, key->algorithm.data, key->algorithm.len);
    put48(o, v->at);
    put16(o, v->fudge);
    put16(o, v->error);
    put16(o, (unsigned)v->other_len);
    put(o, v->other, v->other_len);
}

/* `request` NULL: this is the request; else the MAC before this one. `later` NULL: this is no later message. */
static int digest(struct fl_ctx *ctx, const struct key *key, const struct tsig_mac *request,
                  const struct later *later, const uint8_t *message, size_t len, const struct variables *v,
                  struct tsig_mac *out)
{
    size_t before = later ? later->len : 0;
    struct out o = { .data = fl_alloc(ctx, 2 + FL_HASH_MAX + before + len + TSIG_MAX + v->other_len) };
    if (!o.data)
        return FL_ENOMEM;
    if (request) {
        put16(&o, (unsigned)request->len);
        put(&o, request->data, request->len);
    }
    if (before > 0)
        put(&o, later->pending, before);
    put(&o, message, len);
    if (later) {
        put48(&o, v->at);
        put16(&o, v->fudge);
    } else {
        put_variables(&o, key, v);
    }
    return fl_hmac(ctx, key->hash, key->secret, key->secret_len, o.data, o.len, out->data, &out->len);
}

int tsig_sign(struct fl_ctx *ctx, const struct key *key, int64_t at, uint8_t *message, size_t *len,
              struct tsig_mac *mac_out)
{
    const struct variables v = { .at = at, .fudge = TSIG_FUDGE_S, .other = message };
    struct out o = { message, *len };
    int code = digest(ctx, key, NULL, NULL, message, *len, &v, mac_out);
    if (code != FL_OK)
        return code;
    put(&o, key->wire.data, key->wire.len);
    put16(&o, TYPE_TSIG);
    put16(&o, CLASS_ANY);
    put16(&o, 0);
    put16(&o, 0);
    put16(&o, (unsigned)(key->algorithm.len + 6 + 2 + 2 + mac_out->len + 2 + 2 + 2));
    put(&o, key->algorithm.data, key->algorithm.len);
    put48(&o, at);
    put16(&o, TSIG_FUDGE_S);
    put16(&o, (unsigned)mac_out->len);
    put(&o, mac_out->data, mac_out->len);
    put(&o, message, 2); /* original id */
    put16(&o, 0);        /* error */
    put16(&o, 0);        /* other data */
    unsigned more = get16(message + 10) + 1;
    message[10] = (uint8_t)(more >> 8);
    message[11] = (uint8_t)more;
    *len = o.len;
    return FL_OK;
}

/* ---- reading ------------------------------------------------------------------------- */

/* Behind the name at `at`, compressed or not; 0: none there. */
static size_t skip_name(const uint8_t *m, size_t len, size_t at)
{
    while (at < len) {
        if ((m[at] & 0xc0) == 0xc0)
            return at + 2 <= len ? at + 2 : 0;
        if (m[at] & 0xc0)
            return 0;
        if (m[at] == 0)
            return at + 1;
        at += 1u + m[at];
    }
    return 0;
}

/* A name that must not be compressed (RFC 8945 4.2), in lower case; 0: not so. */
static size_t plain_name(const uint8_t *m, size_t len, size_t at, struct wire_name *out)
{
    size_t end = skip_name(m, len, at);
    if (end == 0 || end - at > NAME_WIRE || m[end - 1] != 0)
        return 0;
    out->len = end - at;
    for (size_t i = 0; i < out->len; i++) {
        uint8_t c = m[at + i];
        out->data[i] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return end;
}

static size_t skip_record(const uint8_t *m, size_t len, size_t at)
{
    at = skip_name(m, len, at);
    if (at == 0 || at + RR_FIXED > len)
        return 0;
    size_t end = at + RR_FIXED + get16(m + at + 8);
    return end <= len ? end : 0;
}

/* Where the last record begins; 0: malformed. SIZE_MAX: there is no additional record. */
static size_t last_record(const uint8_t *m, size_t len)
{
    size_t at = HEADER;
    if (len < HEADER)
        return 0;
    for (unsigned i = get16(m + 4); i > 0 && at > 0; i--) {
        at = skip_name(m, len, at);
        at = at > 0 && at + 4 <= len ? at + 4 : 0;
    }
    unsigned records = get16(m + 6) + get16(m + 8) + get16(m + 10);
    if (at > 0 && get16(m + 10) == 0)
        return SIZE_MAX;
    for (unsigned i = 1; i < records && at > 0; i++)
        at = skip_record(m, len, at);
    return at > 0 && skip_record(m, len, at) == len ? at : 0;
}

struct tsig {
    struct wire_name name, algorithm;
    struct variables v;
    const uint8_t *mac;
    size_t mac_len;
    unsigned id;
};

static bool read_tsig(const uint8_t *m, size_t len, size_t at, struct tsig *out)
{
    at = plain_name(m, len, at, &out->name);
    if (at == 0 || get16(m + at + 2) != CLASS_ANY || get16(m + at + 4) != 0 || get16(m + at + 6) != 0)
        return false;
    at = plain_name(m, len, at + RR_FIXED, &out->algorithm);
    if (at == 0 || at + 10 > len)
        return false;
    out->v.at = get48(m + at);
    out->v.fudge = get16(m + at + 6);
    out->mac_len = get16(m + at + 8);
    out->mac = m + at + 10;
    at += 10 + out->mac_len;
    if (at + 6 > len)
        return false;
    out->id = get16(m + at);
    out->v.error = get16(m + at + 2);
    out->v.other_len = get16(m + at + 4);
    out->v.other = m + at + 6;
    return at + 6 + out->v.other_len == len;
}

static bool same_name(const struct wire_name *a, const struct wire_name *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* In a time that does not tell where they differ. */
static bool same_mac(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned differ = 0;
    for (size_t i = 0; i < len; i++)
        differ |= a[i] ^ b[i];
    return differ == 0;
}

static int check_mac(struct fl_ctx *ctx, const struct key *key, const struct tsig_mac *request,
                     const struct later *later, const uint8_t *answer, size_t len, const struct tsig *t,
                     struct tsig_seen *out)
{
    struct tsig_mac mac;
    uint8_t *message = fl_alloc(ctx, len);
    if (!message)
        return FL_ENOMEM;
    /* As it was before it was signed: its own id, one record less. */
    memcpy(message, answer, len);
    unsigned records = get16(answer + 10) - 1;
    message[0] = (uint8_t)(t->id >> 8);
    message[1] = (uint8_t)t->id;
    message[10] = (uint8_t)(records >> 8);
    message[11] = (uint8_t)records;
    int code = digest(ctx, key, request, later, message, len, &t->v, &mac);
    if (code != FL_OK)
        return code;
    if (t->mac_len != mac.len)
        out->why = "its signature is truncated";
    else if (!same_mac(t->mac, mac.data, mac.len))
        out->why = "its signature is wrong";
    else
        out->verified = true;
    return FL_OK;
}

static int verify(struct fl_ctx *ctx, const struct key *key, const struct tsig_mac *request,
                  const struct later *later, const uint8_t *answer, size_t len, struct tsig_seen *out,
                  struct tsig_mac *mac_out)
{
    struct tsig t = { 0 };
    size_t at = last_record(answer, len), end;
    *out = (struct tsig_seen){ .why = "it is not signed" };
    if (at == 0)
        return fl_fail(ctx, FL_EPROTO, "the answer is malformed");
    if (at == SIZE_MAX)
        return FL_OK;
    end = skip_name(answer, len, at);
    if (get16(answer + end) != TYPE_TSIG)
        return FL_OK;
    if (!read_tsig(answer, len, at, &t))
        return fl_fail(ctx, FL_EPROTO, "the answer's signature is malformed");
    out->present = true;
    out->error = t.v.error;
    out->signed_at = t.v.at;
    if (t.v.error == TSIG_BADTIME && t.v.other_len == 6)
        out->server_at = get48(t.v.other);
    out->why = NULL;
    if (!same_name(&t.name, &key->wire) || !same_name(&t.algorithm, &key->algorithm))
        out->why = "it is signed with another key";
    else if (t.mac_len == 0)
        out->why = "its signature is empty";
    else if (t.mac_len <= sizeof mac_out->data) {
        memcpy(mac_out->data, t.mac, t.mac_len);
        mac_out->len = t.mac_len;
        return check_mac(ctx, key, request, later, answer, at, &t, out);
    } else
        out->why = "its signature is too long";
    return FL_OK;
}

int tsig_verify(struct fl_ctx *ctx, const struct key *key, const struct tsig_mac *request,
                const uint8_t *answer, size_t len, struct tsig_seen *out)
{
    struct tsig_mac mac;
    return verify(ctx, key, request, NULL, answer, len, out, &mac);
}

int tsig_verify_next(struct fl_ctx *ctx, const struct key *key, struct tsig_chain *c, const uint8_t *answer,
                     size_t len, struct tsig_seen *out)
{
    const struct later later = { c->pending, c->len };
    struct tsig_mac mac;
    int code = verify(ctx, key, &c->prior, c->messages > 0 ? &later : NULL, answer, len, out, &mac);
    if (code != FL_OK)
        return code;
    if (out->verified) {
        c->prior = mac;
        c->len = 0;
        c->messages++;
        return FL_OK;
    }
    if (out->present || c->messages == 0 || c->len + len > TSIG_PENDING_MAX)
        return FL_OK;
    uint8_t *more = fl_alloc(ctx, c->len + len);
    if (!more)
        return FL_ENOMEM;
    if (c->len > 0)
        memcpy(more, c->pending, c->len);
    memcpy(more + c->len, answer, len);
    c->pending = more;
    c->len += len;
    out->later = true;
    return FL_OK;
}
