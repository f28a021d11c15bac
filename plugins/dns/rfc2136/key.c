/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - reads TSIG keys in the forms in which servers' tools write them. */
#include "rfc2136.h"
#include <string.h>
#include <strings.h>

/* key "name" { algorithm hmac-sha256; secret "..."; };   tsig-keygen, ddns-confgen, named.conf
 * key: - id: name algorithm: hmac-sha256 secret: ...     keymgr -t, knot.conf
 * name:hmac-sha256:secret  or  hmac-sha256:name:secret   one line, as dig -y and knsupdate -y have it */
enum { WORD = 1024, WORDS_MAX = 4096 };

static const struct {
    const char *name;
    enum fl_hash hash;
} algorithms[] = { { "hmac-sha256", FL_SHA256 }, { "hmac-sha384", FL_SHA384 }, { "hmac-sha512", FL_SHA512 } };

struct reader {
    const char *at;
    char word[WORD];   /* the last token: a word, a quoted text, or one of { } ; */
    bool quoted, list; /* list: two slashes begin no comment there, but may begin a secret */
};
struct found {
    char name[WORD], algorithm[WORD], secret[WORD];
};

static const char *skip_comment(const char *p, bool list)
{
    if (*p == '#' || (!list && p[0] == '/' && p[1] == '/'))
        return p + strcspn(p, "\n");
    if (!list && p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

static void skip_space(struct reader *r)
{
    for (const char *before = NULL; before != r->at;) {
        before = r->at;
        r->at += strspn(r->at, " \t\r\n");
        r->at = skip_comment(r->at, r->list);
    }
}

/* False: the end, or a word longer than any key has. */
static bool next_word(struct reader *r)
{
    size_t n;
    skip_space(r);
    r->quoted = *r->at == '"';
    if (r->quoted)
        n = strcspn(++r->at, "\"\n");
    else if (*r->at && strchr("{};", *r->at))
        n = 1;
    else
        n = strcspn(r->at, " \t\r\n{};\"#");
    if (n >= WORD || (n == 0 && !r->quoted))
        return false;
    memcpy(r->word, r->at, n);
    r->word[n] = '\0';
    r->at += n + (r->quoted && r->at[n] == '"');
    return true;
}

static bool is(const struct reader *r, const char *word)
{
    return !r->quoted && strcasecmp(r->word, word) == 0;
}

/* What follows `algorithm`, `secret` (and `id` of YAML, where the colon is part of the word) goes to its place. */
static bool take_member(struct reader *r, struct found *f)
{
    char *to = NULL;
    if (is(r, "algorithm") || is(r, "algorithm:"))
        to = f->algorithm;
    else if (is(r, "secret") || is(r, "secret:"))
        to = f->secret;
    else if (is(r, "id:"))
        to = f->name;
    if (!to)
        return true;
    if (!next_word(r))
        return false;
    memcpy(to, r->word, WORD);
    return true;
}

static bool fits(const struct found *f, const char *wanted)
{
    size_t n = wanted ? strlen(wanted) : 0, m = strlen(f->name);
    if (n > 0 && wanted[n - 1] == '.')
        n--;
    if (m > 0 && f->name[m - 1] == '.')
        m--;
    return f->name[0] && f->algorithm[0] && f->secret[0] &&
           (!wanted || (n == m && strncasecmp(f->name, wanted, n) == 0));
}

/* key "name" { ... }; anything else is passed over. */
static bool read_statement(struct reader *r, struct found *f)
{
    memset(f, 0, sizeof *f);
    if (!next_word(r))
        return false;
    memcpy(f->name, r->word, WORD);
    if (!next_word(r) || !is(r, "{"))
        return true;
    while (next_word(r) && !is(r, "}"))
        if (!take_member(r, f))
            return false;
    return true;
}

/* The list below `key:`; each `- id:` begins another. */
static bool read_list(struct reader *r, const char *wanted, struct found *f)
{
    memset(f, 0, sizeof *f);
    r->list = true;
    while (next_word(r)) {
        if (is(r, "-"))
            memset(f, 0, sizeof *f);
        if (!take_member(r, f))
            return false;
        if (fits(f, wanted))
            return true;
    }
    return false;
}

static bool read_file(const char *text, const char *wanted, struct found *f)
{
    struct reader r = { .at = text };
    for (int i = 0; i < WORDS_MAX && next_word(&r); i++) {
        if (is(&r, "key:"))
            return read_list(&r, wanted, f);
        if (is(&r, "key") && read_statement(&r, f) && fits(f, wanted))
            return true;
    }
    return false;
}

static bool known(const char *algorithm) { return strncasecmp(algorithm, "hmac-", 5) == 0; }

static bool copy_part(char *to, const char *from, size_t n)
{
    if (n == 0 || n >= WORD)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

static bool read_line(const char *text, struct found *f)
{
    const char *at = text + strspn(text, " \t\r\n");
    size_t n = strcspn(at, " \t\r\n"), a = strcspn(at, ":");
    if (a >= n || at[n + strspn(at + n, " \t\r\n")] != '\0')
        return false;
    size_t b = strcspn(at + a + 1, ":");
    if (a + 1 + b >= n)
        return false;
    bool first = copy_part(f->name, at, a) && copy_part(f->algorithm, at + a + 1, b);
    if (!first || !copy_part(f->secret, at + a + b + 2, n - a - b - 2))
        return false;
    if (known(f->name) && !known(f->algorithm)) {
        char name[WORD];
        memcpy(name, f->algorithm, WORD);
        memcpy(f->algorithm, f->name, WORD);
        memcpy(f->name, name, WORD);
    }
    return true;
}

/* ---- from words to a key ------------------------------------------------------------- */

static bool to_wire(const char *name, struct wire_name *out)
{
    out->len = 0;
    while (*name) {
        size_t n = strcspn(name, ".");
        if (n == 0 || n > 63 || out->len + n + 2 > NAME_WIRE)
            return false;
        out->data[out->len++] = (uint8_t)n;
        for (size_t i = 0; i < n; i++)
            out->data[out->len++] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
        name += n + (name[n] == '.');
    }
    out->data[out->len++] = 0;
    return out->len > 1;
}

static int set_algorithm(struct fl_ctx *ctx, const char *name, struct key *out)
{
    size_t n = strlen(name);
    n -= n > 0 && name[n - 1] == '.';
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (strlen(algorithms[i].name) != n || strncasecmp(algorithms[i].name, name, n) != 0)
            continue;
        out->hash = algorithms[i].hash;
        (void)to_wire(algorithms[i].name, &out->algorithm);
        return FL_OK;
    }
    /* In a line in another order this could be the secret. */
    return fl_fail(
        ctx, FL_ECONF,
        "key: the algorithm%s%.40s is not one of hmac-sha256, hmac-sha384, hmac-sha512: make a key with "
        "`tsig-keygen -a hmac-sha256 NAME` (BIND) or `keymgr -t NAME hmac-sha256` (Knot)",
        known(name) ? " " : "", known(name) ? name : "");
}

static int build(struct fl_ctx *ctx, const struct found *f, struct key *out)
{
    const uint8_t *secret = NULL;
    int code = set_algorithm(ctx, f->algorithm, out);
    if (code != FL_OK)
        return code;
    size_t n = strlen(f->name);
    if (n >= sizeof out->name || !to_wire(f->name, &out->wire))
        return fl_fail(ctx, FL_ECONF, "key: `%.60s` cannot be the name of a key: it has to be a domain name",
                       f->name);
    memcpy(out->name, f->name, n + 1);
    if (n > 1 && out->name[n - 1] == '.')
        out->name[n - 1] = '\0';
    if (fl_unbase64(ctx, f->secret, &secret, &out->secret_len) != FL_OK || out->secret_len == 0)
        return fl_fail(ctx, FL_ECONF, "key: the secret of %.60s is not base64", out->name);
    if (out->secret_len > SECRET_MAX)
        return fl_fail(ctx, FL_ECONF, "key: the secret of %.60s has more than %d bytes", out->name,
                       SECRET_MAX);
    memcpy(out->secret, secret, out->secret_len);
    return FL_OK;
}

int key_parse(struct fl_ctx *ctx, const char *text, const char *wanted, struct key *out)
{
    struct found f = { 0 };
    int code;
    memset(out, 0, sizeof *out);
    bool got = read_line(text, &f) && fits(&f, wanted);
    if (!got)
        got = read_file(text, wanted, &f);
    if (got)
        code = build(ctx, &f, out);
    else if (wanted)
        code = fl_fail(ctx, FL_ECONF,
                       "key: no complete key `%.60s` in it: leave `key_name` out or correct it", wanted);
    else
        code =
            fl_fail(ctx, FL_ECONF,
                    "key: no key in it: it takes a file as tsig-keygen writes it (key \"NAME\" { algorithm "
                    "hmac-sha256; secret \"...\"; };) or NAME:ALGORITHM:SECRET");
    explicit_bzero(&f, sizeof f);
    return code;
}
