/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - getters that cannot be fooled. */
#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    char why[128] = "";
    return json_parse(text, strlen(text), why);
}
static void what_is_not_exactly_one_value_is_refused(void **state)
{
    static const char *const bad[] = { "",           "{",    "{} {}",       "{\"a\":1,\"a\":2}",
                                       "{'a':1}",    "[1,]", "\"\\u0000\"", "\"\xff\"",
                                       "{\"a\":01}", "nul",  "// x\n{}" };
    char why[128] = "", deep[5000];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        assert_null(json_parse(bad[i], strlen(bad[i]), why));
        assert_string_not_equal(why, "");
    }
    assert_null(json_parse("{}\0", 3, why));
    assert_null(json_parse(NULL, 0, why));
    memset(deep, '[', sizeof deep);
    assert_null(json_parse(deep, sizeof deep, why));
    assert_non_null(strstr(why, "line 1 column "));
}
static void getters_give_the_default_for_other_types(void **state)
{
    cleanup_(json_freep) json_t *v =
        parse("{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{\"k\":\"v\"},\"l\":[1],\"n\":null,\"r\":1.5}");
    (void)state;
    assert_non_null(v);
    assert_string_equal(json_str(v, "s", "d"), "x");
    assert_string_equal(json_str(v, "i", "d"), "d");
    assert_string_equal(json_str(v, "n", "d"), "d");
    assert_string_equal(json_str(NULL, "s", "d"), "d");
    assert_null(json_str(v, "absent", NULL));
    assert_int_equal(json_int(v, "i", -1), 7);
    assert_int_equal(json_int(v, "r", -1), -1);
    assert_int_equal(json_int(v, "s", -1), -1);
    assert_true(json_flag(v, "b", false));
    assert_true(json_flag(v, "i", true));
    assert_string_equal(json_str(json_obj(v, "o"), "k", ""), "v");
    assert_null(json_obj(v, "l"));
    assert_int_equal(json_array_size(json_list(v, "l")), 1);
    assert_null(json_list(v, "o"));
}
static void what_is_put_comes_out_sorted_and_compact(void **state)
{
    cleanup_(json_freep) json_t *v = json_object();
    auto_free char *text = NULL;
    (void)state;
    assert_true(json_put_str(v, "z", "last"));
    assert_true(json_put_int(v, "a", INT64_C(9007199254740993)));
    assert_true(json_put_flag(v, "f", false));
    assert_true(json_put(v, "l", json_array()));
    assert_true(json_put_str(v, "gone", "x"));
    assert_true(json_put_str(v, "gone", NULL));
    assert_true(json_put_str(v, "never", NULL));
    text = json_text(v);
    assert_string_equal(text, "{\"a\":9007199254740993,\"f\":false,\"l\":[],\"z\":\"last\"}");
}
static void what_is_not_utf8_cannot_be_put(void **state)
{
    cleanup_(json_freep) json_t *v = json_object();
    (void)state;
    assert_false(json_put_str(v, "k", "\xff"));
    assert_false(json_put_str(v, "\xff", "v"));
    assert_false(json_put(v, "k", NULL));
    assert_false(json_put(NULL, "k", json_object()));
    assert_int_equal(json_object_size(v), 0);
}
static void single_values_are_json_too(void **state)
{
    cleanup_(json_freep) json_t *v = parse(" \"x\" ");
    auto_free char *text = json_text(v);
    (void)state;
    assert_string_equal(text, "\"x\"");
}

/* ---- without memory: linked with --wrap for each of these ---- */

static unsigned allocations, fails_at; /* 0: none */
static bool denied(void) { return ++allocations == fails_at; }
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size) { return denied() ? NULL : __real_malloc(size); }
void *__wrap_realloc(void *p, size_t size) { return denied() ? NULL : __real_realloc(p, size); }

static void without_memory_nothing_is_read(void **state)
{
    static const char text[] =
        "{\"thirty-one bytes and then a quote\":[\"0123456789012345678901234567890\",1,2.5,"
        "{\"k\":\"012345678901234567890123456789\\u00e9\"}],\"e\":{}}";
    json_t *value = NULL;
    (void)state;
    for (fails_at = 1; !value; fails_at++) {
        char why[128] = "?";
        allocations = 0;
        value = json_parse(text, strlen(text), why);
        assert_string_equal(why, "");
        assert_true(fails_at < 200);
    }
    assert_in_range(fails_at, 20, 200);
    fails_at = 0;
    assert_string_equal(
        json_string_value(json_array_get(json_list(value, "thirty-one bytes and then a quote"), 0)),
        "0123456789012345678901234567890");
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_exactly_one_value_is_refused),
        cmocka_unit_test(getters_give_the_default_for_other_types),
        cmocka_unit_test(what_is_put_comes_out_sorted_and_compact),
        cmocka_unit_test(what_is_not_utf8_cannot_be_put),
        cmocka_unit_test(single_values_are_json_too),
        cmocka_unit_test(without_memory_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
