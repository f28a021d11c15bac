/* SPDX-License-Identifier: Apache-2.0 */
/* mark.c - TXT records that say whose an address record is. */
#include "zone/mark.h"
#include "base/text.h"
#include <fl/dns.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 253, LABEL_MOST = 63 };
static const char TEMPLATE[] = "%{record_type}", HERITAGE[] = "heritage=", OURS[] = "external-dns",
                  OWNER[] = "external-dns/owner=", RESOURCE[] = "external-dns/resource=";

static const char *type_word(uint32_t type)
{
    return type == FL_RR_AAAA ? "aaaa" : type == FL_RR_CNAME ? "cname" : "a";
}

/* Every template in the prefix replaced. */
static bool expand(const char *prefix, const char *word, char *out, size_t size, bool *typed_out)
{
    size_t n = 0;
    *typed_out = false;
    while (*prefix) {
        bool here = text_starts(prefix, TEMPLATE);
        size_t more = here ? strlen(word) : 1;
        if (n + more >= size)
            return false;
        memcpy(out + n, here ? word : prefix, more);
        n += more;
        prefix += here ? sizeof TEMPLATE - 1 : 1;
        *typed_out = *typed_out || here;
    }
    out[n] = '\0';
    return true;
}

static bool is_name(const char *name)
{
    size_t label = 0;
    if (strlen(name) > NAME_MOST)
        return false;
    for (; *name; name++) {
        if (*name == '.' && label == 0)
            return false;
        label = *name == '.' ? 0 : label + 1;
        if (label > LABEL_MOST)
            return false;
    }
    return label > 0;
}

bool mark_name(const struct mark_rule *r, const char *host, uint32_t type, const char *apex,
               char out[MARK_NAME])
{
    const char *word = type_word(type), *rest = strchr(host, '.');
    size_t len = rest ? (size_t)(rest - host) : strlen(host);
    char prefix[MARK_NAME], name[2 * MARK_NAME];
    bool typed = false, star = len == 1 && *host == '*' && r->wildcard && *r->wildcard;

    if (!expand(r->prefix ? r->prefix : "", word, prefix, sizeof prefix, &typed))
        return false;
    int n = snprintf(name, sizeof name, "%s%s%s%.*s%s", prefix, typed ? "" : word, typed ? "" : "-",
                     star ? (int)strlen(r->wildcard) : (int)len, star ? r->wildcard : host, rest ? rest : "");
    if (n < 0 || n >= (int)sizeof name)
        return false;
    const char *use = text_below(name, apex) ? name : host;
    if (!is_name(use))
        return false;
    return text_copy(out, MARK_NAME, use);
}

/* ---- the value ----------------------------------------------------------------------- */

static void clean(char *text)
{
    for (; *text; text++)
        if (*text == ',' || *text == '=' || *text == '"' || *text == '\\' || (unsigned char)*text <= ' ')
            *text = '_';
}

bool mark_text(const struct mark_rule *r, const char *resource, char out[MARK_TEXT])
{
    char owner[MARK_WORD], what[MARK_WORD];
    if (!text_copy(owner, sizeof owner, r->owner) || !text_copy(what, sizeof what, resource))
        return false;
    clean(owner);
    clean(what);
    int n = snprintf(out, MARK_TEXT, "%s%s,%s%s,%s%s", HERITAGE, OURS, OWNER, owner, RESOURCE, what);
    return n > 0 && n < MARK_TEXT;
}

/* The word from `s` to its end at `,`, cut. */
static void word_of(const char *s, size_t len, char out[MARK_WORD])
{
    len = len < MARK_WORD - 1 ? len : MARK_WORD - 1;
    memcpy(out, s, len);
    out[len] = '\0';
}

bool mark_read(const char *text, struct mark *out)
{
    struct mark m = { .owner = "" };
    size_t n = strlen(text);
    bool ours = false;

    while (n > 0 && *text == '"')
        text++, n--;
    while (n > 0 && text[n - 1] == '"')
        n--;
    for (const char *end = text + n, *s = text; s < end;) {
        const char *comma = memchr(s, ',', (size_t)(end - s));
        size_t len = (size_t)((comma ? comma : end) - s);
        if (len >= sizeof HERITAGE - 1 && strncmp(s, HERITAGE, sizeof HERITAGE - 1) == 0) {
            if (len != sizeof HERITAGE - 1 + sizeof OURS - 1 ||
                strncmp(s + sizeof HERITAGE - 1, OURS, sizeof OURS - 1) != 0)
                return false;
            ours = true;
        } else if (len >= sizeof OWNER - 1 && strncmp(s, OWNER, sizeof OWNER - 1) == 0) {
            word_of(s + sizeof OWNER - 1, len - (sizeof OWNER - 1), m.owner);
        } else if (len >= sizeof RESOURCE - 1 && strncmp(s, RESOURCE, sizeof RESOURCE - 1) == 0) {
            word_of(s + sizeof RESOURCE - 1, len - (sizeof RESOURCE - 1), m.resource);
        }
        s += len + (comma ? 1 : 0);
    }
    if (ours)
        *out = m;
    return ours;
}
