/* SPDX-License-Identifier: Apache-2.0 */
/* rfc2136_server.c - a server of tests that takes signed messages, and can be wrong in many ways. */
#include "rfc2136_server.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { HEADER = 12, TSIG = 250 };

static unsigned get16(const uint8_t *p) { return (unsigned)(p[0] << 8 | p[1]); }
static void add16(struct buf *b, unsigned v) { buf_add(b, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2); }

static size_t name_at(const uint8_t *m, size_t at, char out[256])
{
    size_t n = 0, end = 0;
    while (m[at] != 0) {
        if (m[at] >= 0xc0) {
            end = end ? end : at + 2;
            at = (size_t)(m[at] & 0x3f) << 8 | m[at + 1];
            continue;
        }
        if (n > 0)
            out[n++] = '.';
        memcpy(out + n, m + at + 1, m[at]);
        n += m[at];
        at += 1u + m[at];
    }
    out[n] = '\0';
    return end ? end : at + 1;
}

static void add_name(struct buf *b, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        uint8_t len = (uint8_t)n;
        buf_add(b, &len, 1);
        buf_add(b, name, n);
        name += n + (name[n] == '.');
    }
    buf_add(b, "", 1);
}

static const char *class_of(unsigned class)
{
    return class == 1 ? "IN" : class == 254 ? "NONE" : class == 255 ? "ANY" : "?";
}

/* Notes the record at `at`; gives where the next begins. */
static size_t note(struct server *s, const uint8_t *m, size_t at)
{
    char name[256];
    at = name_at(m, at, name);
    unsigned type = get16(m + at), len = get16(m + at + 8);
    unsigned ttl = get16(m + at + 4) << 16 | get16(m + at + 6);
    struct buf hex = BUF(2 * 65536);
    for (unsigned i = 0; i < len; i++)
        buf_addf(&hex, "%02x", m[at + 10 + i]);
    if (s->nseen < SERVER_LINES)
        snprintf(s->seen[s->nseen++], SERVER_LINE, "%s %s %u %u %.200s", class_of(get16(m + at + 2)), name,
                 type, ttl, buf_text(&hex));
    buf_done(&hex);
    return at + 10 + len;
}

/* Reads the message up to its TSIG; gives where that begins. */
static size_t read_message(struct server *s, const uint8_t *m)
{
    size_t at = name_at(m, HEADER, s->zone);
    s->nseen = 0;
    if ((m[2] & 0x78) == 0)
        snprintf(s->seen[s->nseen++], SERVER_LINE, "? %s %u", s->zone, get16(m + at));
    at += 4;
    for (unsigned i = get16(m + 6) + get16(m + 8); i > 0; i--)
        at = note(s, m, at);
    assert_int_equal(get16(m + 10), 1);
    return at;
}

struct tsig {
    char name[256], algorithm[256];
    const uint8_t *at48, *mac;
    size_t mac_len;
};

static struct tsig read_tsig(const uint8_t *m, size_t at, size_t len)
{
    struct tsig t;
    at = name_at(m, at, t.name);
    assert_int_equal(get16(m + at), TSIG);
    at = name_at(m, at + 10, t.algorithm);
    t.at48 = m + at;
    t.mac_len = get16(m + at + 8);
    t.mac = m + at + 10;
    assert_int_equal(get16(m + at + 6), 300);
    assert_int_equal(at + 10 + t.mac_len + 6, len);
    return t;
}

static void add_variables(struct buf *b, const char *key, const char *algorithm, const uint8_t at48[6],
                          unsigned error, const uint8_t *other, size_t other_len)
{
    add_name(b, key);
    buf_add(b, "\0\377\0\0\0\0", 6);
    add_name(b, algorithm);
    buf_add(b, at48, 6);
    add16(b, 300);
    add16(b, error);
    add16(b, (unsigned)other_len);
    buf_add(b, other, other_len);
}

static const char *algorithm_of(const struct server *s)
{
    return s->bits == 256 ? "hmac-sha256" : s->bits == 384 ? "hmac-sha384" : "hmac-sha512";
}

