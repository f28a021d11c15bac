/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c - when a batch closes, what goes in, how it is halved, what changes it makes. */
#include "zone/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct fl_dns_caps values = { .flags = FL_CAP_VALUES };
static const struct fl_dns_caps whole = { .flags = 0 };

static struct rrset *wanted(struct rrsets *s, const char *name, const char *text)
{
    bool changed = false;
    struct rrset *r = rrsets_make(s, name, FL_RR_TXT);
    assert_non_null(r);
    r->ttl = 60;
    assert_true(rrset_want(r, text, "cert:1", name, &changed));
    return r;
}
static void standing(struct rrsets *s, const char *name, const char *text, int64_t idle_ms)
{
    struct rrset *r = wanted(s, name, text);
    struct rrvalue *v = rrset_value(r, text);
    v->tried = true;
    rrvalue_added(v);
    if (idle_ms)
        rrset_unwant(r, text, "cert:1", NULL, idle_ms);
}
static struct batch pick(const struct rrsets *s, const struct fl_dns_caps *caps, int64_t now_ms, bool hurry)
{
    struct batch b;
    assert_true(batch_pick(s, &(struct batch_rule){ caps, now_ms, hurry }, &b));
    return b;
}

static void it_closes_after_silence_or_after_three_seconds_at_most(void **state)
{
    static const struct {
        int64_t first, last;
        bool full, instant;
        int64_t closes;
    } cases[] = {
        { 1000, 1000, false, false, 1300 }, { 1000, 1250, false, false, 1550 },
        { 1000, 3650, false, false, 3950 }, { 1000, 3800, false, false, 4000 },
        { 1000, 9000, false, false, 4000 }, { 1000, 1250, true, false, 1000 },
        { 1000, 1250, false, true, 1000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(batch_closes(&(struct batch_window){ cases[i].first, cases[i].last }, cases[i].full,
                                      cases[i].instant),
                         cases[i].closes);
}

static void removals_linger_for_a_minute_unless_there_is_a_hurry(void **state)
{
    struct rrsets s = { 0 };
    (void)state;
    standing(&s, "a", "1", 100000);
    standing(&s, "b", "2", 101000);
    struct batch b = pick(&s, &values, 110000, false);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.removal_ms, 160000);
    /* due, and the one that would be due in a moment goes along */
    b = pick(&s, &values, 160000, false);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.adds, 0);
    assert_true(b.items[0].remove && b.items[1].remove);
    batch_done(&b);
    b = pick(&s, &values, 110000, true);
    assert_int_equal(b.n, 2);
    batch_done(&b);
    rrsets_done(&s);
}

static void a_clock_set_back_keeps_no_record_for_years(void **state)
{
    struct rrsets s = { 0 };
    (void)state;
    standing(&s, "a", "1", INT64_C(4000000000000));
    struct batch b = pick(&s, &values, 1000000, false);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.removal_ms, 1000000 + BATCH_LINGER_MS);
    rrsets_done(&s);
}

static void additions_go_first_and_limits_hold(void **state)
{
    struct rrsets s = { 0 };
    char name[16];
    const struct fl_dns_caps caps = { .flags = FL_CAP_VALUES, .max_values = 10 };
    (void)state;
    standing(&s, "gone", "x", 1);
    for (int i = 0; i < 9; i++) {
        snprintf(name, sizeof name, "n%d", i);
        wanted(&s, name, "v");
    }
    struct batch b = pick(&s, &caps, 1000000, false);
    assert_int_equal(b.n, 10);
    assert_int_equal(b.adds, 9);
    assert_false(b.full);
    batch_done(&b);
    wanted(&s, "n9", "v");
    b = pick(&s, &caps, 1000000, false);
    assert_int_equal(b.n, 10);
    assert_int_equal(b.adds, 10);
    assert_true(b.full);
    batch_done(&b);
    rrsets_done(&s);
}

