/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what becomes of a program's exit status and words. */
#include "answer.h"

#include "../../common/program.h"

#include <string.h>

enum { SECRET_LINE = 16 };

struct keys {
    const struct fl_cert *certs;
    size_t n;
};

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
static bool secret(const char *text, const void *arg)
{
    const struct keys *k = arg;

    for (size_t i = 0; i < k->n; i++)
        if (tells_key(text, k->certs[i].key_pem))
            return true;
    return strstr(text, "PRIVATE KEY-----") != NULL;
}
const char *answer_words(struct fl_ctx *ctx, const char *text, const struct fl_cert *certs, size_t n)
{
    const struct keys keys = { certs, n };

    return program_words(ctx, &(struct program_end){ .secret = secret, .arg = &keys }, text);
}
int answer_judge(struct fl_ctx *ctx, const char *program, const struct fl_ran *ran,
                 const struct fl_cert *certs, size_t n, const char **chain_out)
{
    const struct keys keys = { certs, n };
    const struct program_end end = { program, ran, secret, &keys, ANSWER_MAX };
    json_t *doc;
    int code = program_judge(ctx, &end, &doc);
    const char *chain = json_string_value(json_object_get(doc, "chain"));

    if (code == FL_OK && chain_out && chain)
        *chain_out = fl_printf(ctx, "%s", chain);
    return code;
}
