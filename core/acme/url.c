/* SPDX-License-Identifier: Apache-2.0 */
/* url.c - which URLs of a server we are willing to follow. */
#include "acme/url.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct url_parts {
    bool plain; /* http */
    char host[256];
    long port;
    const char *rest;
};
static bool loopback(const char *host)
{
    char ip[46];
    bool v6;

    if (!strcmp(host, "localhost"))
        return true;
    if (!text_ip(host, ip, &v6))
        return false;
    return v6 ? !strcmp(ip, "::1") : text_starts(ip, "127.");
}
/* Host without brackets, lower case; the rest of the URL begins after it. */
static bool take_host(const char *s, char host[256], const char **end_out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    bool bracket = *s == '[';
    size_t len;
    char ip[46];
    bool v6;

    s += bracket;
    len = strspn(s, bracket ? "0123456789abcdefABCDEF:." : plain);
    if (len == 0 || len >= 256 || (bracket && s[len] != ']'))
        return false;
    for (size_t i = 0; i < len; i++)
        host[i] = (char)tolower((unsigned char)s[i]);
    host[len] = '\0';
    *end_out = s + len + bracket;
    return !bracket || (text_ip(host, ip, &v6) && v6);
}
static bool take_port(const char **s, long dflt, long *out)
{
    char digits[8];
    int64_t port;
    size_t len;

    *out = dflt;
    if (**s != ':')
        return true;
    len = strspn(++*s, "0123456789");
    if (len == 0 || len > 5)
        return false;
    memcpy(digits, *s, len);
    digits[len] = '\0';
    *s += len;
    if (!text_int(digits, 1, 65535, &port))
        return false;
    *out = (long)port;
    return true;
}
/* What a server could use to make one URL look like another. */
static bool clean(const char *s)
{
    size_t len = strlen(s);

    if (len >= URL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (s[i] <= 0x20 || s[i] >= 0x7f || strchr("\\#\"<>", s[i]))
            return false;
    return !strstr(s, "/../") && !text_ends(s, "/..");
}
static bool split(const char *url, struct url_parts *out)
{
    const char *s;

    if (!clean(url))
        return false;
    out->plain = !strncasecmp(url, "http://", 7);
    if (!out->plain && strncasecmp(url, "https://", 8))
        return false;
    if (!take_host(url + (out->plain ? 7 : 8), out->host, &s) ||
        !take_port(&s, out->plain ? 80 : 443, &out->port))
        return false;
    out->rest = s;
    return (*s == '\0' || *s == '/' || *s == '?') && (!out->plain || loopback(out->host));
}

bool url_origin(const char *url, char out[URL_ORIGIN])
{
    struct url_parts p;
    const char *open, *close;
    int n;

    if (!split(url, &p))
        return false;
    open = strchr(p.host, ':') ? "[" : "";
    close = *open ? "]" : "";
    if (p.port == (p.plain ? 80 : 443))
        n = snprintf(out, URL_ORIGIN, "%s://%s%s%s", p.plain ? "http" : "https", open, p.host, close);
    else
        n = snprintf(out, URL_ORIGIN, "%s://%s%s%s:%ld", p.plain ? "http" : "https", open, p.host, close,
                     p.port);
    return n > 0 && n < URL_ORIGIN;
}
bool url_join(const char *base, const char *ref, char out[URL_MAX])
{
    struct url_parts p;
    int n;

    if (ref[0] != '/' || ref[1] == '/')
        return split(ref, &p) && text_copy(out, URL_MAX, ref);
    if (!clean(ref) || !split(base, &p))
        return false;
    n = snprintf(out, URL_MAX, "%.*s%s", (int)(p.rest - base), base, ref);
    return n > 0 && n < URL_MAX;
}
