/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c - jansson's reader, left at once where memory runs out. */
#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson (2.14) does not look whether the text of a token could grow: characters get lost, and where the closing quote is
 * among them it reads on past the end. So it is not let go on: all that it has taken is given back, and it never returns. */
struct reading {
    void **taken; /* NULL: given back */
    size_t n, cap;
    jmp_buf end;
};
static _Thread_local struct reading *reading;

static void *take(size_t size)
{
    void *p = NULL;

    if (!reading)
        return malloc(size);
    if (!mem_grow(&reading->taken, &reading->cap, reading->n + 1, sizeof *reading->taken) ||
        !(p = malloc(size)))
        longjmp(reading->end, 1);
    reading->taken[reading->n++] = p;
    return p;
}

static void give_back(void *p)
{
    size_t i = reading && p ? reading->n : 0;

    while (i > 0 && reading->taken[i - 1] != p)
        i--;
    if (i > 0)
        reading->taken[i - 1] = NULL;
    free(p);
}

__attribute__((constructor)) static void begin(void) { json_set_alloc_funcs(take, give_back); }

static json_t *read_or_leave(const char *text, size_t len, json_error_t *error)
{
    if (setjmp(reading->end) == 0)
        return json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
    while (reading->n > 0)
        free(reading->taken[--reading->n]);
    return NULL;
}

json_t *json_parse(const char *text, size_t len, char why_out[128])
{
    struct reading r = { .n = 0 };
    json_error_t error = { .text = "" };

    reading = &r;
    json_t *value = read_or_leave(text ? text : "", text ? len : 0, &error);
    reading = NULL;
    free(r.taken);
    why_out[0] = '\0';
    if (!value && error.text[0])
        snprintf(why_out, 128, "line %d column %d: %.90s", error.line, error.column, error.text);
    return value;
}
