/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_problem.c - answers that are no success: status, headers, and a body of anything. */
#include "acme/acme.h"
#include "acme/problem.h"
#include "base/mem.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Words for people are one line of UTF-8, whatever a server says. */
static void check(const struct outcome *o)
{
    json_t *text = json_string(o->msg);

    if (!text || strpbrk(o->msg, "\r\n\t\033") || (o->code != FL_OK && !*o->msg))
        abort();
    if (!memchr(o->problem, '\0', sizeof o->problem) || o->retry_after_ms < 0)
        abort();
    json_decref(text);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct http_answer answer = { 0 };
    struct outcome o = { 0 };
    char why[128];

    if (size < 2)
        return;
    answer.status = 100 + data[0] * 2 + (data[1] & 1);
    answer.retry_after_ms = data[1] & 2 ? 5000 : 0;
    data += 2;
    size -= 2;
    answer.headers = fuzz_part(&data, &size, NULL);
    answer.body = fuzz_part(&data, &size, &answer.len);
    if (acme_judge(&answer, &o) != o.code)
        abort();
    check(&o);
    cleanup_(json_freep) json_t *doc = json_parse(answer.body, answer.len, why);
    struct outcome embedded = { 0 };
    problem_embedded(doc, &embedded);
    if (embedded.code != FL_OK)
        check(&embedded);
    http_answer_done(&answer);
}