/* 0, or the TSIG error. */
static unsigned verify(struct server *s, const uint8_t *m, size_t at, const struct tsig *t)
{
    struct buf b = BUF(1 << 17);
    uint8_t mac[64];
    if (strcmp(t->name, s->key_name) != 0 || strcmp(t->algorithm, algorithm_of(s)) != 0)
        return 17;
    buf_add(&b, m, at);
    b.data[11]--;
    add_variables(&b, t->name, t->algorithm, t->at48, 0, m, 0);
    assert_true(digest_hmac(s->bits, s->secret, strlen(s->secret), b.data, b.len, mac));
    buf_done(&b);
    if (t->mac_len != (size_t)s->bits / 8 || memcmp(mac, t->mac, t->mac_len) != 0)
        return 16;
    s->verified++;
    int64_t now = 0;
    for (int i = 0; i < 6; i++)
        now = now << 8 | t->at48[i];
    int64_t away = s->now_s > now ? s->now_s - now : now - s->now_s;
    return s->now_s && away > 300 ? 18 : 0;
}

static void add_records(const struct server *s, struct buf *b)
{
    const char *at = s->records;
    char name[256], text[256];
    unsigned type, ttl, n = 0;
    while (at && sscanf(at, "%255s %u %u %255s", name, &type, &ttl, text) == 4) {
        add_name(b, name);
        add16(b, type);
        add16(b, 1);
        add16(b, 0);
        add16(b, ttl);
        uint8_t len = (uint8_t)strlen(text);
        add16(b, len + 1u);
        buf_add(b, &len, 1);
        buf_add(b, text, len);
        n++;
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    b->data[7] = (char)n;
}

static void sign(struct server *s, struct buf *b, const struct tsig *request, unsigned error)
{
    struct buf in = BUF(1 << 17);
    uint8_t mac[64] = { 0 }, other[6], at48[6];
    size_t other_len = error == 18 ? 6 : 0, mac_len = error == 16 || error == 17 ? 0 : (size_t)s->bits / 8;
    for (int i = 0; i < 6; i++)
        other[i] = (uint8_t)(s->now_s >> (40 - 8 * i));
    memcpy(at48, request->at48, 6);
    if (s->other_time)
        at48[2]++;
    add16(&in, (unsigned)request->mac_len);
    buf_add(&in, request->mac, request->mac_len);
    buf_add(&in, b->data, b->len);
    add_variables(&in, request->name, request->algorithm, at48, error, other, other_len);
    assert_true(digest_hmac(s->bits, s->secret, strlen(s->secret), in.data, in.len, mac));
    buf_done(&in);
    mac[5] ^= s->wrong_mac;
    add_name(b, request->name);
    buf_add(b, "\0\372\0\377\0\0\0\0", 8);
    add16(b, (unsigned)(strlen(request->algorithm) + 2 + 16 + mac_len + other_len));
    add_name(b, request->algorithm);
    buf_add(b, at48, 6);
    add16(b, 300);
    add16(b, (unsigned)mac_len);
    buf_add(b, mac, mac_len);
    buf_add(b, (uint8_t[]){ (uint8_t)b->data[0], (uint8_t)b->data[1] }, 2);
    add16(b, error);
    add16(b, (unsigned)other_len);
    buf_add(b, other, other_len);
    b->data[11] = 1;
}

void server_exchange(struct fake *f, const struct fl_exchange *what, struct fake_answer *out)
{
    static uint8_t sent[1 << 16];
    struct server *s = f->arg;
    const uint8_t *m = what->query;
    struct buf b = BUF(sizeof sent);
    assert_true(what->tcp);
    assert_string_equal(what->server, "192.0.2.1:53");
    s->last_len = what->len;
    s->ids[s->requests++ % 8] = get16(m);
    if (s->silent) {
        *out = (struct fake_answer){ .code = FL_ETEMP, .text = "no answer" };
        return;
    }
    size_t at = read_message(s, m);
    struct tsig t = read_tsig(m, at, what->len);
    unsigned error = verify(s, m, at, &t);
    char name[256];
    buf_add(&b, m, name_at(m, HEADER, name) + 4);
    memset(b.data + 6, 0, 6);
    b.data[2] = (char)((m[2] & 0x78) | 0x80 | (s->not_aa || m[2] & 0x78 ? 0 : 4));
    b.data[3] = (char)(error ? 9 : s->rcode);
    if (!error)
        add_records(s, &b);
    if (!s->unsigned_answer)
        sign(s, &b, &t, error);
    if (s->malformed)
        b.data[5] = 7;
    memcpy(sent, b.data, b.len);
    *out = (struct fake_answer){ .code = FL_OK, .data = sent, .len = b.len };
    buf_done(&b);
}

bool server_saw(const struct server *s, const char *line)
{
    for (size_t i = 0; i < s->nseen; i++)
        if (strcmp(s->seen[i], line) == 0)
            return true;
    return false;
}
