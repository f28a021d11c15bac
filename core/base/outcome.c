/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c - how a call ended: code, words, and when to come again. */
#include "base/outcome.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *name;
} names[] = {
    { FL_OK, "ok" },        { FL_EAGAIN, "again" },   { FL_ETEMP, "temp" },     { FL_ERATE, "rate" },
    { FL_EAUTH, "auth" },   { FL_EREJECT, "reject" }, { FL_ESTALE, "stale" },   { FL_ECONF, "conf" },
    { FL_EPROTO, "proto" }, { FL_ENOMEM, "nomem" },   { FL_ECANCEL, "cancel" },
};

/* The message may hold what a stranger sent: one line, valid UTF-8, cut between characters. */
static void keep_message(struct outcome *o, const char *raw)
{
    size_t n = 0;
    const unsigned char *s = (const unsigned char *)raw;

    while (*s) {
        size_t len = text_utf8_next((const char *)s, strlen((const char *)s));
        bool bad = len == 0 || *s < 0x20 || *s == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
        if (n + (bad ? 1 : len) >= sizeof o->msg)
            break;
        if (bad)
            o->msg[n++] = '?';
        else {
            memcpy(o->msg + n, s, len);
            n += len;
        }
        s += len ? len : 1;
    }
    o->msg[n] = '\0';
}
int outcome_fail(struct outcome *o, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    outcome_vfail(o, code, fmt, ap);
    va_end(ap);
    return code;
}
int outcome_vfail(struct outcome *o, int code, const char *fmt, va_list ap)
{
    char raw[2 * OUTCOME_MSG];
    /* First the text: an argument may stand in `o` itself. */
    if (vsnprintf(raw, sizeof raw, fmt, ap) < 0)
        raw[0] = '\0';
    *o = (struct outcome){ .code = code };
    keep_message(o, raw);
    return code;
}
int outcome_again(struct outcome *o, int64_t after_ms, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    outcome_vfail(o, FL_EAGAIN, fmt, ap);
    va_end(ap);
    o->retry_after_ms = after_ms > 0 ? after_ms : 0;
    return FL_EAGAIN;
}
int outcome_ok(struct outcome *o)
{
    *o = (struct outcome){ .code = FL_OK };
    return FL_OK;
}
int outcome_nomem(struct outcome *o) { return outcome_fail(o, FL_ENOMEM, "out of memory"); }
int outcome_context(struct outcome *o, const char *fmt, ...)
{
    char raw[2 * OUTCOME_MSG];
    int n;
    va_list ap;

    va_start(ap, fmt);
    n = vsnprintf(raw, OUTCOME_MSG, fmt, ap);
    va_end(ap);
    if (n < 0)
        n = 0;
    if (n >= OUTCOME_MSG)
        n = OUTCOME_MSG - 1;
    snprintf(raw + n, sizeof raw - (size_t)n, ": %s", o->msg);
    keep_message(o, raw);
    return o->code;
}
const char *outcome_code_name(int code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown";
}
int outcome_code_parse(const char *name)
{
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].name, name))
            return names[i].code;
    return FL_EPROTO;
}
