/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - options, environment, exit status and words of a program of the user's own. */
#include "program.h"

#include <ctype.h>
#include <string.h>

enum { WORDS = 300, WEEK_S = 7 * 86400 };

/* ---- before it runs ---- */

static bool is_variable(const char *text)
{
    size_t len = strcspn(text, "=");

    if (len == 0 || text[len] != '=' || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}
int program_check(struct fl_ctx *ctx, const char *const *program, const char *const *environment)
{
    if (!program || !program[0] || !*program[0])
        return fl_fail(ctx, FL_ECONF, "program begins with an empty text instead of a program");
    if (strchr(program[0], ' ') && !program[1])
        return fl_fail(ctx, FL_ECONF,
                       "program is one text with blanks: there is no shell, write a list, as in "
                       "[\"/usr/local/bin/push\", \"--fast\"]");
    for (const char *const *e = environment; e && *e; e++)
        if (!is_variable(*e))
            return fl_fail(ctx, FL_ECONF, "environment: \"%.*s\" is not of the form NAME=value",
                           (int)strcspn(*e, "="), *e);
    return FL_OK;
}
const char *const *program_env(struct fl_ctx *ctx, const char *const *own, const char *const *environment)
{
    size_t n = 0, given = 0;
    const char **all;

    while (own[n])
        n++;
    while (environment && environment[given])
        given++;
    all = fl_alloc(ctx, (n + given + 1) * sizeof *all);
    for (size_t i = 0; all && i < n + given; i++)
        all[i] = i < n ? own[i] : environment[i - n];
    return all;
}

/* ---- words ---- */

const char *program_words(struct fl_ctx *ctx, const struct program_end *e, const char *text)
{
    size_t end = strlen(text), from;
    char *copy;

    if (e->secret && e->secret(text, e->arg))
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
    { "ok", FL_OK },        { "again", FL_EAGAIN }, { "temp", FL_ETEMP },     { "rate", FL_ERATE },
    { "auth", FL_EAUTH },   { "stale", FL_ESTALE }, { "reject", FL_EREJECT }, { "conf", FL_ECONF },
    { "proto", FL_EPROTO }, { "nomem", FL_ENOMEM },
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
static int judge_json(struct fl_ctx *ctx, const struct program_end *e, const json_t *doc)
{
    const char *word = json_string_value(json_object_get(doc, "code"));
    const char *text = json_string_value(json_object_get(doc, "message"));
    int code = code_of_status(e->ran->status);

    if (word && code_of_word(word, &code) != FL_OK)
        return fl_fail(ctx, FL_EPROTO, "%s answers with the code \"%.40s\", which is none", e->program, word);
    if (code == FL_OK && e->ran->status != 0)
        return fl_fail(ctx, FL_EPROTO, "%s answers \"ok\" and ends with status %d", e->program,
                       e->ran->status);
    return code == FL_OK ? FL_OK
                         : fail(ctx, code, json_integer_value(json_object_get(doc, "retry_after")),
                                e->program, program_words(ctx, e, text ? text : e->ran->errors));
}
int program_judge(struct fl_ctx *ctx, const struct program_end *e, json_t **doc_out)
{
    const struct fl_ran *ran = e->ran;
    const char *start = ran->output + strspn(ran->output, " \t\r\n");
    int code = code_of_status(ran->status);

    *doc_out = fl_json_pack(ctx, "{}");
    if (ran->cut)
        return fl_fail(ctx, FL_EPROTO, "%s says more than %zu KiB on stdout", e->program, e->most / 1024);
    if (*start == '{') {
        code = fl_json_parse(
            ctx, fl_printf(ctx, "%s answers with something that begins like JSON and is none", e->program),
            start, strlen(start), doc_out);
        return code == FL_OK ? judge_json(ctx, e, *doc_out) : code;
    }
    if (code == FL_OK || code == FL_EAGAIN)
        return code == FL_OK ? FL_OK : fail(ctx, code, 0, e->program, program_words(ctx, e, ran->errors));
    return fl_fail(ctx, code, "%s ended with status %d%s", e->program, ran->status,
                   program_words(ctx, e, *ran->errors ? ran->errors : ran->output));
}
