/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - small questions about text. */
#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 63, TOO_FAR = 99 };

bool text_starts(const char *s, const char *prefix) { return strncmp(s, prefix, strlen(prefix)) == 0; }
bool text_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}
bool text_copy(char *out, size_t size, const char *s)
{
    size_t n = strlen(s), fits;
    if (size == 0)
        return false;
    fits = n < size ? n : size - 1;
    memcpy(out, s, fits);
    out[fits] = '\0';
    return fits == n;
}
bool text_join(char *out, size_t size, const char *a, const char *b, const char *c)
{
    const char *const parts[] = { a, b, c };
    size_t at = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!text_copy(out + at, size - at, parts[i]))
            return false;
        at += strlen(parts[i]);
    }
    return true;
}
bool text_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
    long long value;
    char *end;

    /* strtoll() would also take blanks, '+' and nothing at all. */
    if (!isdigit((unsigned char)s[*s == '-']))
        return false;
    errno = 0;
    value = strtoll(s, &end, 10);
    if (errno || *end || value < min || value > max)
        return false;
    *out = value;
    return true;
}
size_t text_utf8_next(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = len == 0      ? 0
               : p[0] < 0x80 ? 1
               : p[0] < 0xc2 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4
                             : 0;

    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* RFC 3629: no second spellings, no surrogates, nothing beyond U+10FFFF. */
    if (n >= 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                   (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
        return 0;
    return n;
}
bool text_utf8(const char *s, size_t len)
{
    while (len > 0) {
        size_t n = text_utf8_next(s, len);
        if (n == 0)
            return false;
        s += n;
        len -= n;
    }
    return true;
}
static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }
unsigned text_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];

    if (n > WORD_MAX || m > WORD_MAX)
        return TOO_FAR;
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        int x = tolower((unsigned char)a[i - 1]);
        int x1 = i > 1 ? tolower((unsigned char)a[i - 2]) : -1;
        unsigned *spare = before;
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            int y = tolower((unsigned char)b[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x1 == y && x == tolower((unsigned char)b[j - 2]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}
const char *text_nearest(const char *word, const char *const *words)
{
    /* One slip in three letters is a slip; more is another word. */
    size_t len = strlen(word);
    unsigned best = len < 3 ? 1 : least((unsigned)(len + 2) / 3, 4);
    const char *found = NULL;

    for (; words && *words; words++) {
        unsigned d = text_distance(word, *words);
        if (d > best || (found && d == best) || d >= strlen(*words))
            continue;
        best = d;
        found = *words;
    }
    return found;
}
bool text_in(const char *word, const char *const *words)
{
    for (; words && *words; words++)
        if (!strcmp(word, *words))
            return true;
    return false;
}
bool text_ip(const char *s, char out[46], bool *v6_out)
{
    unsigned char raw[16];
    int family = strchr(s, ':') ? AF_INET6 : AF_INET;

    if (inet_pton(family, s, raw) != 1)
        return false;
    if (!inet_ntop(family, raw, out, 46))
        return false;
    *v6_out = family == AF_INET6;
    return true;
}
/* Splits "host", "host:port", "[host]" or "[host]:port"; a bare host may be an IPv6 address. */
static bool split_address(const char *s, char host[64], const char **port)
{
    const char *end, *colon = strchr(s, ':');
    bool bracket = *s == '[';

    s += bracket;
    end = bracket ? strchr(s, ']') : colon && !strchr(colon + 1, ':') ? colon : s + strlen(s);
    if (!end || end - s >= 64)
        return false;
    memcpy(host, s, (size_t)(end - s));
    host[end - s] = '\0';
    end += bracket;
    *port = *end ? end + 1 : NULL;
    return (!*end || *end == ':') && (!bracket || strchr(host, ':'));
}
bool text_address(const char *s, int port_dflt, char out[46], uint16_t *port_out)
{
    char host[64], address[46];
    const char *port;
    int64_t number = port_dflt;
    bool v6;

    if (!split_address(s, host, &port) || !text_ip(host, address, &v6))
        return false;
    if (port ? *port == '-' || !text_int(port, 0, 65535, &number) : number < 0)
        return false;
    memcpy(out, address, sizeof address);
    *port_out = (uint16_t)number;
    return true;
}
bool text_below(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    if (m == 0)
        return true;
    if (n < m || strcasecmp(name + n - m, suffix) != 0)
        return false;
    return n == m || name[n - m - 1] == '.';
}
