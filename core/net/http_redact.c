/* SPDX-License-Identifier: Apache-2.0 */
/* http_redact.c - requests and answers as they may be shown: in logs, messages, recordings. */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_priv.h"

#include <string.h>

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* A name of a header or parameter with one of these in it holds something to keep. */
static const char *const telling[] = { "auth",   "cookie", "key",       "token",
                                       "secret", "pass",   "signature", "credential" };

static bool is_secret(const char *name, size_t len)
{
    auto_free char *copy = mem_text(name, len);
    if (!copy)
        return true;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (strcasestr(copy, telling[i]))
            return true;
    return false;
}
char *http_redact_text(const char *text)
{
    char *copy = strdup(text);
    if (copy)
        log_redact(copy);
    return copy;
}
char *http_redact_header(const char *line)
{
    cleanup_(buf_done) struct buf b = BUF(TEXT_MAX);
    size_t name = strcspn(line, ":");
    if (!is_secret(line, name))
        return http_redact_text(line);
    buf_add(&b, line, name);
    buf_adds(&b, ": ***");
    return buf_take(&b);
}
static void add_query(struct buf *b, const char *query)
{
    while (*query) {
        size_t whole = strcspn(query, "&#"), name = strcspn(query, "=&#");
        if (name < whole && is_secret(query, name)) {
            buf_add(b, query, name);
            buf_adds(b, "=***");
        } else
            buf_add(b, query, whole);
        query += whole;
        if (*query)
            buf_add(b, query++, 1);
    }
}
char *http_redact_url(const char *url, bool query)
{
    cleanup_(buf_done) struct buf b = BUF(TEXT_MAX);
    const char *rest = strstr(url, "://");
    char *text;

    if (rest) {
        size_t authority, user = 0;
        rest += 3;
        authority = strcspn(rest, "/?#");
        for (size_t i = 0; i < authority; i++)
            if (rest[i] == '@')
                user = i + 1;
        buf_add(&b, url, (size_t)(rest - url));
        if (user)
            buf_adds(&b, "***@");
        url = rest + user;
    }
    buf_add(&b, url, strcspn(url, "?#"));
    url += strcspn(url, "?#");
    if (query)
        add_query(&b, url);
    text = buf_take(&b);
    if (text)
        log_redact(text);
    return text;
}
