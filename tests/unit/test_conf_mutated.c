/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf_mutated.c - configurations with random damage: read or refused, never worse. */
#include "base/clock.h"
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 * 1024, ROUNDS = 1500 };

/* The same damage in every run: xorshift. CONF_SEED=N gives another, CONF_ROUNDS=N more of it. */
static uint64_t seed = 88172645463325252u;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}
/* A configuration with all options; a third of it, so that one round is short. */
static size_t sample(char out[TEXT_MAX])
{
    char *text = NULL;
    size_t len, n = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    assert_int_equal(model_sample(f), 0);
    fclose(f);
    for (size_t i = 0; i < len && n + 1 < TEXT_MAX; i++)
        if (text[i] != '#' || (i > 0 && text[i - 1] != '\n'))
            out[n++] = text[i];
    free(text);
    out[n] = '\0';
    return n;
}
static void cut(char *text, size_t *len, size_t at, size_t n)
{
    n = n > *len - at ? *len - at : n;
    memmove(text + at, text + at + n, *len - at - n + 1);
    *len -= n;
}
static void put(char *text, size_t *len, size_t at, const char *what, size_t n)
{
    if (*len + n + 1 >= TEXT_MAX)
        return;
    memmove(text + at + n, text + at, *len - at + 1);
    memcpy(text + at, what, n);
    *len += n;
}
static void damage(char *text, size_t *len)
{
    static const char *const words[] = { "{",
                                         "}",
                                         "(",
                                         ")",
                                         "[",
                                         "]",
                                         ",",
                                         ";",
                                         "=",
                                         "\"",
                                         "\\",
                                         "/*",
                                         "*/",
                                         "#",
                                         "//",
                                         "@",
                                         "@include \"/dev/zero\"\n",
                                         "\n",
                                         "30d",
                                         "0x",
                                         "-",
                                         ".",
                                         "1e",
                                         "\\x0",
                                         "\"\"",
                                         "true",
                                         "99999999999L",
                                         "*",
                                         "\xff",
                                         ":" };
    size_t at = any((uint32_t)*len + 1);
    const char *word = words[any(sizeof words / sizeof *words)];

    switch (any(5)) {
    case 0: cut(text, len, at, 1 + any(3)); break;
    case 1: cut(text, len, at, any(200)); break;
    case 2:
        if (at < *len)
            text[at] = (char)(1 + any(255));
        break;
    case 3: put(text, len, at, word, strlen(word)); break;
    default: {
        char copy[100];
        size_t from = any((uint32_t)*len + 1), n = any(sizeof copy);
        n = n > *len - from ? *len - from : n;
        memcpy(copy, text + from, n);
        put(text, len, at, copy, n);
    }
    }
}
/* What the model does with a tree, without files. */
static void fill(struct conf_tree *t, struct diag *d)
{
    struct opt_ctx c = { .diag = d, .arena = &t->arena };
    int64_t room[64];

    for (const struct model_section *s = model_sections; s->name; s++) {
        const struct conf_node *n = *s->name ? conf_get(t->root, s->name) : t->root;
        memset(room, 0, sizeof room);
        /* The top level's table fills a whole model; it is tested by the others' types. */
        if (*s->name && n && n->kind == CONF_GROUP)
            opt_fill(&c, s->name,
                     s->form == MODEL_NAMED && n->first && n->first->kind == CONF_GROUP ? n->first : n,
                     s->table, NULL, room);
    }
}
/* Our words of a file and libconfig's reading of it never part, and whatever is refused has words of its own. */
static void both_agree(struct diag *d, const char *text)
{
    char *words = NULL;
    size_t len;
    FILE *f = open_memstream(&words, &len);

    assert_non_null(f);
    diag_print(d, f);
    fclose(f);
    if (strstr(words, "in another way") || strstr(words, "syntax error"))
        fail_msg("%s%s", words, text);
    free(words);
}
static void damaged_files_are_read_or_refused(void **state)
{
    static char whole[TEXT_MAX], text[TEXT_MAX];
    size_t all = sample(whole);
    long rounds = getenv("CONF_ROUNDS") ? strtol(getenv("CONF_ROUNDS"), NULL, 10) : ROUNDS;
    int64_t worst = 0;
    unsigned refused = 0;
    (void)state;
    if (getenv("CONF_SEED"))
        seed += (uint64_t)strtoull(getenv("CONF_SEED"), NULL, 10);
    for (long i = 0; i < rounds; i++) {
        struct diag *d = diag_new();
        struct conf_tree *t;
        size_t len = all;
        int64_t begin = clock_mono_ms();
        memcpy(text, whole, all + 1);
        for (uint32_t n = 1 + any(4); n > 0; n--)
            damage(text, &len);
        t = conf_tree_text("x", text, d);
        assert_non_null(t);
        assert_true(t->broken == (diag_errors(d) > 0) || conf_get(t->root, "include"));
        both_agree(d, text);
        refused += t->broken;
        if (!t->broken)
            fill(t, d);
        conf_tree_free(t);
        diag_free(d);
        worst = clock_mono_ms() - begin > worst ? clock_mono_ms() - begin : worst;
    }
    assert_true(worst < 5000);
    /* Both happen: else it tests nothing. */
    assert_true(refused > rounds / 4 && refused < rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(damaged_files_are_read_or_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