static void services_of_whole_sets_count_every_value_and_replacements_twice(void **state)
{
    struct rrsets s = { 0 };
    const struct fl_dns_caps caps = { .max_values = 8, .update_cost = 2 };
    (void)state;
    standing(&s, "a", "1", 0);
    standing(&s, "a", "2", 0);
    wanted(&s, "a", "3");
    wanted(&s, "b", "1");
    wanted(&s, "c", "1");
    struct batch b = pick(&s, &caps, 1, false); /* 3 x 2, then 1 x 2: full */
    assert_int_equal(b.n, 2);
    assert_true(b.full);
    batch_done(&b);
    rrsets_done(&s);
}

static void a_set_larger_than_the_limit_goes_alone(void **state)
{
    struct rrsets s = { 0 };
    const struct fl_dns_caps caps = { .flags = FL_CAP_VALUES, .max_bytes = 4 };
    (void)state;
    wanted(&s, "a", "longer than that");
    wanted(&s, "b", "x");
    struct batch b = pick(&s, &caps, 1, false);
    assert_int_equal(b.n, 1);
    assert_true(b.full);
    batch_done(&b);
    rrsets_done(&s);
}

/* Halves like the writer does: every part that holds a bad one is refused. */
static size_t refused_alone(const struct batch *b, const char *bad, size_t *calls)
{
    struct batch_parts parts;
    struct batch_part part;
    size_t alone = 0, applied = 0;
    batch_parts_init(&parts, b->n);
    while (batch_parts_next(&parts, &part)) {
        bool hit = false;
        (*calls)++;
        for (size_t i = part.from; i < part.to; i++)
            hit = hit || strcmp(b->items[i].set->name, bad) == 0;
        if (!hit)
            applied += part.to - part.from;
        else if (!batch_parts_halve(&parts, b, part))
            alone++;
    }
    assert_int_equal(applied + alone, b->n);
    return alone;
}

static void halving_leaves_the_bad_change_alone_and_applies_all_others(void **state)
{
    struct rrsets s = { 0 };
    char name[16];
    (void)state;
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "n%02d", i);
        wanted(&s, name, "1");
        wanted(&s, name, "2");
    }
    struct batch b = pick(&s, &values, 1, false);
    assert_int_equal(b.n, 100);
    for (int i = 0; i < 50; i++) {
        size_t calls = 0;
        snprintf(name, sizeof name, "n%02d", i);
        assert_int_equal(refused_alone(&b, name, &calls), 2);
        assert_true(calls <= 2 * 8 + 1);
    }
    batch_done(&b);
    rrsets_done(&s);
}

static void halves_are_cut_between_rrsets(void **state)
{
    struct rrsets s = { 0 };
    struct batch_parts parts;
    struct batch_part part;
    (void)state;
    for (int i = 0; i < 5; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        wanted(&s, "a", text);
    }
    wanted(&s, "b", "x");
    struct batch b = pick(&s, &values, 1, false);
    batch_parts_init(&parts, b.n);
    assert_true(batch_parts_next(&parts, &part));
    assert_true(batch_parts_halve(&parts, &b, part));
    assert_true(batch_parts_next(&parts, &part));
    assert_int_equal(part.from, 0);
    assert_int_equal(part.to, 5);
    assert_true(batch_parts_halve(&parts, &b, part));
    assert_true(batch_parts_next(&parts, &part));
    assert_int_equal(part.to, 2);
    batch_done(&b);
    rrsets_done(&s);
}

static bool has(const struct fl_value *v, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].text, text) == 0)
            return true;
    return false;
}
static struct changes changes_of(const struct batch *b)
{
    struct changes c;
    assert_true(changes_make(b, (struct batch_part){ 0, b->n }, &c));
    return c;
}

static void a_change_keeps_foreign_values_on_both_sides(void **state)
{
    struct rrsets s = { 0 };
    struct fl_value theirs = { .text = "theirs", .id = "9" };
    (void)state;
    struct rrset *r = wanted(&s, "a", "new");
    assert_true(rrset_learn(r, &(struct fl_rrset){ .ttl = 300, .values = &theirs, .n = 1, .etag = "e" }));
    struct batch b = pick(&s, &whole, 1, false);
    struct changes c = changes_of(&b);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.at[0].nbefore, 1);
    assert_int_equal(c.at[0].nafter, 2);
    assert_true(has(c.at[0].before, 1, "theirs"));
    assert_string_equal(c.at[0].before[0].id, "9");
    assert_true(has(c.at[0].after, 2, "theirs") && has(c.at[0].after, 2, "new"));
    assert_int_equal(c.at[0].ttl_before, 300);
    assert_int_equal(c.at[0].ttl, 300);
    assert_string_equal(c.at[0].etag, "e");
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

