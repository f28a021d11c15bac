/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - what an answer links to (RFC 8288). */
#include "acme/link.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* Is it one of the words of that value, quoted or not, which ends at `end` at the latest? */
static bool has_word(const char *s, const char *end, const char *word)
{
    const char *stop = *s == '"' ? "\"" : "\";, ";
    size_t len = strlen(word);

    s += *s == '"';
    for (; s < end && !strchr(stop, *s); s++) {
        size_t n = 0;
        while (s + n < end && s[n] != ' ' && !strchr(stop, s[n]))
            n++;
        if (n == len && !strncasecmp(s, word, n))
            return true;
        s += n;
        if (s == end || *s != ' ')
            return false;
    }
    return false;
}
/* Do this link's parameters, `;name=value;...` up to the next link, say that relation? */
static bool is_rel(const char *s, const char *end, const char *rel)
{
    for (bool quoted = false; s < end; s++) {
        quoted ^= *s == '"';
        if (quoted || *s != ';')
            continue;
        s += 1 + strspn(s + 1, " \t");
        if (s + 3 >= end || strncasecmp(s, "rel", 3))
            continue;
        s += 3 + strspn(s + 3, " \t");
        if (s < end && *s == '=')
            return has_word(s + 1 + strspn(s + 1, " \t"), end, rel); /* 3.3: the first rel counts */
        s--;
    }
    return false;
}
/* One field: `<url>;rel="alternate", <url>;...` */
static bool add_links(const struct directory *d, const char *base, const char *s, const char *end,
                      const char *rel, char **list, size_t max, size_t *n)
{
    char ref[URL_MAX], url[URL_MAX];

    while ((s = memchr(s, '<', (size_t)(end - s)))) {
        const char *close = memchr(s, '>', (size_t)(end - s));
        const char *next;
        if (!close)
            return true;
        next = memchr(close, '<', (size_t)(end - close));
        next = next ? next : end;
        if ((size_t)(close - s) < sizeof ref && is_rel(close + 1, next, rel)) {
            memcpy(ref, s + 1, (size_t)(close - s) - 1);
            ref[close - s - 1] = '\0';
            if (*n < max && url_join(base, ref, url) && directory_owns(d, url) &&
                !(list[(*n)++] = strdup(url)))
                return false;
        }
        s = next;
    }
    return true;
}
bool link_urls(const struct directory *d, const char *base, const struct http_answer *answer, const char *rel,
               char **list, size_t max, size_t *n)
{
    for (const char *line = answer->headers ? answer->headers : ""; *line;) {
        size_t len = strcspn(line, "\n");
        if (text_starts(line, "link:") && !add_links(d, base, line + 5, line + len, rel, list, max, n))
            return false;
        line += len + (line[len] == '\n');
    }
    return true;
}
