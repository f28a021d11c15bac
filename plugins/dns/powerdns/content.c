/* SPDX-License-Identifier: Apache-2.0 */
/* content.c - values of records as the API writes them. */
#include "powerdns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { STRING_MAX = 255 };

static const struct {
    uint32_t type;
    const char *name;
} types[] = { { FL_RR_A, "A" },     { FL_RR_AAAA, "AAAA" }, { FL_RR_CNAME, "CNAME" }, { FL_RR_NS, "NS" },
              { FL_RR_SOA, "SOA" }, { FL_RR_TXT, "TXT" },   { FL_RR_ALIAS, "ALIAS" } };

const char *content_type(uint32_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].name;
    return NULL;
}

uint32_t content_type_parse(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return 0;
}

/* "\065" ; three digits that are a byte. */
static bool escaped_byte(const char *s)
{
    return s[0] == '\\' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
           isdigit((unsigned char)s[3]) && strtol((const char[]){ s[1], s[2], s[3], 0 }, NULL, 10) < 256;
}

static const char *write_text(struct fl_ctx *ctx, const char *text)
{
    /* A byte becomes two at most, and every string brings `" "`. */
    size_t len = strlen(text), n = 0, in_string = 0;
    char *out = fl_alloc(ctx, len * 2 + (len / STRING_MAX + 2) * 3 + 3);

    if (!out)
        return "";
    out[n++] = '"';
    for (const char *s = text; *s; s++, in_string++) {
        if (in_string == STRING_MAX) {
            memcpy(out + n, "\" \"", 3);
            n += 3;
            in_string = 0;
        }
        if (escaped_byte(s)) {
            memcpy(out + n, s, 4);
            n += 4;
            s += 3;
            continue;
        }
        if (*s == '"' || *s == '\\')
            out[n++] = '\\';
        out[n++] = *s;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}

/* One character of a quoted string; `\DDD` of a printable one becomes that. */
static const char *unescape(const char *s, char *out, size_t *n)
{
    if (escaped_byte(s)) {
        long byte = strtol((const char[]){ s[1], s[2], s[3], 0 }, NULL, 10);
        if (byte >= ' ' && byte <= '~')
            out[(*n)++] = (char)byte;
        else {
            memcpy(out + *n, s, 4);
            *n += 4;
        }
        return s + 4;
    }
    if (*s == '\\' && s[1])
        s++;
    out[(*n)++] = *s;
    return s + 1;
}

/* Strings in quotes, joined; a text without quotes is what it is. */
static const char *read_text(struct fl_ctx *ctx, const char *content)
{
    bool quoted = false;
    size_t n = 0;

    if (*content != '"')
        return fl_printf(ctx, "%s", content);
    char *out = fl_alloc(ctx, strlen(content) + 1);
    if (!out)
        return "";
    for (const char *s = content; *s;) {
        if (*s == '"') {
            quoted = !quoted;
            s++;
        } else if (quoted) {
            s = unescape(s, out, &n);
        } else {
            s++;
        }
    }
    out[n] = '\0';
    return out;
}

static const char *plain(struct fl_ctx *ctx, const char *name)
{
    size_t len = strlen(name);
    char *out = fl_alloc(ctx, len + 1);

    if (!out)
        return "";
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    if (len > 1 && out[len - 1] == '.')
        out[len - 1] = '\0';
    return out;
}

static bool names_host(uint32_t type)
{
    return type == FL_RR_CNAME || type == FL_RR_NS || type == FL_RR_ALIAS;
}

const char *content_write(struct fl_ctx *ctx, uint32_t type, const char *text)
{
    if (type == FL_RR_TXT)
        return write_text(ctx, text);
    if (!names_host(type))
        return text;
    size_t len = strlen(text);
    return len > 0 && text[len - 1] == '.' ? text : fl_printf(ctx, "%s.", text);
}

const char *content_read(struct fl_ctx *ctx, uint32_t type, const char *content)
{
    if (type == FL_RR_TXT)
        return read_text(ctx, content);
    return names_host(type) ? plain(ctx, content) : fl_printf(ctx, "%s", content);
}
