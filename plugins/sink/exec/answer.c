/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what becomes of a program's exit status and words. */
#include "answer.h"

#include <fl/json.h>
#include <string.h>

enum { WORDS = 300, SECRET_LINE = 16, WEEK_S = 7 * 86400 };

/* ---- words ---- */

/* Does the text hold a line of that key? PEM wraps at 64 characters, and a program that quotes its input quotes
 * whole lines; the first and the last say nothing. */
static bool tells_key(const char *text, const char *key)
{
    while (*key) {
        size_t len = strcspn(key, "\n");
        if (len >= SECRET_LINE && *key != '-' && memmem(text, strlen(text), key, len))
            return true;
        key += len + (key[len] == '\n');
    }
    return false;
}
static bool secret(const char *text, const struct fl_cert *certs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tells_key(text, certs[i].key_pem))
            return true;
    return strstr(text, "PRIVATE KEY-----") != NULL;
}
const char *answer_words(struct fl_ctx *ctx, const char *text, const struct fl_cert *certs, size_t n)
{
    size_t end = strlen(text), from;
    char *copy;

    if (secret(text, certs, n))
        return ": what it says holds a private key and is not shown";
    while (end > 0 && strchr("\r\n\t ", text[end - 1]))
        end--;
    from = end > WORDS ? end - WORDS : 0;
    if (from > 0 && memchr(text + from, '\n', end - from))
        from = (size_t)((const char *)memchr(text + from, '\n', end - from) - text) + 1;
    copy = fl_alloc(ctx, end - from + 1);
    if (!copy || from == end)
        return "";
    memcpy(copy, text + from, end - from);
    for (char *p = copy; (p = strchr(p, '\n')) != NULL;)
        *p = ';';
    return fl_printf(ctx, ": %s", copy);
}

/* ---- codes ---- */

static const struct {
    const char *word;
    int code;
} codes[] = {
    { "ok", FL_OK },      { "again", FL_EAGAIN }, { "temp", FL_ETEMP },
    { "rate", FL_ERATE }, { "auth", FL_EAUTH },   { "reject", FL_EREJECT },
    { "conf", FL_ECONF }, { "proto", FL_EPROTO }, { "nomem", FL_ENOMEM },
};
/* The numbers of sysexits.h, which shells know how to give. */
static int code_of_status(int status)
{
    switch (status) {
    case 0: return FL_OK;
    case 65: return FL_EREJECT; /* EX_DATAERR */
    case 75: return FL_EAGAIN;  /* EX_TEMPFAIL */
    case 77: return FL_EAUTH;   /* EX_NOPERM */
    case 78: return FL_ECONF;   /* EX_CONFIG */
    default: return FL_ETEMP;
    }
}
static int code_of_word(const char *word, int *out)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(word, codes[i].word)) {
            *out = codes[i].code;
            return FL_OK;
        }
    return FL_EPROTO;
}
static int fail(struct fl_ctx *ctx, int code, int64_t retry_s, const char *program, const char *words)
{
    int64_t ms = retry_s > 0 && retry_s <= WEEK_S ? retry_s * 1000 : 0;

    if (code == FL_EAGAIN)
        return fl_again(ctx, ms, "%s: not yet%s", program, words);
    (void)fl_fail(ctx, code, "%s%s", program, words);
    if (ms > 0)
        fl_retry_after(ctx, ms);
    return code;
}
static int judge_json(struct fl_ctx *ctx, const char *program, const struct fl_ran *ran, const json_t *doc,
                      const struct fl_cert *certs, size_t n, const char **chain_out)
{
    const char *word = json_string_value(json_object_get(doc, "code"));
    const char *text = json_string_value(json_object_get(doc, "message"));
    const char *chain = json_string_value(json_object_get(doc, "chain"));
    int code = code_of_status(ran->status);

    if (word && code_of_word(word, &code) != FL_OK)
        return fl_fail(ctx, FL_EPROTO, "%s answers with the code \"%.40s\", which is none", program, word);
    if (code == FL_OK && ran->status != 0)
        return fl_fail(ctx, FL_EPROTO, "%s answers \"ok\" and ends with status %d", program, ran->status);
    if (code == FL_OK) {
        if (chain_out && chain)
            *chain_out = fl_printf(ctx, "%s", chain);
        return FL_OK;
    }
    return fail(ctx, code, json_integer_value(json_object_get(doc, "retry_after")), program,
                answer_words(ctx, text ? text : ran->errors, certs, n));
}
int answer_judge(struct fl_ctx *ctx, const char *program, const struct fl_ran *ran,
                 const struct fl_cert *certs, size_t n, const char **chain_out)
{
    const char *start = ran->output + strspn(ran->output, " \t\r\n");
    int code = code_of_status(ran->status), rc;
    json_error_t why;
    json_t *doc;

    if (ran->cut)
        return fl_fail(ctx, FL_EPROTO, "%s says more than %d KiB on stdout", program, ANSWER_MAX / 1024);
    if (*start == '{') {
        doc = json_loads(start, JSON_REJECT_DUPLICATES, &why);
        if (!doc)
            return fl_fail(ctx, FL_EPROTO,
                           "%s answers with something that begins like JSON and is none (line %d)", program,
                           why.line);
        rc = judge_json(ctx, program, ran, doc, certs, n, chain_out);
        json_decref(doc);
        return rc;
    }
    if (code == FL_OK || code == FL_EAGAIN)
        return code == FL_OK ? FL_OK : fail(ctx, code, 0, program, answer_words(ctx, ran->errors, certs, n));
    return fl_fail(ctx, code, "%s ended with status %d%s", program, ran->status,
                   answer_words(ctx, *ran->errors ? ran->errors : ran->output, certs, n));
}