static void additions_and_removals_of_one_set_are_one_change(void **state)
{
    struct rrsets s = { 0 };
    (void)state;
    standing(&s, "a", "old", 1);
    standing(&s, "a", "stays", 0);
    wanted(&s, "a", "new");
    struct batch b = pick(&s, &values, 1000000, false);
    struct changes c = changes_of(&b);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.at[0].nbefore, 2);
    assert_true(has(c.at[0].before, 2, "old") && has(c.at[0].before, 2, "stays"));
    assert_int_equal(c.at[0].nafter, 2);
    assert_true(has(c.at[0].after, 2, "new") && has(c.at[0].after, 2, "stays"));
    assert_int_equal(c.at[0].ttl, 60);
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

static void the_last_value_leaves_an_empty_set(void **state)
{
    struct rrsets s = { 0 };
    (void)state;
    standing(&s, "a", "old", 1);
    struct batch b = pick(&s, &values, 1000000, false);
    struct changes c = changes_of(&b);
    assert_int_equal(c.at[0].nbefore, 1);
    assert_int_equal(c.at[0].nafter, 0);
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

static void what_may_be_there_is_removed_although_nobody_knows(void **state)
{
    struct rrsets s = { 0 };
    (void)state;
    standing(&s, "a", "maybe", 1);
    s.at[0]->values[0]->there = false;
    struct batch b = pick(&s, &values, 1000000, false);
    struct changes c = changes_of(&b);
    assert_int_equal(c.n, 1);
    assert_true(has(c.at[0].before, c.at[0].nbefore, "maybe"));
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

static void what_stands_there_already_needs_no_call(void **state)
{
    struct rrsets s = { 0 };
    struct fl_value v = { .text = "a" };
    (void)state;
    struct rrset *r = wanted(&s, "a", "a");
    assert_true(rrset_learn(r, &(struct fl_rrset){ .ttl = 60, .values = &v, .n = 1 }));
    struct batch b = pick(&s, &whole, 1, false);
    struct changes c = changes_of(&b);
    assert_int_equal(b.n, 1);
    assert_int_equal(c.n, 0);
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

static void another_ttl_alone_is_a_change(void **state)
{
    struct rrsets s = { 0 };
    bool changed = false;
    (void)state;
    standing(&s, "a", "v", 0);
    s.at[0]->ttl_there = 60;
    rrset_set_ttl(s.at[0], 120, &changed);
    struct batch b = pick(&s, &values, 1, false);
    struct changes c = changes_of(&b);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.at[0].ttl_before, 60);
    assert_int_equal(c.at[0].ttl, 120);
    assert_int_equal(c.at[0].nbefore, 1);
    assert_int_equal(c.at[0].nafter, 1);
    changes_done(&c);
    batch_done(&b);
    rrsets_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_closes_after_silence_or_after_three_seconds_at_most),
        cmocka_unit_test(removals_linger_for_a_minute_unless_there_is_a_hurry),
        cmocka_unit_test(a_clock_set_back_keeps_no_record_for_years),
        cmocka_unit_test(additions_go_first_and_limits_hold),
        cmocka_unit_test(services_of_whole_sets_count_every_value_and_replacements_twice),
        cmocka_unit_test(a_set_larger_than_the_limit_goes_alone),
        cmocka_unit_test(halving_leaves_the_bad_change_alone_and_applies_all_others),
        cmocka_unit_test(halves_are_cut_between_rrsets),
        cmocka_unit_test(a_change_keeps_foreign_values_on_both_sides),
        cmocka_unit_test(additions_and_removals_of_one_set_are_one_change),
        cmocka_unit_test(the_last_value_leaves_an_empty_set),
        cmocka_unit_test(what_may_be_there_is_removed_although_nobody_knows),
        cmocka_unit_test(what_stands_there_already_needs_no_call),
        cmocka_unit_test(another_ttl_alone_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
