/* SPDX-License-Identifier: Apache-2.0 */
/* test_arena.c - memory with one common end. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char order[8];

static void note(void *p)
{
    size_t n = strlen(order);
    order[n] = *(char *)p;
    order[n + 1] = '\0';
}
static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena a = { 0 };
    (void)state;
    for (size_t size = 0; size < 40; size++) {
        char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
    }
    arena_done(&a);
    assert_null(a.chunks);
}
static void owned_things_end_in_reverse_order(void **state)
{
    static char names[] = "abc";
    struct arena a = { 0 };
    (void)state;
    order[0] = '\0';
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(arena_own(&a, names + i, note), names + i);
    arena_done(&a);
    assert_string_equal(order, "cba");
}
static void starving_is_remembered_until_the_end(void **state)
{
    volatile size_t impossible = SIZE_MAX - 8;
    struct arena a = { 0 };
    (void)state;
    assert_null(arena_alloc(&a, impossible));
    assert_true(a.starved);
    assert_non_null(arena_alloc(&a, 8));
    assert_true(a.starved);
    arena_done(&a);
    assert_false(a.starved);
}
static void owning_nothing_counts_as_starved(void **state)
{
    struct arena a = { 0 };
    (void)state;
    assert_null(arena_own(&a, NULL, free));
    assert_true(a.starved);
    arena_done(&a);
}
static void texts_are_copies_and_never_null(void **state)
{
    char word[] = "word";
    struct arena a = { 0 };
    const char *whole = arena_strdup(&a, word), *part = arena_strndup(&a, word, 2);
    const char *secret = arena_secret(&a, word), *made = arena_printf(&a, "%s-%d", word, 7);
    (void)state;
    word[0] = 'X';
    assert_string_equal(whole, "word");
    assert_string_equal(part, "wo");
    assert_string_equal(secret, "word");
    assert_string_equal(made, "word-7");
    assert_string_equal(arena_strdup(&a, NULL), "");
    assert_false(a.starved);
    arena_done(&a);
}
static void lists_are_deep_copies(void **state)
{
    char one[] = "one", two[] = "two";
    const char *const words[] = { one, two, NULL };
    struct arena a = { 0 };
    const char *const *all = arena_strv(&a, words, SIZE_MAX), *const *first = arena_strv(&a, words, 1);
    const char *const *none = arena_strv(&a, NULL, SIZE_MAX);
    (void)state;
    one[0] = 'X';
    assert_string_equal(all[0], "one");
    assert_string_equal(all[1], "two");
    assert_null(all[2]);
    assert_string_equal(first[0], "one");
    assert_null(first[1]);
    assert_null(none[0]);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(owned_things_end_in_reverse_order),
        cmocka_unit_test(starving_is_remembered_until_the_end),
        cmocka_unit_test(owning_nothing_counts_as_starved),
        cmocka_unit_test(texts_are_copies_and_never_null),
        cmocka_unit_test(lists_are_deep_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
