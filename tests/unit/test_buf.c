/* SPDX-License-Identifier: Apache-2.0 */
/* test_buf.c - buffers with a maximum, and arrays that grow. */
#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void it_grows_and_ends_in_nul(void **state)
{
    cleanup_(buf_done) struct buf b = BUF(100000);
    (void)state;
    assert_null(b.data);
    assert_string_equal(buf_text(&b), "");
    for (int i = 0; i < 10000; i++)
        assert_true(buf_addf(&b, "%d,", i % 10));
    assert_int_equal(b.len, 20000);
    assert_int_equal(strlen(b.data), 20000);
    assert_memory_equal(b.data + 19996, "8,9,", 4);
}
static void it_takes_exactly_its_maximum(void **state)
{
    cleanup_(buf_done) struct buf b = BUF(5);
    (void)state;
    assert_true(buf_adds(&b, "12345"));
    assert_true(buf_add(&b, "", 0));
    assert_false(b.failed);
    assert_false(buf_adds(&b, "6"));
    assert_true(b.failed);
}
static void failure_is_sticky_and_ends_with_clear(void **state)
{
    cleanup_(buf_done) struct buf b = BUF(3);
    (void)state;
    assert_false(buf_adds(&b, "1234"));
    assert_false(buf_adds(&b, "1"));
    assert_string_equal(buf_text(&b), "");
    buf_clear(&b);
    assert_true(buf_adds(&b, "1"));
    assert_string_equal(buf_text(&b), "1");
}
static void a_failed_buffer_gives_nothing_away(void **state)
{
    struct buf b = BUF(3);
    (void)state;
    buf_adds(&b, "12");
    buf_adds(&b, "34");
    assert_null(buf_take(&b));
    assert_null(b.data);
}
static void an_empty_buffer_gives_an_empty_text(void **state)
{
    struct buf b = BUF(3);
    auto_free char *text = buf_take(&b);
    (void)state;
    assert_string_equal(text, "");
    assert_int_equal(b.len, 0);
}
static void taking_empties_it(void **state)
{
    struct buf b = BUF(30);
    auto_free char *first = NULL, *second = NULL;
    (void)state;
    buf_adds(&b, "first");
    first = buf_take(&b);
    buf_adds(&b, "second");
    second = buf_take(&b);
    assert_string_equal(first, "first");
    assert_string_equal(second, "second");
}
static void a_secret_survives_growing(void **state)
{
    cleanup_(buf_done) struct buf b = BUF(4096);
    (void)state;
    b.secret = true;
    for (int i = 0; i < 100; i++)
        assert_true(buf_adds(&b, "0123456789"));
    assert_int_equal(b.len, 1000);
    assert_memory_equal(b.data + 990, "0123456789", 11);
    buf_clear(&b);
    for (size_t i = 0; i < b.cap; i++)
        assert_int_equal(b.data[i], 0);
}
static void a_huge_addition_does_not_overflow(void **state)
{
    cleanup_(buf_done) struct buf b = BUF(SIZE_MAX - 1);
    (void)state;
    assert_true(buf_adds(&b, "x"));
    assert_false(buf_add(&b, "x", SIZE_MAX - 1));
    assert_true(b.failed);
}
static void an_array_grows_and_keeps_what_it_holds(void **state)
{
    int *numbers = NULL;
    size_t cap = 0;
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(mem_grow(&numbers, &cap, i + 1, sizeof *numbers));
        numbers[i] = (int)i;
    }
    assert_true(cap >= 1000);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[999], 999);
    assert_false(mem_grow(&numbers, &cap, SIZE_MAX / 2, sizeof *numbers));
    assert_int_equal(numbers[999], 999);
    free(numbers);
}
static void an_impossible_array_is_null(void **state)
{
    void *none = mem_array(0, 8);
    volatile size_t many = SIZE_MAX / 2;
    (void)state;
    assert_non_null(none);
    free(none);
    assert_null(mem_array(many, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_and_ends_in_nul),
        cmocka_unit_test(it_takes_exactly_its_maximum),
        cmocka_unit_test(failure_is_sticky_and_ends_with_clear),
        cmocka_unit_test(a_failed_buffer_gives_nothing_away),
        cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(taking_empties_it),
        cmocka_unit_test(a_secret_survives_growing),
        cmocka_unit_test(a_huge_addition_does_not_overflow),
        cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
        cmocka_unit_test(an_impossible_array_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
